"""Who offends with whom as a matrix, persons in the order of their groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stillgraph.figures.theme import EDGE, LINE, SHADED, SHADES, counted, finish, reviewed

MOST = 60
"""Persons drawn at most, those in the largest groups; a matrix of more has cells that nobody can read."""
_NAMED, _WRITTEN = 40, 25  # persons up to which names, and numbers in the cells, are written


def co_offending_matrix(
    pairs: pd.DataFrame, groups: Sequence[Sequence[str]], *, period: str, simulated: bool
) -> go.Figure:
    """Draw the number of offences that two persons were seen in together.

    Parameters
    ----------
    pairs : pandas.DataFrame
        One row a pair of persons: one, other (person ids), offences (how many together).
    groups : sequence of sequences of str
        Person ids by group, the largest group first. Who is in none is not drawn.
    period : str
        The days the offences span, in words.
    simulated : bool
        Whether the review behind the links was simulated.
    """
    drawn = _whole_groups(groups)
    persons = [person for group in drawn for person in group]
    cells = _cells(pairs, persons)
    shown = np.where(cells > 0, cells, np.nan)
    labels = persons if len(persons) <= _NAMED else None
    figure = go.Figure(
        go.Heatmap(
            z=shown,
            x=list(range(len(persons))),
            y=list(range(len(persons))),
            colorscale=[list(shade) for shade in SHADES],
            zmin=0,
            xgap=1,
            ygap=1,
            text=[["" if np.isnan(v) else f"{v:.0f}" for v in row] for row in shown],
            texttemplate="%{text}" if len(persons) <= _WRITTEN else "",
            customdata=[[[one, other] for other in persons] for one in persons],
            hovertemplate="%{customdata[0]} and %{customdata[1]}<br>%{z} offences together<extra></extra>",
            hoverongaps=False,
            colorbar={"title": {"text": "offences<br>together<br> "}, "thickness": 12, "outlinewidth": 0, "len": 0.6,
                      "tickformat": "d", "nticks": 5},
        )
    )  # fmt: skip
    _frame(figure, drawn)
    axis = {
        "tickvals": list(range(len(persons))) if labels else [],
        "ticktext": labels or [],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "ticks": "",
        "range": [-0.5, max(len(persons), 1) - 0.5],
        "fixedrange": True,
    }
    figure.update_xaxes(axis, tickangle=-90, constrain="domain")
    figure.update_yaxes(axis, range=[max(len(persons), 1) - 0.5, -0.5], scaleanchor="x", constrain="domain",
                        ticksuffix="  ")  # fmt: skip
    every = sum(len(group) for group in groups)
    review = reviewed(simulated=simulated)
    counts = f"{counted(len(persons), 'person')} of {every:,} in {counted(len(drawn), 'group')} of {len(groups):,}"
    finish(
        figure,
        title="Who was seen with whom",
        rests_on=f"{period} · {counts} · {review}<br>framed: groups who offend together more than with others",
        alt=f"Matrix of offences together: {counts}; most together {int(cells.max(initial=0))}. {review}.",
        height=max(420, 260 + 14 * min(len(persons), _NAMED)),
    )
    return figure.update_layout(plot_bgcolor=SHADED)


def _whole_groups(groups: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Return the first groups that have room together; a first one too large by itself is cut."""
    drawn: list[Sequence[str]] = []
    room = MOST
    for group in groups:
        if len(group) > room and drawn:
            continue
        drawn.append(group[:room])
        room -= len(drawn[-1])
    return drawn


def _cells(pairs: pd.DataFrame, persons: Sequence[str]) -> np.ndarray:
    place = pd.Index(persons)
    one, other = place.get_indexer(pd.Index(pairs["one"])), place.get_indexer(pd.Index(pairs["other"]))
    within = (one >= 0) & (other >= 0)
    cells = np.zeros((len(persons), len(persons)))
    cells[one[within], other[within]] = cells[other[within], one[within]] = pairs["offences"].to_numpy()[within]
    return cells


def _frame(figure: go.Figure, groups: Sequence[Sequence[str]]) -> None:
    """Frame each group on the diagonal and shade nothing: the frame is seen whatever the colours are."""
    edges = np.cumsum([0, *(len(group) for group in groups)]) - 0.5
    figure.update_layout(
        shapes=[
            {"type": "rect", "x0": low, "x1": high, "y0": low, "y1": high, "line": {"color": EDGE, "width": 2}}
            for low, high in pairwise(edges)
        ]
        + [
            {"type": "line", "x0": at, "x1": at + 1, "y0": at, "y1": at + 1, "layer": "below",
             "line": {"color": LINE, "width": 1}}
            for at in np.arange(edges[0], edges[-1])
        ],
    )  # fmt: skip
