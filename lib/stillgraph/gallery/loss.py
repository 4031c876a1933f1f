"""How many mates a compressed search loses, measured on the gallery itself, and what may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tqdm import tqdm

from stillgraph.errors import WrongUse
from stillgraph.records import LossCheck, Template

if TYPE_CHECKING:
    from stillgraph.gallery.compressed import CompressedIndex

STATED_BOUND = 0.005
"""The loss that a compressed gallery may be said to stay below, where the measurement bears it out: 1 in 200."""

AT_ONCE = 100
"""Probes searched at once while loss is measured, so that memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Searches of a sample made again exactly.

    Parameters
    ----------
    trials
        Probes searched both ways.
    lost
        Those whose first candidate by the exact search is on no list of the compressed one.
    differing
        Those whose lists differ anywhere.
    upper
        Upper end of the one-sided 95 % Clopper-Pearson interval of the share lost; 3 / trials where none is.
    bound
        The share that is to stay below.
    """

    trials: int
    lost: int
    differing: int
    upper: float
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the sample bears out that the share lost is below the bound."""
        return self.upper <= self.bound

    @classmethod
    def of(cls, check: LossCheck) -> Loss:
        """Return what a check that was kept has measured."""
        return cls(check.probes, check.lost, check.differing, check.upper_bound, check.bound)

    def and_then(self, more: Loss) -> Loss:
        """Return the tally of this sample and another, measured against this one's bound."""
        trials, lost = self.trials + more.trials, self.lost + more.lost
        return Loss(trials, lost, self.differing + more.differing, upper_bound(lost, trials), self.bound)

    def sentence(self) -> str:
        """Return what the measurement bears out, and no more."""
        said = f"{self.lost:,} of {self.trials:,} mates lost (95 % upper bound {100 * self.upper:.1f} %)"
        if self.holds:
            return said
        return f"{said}: not shown to be below {100 * self.bound:.1f} %; search exactly, or measure on more probes"


def upper_bound(lost: int, trials: int) -> float:
    """Return the upper end of the one-sided 95 % interval of a share (Clopper and Pearson, 1934)."""
    from scipy.stats import beta

    return 1.0 if lost >= trials else float(beta.ppf(0.95, lost + 1, trials - lost))


def measure(
    index: CompressedIndex,
    probes: Sequence[Template],
    *,
    limit: int = 20,
    bound: float = STATED_BOUND,
    show_progress: bool = False,
) -> Loss:
    """Search probes by codes and again exactly, and count what the codes lose.

    The person the exact search lists first stands for the mate: whom a perfect search would have shown first.

    Parameters
    ----------
    probes
        A sample of those that are searched: noisy ones, for a clean one loses nobody.
    limit
        The most persons on a list.
    bound
        The share lost that is to stay below.

    Raises
    ------
    WrongUse
        There is nothing to measure: no probe, or an empty gallery.
    """
    now = index.snapshot()
    if not probes or not now.info.size:
        raise WrongUse("Loss is measured on probes searched in a gallery: give both at least one.")
    exact = now.exactly()
    lost = differing = 0
    for at in tqdm(range(0, len(probes), AT_ONCE), unit="batch", desc="check", disable=not show_progress, leave=False):
        some = probes[at : at + AT_ONCE]
        pairs = list(zip(now.search(some, limit=limit), exact.search(some, limit=limit), strict=True))
        lost += sum(whole[0].nominal_id not in {one.nominal_id for one in found} for found, whole in pairs)
        differing += sum(found != whole for found, whole in pairs)
    return Loss(len(probes), lost, differing, upper_bound(lost, len(probes)), bound)
