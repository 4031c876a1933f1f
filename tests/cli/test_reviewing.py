"""The commands of review: what an officer is told, and what is wrong with what they gave."""

from __future__ import annotations

import json

import pytest

FACE, RIGHT = "R08/R08_0002.jpg#1", "N314959"
COMPARED = ("--still-assessment", "in focus", "--custody-assessment", "frontal")


@pytest.fixture(autouse=True)
def kept_open(small_case):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    with small_case.seat().sitting():
        yield


def by(name):
    return ("--officer", name, "--operation", "OP-TEST", "--reason", "ear and brow agree")


def judge(run, case, *words, seat="first"):
    return run("review", "judge", case.directory, "--face", FACE, *words, seat=by(seat))


def test_a_list_is_dealt_judged_and_stated(run, small_case, tmp_path):
    dealt = run("review", "deal", small_case.directory, seat=by("first")).out
    face = dealt.split(",")[0]
    assert ", kept for you until " in dealt
    assert run("review", "deal", small_case.directory, "--json", seat=by("first")).document["dealt"]["face_id"] == face
    assert (
        run("review", "deal", small_case.directory, "--give-back", face, seat=by("first")).out
        == f"Given back: {face}.\n"
    )
    assert run("review", "deal", small_case.directory, seat=by("desk")).out == "Nothing waits for your judgement.\n"
    lines = [{"component": "ears", "characteristic": "lobe", "observation": "observed in both", "note": "attached"}]
    (tmp_path / "list.json").write_text(json.dumps(lines), encoding="utf-8")
    for name in ("first", "second"):
        ran = judge(run, small_case, "--nominal", RIGHT, "--strength", "strong support", "--checklist", tmp_path / "list.json",
                    *COMPARED, seat=name)  # fmt: skip
        assert ran.code == 0, ran.err
    wrote = run(
        "review", "statement", small_case.directory, "--face", FACE, "--out", tmp_path / "s.html", seat=by("desk")
    )
    assert wrote.out.endswith(f"s.html: {FACE}, corroborated, 2 judgements.\n")
    assert "attached" in (tmp_path / "s.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--nominal", RIGHT, *COMPARED), "Say how strong the support is"),
        (("--none",), "rests on both images"),
        (("--none", "--strength", "limited", *COMPARED), "has no strength"),
        (("--nominal", RIGHT, "--strength", "certain", *COMPARED), "--strength takes limited, moderate or strong, not 'certain'"),
        (("--none", "--checklist", "none.json", *COMPARED), "There is no file none.json; --checklist takes a JSON file"),
    ],
)  # fmt: skip
def test_a_judgement_that_lacks_something_says_what(run, small_case, words, sentence):
    ran = judge(run, small_case, *words)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err


@pytest.mark.parametrize(
    "text",
    ["[", '{"component": "ears"}', '[{"component": "ears"}]', "[1]", "7",
     '[{"component": "ears", "characteristic": "lobe", "observation": "maybe"}]'],
)  # fmt: skip
def test_a_file_that_is_no_checklist_says_so(run, small_case, tmp_path, text):
    (tmp_path / "list.json").write_text(text, encoding="utf-8")
    ran = judge(run, small_case, "--none", "--checklist", tmp_path / "list.json", *COMPARED)
    assert ran.code == 2
    assert "list.json is no checklist: a JSON list of objects" in ran.err


def test_the_policy_is_shown_and_changed(run, small_case):
    shown = run("review", "policy", small_case.directory, seat=by("first")).out
    assert "trial share" in shown
    assert run("review", "policy", small_case.directory, "--ranked", "--trial-share", "0.2", "--json", seat=by("desk")).document == {
        "number": 1, "blind": True, "shuffled": False, "trial_share": 0.2, "present_share": 0.03, "reserved_minutes": 30,
        "seed": 20261125,
    }  # fmt: skip
    scored = run("review", "policy", small_case.directory, "--scores", "--json", seat=by("desk")).document
    assert (scored["blind"], scored["shuffled"]) == (False, False)
    assert "0." in run("review", "deal", small_case.directory, seat=by("first")).out


def test_accuracy_is_told_in_words(run, small_case):
    judge(run, small_case, "--none", *COMPARED)
    out = run("review", "accuracy", small_case.directory, "--all", seat=by("desk")).out
    assert out.startswith("first\n")
    assert "right person absent: supported nobody: no trials yet" in out
    assert "insufficient: 0 absent and 0 present trials" in out
    assert "no dealt list judged yet" in out
    ran = run("review", "accuracy", small_case.directory, "--all", "--of", "first", seat=by("desk"))
    assert (ran.code, ran.err) == (2, "Ask for one officer, --of ID, or for everybody, --all.\n")
    refused = run("review", "accuracy", small_case.directory, "--of", "first", seat=by("second"))
    assert refused.code == 2
    assert "supervisors and administrators to see" in refused.err


def test_an_array_is_made_and_answered(run, small_case, tmp_path):
    with small_case.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.nominals SET sex = 'F', ethnicity = 'White', date_of_birth = '1990-05-01'")
        session.execute("UPDATE held.custody_images SET captured_on = '2024-03-02'")
    made = run("review", "array", small_case.directory, "--nominal", RIGHT, "--size", "6", "--seed", "3", "--out",
               tmp_path / "array.html", seat=by("desk"))  # fmt: skip
    assert made.out.startswith("Photo array 1: 6 people, seed 3.\n")
    assert RIGHT not in made.out
    assert (tmp_path / "array.html").is_file()
    answer = ("review", "answer", small_case.directory, "--array", "1", "--words", "none of them")
    assert run(*answer, "--none", seat=by("desk")).out == "Recorded. The witness chose nobody.\n"
    told = {run(*answer, "--position", str(n), seat=by("desk")).out for n in range(1, 7)}
    assert told == {"Recorded. The witness chose the candidate.\n", "Recorded. The witness chose a filler.\n"}
    for words in ((), ("--none", "--position", "1")):
        ran = run(*answer, *words, seat=by("desk"))
        assert (ran.code, ran.err) == (2, "Give one answer: --position N, or --none.\n")
