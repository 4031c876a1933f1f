"""Packs in InsightFace's format: found in a directory, run by its own classes, coordinates brought back."""

import builtins
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from stillgraph.errors import ModelError
from stillgraph.faces import adding, graphs, insight, packs, registry, sessions, trial
from stillgraph.faces.embed import ImageRole
from stillgraph.faces.recognise import Conventions, OnnxRecogniser

POINTS = np.array([[24, 24], [40, 24], [32, 32], [26, 42], [38, 42]])


@pytest.fixture
def directory(tmp_path, recogniser_graph, detector_graph):
    folder = tmp_path / "buffalo_x"
    folder.mkdir()
    (folder / "det.onnx").write_bytes(detector_graph())
    (folder / "rec.onnx").write_bytes(recogniser_graph())
    (folder / "landmarks.onnx").write_bytes(recogniser_graph(side=192))
    (folder / "age.onnx").write_bytes(recogniser_graph(side=96))
    return folder


def test_a_directory_becomes_a_pack_of_its_detector_and_its_recogniser(libgl, directory, custody_bytes, custody_pixels):
    spec = adding.propose(directory)
    assert (spec.kind, spec.dimension, spec.file.name) == ("insightface", 8, "rec.onnx")
    assert spec.licence == "not stated (InsightFace's own packs: non-commercial research only)"
    assert sorted(spec.sha256) == [str(directory / "det.onnx"), str(directory / "rec.onnx")]
    registry.write("buffalo_x", spec)
    pack = packs.load("buffalo_x")
    assert (pack.kind, pack.providers, set(pack.files)) == ("insightface", ("CPUExecutionProvider",), set(spec.sha256))
    assert trial.try_out(pack, custody_bytes, "picture").faces == 1
    (found,) = pack.detector.detect(custody_pixels)
    template = pack.embedder.embed(custody_pixels, found.landmarks, ImageRole.STILL)
    assert template.shape == (8,)
    assert template.dtype == np.float32
    assert adding.propose(directory, "licensed to the force").licence == "licensed to the force"


@pytest.mark.parametrize(("width", "height"), [(64, 64), (128, 96), (600, 500), (40, 30)])
def test_what_a_detector_of_fixed_size_finds_is_in_pixels_of_the_image(libgl, directory, width, height):
    registry.write("fixed", adding.propose(directory))
    (found,) = packs.load("fixed").detector.detect(np.full((height, width, 3), 128, np.uint8))
    factor = max(width, height) / 64
    box = [found.box.x, found.box.y, found.box.width, found.box.height]
    np.testing.assert_allclose(box, np.array([16, 8, 32, 48]) * factor, rtol=0.03)
    np.testing.assert_allclose(found.landmarks, POINTS * factor, rtol=0.03)
    assert found.landmarks.dtype == np.float32
    assert found.score == pytest.approx(0.9)


class Recorder:
    """Stands in for SCRFD with any size of image: notes what it is given, finds one face in the middle."""

    static_input_size = None

    def __init__(self, fmc):
        self.fmc, self.seen = fmc, []

    def detect(self, image, input_size, det_thresh):
        self.seen.append((image.shape[1::-1], input_size, image[0, 0].tolist()))
        return np.array([[10, 10, 30, 30, 0.95]], np.float32), POINTS[None].astype(np.float32)


@pytest.mark.parametrize(("fmc", "sizes"), [(3, [(128, 64), (224, 128)]), (5, [(128, 128), (256, 128)])])
def test_images_are_filled_up_to_the_coarsest_grid_in_bgr(fmc, sizes):
    scrfd = Recorder(fmc)
    insight.InsightDetector(scrfd).detect(np.full((50, 110, 3), [200, 150, 100], np.uint8))
    assert scrfd.seen == [(size, size, [100, 150, 200]) for size in sizes]


def test_a_face_in_the_margin_is_left_out(libgl, directory):
    registry.write("fixed", adding.propose(directory))
    assert packs.load("fixed").detector.detect(np.full((20, 200, 3), 128, np.uint8)) == []


def test_a_detector_in_doubt_reports_nobody(libgl, directory, detector_graph):
    (directory / "det.onnx").write_bytes(detector_graph(score=0.5))
    registry.write("doubt", adding.propose(directory))
    assert packs.load("doubt").detector.detect(np.full((64, 64, 3), 128, np.uint8)) == []


@pytest.mark.parametrize("batch", ["N", 1])
def test_a_recogniser_gives_the_same_alone_and_in_batches(libgl, tmp_path, recogniser_graph, batch):
    """InsightFace's conventions are those of a TOML with RGB and (x - 127.5) / 127.5."""
    (tmp_path / "rec.onnx").write_bytes(recogniser_graph(batch=batch))
    session = sessions.session((tmp_path / "rec.onnx").read_bytes())
    crops = np.random.default_rng(0).integers(0, 256, (6, 112, 112, 3), np.uint8)
    ours = OnnxRecogniser(session, Conventions(mean=(127.5,), std=(127.5,))).vectors(crops)
    theirs = insight.recogniser(tmp_path / "rec.onnx", session)
    assert theirs.size_px == 112
    np.testing.assert_allclose(theirs.vectors(crops), ours, atol=1e-4)
    assert theirs.vectors(crops).dtype == np.float32


def test_a_toml_may_use_the_detector_of_another_pack_or_a_file(libgl, directory, tmp_path):
    registry.write("buffalo", adding.propose(directory))
    text = 'kind = "onnx"\nfile = "buffalo_x/rec.onnx"\ncolour = "rgb"\nmean = 0\nstd = 1\ndimension = 8\nlicence = "CC0"\n'
    ids = set()
    for named in ("buffalo", "buffalo_x/det.onnx"):
        (tmp_path / "mixed.toml").write_text(text + f'detector = "{named}"')
        spec = adding.propose(tmp_path / "mixed.toml")
        assert spec.detector == str(directory / "det.onnx")
        ids.add(packs.model_id("mixed", spec))
        (found,) = packs.assemble("mixed", spec).detector.detect(np.full((64, 64, 3), 128, np.uint8))
        assert found.box.x == pytest.approx(16, abs=0.1)
    (tmp_path / "mixed.toml").write_text(text)
    ids.add(packs.model_id("mixed", adding.propose(tmp_path / "mixed.toml")))
    assert len(ids) == 2


def test_a_toml_may_choose_among_the_networks_of_a_directory(libgl, directory, tmp_path):
    shutil.copy(directory / "rec.onnx", directory / "rec2.onnx")
    with pytest.raises(ModelError, match=r"holds one recogniser; in buffalo_x there is: rec.onnx, rec2.onnx. Take"):
        adding.propose(directory)
    (tmp_path / "one.toml").write_text(
        'kind = "insightface"\nfile = "buffalo_x/rec2.onnx"\ndetector = "buffalo_x/det.onnx"\ndimension = 8\nlicence = "CC0"'
    )
    assert packs.assemble("one", adding.propose(tmp_path / "one.toml")).dimension == 8
    (tmp_path / "one.toml").write_text((tmp_path / "one.toml").read_text().replace("rec2", "age"))
    with pytest.raises(ModelError, match=r"age.onnx is not an ArcFace-type recogniser; describe it as kind onnx"):
        adding.propose(tmp_path / "one.toml")


def test_a_directory_without_a_detector_is_refused(directory):
    (directory / "det.onnx").unlink()
    with pytest.raises(ModelError, match=r"holds one detector; in buffalo_x there is: none. Take the others out, or"):
        adding.propose(directory)


def test_a_directory_with_its_own_manifest_is_refused(directory):
    (directory / "manifest.json").write_text("{}")
    with pytest.raises(
        ModelError, match=r"describes itself in a manifest.json, which Stillgraph does not read. Describe"
    ):
        adding.propose(directory)


def test_a_recogniser_of_open_dimension_needs_a_toml(directory, recogniser_graph):
    import onnx

    model = onnx.load_model_from_string(recogniser_graph())
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "d"
    onnx.save(model, directory / "rec.onnx")
    with pytest.raises(ModelError, match=r"rec.onnx does not state its dimension. Describe it in a TOML"):
        adding.propose(directory)


def test_weights_kept_in_other_files_are_refused(directory):
    import onnx

    model = onnx.load(directory / "rec.onnx")
    onnx.save(model, directory / "rec.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    with pytest.raises(ModelError, match=r"rec.onnx keeps weights in other files. Save it as one file with onnx.save"):
        adding.propose(directory)


def test_weights_kept_in_other_files_are_seen_inside_nodes_too():
    import onnx
    from onnx import helper

    inner = helper.make_tensor("w", onnx.TensorProto.FLOAT, [1], [1.0])
    inner.data_location = onnx.TensorProto.EXTERNAL
    branch = helper.make_graph([helper.make_node("Constant", [], ["c"], value=inner)], "b", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    model = helper.make_model(helper.make_graph([node], "g", [], []))
    with pytest.raises(ModelError, match=r"g.onnx keeps weights in other files"):
        graphs.look(model.SerializeToString(), "g.onnx")


@pytest.mark.parametrize("data", [b"", b"\x08\x07", b"not a graph at all"])
def test_what_is_no_graph_is_refused(data):
    with pytest.raises(ModelError, match=r"x.onnx is not an ONNX graph, or was cut off. Get the file again"):
        graphs.look(data, "x.onnx")


def test_a_recogniser_of_two_outputs_is_refused(tmp_path, recogniser_graph):
    import onnx

    model = onnx.load_model_from_string(recogniser_graph())
    model.graph.output.append(onnx.helper.make_tensor_value_info("f", onnx.TensorProto.FLOAT, ["N", 48]))
    onnx.save(model, tmp_path / "two.onnx")
    (tmp_path / "two.toml").write_text(
        'kind = "onnx"\nfile = "two.onnx"\ncolour = "rgb"\nmean = 0\nstd = 1\ndimension = 8\nlicence = "CC0"'
    )
    with pytest.raises(ModelError, match=r"has one input and one output; two.onnx has others. Export it without them"):
        adding.propose(tmp_path / "two.toml")


def test_without_libgl_the_error_says_which_package_to_install(directory, monkeypatch):
    spec = adding.propose(directory)
    real = builtins.__import__

    def no_opencv(name, *args, **kwargs):
        if name == "insightface" or name.startswith("cv2"):
            raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.split(".")[0] == "insightface"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", no_opencv)
    with pytest.raises(ModelError, match=r"apt-get install libgl1 libglib2.0-0\).* The cause: libGL.so.1: cannot open"):
        packs.assemble("x", spec)


def test_nothing_is_fetched(libgl, directory, monkeypatch, custody_bytes):
    import socket

    monkeypatch.setattr(socket, "socket", None)
    monkeypatch.setattr(socket, "getaddrinfo", None)
    trial.try_out(packs.assemble("x", adding.propose(directory)), custody_bytes, "picture")
    (directory / "rec.onnx").unlink()
    with pytest.raises(ModelError, match=r"holds one recogniser; in buffalo_x there is: none"):
        adding.propose(directory)


# --- with real networks ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def real_directory(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("insight") / "scrfd-edgeface"
    folder.mkdir()
    for path in ("scrfd/scrfd_2.5g_bnkps.onnx", "edgeface/edgeface_xs.onnx"):
        shutil.copy(shared / "models" / path, folder)
    return folder


EDGEFACE = """
kind = "onnx"
file = "edgeface_xs.onnx"
colour = "rgb"
mean = 127.5
std = 127.5
dimension = 512
licence = "conflicting statements: treat as non-commercial"
"""


@pytest.mark.shared
def test_scrfd_finds_the_faces_that_yunet_finds(libgl, real_directory, pack, custody_pixels):
    registry.write("real", adding.propose(real_directory))
    real = packs.load("real")
    small = np.asarray(Image.fromarray(custody_pixels).reduce(4))
    scene = np.full((400, 500, 3), 90, np.uint8)
    scene[40 : 40 + custody_pixels.shape[0], 20 : 20 + custody_pixels.shape[1]] = custody_pixels[:360, :480]
    scene[320 : 320 + small.shape[0], 400 : 400 + small.shape[1]] = small[:80, :100]
    ours, theirs = (sorted(p.detector.detect(scene), key=lambda d: d.box.x) for p in (pack, real))
    assert len(ours) == len(theirs) == 2
    for a, b in zip(ours, theirs, strict=True):
        eyes = np.linalg.norm(a.landmarks[0] - a.landmarks[1])
        assert np.abs(a.landmarks - b.landmarks).max() < 0.25 * eyes
        assert b.score > 0.55


@pytest.mark.shared
def test_edgeface_by_insightface_and_by_toml_give_the_same(libgl, real_directory, pack, custody_pixels):
    (real_directory.parent / "edgeface.toml").write_text(EDGEFACE.replace("edgeface_xs", "scrfd-edgeface/edgeface_xs"))
    plain = packs.assemble("plain", adding.propose(real_directory.parent / "edgeface.toml"))
    real = packs.assemble("real", adding.propose(real_directory))
    (found,) = pack.detector.detect(custody_pixels)
    for role in ImageRole:
        a, b = (one.embedder.embed(custody_pixels, found.landmarks, role) for one in (plain, real))
        np.testing.assert_allclose(a, b, atol=1e-5)
        assert a.shape == (512,)


@pytest.mark.shared
def test_real_recognisers_tell_real_people_apart(libgl, shared, real_directory, tmp_path):
    """Ten people of the London set, neutral and smiling: shown nowhere as anything but a test of the arithmetic."""
    (real_directory.parent / "edgeface.toml").write_text(EDGEFACE.replace("edgeface_xs", "scrfd-edgeface/edgeface_xs"))
    registry.write("edgeface", adding.propose(real_directory.parent / "edgeface.toml"))
    (tmp_path / "both.toml").write_text(
        'kind = "fusion"\n'
        + "".join(f'[[recognisers]]\npack = "{name}"\nweight = 0.5\n' for name in ("yunet-sface", "edgeface"))
    )
    registry.write("both", adding.propose(tmp_path / "both.toml"))
    scores = {}
    for name in ("yunet-sface", "edgeface", "both"):
        loaded = packs.load(name)
        sides = [_templates(shared / "data" / "london" / side, loaded) for side in ("neutral_front", "smiling_front")]
        scores[name] = sides[0] @ sides[1].T
        same = np.eye(len(scores[name]), dtype=bool)
        assert scores[name][same].min() > scores[name][~same].max()
    np.testing.assert_allclose(scores["both"], (scores["yunet-sface"] + scores["edgeface"]) / 2, atol=1e-5)


def _templates(folder, pack):
    vectors = []
    for path in sorted(folder.iterdir())[:10]:
        pixels = np.asarray(Image.open(path).convert("RGB"))
        best = max(pack.detector.detect(pixels), key=lambda d: d.box.width)
        vectors.append(pack.embedder.embed(pixels, best.landmarks, ImageRole.STILL))
    return np.stack(vectors)
