"""Face model packs as an officer meets them: listed, checked, added, and a case bound to an added one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from stillgraph.casework import enrolling, governing, linking, models, receiving, searching, take_seat, verifying
from stillgraph.errors import ModelError, NotFound, WrongUse

ROOT = Path(__file__).parents[2]
SFACE = ROOT / "lib" / "stillgraph" / "faces" / "models" / "sface.onnx"
CUSTODY = ROOT / "data" / "demo" / "custody" / "images"


@pytest.fixture
def toml(tmp_path):
    """The TOML of a pack around a copy of the shipped recogniser."""
    shutil.copy(SFACE, tmp_path / "copy.onnx")
    path = tmp_path / "copy.toml"
    path.write_text(
        'kind = "onnx"\nfile = "copy.onnx"\ncolour = "rgb"\nmean = 0\nstd = 1\ndimension = 128\nlicence = "Apache-2.0"\n'
    )
    return path


@pytest.fixture
def fusion(toml):
    """The TOML of a fusion of the shipped pack and the added one."""
    models.add_model(toml)
    path = toml.with_name("both.toml")
    path.write_text(
        'kind = "fusion"\n' + "".join(f'[[recognisers]]\npack = "{p}"\nweight = 1\n' for p in ("yunet-sface", "copy"))
    )
    return path


def test_the_shipped_pack_works_here():
    checked = models.check_model("yunet-sface")
    assert (checked["dimension"], checked["faces"], checked["providers"]) == (128, 1, ["CPUExecutionProvider"])
    assert checked["milliseconds"]["embed"] > 1
    assert checked["milliseconds"]["detect"] > 1
    assert checked["licence_warning"] is None


def test_an_added_pack_is_listed_and_works(toml, no_packs_of_the_user):
    added = models.add_model(toml, name="second", licence="for non-commercial research")
    assert added["kept"] == str(no_packs_of_the_user / "second.toml")
    assert "ask the owner of the weights" in added["licence_warning"]
    listed = {pack["name"]: pack for pack in models.model_packs()}
    assert list(listed) == ["yunet-sface", "second"]
    for key in ("kind", "model", "dimension", "licence", "licence_warning", "files"):
        assert listed["second"][key] == added[key] == models.check_model("second")[key]
    assert listed["second"]["problem"] is None


def test_a_pack_that_is_broken_is_listed_with_its_problem_and_hides_no_other(toml):
    models.add_model(toml)
    toml.with_name("copy.onnx").write_bytes(b"")
    shipped, broken = models.model_packs()
    assert (shipped["name"], shipped["problem"]) == ("yunet-sface", None)
    assert "it was altered or cut off" in broken["problem"]
    assert (broken["name"], broken["model"]) == ("copy", None)
    with pytest.raises(ModelError, match=r"copy.onnx is not the one that was added"):
        models.check_model("copy")


def test_what_cannot_be_used_is_not_kept(toml, no_packs_of_the_user):
    toml.write_text(toml.read_text().replace("128", "127"))
    with pytest.raises(ModelError, match="not any x 127 as stated"):
        models.add_model(toml)
    with pytest.raises(NotFound, match="There is no directory or TOML"):
        models.add_model(toml.with_name("nothing"))
    with pytest.raises(WrongUse, match="A pack's name is small letters"):
        models.add_model(toml, name="A B")
    assert not no_packs_of_the_user.exists()


def test_a_name_is_taken_once(toml):
    models.add_model(toml)
    for name in ("copy", "yunet-sface"):
        with pytest.raises(WrongUse, match=f"There is a pack {name} already"):
            models.add_model(toml, name=name)


@pytest.mark.parametrize(
    ("licence", "warned"),
    [
        ("Apache-2.0", False),
        ("MIT", False),
        ("licensed to the force, contract 12", False),
        ("CC BY-NC-SA 4.0", True),
        ("Non-commercial research only", True),
        ("noncommercial", True),
        ("not stated (InsightFace's own packs: non-commercial research only)", True),
        ("academic use", True),
    ],
)
def test_a_licence_that_may_not_cover_police_work_is_warned_of(licence, warned):
    assert (models.licence_warning(licence) is not None) is warned


@pytest.fixture
def fused_case(fusion, tmp_path, small_inputs):
    """A case bound to a fusion, with the small inputs taken in."""
    models.add_model(fusion)
    governing.create_case(tmp_path / "fused", pack="both")
    seated = take_seat(tmp_path / "fused", officer="desk", operation="OP", reason="test")
    governing.add_officer(seated, "desk")
    governing.open_operation(seated, "OP", purpose="tests")
    enrolling.enrol(seated, small_inputs / "custody" / "manifest.csv")
    receiving.receive(
        seated,
        small_inputs / "deliveries" / "R08" / "manifest.csv",
        retailer_id="R08",
        stores=small_inputs / "stores.csv",
    )
    return tmp_path / "fused"


def seat(directory):
    return take_seat(directory, officer="desk", operation="OP", reason="test")


def test_a_case_on_an_added_pack_is_searched_and_linked_as_any_other(fused_case, small_case):
    """The fusion is of the shipped pack and its copy, so its lists are the shipped pack's."""
    desk = seat(fused_case)
    assert desk.model.startswith("both@")
    report = searching.search(desk, unsearched=True)
    assert report.model == desk.model
    shipped = searching.search(small_case.seat(), stills=[probe.still for probe in report.probes])
    for a, b in zip(report.probes, shipped.probes, strict=True):
        assert [c.custody_image for c in a.candidates] == [c.custody_image for c in b.candidates]
        np.testing.assert_allclose([c.score for c in a.candidates], [c.score for c in b.candidates], atol=1e-5)
    with pytest.raises(
        WrongUse, match=r"was measured for yunet-sface, and this case is bound to both@.* Give one with"
    ):
        linking.link(desk)
    assert linking.link(desk, threshold=0.6).persons == linking.link(small_case.seat(), threshold=0.6).persons


def test_a_case_refuses_its_pack_once_that_is_another(fused_case, toml):
    from stillgraph.faces import registry

    for name in ("both", "copy"):
        registry.place(name).unlink()
    models.add_model(toml)
    toml.write_text(
        'kind = "fusion"\n'
        + "".join(f'[[recognisers]]\npack = "{p}"\nweight = {w}\n' for p, w in (("yunet-sface", 1), ("copy", 2)))
    )
    models.add_model(toml, name="both")
    with pytest.raises(ModelError, match=r"bound to the model both@.*, but the pack here is both@.*put back the pack"):
        _ = seat(fused_case).pack


def test_verification_measures_the_pack_it_is_told(toml, tmp_path, small_inputs):
    models.add_model(toml)
    images = small_inputs / "custody" / "images"
    names = sorted(path.name for path in images.iterdir())
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("image_a,image_b,same\n" + f"{names[0]},{names[0]},1\n{names[0]},{names[-1]},0\n")
    reports = [verifying.verification(pairs, images, pack=pack) for pack in ("copy", "yunet-sface")]
    assert reports[0].model.startswith("copy@")
    assert [r.auc for r in reports] == [reports[1].auc] * 2


def test_a_pair_of_a_sharp_and_a_poor_image_is_compared_as_a_search_would(tmp_path):
    from stillgraph.faces import packs
    from stillgraph.faces.analyse import analyse_one
    from stillgraph.faces.degrade import Camera, degrade
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.pixels import decode

    loaded, sharp = packs.load(), (CUSTODY / "N101146_1.jpg").read_bytes()
    (face,) = analyse_one("a", sharp, loaded).faces
    poor = degrade(decode(sharp, "a"), face.box, Camera(28), name="a")
    (tmp_path / "a.jpg").write_bytes(sharp)
    (tmp_path / "b.jpg").write_bytes(poor)
    (tmp_path / "c.jpg").write_bytes(sharp + b" ")
    faces = verifying._Faces(tmp_path, loaded, 1, [("a.jpg", "b.jpg"), ("a.jpg", "c.jpg")], show_progress=False)
    of = {role: analyse_one("a", sharp, loaded, role).faces[0].template.vector.tolist() for role in ImageRole}
    assert faces.sharp == {"a.jpg", "c.jpg"}
    assert faces.vector("a.jpg", "b.jpg").tolist() == of[ImageRole.CUSTODY]
    assert faces.vector("a.jpg", "c.jpg").tolist() == of[ImageRole.STILL]
    assert faces.vector("b.jpg", "a.jpg").tolist() == analyse_one("b", poor, loaded).faces[0].template.vector.tolist()
    assert set(faces.custody) == {"a.jpg"}, "the third image is not embedded twice for nothing"
