"""The command that makes stills of films: what it prints, how it refuses, and that searches and deliveries name it."""

from __future__ import annotations

import pytest
from PIL import Image


@pytest.fixture
def film(make_film, tmp_path):
    images = [Image.new("RGB", (64, 48), (shade, 60, 60)) for shade in range(0, 240, 8)]
    return make_film(tmp_path / "CAM04.mp4", images)


@pytest.fixture
def pages(tmp_path):
    path = tmp_path / "pages.tif"
    Image.new("RGB", (64, 48)).save(path, save_all=True, append_images=[Image.new("RGB", (64, 48), "red")])
    return path


def test_it_says_what_it_did_and_what_comes_next(run, film, tmp_path):
    ran = run("stills", "extract", film, "--out", tmp_path / "out", "--every", "10")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("CAM04.mp4 (QuickTime / MOV): 30 decoded, 3 looked at, 3 stills, ")
    assert "CAM04_f000011.png    0.40" in ran.out
    assert f"Fill in {tmp_path / 'out' / 'manifest.csv'}; then: stillgraph stills receive CASE MANIFEST" in ran.out


def test_a_film_without_faces_is_said(run, film, tmp_path):
    ran = run("stills", "extract", film, "--out", tmp_path / "out")
    assert ran.code == 0
    assert "0 appearances of faces" in ran.out
    assert ran.out.endswith(
        "No still came of it, and nothing was written; --every N takes frames whatever they show.\n"
    )
    assert not (tmp_path / "out").exists()


def test_scenes_and_pages(run, film, pages, tmp_path):
    scenes = run("stills", "extract", film, "--out", tmp_path / "scenes", "--scenes", "--json").document
    assert (scenes["way"], scenes["decoded"]) == ("scenes", 30)
    assert 2 <= len(scenes["stills"]) < 20
    document = run("stills", "extract", pages, "--out", tmp_path / "pages", "--limit", "1", "--json").document
    assert [still["image"] for still in document["stills"]] == ["pages_p0001.png"]
    assert document["notes"] == ["It went no further than 1 stills, its limit; --limit N sets another."]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--every", "2", "--scenes"], "Say in one way which pictures to take: --every N, or --scenes, or --best N.\n"),
        (["--every", "0"], "--every takes a whole number from 1 on.\n"),
    ],
)
def test_refusals_are_one_sentence_on_stderr(run, film, tmp_path, options, said):
    ran = run("stills", "extract", film, "--out", tmp_path / "out", *options)
    assert (ran.code, ran.out, ran.err) == (2, "", said)


def test_a_text_named_as_a_film_is_refused(run, tmp_path):
    (tmp_path / "note.mp4").write_bytes(b"dear officer")
    ran = run("stills", "extract", tmp_path / "note.mp4", "--out", tmp_path / "out")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("note.mp4: not a film that can be read")


def test_a_search_names_the_command(run, small_case, seat, film, pages):
    for path, reason in ((film, "not an image but a film"), (pages, "several pictures in one file")):
        ran = run("search", small_case.directory, "--image", path, seat=seat)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f"{path.name}: {reason}")
        assert "`stillgraph stills extract`" in ran.err


def test_a_large_film_is_told_from_a_large_image(run, small_case, seat, film):
    with film.open("r+b") as file:
        file.truncate(2**30)
    ran = run("search", small_case.directory, "--image", film, seat=seat)
    assert ran.err == "CAM04.mp4: not an image but a film (`stillgraph stills extract` makes stills of it).\n"


def test_a_vast_file_is_refused_before_it_is_read(run, tmp_path):
    for name, start, most in (
        ("vast.mp4", b"\0\0\0\x18ftypisom", "4,294,967,296"),
        ("vast.tif", b"II*\0", "268,435,456"),
    ):
        with (tmp_path / name).open("wb") as file:
            file.write(start)
            file.truncate(2**42)
        ran = run("stills", "extract", tmp_path / name, "--out", tmp_path / "out")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"{name}: file too large: over {most} bytes (cut it, or export the part that matters).\n"
