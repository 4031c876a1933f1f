"""How a gallery that is searched by codes measures its own loss: each search checks a few faces of the case more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stillgraph.casework.desk import Deed
from stillgraph.records import LossCheck
from stillgraph.store import checks

if TYPE_CHECKING:
    from stillgraph.gallery import GalleryIndex
    from stillgraph.gallery.loss import Loss

AT_A_SEARCH = 20
"""Faces that one search checks: few, as each is compared with the whole gallery."""
ENOUGH = 1000
"""Faces after which a gallery is left alone until it changes."""
LIMIT = 20
"""Persons on the lists that are compared."""
SEED = 0
"""Of the order in which faces are taken, each once for each state of the gallery."""


def go_on(deed: Deed, index: GalleryIndex) -> None:
    """Search some more faces of the case by codes and again exactly, and keep the tally with those of earlier searches.

    Nothing is done where a search loses nobody, and once enough faces, or all there are, have been checked in the
    gallery as it is.
    """
    from stillgraph.gallery import loss
    from stillgraph.gallery.compressed import CompressedIndex

    if not isinstance(index, CompressedIndex):
        return
    before = checks.tally(deed.session, index.model, index.info)
    checked = 0 if before is None else before.probes
    sample = checks.sample(deed.session, index.model, min(AT_A_SEARCH, ENOUGH - checked), SEED, skip=checked)
    if not sample:
        return
    more = loss.measure(index, sample, limit=LIMIT)
    measured = more if before is None else loss.Loss.of(before).and_then(more)
    deed.note(self_check=kept(deed, index, measured, limit=LIMIT, seed=SEED, by_search=True).check_id)


def kept(
    deed: Deed, index: GalleryIndex, measured: Loss, *, limit: int, seed: int, by_search: bool = False
) -> LossCheck:
    """Keep what was measured of an index's losses as a check of the gallery, and return it with its number."""
    found = LossCheck(
        check_id=0, checked_at=deed.at, model=index.model, gallery=index.info, limit=limit, seed=seed,
        probes=measured.trials, lost=measured.lost, differing=measured.differing, upper_bound=measured.upper,
        bound=measured.bound,
    )  # fmt: skip
    number = checks.add(
        deed.session, found, officer=deed.officer, operation=deed.operation, reason=deed.reason, by_search=by_search
    )
    return replace(found, check_id=number)
