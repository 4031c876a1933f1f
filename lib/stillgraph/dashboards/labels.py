"""What a page's own script does: names for what a widget leaves without one, and a word once the page is seen."""

from __future__ import annotations

from collections.abc import Callable

import anywidget

from stillgraph.dashboards.scripts import STATIC

SEEN = {"seen": True}
"""What the browser says once it has painted the page."""


class Labels(anywidget.AnyWidget):
    """Names the handles of a page's sliders, those drawn later too, and says when the page is seen; shows nothing.

    ``then`` is called once, after the first paint: what takes long to draw keeps nobody waiting for what is read first.
    ``opens`` is called with the number that a count in small print is (:func:`stillgraph.dashboards.markup.opens`).
    """

    _esm = STATIC / "labels.js"

    def __init__(self, then: Callable[[], None] | None = None, opens: Callable[[str], None] | None = None) -> None:
        super().__init__()
        self._then, self._opens = then, opens
        self.on_msg(self._heard)

    def __repr__(self) -> str:
        return "Labels()"

    def seen(self) -> None:
        """Do what was to be done once the page is seen; a page that is shown again does it no second time."""
        then, self._then = self._then, None
        if then is not None:
            then()

    def _heard(self, _widget: object, content: object, _buffers: object) -> None:
        if content == SEEN:
            self.seen()
        elif isinstance(content, dict) and self._opens is not None and isinstance(content.get("number"), str):
            self._opens(content["number"])
