"""A person's or a group's time: offences, arrests and custody in a lane a person, joint offences joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import plotly.graph_objects as go

from stillgraph.figures.theme import EDGE, LINE, LINK, STATUS, counted, finish, name_rows, reviewed
from stillgraph.records import LINK_STATUSES, NodeKind, Timeline, TimelineRow

_COLUMNS = ["offence_id", "occurred_at", "status", "offence", "store"]
_AROUND = pd.Timedelta(days=21)


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One person's time.

    ``offences``: offence_id, occurred_at (UTC), status, offence, store. ``arrests``: arrested_on, offence, disposal.
    ``custody``: spells known, first and last day each; ``None`` where nothing is known of custody, which is not the
    same as none.
    """

    person_id: str
    offences: pd.DataFrame
    arrests: pd.DataFrame
    custody: tuple[tuple[date, date], ...] | None = None


def lanes_of(found: Timeline) -> list[Lane]:
    """Return a lane for each person of a timeline that was asked for, in its order.

    Custody is known where an arrest on record has its dates.
    """
    return [_lane(found, str(person)) for person in found.persons]


def _lane(found: Timeline, person: str) -> Lane:
    own = [row for row in found.rows if person in row.persons]
    offences = pd.DataFrame(
        [(str(row.offence_id), row.occurred_at, _status(row, person), row.offence, row.store)
         for row in own if row.kind is NodeKind.OFFENCE],
        columns=_COLUMNS,
    )  # fmt: skip
    arrests = [row for row in own if row.kind is NodeKind.ARREST]
    frame = pd.DataFrame(
        [(row.on, row.offence, row.disposal or "") for row in arrests], columns=["arrested_on", "offence", "disposal"]
    )
    last = max((row.on for row in own), default=None)
    spells = tuple(
        (row.custody_from, row.released_on or last or row.custody_from)
        for row in arrests
        if row.custody_from is not None
    )
    return Lane(person, offences, frame, spells or None)


def _status(row: TimelineRow, person: str) -> str:
    own = [link.status for link in row.links if str(link.person_id) == person]
    return min(own, key=LINK_STATUSES.index).value if own else LINK_STATUSES[-1].value


def timeline(lanes: Sequence[Lane], *, period: str, simulated: bool) -> go.Figure:
    """Draw lanes from the top; an offence that is in several of them is joined by a line.

    What is drawn first is the time of the offences; earlier arrests are counted beside the person, and dragging shows
    them.

    Parameters
    ----------
    lanes : sequence of Lane
        A person and those seen in the same offences, or the persons of a group.
    period : str
        The days looked at, in words.
    simulated : bool
        Whether the review behind the statuses was simulated.
    """
    figure = go.Figure()
    level = {lane.person_id: len(lanes) - at for at, lane in enumerate(lanes)}
    events = _events(lanes, level)
    start = events["occurred_at"].min() - _AROUND if len(events) else None
    _add_custody(figure, lanes, level)
    joint = _add_joins(figure, events)
    _add_offences(figure, events)
    arrests = _add_arrests(figure, lanes, level)
    name_rows(figure, [_named(lane, start) for lane in lanes])
    if start is not None:
        figure.update_xaxes(range=[start, events["occurred_at"].max() + _AROUND])
    figure.update_xaxes(type="date", gridcolor=LINE, zeroline=False, tickformat="%b<br>%Y", automargin=True)
    people, offences = counted(len(lanes), "person"), counted(events["offence_id"].nunique(), "offence")
    counts = f"{people}, {offences}, {counted(arrests, 'arrest')}"
    review = reviewed(simulated=simulated)
    return finish(
        figure,
        title="Timeline" if len(lanes) != 1 else f"Timeline of {lanes[0].person_id}",
        rests_on=f"{period} · {counts} · {review}{_unknown(lanes)}",
        alt=f"Timeline of {counts}; {counted(joint, 'offence')} of several persons. {review}.",
        height=210 + 42 * max(len(lanes), 2),
    )


def _named(lane: Lane, start: pd.Timestamp | None) -> str:
    """Return a lane's person, with the arrests that are before what is drawn first: years of them would crowd it."""
    days = pd.to_datetime(lane.arrests["arrested_on"], utc=True)
    before = 0 if start is None else int((days < start).sum())
    return f"{lane.person_id}<br>{counted(before, 'arrest')} before" if before else lane.person_id


def _events(lanes: Sequence[Lane], level: dict[str, int]) -> pd.DataFrame:
    parts = [lane.offences[_COLUMNS].assign(y=level[lane.person_id], person_id=lane.person_id) for lane in lanes]
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=[*_COLUMNS, "y", "person_id"])


def _unknown(lanes: Sequence[Lane]) -> str:
    unknown = sum(1 for lane in lanes if lane.custody is None)
    if not unknown:
        return ""
    whom = "" if unknown == len(lanes) else f" for {unknown} of {len(lanes)}"
    return f"<br>custody is not known{whom}: who was quiet may have been inside"


def _add_custody(figure: go.Figure, lanes: Sequence[Lane], level: dict[str, int]) -> None:
    spells = [(lane.person_id, *spell) for lane in lanes for spell in lane.custody or ()]
    x: list[date | None] = []
    y: list[float | None] = []
    for person, since, until in spells:
        x += [since, until, None]
        y += [level[person], level[person], None]
    figure.add_scatter(
        x=x, y=y, mode="lines", name="in custody", line={"color": LINK, "width": 12},
        hovertemplate="in custody, %{x|%-d %b %Y}<extra></extra>", showlegend=bool(spells),
    )  # fmt: skip


def _add_joins(figure: go.Figure, events: pd.DataFrame) -> int:
    x: list[object] = []
    y: list[float | None] = []
    joint = 0
    for _, rows in events.groupby("offence_id", sort=True):
        if len(rows) > 1:
            joint += 1
            at = rows["occurred_at"].iloc[0]
            x += [at, at, None]
            y += [int(rows["y"].min()), int(rows["y"].max()), None]
    figure.add_scatter(
        x=x, y=y, mode="lines", name="same offence", line={"color": EDGE, "width": 1.5}, hoverinfo="skip",
        showlegend=bool(joint),
    )  # fmt: skip
    return joint


def _add_offences(figure: go.Figure, events: pd.DataFrame) -> None:
    for status, mark in STATUS.items():
        rows = events[events["status"] == status.value]
        figure.add_scatter(
            x=rows["occurred_at"],
            y=rows["y"],
            mode="markers",
            name=f"offence, {mark.label}",
            marker={"color": mark.colour, "symbol": mark.symbol, "size": 11, "line": {"color": "white", "width": 1}},
            customdata=rows[["person_id", "offence_id", "offence", "store"]].to_numpy(),
            hovertemplate="<b>%{customdata[0]}</b>, %{x|%-d %b %Y %H:%M}<br>%{customdata[2]}<br>%{customdata[3]}<br>"
            "%{customdata[1]}<extra>" + mark.label + "</extra>",
            showlegend=bool(len(rows)),
        )


def _add_arrests(figure: go.Figure, lanes: Sequence[Lane], level: dict[str, int]) -> int:
    arrests = [
        (level[lane.person_id], lane.person_id, *row)
        for lane in lanes
        for row in lane.arrests[["arrested_on", "offence", "disposal"]].itertuples(index=False)
    ]
    figure.add_scatter(
        x=[row[2] for row in arrests],
        y=[row[0] for row in arrests],
        mode="markers",
        name="arrest",
        marker={"color": EDGE, "symbol": "line-ns", "size": 18, "line": {"color": EDGE, "width": 3}},
        customdata=[[str(row[1]), str(row[3]), str(row[4])] for row in arrests],
        hovertemplate="<b>%{customdata[0]}</b> arrested %{x|%-d %b %Y}<br>%{customdata[1]}<br>%{customdata[2]}"
        "<extra></extra>",
        showlegend=bool(arrests),
    )
    return len(arrests)
