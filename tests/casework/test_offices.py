"""Who has a part in a case and how they stand: roles that bind at once, suspension, and a case never left to nobody."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillgraph.casework import analysing, governing, offices, operations, picturing, signing_in, take_seat
from stillgraph.casework.desk import now
from stillgraph.errors import NotFound, NotPermitted, QueryRefused, WrongUse
from stillgraph.records import Role
from stillgraph.store import office

SOON = now().date() + timedelta(days=30)


@pytest.fixture
def place(tmp_path):
    """A case with a founder, officers of several roles, one without, and an operation."""
    case = governing.create_case(tmp_path / "case").directory
    governing.add_officer(seat(case), "first")
    for officer, role in {"sup": Role.SUPERVISOR, "ana": Role.ANALYST, "man": Role.MANAGER, "free": None}.items():
        governing.add_officer(seat(case), officer, role=role)
    operations.open_operation(seat(case), "OP", purpose="tests")
    return case


def seat(case, officer="first", operation="OP"):
    return take_seat(case, officer=officer, operation=operation, reason="test")


def newest(case):
    with seat(case).case.session(writing=False) as session:
        (row,) = session.rows("SELECT officer, action, result, details FROM main.audit ORDER BY sequence DESC LIMIT 1")
    return (*row[:3], json.loads(row[3]))


def test_the_founder_and_who_has_no_role_may_do_everything_until_roles_are_enforced(place):
    for officer in ("first", "free"):
        assert len(analysing.query(seat(place, officer), "FROM nominals")) == 0
    assert offices.enforce_roles(seat(place)) == ("free",)
    with pytest.raises(NotPermitted, match="To query is not for an administrator"):
        analysing.query(seat(place), "FROM nominals")
    with pytest.raises(NotPermitted, match="To query, officer free needs a role, since this case enforces roles"):
        analysing.query(seat(place, "free"), "FROM nominals")
    analysing.query(seat(place, "ana"), "FROM nominals")
    with pytest.raises(WrongUse, match="enforces roles already; that has no way back"):
        offices.enforce_roles(seat(place))


def test_a_role_that_there_is_not_is_never_kept(place):
    for way in (
        lambda: offices.give_role(seat(place), "ana", role="boss"),
        lambda: governing.add_officer(seat(place), "new", role="boss"),
    ):
        with pytest.raises(WrongUse, match=r"There is no such role; there are analyst, .*, administrator\."):
            way()
    assert offices.give_role(seat(place), "ana", role="manager").role is Role.MANAGER
    assert {one.officer_id for one in offices.list_officers(seat(place))} == {"first", "sup", "ana", "man", "free"}


def test_a_role_binds_from_the_next_action_on_and_is_kept_with_its_time(place):
    open_page = seat(place, "free")
    analysing.query(open_page, "FROM nominals")
    offices.give_role(seat(place), "free", Role.MANAGER)
    with pytest.raises(NotPermitted, match="To query is not for a manager"):
        analysing.query(open_page, "FROM nominals")
    assert newest(place)[:3] == ("free", "query", "refused")
    offices.give_role(seat(place), "free", Role.ANALYST)
    rows = analysing.query(open_page, "FROM officer_changes WHERE officer_id = 'free' ORDER BY sequence")
    assert rows["role"].to_list()[1:] == ["manager", "analyst"]
    assert rows["changed_by"].to_list() == ["first"] * 3
    assert rows["by_name"].to_list() == [False, True, True]


@pytest.mark.parametrize("officer", ["sup", "ana", "man"])
def test_nobody_raises_themselves(place, officer):
    for role in Role:
        with pytest.raises(NotPermitted):
            offices.give_role(seat(place, officer), officer, role)
    with pytest.raises(NotPermitted):
        governing.add_officer(seat(place, officer), "friend", role=Role.ADMINISTRATOR)
    with pytest.raises(NotPermitted):
        offices.enforce_roles(seat(place, officer))


def test_an_administrator_by_name_changes_others_and_not_themselves(place):
    offices.give_role(seat(place), "free", Role.ADMINISTRATOR)
    offices.give_role(seat(place, "free"), "ana", Role.REVIEWER)
    for asked in (
        lambda: offices.give_role(seat(place, "free"), "free", Role.SUPERVISOR),
        lambda: offices.give_role(seat(place, "free"), "free", Role.ADMINISTRATOR, sees_faces=True),
    ):
        with pytest.raises(NotPermitted, match=r"Nobody changes their own role; ask another administrator\."):
            asked()
        assert newest(place)[:3] == ("free", "change officer", "refused")
    with pytest.raises(NotPermitted, match="Nobody suspends themselves"):
        offices.suspend(seat(place, "free"), "free")


def test_whom_no_role_binds_may_bind_themselves_and_not_let_themselves_see_faces(place):
    with pytest.raises(NotPermitted, match="Nobody changes their own role"):
        offices.give_role(seat(place), "first", Role.ADMINISTRATOR, sees_faces=True)
    bound = offices.give_role(seat(place), "first", Role.ADMINISTRATOR)
    assert (bound.role, bound.founder) == (Role.ADMINISTRATOR, False)
    with pytest.raises(NotPermitted, match="To query is not for an administrator"):
        analysing.query(seat(place), "FROM nominals")


changes = st.lists(
    st.tuples(
        st.sampled_from(["first", "sup", "free"]), st.sampled_from(["first", "sup", "free"]),
        st.sampled_from([*Role, "suspend", "lift", "enforce"]),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(changes)
def test_whatever_is_changed_somebody_can_look_after_the_case(place, asked):
    with seat(place).sitting(), seat(place).case.session(writing=True) as session:
        session.execute("DELETE FROM held.officer_changes WHERE sequence > 5")
        office.switch(session, office.ENFORCED, on=False)
        for actor, of, what in asked:
            try:
                if what == "enforce":
                    offices.enforce_roles(seat(place, actor))
                elif what in {"suspend", "lift"}:
                    offices.suspend(seat(place, actor), of, lift=what == "lift")
                else:
                    offices.give_role(seat(place, actor), of, what)
            except (NotPermitted, WrongUse):
                pass
        enforced = office.switched_on(session, office.ENFORCED)
        assert any(offices._looks_after(one, enforced=enforced) for one in office.officers(session))


def test_the_last_administrator_stays(place):
    offices.give_role(seat(place), "free", Role.ADMINISTRATOR)
    offices.enforce_roles(seat(place))
    offices.give_role(seat(place, "free"), "first", Role.ANALYST)
    offices.suspend(seat(place, "free"), "sup")
    governing.add_officer(seat(place, "free"), "second", role=Role.ADMINISTRATOR)
    offices.suspend(seat(place, "second"), "free")
    with pytest.raises(NotPermitted, match="Officer free is suspended and may do nothing in this case"):
        offices.give_role(seat(place, "free"), "second", Role.ANALYST)
    with pytest.raises(NotPermitted, match="Nobody suspends themselves"):
        offices.suspend(seat(place, "second"), "second")
    offices.suspend(seat(place, "second"), "free", lift=True)
    with pytest.raises(WrongUse, match=r"^Officer free is not suspended\.$"):
        offices.suspend(seat(place, "second"), "free", lift=True)


def test_a_case_is_not_left_to_nobody(place):
    offices.suspend(seat(place), "free")
    with pytest.raises(NotPermitted, match="Nobody would be left who may look after the case's officers"):
        offices.give_role(seat(place), "first", Role.ANALYST)
    assert analysing.query(seat(place), "FROM officers WHERE officer_id = 'first'")["role"].to_list() == [
        "administrator"
    ]


def test_roles_are_not_enforced_where_no_administrator_could_act(tmp_path):
    case = governing.create_case(tmp_path / "case").directory
    governing.add_officer(seat(case), "first", role=Role.SUPERVISOR)
    with pytest.raises(NotPermitted, match="To enforce roles is not for a supervisor"):
        offices.enforce_roles(seat(case))
    other = governing.create_case(tmp_path / "other").directory
    governing.add_officer(seat(other), "first")
    governing.add_officer(seat(other), "free")
    offices.give_role(seat(other), "first", Role.ANALYST)
    with pytest.raises(WrongUse, match=r"No administrator could act once roles are enforced; give the role first"):
        offices.enforce_roles(seat(other, "free"))


def test_faces_are_seen_by_a_manager_only_where_an_administrator_says_so(place):
    with pytest.raises(NotPermitted, match="To view faces is not for a manager: it shows people's faces"):
        picturing.picture(seat(place, "man"), "R01/none.jpg")
    offices.give_role(seat(place), "man", Role.MANAGER, sees_faces=True)
    with pytest.raises(NotFound, match="There is no still"):
        picturing.picture(seat(place, "man"), "R01/none.jpg")
    with pytest.raises(WrongUse, match=r"An analyst sees faces anyway: leave out --sees-faces\."):
        offices.give_role(seat(place), "ana", Role.ANALYST, sees_faces=True)


def test_an_auditor_s_queries_read_the_record_and_no_person(place):
    governing.add_officer(seat(place), "aud", role=Role.AUDITOR)
    auditor = seat(place, "aud")
    assert len(analysing.query(auditor, "SELECT * FROM audit JOIN officers ON officer = officer_id")) > 0
    for view in ("nominals", "persons", "custody_images", "candidates", "v_person", "faces", "stills"):
        for sql in (f"FROM {view}", f"SELECT 1 FROM audit WHERE EXISTS (FROM {view})", f"FROM main.{view}"):
            with pytest.raises(QueryRefused, match="A query reads only the views that your role reads, not"):
                analysing.query(auditor, sql)
    with pytest.raises(QueryRefused):
        analysing.query(auditor, "WITH audit AS (FROM nominals) FROM audit")


def test_officers_are_listed_without_their_names(place):
    governing.add_officer(seat(place), "named", name="Somebody Special")
    listed = offices.list_officers(seat(place, "man", operation=""))
    assert [one.officer_id for one in listed] == ["ana", "first", "free", "man", "named", "sup"]
    assert {one.name for one in listed} == {""}
    assert not offices.enforces_roles(seat(place))


def test_nobody_unknown_is_changed(place):
    for asked in (
        lambda: offices.give_role(seat(place), "nobody", Role.ANALYST),
        lambda: offices.suspend(seat(place), "nobody"),
    ):
        with pytest.raises(NotFound, match="There is no officer nobody in this case; `stillgraph case officer list"):
            asked()


def test_where_signing_in_is_required_a_claim_alone_permits_nothing(place, monkeypatch):
    with pytest.raises(WrongUse, match="You have no token that lets you in, and could do nothing after it"):
        offices.require_sign_in(seat(place))
    tokens = {officer: signing_in.issue_token(seat(place), officer).token for officer in ("first", "ana")}
    offices.require_sign_in(seat(place))
    with pytest.raises(NotPermitted, match="This case lets nobody act who has not signed in: give your token"):
        analysing.query(seat(place, "ana"), "FROM nominals")
    assert newest(place)[:3] == ("ana", "query", "refused")
    monkeypatch.setenv("STILLGRAPH_TOKEN", tokens["ana"])
    analysing.query(seat(place, "ana"), "FROM nominals")
    assert newest(place)[3]["sign_in"] == 2
    with pytest.raises(NotPermitted, match="Your sign-in has ended or was taken back"):
        analysing.query(seat(place, "sup"), "FROM nominals")
    monkeypatch.setenv("STILLGRAPH_TOKEN", tokens["first"])
    kept_open = seat(place)
    analysing.query(kept_open, "FROM nominals")
    signing_in.revoke_tokens(kept_open, "first")
    with pytest.raises(NotPermitted, match="Your sign-in has ended or was taken back"):
        analysing.query(kept_open, "FROM nominals")
    assert newest(place)[:3] == ("first", "query", "refused")


def test_a_case_whose_last_tokens_ended_is_not_closed_to_everybody(place, monkeypatch):
    token = signing_in.issue_token(seat(place), "first").token
    offices.require_sign_in(seat(place))
    with pytest.raises(NotPermitted, match="lets nobody act who has not signed in"):
        signing_in.issue_token(seat(place), "ana")
    with monkeypatch.context() as signed_in:
        signed_in.setenv("STILLGRAPH_TOKEN", token)
        signing_in.revoke_tokens(seat(place), "first")
    with pytest.raises(NotPermitted, match="lets nobody act who has not signed in"):
        analysing.query(seat(place), "FROM nominals")
    with pytest.raises(NotPermitted, match="To issue sign-in token is not for a supervisor"):
        signing_in.issue_token(seat(place, "sup"), "sup")
    monkeypatch.setenv("STILLGRAPH_TOKEN", signing_in.issue_token(seat(place), "first").token)
    analysing.query(seat(place), "FROM nominals")


def test_a_wrong_token_is_refused_and_recorded_without_it(place, monkeypatch, tmp_path):
    token = signing_in.issue_token(seat(place), "ana").token
    wrong = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    for given_token, noted in ((wrong, {"token": 1}), ("9." + token.split(".")[1], {}), ("rubbish", {})):
        monkeypatch.setenv("STILLGRAPH_TOKEN", given_token)
        with pytest.raises(NotPermitted, match="This token lets nobody in"):
            analysing.query(seat(place, "ana"), "FROM nominals")
        officer, action, result, details = newest(place)
        assert (officer, action, result) == ("ana", "query", "refused")
        assert {key: details[key] for key in details if key not in {"sql", "why"}} == noted
        assert given_token.split(".")[-1] not in json.dumps(details)
    monkeypatch.delenv("STILLGRAPH_TOKEN")
    (tmp_path / "token").write_text(token + "\n")
    monkeypatch.setenv("STILLGRAPH_TOKEN_FILE", str(tmp_path / "token"))
    analysing.query(seat(place, "ana"), "FROM nominals")
    monkeypatch.setenv("STILLGRAPH_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(WrongUse, match="STILLGRAPH_TOKEN_FILE names a file that cannot be read"):
        seat(place, "ana")


def test_whom_a_trusted_proxy_names_has_signed_in(place):
    signing_in.issue_token(seat(place), "first")
    offices.require_sign_in(seat(place))
    desk = take_seat(place, officer="ana", operation="OP", reason="test", by_proxy=True)
    analysing.query(desk, "FROM nominals")


def test_a_token_is_in_no_repr_of_a_claim(place, monkeypatch):
    monkeypatch.setenv("STILLGRAPH_TOKEN", "1." + "x" * 43)
    assert "xxx" not in repr(seat(place).claim)
