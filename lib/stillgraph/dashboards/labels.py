"""Names for what a widget leaves without one, so that a screen reader has something to say."""

from __future__ import annotations

from pathlib import Path

import anywidget


class Labels(anywidget.AnyWidget):
    """Names the handles of a page's sliders, those drawn later too; shows nothing."""

    _esm = Path(__file__).parent / "static" / "labels.js"

    def __repr__(self) -> str:
        return "Labels()"
