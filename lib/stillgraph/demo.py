"""Builds the demonstration case from ``data/demo`` through casework, like any user, and tells what came of it.

Everybody in it is synthetic. The two reviewers are simulated: they judge from ``truth.csv`` with a stated error rate,
and every place that shows their work says "simulated review". The case is built beside its place and moved there when
it is whole, so that a build that was killed leaves nothing a later one could stumble over.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from stillgraph.casework import (
    analysing,
    enrolling,
    evaluating,
    governing,
    linking,
    networking,
    progress,
    receiving,
    reviewing,
    searching,
    take_seat,
)
from stillgraph.casework import ranking as rankings
from stillgraph.casework.analysing import Glance
from stillgraph.casework.desk import Desk
from stillgraph.casework.evaluating import IdentificationReport, LeadErrors
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wording import count
from stillgraph.errors import CaseExists, NotACase
from stillgraph.records import Comparison, FaceId, NominalId, Ranking, RetailerId, ReviewItem, Strength, Verdict

ANALYST = "analyst-1"
REVIEWERS = ("simulated-1", "simulated-2")
OPERATION = "OP-DEMO"
PURPOSE = "demonstrate the workbench on synthetic people"

REVIEWER_ERROR = 0.05
"""How often a simulated reviewer errs on one candidate list. Ours, for the demonstration; people err more on real
lists (White et al. 2015: about half the time, untrained)."""

SEED = 20261101

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of the demonstration."""

    case: str
    glance: Glance = field(repr=False)
    identification: IdentificationReport
    leads: LeadErrors
    ranking: Ranking
    network: object
    reviewer_error: float
    seconds: tuple[tuple[str, float], ...]


def build(case: Path, *, rebuild: bool = False, workers: int | None = None, say: Say | None = None) -> Summary:
    """Build the demonstration at ``case``, or summarise the one that is there.

    Raises
    ------
    CaseExists
        There is something else at that place.
    """
    tell: Say = say if say is not None else _silent
    if case.exists() and not rebuild and _is_demonstration(case):
        tell(f"The demonstration is in {case} already (--rebuild builds it anew).")
        return summarise(case)
    if case.exists() and not _is_demonstration(case):
        raise CaseExists(f"{case} is there already and is not a demonstration; give another place with --case.")
    _sweep(case)
    building = case.parent / f".{case.name}.building-{os.getpid()}"
    building.parent.mkdir(parents=True, exist_ok=True)
    tell("Everybody in this demonstration is synthetic; every review in it is a simulated review.")
    tell("So it is not encrypted, as a case of your own is.\n")
    _build(building, workers, tell)
    summary = summarise(building)
    if case.exists():
        shutil.rmtree(case)
    building.rename(case)
    return replace(summary, case=str(case))


def _build(directory: Path, workers: int | None, tell: Say) -> None:
    data = shipped("data/demo")
    governing.create_case(directory, kind="demonstration", encrypt=False)
    governing.add_officer(seat(directory, ANALYST), ANALYST)
    for reviewer in REVIEWERS:
        governing.add_officer(seat(directory, ANALYST), reviewer, simulated=True)
    governing.open_operation(seat(directory, ANALYST), OPERATION, purpose=PURPOSE)
    desk = seat(directory, ANALYST)
    times: list[tuple[str, float]] = []
    with desk.sitting():
        with _stage("custody images enrolled", times, tell):
            _enrol(desk, data, workers, tell)
        with _stage("stills received", times, tell):
            _receive(desk, data, workers, tell)
        with _stage("faces searched", times, tell):
            _search(desk, tell)
    with _stage("candidate lists reviewed (simulated review)", times, tell):
        _review(directory, data / "truth.csv", tell)
    with desk.sitting():
        with _stage("faces linked to persons", times, tell):
            _link(desk, tell)
        with _stage("offenders ranked, network built", times, tell):
            rankings.ranking(desk)
            networking.offence_network(desk)
        governing.record_stage_times(desk, tuple(times))


def seat(directory: Path, officer: str) -> Desk:
    """Return the desk of one of the demonstration's officers."""
    return take_seat(directory, officer=officer, operation=OPERATION, reason=PURPOSE)


def _enrol(desk: Desk, data: Path, workers: int | None, tell: Say) -> None:
    custody = data / "custody"
    with progress.bar(shown=_terminal()) as shown:
        report = enrolling.enrol(
            desk, custody / "manifest.csv", arrests=custody / "arrests.csv", workers=workers, progress=shown
        )
    tell(
        f"  {count(report.accepted, 'image')} accepted, {len(report.refused)} refused, "
        f"{report.without_face} without a face"
    )


def _receive(desk: Desk, data: Path, workers: int | None, tell: Say) -> None:
    accepted = refused = faces = without = 0
    for manifest in sorted(data.glob("deliveries/*/manifest.csv")):
        with progress.bar(shown=_terminal()) as shown:
            report = receiving.receive(
                desk, manifest, retailer_id=RetailerId(manifest.parent.name), stores=data / "stores.csv",
                workers=workers, progress=shown,
            )  # fmt: skip
        accepted, refused = accepted + report.accepted, refused + len(report.refused)
        faces, without = faces + report.faces, without + report.without_face
        for row in report.refused:
            tell(f"  refused: {manifest.parent.name} line {row.line}, {row.image}, {row.field}: {row.reason}")
    tell(
        f"  {count(accepted, 'still')} accepted, {count(refused, 'row')} refused; {count(faces, 'face')} found; "
        f"{count(without, 'still')} without one, kept"
    )


def _search(desk: Desk, tell: Say) -> None:
    # Images past their review date too, so that the demonstration is the same on whatever day it is built.
    report = searching.search(desk, unsearched=True, past_review=True)
    usable = sum(probe.usable for probe in report.probes)
    tell(
        f"  {count(usable, 'usable face')} of {len(report.probes)} searched against "
        f"{count(report.gallery.size, 'custody image')} "
        f"(gallery {report.gallery.version}, {report.model}) in {report.elapsed_s:.1f} s"
    )


def _review(directory: Path, truth: Path, tell: Say) -> None:
    whose = evaluating.truth_of_faces(seat(directory, ANALYST), truth)
    for reviewer in REVIEWERS:
        desk = seat(directory, reviewer)
        with desk.sitting():
            items = reviewing.queue(desk)
            for item in items:
                verdict, nominal = simulated_verdict(item, reviewer, whose)
                reviewing.judge(
                    desk, item.face_id, verdict, nominal_id=nominal, comparison=_simulated_comparison(verdict),
                    reason="simulated review",
                )  # fmt: skip
        tell(f"  {reviewer}: {count(len(items), 'list')} judged, stated error rate {100 * REVIEWER_ERROR:.0f} %")


def simulated_verdict(
    item: ReviewItem, reviewer: str, whose: Mapping[FaceId, NominalId | None]
) -> tuple[Verdict, NominalId | None]:
    """Return what a simulated reviewer says of a candidate list; the same for the same reviewer and face, always.

    A reviewer supports the right person where they are on the list, and nobody where they are not, but errs at
    :data:`REVIEWER_ERROR`: then they overlook the right person, or support somebody who is wrong, at even odds; with
    nobody right on the list they support somebody. Who that is belongs to the face, so that two who err support the
    same person; but whether they err is independent, which of people shown the same look-alike it is not: two
    simulated reviewers corroborate fewer wrong leads than two people would.
    """
    digest = hashlib.sha256(f"{SEED}|{reviewer}|{item.face_id}".encode()).digest()
    draw = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    right = whose.get(item.face_id)
    listed = sorted(
        (nominal for nominal, _ in item.candidates),
        key=lambda nominal: hashlib.sha256(f"{SEED}|{item.face_id}|{nominal}".encode()).digest(),
    )
    errs = draw.random() < REVIEWER_ERROR
    if right in listed:
        wrong = [nominal for nominal in listed if nominal != right]
        if not errs:
            return Verdict.SUPPORTS, right
        if draw.random() < 0.5 or not wrong:
            return Verdict.NO_CANDIDATE, None
        return Verdict.SUPPORTS, wrong[0]
    return (Verdict.SUPPORTS, listed[0]) if errs else (Verdict.NO_CANDIDATE, None)


def _simulated_comparison(verdict: Verdict) -> Comparison:
    """Return what a simulated judgement rests on, which is not the images."""
    nothing = "simulated review: not looked at"
    return Comparison(nothing, nothing, strength=Strength.MODERATE if verdict is Verdict.SUPPORTS else None)


def _link(desk: Desk, tell: Say) -> None:
    linkage = linking.link(desk)
    named = [p for p in linkage.persons if p.nominal_id is not None]
    series = [p for p in linkage.persons if p.nominal_id is None and len(p.stills) > 1]
    tell(
        f"  {count(len(named), 'person')} named by corroborated leads, {len(linkage.persons) - len(named)} unknown, "
        f"{len(series)} of them on several stills; {count(len(linkage.contradictions), 'contradiction')}"
    )
    for person in series[:3]:
        retailers = {still.split("/")[0] for still in person.stills}
        tell(f"  {person.person_id}: {count(len(person.stills), 'still')}, {count(len(retailers), 'retailer')}")


def summarise(directory: Path) -> Summary:
    """Measure and gather what the summary shows."""
    desk = seat(directory, ANALYST)
    truth = shipped("data/demo") / "truth.csv"
    with desk.sitting():
        glance = analysing.at_a_glance(desk)
        return Summary(
            case=str(directory),
            glance=glance,
            identification=evaluating.identification(desk, truth),
            leads=evaluating.leads_against_truth(desk, truth),
            ranking=rankings.ranking(desk, keep=False),
            network=networking.network_summary(desk),
            reviewer_error=REVIEWER_ERROR,
            seconds=glance.stage_times,
        )


@contextmanager
def _stage(name: str, times: list[tuple[str, float]], tell: Say) -> Iterator[None]:
    tell(f"{name} ...")
    began = time.perf_counter()
    yield
    times.append((name, time.perf_counter() - began))
    tell(f"  {times[-1][1]:.1f} s")


def _is_demonstration(case: Path) -> bool:
    try:
        return governing.kind_of(case) == "demonstration"
    except NotACase:
        return False


def _sweep(case: Path) -> None:
    """Remove what builds left behind whose process is gone."""
    for left in case.parent.glob(f".{case.name}.building-*"):
        pid = left.name.rsplit("-", 1)[1]
        if not pid.isdigit() or not _alive(int(pid)):
            shutil.rmtree(left)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _terminal() -> bool:
    return sys.stderr.isatty()


def _silent(_: str) -> None:
    return
