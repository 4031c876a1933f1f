"""Code of our own that runs in the browser: the scripts and styles of widgets."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"


def script(name: str) -> str:
    """Return a widget's script, after what several of them share; a widget's script cannot import a file beside it."""
    return (STATIC / "elements.js").read_text(encoding="utf-8") + (STATIC / name).read_text(encoding="utf-8")
