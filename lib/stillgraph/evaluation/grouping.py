"""How far groups that were found agree with known ones: the adjusted Rand index, with its interval over people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Agreement:
    """The adjusted Rand index of two groupings of ``people``: 1 for the same, about 0 for groupings by chance.

    ``low`` and ``high`` bound its 95 % interval over people; ``None`` where there is no pair to judge, or both
    groupings have everybody alone, or together. ``together``: pairs that the known groups put together; ``found``:
    those that the found ones do; ``both``: both.
    """

    people: int
    together: int
    found: int
    both: int
    value: float | None
    low: float | None
    high: float | None


def agreement(known: Mapping[str, str], found: Mapping[str, str], *, draws: int = DRAWS, seed: int = 0) -> Agreement:
    """Measure how far two groupings of people agree (Hubert and Arabie 1985).

    The interval is the 2.5th and 97.5th percentile over people drawn with replacement (Efron and Tibshirani 1993).
    Somebody drawn twice is no pair with themselves: that would agree in every grouping.

    Parameters
    ----------
    known
        The known group of each person.
    found
        The group that was found for each; a person without an entry is alone.
    draws, seed
        Of the interval.
    """
    people = sorted(known)
    one = _same([known[person] for person in people])
    # No group found has a name like this one: its first character ends no text.
    other = _same([found.get(person, f"\0{person}") for person in people])
    rng = np.random.default_rng(seed)
    size = len(people)
    weights = np.ones((1, size))
    if size:
        weights = np.vstack([weights, rng.multinomial(size, np.full(size, 1 / size), size=draws)])
    every = np.ones((size, size), dtype=np.bool_)
    pairs, together, grouped, both = (_pairs(weights, which) for which in (every, one, other, one & other))
    values = _adjusted(pairs, together, grouped, both)
    drawn = values[1:][np.isfinite(values[1:])]
    known_value = size > 1 and bool(np.isfinite(values[0]))
    return Agreement(
        people=size,
        together=int(together[0]),
        found=int(grouped[0]),
        both=int(both[0]),
        value=float(values[0]) if known_value else None,
        low=float(np.percentile(drawn, 2.5)) if known_value and len(drawn) else None,
        high=float(np.percentile(drawn, 97.5)) if known_value and len(drawn) else None,
    )


def _same(groups: list[str]) -> NDArray[np.bool_]:
    """Say of every two people whether their group is the same, shape (n, n)."""
    _, number = np.unique(np.array(groups, dtype=object), return_inverse=True) if groups else (None, np.zeros(0))
    return np.asarray(number[:, None] == number[None, :])


def _pairs(weights: Floats, which: NDArray[np.bool_]) -> Floats:
    """Return how many pairs of two people each draw has among those, shape (draws,)."""
    of_two = which & ~np.eye(len(which), dtype=np.bool_)
    return np.asarray(((weights @ of_two) * weights).sum(axis=1) / 2)


def _adjusted(pairs: Floats, together: Floats, grouped: Floats, both: Floats) -> Floats:
    """Return the index of each draw, NaN where it has no meaning."""
    by_chance = np.divide(together * grouped, pairs, out=np.zeros_like(pairs), where=pairs > 0)
    most = (together + grouped) / 2
    unlike = ~np.isclose(most, by_chance)
    return np.asarray(np.divide(both - by_chance, most - by_chance, out=np.full_like(pairs, np.nan), where=unlike))
