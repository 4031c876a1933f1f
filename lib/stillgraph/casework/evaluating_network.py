"""Measuring what the network and the ranking find again of known truth: who offends together, and who does most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import ranking as rankings
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.evaluating import by_still
from stillgraph.casework.harm import harm_table
from stillgraph.casework.ranking import link_table
from stillgraph.casework.wire import served
from stillgraph.decoding.rows import lacking, read_rows
from stillgraph.errors import ManifestError, NotFound
from stillgraph.governance.permits import Action
from stillgraph.records import PROACTIVE, FaceId, LinkTable, ModelId, OffenceId, Person, PersonId, Ranking, StillId
from stillgraph.store import Session, persons, receipts
from stillgraph.store import faces as face_store

if TYPE_CHECKING:
    from stillgraph.evaluation import Agreement, TruthFace

TOP = 10

NOTE = (
    "On synthetic people of a demonstration, or other known truth: a real case has no such truth, circles there may be "
    "looser, and people nobody reported are in none of it."
)


@dataclass(frozen=True, slots=True)
class Recovered:
    """How far groups found from some links agree with the known circles.

    ``members`` are of the known circles; ``members_found`` those of whom the links have a person, ``members_joined``
    those with a co-offender there; whoever is not is alone in the found grouping. ``of_members``: agreement over all
    members; ``of_joined``: over those with a co-offender only, which leaves out whoever was not found;
    ``of_everybody``: over all people of the truth, those in no circle being alone.
    """

    persons: int
    groups: int
    members: int
    members_found: int
    members_joined: int
    of_members: Agreement
    of_joined: Agreement
    of_everybody: Agreement


@dataclass(frozen=True, slots=True)
class TopTen:
    """The first ten by truth beside the first ten found, by corroborated links or with proposals.

    ``true`` has more than ten where several share the tenth place. ``overlap`` counts the people of ``found`` who
    are in ``true``. ``within_interval``: of the ``true``, those whose 95 % interval of the rank reaches the first ten;
    ``not_found``: those of whom no person was found.
    """

    by: str
    with_proposals: bool
    true: tuple[str, ...]
    found: tuple[PersonId, ...]
    overlap: int
    within_interval: int
    not_found: int


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """What network and ranking find again.

    ``as_if_all_named``: of the groups found if every person of every still was known. What remains to 1 there is the
    method's, not the faces'.
    """

    model: ModelId
    people: int
    circles: int
    pairs_in_circles: int
    pairs_seen_together: int
    as_if_all_named: Agreement
    corroborated: Recovered
    with_proposals: Recovered
    top_ten: tuple[TopTen, ...]
    note: str


@served
@attempted(Action.EVALUATE)
def network(desk: Desk, truth: Path, circles: Path, *, seed: int = 0) -> NetworkReport:
    """Measure communities against known circles, and the first ten found against the true ones.

    Parameters
    ----------
    truth
        Who is on each still; see :func:`stillgraph.evaluation.read_truth`.
    circles
        Who offends together, CSV of person and circle, people named as in the truth; others are in none.
    seed
        Of the groups and the intervals.

    Raises
    ------
    NotFound
        One of the files is not there, or the truth is of other stills.
    ManifestError
        One of them cannot be read.
    UnknownOffenceCode
        An offence's code is not in the harm table.
    """
    from stillgraph import evaluation

    table = evaluation.read_truth(truth)
    circle = read_circles(circles)
    ranked = [
        (proposals, rankings.ranking(desk, by=by, with_proposals=proposals, keep=False))
        for by in ("harm", "count")
        for proposals in (False, True)
    ]
    with desk.act(Action.EVALUATE, what="network") as deed:
        session = deed.session
        widths = receipts.still_widths(session)
        known = [t for t in table if t.still in widths]
        if not known:
            raise NotFound("The truth table holds no still of this case: give the truth of these stills.")
        faces = {face.face_id: face for face in face_store.of_stills(session, desk.model)}
        assigned = evaluation.assign(known, by_still(faces), widths)
        whose = {face: t.person for t, face in assigned.items() if face is not None}
        everybody = sorted({t.person for t in known})
        circle = {person: name for person, name in circle.items() if person in set(everybody)}
        at = receipts.still_offences(session)
        seen = _seen_together((t.person, at[t.still]) for t in known)
        people = persons.linkage(session).persons
        shown = _shown(people, whose)
        recovered = {
            proposals: _recovered(
                link_table(session, with_proposals=proposals), people, whose, circle, everybody, seed=seed
            )
            for proposals in (False, True)
        }
        report = NetworkReport(
            model=desk.model, people=len(everybody), circles=len(set(circle.values())),
            pairs_in_circles=sum(n * (n - 1) // 2 for n in Counter(circle.values()).values()),
            pairs_seen_together=sum(circle.get(a, a) == circle.get(b, b) for a, b in seen),
            as_if_all_named=evaluation.agreement(circle, _truly_grouped(seen, everybody, seed), seed=seed),
            corroborated=recovered[False], with_proposals=recovered[True],
            top_ten=tuple(
                _top_ten(one, _truly(session, one.by, known, at), shown, with_proposals=proposals)
                for proposals, one in ranked
            ), note=NOTE,
        )  # fmt: skip
        deed.note(people=report.people)
        return report


def read_circles(path: Path) -> dict[str, str]:
    """Read who offends together, CSV of person and circle; further columns are ignored.

    Raises
    ------
    NotFound
        There is no such file.
    ManifestError
        A column is missing, a row is incomplete, or a person is in two circles.
    """
    if not path.is_file():
        raise NotFound(f"The table of circles {path.name} is not there. Give the path of a table in CSV.")
    circle: dict[str, str] = {}
    there, rows = read_rows(path)
    if lacking(("person", "circle"), there):
        raise ManifestError(f"A table of circles has the columns person and circle; {path.name} lacks one.")
    for line, (_, row) in enumerate(rows, start=2):
        person, name = row["person"].strip(), row["circle"].strip()
        if not person or not name or circle.get(person, name) != name:
            raise ManifestError(
                f"A row names a person and the one circle they are in; correct line {line} of {path.name}."
            )
        circle[person] = name
    return circle


def _seen_together(links: Iterable[tuple[str, OffenceId]]) -> Counter[tuple[str, str]]:
    """Return of how many offences stills show two people, of every two who are on any."""
    there: defaultdict[OffenceId, set[str]] = defaultdict(set)
    for person, offence in links:
        there[offence].add(person)
    return Counter(pair for people in there.values() for pair in combinations(sorted(people), 2))


def _truly_grouped(seen: Mapping[tuple[str, str], int], everybody: list[str], seed: int) -> dict[str, str]:
    """Return the groups that the same method makes of who was truly together."""
    import numpy as np

    from stillgraph import network
    from stillgraph.records import CoOffending

    number = {person: n for n, person in enumerate(everybody)}
    rows = np.array(sorted((number[a], number[b], n) for (a, b), n in seen.items()), dtype=np.int32).reshape(-1, 3)
    none = np.zeros(len(rows), "datetime64[s]")
    found = CoOffending(
        persons=tuple(PersonId(person) for person in everybody), nominal_ids=(None,) * len(everybody),
        one=rows[:, 0], other=rows[:, 1], weight=rows[:, 2], first_together=none,
        last_together=none, status=np.zeros(len(rows), np.int8),
    )  # fmt: skip
    label = network.louvain(found, seed=seed).tolist()
    return {person: str(group) for person, group in zip(everybody, label, strict=True) if group >= 0}


def _shown(people: Iterable[Person], whose: Mapping[FaceId, str]) -> dict[PersonId, str]:
    """Return of each person found whom of the truth most of their faces show; of equally many, the first name."""
    shown: defaultdict[PersonId, Counter[str]] = defaultdict(Counter)
    for one in people:
        # What officers propose to be somebody is that person's part, as it is in the links.
        shown[one.proposed_as or one.person_id].update(
            whose[face.face_id] for face in one.faces if face.face_id in whose
        )
    return {person: min(names, key=lambda name: (-names[name], name)) for person, names in shown.items() if names}


def _recovered(
    links: LinkTable, people: Iterable[Person], whose: Mapping[FaceId, str], circle: Mapping[str, str],
    everybody: Iterable[str], *, seed: int,
) -> Recovered:  # fmt: skip
    from stillgraph import evaluation, network

    shown = _shown(people, whose)
    found = network.project(links)
    label = network.louvain(found, seed=seed).tolist()
    # Of several persons found who are one of the truth, the one with most links stands for them.
    count = Counter(links.person[links.join < 0].tolist())
    group: dict[str, str] = {}
    present = {shown[person] for person in links.persons if person in shown}
    for n in sorted(range(len(links.persons)), key=lambda n: (-count[n], links.persons[n])):
        name = shown.get(links.persons[n])
        if name is not None and label[n] >= 0:
            group.setdefault(name, str(label[n]))
    joined = {person: name for person, name in circle.items() if person in group}
    all_of = {person: circle.get(person, f"alone {person}") for person in everybody}
    return Recovered(
        persons=len(links.persons), groups=len(set(label) - {-1}), members=len(circle),
        members_found=len(present & set(circle)), members_joined=len(joined),
        of_members=evaluation.agreement(circle, group, seed=seed),
        of_joined=evaluation.agreement(joined, group, seed=seed),
        of_everybody=evaluation.agreement(all_of, group, seed=seed),
    )  # fmt: skip


def _truly(session: Session, by: str, known: Iterable[TruthFace], at: Mapping[StillId, OffenceId]) -> dict[str, float]:
    """Return each person's measure by the truth: each offence once, whether its faces were found or not."""
    done, table = receipts.offences(session), harm_table(session)
    took_part = {(t.person, at[t.still]) for t in known}
    total: defaultdict[str, float] = defaultdict(float)
    for person, offence in sorted(took_part):
        one = done[offence]
        # As in the ranking, whoever was looking for an offence adds no harm by having found it.
        counted = one.how_detected.strip().lower() not in PROACTIVE
        total[person] += (table.harm_days(one.offence_code) if counted else 0.0) if by == "harm" else 1.0
    return dict(total)


def _top_ten(
    ranking: Ranking, truly: Mapping[str, float], shown: Mapping[PersonId, str], *, with_proposals: bool
) -> TopTen:
    values = sorted(truly.values(), reverse=True)
    least = values[:TOP][-1] if values else 0.0
    true = sorted((name for name, value in truly.items() if value >= least), key=lambda name: (-truly[name], name))
    found = [one.person_id for one in ranking.standings[:TOP]]
    low: dict[str, int] = {}
    for one in ranking.standings:
        if one.person_id in shown:
            name = shown[one.person_id]
            low[name] = min(low.get(name, one.rank_low), one.rank_low)
    return TopTen(
        by=ranking.by, with_proposals=with_proposals, true=tuple(true), found=tuple(found),
        overlap=len({shown[one] for one in found if one in shown} & set(true)),
        within_interval=sum(low.get(name, TOP + 1) <= TOP for name in true),
        not_found=sum(name not in low for name in true),
    )  # fmt: skip


def sentences(report: NetworkReport) -> list[str]:
    """Return the report in sentences for people, each figure with its counts and interval."""
    first = (
        f"{report.people} people of the truth, {report.circles} circles; {report.pairs_seen_together} of their "
        f"{report.pairs_in_circles} pairs are on stills of one offence. Were everybody named: adjusted Rand index "
        f"{_said(report.as_if_all_named)}"
    )
    lines = [first]
    lines.extend(_recovered_said(*one) for one in _parts(report))
    lines.extend(_top_said(top) for top in report.top_ten)
    return [*lines, report.note]


def _parts(report: NetworkReport) -> tuple[tuple[str, Recovered], ...]:
    return ("corroborated links", report.corroborated), ("with proposals", report.with_proposals)


def _recovered_said(name: str, one: Recovered) -> str:
    return (
        f"{name}: {one.groups} groups of {one.persons} persons; of {one.members} members of circles "
        f"{one.members_found} found, {one.members_joined} with a co-offender. Adjusted Rand index over members "
        f"{_said(one.of_members)}, over those with a co-offender {_said(one.of_joined)}, over everybody "
        f"{_said(one.of_everybody)}"
    )


def _top_said(top: TopTen) -> str:
    links = ", with proposals" if top.with_proposals else ", corroborated links"
    return (
        f"by {top.by}{links}: {top.overlap} of the {len(top.found)} found first are among the true first "
        f"{len(top.true)}; of those, {top.within_interval} have a rank interval that reaches the first {TOP}, "
        f"{top.not_found} were not found"
    )


def _said(one: Agreement) -> str:
    if one.value is None or one.low is None or one.high is None:
        return f"insufficient ({one.people} people)"
    return (
        f"{one.value:.2f} (95 %: {one.low:.2f} to {one.high:.2f}; {one.people} people, {one.both} of {one.together} "
        "pairs)"
    )
