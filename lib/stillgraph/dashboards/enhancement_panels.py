"""The pieces of the enhancement panel: widgets over a state, no rule. Original and enhanced are always both shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from stillgraph.dashboards import markup, pieces, wording
from stillgraph.dashboards.enhancement_state import EnhancementState
from stillgraph.dashboards.panels import Card, Html

CANDIDATES = 8
"""Candidates shown of one face."""


def head(state: EnhancementState) -> widgets.Widget:
    """Return the title, and the place where a failed change says why."""
    place = Html("")

    def show(_change: object = None) -> None:
        place.value = markup.notice(state.problem, alert=True) if state.problem else ""
        place.layout.display = None if state.problem else "none"

    state.observe(show, names="problem")
    show()
    return Card(Html(markup.heading(f"Enhance {state.still}", wording.ENHANCE_NOTE)), place)


def pictures(state: EnhancementState) -> widgets.Widget:
    """Return the original and the enhanced picture, side by side."""
    place = Html("")

    def show(_change: object = None) -> None:
        place.value = wording.beside(state.preview)

    state.observe(show, names="preview")
    show()
    return Card(place)


def steps(state: EnhancementState) -> widgets.Widget:
    """Return the list of steps with what changes it, and the sliders of the step to be added."""
    kind = widgets.Dropdown(options=list(state.kinds), value="gamma", description="Step")
    sliders = Card(kind="sg-sliders")
    meaning = Html("")
    done = widgets.Select(options=[], description="Done", rows=6)

    def offer(_change: object = None) -> None:
        sliders.children = tuple(_slider(parameter) for parameter in state.parameters(kind.value))
        meaning.value = markup.note(state.kinds[kind.value][0])

    def list_again(_change: object = None) -> None:
        kept = done.index
        done.options = [(f"{n}. {step}", n - 1) for n, step in enumerate(state.steps, start=1)]
        done.index = None if not state.steps else min(kept if kept is not None else 0, len(state.steps) - 1)
        if kind.value == "crop":
            offer()

    def add() -> None:
        state.add(kind.value, {one.description: _value(one) for one in sliders.children})

    def chosen(act: Callable[[int], None]) -> Callable[[], None]:
        return lambda: None if done.index is None else act(done.index)

    kind.observe(offer, names="value")
    state.observe(list_again, names="steps")
    offer()
    return Card(
        Card(kind, pieces.button("Add step", add, state), kind="sg-tools"),
        meaning,
        sliders,
        Card(
            done,
            pieces.button("Remove", chosen(state.remove), state),
            pieces.button("Earlier", chosen(lambda place: state.move(place, -1)), state),
            pieces.button("Later", chosen(lambda place: state.move(place, 1)), state),
            pieces.button("Undo", state.undo, state),
            kind="sg-tools",
        ),
    )


def keeping(state: EnhancementState) -> widgets.Widget:
    """Return what keeps the enhancement and searches with it, and what came of both."""
    keep = pieces.button("Keep", state.keep, state)
    search = pieces.button("Search with it", state.search, state)
    place = Html("")

    def show(_change: object = None) -> None:
        keep.disabled = not state.steps or state.kept is not None
        search.disabled = state.kept is None
        said = "" if state.kept is None else wording.kept(state.kept)
        if state.report is not None:
            said += wording.candidates(state.report, state.source, CANDIDATES)
        place.value = said

    state.observe(show, names=["steps", "kept", "report"])
    show()
    return Card(Card(keep, search, kind="sg-tools"), place)


def _slider(parameter: Any) -> widgets.Widget:
    """Return what sets one parameter: a choice, or a slider as fine as its range asks for."""
    common = {
        "description": parameter.name,
        "tooltip": parameter.meaning,
        "style": {"description_width": "90px"},
        "layout": {"width": "min(100%, 480px)"},
    }
    if parameter.choices:
        return widgets.ToggleButtons(options=parameter.choices, value=parameter.start, **common)
    low, high, start = parameter.low, parameter.high, parameter.start
    if parameter.whole:
        return widgets.IntSlider(value=start, min=int(low), max=int(high), **common)
    if low > 0 and high / low >= 1000:
        ends = {"min": math.log10(low), "max": math.log10(high)}
        return widgets.FloatLogSlider(value=start, base=10, step=0.05, readout_format=".4f", **ends, **common)
    digits = max(0, -math.floor(math.log10((high - low) / 50)))
    return widgets.FloatSlider(
        value=start, min=low, max=high, step=10.0**-digits, readout_format=f".{digits}f", **common
    )


def _value(slider: widgets.Widget) -> float | int | str:
    """Return what a slider is set to, without the crumbs of its arithmetic."""
    value = slider.value
    return round(value, 4) if isinstance(value, float) else value
