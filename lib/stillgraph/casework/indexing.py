"""Bringing the gallery's index on disk to agree with the case file, which alone says who is in the gallery.

The index is made from the case file and can be removed at any time. What changed in the case since the last search,
by enrolment, deletion or a review date set anew, is added or deleted when the index is next opened.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import Filters, ModelId
from stillgraph.store import Session, galleries
from stillgraph.store.galleries import Enrolled

if TYPE_CHECKING:
    from stillgraph.gallery.columns import Attributes
    from stillgraph.gallery.exact import ExactIndex

FOLDER = "gallery"
"""The directory of a case that its indexes stand in, one for each model."""

ADDED_AT_ONCE = 20_000
"""Templates brought from the case file to the index at a time."""


def current(session: Session, case: Path, model: ModelId) -> ExactIndex:
    """Open the index of a case's gallery and bring it to agree with the case file.

    Parameters
    ----------
    session
        The case file, held by this process alone, so that nobody else changes the index meanwhile.
    case
        The case directory.
    model
        The model the case is bound to; indexes of others are removed, since the case has no templates of them.

    Raises
    ------
    WrongUse
        The gallery is empty: a search of nobody would look like a search that found nobody.
    GalleryDamaged
        Files of the index are missing or cut short.
    """
    from stillgraph.gallery import directory, exact

    count, mark = galleries.state(session, model)
    if not count:
        raise WrongUse("The gallery is empty: enrol custody images with `stillgraph custody add`, then search.")
    path = case / FOLDER / directory.folder_of(model)
    for other in path.parent.glob("*"):
        if other != path and other.is_dir():
            shutil.rmtree(other)
    dimension = galleries.dimension(session, model)
    index = exact.opened(path, model, dimension, number=directory.number_for(count, dimension))
    if index.note != mark:
        _agree(session, index)
        index.remember(mark)
    return index


def _agree(session: Session, index: ExactIndex) -> None:
    """Delete what the case has no more or has otherwise, erase it, and add what is missing."""
    held, wanted = set(_listed(index)), galleries.enrolled(session, index.model)
    gone = held - set(wanted)
    if gone:
        index.delete([one.image for one in gone])
        index.compact()
    missing = [one for one in wanted if one not in held]
    for at in range(0, len(missing), ADDED_AT_ONCE):
        some = missing[at : at + ADDED_AT_ONCE]
        vectors = galleries.vectors(session, index.model, [one.image for one in some])
        index.add([(one.image, one.nominal) for one in some], vectors, _attributes(some))


def _listed(index: ExactIndex) -> list[Enrolled]:
    """Return what the index holds, as the case file says it."""
    found: list[Enrolled] = []
    for part in index.contents.parts:
        recorded, entries = part.segment.attributes(part.live_rows), part.segment.entries(part.live_rows)
        columns = (recorded.captured_on, recorded.review_due, recorded.age, recorded.sex, recorded.conviction_status)
        found += [Enrolled(*entry, *said) for entry, *said in zip(entries, *(c.tolist() for c in columns), strict=True)]
    return found


def _attributes(rows: Sequence[Enrolled]) -> Attributes:
    from stillgraph.gallery.columns import Attributes

    return Attributes(
        np.array([row.captured_on for row in rows], "datetime64[D]"),
        np.array([row.review_due for row in rows], "datetime64[D]"),
        np.array([row.age for row in rows], np.int16),
        np.array([row.sex for row in rows], np.str_),
        np.array([row.conviction_status for row in rows], np.str_),
        np.full(len(rows), "", "<U1"),
    )


def check_exclusions(session: Session, filters: Filters) -> None:
    """Check that whoever is to be left out is in the case: a slip of the pen would leave them in.

    Raises
    ------
    NotFound
        A nominal is not in the case.
    """
    unknown = galleries.unknown_nominals(session, filters.exclude)
    if unknown:
        raise NotFound(f"There is no nominal {unknown[0]} in this case to be left out; see the view nominals.")
