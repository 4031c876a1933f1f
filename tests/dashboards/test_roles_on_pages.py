"""Pages show an officer what their role shows, and say why they show no more."""

from __future__ import annotations

import shutil

import pytest

from stillgraph import dashboards, demo
from stillgraph.casework import analysing, governing, offices, opening, picturing, sights, take_seat
from stillgraph.dashboards import analysis_pages, work_pages
from stillgraph.errors import NotPermitted
from stillgraph.records import Role

ASIDE = "This page shows numbers, and nobody's face, to a manager."


@pytest.fixture(scope="module")
def place(demo_case, tmp_path_factory):
    """The demonstration with an officer of each role."""
    case = tmp_path_factory.mktemp("roles") / "case"
    shutil.copytree(demo_case, case)
    for role in Role:
        governing.add_officer(seat(case, demo.ANALYST), str(role), role=role)
    return case


def seat(case, officer):
    return take_seat(case, officer=str(officer), operation=demo.OPERATION, reason="look")


def said(widget):
    """Return all that a page says, as HTML."""
    own = getattr(widget, "value", "")
    parts = [said(child) for child in getattr(widget, "children", ())]
    return (own if isinstance(own, str) else "") + "".join(parts)


@pytest.mark.parametrize("page", [dashboards.overview, analysis_pages.prolific])
def test_a_manager_s_page_has_numbers_and_no_face_and_says_why(place, page):
    shown = said(page(seat(place, Role.MANAGER)))
    assert 'role="alert"' not in shown
    assert ASIDE in shown.replace("&#x27;", "'")
    assert "data:image" not in shown
    rankings = [row for row in last_actions(place, Role.MANAGER) if row == ("rank", "done")]
    assert rankings
    assert not [row for row in last_actions(place, Role.MANAGER) if row[1] != "done"], "nothing was tried in vain"


def test_an_analyst_s_page_has_persons_and_says_nothing_of_roles(place):
    shown = said(dashboards.overview(seat(place, Role.ANALYST)))
    assert "This page shows numbers, and nobody" not in shown
    assert "A person" in shown


def test_a_manager_who_sees_faces_sees_persons(place):
    offices.give_role(seat(place, demo.ANALYST), "manager", Role.MANAGER, sees_faces=True)
    try:
        shown = said(dashboards.overview(seat(place, Role.MANAGER)))
        assert ASIDE not in shown.replace("&#x27;", "'")
        still = opening.rows_behind(seat(place, Role.MANAGER), "Stills received")["still_id"][0]
        assert opening.still_picture(seat(place, Role.MANAGER), still)
    finally:
        offices.give_role(seat(place, demo.ANALYST), "manager", Role.MANAGER)
    with pytest.raises(NotPermitted, match="To view faces is not for a manager"):
        picturing.picture(seat(place, Role.MANAGER), still)


def test_a_day_begins_for_every_role_that_has_one(place):
    for role in Role:
        shown = said(work_pages.start(seat(place, role)))
        assert 'role="alert"' not in shown, role


def test_what_is_seen_is_what_the_table_says(place):
    assert sights.sight(seat(place, demo.ANALYST)) == sights.WHOLE
    manager = sights.sight(seat(place, Role.MANAGER))
    assert not any((manager.faces, manager.persons, manager.network, manager.explains, manager.judges))
    reviewer = sights.sight(seat(place, Role.REVIEWER))
    assert (reviewer.faces, reviewer.persons, reviewer.judges, reviewer.explains, reviewer.uploads) == (
        True, True, True, False, False,
    )  # fmt: skip


def last_actions(case, officer):
    rows = analysing.query(seat(case, demo.ANALYST), f"SELECT action, result FROM audit WHERE officer = '{officer}'")
    return [tuple(row) for row in rows.values.tolist()]
