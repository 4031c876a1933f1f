"""Arrests in the case file: each once, its later dates brought up to date by later deliveries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from stillgraph.records import Arrest
from stillgraph.store import receipts

FIRST = Arrest("N1", date(2026, 1, 1), "46", "Shoplifting", "charged")
OTHER = Arrest("N1", date(2026, 2, 1), "46", "Shoplifting", "charged")
HELD = replace(FIRST, custody_from=date(2026, 1, 1))
OUT = replace(HELD, disposed_on=date(2026, 1, 20), released_on=date(2026, 3, 1))


@pytest.fixture
def session(open_case):
    """Return a session whose changes are undone."""
    with open_case.session(writing=True) as session:
        session.execute("BEGIN TRANSACTION")
        yield session
        session.execute("ROLLBACK")


def test_dates_that_come_later_are_taken_and_the_arrest_counts_once(session):
    assert receipts.add_arrests(session, [FIRST, FIRST, OTHER]) == (2, 0)
    assert receipts.add_arrests(session, [HELD, OTHER]) == (0, 1)
    assert receipts.add_arrests(session, [HELD]) == (0, 0)
    assert receipts.add_arrests(session, [OUT]) == (0, 1)
    assert receipts.arrests(session) == (OUT, OTHER)
    assert receipts.prior_arrests(session) == {"N1": 2}


def test_a_delivery_without_dates_takes_none_away(session):
    receipts.add_arrests(session, [OUT])
    assert receipts.add_arrests(session, [FIRST]) == (0, 0)
    assert receipts.arrests(session) == (OUT,)


def test_dates_that_were_wrong_are_put_right_as_a_whole(session):
    receipts.add_arrests(session, [OUT])
    right = replace(FIRST, disposed_on=date(2026, 1, 2))
    assert receipts.add_arrests(session, [right]) == (0, 1)
    assert receipts.arrests(session) == (right,)
    assert receipts.add_arrests(session, []) == (0, 0)


def test_the_records_end_with_the_latest_delivery_of_arrests(session):
    assert receipts.arrests_known_until(session) is None
    for kind, day in (("arrests", 3), ("arrests", 9), ("custody", 20)):
        receipts.add_delivery(
            session, kind=kind, retailer_id=None, manifest="m.csv", sha256=f"{day:064}",
            received_at=datetime(2026, 4, day, 23, tzinfo=UTC), rows_read=0, refusals=(), elapsed_s=0.0,
        )  # fmt: skip
    assert receipts.arrests_known_until(session) == date(2026, 4, 9)


def test_the_view_has_the_dates(session):
    receipts.add_arrests(session, [OUT])
    assert session.rows("SELECT * FROM arrests") == [
        ("N1", date(2026, 1, 1), "46", "Shoplifting", "charged", date(2026, 1, 20), date(2026, 1, 1), date(2026, 3, 1))
    ]
