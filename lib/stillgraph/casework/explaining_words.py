"""What a page of why says in words: doubts of a link, what would change a place, and what the page does not say."""

from __future__ import annotations

from collections.abc import Sequence

from stillgraph.casework.wording import count, pounds
from stillgraph.casework.worth import silence_statement
from stillgraph.records import (
    Change,
    ChangeKind,
    Explanation,
    Gap,
    LinkStatus,
    Place,
    Strength,
    WhyFace,
)

WEAK_BANDS = ("C", "D")
"""Bands of which fewer than half of searches put the right person first, where it was measured (docs/accuracy.md)."""

WEAK_RATIO = 10.0
"""A likelihood ratio below it is at most weak support on the scale of words (docs/scores.md)."""

MEASURES = {"harm": "harm", "count": "number of offences", "value": "value", "rfh": "recency, frequency and harm"}

UNSAID = (
    (
        "A link says that officers held a face on a still to be this person's, not that the person did what the "
        "retailer reports, nor that anybody was charged."
    ),
    "Two persons on stills of one offence need not have acted together.",
    "Offences that were not reported, not sent, or not linked are nowhere on this page; they may be most.",
    "What would change is computed from the links; how likely a change is, is in the interval of the rank alone.",
    (
        "A silence is not desistance: custody is known as far as records of arrests say, and stores that sent nothing "
        "look the same."
    ),
)


def doubts(status: LinkStatus, faces: Sequence[WhyFace]) -> tuple[str, ...]:
    """Return why a link is less sure than others: of its faces, that with the fewest doubts speaks."""
    by_face = [_doubts(face) for face in faces]
    least = min(by_face, key=len, default=[])
    first = {
        LinkStatus.CORROBORATED: [],
        LinkStatus.PROPOSED: ["proposed: one officer ruled so in the open, or two of a face review has not named"],
        LinkStatus.UNKNOWN: ["by likeness alone: no officer holds it to be this person"],
    }[status]
    return (*first, *least)


def _doubts(face: WhyFace) -> list[str]:
    from stillgraph.evaluation.lookalike import MARGIN

    seen = face.evidence
    found = []
    if face.band in WEAK_BANDS:
        found.append(f"the face is of band {face.band}")
    if face.list_rank is not None and face.list_rank > 1:
        found.append(f"stood {_nth(face.list_rank)} on the candidate list")
    elif face.ahead_by is not None and face.ahead_by < MARGIN:
        found.append(f"somebody else on the list scored within {MARGIN:g}")
    if seen.likelihood_ratio is not None and seen.likelihood_ratio < WEAK_RATIO:
        found.append(f"likelihood ratio {seen.likelihood_ratio:.2g}, weak support at most")
    if any(said.strength is Strength.LIMITED for said in seen.judgements if said.agrees):
        found.append("an officer found limited support only")
    if any(not said.agrees for said in seen.judgements):
        found.append("one of three officers did not agree")
    return found


def change(told: Change, now: Place, by: str) -> str:
    """Return what would have to come out, and the place then, in a sentence."""
    these = ", ".join(told.offences[:3]) + (f" and {len(told.offences) - 3} more" if len(told.offences) > 3 else "")
    said = {
        ChangeKind.LINK_FAILS: f"Without {these}",
        ChangeKind.DOUBTFUL_FAIL: f"Without all {len(told.offences)} doubtful links",
        ChangeKind.LINK_CORROBORATED: f"With {these} corroborated",
        ChangeKind.ALL_CORROBORATED: f"With all {len(told.offences)} links corroborated that are not",
        ChangeKind.JOIN_CORROBORATED: f"With {told.other} corroborated to be this person"
        + (f" ({count(len(told.offences), 'offence')} more)" if told.offences else " (no offence more)"),
        ChangeKind.BECOMES_PART: f"Corroborated to be {told.other}, the two together",
    }[told.kind]
    return f"{said}: {_moved(told.place.ranks[by], now.ranks[by], told.place.persons)}."


def _moved(rank: int | None, before: int | None, persons: int) -> str:
    if rank is None:
        return "no place, as no link would count"
    if before is None:
        return f"place {rank} of {persons}, from none"
    return f"still place {rank}" if rank == before else f"place {rank} of {persons} instead of {before}"


def changes(page: Explanation) -> tuple[str, ...]:
    """Return what would change a place in sentences: each that moves it, and of the others how many there are."""
    if not page.changes:
        return ("No link has a doubt noted and nothing is proposed; the place without each offence is in the table.",)
    now = page.place.ranks[page.by]
    moving = [told for told in page.changes if told.place.ranks[page.by] != now]
    still = len(page.changes) - len(moving)
    rest = () if not still else (f"{count(still, 'other change')} looked at, each by itself, would leave the place.",)
    return (*(told.sentence for told in moving), *rest)


def sentences(page: Explanation) -> tuple[str, ...]:
    """Return what a page says, the most important first."""
    found = [_standing(page), _evidence(page)]
    counted = [o for o in page.offences if o.contribution is not None]
    if counted:
        most = max(counted, key=lambda o: (o.contribution.brings[page.by], o.offence_id))  # type: ignore[union-attr]
        brought = most.contribution
        assert brought is not None  # noqa: S101  (those without one were left out)
        share = brought.shares[page.by]
        part = "" if share is None or page.by == "rfh" else f", {share:.0%} of theirs"
        found.append(
            f"{most.offence_id} ({most.offence}) brings most by {MEASURES[page.by]}: "
            f"{amount(page.by, brought.brings[page.by])}{part}; "
            f"without it {_moved(brought.without.ranks[page.by], page.place.ranks[page.by], brought.without.persons)}."
        )
    waiting = [o for o in page.offences if not o.counts]
    if waiting:
        found.append(f"{count(len(waiting), 'link')} of theirs nobody has corroborated, and none of them counts here.")
    if page.co_offenders:
        named = ", ".join(f"{c.person_id} ({len(c.offences)})" for c in page.co_offenders[:3])
        found.append(
            f"On stills of the same offences: {count(len(page.co_offenders), 'other person')}, most often {named}."
        )
    found += [gap(one) for one in page.gaps[:1]]
    if page.silence is not None:
        found.append(f"Since {page.silence.last_offence:%Y-%m-%d}: {silence_statement(page.silence)}.")
    if page.held_then:
        held = ", ".join(f"{one.offence_id} on {one.occurred_on:%Y-%m-%d}" for one in page.held_then)
        found.append(f"In custody on the day, by the records, of {held}: the link is wrong, or a date is.")
    if page.contradictions:
        found.append(
            f"{count(len(page.contradictions), 'contradiction')} touch this person; people have to settle them."
        )
    return tuple(found)


def _standing(page: Explanation) -> str:
    standing = page.standing
    if standing is None:
        return (
            "Not ranked: no link of theirs is corroborated in this period."
            if not page.with_proposals
            else "Not ranked: no link of theirs counts in this period."
        )
    other = {name: rank for name, rank in page.place.ranks.items() if name != page.by}
    elsewhere = ", ".join(f"{rank} by {MEASURES[name]}" for name, rank in other.items())
    harm = "" if standing.harm_low is None else f" (95 %: {standing.harm_low:,.1f} to {standing.harm_high:,.1f})"
    first = "" if standing.top_share is None else f" Among the first in {standing.top_share:.0%} of worlds drawn."
    return (
        f"Place {standing.rank} of {page.place.persons} by {MEASURES[page.by]} (95 %: {standing.rank_low} to "
        f"{standing.rank_high}), with {count(standing.offences, 'offence')}, {standing.harm_days:,.1f} days of "
        f"harm{harm} and {pounds(standing.value_pence)}; {elsewhere}.{first}"
    )


def _evidence(page: Explanation) -> str:
    counted = [o for o in page.offences if o.counts]
    doubtful = sum(1 for o in counted if o.doubts)
    faces = sum(len(o.faces) for o in page.offences)
    kind = "" if page.review_kind is None else f" ({page.review_kind})"
    if not counted:
        return f"{count(faces, 'face')} on stills of {count(len(page.offences), 'offence')}, by likeness or ruling."
    return (
        f"{count(faces, 'face')} on stills of {count(len(page.offences), 'offence')}{kind}; of the "
        f"{count(len(counted), 'link')} that count, {doubtful} have a doubt noted beside them."
    )


def gap(one: Gap) -> str:
    """Return a stretch between two offences in a sentence."""
    held = f", {one.between.in_custody} of them in custody" if one.between.in_custody else ""
    unknown = f", custody not known on {one.between.not_known}" if one.between.not_known else ""
    arrests = ", ".join(f"{a.arrested_on:%Y-%m-%d} ({a.disposal})" for a in one.arrests)
    why = f"; arrested {arrests}" if arrests else ""
    return (
        f"The longest time between two offences that count: {count(one.between.days, 'day')} from {one.since:%Y-%m-%d} "
        f"to {one.until:%Y-%m-%d}{held}{unknown}{why}."
    )


def amount(measure: str, value: float) -> str:
    """Return an amount of a measure with its unit."""
    return {
        "harm": f"{value:,.1f} days",
        "count": count(round(value), "offence"),
        "value": pounds(value),
        "rfh": count(round(value), "point"),
    }[measure]


def _nth(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
