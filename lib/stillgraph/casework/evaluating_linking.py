"""Measuring how right the last linking run is, on a case with known truth."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.evaluating import by_still
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import Linkage, LinkStatus, ModelId, Person, Proposal, Rate
from stillgraph.store import faces as face_store
from stillgraph.store import persons, receipts

if TYPE_CHECKING:
    from stillgraph.evaluation import LinkageMeasure, Share

DRAWS, SEED = 1000, 0


@dataclass(frozen=True, slots=True)
class LinkingReport:
    """How right a linking run is.

    ``measures``: of ``corroborated`` persons alone; of all ``persons``, with the proposed and unknown ones; and of
    persons ``with_proposals``, as if every proposal were accepted. ``proposals``: how many of those that would make two
    persons one are right, that is, all their faces of the truth are of one person; ``to_corroborated`` persons and
    ``among_unknown`` ones.
    """

    model: ModelId
    threshold: float
    retailers: tuple[str, ...]
    faces: int
    failures_to_acquire: int
    people: int
    measures: dict[str, LinkageMeasure]
    proposals: dict[str, Rate]
    draws: int
    seed: int


@served
@attempted(Action.EVALUATE)
def linking(desk: Desk, truth: Path, *, retailers: Sequence[str] = ()) -> LinkingReport:
    """Measure the last linking run against a truth table, on all stills or on those of some retailers.

    A person of the truth whose face was not found stays in every recall.

    Raises
    ------
    WrongUse
        The case has not been linked by this version.
    NotFound
        There is no truth for any still of the retailers.
    ManifestError
        The truth table cannot be read.
    """
    from stillgraph import evaluation

    table = evaluation.read_truth(truth)
    with desk.act(Action.EVALUATE, what="linking", retailers=list(retailers)) as deed:
        threshold = persons.threshold(deed.session)
        if threshold is None:
            raise WrongUse("The case has not been linked yet: `stillgraph link CASE` does it, then measure.")
        widths = receipts.still_widths(deed.session)
        known = [t for t in table if t.still in widths and _wanted(t.still, retailers)]
        if not known:
            raise NotFound("The truth table holds no still of these retailers in this case: name others, or none.")
        faces = {face.face_id: face for face in face_store.of_stills(deed.session, desk.model)}
        assigned = evaluation.assign(known, by_still(faces), widths)
        linkage = persons.linkage(deed.session)
        # What was not found has its place on the still for a name.
        whose: dict[Hashable, str] = {
            (t.still, t.position) if face is None else face: t.person for t, face in assigned.items()
        }
        report = LinkingReport(
            model=desk.model, threshold=threshold, retailers=tuple(retailers), faces=len(known),
            failures_to_acquire=_lost(assigned.values()), people=len(set(whose.values())),
            measures=_measures(whose, linkage), proposals=_proposals(whose, linkage), draws=DRAWS, seed=SEED,
        )  # fmt: skip
        deed.note(faces=report.faces)
        return report


def _wanted(still: str, retailers: Collection[str]) -> bool:
    return not retailers or still.split("/", maxsplit=1)[0] in retailers


def _lost(assigned: Iterable[str | None]) -> int:
    return sum(face is None for face in assigned)


def _measures(whose: Mapping[Hashable, str], linkage: Linkage) -> dict[str, LinkageMeasure]:
    from stillgraph import evaluation

    faces_of = {one.person_id: [face.face_id for face in one.faces] for one in linkage.persons}

    def measure(held: Iterable[Person], beside: Iterable[Proposal] = ()) -> LinkageMeasure:
        person_of: dict[Hashable, str] = {face.face_id: one.person_id for one in held for face in one.faces}
        joins = [one.persons for one in beside if len(one.persons) == 2]
        pairs = [pair for one, other in joins for pair in product(faces_of[one], faces_of[other])]
        return evaluation.linkage(whose, person_of, beside=pairs, draws=DRAWS, seed=SEED)

    return {
        "corroborated": measure(one for one in linkage.persons if one.status is LinkStatus.CORROBORATED),
        "persons": measure(linkage.persons),
        "with_proposals": measure(linkage.persons, linkage.proposals),
    }


def _proposals(whose: Mapping[Hashable, str], linkage: Linkage) -> dict[str, Rate]:
    """Return how many of the proposals to join two persons are right, by whether one is corroborated."""
    from stillgraph import evaluation

    person = {one.person_id: one for one in linkage.persons}
    counted: dict[str, list[bool]] = {"to_corroborated": [], "among_unknown": []}
    for joined in ([person[one] for one in proposal.persons] for proposal in linkage.proposals):
        shown = [{whose[face.face_id] for face in one.faces if face.face_id in whose} for one in joined]
        if len(joined) == 2 and all(shown):
            sure = any(one.status is LinkStatus.CORROBORATED for one in joined)
            counted["to_corroborated" if sure else "among_unknown"].append(len(set.union(*shown)) == 1)
    return {which: evaluation.wilson(sum(right), len(right)) for which, right in counted.items()}


def sentences(report: LinkingReport) -> list[str]:
    """Return the report in sentences for people, each share with its count and interval."""
    from stillgraph.evaluation import Share

    of = ", ".join(report.retailers) if report.retailers else "all retailers"
    first = (
        f"Model {report.model}, threshold {report.threshold:g}; {of}: {report.faces} faces of {report.people} people"
    )
    lines = [f"{first}, {report.failures_to_acquire} not found, which count as errors of recall"]
    for name, one in report.measures.items():
        pairs = f"pairs {one.pairs_right} right of {one.pairs_together} put together of {one.pairs_true} true"
        lines.append(
            f"{name.replace('_', ' ')}: {pairs}; "
            f"precision {_said(one.precision)}, recall {_said(one.recall)}; B-cubed precision "
            f"{_said(one.bcubed_precision)}, recall {_said(one.bcubed_recall)}; {one.wrongly_merged} of {one.merged} "
            "persons of several faces wrongly merged"
        )
    for which, rate in report.proposals.items():
        said = _said(Share(rate.value, rate.low, rate.high))
        lines.append(f"proposals {which.replace('_', ' ')}: {rate.successes} right of {rate.trials}, {said}")
    return lines


def _said(share: Share) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "nothing to count"
    return f"{100 * share.value:.1f} % (95 %: {100 * share.low:.1f} to {100 * share.high:.1f})"
