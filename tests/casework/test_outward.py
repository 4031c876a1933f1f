"""What leaves the case: true to the case, and with nothing in it that should stay."""

from __future__ import annotations

import re

import pytest

from stillgraph import demo
from stillgraph.casework import outward, take_seat
from stillgraph.dashboards import outward_pages
from stillgraph.errors import NotFound


@pytest.fixture
def desk(demo_case):
    return take_seat(demo_case, officer=demo.ANALYST, operation=demo.OPERATION, reason="report")


@pytest.fixture
def secrets(desk):
    """Return what must be in no report: custody's names and ids, officers, persons, other retailers' stills."""
    with desk.case.session(writing=False) as session:
        nominals = session.rows("SELECT nominal_id, name FROM main.nominals")
        officers = session.rows("SELECT officer_id FROM main.officers")
    return {value for row in (*nominals, *officers) for value in row if value}


def test_a_retailers_report_is_true_and_names_nobody(desk, secrets):
    found = outward.retailer_report(desk, "R08")
    with desk.case.session(writing=False) as session:
        counts = session.one(
            "SELECT (SELECT count(*) FROM main.stills WHERE retailer_id = 'R08'), "
            "(SELECT count(DISTINCT still_id) FROM main.reviews AS r WHERE outcome = 'corroborated' AND still_id LIKE 'R08/%'), "
            "(SELECT count(*) FROM main.stills WHERE retailer_id = 'R08' AND faces = 0)"
        )
    assert len(found.came) == found.accepted == counts[0]
    said = found.came["came_of_it"].value_counts()
    assert said.get("two officers agreed who somebody in it is", 0) == counts[1]
    assert said.get("no face found in it", 0) == counts[2]
    assert list(found.came.columns) == ["image", "offence", "captured_at", "faces", "came_of_it"]
    page = outward_pages._retailer(found)
    assert not [secret for secret in secrets if secret in page]
    assert not re.search(r"R(?!08)\d\d[/_]", page), "nothing of another retailer"
    assert "score" not in page
    assert repr(found).count("came=") == 0


def test_every_row_a_retailer_sent_is_in_their_report(desk):
    for retailer_id, _ in outward.retailers(desk):
        found = outward.retailer_report(desk, retailer_id)
        assert found.rows == found.accepted + found.rows_refused
        assert (len(found.came), len(found.refused)) == (found.accepted, found.rows_refused)


def test_a_retailer_that_is_not_there_is_said_so(desk):
    with pytest.raises(
        NotFound, match="There is no retailer R99 in this case; the view `retailers` has those there are"
    ):
        outward.retailer_report(desk, "R99")


def test_an_empty_case_has_an_empty_report(small_case):
    assert "With an agreed lead" in outward_pages._retailer(outward.retailer_report(small_case.seat(), "R08"))
