"""Which engine a gallery is searched with: the rule, and what may be said of whom it loses."""

from __future__ import annotations

import os

from stillgraph.gallery.compressed import TRAINED_FROM
from stillgraph.gallery.loss import Loss
from stillgraph.records import EngineChoice, GalleryInfo, LossCheck

COMPRESSED_FROM = 5_000_000
"""Templates from which on a gallery is searched by codes unless it is set otherwise."""

NOBODY_LOST = "Every custody image left by the filters was compared: the engine loses nobody."
CODES_FIRST = "Codes were compared first and the best scored exactly."


def engine_for(choice: EngineChoice, templates: int, template_bytes: int) -> tuple[str, str]:
    """Return the engine, ``exact`` or ``compressed``, and why.

    Parameters
    ----------
    choice
        What is set for the case.
    templates
        How many there are.
    template_bytes
        What they take.
    """
    if templates < TRAINED_FROM:
        return "exact", f"it has fewer than {TRAINED_FROM:,} templates, of which no codes are made"
    if choice is not EngineChoice.AUTO:
        return str(choice), "set for this case"
    if templates >= COMPRESSED_FROM:
        return "compressed", f"it has {COMPRESSED_FROM:,} templates or more"
    if template_bytes > memory_bytes() // 2:
        return "compressed", "its templates take more than half of this machine's memory"
    return "exact", f"it has fewer than {COMPRESSED_FROM:,} templates, which take at most half of this machine's memory"


def memory_bytes() -> int:
    """Return the physical memory of this machine, bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def said(engine: str, gallery: GalleryInfo, check: LossCheck | None) -> str:
    """Return what may be said of whom a search loses, and no more."""
    if engine == "exact":
        return NOBODY_LOST
    if check is None:
        return (
            f"{CODES_FIRST} How many mates that loses has never been measured in this case: "
            "`stillgraph gallery check CASE` measures it."
        )
    of = "this gallery" if check.gallery == gallery else (
        f"the gallery as it was with {check.gallery.size:,} images, which has changed since"
    )  # fmt: skip
    return f"{CODES_FIRST} Checked on {check.checked_at.date()} on {of}: {Loss.of(check).sentence()}."
