"""A case pack as sections: facts, tables, sentences, pictures and drawings, which every form sets in the same order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from stillgraph.casework import explaining, sketches, wording
from stillgraph.casework import explaining_words as words
from stillgraph.casework import pack_words as said
from stillgraph.casework.wording import count
from stillgraph.records import CasePack, Explanation, FaceId, LinkStatus, Plate, Standing, WhyOffence

Cell = str | int | float | date | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name, what its cells are, and its part of the width of a page.

    ``kind`` is ``text``, ``count``, ``days`` (of harm), ``money`` (pence), ``date``, ``time``, ``score`` or ``km``.
    """

    name: str
    kind: str = "text"
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the pack. ``chapter``: it begins a page; ``anchor`` is what the table of contents leads to."""

    heading: str
    anchor: str
    chapter: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    paragraphs: tuple[str, ...] = ()
    plates: tuple[Plate, ...] = ()
    points: tuple[str, ...] = ()
    grid: Grid | None = None
    drawings: tuple[sketches.Sketch, ...] = ()


LISTED = frozenset({"ranking", "network", "limits", "words"})
"""What the table of contents lists beside chapters."""

NUMBERS = frozenset({"count", "days", "money", "score", "km"})


def shown(kind: str, cell: Cell) -> str:
    """Return a cell as text, in the form its column has."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M}" if kind == "time" else f"{cell.astimezone(UTC):%Y-%m-%d}"
    if isinstance(cell, str | date):
        return str(cell)
    return {
        "days": f"{cell:,.1f}",
        "money": wording.pounds(cell),
        "score": f"{cell:.3f}",
        "km": f"{cell:.1f}",
    }.get(kind, f"{cell:,}")


def title(pack: CasePack) -> str:
    """Return what the pack is called."""
    return f"Case pack: {pack.case}, {pack.operation}"


def scale_line(pack: CasePack) -> str:
    """Return period and scale in a line, which every page and sheet states."""
    links = "links nobody has corroborated counted too" if pack.with_proposals else "corroborated links only"
    review = "; simulated review" if pack.simulated else ""
    return f"{period(pack)}; {links}; harm by {pack.harm_source}, version {pack.harm_version}{review}"


def footer(pack: CasePack) -> str:
    """Return what every printed page says at its foot."""
    links = "with links nobody has corroborated" if pack.with_proposals else "corroborated links only"
    return (
        f"{sketches.short(pack.operation, 24)}, {period(pack)}, {links}{', simulated review' if pack.simulated else ''}"
    )


def period(pack: CasePack) -> str:
    """Return the period in words."""
    first, last = pack.counts.first_offence, pack.counts.last_offence
    if first is None or last is None:
        return "no offence in the period"
    since = pack.since or first.astimezone(UTC).date()
    until = pack.until or last.astimezone(UTC).date()
    return f"{since} to {until}"


def sections(pack: CasePack) -> list[Section]:
    """Return the pack in the order it is read."""
    made = [_cover(pack), _summary(pack), _ranking(pack), _concentration(pack)]
    for page in pack.persons:
        made += person(pack, page)
    return [
        *made,
        *_network(pack),
        Section("Method", "method", chapter=True, points=said.method(pack)),
        Section("Limits, and who may see this", "limits", points=said.limits(pack)),
        Section("Words", "words", facts=said.GLOSSARY),
        _index(pack),
    ]


def _cover(pack: CasePack) -> Section:
    facts = [
        ("case", f"{pack.case} ({pack.kind})"), ("operation", f"{pack.operation}: {pack.purpose}"),
        ("period", period(pack)), ("ranked by", words.MEASURES[pack.by]),
        ("links", "corroborated only" if not pack.with_proposals else "those nobody has corroborated counted too"),
        ("persons with a page", str(len(pack.persons))), ("made by", pack.officer),
        ("made at", wording.moment(pack.made_at)),
        ("face model", pack.model), ("harm table", f"{pack.harm_source}, version {pack.harm_version}"),
        ("linking threshold", "faces not linked yet" if pack.linking_threshold is None
         else f"{pack.linking_threshold:.3f} (cosine)"),
        ("software", ", ".join(f"{name} {version}" for name, version in pack.software)),
        ("newest audit entry then", f"{pack.audit_head[0]}, SHA-256 {pack.audit_head[1]}"),
    ]  # fmt: skip
    return Section(title(pack), "cover", facts=tuple(facts), paragraphs=said.COVER)


def _summary(pack: CasePack) -> Section:
    held = pack.counts
    facts = (
        ("offences", f"{held.offences:,}, {held.offences_with_corroborated:,} of them with a corroborated person"),
        ("reported by", f"{count(held.retailers, 'retailer')}, {count(held.stores, 'store')}"),
        ("value", wording.pounds(held.value_pence)),
        ("days of harm", "not known: no value for a code" if held.harm_days is None
         else f"{held.harm_days:,.1f}, proactively detected offences included"),
        ("stills and faces", f"{held.stills:,} stills, {held.faces:,} faces, {held.faces_usable:,} usable"),
        ("reviews", (f"{held.faces_corroborated:,} corroborated, {held.faces_not_supported:,} not supported, "
                    f"{held.faces_disputed:,} disputed, {held.faces_pending:,} pending")),
    )  # fmt: skip
    return Section("Summary", "summary", chapter=True, facts=facts, points=said.summary(pack))


RANKING = (
    Column("rank", "count", 0.6), Column("95 %", "text", 0.8), Column("in first", "text", 0.8),
    Column("person", "text", 1.4), Column("link", "text", 1.4), Column("offences", "count", 1.05),
    Column("95 %", "text", 0.8), Column("days of harm", "days", 1), Column("95 %", "text", 1.45),
    Column("value", "money", 1.25), Column("RFH", "count", 0.65), Column("arrests", "count", 0.95),
)  # fmt: skip
"""``in first``: the share of drawn worlds in which the person is among the first, as the ranking counts these."""


def standing_row(standing: Standing) -> tuple[Cell, ...]:
    """Return a standing as a row of :data:`RANKING`."""
    return (
        standing.rank, _between("count", standing.rank_low, standing.rank_high),
        None if standing.top_share is None else f"{standing.top_share:.0%}", standing.person_id, str(standing.status),
        standing.offences, _between("count", standing.count_low, standing.count_high), standing.harm_days,
        _between("days", standing.harm_low, standing.harm_high), standing.value_pence, standing.rfh,
        None if standing.nominal_id is None else standing.prior_arrests,
    )  # fmt: skip


def _between(kind: str, low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{shown(kind, low)}-{shown(kind, high)}"


def _ranking(pack: CasePack) -> Section:
    standings = pack.ranking.standings
    pages = {page.person_id for page in pack.persons}
    rows = [standing_row(s) for n, s in enumerate(standings) if n < pack.printed or s.person_id in pages]
    told = [pack.ranking.scale]
    if len(rows) < len(standings):
        told.append(f"Of {count(len(standings), 'person')}, {len(rows)} are printed; the XLSX form holds them all.")
    if not standings:
        told = ["Nobody is ranked: no link counts in this period. Search, review and link first."]
    return Section(
        f"Ranking by {words.MEASURES[pack.by]}", "ranking", paragraphs=tuple(told),
        grid=Grid(RANKING, tuple(rows)) if rows else None,
    )  # fmt: skip


OFFENCES = (
    Column("no", "count", 0.6), Column("offence", "text", 1.75), Column("when, UTC", "time", 1.55),
    Column("class", "text", 1.55), Column("store", "text", 1.8), Column("km", "km", 0.85),
    Column("days", "days", 1), Column("value", "money", 1.4), Column("link and doubts", "text", 3.7),
    Column("place without", "count", 1.2),
)  # fmt: skip


def offence_rows(page: Explanation) -> tuple[tuple[Cell, ...], ...]:
    """Return a person's offences as rows of :data:`OFFENCES`, ``km`` from the one before."""
    rows: list[tuple[Cell, ...]] = []
    before: WhyOffence | None = None
    for n, offence in enumerate(page.offences, start=1):
        without = None if offence.contribution is None else offence.contribution.without.ranks[page.by]
        rows.append((
            n, offence.offence_id, offence.occurred_at, offence.offence, store_said(offence),
            None if before is None else distance_km(before, offence), offence.harm_days, offence.value_pence,
            link_said(offence), without,
        ))  # fmt: skip
        before = offence
    return tuple(rows)


def store_said(offence: WhyOffence) -> str:
    """Return a store with its borough, unless its name holds that."""
    return offence.store if offence.borough in offence.store else f"{offence.store}, {offence.borough}"


def distance_km(one: WhyOffence, other: WhyOffence) -> float:
    """Return kilometres between two offences as the crow flies (haversine, a sphere of 6,371 km)."""
    a, b = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(across / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(min(1.0, half)))


def link_said(offence: WhyOffence) -> str:
    """Return a link's status and what it rests on in a few words, doubts last."""
    status = str(offence.status) + ("" if offence.counts else ", not counted")
    best = max((f.evidence.score for f in offence.faces if f.evidence.score is not None), default=None)
    ratio = max(
        (f.evidence.likelihood_ratio for f in offence.faces if f.evidence.likelihood_ratio is not None), default=None
    )
    figures = [] if best is None else [f"score {best:.2f}"]
    figures += [] if ratio is None else [f"likelihood ratio {ratio:,.3g}"]
    rulings = sorted({n for f in offence.faces for n in f.evidence.rulings})
    figures += [f"ruling {', '.join(map(str, rulings))}"] if rulings else []
    rests = f" ({count(len(offence.faces), 'face')}{'; ' if figures else ''}{', '.join(figures)})"
    found = "; proactively detected, so its days do not count" if offence.proactive else ""
    return status + rests + (f": {'; '.join(offence.doubts)}" if offence.doubts else "") + found


def person(pack: CasePack, page: Explanation) -> list[Section]:
    """Return one person's pages."""
    anchor = "person-" + "".join(c if c.isalnum() else "-" for c in page.person_id)
    offences = Section(
        "Offences and what links them", f"{anchor}-offences", grid=Grid(OFFENCES, offence_rows(page)),
        drawings=tuple(d for d in _drawings(pack, page) if d is not None),
    )  # fmt: skip
    rest = [offences, Section("What would change the place", f"{anchor}-changes", points=words.changes(page))]
    if page.co_offenders:
        rest.append(Section("On stills of the same offences", f"{anchor}-with", grid=_with(page)))
    if page.arrests:
        rest.append(Section("Arrests on record", f"{anchor}-arrests", grid=_arrests(page)))
    contradictions = tuple(f"{c.reason} ({', '.join(c.faces)})" for c in page.contradictions)
    if contradictions:
        rest.append(Section("Contradictions", f"{anchor}-contradictions", points=contradictions))
    return [
        Section(
            f"{page.person_id}, {page.status}", anchor, chapter=True,
            paragraphs=() if not page.simulated else (wording.SIMULATED,),
            plates=plates(pack, page), points=_points(page),
        ),
        *rest,
    ]  # fmt: skip


def _points(page: Explanation) -> tuple[str, ...]:
    judged = explaining.officers(page)
    by = (
        f"Judged or ruled by {', '.join(judged)}."
        if judged
        else "No officer has judged or ruled these faces to be one."
    )
    return (*page.sentences, by)


def _drawings(pack: CasePack, page: Explanation) -> tuple[sketches.Sketch | None, ...]:
    first, last = _ends(pack)
    return (None if first is None or last is None else sketches.timeline([page], first, last), sketches.journey(page))


def _ends(pack: CasePack) -> tuple[date | None, date | None]:
    counted = pack.counts
    if counted.first_offence is None or counted.last_offence is None:
        return None, None
    return (
        pack.since or counted.first_offence.astimezone(UTC).date(),
        pack.until or counted.last_offence.astimezone(UTC).date(),
    )


PLATES = 11
"""Faces of stills shown on a person's page; the first of each offence, in the order of time."""


def plates(pack: CasePack, page: Explanation) -> tuple[Plate, ...]:
    """Return the custody image most alike, of a corroborated nominal, and a face of each offence."""
    found = []
    best = max(
        (f for o in page.offences for f in o.faces if f.custody_image in pack.custody_chips),
        key=lambda f: (f.evidence.score or 0.0, f.face_id), default=None,
    )  # fmt: skip
    if page.status is LinkStatus.CORROBORATED and best is not None and best.custody_image is not None:
        found.append(Plate(f"custody image {best.custody_image}", pack.custody_chips[best.custody_image]))
    for n, offence in enumerate(page.offences, start=1):
        face = chip_of(offence)
        if face is not None and face in pack.chips and len(found) <= PLATES:
            found.append(Plate(f"{n}: {face}", pack.chips[face]))
    return tuple(found)


def chip_of(offence: WhyOffence) -> FaceId | None:
    """Return the face that stands for an offence: of the best band, then the highest score."""
    faces = sorted(offence.faces, key=lambda f: (f.band or "Z", -(f.evidence.score or 0.0), f.face_id))
    return faces[0].face_id if faces else None


WITH = (
    Column("person", "text", 2), Column("link", "text", 1.5), Column("offences", "count", 1),
    Column("first together", "date", 1.3), Column("last together", "date", 1.3), Column("which", "text", 5),
)  # fmt: skip


def _with(page: Explanation) -> Grid:
    return Grid(
        WITH,
        tuple(
            (c.person_id, str(c.status), len(c.offences), c.first_together, c.last_together, ", ".join(c.offences))
            for c in page.co_offenders
        ),
    )


ARRESTS = (
    Column("arrested", "date", 1), Column("code", "text", 0.7), Column("offence", "text", 3),
    Column("disposal", "text", 1.5), Column("custody from", "date", 1.1), Column("released", "date", 1.1),
)  # fmt: skip


def _arrests(page: Explanation) -> Grid:
    return Grid(
        ARRESTS,
        tuple(
            (a.arrested_on, a.offence_code, a.offence, a.disposal, a.custody_from, a.released_on) for a in page.arrests
        ),
    )


PAIRS = (
    Column("one", "text", 2), Column("other", "text", 2), Column("offences", "count", 1),
    Column("first together", "date", 1.4), Column("last together", "date", 1.4), Column("least sure link", "text", 1.6),
)  # fmt: skip


def _network(pack: CasePack) -> list[Section]:
    first, last = _ends(pack)
    made = []
    if pack.persons and first is not None and last is not None:
        made.append(
            Section(
                "Timeline", "timeline", chapter=True, paragraphs=(said.TIMELINE,),
                drawings=(sketches.timeline(pack.persons, first, last),),
            )
        )  # fmt: skip
    rows = tuple((p.one, p.other, p.offences, p.first_together, p.last_together, str(p.status)) for p in pack.pairs)
    if rows:
        made.append(
            Section(
                "Who is on the same stills", "network", paragraphs=(said.NETWORK,),
                drawings=(sketches.network(pack.nodes, pack.pairs),), grid=Grid(PAIRS, rows),
            )
        )  # fmt: skip
    return made


SHARES = (
    Column("what", "text", 4),
    Column("is", "text", 1),
    Column("95 %, low", "text", 1),
    Column("95 %, high", "text", 1),
)


def _concentration(pack: CasePack) -> Section:
    curve = pack.concentrated.lorenz
    return Section(
        "Concentration", "concentration", chapter=True, paragraphs=(pack.concentration,),
        points=pack.concentration_notes, drawings=() if curve is None else (sketches.lorenz(curve),),
        grid=Grid(SHARES, share_rows(pack)),
    )  # fmt: skip


def share_rows(pack: CasePack) -> tuple[tuple[Cell, ...], ...]:
    """Return the generalised Gini, shares of the first, and the fewest who hold how much, each with its interval."""
    found = pack.concentrated

    def told(value: float | None, ending: str = "") -> str:
        return "insufficient" if value is None else f"{value:.3g}{ending}"

    held = words.MEASURES["harm" if pack.by == "rfh" else pack.by]
    rows: list[tuple[Cell, ...]] = [
        ("generalised Gini", told(found.gini.value), told(found.gini.low), told(found.gini.high))
    ]
    for share in found.shares:
        whom = f"the first {share.units}" + (
            "" if share.top_percent is None else f" ({share.top_percent:g} % of persons)"
        )
        part = share.percent
        rows.append((f"share of {whom}", told(part.value, " %"), told(part.low, " %"), told(part.high, " %")))
    few = [(f"persons who hold {f.percent:g} % of the {held}", f.units, told(f.low), told(f.high)) for f in found.few]
    return (*rows, *few)


STILLS = (
    Column("still", "text", 2.2), Column("offence", "text", 1.7), Column("taken, UTC", "time", 1.5),
    Column("delivery", "count", 1), Column("persons", "text", 1.8), Column("SHA-256 of its bytes", "text", 5.6),
)  # fmt: skip


def _index(pack: CasePack) -> Section:
    rows: Sequence[tuple[Cell, ...]] = [
        (s.still, s.offence_id, s.captured_at, s.delivery_id, ", ".join(s.persons), s.sha256) for s in pack.stills
    ]
    told = (said.INDEX,) if rows else ("No still is in this pack.",)
    missing = tuple(f"Not shown: {one}" for one in pack.missing)
    return Section(
        "Index of stills", "stills", chapter=True, paragraphs=told, points=missing,
        grid=Grid(STILLS, tuple(rows)) if rows else None,
    )  # fmt: skip
