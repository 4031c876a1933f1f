"""Pieces that several pages share: a button that tells what failed, the place where it is told, letting go of cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from stillgraph.dashboards import markup
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.panels import Html


def button(label: str, act: Callable[[], None], state: Any) -> widgets.Button:
    """Return a button; what its action raises becomes the state's ``problem``."""

    def tell(sentence: str) -> None:
        state.problem = sentence

    made = widgets.Button(description=label)
    made.on_click(lambda _button: attempt(act, tell))
    return made


def told(state: Any) -> widgets.Widget:
    """Return the place where the state's ``problem`` is said."""
    place = Html("")

    def tell(_change: object = None) -> None:
        place.value = markup.notice(state.problem, alert=True) if state.problem else ""
        place.layout.display = None if state.problem else "none"

    state.observe(tell, names="problem")
    tell()
    return place


def close(row: widgets.Box) -> None:
    """Take the cards out of a row, and let go of them here and in the browser."""
    left, row.children = row.children, ()
    for card in left:
        card.let_go()
        for child in (*card.children, card):
            for part in (child.layout, getattr(child, "style", None), child):
                if part is not None:
                    part.close()
