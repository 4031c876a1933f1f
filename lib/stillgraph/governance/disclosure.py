"""Small counts in what is published: withheld, and so that no total gives them away."""

from __future__ import annotations

from collections.abc import Sequence

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
