"""What scores mean, learned from searches of known truth: likelihood ratios, and thresholds for a stated FPIR.

Both are learned from all of the gallery, with nobody left out by a filter or a review date.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.evaluating import search_known
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Calibration,
    Checked,
    FpirPolicy,
    OfficerId,
)
from stillgraph.store import scores

if TYPE_CHECKING:
    from stillgraph.evaluation import KnownSearch, TruthFace

SEED = 0


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """A calibration as it was stored, and what it came to on retailers that had no part in it.

    ``failures_to_acquire`` are faces of the truth without a score, from which nothing can be learned. ``held_out`` goes
    by band; ``held_out_others`` likewise, without the people that the curves were learned from.
    """

    calibration: Calibration
    failures_to_acquire: int
    measured_on: tuple[str, ...]
    held_out: dict[str, Checked]
    held_out_others: dict[str, Checked]
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class _Known:
    """Searches of known truth of some retailers, and which rows of truth they rest on."""

    searches: list[KnownSearch]
    failures: int
    digest: str
    gallery: int
    gallery_version: str


@served
@attempted(Action.CALIBRATE)
def calibrate(
    desk: Desk, truth: Path, *, retailers: Sequence[str] = (), measured_on: Sequence[str] = ()
) -> CalibrationReport:
    """Learn from faces of known truth what a first candidate's score says, and store it for later searches.

    Parameters
    ----------
    truth : Path
        The truth table; see :func:`stillgraph.evaluation.read_truth`.
    retailers : sequence of str
        Whose stills to learn from; unless given, all but those of ``measured_on``.
    measured_on : sequence of str
        Whose stills to measure the curves on, which are not learned from.

    Raises
    ------
    WrongUse
        A retailer is both learned from and measured on.
    NotFound
        The truth table has no still of a retailer, or none that the case holds.
    ManifestError
        The truth table cannot be read.
    """
    from stillgraph import evaluation
    from stillgraph.evaluation.calibration import METHOD

    both = sorted(set(retailers) & set(measured_on))
    if both:
        raise WrongUse(f"Retailer {both[0]} cannot be both learned from and measured on; name it once.")
    began = time.perf_counter()
    table = evaluation.read_truth(truth)
    chosen = _retailers(table, retailers, but=measured_on)
    with desk.act(Action.CALIBRATE, model=desk.model, retailers=list(chosen)) as deed:
        known = _known(deed, desk, table, chosen)
        curves = evaluation.calibrate(known.searches, gallery=known.gallery, seed=SEED)
        stored = scores.add_calibration(
            deed.session,
            Calibration(
                None, desk.model, known.gallery, known.gallery_version, truth.name, known.digest, chosen, METHOD,
                f"lir {lir_version()}", SEED, _synthetic(desk), curves, OfficerId(deed.officer), deed.at,
            ),
            operation=deed.operation, reason=deed.reason,
        )  # fmt: skip
        deed.note(calibration=stored.calibration_id, searches=len(known.searches), truth=known.digest)
        held, others = dict[str, Checked](), dict[str, Checked]()
        if measured_on:
            measured = _known(deed, desk, table, _retailers(table, measured_on)).searches
            there = {search.person for search in known.searches}
            held = evaluation.measure(curves, measured, gallery=known.gallery, seed=SEED)
            new = [search for search in measured if search.person not in there]
            others = evaluation.measure(curves, new, gallery=known.gallery, seed=SEED)
        return CalibrationReport(
            stored, known.failures, tuple(measured_on), held, others, elapsed_s=time.perf_counter() - began
        )


@served
@attempted(Action.SET_THRESHOLD)
def set_threshold(
    desk: Desk, truth: Path, *, fpir: float, retailers: Sequence[str] = (), gallery: int | None = None
) -> FpirPolicy:
    """Set the threshold at which at most a share ``fpir`` of searches for a stranger return anybody.

    Parameters
    ----------
    truth : Path
        The truth table, of whose faces the best other person's score counts, whether the person is in the gallery or
        not.
    fpir : float
        The target.
    retailers : sequence of str
        Whose stills to use; unless given, all.
    gallery : int, optional
        Persons in the gallery it is for; unless given, as many as there are now.

    Raises
    ------
    WrongUse
        Too few searches to bound the target, which says how many more are needed; or a target or gallery out of range.
    NotFound
        The truth table has no still of a retailer, or none that the case holds.
    """
    from stillgraph import evaluation

    table = evaluation.read_truth(truth)
    chosen = _retailers(table, retailers)
    with desk.act(Action.SET_THRESHOLD, model=desk.model, fpir=fpir, retailers=list(chosen)) as deed:
        known = _known(deed, desk, table, chosen)
        size = known.gallery if gallery is None else gallery
        found = evaluation.fpir_thresholds(
            known.searches, fpir=fpir, measured_gallery=known.gallery, gallery=size, seed=SEED
        )
        if found[0].threshold is None:
            raise WrongUse(f"No threshold is set. {found[0].insufficient}; or give a higher target.")
        policy = FpirPolicy(
            None, desk.model, fpir, size, known.gallery, known.gallery_version, truth.name, known.digest, chosen, SEED,
            _synthetic(desk), found, OfficerId(deed.officer), deed.at,
        )  # fmt: skip
        stored = scores.add_policy(deed.session, policy, operation=deed.operation, reason=deed.reason)
        deed.note(policy=stored.policy_id, threshold=found[0].threshold, searches=found[0].searches, truth=known.digest)
        deed.note(returned=found[0].returned, people=found[0].people, measured_gallery=known.gallery, gallery_for=size,
                  synthetic=policy.synthetic)  # fmt: skip
        return stored


def lir_version() -> str:
    """Return the version of the package that learns the curves."""
    from importlib.metadata import version

    return version("lir")


def _synthetic(desk: Desk) -> bool:
    return desk.settings.get("kind") == "demonstration"


def _retailers(table: Sequence[TruthFace], asked: Sequence[str], but: Sequence[str] = ()) -> tuple[str, ...]:
    there = {row.still.split("/")[0] for row in table}
    missing = sorted((set(asked) | set(but)) - there)
    if missing:
        raise NotFound(f"The truth table has no still of retailer {missing[0]}; see its column retailer_id.")
    return tuple(sorted(set(asked) or there - set(but)))


def _known(deed: Deed, desk: Desk, table: Sequence[TruthFace], retailers: Sequence[str]) -> _Known:
    """Search the faces of known truth of some retailers."""
    from stillgraph.evaluation import KnownSearch
    from stillgraph.evaluation.calibration import LISTED

    rows = [row for row in table if row.still.split("/")[0] in set(retailers)]
    done = search_known(deed.session, desk, rows, limit=LISTED + 1)
    if not done.known:
        raise NotFound("The case holds no still that the truth table names; receive their deliveries first.")
    searches = []
    for row, face in done.faces.items():
        mate = [c.score for c in done.lists[row] if c.nominal_id == row.nominal_id]
        others = np.array([c.score for c in done.lists[row] if c.nominal_id != row.nominal_id], np.float64)
        # A person further down the list stands first in no part of the gallery.
        searches.append(
            KnownSearch(
                f"{row.still}@{row.position}", row.person, face.quality.band, mate[0] if mate else None, others,
                others_searched=len(done.enrolled) - (row.nominal_id in done.enrolled),
            )
        )  # fmt: skip
    said = sorted((row.still, row.position, row.person, row.nominal_id or "") for row in done.known)
    return _Known(
        searches,
        failures=len(done.known) - len(searches),
        digest=hashlib.sha256(json.dumps(said).encode()).hexdigest(),
        gallery=len(done.enrolled),
        gallery_version=done.gallery.version,
    )
