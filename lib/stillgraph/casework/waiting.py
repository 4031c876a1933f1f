"""Searching every still that waits, some at a time, so that others have their turns with the case in between."""

from __future__ import annotations

from dataclasses import dataclass

from stillgraph.casework import searching
from stillgraph.casework.desk import Desk
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.casework.wire import served
from stillgraph.errors import Interrupted
from stillgraph.governance.permits import Action
from stillgraph.store import receipts

STILLS_AT_ONCE = 50
"""Stills of one search."""


@dataclass(frozen=True, slots=True)
class SearchedAll:
    """What searching all that was not searched yet came to: stills, faces usable, lists for review, searches made."""

    stills: int
    faces: int
    lists: int
    searches: int


@served
def search_waiting(desk: Desk, *, at_once: int = STILLS_AT_ONCE, progress: Progress = silent) -> SearchedAll:
    """Search every still that no search has covered yet, some at a time, each time a search of its own that is kept.

    Others take turns with the case file between two. Stopped, what was searched stays searched, and the rest waits.

    Raises
    ------
    WrongUse
        As :func:`~.searching.search`.
    Interrupted
        ``progress`` stopped it; how much was searched is said.
    """
    with desk.act(Action.VIEW_DETAIL, what="stills not searched") as deed:
        waiting = receipts.unsearched_stills(deed.session)
    stills = faces = lists = made = 0
    try:
        progress(Step("stills searched", 0, len(waiting), "still"))
        for at in range(0, len(waiting), at_once):
            report = searching.search(desk, stills=waiting[at : at + at_once])
            stills, made = stills + len(waiting[at : at + at_once]), made + 1
            faces += sum(probe.usable for probe in report.probes)
            lists += sum(bool(probe.candidates) for probe in report.probes)
            progress(Step("stills searched", stills, len(waiting), "still"))
    except Interrupted as stop:
        raise Interrupted(f"{stop} {stills:,} of {len(waiting):,} stills are searched; the others wait.") from stop
    return SearchedAll(stills, faces, lists, made)
