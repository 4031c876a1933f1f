"""What the network page says, in words; every value is escaped by ``markup``."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd

from stillgraph import figures
from stillgraph.casework.network_measures import GroupsAnswer, WithoutAnswer
from stillgraph.dashboards import markup
from stillgraph.dashboards.markup import Column, Markup
from stillgraph.dashboards.network_state import MOST_CHIPS, NetworkState
from stillgraph.dashboards.state import period
from stillgraph.figures.theme import money, reviewed
from stillgraph.records import (
    ConnectAnswer,
    EdgeKind,
    FaceId,
    Group,
    LinkEvidence,
    LinkStatus,
    NetworkNode,
    NetworkPath,
    NodeKind,
    PathAnswer,
    Timeline,
)

NOTE = (
    "Persons and the offences whose stills show them. A link says that a face counts as the person's, and how that is "
    "known; being on stills of one offence is not acting together. Distances on the drawing measure nothing."
)
FILTER_NOTE = (
    "What is left out here is left out of the drawing, the tables and the ways. Nothing chosen leaves nothing out."
)
WAYS_NOTE = "The shortest ways from one person to another, over offences they share, with what each link rests on."
CHOSEN_NOTE = (
    "Click on the drawing, drag a box or draw round several, or choose a person by id. Looking at faces is recorded."
)
GROUPS_NOTE = (
    "Persons who offend together more than with others, by a method and a seed: a way to read the network, no "
    "proof of a gang."
)
FILES_NOTE = (
    "Tables of the persons chosen, or of all while nobody is; the network that is drawn with what its links rest on, "
    "for Gephi, yEd and i2. Links that are not corroborated say so."
)
NOBODY = "Nothing is chosen."
MOST_ROWS = 15

PERSON_COLUMNS = (
    Column("Person"),
    Column("Status", meaning="of the surest link"),
    Column("Offences", numeric=True),
    Column("Co-offenders", numeric=True, meaning="others seen on stills of the same offences"),
    Column("Harm, days", numeric=True),
    Column("Value", numeric=True),
    Column("Retailers", numeric=True),
    Column("Boroughs", numeric=True),
)

SUMS = ("person_id", "status", "offences", "co_offenders", "harm_days", "value_pence", "retailers", "boroughs")
PLACE_COLUMNS = (
    Column("Offences together", numeric=True, meaning="with each co-offender, added up"),
    Column("Betweenness", numeric=True, meaning="Share of the shortest ways between two others that lead over "
           "this person; 95 % in brackets where it is estimated"),
    Column("Coreness", numeric=True, meaning="The greatest k so that this person is among persons with k co-offenders "
           "each among themselves"),
    Column("PageRank", numeric=True, meaning="Share of a walk over co-offenders that is spent here"),
)  # fmt: skip


def review(state: NetworkState) -> str:
    """Return in words what kind of review the statuses rest on."""
    return reviewed(simulated=state.view.simulated)


def narrowed(state: NetworkState) -> str:
    """Return in words which links are kept."""
    days = state.days
    first = state.since or (days and days[0])
    last = state.until or (days and days[1])
    told = [period((first, last)) if first and last else "no offences yet"]
    told += [", ".join(state.view.retailers.get(one, one) for one in state.retailers)] if state.retailers else []
    told += [", ".join(state.boroughs)] if state.boroughs else []
    told += [", ".join(state.statuses)] if state.statuses else []
    return " · ".join(told)


def caption(state: NetworkState) -> str:
    """Return what a picture of the drawing says of itself."""
    persons, offences, links = state.counts()
    counts = (
        f"{markup.counted(persons, 'person')}, {markup.counted(offences, 'offence')}, {markup.counted(links, 'link')}"
    )
    return f"{narrowed(state)} · {counts} · {review(state)}"


def counted(state: NetworkState) -> str:
    """Return how much of the network is kept."""
    persons, offences, links = state.counts()
    every = int(state.view.own.sum())
    return markup.note(
        f"{narrowed(state)}: {markup.counted(persons, 'person')}, {markup.counted(offences, 'offence')}, "
        f"{links:,} of {markup.counted(every, 'link')}."
    )


def answer(found: PathAnswer | None, shown: int) -> str:
    """Return the ways found, step by step."""
    if found is None:
        return ""
    names = f"{found.source} and {found.target}"
    if not found.paths:
        order = " in the order of time" if found.in_time_order else ""
        return markup.notice(f"No way joins {names}{order} over the links that are kept.")
    way = found.paths[min(shown, len(found.paths) - 1)]
    more = " Others are as short." if found.more else ""
    head = f"Way {shown + 1} of {len(found.paths)} between {names}: {markup.counted(len(way.links), 'link')}.{more}"
    return markup.note(head) + steps(way) + least(way.least_sure)


def joined(found: ConnectAnswer | None) -> str:
    """Return what joins the persons chosen, part by part, and who is joined to none of the others."""
    if found is None:
        return ""
    told = ""
    for part in found.parts:
        smallest = "" if len(part.links) > part.least_possible else ", and none that joins them is smaller"
        head = f"{', '.join(map(str, part.persons))}: joined by {markup.counted(len(part.links), 'link')}{smallest}."
        columns = [Column("Person"), Column("To"), Column("Link"), Column("Rests on")]
        rows = [(one.person_id, _to(one), markup.status(one.status), _evidence(one)) for one in part.links]
        told += markup.note(head) + markup.table("What joins them", columns, rows) + least(part.least_sure)
    if found.apart:
        told += markup.notice(f"Joined to none of the others: {', '.join(map(str, found.apart))}.")
    return told


def _to(link: LinkEvidence) -> str:
    return str(link.to) if link.kind is EdgeKind.LINK else f"{link.to}, proposed by a machine to be the same person"


def time(found: Timeline, state: NetworkState) -> Any:
    """Return the time of persons as a figure."""
    days = narrowed(state)
    return figures.timeline(figures.lanes_of(found), period=days, simulated=state.view.simulated)


def groups(found: GroupsAnswer | None) -> str:
    """Return the groups found, the largest first, and how far other seeds agree."""
    if found is None:
        return ""
    made = found.found
    if not made.groups:
        return markup.notice("Nobody was seen with somebody else over the links that are kept, so there is no group.")
    columns = [
        Column("Group", numeric=True), Column("Persons", numeric=True), Column("Pairs", numeric=True),
        Column("Offences together", numeric=True),
        Column("Held", numeric=True, meaning="Share of its pairs of persons that other seeds keep together"),
        Column("Who"),
    ]  # fmt: skip
    rows = [
        (one.number, len(one.persons), one.pairs, one.offences_together, "" if one.held is None else f"{one.held:.0%}",
         ", ".join(map(str, one.persons[:12])) + (" …" if len(one.persons) > 12 else ""))
        for one in made.groups[:MOST_ROWS]
    ]  # fmt: skip
    agreed = "" if made.agreement is None else (
        f" Over {made.runs} seeds the groupings agree with {made.agreement:.2f} (adjusted Rand index, 1 is the same; "
        f"the least {made.agreement_low:.2f})."
    )  # fmt: skip
    said = f"{markup.counted(len(made.groups), 'group')}; {made.persons_alone:,} without a co-offender.{agreed}"
    first = f", the first {MOST_ROWS} shown" if len(made.groups) > MOST_ROWS else ""
    return markup.note(said) + markup.table(f"{markup.counted(len(made.groups), 'group')}{first}", columns, rows) + (
        markup.aside("What a group says", found.note)
    )  # fmt: skip


def group(one: Group) -> str:
    """Return a group as something to choose."""
    return f"{one.number} · {markup.counted(len(one.persons), 'person')}"


def without(found: WithoutAnswer, state: NetworkState) -> Any:
    """Return what is left without some persons as a figure."""
    return figures.what_if(found.found, period=narrowed(state), simulated=state.view.simulated)


def steps(way: NetworkPath) -> str:
    """Return a way as a table: each step, and how its link is known."""
    rows = []
    for link, (one, other) in zip(way.links, zip(way.nodes, way.nodes[1:], strict=False), strict=True):
        offence = next((node for node in (one, other) if node.kind is NodeKind.OFFENCE), None)
        rows.append((_named(one), _named(other), _where(offence), markup.status(link.status), _evidence(link)))
    columns = [Column("From"), Column("To"), Column("Offence"), Column("Link"), Column("Rests on")]
    return markup.table("The way, step by step", columns, rows)


def persons(rows: pd.DataFrame, *, chosen: bool, by: str, places: Sequence[Sequence[str]] = ()) -> str:
    """Return persons with their sums, ordered ``by`` what is named, and with ``places``' cells once measured."""
    shown = rows.head(MOST_ROWS)
    of = "chosen" if chosen else "drawn"
    first = f", the first {MOST_ROWS} by {by} shown" if len(rows) > MOST_ROWS else ""
    columns = shown[list(SUMS)].to_dict("list")
    columns |= {
        "status": [_status(one) for one in columns["status"]],
        "harm_days": [f"{one:,.0f}" for one in columns["harm_days"]],
        "value_pence": [money(int(one)) for one in columns["value_pence"]],
    }
    cells = list(zip(*columns.values(), strict=True))
    headings: tuple[Column, ...] = PERSON_COLUMNS
    if places:
        headings = (*PERSON_COLUMNS, *PLACE_COLUMNS)
        cells = [(*cell, *place) for cell, place in zip(cells, places, strict=False)]
    return markup.table(f"{markup.counted(len(rows), 'person')} {of}{first}", headings, cells)


def faces(state: NetworkState) -> str:
    """Return the faces of what is chosen, each with its still."""
    found = state.faces
    if found is None:
        return ""
    if found.empty:
        return markup.notice("No face counts as anybody chosen.")
    shown = found.head(MOST_CHIPS)
    chips = (
        markup.picture(
            state.chips.get(FaceId(row.face_id)),
            f"Face in still {row.still_id}",
            f"{row.person_id} · {row.still_id} · {markup.plain(row.captured_at)}",
        )
        for row in shown.itertuples(index=False)
    )
    more = f", the first {MOST_CHIPS} shown" if len(found) > MOST_CHIPS else ""
    stills = markup.counted(found["still_id"].nunique(), "still")
    return markup.note(f"{markup.counted(len(found), 'face')} in {stills}{more}.") + markup.pictures(chips)


def _named(node: NetworkNode) -> Markup:
    kind = "" if node.kind is NodeKind.PERSON else "offence "
    return Markup(escape(f"{kind}{node.id}"))


def _where(offence: NetworkNode | None) -> str:
    if offence is None:
        return "proposed by a machine to be one person"
    when = "" if offence.occurred_at is None else markup.plain(offence.occurred_at)
    return ", ".join(part for part in (offence.offence, when, offence.store, offence.borough) if part)


def _evidence(link: LinkEvidence) -> str:
    told = [markup.counted(len(link.faces), "face")]
    told += sorted({face.basis.value for face in link.faces})
    told += [link.strength.value] if link.strength is not None else []
    told += [f"likelihood ratio {link.likelihood_ratio:,.1f}"] if link.likelihood_ratio is not None else []
    told += [f"score {link.score:.2f}"] if link.score is not None else []
    return ", ".join(told)


def least(link: LinkEvidence | None) -> str:
    """Return the least sure link of an answer, in words."""
    if link is None:
        return ""
    return markup.note(f"The least sure link is {link.person_id} to {link.to}: {link.status.value}, {_evidence(link)}.")


def _status(name: str) -> Markup:
    return markup.status(LinkStatus(name))
