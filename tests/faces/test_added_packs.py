"""Packs a user adds: described in TOML, checked, kept, loaded; refused when anything is not as it was."""

import hashlib
import itertools
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import ModelError, NotFound, WrongUse
from stillgraph.faces import adding, packs, registry, sessions, specs, trial
from stillgraph.faces.embed import RECIPE, ImageRole

SFACE = {"file": "sface.onnx", "colour": "rgb", "mean": 0, "std": 1, "dimension": 128, "licence": "Apache-2.0"}
SMALL = {"file": "small.onnx", "colour": "rgb", "mean": 127.5, "std": 127.5, "dimension": 8, "licence": "CC0"}
HALVES = [{"pack": "yunet-sface", "weight": 1}, {"pack": "small", "weight": 1}]


def toml(path, kind, members=(), **fields):
    lines = [f"{key} = {json.dumps(value)}" for key, value in ({"kind": kind} | fields).items()]
    for member in members:
        lines += ["[[recognisers]]", *(f"{key} = {json.dumps(value)}" for key, value in member.items())]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def small(tmp_path, recogniser_graph):
    """The TOML of a small recogniser, its graph beside it."""
    (tmp_path / "small.onnx").write_bytes(recogniser_graph())
    return toml(tmp_path / "small.toml", "onnx", **SMALL)


def add(path, name=None):
    registry.write(name or path.stem, adding.propose(path))
    return packs.load(name or path.stem)


def face(pack, pixels, role=ImageRole.STILL):
    (found,) = packs.load().detector.detect(pixels)
    return pack.embedder.embed(pixels, found.landmarks, role)


@pytest.mark.parametrize("role", list(ImageRole))
@pytest.mark.parametrize("conventions", [{}, {"mean": [0, 0, 0], "std": [1.0, 1.0, 1.0]}])
def test_a_toml_around_the_shipped_recogniser_gives_its_templates(tmp_path, pack, custody_pixels, role, conventions):
    shutil.copy(packs.MODELS / "sface.onnx", tmp_path)
    same = add(toml(tmp_path / "again.toml", "onnx", **SFACE | conventions))
    assert (same.kind, same.dimension, same.licence) == ("onnx", 128, "Apache-2.0")
    assert same.files == {
        str(tmp_path / "sface.onnx"): packs.FILES["sface.onnx"],
        "yunet.onnx": packs.FILES["yunet.onnx"],
    }
    assert same.model != pack.model
    assert face(same, custody_pixels, role).tobytes() == face(pack, custody_pixels, role).tobytes()


@pytest.mark.parametrize(("batch", "together"), [("N", True), (1, False)])
def test_the_crops_of_a_face_go_together_where_the_batch_is_open(tmp_path, recogniser_graph, batch, together):
    (tmp_path / "small.onnx").write_bytes(recogniser_graph(batch=batch))
    assert add(toml(tmp_path / "small.toml", "onnx", **SMALL)).embedder.recogniser.together is together


def test_the_shipped_recogniser_is_given_one_crop_at_a_time_under_any_name(tmp_path, pack):
    shutil.copy(packs.MODELS / "sface.onnx", tmp_path)
    again = add(toml(tmp_path / "again.toml", "onnx", **SFACE))
    assert (again.embedder.recogniser.together, pack.embedder.recogniser.together) == (False, False)


def test_mean_std_and_colour_are_applied(small, tmp_path, custody_pixels, recogniser_graph):
    """The network is linear, so what its input becomes can be said in its output."""
    crops = np.random.default_rng(1).integers(0, 256, (3, 112, 112, 3), np.uint8)
    plain = add(small).embedder.recogniser.vectors(crops)
    matrix = np.random.default_rng(0).standard_normal((48, 8)).astype(np.float32)
    blocks = crops.reshape(3, 4, 28, 4, 28, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(plain, (blocks.reshape(3, 48) - 127.5) / 127.5 @ matrix, atol=1e-4)
    other = add(toml(tmp_path / "bgr.toml", "onnx", **SMALL | {"colour": "bgr", "mean": [1, 2, 3], "std": [4, 5, 6]}))
    shifted = (blocks[:, ::-1] - np.array([1, 2, 3])[:, None, None]) / np.array([4, 5, 6])[:, None, None]
    np.testing.assert_allclose(other.embedder.recogniser.vectors(crops), shifted.reshape(3, 48) @ matrix, atol=1e-3)


def test_a_recogniser_of_another_size_is_given_larger_crops(tmp_path, custody_pixels, recogniser_graph):
    (tmp_path / "small.onnx").write_bytes(recogniser_graph(side=160))
    larger = add(toml(tmp_path / "larger.toml", "onnx", **SMALL, size_px=160))
    assert face(larger, custody_pixels).shape == (8,)


@pytest.mark.parametrize("role", list(ImageRole))
def test_a_fusion_scores_the_weighted_mean_of_its_members_scores(small, tmp_path, pack, custody_pixels, role):
    other = add(small)
    members = [{"pack": "yunet-sface", "weight": 3}, {"pack": "small", "weight": 1.0}]
    fused = add(toml(tmp_path / "both.toml", "fusion", members))
    assert (fused.kind, fused.dimension) == ("fusion", 136)
    assert fused.licence == "yunet-sface: YuNet: MIT. SFace: Apache-2.0.; small: CC0"
    assert fused.files == pack.files | other.files
    (found,) = pack.detector.detect(custody_pixels)
    places = [found.landmarks, found.landmarks + 6]
    a, b = ([one.embedder.embed(custody_pixels, at, role) for at in places] for one in (pack, other))
    x, y = (fused.embedder.embed(custody_pixels, at, role) for at in places)
    assert x @ y == pytest.approx(0.75 * a[0] @ a[1] + 0.25 * b[0] @ b[1], abs=1e-6)
    assert abs(a[0] @ a[1] - b[0] @ b[1]) > 0.01


def test_a_fusion_of_a_pack_with_itself_scores_as_the_pack(tmp_path, pack, custody_pixels):
    twice = add(toml(tmp_path / "twice.toml", "fusion", [HALVES[0], HALVES[0]]))
    (found,) = pack.detector.detect(custody_pixels)
    places = [found.landmarks, found.landmarks + 6]
    x, y = (twice.embedder.embed(custody_pixels, at, ImageRole.STILL) for at in places)
    a, b = (pack.embedder.embed(custody_pixels, at, ImageRole.STILL) for at in places)
    assert x @ y == pytest.approx(float(a @ b), abs=1e-6)


# --- model ids -------------------------------------------------------------------------------------------------------


def test_a_model_id_tells_apart_all_that_makes_other_templates(tmp_path, recogniser_graph):
    (tmp_path / "small.onnx").write_bytes(recogniser_graph())
    (tmp_path / "other.onnx").write_bytes(recogniser_graph(seed=1))
    changes = [{}, {"colour": "bgr"}, {"mean": 0}, {"std": 128}, {"file": "other.onnx"}]
    ids = [packs.model_id("a", adding.propose(toml(tmp_path / "a.toml", "onnx", **SMALL | c))) for c in changes]
    assert len(set(ids)) == len(ids)
    assert all(
        i.startswith("a@") and i.endswith(f".r{RECIPE}") and len(i.split("@")[1].split(".")[0]) == 12 for i in ids
    )
    licence = packs.model_id("a", adding.propose(toml(tmp_path / "a.toml", "onnx", **SMALL | {"licence": "other"})))
    (tmp_path / "moved").mkdir()
    shutil.copy(tmp_path / "small.onnx", tmp_path / "moved")
    moved = packs.model_id("a", adding.propose(toml(tmp_path / "moved" / "b.toml", "onnx", **SMALL)))
    assert (licence, moved) == (ids[0], ids[0])


def test_a_fusions_model_id_depends_on_members_and_weights(small, tmp_path):
    add(small)
    weights = [(1, 1), (1, 2), (2, 1)]
    ids = {
        packs.model_id("f", adding.propose(toml(tmp_path / "f.toml", "fusion", [m | {"weight": w} for m, w in zip(HALVES, ws, strict=True)])))
        for ws in weights
    }  # fmt: skip
    assert len(ids) == len(weights)


# --- refusals --------------------------------------------------------------------------------------------------------


def test_a_file_that_is_gone_is_refused(small):
    add(small)
    small.with_suffix(".onnx").unlink()
    for ask in (packs.load, packs.describe):
        with pytest.raises(
            ModelError, match=r"small.onnx is missing. Put it back at /.*small.onnx, or add its pack again"
        ):
            ask("small")


def test_a_file_that_was_altered_is_refused_before_anything_runs_it(small, monkeypatch):
    add(small)
    file = small.with_suffix(".onnx")
    file.write_bytes(file.read_bytes() + b"\0")
    monkeypatch.setattr(sessions, "session", None)
    for ask in (packs.load, packs.describe):
        with pytest.raises(
            ModelError, match=r"small.onnx is not the one that was added: it was altered or cut off. Put"
        ):
            ask("small")


def test_a_fusion_of_a_pack_that_changed_is_refused(small, tmp_path, recogniser_graph):
    add(small)
    add(toml(tmp_path / "both.toml", "fusion", HALVES))
    registry.place("small").unlink()
    small.with_suffix(".onnx").write_bytes(recogniser_graph(seed=5))
    add(small)
    for ask in (packs.load, packs.describe):
        with pytest.raises(
            ModelError, match=r"The fusion both was made of small@.*, but the pack here is small@.*Put that"
        ):
            ask("both")


def test_a_fusion_of_fusions_is_refused(small, tmp_path):
    add(small)
    add(toml(tmp_path / "both.toml", "fusion", HALVES))
    more = toml(tmp_path / "more.toml", "fusion", [HALVES[0], {"pack": "both", "weight": 1}])
    with pytest.raises(ModelError, match=r"made of packs that are no fusions themselves; name their members instead"):
        add(more)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "grey"}, "colour: Input should be 'rgb' or 'bgr'"),
        ({"std": 0}, "std: a standard deviation is above 0"),
        ({"mean": [1, 2]}, "mean: give one number, or three in the order of the colours"),
        ({"mean": float("nan")}, "mean.0: Input should be a finite number"),
        ({"dimension": "8"}, "dimension: Input should be a valid integer"),
        ({"licence": " "}, "licence: String should have at least 1 character"),
        ({"url": "x"}, "url: Extra inputs are not permitted"),
        ({"kind": "torch"}, "kind: Input tag 'torch' found using 'kind' does not"),
        ({"dimension": 9}, "The output of small.onnx is any x 8, not any x 9 as stated. Correct what the TOML says"),
        ({"size_px": 160}, "The input of small.onnx is any x 3 x 112 x 112, not any x 3 x 160 x 160 as stated"),
        ({"file": "gone.onnx"}, "There is no model file /.*gone.onnx. Put it there, or correct the path"),
        ({"file": "small.toml"}, "small.toml is not an ONNX graph, or was cut off. Get the file again"),
        ({"detector": "small.onnx"}, "small.onnx is not a face detector with landmarks in InsightFace's format"),
        ({"detector": "nobody"}, "There is no face model pack 'nobody'. Choose one of: yunet-sface"),
        ({"sha256": {}, "kind": "insightface", "detector": "small.onnx"}, "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_wrong_toml_is_refused_and_says_which_field(small, tmp_path, change, said):
    fields = {"kind": "onnx"} | SMALL | change
    fields.pop("sha256", None)
    path = tmp_path / "wrong.toml"
    path.write_text("\n".join(f"{k} = {'nan' if v != v else json.dumps(v)}" for k, v in fields.items()))
    with pytest.raises(ModelError, match=said):
        adding.propose(path)


def test_a_toml_put_into_the_registry_by_hand_is_refused(small, no_packs_of_the_user):
    no_packs_of_the_user.mkdir()
    for text in (small.read_text(), small.read_text() + f'\n[sha256]\n"/other.onnx" = "{"0" * 64}"\n'):
        registry.place("small").write_text(text)
        for ask in (packs.load, packs.describe):
            with pytest.raises(
                ModelError, match=r"small.toml does not state the SHA-256 of each file. Put it elsewhere"
            ):
                ask("small")


def test_hashes_are_written_by_adding_only(small):
    small.write_text(small.read_text() + f'\n[sha256]\n"small.onnx" = "{"0" * 64}"\n')
    with pytest.raises(ModelError, match=r"small.toml states sha256, which adding the pack writes: leave it out"):
        adding.propose(small)


def test_what_is_not_toml_is_refused(tmp_path):
    (tmp_path / "bad.toml").write_bytes(b"kind = \xff")
    with pytest.raises(ModelError, match=r"bad.toml is not TOML that can be read"):
        adding.propose(tmp_path / "bad.toml")


def test_what_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound, match=r"There is no directory or TOML .*nothing; give the one of the pack to add"):
        adding.propose(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["", "Upper", "../up", "a b", "a@b", ".hidden", "a" * 65, "a\n"])
def test_a_name_that_would_not_do_is_refused(name):
    with pytest.raises(WrongUse, match=r"A pack's name is small letters, digits, dots.* Give one with --name"):
        registry.check_free(name, ())
    with pytest.raises(ModelError, match=r"There is no face model pack"):
        packs.load(name)


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(
        WrongUse, match=r"There is a pack yunet-sface already: give another name with --name, or delete"
    ):
        registry.check_free("yunet-sface", packs.available())


def test_a_toml_named_as_the_shipped_pack_never_takes_its_place(small, pack):
    registry.write("yunet-sface", adding.propose(small))
    assert packs.available() == ("yunet-sface",)
    assert packs.load().model == pack.model


# --- keeping ---------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda text: text.strip())
NUMBERS = st.floats(-1e6, 1e6) | st.integers(-500, 500)
DIGESTS = st.dictionaries(TEXTS, st.binary(max_size=3).map(lambda b: hashlib.sha256(b).hexdigest()), max_size=2)


@given(TEXTS, TEXTS, st.lists(NUMBERS, min_size=3, max_size=3), st.sampled_from(["rgb", "bgr"]), DIGESTS)
def test_what_is_kept_is_read_back_the_same(tmp_path_factory, licence, file, mean, colour, digests):
    document = SMALL | {
        "kind": "onnx",
        "licence": licence,
        "file": file,
        "mean": mean,
        "colour": colour,
        "sha256": digests,
    }
    spec = specs.checked(document, "x")
    path = tmp_path_factory.mktemp("kept") / "x.toml"
    path.write_text(specs.write(spec), encoding="utf-8", newline="")
    assert specs.read(path) == spec


@given(st.lists(st.tuples(TEXTS, st.floats(1e-6, 1e6)), min_size=2, max_size=4))
def test_a_fusion_that_is_kept_is_read_back_the_same(tmp_path_factory, members):
    said = [{"pack": pack, "weight": weight, "model": f"{pack}@0"} for pack, weight in members]
    spec = specs.checked({"kind": "fusion", "licence": "", "recognisers": said}, "x")
    path = tmp_path_factory.mktemp("kept") / "x.toml"
    path.write_text(specs.write(spec), encoding="utf-8", newline="")
    assert specs.read(path) == spec


def test_the_registry_lists_names_in_order_and_skips_what_is_no_pack(small, no_packs_of_the_user):
    spec = adding.propose(small)
    for name in ("zeta", "alpha"):
        registry.write(name, spec)
    (no_packs_of_the_user / "Not a name.toml").write_text("")
    (no_packs_of_the_user / "notes.txt").write_text("")
    assert packs.available() == ("yunet-sface", "alpha", "zeta")
    assert sorted(path.name for path in no_packs_of_the_user.iterdir()) == [
        "Not a name.toml",
        "alpha.toml",
        "notes.txt",
        "zeta.toml",
    ]


def test_packs_are_kept_in_the_users_directory_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("STILLGRAPH_MODELS")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert registry.directory() == tmp_path / ".local" / "share" / "stillgraph" / "models"
    assert packs.available() == ("yunet-sface",)


# --- trying ----------------------------------------------------------------------------------------------------------


def test_trying_a_pack_measures_it(small, custody_bytes):
    tried = trial.try_out(add(small), custody_bytes, "picture")
    assert tried.faces == 1
    assert tried.detect_ms > tried.embed_ms / 50 > 0


def test_a_pack_whose_detector_finds_nobody_is_refused(pack):
    black = packs.FacePack(**{f: getattr(pack, f) for f in pack.__dataclass_fields__} | {"detector": Nobody()})
    from stillgraph.faces.fakes import card

    with pytest.raises(ModelError, match=r"The detector of yunet-sface finds no face in picture, where there is one"):
        trial.try_out(black, card([0]), "picture")


class Nobody:
    def detect(self, pixels):
        return []


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_a_pack_that_gives_no_vector_is_refused(small, tmp_path, custody_bytes, value):
    import onnx
    from onnx import numpy_helper

    model = onnx.load(tmp_path / "small.onnx")
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.full((48, 8), value, np.float32), "m"))
    onnx.save(model, tmp_path / "small.onnx")
    with pytest.raises(ModelError, match=r"The recogniser of small gives no vector of 8 values that can be used"):
        trial.try_out(add(small), custody_bytes, "picture")


def test_a_pack_that_cannot_run_is_refused(tmp_path, custody_bytes):
    from onnx import TensorProto, helper

    values = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", ["n", 3, "h", "w"]), ("e", ["n", 8]))
    ]
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "m"], ["e"])]
    matrix = helper.make_tensor("m", TensorProto.FLOAT, [5, 8], np.ones(40).tolist())
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], [matrix])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (tmp_path / "small.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(ModelError, match=r"odd cannot be run \(\w+\): its input is not as stated. Correct its TOML"):
        trial.try_out(add(toml(tmp_path / "odd.toml", "onnx", **SMALL)), custody_bytes, "picture")


def test_a_graph_that_onnxruntime_does_not_know_is_refused(tmp_path):
    from onnx import TensorProto, helper

    values = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", [1, 3, 112, 112]), ("e", [1, 8]))
    ]
    graph = helper.make_graph([helper.make_node("Unheard", ["x"], ["e"])], "g", values[:1], values[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (tmp_path / "small.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(ModelError, match=r"small.onnx cannot be run by this onnxruntime \(\w+\). Export it again"):
        add(toml(tmp_path / "odd.toml", "onnx", **SMALL))


def test_plain_packs_and_fusions_need_no_opencv(small, tmp_path):
    add(small)
    add(toml(tmp_path / "both.toml", "fusion", HALVES))
    code = "import sys; from stillgraph.faces import packs; packs.load('both'); print(sorted({'cv2', 'insightface'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_nothing_is_fetched(small, tmp_path, monkeypatch, custody_bytes):
    import socket

    monkeypatch.setattr(socket, "socket", None)
    monkeypatch.setattr(socket, "getaddrinfo", None)
    add(small)
    trial.try_out(add(toml(tmp_path / "both.toml", "fusion", HALVES)), custody_bytes, "picture")
    assert list(itertools.islice(packs.available(), 3)) == ["yunet-sface", "both", "small"]
