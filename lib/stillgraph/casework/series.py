"""Which offences may be one person's, by how they were committed and how their faces look: proposals, never a link."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.progress import Progress, adding, silent
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Face,
    ModelId,
    Offence,
    OffenceId,
    PairCheck,
    SeriesModel,
    SeriesProposal,
    Store,
    StoreId,
)
from stillgraph.store import Session, persons, receipts
from stillgraph.store import faces as face_store

if TYPE_CHECKING:
    from stillgraph.linking import FaceTable, OffenceTable
    from stillgraph.linking.behaviour import Pairs

SEED = 0
LEAST_RATIO = 2.0
MOST = 50


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A model measured on series of known truth that it was not learned from: of behaviour alone, and with faces."""

    behaviour: PairCheck
    both: PairCheck


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """What solved series taught, and the pairs of offences proposed by it, best first.

    ``retailers`` are those whose solved offences were learned from; ``compared`` counts pairs, within ``window_days``
    of each other unless that is ``None``. ``held_out_others`` is without the people learned from.
    """

    face_model: ModelId
    retailers: tuple[str, ...]
    model: SeriesModel
    compared: int
    window_days: float | None
    least_ratio: float
    proposals: tuple[SeriesProposal, ...]
    measured_on: tuple[str, ...]
    held_out: HeldOut | None
    held_out_others: HeldOut | None
    simulated: bool
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class _Case:
    """The offences of a case as the domain compares them, with the faces and persons behind them."""

    offences: Mapping[OffenceId, Offence]
    stores: Mapping[StoreId, Store]
    table: OffenceTable
    faces: tuple[Face, ...]
    face_table: FaceTable
    parts: Mapping[str, frozenset[OffenceId]]

    def rows(self, parts: Mapping[str, frozenset[OffenceId]]) -> dict[str, list[int]]:
        """Return the rows of each person's offences."""
        place = {offence: row for row, offence in enumerate(self.table.ids)}
        return {person: sorted(place[one] for one in theirs) for person, theirs in parts.items()}


@served
@attempted(Action.PROPOSE_SERIES)
def series(
    desk: Desk,
    *,
    retailers: Sequence[str] = (),
    truth: Path | None = None,
    measured_on: Sequence[str] = (),
    least_ratio: float = LEAST_RATIO,
    most: int = MOST,
    progress: Progress = silent,
) -> SeriesReport:
    """Learn from corroborated series what makes two offences one person's, and propose pairs of offences by it.

    Parameters
    ----------
    retailers : sequence of str
        Whose offences to learn from; unless given, all.
    truth : Path, optional
        A truth table to measure on, with
    measured_on : sequence of str
        the retailers whose offences to measure on; they are not learned from.
    least_ratio, most
        The least likelihood ratio of a proposal, and the most proposals.
    progress : callable
        Told of the offences compared with all others.

    Raises
    ------
    WrongUse
        A truth table without retailers or the other way round, a retailer on both sides, or numbers without sense.
    NotFound
        The case has no such retailer.
    """
    from stillgraph import linking
    from stillgraph.linking.behaviour import ALL_PAIRS, WINDOW_DAYS

    _check(retailers, truth, measured_on)
    began = time.perf_counter()
    with desk.act(Action.PROPOSE_SERIES, model=desk.model, retailers=list(retailers)) as deed:
        chosen = _retailers(deed.session, retailers, measured_on)
        case = _case(deed.session, desk.model)
        learned = _of(case, case.parts, chosen)
        model = linking.learn(case.table, case.face_table, case.rows(learned), seed=SEED)
        proposals, compared = tuple[SeriesProposal, ...](), 0
        if model.insufficient is None:
            solved = frozenset[OffenceId]().union(*case.parts.values())
            settled = np.array([one in solved for one in case.table.ids], np.bool_)
            pairs, compared = linking.propose(
                model, case.table, case.face_table, settled=settled, least_ratio=least_ratio, most=most,
                progress=adding(progress, "offences", len(settled), unit="offence"),
            )  # fmt: skip
            proposals = _proposals(case, model, pairs)
        held, others = None, None
        if truth is not None:
            known = _truth(deed.session, case, truth, measured_on, set(learned))
            held, others = (_measured(model, case, parts) for parts in known)
        deed.note(series=model.series, proposals=len(proposals), compared=compared)
        return SeriesReport(
            desk.model, chosen, model, compared, WINDOW_DAYS if len(case.table.ids) > ALL_PAIRS else None, least_ratio,
            proposals, tuple(measured_on), held, others, is_simulated(deed.session), time.perf_counter() - began,
        )  # fmt: skip


def by_chance(report: SeriesReport) -> str:
    """Return in a sentence how many of the pairs compared would reach a ratio though they are of different people."""
    check = report.model.check
    said = [
        f"{one.unlinked:,} of them reach {one.ratio:g}: by chance alone about "
        f"{report.compared * one.unlinked / check.unlinked:,.0f} of the {report.compared:,} pairs compared would"
        for one in (() if check is None else check.reached)
        if check is not None and one.unlinked
    ]
    if check is None or not said:
        return "How many pairs reach a ratio by chance is not known."
    return f"Cross-validated on {check.unlinked:,} pairs known to be of different people, {'; '.join(said)}."


def _check(retailers: Sequence[str], truth: Path | None, measured_on: Sequence[str]) -> None:
    if (truth is None) != (not measured_on):
        raise WrongUse("To measure, give a truth table and the retailers to measure on: --truth FILE --measure-on ID.")
    both = sorted(set(retailers) & set(measured_on))
    if both:
        raise WrongUse(f"Retailer {both[0]} cannot be both learned from and measured on; name it once.")


def _retailers(session: Session, asked: Sequence[str], but: Sequence[str]) -> tuple[str, ...]:
    there = set(receipts.retailers(session))
    missing = sorted((set(asked) | set(but)) - there)
    if missing:
        raise NotFound(f"There is no retailer {missing[0]} in this case; see the view retailers.")
    return tuple(sorted(set(asked) or there - set(but)))


def _case(session: Session, model: ModelId) -> _Case:
    from stillgraph import linking

    offences, stores = receipts.offences(session), receipts.stores(session)
    table = linking.offence_table(offences, stores)
    place = {offence: row for row, offence in enumerate(table.ids)}
    of_still = receipts.still_offences(session)
    usable = [face for face in face_store.of_stills(session, model) if face.usable and face.template is not None]
    row_of = {face.face_id: place[of_still[face.image_id]] for face in usable}  # type: ignore[index]
    faces = tuple(sorted(usable, key=lambda face: (row_of[face.face_id], face.face_id)))
    vectors = [face.template.vector for face in faces if face.template is not None]
    width = vectors[0].size if vectors else 0
    parts: dict[str, set[OffenceId]] = {}
    for part in persons.participations(session):
        parts.setdefault(part.person_id, set()).add(part.offence_id)
    return _Case(
        offences, stores, table, faces,
        linking.FaceTable(
            np.array([row_of[face.face_id] for face in faces], np.intp),
            np.asarray(vectors, np.float32).reshape(len(faces), width),
        ),
        {person: frozenset(theirs) for person, theirs in parts.items()},
    )  # fmt: skip


def _of(
    case: _Case, parts: Mapping[str, frozenset[OffenceId]], retailers: Sequence[str]
) -> dict[str, frozenset[OffenceId]]:
    """Return what of each person's offences is of some retailers."""
    among = set(retailers)
    theirs = {
        person: frozenset(one for one in offences if case.offences[one].retailer_id in among)
        for person, offences in parts.items()
    }
    return {person: offences for person, offences in theirs.items() if offences}


def _truth(
    session: Session, case: _Case, truth: Path, retailers: Sequence[str], learned: set[str]
) -> tuple[dict[str, frozenset[OffenceId]], dict[str, frozenset[OffenceId]]]:
    """Return each person's offences by known truth; and those offences only that nobody learned from took part in."""
    from stillgraph import evaluation

    of_still = receipts.still_offences(session)
    rows = [row for row in evaluation.read_truth(truth) if row.still in of_still]
    parts: dict[str, set[OffenceId]] = {}
    for row in rows:
        parts.setdefault(row.person, set()).add(of_still[row.still])
    everybody = _of(case, {person: frozenset(theirs) for person, theirs in parts.items()}, retailers)
    known = {row.person for row in rows if row.nominal_id is not None and row.nominal_id in learned}
    theirs = frozenset[OffenceId]().union(*(everybody.get(person, frozenset()) for person in known))
    return everybody, {person: some - theirs for person, some in everybody.items() if some - theirs}


def _measured(model: SeriesModel, case: _Case, parts: Mapping[str, frozenset[OffenceId]]) -> HeldOut:
    from stillgraph import linking

    return HeldOut(*linking.measure(model, case.table, case.face_table, case.rows(parts), seed=SEED))


def _proposals(case: _Case, model: SeriesModel, pairs: Pairs) -> tuple[SeriesProposal, ...]:
    known: dict[OffenceId, list[str]] = {}
    for person, theirs in sorted(case.parts.items()):
        for one in theirs:
            known.setdefault(one, []).append(person)
    found = []
    for n in range(len(pairs.left)):
        ids = case.table.ids[pairs.left[n]], case.table.ids[pairs.right[n]]
        seen = pairs.faces[n, 0] >= 0
        score = float(pairs.face_score[n]) if seen else None
        found.append(
            SeriesProposal(
                ids, tuple(case.faces[row].face_id for row in pairs.faces[n]) if seen else (),
                likelihood_ratio=float(10 ** pairs.log10_ratio[n]),
                behaviour_ratio=_bounded(model, pairs.log10_behaviour[n]),
                face_ratio=_bounded(model, pairs.log10_faces[n]) if np.isfinite(pairs.log10_faces[n]) else None,
                score=score, known=tuple(person for one in ids for person in known.get(one, ())),
                reason=_reason(case, *ids, score),
            )
        )  # fmt: skip
    return tuple(found)


def _bounded(model: SeriesModel, log10_ratio: float) -> float:
    """Return what one part says, within the bounds of both."""
    assert model.lower is not None  # noqa: S101  (a model that proposes has both)
    assert model.upper is not None  # noqa: S101
    return float(10 ** min(max(log10_ratio, model.lower), model.upper))


def _reason(case: _Case, one_id: OffenceId, other_id: OffenceId, score: float | None) -> str:
    from stillgraph.linking.behaviour import haversine_km

    one, other = case.offences[one_id], case.offences[other_id]
    places = [case.stores[offence.store_id] for offence in (one, other)]
    latitude, longitude = (np.array([getattr(p, name) for p in places]) for name in ("latitude", "longitude"))
    km = haversine_km(latitude, longitude, np.array([0]), np.array([1]))[0]
    days = abs((one.occurred_at - other.occurred_at).total_seconds()) / 86_400
    said = [f"{km:.1f} km and {days:.0f} days apart"]
    said += [f"same method ({one.method})"] if one.method == other.method else []
    said += [f"same retailer ({one.retailer_id})"] if one.retailer_id == other.retailer_id else []
    said += [f"same violence ({one.violence})"] if one.violence == other.violence and one.violence != "none" else []
    said += [] if score is None else [f"most alike faces score {score:.2f}"]
    return "; ".join(said)
