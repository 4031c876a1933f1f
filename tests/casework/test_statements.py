"""Statements: what they say of a settled review, in both forms, and that they unblind nobody."""

from __future__ import annotations

import json
import re
import stat

import pytest

from stillgraph.casework import analysing, governing, printing, reviewing, searching, statement_pages, statements
from stillgraph.errors import NotFound, NotPermitted, ReviewBlocked, WrongUse
from stillgraph.governance import chain
from stillgraph.records import ChecklistEntry, Comparison, Observation, Outcome, Strength, Verdict
from stillgraph.store import office, searches

FACE, OTHER, RIGHT, WRONG = "R08/R08_0002.jpg#1", "R08/R08_0088.jpg#1", "N314959", "N834846"
NASTY = "<script>alert('ear')</script> & “brow” ł 漢"


@pytest.fixture(autouse=True)
def kept_open(small_case):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    with small_case.seat().sitting():
        yield


def compared(case, officer, strength=Strength.STRONG):
    said = Comparison(
        NASTY, "frontal, even light", (ChecklistEntry("ears", "lobe", Observation.BOTH, "attached"),), strength
    )
    return reviewing.judge(
        case.seat(officer), FACE, Verdict.SUPPORTS, nominal_id=RIGHT, comparison=said, reason="ear and brow agree"
    )


def entries(case):
    with case.seat().case.session(writing=False) as session:
        return session.rows("SELECT sequence, result FROM held.audit ORDER BY sequence")


@pytest.fixture
def settled(small_case):
    compared(small_case, "first", Strength.MODERATE)
    assert compared(small_case, "second").outcome is Outcome.CORROBORATED
    return small_case


def test_it_says_who_compared_what_when_how_and_with_what_conclusion(settled):
    made = statements.statement(settled.seat(), FACE)
    assert (made.outcome, made.nominal_id, made.simulated) == (Outcome.CORROBORATED, RIGHT, False)
    assert [(one.judgement.officer, one.turn, one.replaced) for one in made.conclusions] == [
        ("first", 1, False), ("second", 2, False),
    ]  # fmt: skip
    assert made.conclusions[0].sentence == (
        "In the officer's opinion the comparison gives moderate support that the person in the still is the person held "
        f"in custody records as {RIGHT}."
    )
    assert made.search.model == settled.seat().model
    assert (made.searched_by, made.search_operation) == ("desk", "OP-TEST")
    assert dict(made.software)["stillgraph"]
    with settled.seat().case.session(writing=False) as session:
        entries = {e.sequence: e for e in office.chain(session)}
        judgements = {j.sequence: j for j in searches.judgements(session)}
    for one in made.conclusions:
        entry = entries[one.audit_sequence]
        assert one.audit_digest == entry.digest == chain.digest(entry)
        assert json.loads(entry.details)["seal"] == chain.seal(judgements[one.judgement.sequence])
    assert made.audit_head[1] == entries[made.audit_head[0]].digest
    captions = [plate.caption for plate in made.plates]
    assert len(captions) == 3
    assert captions[2].startswith(f"Custody image {RIGHT}/")
    assert all(plate.png.startswith(b"\x89PNG") for plate in made.plates)


def test_the_page_has_it_all_escaped_and_loads_nothing(settled):
    page = statement_pages.html(statements.statement(settled.seat(), FACE)).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(&#39;ear&#39;)&lt;/script&gt; &amp; “brow” ł 漢" in page
    for said in ("moderate support", "strong support", "attached", "observed in both", "first", "second", RIGHT):
        assert said in page
    assert re.findall(r'src="(data:image/png;base64,|[^"]{0,30})', page) == ["data:image/png;base64,"] * 3
    assert not re.search(r"https?:|@import|url\(", page)
    assert "Simulated" not in page


def test_both_forms_set_the_same_words(settled):
    made = statements.statement(settled.seat(), FACE)
    page = statement_pages.html(made).decode()
    for part in statement_pages.parts(made):
        assert part.heading in page
    printed = statement_pages.pdf(made)
    assert printed.startswith(b"%PDF-")
    assert printed == statement_pages.pdf(made), "the same value makes the same file"


def test_what_a_pdf_s_font_lacks_is_written_as_its_code():
    assert printing.spelled("brow 漢 é “x”") == "brow [U+6F22] é “x”"


def test_a_written_statement_is_its_owners_and_its_digest_is_on_record(settled, tmp_path):
    import hashlib

    for name in ("statement.html", "statement.PDF"):
        statements.write(settled.seat(), FACE, tmp_path / name)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        (last,) = analysing.query_table(settled.seat(), "FROM audit ORDER BY sequence DESC LIMIT 1").to_pylist()
        assert last["action"] == "export statement"
        assert json.loads(last["details"])["sha256"] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["statement.docx", "statement", "none/statement.pdf"])
def test_where_it_cannot_be_written_it_says_so(settled, tmp_path, name):
    with pytest.raises(WrongUse, match=r"is written as \.html or \.pdf|cannot be written"):
        statements.write(settled.seat(), FACE, tmp_path / name)


def test_while_an_officer_may_still_judge_there_is_none(small_case):
    with pytest.raises(NotFound, match="has no candidate list, so there is nothing to state"):
        statements.statement(small_case.seat(), "R08/none.jpg#1")
    for officer, says in (("first", RIGHT), ("second", WRONG)):
        with pytest.raises(ReviewBlocked, match="is not settled, and a statement would tell the next officer"):
            statements.statement(small_case.seat(), FACE)
        small_case.judge(officer, FACE, says)
    with pytest.raises(ReviewBlocked, match="is not settled"):
        statements.statement(small_case.seat(), FACE)
    small_case.judge("third", FACE, Verdict.NO_CANDIDATE)
    made = statements.statement(small_case.seat(), FACE)
    assert (made.outcome, made.nominal_id) == (Outcome.DISPUTED, None)
    assert {plate.caption.split()[2].split("/")[0] for plate in made.plates[2:]} == {RIGHT, WRONG}


def test_to_whom_a_face_is_a_trial_its_statement_looks_unsettled(small_case):
    desk = small_case.seat()
    stills = [row["still_id"] for row in analysing.query_table(desk, "SELECT still_id FROM stills").to_pylist()]
    searching.search(desk, stills=stills, limit=5)
    reviewing.set_policy(desk, trial_share=0.0, present_share=0.0, shuffled=False)
    for item in reviewing.queue(small_case.seat("first"))[2:]:
        for officer in ("first", "second"):
            small_case.judge(officer, item.face_id, item.candidates[0][0])
    reviewing.set_policy(desk, trial_share=0.5)
    reviewing.queue(small_case.seat("third"))
    with desk.case.session(writing=False) as session:
        (face,) = session.one("SELECT face_id FROM held.trials")
    assert statements.statement(desk, face).outcome is Outcome.CORROBORATED
    with pytest.raises(ReviewBlocked, match="is not settled"):
        statements.statement(small_case.seat("third"), face)
    small_case.judge("third", face, Verdict.NO_CANDIDATE)
    made = statements.statement(small_case.seat("third"), face)
    assert "third" not in {one.judgement.officer for one in made.conclusions}, "no trial is in any statement"


def test_a_simulated_review_is_marked_in_both_forms(small_case):
    for officer in ("sim-1", "sim-2"):
        governing.add_officer(small_case.seat(), officer, simulated=True)
        small_case.judge(officer, FACE, Verdict.NO_CANDIDATE)
    made = statements.statement(small_case.seat(), FACE)
    assert made.simulated
    assert statement_pages.SIMULATED in statement_pages.html(made).decode()
    assert "none of the" in made.conclusions[0].sentence
    assert [one.judgement.officer for one in made.conclusions] == ["sim-1", "sim-2"]


def test_a_judgement_that_was_replaced_is_said_to_be(small_case):
    small_case.judge("first", FACE, Verdict.INCONCLUSIVE)
    small_case.judge("first", FACE, Verdict.NO_CANDIDATE)
    small_case.judge("second", FACE, Verdict.NO_CANDIDATE)
    made = statements.statement(small_case.seat(), FACE)
    assert [(one.turn, one.replaced) for one in made.conclusions] == [(1, True), (1, False), (2, False)]
    assert "do not let the officer say" in made.conclusions[0].sentence
    assert "First officer (replaced by a later judgement of theirs)" in statement_pages.html(made).decode()


def test_what_was_judged_of_an_earlier_list_is_in_it_and_does_not_count(settled):
    with settled.seat().case.session(writing=True) as session:
        session.execute(
            "INSERT INTO held.searches BY NAME SELECT s.* REPLACE (2 AS search_id, 'enrolment' AS occasion) "
            "FROM held.searches AS s WHERE search_id = 1"
        )
        for table in ("probes", "candidates"):
            session.execute(
                f"INSERT INTO held.{table} BY NAME SELECT x.* REPLACE (2 AS search_id) FROM held.{table} AS x WHERE face_id = ?",
                [FACE],
            )
    with pytest.raises(ReviewBlocked, match="is not settled"):
        statements.statement(settled.seat(), FACE)
    for officer in ("second", "third"):
        settled.judge(officer, FACE, Verdict.NO_CANDIDATE)
    made = statements.statement(settled.seat(), FACE)
    assert made.outcome is Outcome.NOT_SUPPORTED
    assert [(one.judgement.officer, one.turn, one.replaced) for one in made.conclusions] == [
        ("first", None, True), ("second", None, True), ("second", 1, False), ("third", 2, False),
    ]  # fmt: skip
    assert "Of an earlier list (somebody was enrolled since" in statement_pages.html(made).decode()


def test_a_judgement_from_before_comparisons_is_stated_as_it_was(settled):
    with settled.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.judgements SET comparison = NULL")
    made = statements.statement(settled.seat(), FACE)
    assert "gives support, of a strength that was not recorded, that" in made.conclusions[0].sentence
    assert "none: judged before it was asked for" in statement_pages.html(made).decode()
    assert statement_pages.pdf(made).startswith(b"%PDF-")


CALLS = {
    "statement": lambda desk, _: statements.statement(desk, FACE),
    "write": lambda desk, path: statements.write(desk, FACE, path),
}


LACKING = [
    ({"officer": None}, "There is no default officer"),
    ({"reason": None}, "state the reason"),
    ({"operation": None}, "say for which operation"),
]


@pytest.mark.parametrize(("given", "sentence"), LACKING)
@pytest.mark.parametrize("action", CALLS)
def test_it_is_permitted_like_every_action_and_a_refusal_is_recorded(settled, action, given, sentence, tmp_path):
    before = entries(settled)
    with pytest.raises(NotPermitted, match=sentence):
        CALLS[action](settled.seat(**given), tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
    after = entries(settled)
    assert next(entry for entry in after if entry not in before)[1] == "refused"
    assert len(after) == len(before) + 1
