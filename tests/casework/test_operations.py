"""Operations: from their first day to their last, extended by a new act, closed for good."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillgraph.casework import analysing, governing, legal, offices, operations, take_seat
from stillgraph.errors import ManifestError, NotFound, NotPermitted, WrongUse
from stillgraph.records import Role

TODAY = date(2026, 11, 20)
BASIS = "LE-STATUTORY"


@pytest.fixture
def place(tmp_path):
    """A case with a founder and a supervisor."""
    case = governing.create_case(tmp_path / "case").directory
    governing.add_officer(seat(case), "first")
    governing.add_officer(seat(case), "sup", role=Role.SUPERVISOR)
    governing.add_officer(seat(case), "ana", role=Role.ANALYST)
    return case


def seat(case, officer="first", operation="OP", on=TODAY, reason="test"):
    return take_seat(
        case, officer=officer, operation=operation, reason=reason,
        clock=lambda: datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
    )  # fmt: skip


def acts(case, on=TODAY):
    analysing.at_a_glance(seat(case, "ana", on=on))


def test_an_operation_states_all_it_rests_on_and_is_shown(place):
    operations.open_operation(
        seat(place), "OP", purpose="shop theft", begins=date(2026, 11, 25), until=date(2026, 12, 24),
        legal_basis="le-statutory", authorised_by="sup",
    )  # fmt: skip
    shown = operations.show_operation(seat(place, "ana", operation=""), "OP")
    assert (shown.purpose, shown.legal_basis, shown.authorised_by) == ("shop theft", BASIS, "sup")
    assert operations.list_operations(seat(place)) == (shown,)
    with pytest.raises(NotPermitted, match="OP begins on 2026-11-25 and permits nothing before"):
        acts(place)
    acts(place, on=date(2026, 11, 25))
    acts(place, on=date(2026, 12, 24))
    with pytest.raises(NotPermitted, match="OP ended on 2026-12-24 and permits nothing now; extend it with"):
        acts(place, on=date(2026, 12, 25))
    states = [operations.state(shown, day) for day in (TODAY, date(2026, 12, 1), date(2027, 1, 1))]
    assert states == ["to begin", "open", "ended"]


def test_a_closed_operation_permits_nothing_and_stays_closed(place):
    operations.open_operation(seat(place), "OP", purpose="shop theft", until=date(2026, 12, 24))
    acts(place)
    closed = operations.close_operation(seat(place, "sup", reason="all charged"), "OP")
    assert operations.state(closed, TODAY) == "closed"
    with pytest.raises(NotPermitted, match="OP was closed on 2026-11-20 and permits nothing now; open another"):
        acts(place)
    with seat(place).case.session(writing=False) as session:
        last = session.rows("SELECT officer, action, result FROM main.audit ORDER BY sequence DESC LIMIT 1")
    assert last == [("ana", "view", "refused")]
    for again in (
        lambda: operations.close_operation(seat(place), "OP"),
        lambda: operations.extend_operation(seat(place), "OP", until=date(2027, 1, 31)),
    ):
        with pytest.raises(WrongUse, match=r"Operation OP is closed, for good; open another\."):
            again()
    with pytest.raises(WrongUse, match="There is an operation OP in this case already"):
        operations.open_operation(seat(place), "OP", purpose="again")
    operations.open_operation(seat(place), "OP-2", purpose="another")
    rows = analysing.query(seat(place, operation="OP-2"), "FROM operation_changes ORDER BY sequence")
    assert rows[["operation_id", "change", "reason", "changed_by"]].values.tolist() == [
        ["OP", "opened", "shop theft", "first"],
        ["OP", "closed", "all charged", "sup"],
        ["OP-2", "opened", "another", "first"],
    ]


def test_closing_needs_a_reason(place):
    operations.open_operation(seat(place), "OP", purpose="shop theft")
    with pytest.raises(NotPermitted, match="To close operation, state the reason"):
        operations.close_operation(seat(place, reason=""), "OP")
    with pytest.raises(NotFound, match="There is no operation OP-9 in this case; `stillgraph case operation list"):
        operations.close_operation(seat(place), "OP-9")


def test_an_extension_is_a_new_act_and_never_shortens(place):
    operations.open_operation(seat(place), "OP", purpose="shop theft", until=date(2026, 11, 30))
    late = date(2026, 12, 10)
    with pytest.raises(NotPermitted, match="OP ended on 2026-11-30"):
        acts(place, on=late)
    for day in (date(2026, 11, 30), date(2026, 11, 21), date(2026, 12, 9)):
        with pytest.raises(WrongUse, match="An operation is extended to a day to come, and after 2026-11-30"):
            operations.extend_operation(seat(place, on=late), "OP", until=day)
    longer = operations.extend_operation(seat(place, on=late), "OP", until=date(2026, 12, 31), authorised_by="sup")
    assert (longer.until, longer.authorised_by) == (date(2026, 12, 31), "sup")
    acts(place, on=late)
    rows = analysing.query(
        seat(place), "SELECT change, until::VARCHAR AS until FROM operation_changes ORDER BY sequence"
    )
    assert rows.values.tolist() == [["opened", "2026-11-30"], ["extended", "2026-12-31"]]
    operations.open_operation(seat(place), "OP-2", purpose="endless")
    with pytest.raises(WrongUse, match="Operation OP-2 has no end: it needs no extension"):
        operations.extend_operation(seat(place), "OP-2", until=date(2027, 1, 1))


@pytest.mark.parametrize("officer", ["sup", "first", "ana"])
def test_who_may_open_extend_and_close(place, officer):
    operations.open_operation(seat(place), "OP", purpose="shop theft", until=date(2026, 11, 30))
    asked = (
        lambda: operations.open_operation(seat(place, officer), "OP-2", purpose="x"),
        lambda: operations.extend_operation(seat(place, officer), "OP", until=date(2026, 12, 31)),
        lambda: operations.close_operation(seat(place, officer), "OP"),
    )
    for one in asked:
        if officer == "ana":
            with pytest.raises(
                NotPermitted, match="is not for an analyst: an operation is opened, extended and closed"
            ):
                one()
        else:
            one()


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"legal_basis": "NONE"}, WrongUse, "There is no legal basis of that code; there are LE-STATUTORY, LE-JUSTICE"),
        ({"authorised_by": "nobody"}, NotFound, "There is no officer nobody in this case who could authorise"),
        ({"authorised_by": "ana"}, NotPermitted, "Officer ana may not authorise an operation"),
        ({"begins": date(2026, 11, 19)}, WrongUse, "An operation cannot begin before it is opened; 2026-11-19"),
        ({"begins": date(2026, 12, 2), "until": date(2026, 12, 1)}, WrongUse, "ends on the day it begins, or later"),
        ({"until": date(2026, 11, 19)}, WrongUse, "cannot end before it is opened; 2026-11-19 has passed"),
    ],
)
def test_an_operation_that_makes_no_sense_is_not_opened(place, given, error, sentence):
    with pytest.raises(error, match=sentence):
        operations.open_operation(seat(place), "OP", purpose="x", **given)
    assert operations.list_operations(seat(place)) == ()


def test_where_roles_are_enforced_somebody_else_authorises_and_all_is_stated(place):
    offices.enforce_roles(seat(place))
    whole = {"purpose": "x", "legal_basis": BASIS, "authorised_by": "sup", "until": date(2026, 12, 1)}
    for missing in ("legal_basis", "authorised_by", "until"):
        with pytest.raises(WrongUse, match="Where roles are enforced, an operation states its basis in law"):
            operations.open_operation(seat(place), "OP", **(whole | {missing: None}))
    with pytest.raises(NotPermitted, match="whoever opens or extends an operation does not authorise it themselves"):
        operations.open_operation(seat(place, "sup"), "OP", **whole)
    operations.open_operation(seat(place), "OP", **whole)
    with pytest.raises(WrongUse, match="Where roles are enforced, an extension is authorised anew"):
        operations.extend_operation(seat(place), "OP", until=date(2026, 12, 2))
    operations.extend_operation(seat(place, "sup"), "OP", until=date(2026, 12, 2), authorised_by="first")
    offices.suspend(seat(place), "sup")
    with pytest.raises(NotPermitted, match="Officer sup may not authorise an operation"):
        operations.extend_operation(seat(place), "OP", until=date(2026, 12, 3), authorised_by="sup")


days = st.one_of(st.none(), st.dates(date(2026, 11, 1), date(2026, 12, 31)))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(begins=days, until=days, on=st.dates(TODAY, date(2027, 1, 15)))
def test_an_operation_permits_on_its_days_and_on_no_other(begins, until, on):
    from stillgraph.governance.permits import Action, Claim, permit
    from stillgraph.records import Officer, Operation

    held = Operation("OP", "x", datetime(2026, 11, 1, tzinfo=UTC), until, begins)
    inside = (begins is None or begins <= on) and (until is None or on <= until)
    assert (operations.state(held, on) == "open") is inside
    try:
        permit(Action.VIEW, Claim("pc1", "OP", "why"), Officer("pc1", None, ""), held, on)
    except NotPermitted:
        assert not inside
    else:
        assert inside


def test_the_table_of_legal_bases_is_replaced_on_record_and_old_operations_keep_theirs(place, tmp_path):
    shipped = legal.show(seat(place, operation=""))
    assert BASIS in {one.code for one in shipped}
    assert {one.law for one in shipped if one.code.startswith("LE-")} == {
        "Data Protection Act 2018, Part 3: s.31, s.35(2)(b), (5) and (8)(b), s.42"
    }
    operations.open_operation(seat(place), "OP", purpose="x", legal_basis=BASIS)
    ours = tmp_path / "ours.csv"
    ours.write_text("code,basis,law,condition,source,version\nA,words,an Act,a condition,a force,2\n")
    (new,) = legal.replace(seat(place), ours)
    assert (new.code, new.source, new.version) == ("A", "a force", "2")
    operations.open_operation(seat(place), "OP-2", purpose="x", legal_basis="a")
    with pytest.raises(WrongUse, match="there are A "):
        operations.open_operation(seat(place), "OP-3", purpose="x", legal_basis=BASIS)
    assert operations.show_operation(seat(place), "OP").legal_basis == BASIS
    with pytest.raises(NotPermitted, match="To set review policy is not for an analyst"):
        legal.replace(seat(place, "ana"), ours)


@pytest.mark.parametrize(
    "text",
    [
        "", "code\nA\n", "code,basis,law,condition,source,version\n",
        "code,basis,law,condition,source,version\nA,,an Act,a condition,a force,2\n",
        "code,basis,law,condition,source,version\nA,b,l,c,s,1\na,b,l,c,s,1\n",
        "code,basis,law,condition,source,version\nA,b,l,c,s,1\nB,b,l,c,s,2\n",
        "code,basis,law,condition,source,version\nA,b,l,c,s,1,more\n",
    ],
)  # fmt: skip
def test_a_table_that_is_none_is_not_taken(place, tmp_path, text):
    operations.open_operation(seat(place), "OP", purpose="x")
    file = tmp_path / "bases.csv"
    file.write_text(text)
    before = legal.show(seat(place))
    with pytest.raises(ManifestError, match="A table of legal bases has"):
        legal.replace(seat(place), file)
    file.write_bytes(b"code\xff")
    with pytest.raises(ManifestError, match="is CSV in UTF-8"):
        legal.replace(seat(place), file)
    file.write_bytes(b"x" * (legal.MOST_BYTES + 1))
    with pytest.raises(ManifestError, match="has at most 200,000 bytes"):
        legal.replace(seat(place), file)
    with pytest.raises(NotFound, match=r"There is no file none\.csv"):
        legal.replace(seat(place), tmp_path / "none.csv")
    assert legal.show(seat(place)) == before
