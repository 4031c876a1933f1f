"""``persons``: rulings between faces by command, each taken back by its number, and what there is to look at."""

from __future__ import annotations

import pytest

A, B, C = "R08/R08_0002.jpg#1", "R08/R08_0033.jpg#1", "R08/R08_0088.jpg#1"
TWINS = ("--face", "R08/R08_0171.jpg#1", "--face", "R08/R08_0171.jpg#2")


@pytest.fixture
def acts(run, small_case, seat):
    """Return a function that runs one command of ``persons`` or another on the small case."""

    def act(*words, **others):
        group = ("persons",) if words[0] not in {"link", "rank"} else ()
        return run(*group, words[0], small_case.directory, *words[1:], seat=others.get("seat", seat))

    return act


def test_a_ruling_is_recorded_shown_and_taken_back(acts):
    ruled = acts("rule", "--face", A, "--face", B, "--same")
    assert ruled.code == 0
    assert ruled.out.startswith(
        "Recorded. Take it back with --ruling 1; `stillgraph link CASE` makes the persons anew."
    )
    document = acts("link", "--json").document
    (person,) = [p for p in document["persons"] if p["person_id"] == "proposed 1"]
    assert (person["status"], person["nominal_id"], [f["face_id"] for f in person["faces"]]) == (
        "proposed",
        None,
        [A, B],
    )
    assert "proposed: 1 person, 1 on several stills" in acts("link").out
    shown = acts("rulings").out
    assert "1 ruling, 1 stand." in shown
    assert "salt" not in acts("rulings", "--json").out
    (group,) = [g for g in acts("groups", "--json").document["groups"] if g["person"]["person_id"] == "proposed 1"]
    assert [set(face) for face in group["faces"]] == [{"face_id", "still", "box", "score", "odd"}] * 2
    assert "Odd: the score with the mean" in acts("groups").out
    standing = acts("rank", "--with-proposals", "--json").document["standings"]
    assert {"proposed 1"} <= {one["person_id"] for one in standing}
    assert "proposed 1" not in acts("rank").out
    undone = acts("undo", "--ruling", "1", "--json").document
    assert [(one["says"], one["undoes"]) for one in undone["rulings"]] == [("taken back", 1)]
    assert [one["stands"] for one in acts("rulings", "--json").document["rulings"]] == [False, False]


def test_moving_and_splitting_by_command(acts):
    acts("rule", "--face", A, "--face", B, "--face", C, "--same")
    acts("link")
    assert acts("split", "--face", B).code == 0
    persons = acts("link", "--json").document["persons"]
    alone = next(p["person_id"] for p in persons if B in {f["face_id"] for f in p["faces"]})
    moved = acts("move", "--face", C, "--to", alone, "--json").document
    assert [one["says"] for one in moved["rulings"]] == ["not same", "same"]
    persons = acts("link", "--json").document["persons"]
    assert any([f["face_id"] for f in p["faces"]] == [B, C] for p in persons)


def test_a_disagreement_is_told(acts, seat):
    acts("rule", "--face", A, "--face", C, "--same")
    told = acts("rule", "--face", A, "--other", C, "--not-same", seat=("--officer", "first", *seat[2:]))
    assert told.code == 0
    assert "officers disagree whether these are one person" in told.out


@pytest.mark.parametrize(("words", "sentence"), [
    (("rule", "--face", A, "--face", C), "Give one ruling: --same or --not-same."),
    (("rule", "--face", A, "--face", C, "--same", "--not-same"), "Give one ruling: --same or --not-same."),
    (("rule", *TWINS, "--same"), "two faces in one still are two persons"),
    (("rule", "--face", A, "--same"), "A ruling is about two faces or more"),
    (("undo", "--ruling", "7"), "There is no ruling 7"),
    (("move", "--face", A, "--to", "unknown 9"), "no person unknown 9 in the last linking run"),
    (("split", "--face", A), "Faces are split off one person"),
])  # fmt: skip
def test_what_is_refused_is_one_plain_sentence(acts, words, sentence):
    refused = acts(*words)
    assert (refused.code, refused.out) == (2, "")
    assert sentence in refused.err
    assert len(refused.err.strip().splitlines()) == 1
