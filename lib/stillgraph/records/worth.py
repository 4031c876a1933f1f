"""What a ranking is worth: how concentrated a measure is, how a list did in the next period, who is silent and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; each is ``None`` where there is too little to state it."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class TopShare:
    """What the first ``units`` hold of the whole, in percent; ``top_percent`` where they were asked for as a share."""

    units: int
    top_percent: float | None
    percent: Estimate


@dataclass(frozen=True, slots=True)
class PowerFew:
    """The fewest units that hold ``percent`` of the whole; ``units`` bounded by ``low`` and ``high`` (95 %)."""

    percent: float
    units: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Lorenz:
    """The Lorenz curve as points, at most some two hundred, each exactly on it, from (0, 0) to (1, 1).

    ``units`` and ``held`` ascend, of one shape (k,): the first share ``units[i]`` of the units, those who hold least
    first, holds the share ``held[i]`` of the whole. With fewer events than units some units must hold nothing: the
    most equal curve then runs along 0 up to ``equal_from`` and straight to (1, 1); else ``equal_from`` is 0. The
    generalised Gini measures from that curve.
    """

    units: tuple[float, ...]
    held: tuple[float, ...]
    equal_from: float


@dataclass(frozen=True, slots=True)
class Concentrated:
    """How unequally a measure is spread over units, those that hold nothing of it included.

    ``gini`` is the generalised one of Bernasco & Steenbeek (2017). Without a measure above zero, or with fewer than
    two units, ``gini`` is empty and there are neither shares nor curve.
    """

    units: int
    units_with_any: int
    events: int
    total: float
    gini: Estimate
    shares: tuple[TopShare, ...]
    few: tuple[PowerFew, ...]
    lorenz: Lorenz | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConcentrationReport:
    """How concentrated ``by`` is among ``of``, and what that rests on. ``notes`` are whole sentences."""

    of: str
    by: str
    since: date | None
    until: date | None
    scale: str
    found: Concentrated
    statement: str
    notes: tuple[str, ...]
    simulated: bool
