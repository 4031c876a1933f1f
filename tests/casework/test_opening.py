"""A number opens to the rows it counts, and a row to its still; each look is on record."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from stillgraph import demo
from stillgraph.casework import analysing, opening, take_seat
from stillgraph.errors import NotFound
from stillgraph.records import StillId


@pytest.fixture
def desk(demo_case):
    return take_seat(demo_case, officer=demo.ANALYST, operation=demo.OPERATION, reason="open a number")


@pytest.mark.parametrize(
    ("number", "counts"),
    [
        ("Stills received", "stills_received"), ("Stills searched", "stills_searched"), ("Leads sent to review", "leads"),
        ("Corroborated leads", "reviews_corroborated"), ("Unknown series", "unknown_series"),
    ],
)  # fmt: skip
def test_as_many_rows_stand_behind_a_number_as_it_says(desk, number, counts):
    rows = opening.rows_behind(desk, number)
    counted = rows["person_id"].nunique() if number == "Unknown series" else len(rows)
    assert counted == getattr(analysing.at_a_glance(desk), counts)
    assert not {"nominal_id", "score", "likelihood_ratio"} & set(rows.columns)
    assert set(rows["still_id"]) <= set(opening.rows_behind(desk, "Stills received")["still_id"])


def test_every_number_of_the_overview_opens(desk):
    from stillgraph.dashboards import wording

    assert [one.label for one in wording.key_numbers(analysing.at_a_glance(desk))] == list(opening.BEHIND)


def test_a_number_that_is_not_there_is_said_so(desk):
    with pytest.raises(NotFound, match="There is no number Profit; the numbers are Stills received, Stills searched"):
        opening.rows_behind(desk, "Profit")


def test_a_still_is_a_picture_no_larger_than_asked_and_looking_is_recorded(small_case):
    seat = small_case.seat()
    still = opening.rows_behind(seat, "Stills received")["still_id"][0]
    picture = Image.open(io.BytesIO(opening.still_picture(seat, StillId(still), longest_px=100)))
    assert (picture.format, max(picture.size)) == ("PNG", 100)
    with seat.case.session(writing=False) as session:
        looked = session.rows("SELECT details FROM main.audit WHERE action = 'view' ORDER BY sequence DESC LIMIT 2")
    assert still in looked[0][0]
    assert "Stills received" in looked[1][0]
