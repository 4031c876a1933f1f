"""A number opens to the rows it counts, and a row to its still; each look is on record."""

from __future__ import annotations

import io
import re
from urllib.parse import unquote

import pytest
from PIL import Image

from stillgraph import demo
from stillgraph.casework import analysing, opening, take_seat
from stillgraph.errors import NotFound
from stillgraph.records import StillId


@pytest.fixture
def desk(demo_case):
    return take_seat(demo_case, officer=demo.ANALYST, operation=demo.OPERATION, reason="open a number")


def small_print(html):
    """Return each count that opens, with the number it says."""
    found = re.findall(r'href="#rows-([^"]+)"[^>]*>([\d,]+)', html)
    return [(unquote(name), int(said.replace(",", ""))) for name, said in found]


def test_every_number_of_the_overview_says_as_much_as_the_rows_it_opens_to(desk):
    from stillgraph.dashboards import markup, wording

    with desk.sitting():
        glance = analysing.at_a_glance(desk)
        numbers = wording.key_numbers(glance, markup.opens)
        told = [(one.label, int(one.value.replace(",", ""))) for one in numbers]
        told += small_print("".join(one.out_of for one in numbers) + wording.yield_note(glance, markup.opens))
        assert {name for name, _ in told} == set(opening.BEHIND), "each number opens, and each opening is on the page"
        received = set(opening.rows_behind(desk, "Stills received")["still_id"])
        for name, said in told:
            rows = opening.rows_behind(desk, name)
            assert opening.counted(name, rows) == said, name
            assert not {"nominal_id", "score", "likelihood_ratio", "name"} & set(rows.columns)
            assert set(rows.get("still_id", ())) <= received
    written = re.sub("<a .*?</a>", "", "".join(one.out_of for one in numbers))
    assert not re.search(r"\d", written), "no count stands in small print that does not open"


def test_a_number_that_is_not_there_is_said_so(desk):
    with pytest.raises(NotFound, match="There is no number Profit; the numbers are Stills received, Stills searched"):
        opening.rows_behind(desk, "Profit")


def test_a_still_is_a_picture_no_larger_than_asked_and_looking_is_recorded(small_case):
    seat = small_case.seat()
    still = opening.rows_behind(seat, "Stills received")["still_id"][0]
    picture = Image.open(io.BytesIO(opening.still_picture(seat, StillId(still), longest_px=100)))
    assert (picture.format, max(picture.size)) == ("PNG", 100)
    with seat.case.session(writing=False) as session:
        looked = session.rows(
            "SELECT details FROM main.audit WHERE action IN ('view', 'view faces') ORDER BY sequence DESC LIMIT 2"
        )
    assert still in looked[0][0]
    assert "Stills received" in looked[1][0]
