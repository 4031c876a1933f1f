"""Curves of error rates as small drawings: the trade-off between both errors, and the hit rate by rank."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stillgraph.casework.sketches import INK, LINE, MUTED, Dot, Sketch, Stroke, Word
from stillgraph.evaluation.searches import Curve
from stillgraph.records import Rate

COLOURS = ("#0072b2", "#d55e00", "#00795a", "#a34d85", "#75818d")
"""Of curves side by side, those of the figures; each is named where it ends, so that colour is not needed alone."""

LEFT, TOP, ROOM = 14.0, 4.0, 30.0
DECADES = (0.001, 0.01, 0.1, 1.0)


def det(curves: Mapping[str, Curve], *, width: float = 120.0, height: float = 70.0) -> Sketch:
    """Draw FNIR over FPIR, by name, with FPIR on a logarithmic axis from 0.1 %."""
    across, down = width - LEFT - ROOM, height - TOP - 12

    def at(fpir: float, fnir: float) -> tuple[float, float]:
        place = (math.log10(max(fpir, DECADES[0])) + 3) / 3
        return LEFT + place * across, TOP + (1 - fnir) * down

    shapes: list[Stroke | Dot | Word] = []
    for decade in DECADES:
        x = at(decade, 0)[0]
        shapes += [
            Stroke(((x, TOP), (x, TOP + down)), LINE, 0.2),
            Word(x, TOP + down + 4, f"{100 * decade:g} %", 2.3, "middle", MUTED),
        ]
    shapes += _levels(LEFT, across, down)
    for colour, (name, curve) in zip(COLOURS, curves.items(), strict=False):
        points = tuple(at(x, y) for x, y in zip(curve.fpir, curve.fnir, strict=True))
        shapes += [
            Stroke(points, colour, 0.5),
            Word(LEFT + across + 1.5, points[-1][1] + 0.8, name, 2.3, colour=colour),
        ]
    shapes.append(
        Word(LEFT + across / 2, TOP + down + 8.5, "FPIR: searches for a stranger that return anybody", 2.4, "middle")
    )
    alt = f"FNIR over FPIR of {', '.join(curves)}; the numbers are in the tables."
    return Sketch(width, height, tuple(shapes), alt)


def cmc(rates: Mapping[str, Mapping[str, Rate]], *, width: float = 120.0, height: float = 60.0) -> Sketch:
    """Draw the hit rate by rank, by name, with its intervals, on a logarithmic axis of ranks."""
    across, down = width - LEFT - ROOM, height - TOP - 12
    ranks = sorted({int(rank) for one in rates.values() for rank in one})
    last = math.log(max(ranks[-1], 2))

    def at(rank: int, share: float) -> tuple[float, float]:
        return LEFT + math.log(rank) / last * across, TOP + (1 - share) * down

    shapes: list[Stroke | Dot | Word] = [*_levels(LEFT, across, down)]
    shapes += [Word(at(rank, 0)[0], TOP + down + 4, str(rank), 2.3, "middle", MUTED) for rank in ranks]
    for colour, (name, one) in zip(COLOURS, rates.items(), strict=False):
        known = [(int(rank), rate) for rank, rate in one.items() if rate.value is not None]
        for rank, rate in known:
            shapes.append(Stroke((at(rank, rate.low or 0), at(rank, rate.high or 0)), colour, 0.3))
            shapes.append(Dot(*at(rank, rate.value or 0), 0.7, colour, colour))
        shapes.append(Stroke(tuple(at(rank, rate.value or 0) for rank, rate in known), colour, 0.4))
        if known:
            end = at(known[-1][0], known[-1][1].value or 0)
            shapes.append(Word(LEFT + across + 1.5, end[1] + 0.8, name, 2.3, colour=colour))
    shapes.append(Word(LEFT + across / 2, TOP + down + 8.5, "within rank; bars: 95 % intervals", 2.4, "middle", INK))
    return Sketch(
        width, height, tuple(shapes), f"Hit rate by rank of {', '.join(rates)}; the numbers are in the tables."
    )


def _levels(
    left: float, across: float, down: float, levels: Sequence[float] = (0, 0.25, 0.5, 0.75, 1)
) -> list[Stroke | Dot | Word]:
    shapes: list[Stroke | Dot | Word] = []
    for level in levels:
        y = TOP + (1 - level) * down
        shapes += [
            Stroke(((left, y), (left + across, y)), LINE, 0.2),
            Word(left - 1.5, y + 0.9, f"{100 * level:.0f} %", 2.3, "end", MUTED),
        ]
    return shapes
