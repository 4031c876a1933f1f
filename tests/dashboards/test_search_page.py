"""The search page, without a browser: faces framed, candidates as cards, scores only for who may see them."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from datetime import date

import pytest

from stillgraph.casework.picturing import Arrested, History, Picture, StillListed
from stillgraph.casework.progress import Step
from stillgraph.casework.waiting import SearchedAll
from stillgraph.dashboards.search_state import CARDS, SearchState, SeenFace
from stillgraph.dashboards.work_pages import search_of
from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import Box, Candidate, Filters, GalleryInfo, Probe, Quality, SearchOutcome, SearchReport

TRAP = '<script>alert("x")</script>'
QUALITY = Quality(22.0, 11.0, 120.0, 30.0, 0.9, 0.97)


def report_of(still, *, first=0.9, search_id=1):
    listed = tuple(
        Candidate(i, f"N{i:06d}", f"N{i:06d}/{TRAP if i == 1 else i}.jpg", first - i / 20) for i in range(1, 21)
    )
    probes = tuple(
        Probe(f"{still}#{n}", still, Box(10 * n, 20, 30, 40), QUALITY, n < 3,
              SearchOutcome.CANDIDATES if n < 3 else SearchOutcome.UNUSABLE, listed if n < 3 else ())
        for n in (1, 2, 3)
    )  # fmt: skip
    return SearchReport(search_id, GalleryInfo(194, "0123"), "yunet-sface@0a1b2c3d4e5f", -1.0, 20, 0.2, probes, ())


class MadeUpSearches:
    """Three stills: one searched, one not, and a picture from outside."""

    def __init__(self, *, scores=True):
        self.scores, self.asked = scores, []

    def sitting(self):
        return nullcontext()

    def stills(self):
        return (StillListed("R01/b.jpg", 2, False), StillListed("R01/a.jpg", 2, True))

    def shows_scores(self):
        return self.scores

    def recorded(self):
        return {"sex": ("F", "M"), "force": ()}

    def still_of(self, data):
        return "R01/a.jpg" if data == b"held" else None

    def picture(self, still):
        if still == "R01/none.jpg":
            raise NotFound("There is no still R01/none.jpg in this case.")
        return Picture(b"\xff\xd8", 200, 100)

    def shown(self, data, name):
        if data == b"bad":
            raise WrongUse("x: not an image.")
        return Picture(b"\xff\xd8", 200, 100)

    def faces(self, still):
        return tuple(
            SeenFace(
                f"{still}#{n}",
                Box(10 * n, 20, 30, 40),
                n < 3,
                None if n < 3 else "Its eyes are too near.",
                QUALITY,
                None,
            )
            for n in (1, 2, 3)
        )

    def kept(self, still):
        return report_of(still) if still == "R01/a.jpg" else None

    def search(self, still, filters, *, past_review):
        self.asked.append((still, filters, past_review))
        return report_of(still)

    def search_dropped(self, name, data, filters, *, past_review):
        self.asked.append((name, filters, past_review))
        return report_of("dropped.jpg", search_id=None)

    def search_waiting(self, progress):
        progress(Step("stills searched", 1, 1, "still"))
        return SearchedAll(1, 2, 2, 1)

    def custody_chips(self, images):
        return dict.fromkeys(images, b"png")

    def histories(self, nominals):
        arrests = (Arrested(date(2026, 1, 2), f"Shoplifting {TRAP}", "charged"),)
        return {nominals[0]: History(2, date(2025, 5, 1), "convicted", arrests)}


@pytest.fixture
def shown_page(source):
    def show(**options):
        asked = MadeUpSearches(**options)
        return asked, search_of(asked, source)

    return show


def everything(widget):
    return [widget, *(below for child in getattr(widget, "children", ()) for below in everything(child))]


def text(widget):
    return "".join(one.value for one in everything(widget) if type(one).__name__ == "Html")


def only(widget, kind, **traits):
    (found,) = [
        w for w in everything(widget) if type(w).__name__ == kind and all(getattr(w, n) == v for n, v in traits.items())
    ]
    return found


def pick(page, still):
    only(page, "Combobox").value = still


def test_a_still_is_picked_its_faces_framed_and_what_was_found_before_is_shown(shown_page):
    _, page = shown_page()
    assert only(page, "Combobox").options == ("R01/b.jpg", "R01/a.jpg")
    pick(page, "R01/a.jpg")
    said = text(page)
    assert said.count("<rect") == 3
    assert said.count("sg-face-chosen") == 2, "once in the style, once in the picture"
    assert "3 faces framed, numbered from the left" in said
    assert f"{CARDS} of 20 candidates of R01/a.jpg#1" in said
    assert said.count('class="sg-candidate"') == CARDS
    assert "score 0.85" in said
    assert "It is not a probability" in said
    assert "2 custody images, newest 1 May 2025" in said
    assert "1 arrest on record" in said
    assert "No arrest on record." in said
    assert "<dd>sent</dd>" in said
    assert "<script>" not in said


def test_another_face_has_its_own_candidates_and_one_that_cannot_be_searched_says_why(shown_page):
    _, page = shown_page()
    pick(page, "R01/a.jpg")
    faces = only(page, "ToggleButtons", description="Face")
    faces.value = "R01/a.jpg#2"
    assert "20 candidates of R01/a.jpg#2" in text(page)
    faces.value = "R01/a.jpg#3"
    assert "Its eyes are too near." in text(page)
    assert 'class="sg-candidate"' not in text(page)


def test_a_reviewer_sees_no_score_and_no_ratio(shown_page):
    _, page = shown_page(scores=False)
    pick(page, "R01/a.jpg")
    said = text(page)
    assert 'class="sg-candidate"' in said
    assert "score 0." not in said
    assert "Scores and ratios are not shown to reviewers" in said


def test_a_search_goes_to_review_with_the_filters_that_were_set(shown_page):
    asked, page = shown_page()
    pick(page, "R01/b.jpg")
    assert 'class="sg-candidate"' not in text(page), "not searched yet"
    only(page, "SelectMultiple", description="Sex, as recorded").value = ("F",)
    only(page, "Text", description="Age from").value = "20"
    only(page, "DatePicker", description="Captured from").value = date(2020, 1, 2)
    go = only(page, "Button", description="Search and send to review")
    go.click()
    assert asked.asked == [("R01/b.jpg", Filters(sex=("F",), age_from=20, captured_since=date(2020, 1, 2)), False)]
    assert "Searched and sent to review. You searched it, so two other officers judge it." in text(page)
    assert "<dd>sent</dd>" in text(page)
    only(page, "Text", description="Age from").value = "twenty"
    go.click()
    assert "An age is in whole years" in text(page)
    assert len(asked.asked) == 1
    assert not [w for w in everything(page) if getattr(w, "description", "") == "Force"], "nothing is recorded of it"


def test_a_dropped_picture_that_is_the_cases_is_that_still_and_another_is_not_kept():
    asked = MadeUpSearches()
    state = SearchState(asked)
    state.drop("anything.jpg", b"held")
    assert (state.still, state.said, state.in_review) == ("R01/a.jpg", "That is R01/a.jpg of this case.", True)
    assert asked.asked == []
    state.drop("new.jpg", b"new")
    assert (state.still, state.in_review, state.report.search_id) == ("", False, None)
    assert [face.face_id for face in state.faces] == ["dropped.jpg#1", "dropped.jpg#2", "dropped.jpg#3"]
    state.search()
    assert [name for name, *_ in asked.asked] == ["new.jpg", "new.jpg"]
    assert not state.in_review
    state.pick("R01/b.jpg")
    state.search()
    assert asked.asked[-1][0] == "R01/b.jpg", "the dropped picture is let go of"


def test_a_picture_from_outside_says_what_to_do_to_have_it_reviewed(shown_page):
    _, page = shown_page()
    only(page, "FileDrop")._take([("x.jpg", b"new")])
    said = text(page)
    assert "From outside the case: recorded, not kept, and not sent to review." in said
    assert only(page, "Button", description="Search").button_style == "primary"
    assert only(page, "ToggleButton", description="Enhance the picture").disabled


@pytest.mark.parametrize(("still", "data", "why"), [("R01/none.jpg", None, "no still"), (None, b"bad", "not an image")])
def test_what_cannot_be_shown_says_why_and_leaves_what_is_there(still, data, why):
    state = SearchState(MadeUpSearches())
    state.pick("R01/a.jpg")
    before = (state.still, state.report, state.face_id)
    if still:
        state.pick(still)
    else:
        state.drop("x", data)
    assert why in state.problem
    assert (state.still, state.report, state.face_id) == before


def test_all_that_wait_are_searched_behind_the_page(shown_page):
    _, page = shown_page()
    assert "1 still not searched." in text(page)
    only(page, "Button", description="Search them all").click()
    for thread in [t for t in threading.enumerate() if t.name == "long work"]:
        thread.join(10)
    assert "1 stills and 2 faces searched; 2 lists went to review." in text(page)


def test_the_enhancement_tool_opens_for_the_still(shown_page):
    _, page = shown_page()
    pick(page, "R01/a.jpg")
    only(page, "ToggleButton", description="Enhance the picture").value = True
    assert "Enhance R01/a.jpg" in text(page)
    assert only(page, "Button", description="Search with it").disabled
    pick(page, "R01/b.jpg")
    assert "Enhance R01/b.jpg" in text(page)


def test_what_a_calibration_says_is_shown_in_words():
    asked = MadeUpSearches()
    state = SearchState(asked)
    state.pick("R01/a.jpg")
    first = replace(state.report.probes[0].candidates[0], likelihood_ratio=1200.0)
    probe = replace(state.report.probes[0], candidates=(first, *state.report.probes[0].candidates[1:]))
    from stillgraph.dashboards import search_wording

    report = replace(state.report, probes=(probe,), calibration=3)
    options = {"in_review": True, "from_outside": False}
    said = search_wording.candidates(report, probe, state.chips, state.histories, scores=True, **options)
    assert "likelihood ratio 1200" in said.replace(",", "")
    assert "It is not how likely it is that they are the person." in said
    assert "likelihood ratio" not in search_wording.candidates(
        report, probe, state.chips, state.histories, scores=False, **options
    ).replace("Scores and ratios", "")
