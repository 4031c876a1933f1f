"""The command that enhances: what it prints, what it writes, and which options go together."""

from __future__ import annotations

import json

import pytest

STILL, FACE = "R08/R08_0002.jpg", "R08/R08_0002.jpg#1"
GAMMA = ("--step", "gamma 1.6")


@pytest.fixture
def enhance(run, small_case, seat):
    return lambda *more: run("enhance", small_case.directory, *more, seat=seat)


def test_an_enhancement_is_kept_shown_listed_made_anew_and_searched_with(enhance, run, small_case, seat, tmp_path):
    out = tmp_path / "two.png"
    kept = enhance("--still", STILL, *GAMMA, "--step", "upscale 2", "--out", out)
    assert kept.code == 0, kept.err
    assert kept.out.startswith(f"{STILL}~1: gamma 1.6, upscale 2\n")
    assert FACE in kept.out
    assert "An enhancement is for the eye" in kept.out
    assert out.read_bytes().startswith(b"\x89PNG")
    assert "it was there already" in enhance("--still", STILL, *GAMMA, "--step", "upscale 2").out
    assert "1 enhancement of R08" in enhance("--still", STILL, "--list").out
    assert "the same pixels again" in enhance("--reproduce", f"{STILL}~1").out
    for named in ("1", f"{STILL}~1"):
        searched = run("search", small_case.directory, "--still", STILL, "--enhanced", named, seat=seat)
        assert f"With enhancement {STILL}~1:" in searched.out
        assert f"{FACE}: template from original and enhanced picture" in searched.out
    document = run("search", small_case.directory, "--still", STILL, "--enhanced", "1", "--json", seat=seat).document
    assert document["enhancement"] == f"{STILL}~1"
    assert [probe["template"] for probe in document["probes"]] == ["original and enhanced picture"]


def test_what_is_listed_as_json_can_be_done_again(enhance, tmp_path):
    enhance("--still", STILL, *GAMMA, "--step", "deblur unsharp 1")
    (kept,) = enhance("--still", STILL, "--list", "--json").document["enhancements"]
    steps = tmp_path / "steps.json"
    steps.write_text(json.dumps(kept["steps"]), encoding="utf-8")
    again = enhance("--still", STILL, "--steps", steps, "--json").document
    assert (again["enhancement_id"], again["made_now"]) == (kept["enhancement_id"], False)


def test_a_preview_keeps_nothing(enhance, tmp_path):
    out = tmp_path / "two.png"
    shown = enhance("--still", STILL, "--step", "rotate 5", "--preview", "--out", out)
    assert shown.out.startswith(f"Wrote {out}: the original left; right, rotate 5. Nothing is kept.")
    assert enhance("--still", STILL, "--list", "--json").document == {"enhancements": []}


def test_other_pixels_are_said_to_be(enhance, monkeypatch):
    from stillgraph.faces import enhance as pixels

    enhance("--still", STILL, *GAMMA)
    monkeypatch.setattr(pixels, "digest", lambda _: "0" * 64)
    assert "the steps give OTHER pixels now" in enhance("--reproduce", f"{STILL}~1").out
    assert enhance("--reproduce", f"{STILL}~1", "--json").document["same"] is False


def test_a_picture_without_a_face_is_said_to_have_none(enhance):
    assert "No face was found in the enhanced picture." in enhance("--still", STILL, "--step", "crop 0 0 20 20").out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Say which still: --still ID"),
        (("--still", STILL), "An enhancement has 1 to 20 steps, not 0"),
        (("--still", STILL, "--preview", *GAMMA), "A preview is a picture: say where it goes with --out FILE."),
        (("--still", STILL, "--list", *GAMMA), "--list shows what was made"),
        (("--reproduce", f"{STILL}~1", "--still", STILL), "--reproduce ID stands alone"),
        (("--still", STILL, "--step", "blur 2"), "There is no step 'blur 2'"),
        (("--still", STILL, "--step", "gamma 9"), "Of the step `gamma VALUE`, value is a number from 0.2 to 5"),
        (("--still", STILL, "--step", "crop 0 0 999 999"), "reaches beyond the picture"),
        (("--still", STILL, *GAMMA, "--out", "none/two.png"), "none/two.png cannot be written (No such file"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(enhance, options, sentence):
    ran = enhance(*options)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1
