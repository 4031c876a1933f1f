"""One look for every figure: colours, type scale, title, and the sentence a screen reader gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from stillgraph.records import LinkStatus

INK = "#1b2733"
MUTED = "#52606d"
LINE = "#dde3e8"
EDGE = "#75818d"
"""For marks and frames without a status: 3 to 1 on paper, be it light or dark, where ink would be lost."""
PAPER = "#ffffff"
HALO = ", ".join(f"0 0 {blur}px var(--sg-paper, #ffffff)" for blur in (2, 3, 4))
"""Paper round a text that stands on marks or lines: the page's own, which may be dark."""
FONT = '"Inter", "Segoe UI", -apple-system, Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'


@dataclass(frozen=True, slots=True)
class Mark:
    """How a status is drawn: by colour and by shape, so that neither is needed alone."""

    colour: str
    symbol: str
    label: str


# Okabe & Ito (2008), "Color Universal Design": their blue and vermilion, and a grey, are told apart under every
# common colour vision deficiency and in a monochrome print.
STATUS: dict[LinkStatus, Mark] = {
    LinkStatus.CORROBORATED: Mark("#0072b2", "circle", "corroborated"),
    LinkStatus.PROPOSED: Mark("#d55e00", "diamond", "proposed"),
    LinkStatus.UNKNOWN: Mark("#5f6b76", "square", "unknown person"),
}
OFFENCE = Mark("#8a96a1", "circle", "offence")
LINK = "#aab4bd"


@dataclass(frozen=True, slots=True)
class Line:
    """How one of several lines is drawn: colour, dashes and the shape of its points, so that each alone is enough."""

    colour: str
    dash: str
    symbol: str


# Okabe & Ito's blue, vermilion, bluish green and reddish purple, the last two darkened to 3 to 1 on paper, and a grey;
# all are 3 to 1 on the dark page too.
LINES = (
    Line("#0072b2", "solid", "circle"),
    Line("#d55e00", "dash", "diamond"),
    Line("#00795a", "dot", "square"),
    Line("#a34d85", "dashdot", "triangle-up"),
    Line("#75818d", "longdash", "x"),
    Line("#8c6a00", "longdashdot", "star"),
)
"""For things of a kind side by side; more than these six are not told apart."""

SHADES = ((0.0, "#e3eff7"), (0.35, "#8fc3e2"), (0.7, "#0072b2"), (1.0, "#06304c"))
"""From little to much: one hue from light to dark, which every eye and a monochrome print order alike."""


SHADED = "#fdfdfd"
"""The ground of a field of shades: other than paper, so that it can stay light on a dark page, where the darkest shade,
which is the most, would not be seen."""


def faint(colour: str, opacity: float = 0.16) -> str:
    """Return a colour as an interval's ground: see-through."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def reviewed(*, simulated: bool) -> str:
    """Return in words what kind of review the statuses rest on."""
    return "simulated review" if simulated else "two-person review"


def counted(number: int, thing: str) -> str:
    """Return a number with its noun, in the plural where it is one: ``1 offence``, ``268 offences``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def money(pence: int) -> str:
    """Return integer pence as pounds without pence: ``£1,234``."""
    return f"£{pence / 100:,.0f}"


def room(values: Iterable[float]) -> float:
    """Return where an axis of bars from 0 ends, so that the longest bar's text has room after it."""
    return 1.16 * max(max(values, default=0.0), 1.0)


def name_rows(figure: go.Figure, names: Sequence[str]) -> None:
    """Name the rows of a figure at heights n, n - 1, ... 1, the first on top."""
    figure.update_yaxes(
        tickvals=list(range(len(names), 0, -1)),
        ticktext=list(names),
        range=[0.4, max(len(names), 1) + 0.6],
        automargin=True,
        fixedrange=True,
        ticks="",
        ticksuffix="  ",
        gridcolor=LINE,
        zeroline=False,
    )


def finish(figure: go.Figure, *, title: str, rests_on: str, alt: str, height: int) -> go.Figure:
    """Give a figure the house style.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        The figure; changed and returned.
    title : str
        What it shows.
    rests_on : str
        Its period, filter and count: the line under the title.
    alt : str
        One sentence for those who do not see it, kept in ``layout.meta``.
    height : int
        In pixels; the width is the reader's.
    """
    figure.update_layout(
        template="none",
        title={
            "text": f'<b>{title}</b><br><span style="font-size:12px;color:{MUTED}">{rests_on}</span>',
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"l": 0, "t": 16},
            "font": {"size": 14, "color": INK},
        },
        font={"family": FONT, "size": 12, "color": INK},
        height=height,
        autosize=True,
        margin={"l": 8, "r": 16, "t": 46 + 16 * (1 + rests_on.count("<br>")), "b": 64},
        paper_bgcolor=PAPER,
        plot_bgcolor=PAPER,
        hoverlabel={"bgcolor": INK, "bordercolor": INK, "font": {"color": PAPER, "family": FONT, "size": 12}},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 0,
            "yanchor": "bottom",
            "itemsizing": "constant",
            "yref": "container",
            "font": {"size": 12},
        },
        modebar={
            "remove": ["select2d", "lasso2d", "autoScale2d"],
            "bgcolor": "rgba(255,255,255,0.8)",
            "color": MUTED,
            "activecolor": INK,
        },
        meta={"description": alt},
    )
    return figure


def description(figure: go.Figure) -> str:
    """Return the sentence that describes a figure to those who do not see it; empty if it has none."""
    meta: dict[str, Any] | None = figure.layout.meta
    return "" if meta is None else str(meta.get("description", ""))
