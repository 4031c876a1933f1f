"""The enhancement panel: always both pictures, every change shown, undone and said where it fails."""

from __future__ import annotations

import ipywidgets as widgets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph import dashboards
from stillgraph.casework import enhancing
from stillgraph.dashboards import enhancement_panels, pages, wording
from stillgraph.dashboards.enhancement_state import EnhancementState

STILL = "R01/R01_0002.jpg"


@pytest.fixture
def state(source):
    return EnhancementState(source, STILL)


@pytest.fixture
def page(source, monkeypatch):
    monkeypatch.setattr(pages, "_source", lambda _desk: source)
    return dashboards.enhance(None)


def everything(widget):
    return [widget, *(below for child in getattr(widget, "children", ()) for below in everything(child))]


def text(widget):
    return "".join(one.value for one in everything(widget) if isinstance(one, widgets.HTML))


def button(page, label):
    (found,) = [w for w in everything(page) if isinstance(w, widgets.Button) and w.description == label]
    return found


def kind(page):
    return next(w for w in everything(page) if isinstance(w, widgets.Dropdown))


def slider(page, name):
    (found,) = [w for w in everything(page) if getattr(w, "description", None) == name and hasattr(w, "value")]
    return found


def shows_both(page):
    shown = text(page)
    return shown.count("<img") >= 2 and 'alt="Original R01' in shown and 'alt="Enhanced R01' in shown


# --- the state -----------------------------------------------------------------------------------------------------


def test_a_step_is_added_at_the_end_as_it_would_be_typed(state):
    state.add("gamma", {"value": 1.6})
    state.add("denoise nlmeans", {"strength": 8})
    assert state.steps == ("gamma 1.6", "denoise nlmeans 8")
    assert state.preview.words == "gamma 1.6, denoise nlmeans 8"


def test_a_change_lets_fall_what_was_kept_and_found(state):
    state.add("gamma", {"value": 1.6})
    state.keep()
    state.search()
    assert state.kept.enhancement_id == f"{STILL}~1"
    assert state.report.enhancement == f"{STILL}~1"
    state.add("upscale", {"factor": 2})
    assert (state.kept, state.report) == (None, None)


def test_a_step_that_fails_changes_nothing_and_says_why(state):
    state.add("gamma", {"value": 1.6})
    state.add("crop", {"x": 9, "y": 0, "width": 999, "height": 16})
    assert state.steps == ("gamma 1.6",)
    assert state.problem == "That reaches beyond the picture."
    state.undo()
    assert (state.steps, state.problem) == ((), "")


def test_nothing_is_searched_before_it_is_kept(state, source):
    state.add("gamma", {"value": 1.6})
    state.search()
    assert [what for what, _ in source.asked if what == "search"] == []


@given(changes=st.lists(st.tuples(st.sampled_from(["add", "remove", "move", "undo"]), st.integers(0, 3)), max_size=12))
def test_the_pictures_are_always_of_the_steps_and_undo_goes_all_the_way_back(made_up_source, changes):
    state = EnhancementState(made_up_source, STILL)
    for change, at in changes:
        if change == "add":
            state.add("gamma", {"value": 1 + at})
        elif change == "undo":
            state.undo()
        elif at < len(state.steps):
            state.remove(at) if change == "remove" else state.move(at, 1 if at % 2 else -1)
        assert state.preview.words == (", ".join(state.steps) or "nothing yet")
        assert state.problem == ""
    for _ in changes:
        state.undo()
    assert state.steps == ()


def test_a_crop_stays_within_the_picture(state):
    within = {p.name: (p.start, p.high) for p in state.parameters("crop")}
    assert within == {"x": (0, 184), "y": (0, 84), "width": (200, 200), "height": (100, 100)}


def test_its_repr_shows_nothing(state):
    assert repr(state) == "EnhancementState()"


# --- the panel -----------------------------------------------------------------------------------------------------


def test_original_and_enhanced_stand_side_by_side_from_the_start(page):
    assert shows_both(page)
    assert "<figcaption>original</figcaption>" in text(page)
    assert wording.ENHANCE_NOTE.split(". ")[0] in text(page)


@pytest.mark.parametrize("name", enhancing.step_kinds())
def test_every_step_can_be_set_and_added_and_is_one_that_can_be_read(page, source, name):
    kind(page).value = name
    button(page, "Add step").click()
    (typed,) = source.asked[-1][1]
    (step,) = enhancing.steps_of([typed])
    assert step.step == name
    assert shows_both(page)


def test_a_slider_sets_the_step(page, source):
    slider(page, "value").value = 2.2
    button(page, "Add step").click()
    assert source.asked[-1] == ("preview", ("gamma 2.2",))
    assert "enhanced: gamma 2.2" in text(page)


def test_steps_are_moved_removed_and_undone(page, source):
    for name in ("gamma", "upscale", "deinterlace"):
        kind(page).value = name
        button(page, "Add step").click()
    done = next(w for w in everything(page) if isinstance(w, widgets.Select))
    done.index = 2
    button(page, "Earlier").click()
    assert source.asked[-1][1] == ("gamma 1.6", "deinterlace even", "upscale 2.0")
    done.index = 0
    button(page, "Remove").click()
    assert source.asked[-1][1] == ("deinterlace even", "upscale 2.0")
    button(page, "Undo").click()
    assert [label for label, _ in done.options] == ["1. gamma 1.6", "2. deinterlace even", "3. upscale 2.0"]


def test_what_is_kept_can_be_searched_and_says_what_rests_on_it_alone(page):
    keep, search = button(page, "Keep"), button(page, "Search with it")
    assert (keep.disabled, search.disabled) == (True, True)
    button(page, "Add step").click()
    assert (keep.disabled, search.disabled) == (False, True)
    keep.click()
    assert (keep.disabled, search.disabled) == (True, False)
    assert f"Kept as {STILL}~1: 1 face found in it. The original does not show {STILL}#2" in text(page)
    search.click()
    assert f"<dd>{STILL}~1</dd>" in text(page)
    assert "20 candidates; template from original and enhanced picture" in text(page)
    assert shows_both(page)


def test_a_failure_is_shown_as_its_sentence(page, source, monkeypatch):
    def broken(*_):
        raise KeyError("Jo Bloggs")

    monkeypatch.setattr(source, "preview", broken)
    button(page, "Add step").click()
    assert "Something went wrong." in text(page)
    assert "Bloggs" not in text(page)
    assert shows_both(page)


def test_no_slider_offers_what_a_step_does_not_take():
    for _, parameters in enhancing.step_kinds().values():
        for parameter in parameters:
            made = enhancement_panels._slider(parameter)
            assert made.value == parameter.start
            if isinstance(made, widgets.FloatLogSlider):
                assert (made.base**made.min, made.base**made.max) == pytest.approx((parameter.low, parameter.high))
            elif not parameter.choices:
                assert (made.min, made.max) == (parameter.low, parameter.high)


def test_without_a_list_or_still_it_says_so(source, monkeypatch):
    monkeypatch.setattr(pages, "_source", lambda _desk: source)
    monkeypatch.setattr(source, "first_listed_still", lambda: None)
    assert wording.NO_LIST in text(dashboards.enhance(None))
