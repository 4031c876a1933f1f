"""The benchmark of the face core: what it measures, what it needs, and that it repeats itself."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stillgraph.casework import benching, models
from stillgraph.cli.app import run
from stillgraph.errors import ManifestError, WrongUse
from stillgraph.faces.ablation import FULL, PLAIN, STAGES

QUICKLY = """
from stillgraph.casework import benching
from stillgraph.cli import main
benching.ROUNDS, benching.RACED_PICTURES = 1, 2
main()
"""
CUSTODY = Path(__file__).resolve().parents[2] / "data" / "demo" / "custody" / "images"


@pytest.fixture
def people(tmp_path):
    """A list of four photographs of two synthetic people."""
    images = CUSTODY
    rows = [("image", "person", "use")]
    with (images.parent / "manifest.csv").open(encoding="utf-8-sig") as stream:
        by_person = {}
        for row in csv.DictReader(stream):
            by_person.setdefault(row["nominal_id"], []).append(row["image"])
    chosen = [(person, names) for person, names in by_person.items() if len(names) > 1][:2]
    for person, names in chosen:
        rows += [(images / names[0], person, "gallery"), (images / names[1], person, "probe")]
    path = tmp_path / "people.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


@pytest.fixture
def quick(monkeypatch):
    """One round of races on three pictures."""
    monkeypatch.setattr(benching, "ROUNDS", 1)
    monkeypatch.setattr(benching, "RACED_PICTURES", 2)


def test_each_stage_is_measured_under_each_condition_and_the_same_again(people):
    first = benching.bench_faces(people=people, widths_px=[48], workers=2, speed=False)
    assert [(row.condition, row.stage) for row in first.rows] == [
        (condition, stage.name) for condition in ("clean", "48 px") for stage in STAGES
    ]
    assert all((row.result.gallery, row.result.probes, row.result.impostor_pairs) == (2, 2, 2) for row in first.rows)
    assert all(row.result.tar_at_far == {"0.01": None, "0.001": None} for row in first.rows), "too few impostors"
    again = benching.bench_faces(people=people, widths_px=[48], workers=1, speed=False)
    assert again.rows == first.rows


def test_the_stages_begin_with_the_plain_model_and_end_with_what_a_search_does():
    from stillgraph.faces import ablation, packs
    from stillgraph.faces.analyse import analyse_one
    from stillgraph.faces.embed import ImageRole

    data, pack = (CUSTODY / "N819008_1.jpg").read_bytes(), packs.load()
    for role in ImageRole:
        made = ablation.templates(data, "x", pack, role)
        (face,) = analyse_one("x", data, pack, role).faces
        assert made[FULL.name].tolist() == face.template.vector.tolist()
        assert made[PLAIN.name].tolist() != face.template.vector.tolist()


def test_the_plain_model_is_what_opencv_makes_of_the_same_weights():
    """A weaker one would make the recipe look good: on small noisy faces the way a crop is sampled is worth much."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV cannot be imported here", exc_type=ImportError)
    from stillgraph.faces import ablation, degrade, packs, rivals
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.pixels import decode

    pack, ((detector, recogniser), *_) = packs.load(), rivals.OpenCV(pool=False).models
    for name in ("N819008_1.jpg", "N196174_1.jpg"):
        good = (CUSTODY / name).read_bytes()
        pixels = decode(good, name)
        face = ablation.foremost(pack.detector.detect(pixels), pixels)
        for data in (good, degrade.degrade(pixels, face.box, degrade.Camera(28.0), name=name)):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            detector.setInputSize((image.shape[1], image.shape[0]))
            best = max(detector.detect(image)[1], key=lambda found: found[2] * found[3])
            theirs = recogniser.feature(recogniser.alignCrop(image, best))[0]
            ours = ablation.templates(data, name, pack, ImageRole.STILL)[PLAIN.name]
            assert ours @ theirs / np.linalg.norm(theirs) > 0.999


def test_a_picture_without_a_face_counts_against_every_stage(people, tmp_path):
    from PIL import Image

    Image.new("RGB", (200, 200), (90, 90, 90)).save(tmp_path / "wall.png")
    with people.open("a") as stream:
        stream.write(f"wall.png,{people.read_text().splitlines()[1].split(',')[1]},probe\n")
    rows = benching.bench_faces(people=people, widths_px=[48], speed=False).rows
    assert {row.result.failures_to_acquire for row in rows} == {1}
    assert max(row.result.rank["20"].value for row in rows) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,person\n", "columns image, person and use"),
        ("image,person,use\nnowhere.png,a,probe\n", "Line 2 of people.csv is wrong: its image is not there"),
        ("image,person,use\npeople.csv,a,both\n", "Line 2 of people.csv is wrong: in the column use stands"),
        ("image,person,use\npeople.csv,a,probe\n", "needs both uses"),
    ],
)
def test_a_wrong_list_says_what_is_wrong(tmp_path, text, said):
    path = tmp_path / "people.csv"
    path.write_text(text)
    with pytest.raises(ManifestError, match=said):
        benching.bench_faces(people=path)


def test_widths_that_make_no_sense_are_refused(people):
    with pytest.raises(WrongUse, match="8 to 512"):
        benching.bench_faces(people=people, widths_px=[4])


def test_the_command_prints_a_table_and_json(people, capsys):
    pytest.importorskip("cv2", reason="OpenCV cannot be imported here", exc_type=ImportError)
    # In a process of its own, as what other libraries of the tests' process have to say comes when it likes.
    said = subprocess.run(
        [sys.executable, "-c", QUICKLY, "bench", "faces", "--people", people, "--widths", "48", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    document = json.loads(said.stdout)
    assert said.stderr == "", "OpenCV warns there of its own affairs unless told not to"
    assert document["models"] == {"yunet-sface": "yunet-sface@2456d6f081df.r2"}
    assert document["rows"][0]["result"]["rank"]["1"]["trials"] == 2
    assert document["speed"]["ours, same work"]["faces"] == document["speed"]["opencv, a pool"]["faces"] == 3
    assert document["speed_insightface"] == {}
    assert "runs packs in its own format only" in document["not_raced"]["insightface"]
    assert run(["bench", "faces", "--people", str(people), "--widths", "48", "--no-speed"]) == 0
    printed = capsys.readouterr().out
    assert "full recipe" in printed
    assert "insufficient" in printed
    assert "No race against opencv: --no-speed was asked for.\n" in printed
    assert run(["bench", "faces", "--widths", "small"]) == 2
    assert "--widths takes whole pixels" in capsys.readouterr().err


@pytest.mark.shared
def test_a_pack_in_insightfaces_format_is_raced_against_insightface_in_the_same_run(people, shared, capfd, quick):
    pytest.importorskip("cv2", reason="OpenCV cannot be imported here", exc_type=ImportError)
    toml = people.with_name("same.toml")
    toml.write_text(
        f'kind = "insightface"\nfile = "{shared / "models/edgeface/edgeface_xs.onnx"}"\nlicence = "for tests"\n'
        f'detector = "{shared / "models/scrfd/scrfd_2.5g_bnkps.onnx"}"\ndimension = 512\n'
    )
    models.add_model(toml)
    assert run(["bench", "faces", "--people", str(people), "--widths", "48", "--pack", "same", "--json"]) == 0
    said = capfd.readouterr()
    document = json.loads(said.out)
    assert (said.err, document["not_raced"]) == ("", {})
    raced = document["speed_insightface"]["same"]
    assert raced["insightface, its threads"]["faces"] == raced["insightface, a pool"]["faces"] == 3
    assert raced["ours, same work"]["faces"] == document["speed"]["opencv, a pool"]["faces"] == 3
