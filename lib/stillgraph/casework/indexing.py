"""Bringing the gallery's index on disk to agree with the case file, which alone says who is in the gallery.

The index is made from the case file and can be removed at any time. What changed in the case since the last search,
by enrolment, deletion or a review date set anew, is added or deleted when the index is next opened, at a cost in
proportion to it: each change is on record (:func:`stillgraph.store.galleries.changed`). Where the record does not
reach, because the index is older or the case file was put back from a backup, everything is compared.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar

import numpy as np

from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import CustodyImageId, Filters, LossCheck, ModelId, NominalId, SearchReport, Vector
from stillgraph.store import Session, checks, galleries
from stillgraph.store.galleries import Enrolled
from stillgraph.store.sealing import Vault, vault

if TYPE_CHECKING:
    from stillgraph.gallery import GalleryIndex
    from stillgraph.gallery.columns import Attributes
    from stillgraph.gallery.exact import ExactIndex

Row = TypeVar("Row")
"""A row of the index as the case file says it; hashable."""


class Said(TypedDict):
    """What a search's report says of its engine."""

    engine: str
    check: LossCheck | None
    said: str


FOLDER = "gallery"
"""The directory of a case that its indexes stand in, one for each model."""

ADDED_AT_ONCE = 50_000
"""Templates brought from the case file to the index at a time."""

RECORDED = ("captured_on", "review_due", "age", "sex", "conviction_status", "area", "force", "basis")
"""What the index knows of a custody image, as :class:`stillgraph.gallery.columns.Attributes` has it."""


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
    index = bring_along(session, case, model)
    if index is None:
        raise WrongUse("The gallery is empty: enrol custody images with `stillgraph custody add`, then search.")
    return index


def bring_along(session: Session, case: Path, model: ModelId) -> ExactIndex | None:
    """Bring the index to agree with the case file, as :func:`current`; ``None`` where nobody is in the gallery."""
    state, dimension = galleries.state(session), galleries.dimension(session, model)
    remove_others(case / FOLDER, model)
    if dimension is None or not state.images:
        return None
    index = opened(case / FOLDER, model, dimension, count=state.images, vault=vault(case, "gallery"))
    if index.note != str(state):
        changed = galleries.changed_since(session, index.note) if state.whole else None
        if changed is None:
            _agree(session, index, _listed(index), galleries.enrolled(session, model))
        else:
            _agree(session, index, _listed(index, changed), galleries.enrolled_of(session, model, changed))
        index.remember(str(state))
    return index if index.info.size else None


def remove_others(folder: Path, model: ModelId) -> None:
    """Remove the indexes of other models, and one of this model in a format of earlier, from a folder of indexes."""
    from stillgraph.gallery import directory

    own = folder / directory.folder_of(model)
    for path in folder.glob("*"):
        if path.is_dir() and (path != own or directory.of_earlier_format(path)):
            shutil.rmtree(path)


def opened(folder: Path, model: ModelId, dimension: int, *, count: int, vault: Vault | None = None) -> ExactIndex:
    """Open the index of a model in a folder of indexes, or begin one, its numbers as ``count`` templates allow."""
    from stillgraph.gallery import directory, exact

    return exact.opened(
        folder / directory.folder_of(model),
        model,
        dimension,
        number=directory.number_for(count, dimension),
        vault=vault,
    )


def searchable(session: Session, index: ExactIndex) -> ExactIndex:
    """Return the index as it is to be searched: exact, or with codes where the case's setting or the rule says so."""
    from stillgraph.gallery import choice, compressed

    templates = index.contents.vector_bytes
    engine, _ = choice.engine_for(checks.choice(session), index.info.size, templates)
    return compressed.beside(index, trained_from=compressed.TRAINED_FROM) if engine == "compressed" else index


def engine_said(session: Session, index: GalleryIndex) -> Said:
    """Return which engine an index is, the check that tells most of what it loses, and what may be said of that."""
    from stillgraph.gallery import choice

    check = checks.telling(session, index.model, index.info) if index.engine == "compressed" else None
    return Said(engine=index.engine, check=check, said=choice.said(index.engine, index.info, check))


def said_of(report: SearchReport) -> str:
    """Return what was to be said of the losses of a search that is stored."""
    from stillgraph.gallery import choice

    return choice.said(report.engine, report.gallery, report.check)


def _agree(session: Session, index: ExactIndex, listed: Sequence[Enrolled], wanted: Sequence[Enrolled]) -> None:
    agree(
        index, listed, wanted, entry=lambda one: (one.image, one.nominal), attributes=_attributes,
        vectors=lambda some: galleries.vectors(session, index.model, [one.image for one in some]),
    )  # fmt: skip


def agree(
    index: ExactIndex,
    listed: Sequence[Row],
    wanted: Sequence[Row],
    *,
    entry: Callable[[Row], tuple[CustodyImageId, NominalId]],
    vectors: Callable[[Sequence[Row]], Vector],
    attributes: Callable[[Sequence[Row]], Attributes],
) -> None:
    """Delete from an index what the case has no more or has otherwise, erase it, and add what is missing.

    Cost and memory are in proportion to ``listed`` and ``wanted``, what of the index and the case is compared: what
    changed, or everything where that is not known.
    """
    held, said = set(listed), set(wanted)
    gone = [entry(one)[0] for one in listed if one not in said]
    if gone:
        index.delete(gone)
        index.compact()
    missing = [one for one in wanted if one not in held]
    for at in range(0, len(missing), ADDED_AT_ONCE):
        some = missing[at : at + ADDED_AT_ONCE]
        index.add([entry(one) for one in some], vectors(some), attributes(some))


def _listed(index: ExactIndex, images: Sequence[CustodyImageId] | None = None) -> list[Enrolled]:
    """Return what the index holds of some custody images or of all, as the case file says it."""
    contents, found = index.contents, list[Enrolled]()
    if images is None:
        places = [(part, part.live_rows) for part in contents.parts]
    else:
        rows = contents.locate(images)
        places = [(part, own) for part, _, own in contents.by_part(rows[rows >= 0])] if contents.parts else []
    for part, rows in places:
        recorded, entries = part.segment.attributes(rows), part.segment.entries(rows)
        columns = (getattr(recorded, name) for name in RECORDED)
        found += [Enrolled(*entry, *said) for entry, *said in zip(entries, *(c.tolist() for c in columns), strict=True)]
    return found


def _attributes(rows: Sequence[Enrolled]) -> Attributes:
    from stillgraph.gallery.columns import Attributes

    return Attributes(
        np.array([row.captured_on for row in rows], "datetime64[D]"),
        np.array([row.review_due for row in rows], "datetime64[D]"),
        np.array([row.age for row in rows], np.int16),
        *(np.array([getattr(row, name) for row in rows], np.str_) for name in RECORDED[3:]),
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
