"""The commands on face model packs: what they print, what they warn of, how they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

SFACE = Path(__file__).parents[2] / "lib" / "stillgraph" / "faces" / "models" / "sface.onnx"


@pytest.fixture
def toml(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        f'kind = "onnx"\nfile = "{SFACE}"\ncolour = "rgb"\nmean = 0\nstd = 1\ndimension = 128\nlicence = "CC BY-NC 4.0"\n'
    )
    return path


def test_a_pack_is_added_checked_listed_and_used(run, toml, tmp_path, no_packs_of_the_user):
    added = run("models", "add", toml)
    assert added.code == 0
    assert "mine  (onnx, 128 values a face)  mine@" in added.out
    assert "It works here, on CPUExecutionProvider with one thread:" in added.out
    assert f"Kept in {no_packs_of_the_user / 'mine.toml'}. Next: stillgraph case create CASE --model mine" in added.out
    assert "mine: Its licence may not cover police work" in added.err
    checked = run("models", "check", "mine")
    assert "ms a face for its template" in checked.out
    assert "Its licence may not cover police work" in checked.err
    listed = run("models", "list")
    assert "yunet-sface  (shipped, 128 values a face)" in listed.out
    assert "licence: CC BY-NC 4.0" in listed.out
    assert f"2456d6f081df8603  {SFACE}" in listed.out
    created = run("case", "create", tmp_path / "case", "--model", "mine", "--json")
    assert created.document["pack"] == "mine"
    assert created.document["model"].startswith("mine@")


def test_json_is_alone_on_stdout_and_a_licence_can_be_given(run, toml):
    added = run("models", "add", toml, "--name", "other", "--licence", "licensed to the force", "--json")
    assert (added.document["name"], added.document["licence"]) == ("other", "licensed to the force")
    assert (added.document["licence_warning"], added.err) == (None, "")
    assert set(run("models", "check", "other", "--json").document["milliseconds"]) == {"detect", "embed"}


def test_a_broken_pack_is_listed_as_such(run, toml, no_packs_of_the_user):
    run("models", "add", toml)
    kept = no_packs_of_the_user / "mine.toml"
    kept.write_text(kept.read_text().replace(str(SFACE), str(SFACE) + ".gone"))
    listed = run("models", "list")
    assert listed.code == 0
    assert "mine  cannot be used: The model file sface.onnx.gone is missing." in listed.out
    packs = {pack["name"]: pack for pack in run("models", "list", "--json").document["packs"]}
    assert packs["mine"]["model"] is None
    assert packs["yunet-sface"]["problem"] is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["check", "nobody"], 1, "There is no face model pack 'nobody'. Choose one of: yunet-sface."),
        (["add", "no/where"], 2, "There is no directory or TOML no/where"),
        (["add", "TOML", "--name", "No Name"], 2, "A pack's name is small letters"),
        (["add", "TOML", "--name", "yunet-sface"], 2, "There is a pack yunet-sface already"),
        (["add", "FOLDER"], 1, "An InsightFace directory holds one detector"),
    ],
)
def test_refusals_are_one_sentence_on_stderr(run, toml, words, code, said):
    filled = [{"TOML": toml, "FOLDER": toml.parent}.get(word, word) for word in words]
    ran = run("models", *filled, *(["--name", "x"] if words == ["add", "FOLDER"] else []))
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(said)
    assert ran.err.count("\n") == 1
