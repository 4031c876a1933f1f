"""The model card and the system card: what the model and the whole process are for, and how wrong they were measured.

A model card's parts are those of Mitchell et al. 2019. Every figure comes from an evaluation of the case; where it has
none the card says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import accuracy_report, exporting, measured_words
from stillgraph.casework.desk import Desk
from stillgraph.casework.evaluating import identification
from stillgraph.casework.evaluating_review import process, reviews
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import served
from stillgraph.errors import NotPermitted

if TYPE_CHECKING:
    from jinja2 import Environment

MODEL_CARD, SYSTEM_CARD = "model-card.md", "system-card.md"
TEMPLATES = "data/reference/cards"


@served(writes=("folder",))
def write(desk: Desk, folder: Path, *, truth: Path, by: Sequence[str] = ()) -> tuple[str, str]:
    """Write both cards of a case into a folder, as Markdown; return their names.

    Parameters
    ----------
    truth
        Faces whose person is known.
    by
        Recorded attributes to compare groups of.

    Raises
    ------
    WrongUse
        A card cannot be written there.
    """
    with desk.sitting():
        found = identification(desk, truth, by=by)
        reviewed = reviews(desk)
        try:
            whole = process(desk, truth=truth).process
            said = whole.sentences or ((whole.insufficient or "").capitalize() + ".",)
        except NotPermitted:
            said = (accuracy_report.NOT_FOR_ALL,)
    told = {
        "found": found, "measured": found.measured, "reviewed": reviewed.reviewed, "process": said,
        "synthetic": measured_words.SYNTHETIC if found.synthetic else "", "truth": truth.name,
    }  # fmt: skip
    for name in (MODEL_CARD, SYSTEM_CARD):
        exporting.put(folder / name, _environment().get_template(f"{name}.j2").render(**told).encode())
    return MODEL_CARD, SYSTEM_CARD


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Markdown, not HTML: what goes in are counts, and labels of groups as recorded, whose marks are taken out.
    made = Environment(  # noqa: S701
        loader=FileSystemLoader(shipped(TEMPLATES)), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    made.filters |= {
        "share": measured_words.share, "point": measured_words.point_said, "part": measured_words.part_said,
        "way": measured_words.way_said, "plain": _plain,
    }  # fmt: skip
    return made


def _plain(text: str) -> str:
    """Return a text without what Markdown or HTML would take for a mark."""
    return "".join(" " if sign in "<>|`*_[]#\\\n\r" else sign for sign in text)
