"""The rules of human review, each by itself and all of them under any set of judgements."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.records import ChecklistEntry, Comparison, Judgement, Observation, Outcome, Ruling, Strength, Verdict
from stillgraph.review import blockers, ruling, waiting

NOBODY, UNSURE = Verdict.NO_CANDIDATE, Verdict.INCONCLUSIVE


def says(officer, what, sequence=None, face="R01/a.jpg#1"):
    """One judgement: ``what`` is a nominal id or a verdict that supports nobody."""
    supports = not isinstance(what, Verdict)
    says.count += 1
    return Judgement(
        sequence=says.count if sequence is None else sequence,
        face_id=face,
        search_id=1,
        officer=officer,
        verdict=Verdict.SUPPORTS if supports else what,
        nominal_id=what if supports else None,
        reason="ears and scar",
        judged_at=datetime(2026, 11, 1, tzinfo=UTC),
        simulated=True,
    )


says.count = 0

judgement_lists = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["N1", "N2", NOBODY, UNSURE])), max_size=9
).map(lambda pairs: [says(officer, what, number) for number, (officer, what) in enumerate(pairs)])


@pytest.mark.parametrize(
    ("judgements", "expected"),
    [
        ([], Ruling(Outcome.PENDING)),
        ([("a", "N1")], Ruling(Outcome.PENDING)),
        ([("a", "N1"), ("a", "N1")], Ruling(Outcome.PENDING)),
        ([("a", "N1"), ("b", "N1")], Ruling(Outcome.CORROBORATED, "N1")),
        ([("a", NOBODY), ("b", NOBODY)], Ruling(Outcome.NOT_SUPPORTED)),
        ([("a", NOBODY), ("b", UNSURE)], Ruling(Outcome.NOT_SUPPORTED)),
        ([("a", "N1"), ("b", UNSURE)], Ruling(Outcome.DISPUTED)),
        ([("a", "N1"), ("b", "N2")], Ruling(Outcome.DISPUTED)),
        ([("a", "N1"), ("b", "N2"), ("c", NOBODY)], Ruling(Outcome.DISPUTED)),
        ([("a", "N1"), ("b", "N2"), ("c", "N2")], Ruling(Outcome.CORROBORATED, "N2")),
        ([("a", "N1"), ("b", "N1"), ("b", NOBODY)], Ruling(Outcome.DISPUTED)),
        ([("a", "N1"), ("b", "N1"), ("c", "N2"), ("d", "N2")], Ruling(Outcome.DISPUTED)),
    ],
)
def test_ruling(judgements, expected):
    assert ruling([says(*pair) for pair in judgements]) == expected


def test_a_ruling_is_about_one_face():
    with pytest.raises(WrongUse, match="one face at a time"):
        ruling([says("a", "N1", face="R01/a.jpg#1"), says("b", "N1", face="R01/a.jpg#2")])


@given(st.lists(st.sampled_from(["N1", "N2", NOBODY, UNSURE])))
def test_no_set_of_judgements_by_one_officer_settles_anything(whats):
    assert ruling([says("a", what) for what in whats]) == Ruling(Outcome.PENDING)


@given(judgement_lists, st.randoms(use_true_random=False))
def test_row_order_never_changes_an_outcome(judgements, random):
    shuffled = list(judgements)
    random.shuffle(shuffled)
    assert ruling(shuffled) == ruling(judgements)
    for officer in "abcd":
        assert waiting(officer, {"z"}, shuffled) == waiting(officer, {"z"}, judgements)


@given(judgement_lists)
def test_corroborated_needs_two_officers_on_the_same_nominal_and_more_than_on_anything_else(judgements):
    latest = {}
    for judgement in sorted(judgements, key=lambda one: one.sequence):
        latest[judgement.officer] = judgement.nominal_id
    outcome = ruling(judgements)
    counts = {says: list(latest.values()).count(says) for says in latest.values()}
    settled = [
        says for says, n in counts.items() if n >= 2 and n > max([m for o, m in counts.items() if o != says], default=0)
    ]
    if len(latest) < 2:
        assert outcome == Ruling(Outcome.PENDING)
    elif not settled:
        assert outcome == Ruling(Outcome.DISPUTED)
    elif settled == [None]:
        assert outcome == Ruling(Outcome.NOT_SUPPORTED)
    else:
        assert outcome == Ruling(Outcome.CORROBORATED, settled[0])


def line(component="ears", characteristic="lobe"):
    return ChecklistEntry(component, characteristic, Observation.BOTH)


def blocked(**changes):
    """What blocks a judgement that is in order but for these changes."""
    given_ = {
        "officer": "a",
        "searched_by": {"z"},
        "judgements": [],
        "verdict": Verdict.SUPPORTS,
        "nominal_id": "N1",
        "listed": {"N1", "N2"},
        "reason": "ears",
    }
    asked = given_ | changes
    strength = Strength.LIMITED if asked["verdict"] is Verdict.SUPPORTS else None
    return blockers(**({"comparison": Comparison("in focus", "frontal", strength=strength)} | asked))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"searched_by": {"z", "a"}}, "a search they made"),
        ({"nominal_id": "N9"}, "N9 is not on this candidate list"),
        ({"nominal_id": None}, "choose one nominal"),
        ({"verdict": NOBODY}, "names nobody"),
        ({"verdict": UNSURE}, "names nobody"),
        ({"verdict": None}, "needs a verdict"),
        ({"reason": " \n"}, "needs its reason"),
        ({"comparison": None}, "rests on both images"),
        ({"comparison": Comparison("in focus", " ", strength=Strength.STRONG)}, "rests on both images"),
        ({"verdict": NOBODY, "nominal_id": None, "comparison": Comparison("", "frontal")}, "rests on both images"),
        ({"comparison": Comparison("in focus", "frontal")}, "how strong the support is"),
        (
            {"verdict": UNSURE, "nominal_id": None, "comparison": Comparison("a", "b", strength=Strength.LIMITED)},
            "has no strength",
        ),
        ({"comparison": Comparison("a", "b", (line("ears", "angle"),), Strength.LIMITED)}, "no characteristic “angle”"),
        ({"comparison": Comparison("a", "b", (line(), line()), Strength.LIMITED)}, "more than once"),
        ({"judgements": [says("b", "N1"), says("c", "N1")]}, "is settled"),
        ({"judgements": [says("b", NOBODY), says("c", UNSURE)]}, "is settled"),
        ({"judgements": [says("b", "N1"), says("c", "N2"), says("d", NOBODY)]}, "Three officers have judged"),
        ({"judgements": [says("a", NOBODY), says("b", "N1")]}, "would not be blind"),
        ({"judgements": [says("a", "N2"), says("b", NOBODY)]}, "would not be blind"),
    ],
)
def test_each_blocker_comes_up_alone(changes, sentence):
    (only,) = blocked(**changes)
    assert sentence in only


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"verdict": NOBODY, "nominal_id": None},
        {"verdict": UNSURE, "nominal_id": None, "listed": ()},
        {"judgements": [says("b", "N1")]},
        {"judgements": [says("b", "N1"), says("c", "N2")]},
        {"judgements": [says("a", "N2"), says("b", "N2")], "verdict": NOBODY, "nominal_id": None},
        {"judgements": [says("a", "N1"), says("b", "N2"), says("c", NOBODY)]},
    ],
)
def test_nothing_blocks_what_the_rules_allow(changes):
    assert blocked(**changes) == ()


def test_several_blockers_come_up_together():
    assert len(blocked(officer="z", nominal_id="N9", reason="")) == 3


def test_no_blocker_tells_what_another_officer_found():
    judgements = [says("b", "N2"), says("c", "N2")]
    assert "N2" not in " ".join(blocked(judgements=judgements))


@given(judgement_lists, st.sampled_from("abcdz"))
def test_what_waits_is_open_and_not_one_s_own(judgements, officer):
    judges = {judgement.officer for judgement in judgements}
    still_open = ruling(judgements).outcome in {Outcome.PENDING, Outcome.DISPUTED} and len(judges) < 3
    assert waiting(officer, {"z"}, judgements) == (still_open and officer != "z" and officer not in judges)


@pytest.mark.parametrize(
    "judgements",
    [[says("a", NOBODY)], [says("a", "N1"), says("b", NOBODY)], [says("b", NOBODY)]],
    ids=["nobody else has judged", "the same support again", "a first judgement"],
)
def test_support_is_open_where_it_is_the_officers_own(judgements):
    assert blocked(judgements=judgements) == ()


def test_support_may_be_withdrawn_after_another_officer_judged():
    judgements = [says("a", "N1"), says("b", "N1")]
    assert blocked(judgements=judgements, verdict=NOBODY, nominal_id=None) == ()


@given(judgement_lists, st.sampled_from("abcd"), st.sampled_from(["N1", "N2", NOBODY, UNSURE]))
def test_saying_again_what_one_said_before_undoes_what_came_between(judgements, officer, other):
    """Undo is a judgement like any other: what an officer said last before it holds again."""
    own = [j for j in judgements if j.officer == officer]
    if not own:
        return
    last = own[-1]
    number = max(j.sequence for j in judgements) + 1
    again = last.nominal_id if last.verdict is Verdict.SUPPORTS else last.verdict
    between = [*judgements, says(officer, other, number)]
    assert ruling([*between, says(officer, again, number + 1)]) == ruling(judgements)


@given(judgement_lists, st.sampled_from("abcd"))
def test_withdrawing_support_never_corroborates_anybody(judgements, officer):
    """Whatever stands, an officer who takes back what they said adds no support to anybody."""
    before = ruling(judgements)
    number = max((j.sequence for j in judgements), default=0) + 1
    after = ruling([*judgements, says(officer, NOBODY, number)])
    if after.outcome is Outcome.CORROBORATED:
        supporters = {j.officer for j in judgements if j.nominal_id == after.nominal_id} - {officer}
        assert len(supporters) >= 2, "two others said so, who needed no word of this one"
    if before.outcome is Outcome.PENDING:
        assert after.outcome is not Outcome.CORROBORATED
