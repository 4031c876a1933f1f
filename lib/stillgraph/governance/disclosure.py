"""Small counts in what is published: withheld, and so that no total gives them away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST = 5
"""The smallest count that is published: a smaller one may be somebody whom a neighbour would know."""


def withheld(counts: Sequence[int], least: int = LEAST) -> list[int | None]:
    """Return counts for publication: ``None`` in the place of one from 1 to ``least - 1``, and of what gives it away.

    Whoever knows the total takes the published counts from it. So at least two are withheld, where any is, and together
    they are more than their number: else all of them are 1. The next smallest goes with them until that holds; where it
    cannot, all are withheld. A zero says of nobody that they are there, and stays. (Primary and secondary cell
    suppression: Willenborg & de Waal, Elements of Statistical Disclosure Control, Springer 2001, ch. 4.)
    """
    order = sorted((count, place) for place, count in enumerate(counts) if count > 0)
    hidden = [place for count, place in order if count < least]
    rest = [place for count, place in order if count >= least]
    while hidden and (len(hidden) < 2 or sum(counts[place] for place in hidden) <= len(hidden)):
        if not rest:
            return [None] * len(counts)
        hidden.append(rest.pop(0))
    return [None if place in hidden else count for place, count in enumerate(counts)]


@dataclass(frozen=True, slots=True)
class Sum:
    """A count that is the sum of others, by their names, as every reader of the tables knows or can guess."""

    whole: str
    parts: tuple[str, ...]


def suppressed(
    counts: Mapping[str, int], shown: Collection[str], sums: Sequence[Sum], least: int = LEAST
) -> frozenset[str]:
    """Return which counts to withhold, of several tables that share counts, so that no small one can be worked out.

    A reader is taken to know every published count, every sum, that a withheld count is at least 1, and that one which
    no table has is at least 0. A count from 1 to ``least - 1``, in a table or only implied by a difference of two, must
    then have more than one value that fits: the extremes are found by integer programming (the intruder's problem:
    Willenborg & de Waal, Elements of Statistical Disclosure Control, Springer 2001, ch. 4; Fischetti & Salazar 2001).
    While one has not, the smallest count published beside it goes too. That a range can be worked out is not prevented.

    Parameters
    ----------
    counts
        Every count by name, those that no table shows included.
    shown
        The names that tables show.
    sums
        How the counts add up. Each must hold.

    Returns
    -------
    frozenset of str
        Names out of ``shown``.
    """
    hidden = {name for name in shown if 0 < counts[name] < least}
    small = sorted(name for name, count in counts.items() if 0 < count < least)
    while (told := _first_told(counts, shown, hidden, sums, small)) is not None:
        hidden.add(_beside(told, counts, shown, hidden, sums))
    return frozenset(hidden)


def _first_told(
    counts: Mapping[str, int], shown: Collection[str], hidden: Collection[str], sums: Sequence[Sum],
    small: Sequence[str],
) -> str | None:  # fmt: skip
    """Return a small count that only one value fits."""
    free = {name for name in counts if name in hidden or name not in shown}
    done: set[str] = set()
    for name in small:
        if name in done:
            continue
        part = _tied(name, free, sums)
        for one in sorted(part.intersection(small)):
            least, most = _range(one, part, counts, shown, sums)
            if least == most:
                return one
        done |= part
    return None


def _tied(name: str, free: Collection[str], sums: Sequence[Sum]) -> set[str]:
    """Return the unknown counts that sums tie to one, itself included."""
    found, before = {name}, 0
    while len(found) > before:
        before = len(found)
        for one in sums:
            among = {part for part in (one.whole, *one.parts) if part in free}
            if among & found:
                found |= among
    return found


def _range(
    name: str, part: Collection[str], counts: Mapping[str, int], shown: Collection[str], sums: Sequence[Sum]
) -> tuple[int, int]:
    """Return the least and the most that fits one unknown count, given all that is published."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    order = {one: at for at, one in enumerate(sorted(part))}
    rows, known = list[Any](), list[float]()
    for one in sums:
        signs = [(one.whole, 1), *((p, -1) for p in one.parts)]
        if not any(p in order for p, _ in signs):
            continue
        row, rest = np.zeros(len(order)), 0.0
        for p, sign in signs:
            if p in order:
                row[order[p]] += sign
            else:
                rest -= sign * counts[p]
        rows.append(row)
        known.append(rest)
    if not rows:
        return 0, sum(counts.values()) + 1
    # Nothing fits that is more than all there is in every table, so a bound there leaves no answer out that matters.
    most = float(sum(counts.values()) + 2)
    bounds = Bounds(np.array([1.0 if one in shown else 0.0 for one in order]), np.full(len(order), most))
    held = LinearConstraint(np.array(rows), np.array(known), np.array(known))
    ends = []
    for towards in (1.0, -1.0):
        target = np.zeros(len(order))
        target[order[name]] = towards
        found = milp(target, constraints=held, bounds=bounds, integrality=np.ones(len(order)))
        if found.x is None:
            raise ValueError("counts that are said to add up do not")
        ends.append(round(float(found.x[order[name]])))
    return ends[0], ends[1]


def _beside(
    told: str, counts: Mapping[str, int], shown: Collection[str], hidden: Collection[str], sums: Sequence[Sum]
) -> str:
    """Return the published count to withhold so that another is not told: the smallest in a sum with it."""
    free = {name for name in counts if name in hidden or name not in shown}
    for near in ({told}, _tied(told, free, sums)):
        choices = [
            (name == one.whole, counts[name], name)
            for one in sums
            if near.intersection((one.whole, *one.parts))
            for name in (one.whole, *one.parts)
            if name in shown and name not in hidden and counts[name] > 0
        ]
        if choices:
            return min(choices)[2]
    raise ValueError("nothing published gives the count away, so nothing need be withheld")
