"""Small drawings as values: set as SVG in HTML pages and as vectors in PDF, the same lines in both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from stillgraph.casework import printing
from stillgraph.records import Explanation, LinkStatus, Lorenz, PackNode, PackPair, WhyOffence

INK, MUTED, LINE = "#1b2733", "#52606d", "#d5dce3"

COLOURS: Mapping[LinkStatus, str] = {
    LinkStatus.CORROBORATED: "#0072b2",
    LinkStatus.PROPOSED: "#d55e00",
    LinkStatus.UNKNOWN: "#5f6b76",
}
"""Of a link's status: those of the figures (Okabe and Ito 2008), told apart under colour vision deficiency."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points; closed and filled where there is a fill."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 0.3
    fill: str | None = None
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle, hollow without a fill."""

    x: float
    y: float
    radius: float
    colour: str
    fill: str | None


@dataclass(frozen=True, slots=True)
class Word:
    """A text; ``anchor`` is ``start``, ``middle`` or ``end``."""

    x: float
    y: float
    text: str
    size: float = 2.4
    anchor: str = "start"
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing in millimetres, y downwards; ``alt`` says in words what it shows."""

    width: float
    height: float
    shapes: tuple[Stroke | Dot | Word, ...]
    alt: str


def timeline(pages: Sequence[Explanation], first: date, last: date, *, width: float = printing.WIDTH_MM) -> Sketch:
    """Draw a row a person with a dot an offence; the area of a dot grows with the days of harm.

    Parameters
    ----------
    first, last
        Ends of the axis.
    """
    left, right, row, top = (24.0 if len(pages) > 1 else 3.0), 4.0, 7.0, 3.0
    days = max((last - first).days, 1)
    height = top + row * len(pages) + 7
    foot = top + row * len(pages)

    def at(day: date) -> float:
        return left + (width - left - right) * (day - first).days / days

    shapes: list[Stroke | Dot | Word] = []
    for month, labelled in _months(first, last):
        shapes.append(Stroke(((at(month), top), (at(month), foot)), LINE, 0.2))
        if labelled:
            shapes.append(Word(at(month), foot + 4, f"{month:%b %Y}", 2.2, "middle", MUTED))
    for n, page in enumerate(pages):
        y = top + row * (n + 0.5)
        shapes.append(Stroke(((left, y), (width - right, y)), LINE, 0.2))
        if len(pages) > 1:
            shapes.append(Word(left - 2, y + 0.9, short(page.person_id, 14), 2.3, "end"))
        for arrest in page.arrests:
            if first <= arrest.arrested_on <= last:
                x = at(arrest.arrested_on)
                shapes.append(Stroke(((x, y - 2.2), (x, y + 2.2)), INK, 0.5))
        for offence in page.offences:
            colour = COLOURS[offence.status]
            shapes.append(
                Dot(at(offence.occurred_at.date()), y, _radius(offence.harm_days), colour, _fill(offence, colour))
            )
    told = f"{sum(len(page.offences) for page in pages)} offences of {len(pages)} persons from {first} to {last}"
    return Sketch(width, height, tuple(shapes), f"Timeline: {told}; bars are arrests.")


def _months(first: date, last: date) -> list[tuple[date, bool]]:
    """Return the first days of the months between, and whether each is named: at most a dozen are."""
    months = []
    month = date(first.year, first.month, 1)
    while month <= last:
        if month >= first:
            months.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    step = max(1, math.ceil(len(months) / 12))
    return [(month, n % step == 0) for n, month in enumerate(months)]


def _radius(harm_days: float) -> float:
    return 0.8 + min(1.6, 0.085 * math.sqrt(harm_days))


def _fill(offence: WhyOffence, colour: str) -> str | None:
    return colour if offence.counts else None


def journey(page: Explanation, *, width: float = 84.0, height: float = 50.0) -> Sketch | None:
    """Draw where a person's offences were, in the order of time; ``None`` with fewer than two places."""
    stops = [(o.longitude, o.latitude) for o in page.offences]
    if len(set(stops)) < 2:
        return None
    inner, scale, middle = _fitted(stops, width - 12, height - 12)
    points = [(width / 2 + (x - middle[0]) * scale, height / 2 - (y - middle[1]) * scale) for x, y in inner]
    shapes: list[Stroke | Dot | Word] = [
        Stroke(
            ((0.3, 0.3), (width - 0.3, 0.3), (width - 0.3, height - 0.3), (0.3, height - 0.3), (0.3, 0.3)), LINE, 0.2
        ),
        Stroke(tuple(points), MUTED, 0.25),
    ]
    numbers: dict[tuple[float, float], list[int]] = {}
    for n, point in enumerate(points, start=1):
        numbers.setdefault(point, []).append(n)
    for point, visits in numbers.items():
        offence = page.offences[visits[-1] - 1]
        colour = COLOURS[offence.status]
        shapes.append(Dot(*point, 0.9 + 0.35 * math.sqrt(len(visits)), colour, _fill(offence, colour)))
        told = ", ".join(map(str, visits[:3])) + (f" +{len(visits) - 3}" if len(visits) > 3 else "")
        shapes.append(Word(point[0] + 1.8, point[1] - 1.4, told, 2.2))
    bar = _bar(scale)
    shapes += [
        Stroke(((3, height - 3), (3 + bar * scale, height - 3)), INK, 0.4),
        Word(3, height - 4, f"{bar:g} km", 2.2, "start", MUTED),
    ]
    return Sketch(
        width, height, tuple(shapes), f"{len(numbers)} places of {len(points)} offences, numbered in the order of time."
    )


def _fitted(
    stops: Sequence[tuple[float, float]], width: float, height: float
) -> tuple[list[tuple[float, float]], float, tuple[float, float]]:
    """Return places in kilometres (equirectangular about their middle), millimetres a kilometre, and the middle."""
    latitude = math.radians(sum(y for _, y in stops) / len(stops))
    km = [(111.32 * math.cos(latitude) * x, 110.57 * y) for x, y in stops]
    xs, ys = [x for x, _ in km], [y for _, y in km]
    across, up = max(xs) - min(xs), max(ys) - min(ys)
    scale = min(width / max(across, 0.05), height / max(up, 0.05))
    return km, scale, ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)


def _bar(scale: float) -> float:
    """Return a round number of kilometres whose bar is about 15 mm long."""
    wanted = 15 / scale
    power = 10 ** math.floor(math.log10(wanted))
    return float(next((step * power for step in (5, 2, 1) if step * power <= wanted), power))


def network(nodes: Sequence[PackNode], pairs: Sequence[PackPair], *, width: float = printing.WIDTH_MM) -> Sketch:
    """Draw persons with a page and whoever is on the same stills; a line's width grows with the offences shared."""
    height = 112.0

    def at(node: PackNode) -> tuple[float, float]:
        return width / 2 + node.x * (width / 2 - 16), height / 2 - node.y * (height / 2 - 8)

    places = {node.person_id: at(node) for node in nodes}
    shapes: list[Stroke | Dot | Word] = [
        Stroke((places[pair.one], places[pair.other]), COLOURS[pair.status], 0.25 + 0.3 * math.log2(pair.offences + 1))
        for pair in pairs
    ]
    for node in nodes:
        x, y = places[node.person_id]
        colour = COLOURS[node.status]
        shapes.append(Dot(x, y, 2.0 if node.has_page else 1.2, colour, colour if node.has_page else "#ffffff"))
    shapes += [
        Word(places[n.person_id][0], places[n.person_id][1] - 2.8, short(n.person_id, 16), 2.4, "middle")
        for n in nodes
        if n.has_page or len(nodes) <= 60
    ]
    return Sketch(width, height, tuple(shapes), f"{len(nodes)} persons, {len(pairs)} pairs on stills of one offence.")


def lorenz(curve: Lorenz, *, width: float = 78.0, height: float = 70.0) -> Sketch:
    """Draw a Lorenz curve beside the most equal one there could be."""
    left, top, side_x, side_y = 12.0, 4.0, width - 18, height - 16

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * side_x, top + (1 - y) * side_y

    shapes: list[Stroke | Dot | Word] = [
        Stroke((at(0, 0), at(1, 0), at(1, 1), at(0, 1), at(0, 0)), LINE, 0.2),
        Stroke((at(0, 0), at(curve.equal_from, 0), at(1, 1)), MUTED, 0.3, dashed=True),
        Stroke(
            tuple(at(x, y) for x, y in zip(curve.units, curve.held, strict=True)), COLOURS[LinkStatus.CORROBORATED], 0.6
        ),
    ]
    for tick in (0, 0.5, 1):
        shapes.append(Word(at(tick, 0)[0], top + side_y + 4, f"{tick:.0%}", 2.3, "middle", MUTED))
        shapes.append(Word(left - 1.5, at(0, tick)[1] + 0.9, f"{tick:.0%}", 2.3, "end", MUTED))
    shapes.append(Word(left + side_x / 2, top + side_y + 8, "persons, those with least first", 2.4, "middle", MUTED))
    return Sketch(width, height, tuple(shapes), "Lorenz curve; dashed, the most equal spread there could be.")


def short(text: str, most: int) -> str:
    """Return a text, cut off with an ellipsis where it is longer than ``most`` characters."""
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def svg(sketch: Sketch) -> Markup:
    """Return a drawing as SVG, its texts escaped."""
    parts = [
        Markup('<svg viewBox="0 0 {} {}" style="max-width:{}mm" role="img" aria-label="{}">').format(
            _n(sketch.width), _n(sketch.height), _n(sketch.width), sketch.alt
        )
    ]
    parts += [_svg(shape) for shape in sketch.shapes]
    return Markup("").join([*parts, Markup("</svg>")])


def _svg(shape: Stroke | Dot | Word) -> Markup:
    if isinstance(shape, Stroke):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
        dash = Markup(' stroke-dasharray="1.5 1"') if shape.dashed else ""
        return Markup('<polyline points="{}" stroke="{}" stroke-width="{}" fill="{}"{}/>').format(
            points, shape.colour, _n(shape.width), shape.fill or "none", dash
        )
    if isinstance(shape, Dot):
        return Markup('<circle cx="{}" cy="{}" r="{}" stroke="{}" stroke-width="0.4" fill="{}"/>').format(
            _n(shape.x), _n(shape.y), _n(shape.radius), shape.colour, shape.fill or "#ffffff"
        )
    return Markup('<text x="{}" y="{}" font-size="{}" text-anchor="{}" fill="{}">{}</text>').format(
        _n(shape.x), _n(shape.y), _n(shape.size), shape.anchor, shape.colour, shape.text
    )


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def flowable(sketch: Sketch) -> Any:
    """Return a drawing for a PDF page."""
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib.units import mm

    drawing = Drawing(sketch.width * mm, sketch.height * mm)
    for shape in sketch.shapes:
        drawing.add(_vector(shape, sketch.height, mm))
    return drawing


def _vector(shape: Stroke | Dot | Word, height: float, mm: float) -> Any:
    from reportlab.graphics.shapes import Circle, PolyLine, String
    from reportlab.lib.colors import HexColor

    if isinstance(shape, Stroke):
        flat = [number for x, y in shape.points for number in (x * mm, (height - y) * mm)]
        dash = [1.5 * mm, mm] if shape.dashed else None
        return PolyLine(flat, strokeColor=HexColor(shape.colour), strokeWidth=shape.width * mm, strokeDashArray=dash)
    if isinstance(shape, Dot):
        return Circle(
            shape.x * mm, (height - shape.y) * mm, shape.radius * mm, strokeColor=HexColor(shape.colour),
            strokeWidth=0.4 * mm, fillColor=HexColor(shape.fill or "#ffffff"),
        )  # fmt: skip
    return String(
        shape.x * mm, (height - shape.y) * mm, printing.spelled(shape.text), fontName=printing.fonts()[0],
        fontSize=shape.size * mm, textAnchor=shape.anchor, fillColor=HexColor(shape.colour),
    )  # fmt: skip
