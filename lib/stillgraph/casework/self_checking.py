"""How a gallery that is searched by codes measures its own loss: each search checks a few faces of the case more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillgraph.casework.desk import Deed
from stillgraph.records import LossCheck
from stillgraph.store import checks

if TYPE_CHECKING:
    from stillgraph.gallery import GalleryIndex

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
    checked, lost, differing = (0, 0, 0) if before is None else (before.probes, before.lost, before.differing)
    sample = checks.sample(deed.session, index.model, min(AT_A_SEARCH, ENOUGH - checked), SEED, skip=checked)
    if not sample:
        return
    more = loss.measure(index, sample, limit=LIMIT)
    trials, lost = checked + more.trials, lost + more.lost
    found = LossCheck(
        check_id=0, checked_at=deed.at, model=index.model, gallery=index.info, limit=LIMIT, seed=SEED, probes=trials,
        lost=lost, differing=differing + more.differing, upper_bound=loss.upper_bound(lost, trials), bound=more.bound,
    )  # fmt: skip
    number = checks.add(
        deed.session, found, officer=deed.officer, operation=deed.operation, reason=deed.reason, by_search=True
    )
    deed.note(self_check=number)
