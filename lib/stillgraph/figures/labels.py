"""Where to write the names of groups of points so that few of them run into each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

WIDTH_PX, CHARACTER_PX, LINE_PX, GAP_PX = 460.0, 6.4, 15.0, 9.0
"""A drawing's usual width, and a 12-pixel font's mean character, line and the gap to its point: to estimate with."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text, its place in the plot's own units, and where it stands from that place, in Plotly's words."""

    text: str
    x: float
    y: float
    position: str


@dataclass(frozen=True, slots=True)
class _Rectangle:
    left: float
    right: float
    low: float
    high: float

    def overlap(self, other: _Rectangle) -> float:
        """Return the area two rectangles share."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        tall = min(self.high, other.high) - max(self.low, other.low)
        return max(wide, 0.0) * max(tall, 0.0)


def beside(groups: Iterable[str], x: Sequence[float], y: Sequence[float]) -> list[Label]:
    """Place a label for each group of points: above, below, right or left of them, where it covers least.

    Parameters
    ----------
    groups : iterable of str
        Each point's group.
    x, y : sequence of float
        The points' coordinates; the plot is taken to be drawn with both axes about equally long in pixels.

    Returns
    -------
    list of Label
        One a group, in the order of their names. Each is placed after those before it and does not move them.
    """
    points = pd.DataFrame({"group": list(groups), "x": np.asarray(x), "y": np.asarray(y)})
    if points.empty:
        return []
    unit_x = max(float(np.ptp(points["x"])), 1e-9) / WIDTH_PX
    unit_y = max(float(np.ptp(points["y"])), 1e-9) / WIDTH_PX
    taken = [
        _Rectangle(px - GAP_PX * unit_x, px + GAP_PX * unit_x, py - GAP_PX * unit_y, py + GAP_PX * unit_y)
        for px, py in zip(points["x"], points["y"], strict=True)
    ]
    placed = []
    for name, own in points.groupby("group", sort=True):
        choices = _choices(str(name), own, unit_x, unit_y)
        label, box = min(choices, key=lambda choice: sum(choice[1].overlap(other) for other in taken))
        taken.append(box)
        placed.append(label)
    return placed


def _choices(name: str, own: pd.DataFrame, unit_x: float, unit_y: float) -> list[tuple[Label, _Rectangle]]:
    wide, tall = len(name) * CHARACTER_PX * unit_x, LINE_PX * unit_y
    out_x, out_y = GAP_PX * unit_x, GAP_PX * unit_y
    middle_x, middle_y = float(own["x"].mean()), float(own["y"].mean())
    top, bottom = float(own["y"].max()) + out_y, float(own["y"].min()) - out_y
    right, left = float(own["x"].max()) + out_x, float(own["x"].min()) - out_x
    return [
        (
            Label(name, middle_x, top, "top center"),
            _Rectangle(middle_x - wide / 2, middle_x + wide / 2, top, top + tall),
        ),
        (
            Label(name, middle_x, bottom, "bottom center"),
            _Rectangle(middle_x - wide / 2, middle_x + wide / 2, bottom - tall, bottom),
        ),
        (
            Label(name, right, middle_y, "middle right"),
            _Rectangle(right, right + wide, middle_y - tall / 2, middle_y + tall / 2),
        ),
        (
            Label(name, left, middle_y, "middle left"),
            _Rectangle(left - wide, left, middle_y - tall / 2, middle_y + tall / 2),
        ),
    ]
