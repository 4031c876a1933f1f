"""One page of why: for each person what they are linked to and by what, what each offence brings, what is unsure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from stillgraph.casework import explaining_words as words
from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.harm import harm_table
from stillgraph.casework.ranking import custody_of, link_table
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    LINK_STATUSES,
    Arrest,
    Change,
    ChangeKind,
    Contradiction,
    Contribution,
    CoOffender,
    CustodyContradiction,
    CustodyTable,
    Explanation,
    Exposure,
    FaceEvidence,
    FaceId,
    Gap,
    LinkTable,
    NominalId,
    OffenceId,
    OfficerId,
    PersonId,
    Place,
    Ranking,
    Silence,
    WhyFace,
    WhyOffence,
)
from stillgraph.store import explanations as store
from stillgraph.store import networks, persons, receipts
from stillgraph.store.explanations import LinkedFace, OffencePlace, PersonRow

if TYPE_CHECKING:
    from stillgraph.prolific import HarmTable
    from stillgraph.prolific.why import Counted


GAPS, GAP_DAYS = 3, 28
"""At most so many gaps between two offences are told of, none shorter than so many days."""


@dataclass(frozen=True, slots=True, eq=False)
class Grounds:
    """What every page of one ranking rests on, read once."""

    ranking: Ranking
    with_proposals: bool
    harm: HarmTable
    table: LinkTable
    """With proposals in any case."""
    own: LinkTable
    """With proposals where they count."""
    links: Counted
    people: dict[PersonId, PersonRow]
    faces: dict[PersonId, tuple[LinkedFace, ...]]
    """By whom they count as."""
    evidence: dict[FaceId, FaceEvidence]
    places: dict[OffenceId, OffencePlace]
    shown: dict[OffenceId, tuple[PersonId, ...]]
    arrests: dict[NominalId, tuple[Arrest, ...]]
    custody: CustodyTable
    """By the numbers of ``table.persons``."""
    silences: dict[PersonId, Silence]
    held_then: tuple[CustodyContradiction, ...]
    contradictions: tuple[Contradiction, ...]


@served
def why(
    desk: Desk,
    person_id: PersonId,
    *,
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
) -> Explanation:
    """Return one page of why somebody ranks where they do, each figure with what it rests on.

    Parameters
    ----------
    by
        The measure they are ranked by: ``harm``, ``count``, ``value`` or ``rfh``.
    since, until
        First and last day counted, both included, UTC.
    with_proposals
        Whether links that nobody has corroborated count.

    Raises
    ------
    NotFound
        The last linking run has no such person, or no link of theirs in the period.
    WrongUse
        Officers rule the person to be another, as whom they count.
    """
    with desk.act(
        Action.EXPLAIN, person=person_id, by=by, since=since, until=until, with_proposals=with_proposals
    ) as deed:
        grounds = gather(deed, by=by, since=since, until=until, with_proposals=with_proposals)
        return explained(grounds, person_id)


def gather(
    deed: Deed, *, by: str, since: date | None = None, until: date | None = None, with_proposals: bool = False
) -> Grounds:
    """Read what pages of why are made of, for use inside an action."""
    from stillgraph import prolific
    from stillgraph.prolific import why as reasons

    session = deed.session
    harm = harm_table(session)
    # With proposals in any case: what they would change is said, whether they count or not.
    table = link_table(session, with_proposals=True, since=since, until=until)
    on_record = receipts.arrests(session)
    custody_for = custody_of(session, on_record)
    ranking = prolific.rank(
        table,
        harm,
        receipts.prior_arrests(session),
        by=by,
        since=since,
        until=until,
        with_proposals=with_proposals,
        simulated=is_simulated(session),
        custody=custody_for,
    )
    within = set(table.offences.ids)
    faces: dict[PersonId, list[LinkedFace]] = defaultdict(list)
    shown: dict[OffenceId, set[PersonId]] = defaultdict(set)
    for face in store.faces(session):
        if face.offence_id in within:
            faces[face.counts_as].append(face)
            shown[face.offence_id].add(face.counts_as)
    people = store.persons(session)
    places = store.places(session)
    arrests: dict[NominalId, list[Arrest]] = defaultdict(list)
    for arrest in sorted(on_record, key=lambda a: (a.arrested_on, a.offence_code, a.disposal)):
        arrests[arrest.nominal_id].append(arrest)
    custody = custody_for(table.nominal_ids)
    own = table if with_proposals else link_table(session, since=since, until=until)
    days = [_day(places[offence].occurred_at) for offence in within]
    first, last = min(days, default=deed.at.date()), max(days, default=deed.at.date())
    silences = prolific.silences(
        own,
        custody if own is table else custody_for(own.nominal_ids),
        on=last if until is None else until,
        since=first if since is None else since,
    )
    return Grounds(
        ranking=ranking,
        with_proposals=with_proposals,
        harm=harm,
        table=table,
        own=own,
        links=reasons.counted(table, with_proposals=with_proposals, today=until, custody=custody),
        people=people,
        faces={person: tuple(of) for person, of in faces.items()},
        evidence=networks.face_evidence(session, with_proposals=True),
        places=places,
        shown={offence: tuple(sorted(of)) for offence, of in shown.items()},
        arrests={nominal: tuple(of) for nominal, of in arrests.items()},
        custody=custody,
        silences={silence.person_id: silence for silence in silences},
        held_then=prolific.contradictions(table, custody),
        contradictions=persons.contradictions(session),
    )


def explained(grounds: Grounds, person_id: PersonId) -> Explanation:
    """Return one person's page.

    Raises
    ------
    NotFound, WrongUse
        As :func:`why`.
    """
    from stillgraph.prolific import why as reasons

    row = _person(grounds, person_id)
    person = reasons.person_of(grounds.links, person_id)
    by_offence = {c.offence_id: c for c in reasons.contributions(grounds.links, person)}
    offences = _offences(grounds, person_id, by_offence)
    arrests = () if row.nominal_id is None else grounds.arrests.get(row.nominal_id, ())
    faces = {face.face_id for face in grounds.faces[person_id]}
    place = reasons.place(grounds.links, person)
    page = Explanation(
        person_id=person_id,
        nominal_id=row.nominal_id,
        status=row.status,
        proposed_as=row.proposed_as,
        review_kind=row.review_kind,
        simulated=grounds.ranking.simulated,
        by=grounds.ranking.by,
        since=grounds.ranking.since,
        until=grounds.ranking.until,
        scale=grounds.ranking.scale,
        with_proposals=grounds.with_proposals,
        standing=next((s for s in grounds.ranking.standings if s.person_id == person_id), None),
        place=place,
        offences=offences,
        changes=_changes(grounds, person, place, offences),
        co_offenders=_co_offenders(grounds, offences),
        arrests=arrests,
        gaps=_gaps(grounds.custody, person, [_day(o.occurred_at) for o in offences if o.counts], arrests),
        silence=grounds.silences.get(person_id),
        held_then=tuple(c for c in grounds.held_then if c.person_id == person_id),
        contradictions=tuple(c for c in grounds.contradictions if faces & set(c.faces)),
        sentences=(),
        unsaid=words.UNSAID,
    )
    return replace(page, sentences=words.sentences(page))


def _person(grounds: Grounds, person_id: PersonId) -> PersonRow:
    row = grounds.people.get(person_id)
    if row is None:
        raise NotFound(
            f"There is no person {person_id} in the last linking run; `stillgraph link CASE --json` lists them."
        )
    if row.proposed_as is not None:
        raise WrongUse(
            f"Officers rule {person_id} to be {row.proposed_as}, as whom they count: ask why of {row.proposed_as}, "
            "with proposals to count these links too."
        )
    return row


def _offences(
    grounds: Grounds, person_id: PersonId, contributions: dict[OffenceId, Contribution]
) -> tuple[WhyOffence, ...]:
    of_offence: dict[OffenceId, list[LinkedFace]] = defaultdict(list)
    for face in grounds.faces[person_id]:
        of_offence[face.offence_id].append(face)
    number = {offence: n for n, offence in enumerate(grounds.table.offences.ids)}
    found = []
    for offence_id, linked in of_offence.items():
        status = min((face.status for face in linked), key=LINK_STATUSES.index)
        at, facts = number[offence_id], grounds.places[offence_id]
        faces = tuple(_face(face, grounds.evidence[face.face_id]) for face in linked)
        found.append(
            WhyOffence(
                offence_id=offence_id,
                occurred_at=facts.occurred_at,
                offence_code=facts.offence_code,
                offence=facts.offence,
                retailer=facts.retailer,
                store=facts.store,
                borough=facts.borough,
                latitude=facts.latitude,
                longitude=facts.longitude,
                value_pence=facts.value_pence,
                harm_days=float(grounds.table.offences.harm_days[at]),
                how_detected=facts.how_detected,
                proactive=bool(grounds.table.offences.proactive[at]),
                status=status,
                counts=offence_id in contributions,
                faces=faces,
                beside=tuple(p for p in grounds.shown[offence_id] if p != person_id),
                contribution=contributions.get(offence_id),
                doubts=words.doubts(status, faces),
            )
        )
    return tuple(sorted(found, key=lambda o: (o.occurred_at, o.offence_id)))


def _face(face: LinkedFace, evidence: FaceEvidence) -> WhyFace:
    return WhyFace(
        face_id=face.face_id,
        still=face.still,
        captured_at=face.captured_at,
        band=face.band,
        usable=face.usable,
        evidence=evidence,
        search_id=face.search_id,
        list_rank=face.list_rank,
        custody_image=face.custody_image,
        ahead_by=face.ahead_by,
    )


def _changes(grounds: Grounds, person: int, now: Place, offences: Sequence[WhyOffence]) -> tuple[Change, ...]:
    """Return what would change a place, what moves it most by the ranked measure first."""
    from stillgraph.prolific import why as reasons

    links, by = grounds.links, grounds.ranking.by
    doubtful = [o.offence_id for o in offences if o.counts and o.doubts]
    told = [_change(ChangeKind.LINK_FAILS, (one,), reasons.without(links, person, [one])) for one in doubtful]
    if len(doubtful) > 1:
        told.append(_change(ChangeKind.DOUBTFUL_FAIL, doubtful, reasons.without(links, person, doubtful)))
    open_still = [o.offence_id for o in offences if not o.counts]
    told += [_change(ChangeKind.LINK_CORROBORATED, (one,), reasons.beside(links, person, [one])) for one in open_still]
    if len(open_still) > 1:
        told.append(_change(ChangeKind.ALL_CORROBORATED, open_still, reasons.beside(links, person, open_still)))
    for join in grounds.table.joins:
        if person not in {join.part, join.whole}:
            continue
        gained, place = reasons.joined(links, join.whole, join.part)
        kind, other = (
            (ChangeKind.JOIN_CORROBORATED, join.part) if join.whole == person else (ChangeKind.BECOMES_PART, join.whole)
        )
        named = grounds.table.persons[other]
        told.append(Change(kind, gained, named, join.likelihood_ratio, join.score, place, ""))
    spoken = [replace(change, sentence=words.change(change, now, by)) for change in told]
    return tuple(sorted(spoken, key=lambda change: _moves(change, now, by)))


def _change(kind: ChangeKind, offences: Iterable[OffenceId], place: Place) -> Change:
    return Change(kind, tuple(offences), None, None, None, place, "")


def _moves(change: Change, now: Place, by: str) -> tuple[float, float, str, tuple[OffenceId, ...]]:
    before, after = (
        float(place.persons + 1 if place.ranks[by] is None else place.ranks[by] or 0) for place in (now, change.place)
    )
    return (
        -abs(after - before),
        -abs(change.place.totals[by] - now.totals[by]),
        str(change.kind),
        change.offences,
    )


def _co_offenders(grounds: Grounds, offences: Sequence[WhyOffence]) -> tuple[CoOffender, ...]:
    together: dict[PersonId, list[WhyOffence]] = defaultdict(list)
    for offence in offences:
        for other in offence.beside:
            together[other].append(offence)
    found = [
        CoOffender(
            person_id=other,
            status=grounds.people[other].status,
            offences=tuple(o.offence_id for o in shared),
            first_together=shared[0].occurred_at,
            last_together=shared[-1].occurred_at,
        )
        for other, shared in together.items()
    ]
    return tuple(sorted(found, key=lambda c: (-len(c.offences), LINK_STATUSES.index(c.status), c.person_id)))


def _gaps(custody: CustodyTable, person: int, days: Sequence[date], arrests: Sequence[Arrest]) -> tuple[Gap, ...]:
    """Return the longest stretches between two offences that count, the longest first."""
    from stillgraph import prolific

    found = []
    for one, other in pairwise(days):
        if (other - one).days <= GAP_DAYS:
            continue
        between = prolific.exposures(
            custody, [person], [prolific.day_number(one) + 1], [prolific.day_number(other) - 1]
        )
        found.append(
            Gap(
                since=one,
                until=other,
                between=Exposure(*(int(column[0]) for column in between)),
                arrests=tuple(a for a in arrests if one <= a.arrested_on <= other),
            )
        )
    return tuple(sorted(found, key=lambda gap: (-gap.between.days, gap.since))[:GAPS])


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def officers(page: Explanation) -> tuple[OfficerId, ...]:
    """Return whose judgements and rulings a page rests on, ids ascending."""
    return tuple(
        sorted(
            {
                officer
                for offence in page.offences
                for face in offence.faces
                for officer in (*(o.officer for o in face.evidence.judgements), *face.evidence.ruled_by)
            }
        )
    )
