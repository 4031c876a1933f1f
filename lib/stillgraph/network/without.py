"""What the past amounts to without some persons: their offences taken away, and who is then still joined to whom.

This is arithmetic on what happened. It is no forecast: somebody who stops may be replaced, an offence with others
might have happened all the same, and links may not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from stillgraph.errors import NotFound, WrongUse
from stillgraph.network.projection import rows_together
from stillgraph.records import Amount, Connected, DrawnLinks, LinkTable, PersonId, Touched, WhatIf

NOTE = (
    "Arithmetic on offences that have happened, not a forecast: others may take the place of whoever stops, and an "
    "offence with others linked might have happened without them."
)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def without(
    links: LinkTable, removed: Sequence[PersonId], *, worlds: Iterable[DrawnLinks] = (), proactive: bool = True
) -> WhatIf:
    """Say what offences, harm, value and connections the links hold with and without some persons.

    Offences are counted both ways: all that any of the persons is linked to, and those of them with nobody else
    linked. Each offence counts once, whoever and how many are linked to it.

    Parameters
    ----------
    links
        The links. Of them everybody's own count; what proposed joins repeat counts in drawn worlds only, where it is
        drawn who is whom.
    removed
        Who is taken away. Where a world has one of them be part of somebody else, that person is.
    worlds
        Drawn worlds, for the intervals: 2.5th and 97.5th percentile over them, widened to the figure itself where it
        lies outside. As links can fail but none is added, figures lie high among worlds of corroborated links.
    proactive
        ``False`` leaves proactively detected offences out of days of harm.

    Raises
    ------
    WrongUse
        Nobody is named, or a world has another number of links.
    NotFound
        Somebody named has no link.
    """
    if not removed:
        raise WrongUse("Say who is taken away: name one person at least.")
    past = _past(links, proactive=proactive)
    gone = _gone(links, past.person, removed)
    everything = DrawnLinks(np.ones(len(past.person), np.bool_), np.arange(len(links.persons)))
    figure = _figures(past, everything, gone)
    drawn = [_figures(past, world, gone) for world in worlds]
    low, high = _bounds(figure, drawn)
    said = iter(
        Amount(float(value), None if low is None else float(low[n]), None if high is None else float(high[n]))
        for n, value in enumerate(figure)
    )
    touched = [Touched(*(next(said) for _ in range(6))) for _ in range(3)]
    connected = [Connected(*(next(said) for _ in range(5))) for _ in range(2)]
    return WhatIf(
        removed=tuple(one for one, out in zip(links.persons, gone.tolist(), strict=True) if out),
        all_linked=touched[0], theirs=touched[1], only_theirs=touched[2],
        before=connected[0], after=connected[1], left_alone=_left_alone(past, everything, gone),
        worlds=len(drawn), note=NOTE,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    """Everybody's own links, columns of shape (m,); the pairs of them on one offence; and what offences amount to."""

    person: Ints
    offence: Ints
    first: Ints
    second: Ints
    amounts: Floats


def _past(links: LinkTable, *, proactive: bool) -> _Past:
    own = links.join < 0
    person, offence = links.person[own].astype(np.int64), links.offence[own].astype(np.int64)
    harm = np.where(links.offences.proactive & (not proactive), 0.0, links.offences.harm_days)
    first, second = rows_together(person, person, offence)
    amounts = np.vstack([np.ones(len(harm)), harm, links.offences.value_pence.astype(np.float64)])
    return _Past(person, offence, first, second, amounts)


def _gone(links: LinkTable, person: Ints, removed: Sequence[PersonId]) -> Bools:
    """Say of each person whether they are taken away, shape (n,)."""
    linked = np.bincount(person, minlength=len(links.persons)) > 0
    number = {one: n for n, one in enumerate(links.persons) if linked[n]}
    for one in removed:
        if one not in number:
            raise NotFound(f"{one} has no link to an offence here; name persons who have, or ask with proposals.")
    gone = np.zeros(len(links.persons), np.bool_)
    gone[[number[one] for one in removed]] = True
    return gone


def _figures(past: _Past, world: DrawnLinks, removed: Bools) -> Floats:
    """Return every figure in a world, in the order of the result, float64 of shape (28,)."""
    if world.holds.shape != past.person.shape:
        raise WrongUse("A world says of everybody's own links which hold; draw worlds from the same links.")
    gone = np.zeros(len(removed), np.bool_)
    gone[world.part_of[removed]] = True
    person, offence = world.part_of[past.person[world.holds]], past.offence[world.holds]
    size, many, theirs = len(gone), past.amounts.shape[1], gone[person]
    by_them = np.bincount(offence[theirs], minlength=many) > 0
    by_others = np.bincount(offence[~theirs], minlength=many) > 0
    totals = [past.amounts[:, one].sum(axis=1) for one in (by_them | by_others, by_them, by_them & ~by_others)]
    shares = [np.divide(one, totals[0], out=np.zeros(3), where=totals[0] > 0) for one in totals]
    linked = np.bincount(person, minlength=size) > 0
    one, other = _pairs(past, world)
    kept = ~gone[one] & ~gone[other]
    return np.concatenate(
        [
            *(np.concatenate(pair) for pair in zip(totals, shares, strict=True)),
            _connected(linked, one, other),
            _connected(linked & ~gone, one[kept], other[kept]),
        ]
    )


def _pairs(past: _Past, world: DrawnLinks) -> tuple[Ints, Ints]:
    """Return the pairs of persons on one offence in a world, each once."""
    both = world.holds[past.first] & world.holds[past.second]
    a, b = world.part_of[past.person[past.first[both]]], world.part_of[past.person[past.second[both]]]
    apart = a != b
    size = max(len(world.part_of), 1)
    pairs = np.unique(np.minimum(a, b)[apart] * size + np.maximum(a, b)[apart])
    return pairs // size, pairs % size


def _connected(linked: Bools, one: Ints, other: Ints) -> Floats:
    persons = int(linked.sum())
    joined = sparse.coo_array((np.ones(len(one), np.int8), (one, other)), shape=(len(linked), len(linked)))
    _, label = connected_components(joined, directed=False)
    sizes = np.bincount(label[linked]).astype(np.float64)
    sizes = sizes[sizes > 0]
    reachable = float((sizes * (sizes - 1)).sum()) / (persons * (persons - 1)) if persons > 1 else 0.0
    return np.array([persons, len(one), len(sizes), sizes.max(initial=0), reachable])


def _bounds(figure: Floats, drawn: Sequence[Floats]) -> tuple[Floats | None, Floats | None]:
    if not drawn:
        return None, None
    low = np.percentile(np.array(drawn), 2.5, axis=0, method="lower")
    high = np.percentile(np.array(drawn), 97.5, axis=0, method="higher")
    return np.minimum(low, figure), np.maximum(high, figure)


def _left_alone(past: _Past, everything: DrawnLinks, gone: Bools) -> int:
    """Return how many had co-offenders, all of whom are taken away."""
    one, other = _pairs(past, everything)
    beside = np.bincount(np.concatenate([one, other]), minlength=len(gone))
    kept = ~gone[one] & ~gone[other]
    left = np.bincount(np.concatenate([one[kept], other[kept]]), minlength=len(gone))
    return int(((beside > 0) & (left == 0) & ~gone).sum())
