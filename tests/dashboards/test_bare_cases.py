"""The overview and an analyst's own cells on real cases that hold little yet: nothing at all, stills but no search, lists but no review."""

from __future__ import annotations

import ipywidgets as widgets
import pytest

from stillgraph import dashboards
from stillgraph.casework import governing, receiving, take_seat
from stillgraph.dashboards import panels, wording
from stillgraph.dashboards.source import CaseSource
from stillgraph.dashboards.state import OverviewState
from stillgraph.records import RetailerId

WHO = {"officer": "desk", "operation": "OP-TEST", "reason": "test bare cases"}


@pytest.fixture
def bare(request, tmp_path):
    """Return the directory of a case that is ``empty``, ``received`` (no search) or ``searched`` (no review)."""
    if request.param == "searched":
        return request.getfixturevalue("small_case").directory
    directory = tmp_path / "bare"
    governing.create_case(directory)
    governing.add_officer(take_seat(directory, **WHO), "desk")
    governing.open_operation(take_seat(directory, **WHO), "OP-TEST", purpose="tests")
    if request.param == "received":
        inputs = request.getfixturevalue("small_inputs")
        receiving.receive(
            take_seat(directory, **WHO),
            inputs / "deliveries" / "R08" / "manifest.csv",
            retailer_id=RetailerId("R08"),
            stores=inputs / "stores.csv",
        )
    return directory


def everything(widget):
    """Return a widget with all it holds."""
    return [widget, *(below for child in getattr(widget, "children", ()) for below in everything(child))]


def text(widget):
    """Return all the HTML of a page."""
    return "".join(one.value for one in everything(widget) if isinstance(one, widgets.HTML))


@pytest.mark.parametrize(
    ("bare", "shown"),
    [
        ("empty", ["<b>0</b>", "no stills yet", "nothing searched yet", "No row was refused.", "There is no unknown series.", wording.NO_OFFENCES,
                   "No stage has been timed in this case."]),
        ("received", ["<b>6</b>", "nothing searched yet", ">6</a>; ", "Map of 5 offences at 2 stores"]),
        ("searched", ["<b>6</b>", "none: every candidate list goes to review", "Map of 5 offences at 2 stores"]),
    ],
    indirect=["bare"],
)  # fmt: skip
def test_the_overview_shows_what_there_is(bare, shown):
    page = dashboards.overview(take_seat(bare, **WHO))
    page.children[-1].seen()
    said = text(page)
    assert 'role="alert"' not in said
    for piece in [*shown, wording.NO_PERSON, "Nobody is chosen.", wording.NO_LINKS]:
        assert piece in said, piece
    toggle = next(one for one in everything(page) if isinstance(one, widgets.ToggleButtons))
    for _, by in toggle.options:
        toggle.value = by
    others, everyone = (one for one in everything(page) if isinstance(one, widgets.Checkbox))
    others.value = everyone.value = True
    assert 'role="alert"' not in text(page)
    bars = next(one for one in everything(page) if isinstance(one, panels.Chart))
    place = next(one for one in everything(page) if bars in getattr(one, "children", ()))
    assert place.layout.display == "none", "no axes around nothing"


@pytest.mark.parametrize("bare", ["empty", "received", "searched"], indirect=True)
def test_the_state_of_a_bare_case_has_nobody_in_it(bare):
    state = OverviewState(CaseSource(take_seat(bare, **WHO)))
    assert (state.persons(), state.dossier, state.problem) == ((), None, "")
    assert state.graph.number_of_nodes() == 0


@pytest.mark.parametrize(
    ("bare", "listed"), [("empty", False), ("received", False), ("searched", True)], indirect=["bare"]
)
def test_every_page_of_an_analyst_opens_and_says_what_is_not_there(bare, listed):
    desk = take_seat(bare, **WHO)
    pages = ("start", "intake", "search", "accuracy", "queries", "glance", "candidates", "dossier")
    said = {page: text(getattr(dashboards, page)(desk)) for page in pages}
    for page, told in said.items():
        assert 'role="alert"' not in told, page
    assert "Stills received" in said["glance"]
    assert (wording.NO_LIST in said["candidates"]) is not listed
    assert ("R08/R08_0002.jpg#1" in said["candidates"]) is listed
    assert wording.NO_PERSON in said["dossier"]
    assert "No query is saved yet" in said["queries"]
