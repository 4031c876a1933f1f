"""Every person's place in the co-offending network, by columns.

Degree, strength and coreness (Seidman 1983) count; closeness follows Wasserman and Faust (1994, 5.2), harmonic
closeness Marchiori and Latora (2000), eigenvector centrality Bonacich (1972), PageRank Brin and Page (1998),
betweenness Freeman (1977), computed as Brandes (2001) does. Ways between persons count steps, whatever the number of
offences shared; eigenvector centrality and PageRank weigh pairs by it. All say where somebody stands among those whom
stills show together, never what part they played.

In a component of more than :data:`EXACT` persons, betweenness and both closenesses are estimated from pivots drawn
without replacement (Brandes and Pich 2007, Centrality estimation in large networks, with the scaling of Geisberger,
Sanders and Schultes 2008; Eppstein and Wang 2004 for closeness), with their sampling error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.stats import chi2, norm

from stillgraph.errors import WrongUse
from stillgraph.network.projection import adjacency
from stillgraph.records import Centrality, CoOffending

EXACT = 2000
"""Persons of a component up to which all ways in it are followed."""

PIVOTS = 500
"""Persons of a larger component whose ways are."""

DAMPING = 0.85

_CELLS = 4_000_000  # numbers held at once in one array while following ways: 32 MB
_STEPS = 5000
_KRYLOV, _RESTARTS = 24, 100
_SCALING = ((3, 10), (4, -15), (5, 6))
"""Powers of d(s, v) / d(s, t), and how often each goes to v on a way from s to t: see :func:`_followed`."""

_Z = float(norm.ppf(0.975))

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def centrality(found: CoOffending, *, exact: int = EXACT, pivots: int = PIVOTS, seed: int = 0) -> Centrality:
    """Return every measure of every person.

    Parameters
    ----------
    found
        The network.
    exact
        Persons of a component up to which betweenness and closeness are exact.
    pivots, seed
        How many persons of a larger component the estimates rest on, and what draws them.

    Returns
    -------
    Centrality
        ``betweenness`` (0 to 1) is the share of the pairs of others between whom this person lies on shortest ways;
        ``closeness`` that of Wasserman and Faust, ``harmonic`` the mean of 1 / distance to all others (0 to 1);
        ``eigenvector`` of length 1, 0 outside the components where it is greatest; ``pagerank`` sums to 1.

    Raises
    ------
    WrongUse
        Fewer than two pivots.
    """
    steps, weights = adjacency(found, weighted=False), adjacency(found)
    followed = ways(steps, exact=exact, pivots=pivots, seed=seed)
    return Centrality(
        degree=np.diff(steps.indptr).astype(np.int64),
        strength=np.rint(np.asarray(weights.sum(axis=1))).astype(np.int64).ravel(),
        coreness=coreness(steps),
        eigenvector=eigenvector(weights),
        pagerank=pagerank(weights),
        **{name: getattr(followed, name) for name in Ways.__dataclass_fields__},
    )


def coreness(matrix: Any) -> Ints:
    """Return the largest k for which each person is in a k-core: all have k co-offenders within it. int64, (n,)."""
    left = np.diff(matrix.indptr).astype(np.int64)
    core, there = np.zeros(len(left), np.int64), np.ones(len(left), np.bool_)
    k = 0
    while there.any():
        k = max(k, int(left[there].min()))
        out = np.flatnonzero(there & (left <= k))
        # Whoever has k or fewer goes, then whoever has that few because of it: whole waves at a time.
        while len(out):
            core[out], there[out] = k, False
            beside = matrix.indices[_ranges(matrix.indptr, out)]
            lost = np.bincount(beside, minlength=len(left))
            left -= lost
            out = np.flatnonzero(there & (lost > 0) & (left <= k))
    return core


def _ranges(indptr: Ints, rows: Ints) -> Ints:
    """Return the places in ``indices`` of some rows of a CSR matrix."""
    starts, sizes = indptr[rows], np.diff(indptr)[rows]
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.arange(sizes.sum()) + np.repeat(starts - before, sizes), dtype=np.int64)


def pagerank(matrix: Any, *, damping: float = DAMPING) -> Floats:
    """Return the share of a walk's time spent at each person, float64, (n,).

    The walk follows pairs by offences shared, and with probability 1 - ``damping``, or from somebody without a
    co-offender, goes on at anybody.
    """
    size = matrix.shape[0]
    if not size:
        return np.zeros(0)
    out = np.asarray(matrix.sum(axis=1)).ravel()
    inverse = np.divide(1.0, out, out=np.zeros(size), where=out > 0)
    rank = np.full(size, 1 / size)
    for _ in range(_STEPS):
        after = damping * (matrix @ (rank * inverse) + rank[out == 0].sum() / size) + (1 - damping) / size
        moved, rank = np.abs(after - rank).sum(), after
        # A contraction by ``damping`` a step: this leaves 1e-13 in all, and is reached in a few hundred.
        if moved < 1e-14:
            break
    return np.asarray(rank / rank.sum())


def eigenvector(matrix: Any, *, tolerance: float = 1e-11) -> Floats | None:
    """Return the principal eigenvector, of length 1, float64, (n,): Lanczos (1950), begun from equal shares.

    From such a beginning it is one vector also where several components have the same greatest eigenvalue. 0 without a
    pair. ``None`` where it has not settled: then two parts of the network are so nearly equal that the order between
    them would mean nothing.
    """
    size = matrix.shape[0]
    if matrix.nnz == 0:
        return np.zeros(size)
    vector = np.full(size, 1 / math.sqrt(size))
    for _ in range(_RESTARTS):
        basis, diagonal, beside = _krylov(matrix, vector)
        values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1))
        vector = vectors[:, -1] @ basis
        vector *= np.sign(vector.sum()) / np.linalg.norm(vector)
        if beside[-1] * abs(vectors[-1, -1]) <= tolerance * values[-1]:
            # What is left of components with a smaller eigenvalue is rounding.
            vector = np.where(vector > tolerance, vector, 0.0)
            return np.asarray(vector / np.linalg.norm(vector))
    return None


def _krylov(matrix: Any, vector: Floats) -> tuple[Floats, Floats, Floats]:
    """Return an orthonormal basis, shape (k, n), of the vector and what the matrix makes of it, and its k numbers."""
    basis = np.empty((_KRYLOV, len(vector)))
    diagonal: list[float] = []
    beside: list[float] = []
    basis[0] = vector
    while True:
        held = basis[: len(diagonal) + 1]
        after = matrix @ held[-1]
        diagonal.append(float(after @ held[-1]))
        # Twice is enough (Parlett 1980), whatever rounding did.
        for _ in range(2):
            after -= (held @ after) @ held
        beside.append(float(np.linalg.norm(after)))
        if len(held) == _KRYLOV or beside[-1] <= 1e-13 * max(abs(diagonal[0]), 1.0):
            return held, np.array(diagonal), np.array(beside)
        basis[len(held)] = after / beside[-1]


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Over sources: dependencies on each person, what each source reaches and how far, with squares; shape (n,)."""

    dependency: Floats
    squares: Floats
    inverse: Floats
    inverse_squares: Floats
    distance: Floats
    distance_squares: Floats
    greatest: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """The measures that rest on shortest ways: see :class:`~stillgraph.records.Centrality`."""

    betweenness: Floats
    betweenness_low: Floats
    betweenness_high: Floats
    closeness: Floats
    closeness_error: Floats
    harmonic: Floats
    harmonic_error: Floats
    sampled: NDArray[np.bool_]
    pivots: int
    bound: float | None


def ways(matrix: Any, *, exact: int = EXACT, pivots: int = PIVOTS, seed: int = 0) -> Ways:
    """Return what rests on shortest ways: exact where components are small, else from pivots.

    Parameters
    ----------
    matrix
        Who is joined to whom, CSR of shape (n, n), of ones: :func:`~stillgraph.network.adjacency`, not weighted.
    exact, pivots, seed
        As for :func:`centrality`.

    Raises
    ------
    WrongUse
        Fewer than two pivots.
    """
    if pivots < 2:
        raise WrongUse("An error can be stated from two pivots on: give more.")
    rng = np.random.default_rng(seed)
    size = matrix.shape[0]
    _, label = connected_components(matrix, directed=False)
    sizes = np.bincount(label, minlength=1)[label] if size else np.zeros(0, np.int64)
    between = np.zeros(size)
    far, far_error, harmonic, harmonic_error = (np.zeros(size) for _ in range(4))
    bounds = []
    large = np.unique(label[sizes > exact])
    for inside in _packed(label, sizes, exact):
        sums = _followed(matrix[inside][:, inside], *_every(label[inside]))
        between[inside], far[inside], harmonic[inside] = sums.dependency, sums.distance, sums.inverse
    low, high = between.copy(), between.copy()
    for inside in (np.flatnonzero(label == one) for one in large):
        many, used = len(inside), min(pivots, len(inside))
        drawn = np.sort(rng.choice(many, used, replace=False))
        sums = _followed(matrix[inside][:, inside], drawn, np.arange(used))
        # Each person's own ways are not between others: pivots other than the person count, used or used - 1 of them.
        others = used - np.isin(np.arange(many), drawn)
        fewer = np.sqrt(np.maximum(0, 1 - others / (many - 1)))
        between[inside] = sums.dependency * (many - 1) / others
        low[inside], high[inside] = between[inside], between[inside]
        if used < many:
            below, above = _gamma_interval(sums)
            low[inside], high[inside] = below * (many - 1) / others, above * (many - 1) / others
        far[inside] = sums.distance * (many - 1) / others
        far_error[inside] = _Z * (many - 1) * fewer * _error(sums.distance, sums.distance_squares, others)
        harmonic[inside] = sums.inverse * (many - 1) / others
        harmonic_error[inside] = _Z * (many - 1) * fewer * _error(sums.inverse, sums.inverse_squares, others)
        if used < many:
            # Hoeffding, over all persons of the component at once: a dependency lies between 0 and 2 (many - 2).
            widest = math.sqrt(math.log(2 * many * len(large) / 0.05) / (2 * (used - 1)))
            bounds.append(widest * (many - 1) * 2 * (many - 2))
    pairs = max((size - 1) * (size - 2), 1)
    reached = np.maximum(sizes - 1, 0)
    closeness = np.divide(reached, far, out=np.zeros(size), where=far > 0) * reached / max(size - 1, 1)
    return Ways(
        betweenness=between / pairs,
        betweenness_low=low / pairs,
        betweenness_high=np.minimum(high / pairs, 1),
        closeness=closeness,
        # A share of a number stays about the same share of its inverse.
        closeness_error=closeness * np.divide(far_error, far, out=np.zeros(size), where=far > 0),
        harmonic=harmonic / max(size - 1, 1),
        harmonic_error=harmonic_error / max(size - 1, 1),
        sampled=sizes > max(exact, pivots),
        pivots=min(pivots, int(sizes.max(initial=0))) if len(large) else 0,
        bound=max(bounds) / pairs if bounds else None,
    )


def _gamma_interval(sums: _Sums) -> tuple[Floats, Floats]:
    """Return bounds of the sum of dependencies, as of a sum of events of different weight (Fay and Feuer 1997).

    Dependencies are skewed: few sources tell much of somebody, so that a normal interval is too short and, where none
    was drawn, empty. As the greatest that could have been drawn counts twice the greatest seen.
    """
    total, squares = sums.dependency, sums.squares
    seen = sums.greatest > 0
    greatest = 2 * np.where(seen, sums.greatest, sums.greatest[seen].min() if seen.any() else 0.0)
    told = np.where(total > 0, total, 1)
    low = np.where(seen, squares / (2 * told) * chi2.ppf(0.025, 2 * told**2 / np.where(seen, squares, 1)), 0.0)
    wide, more = squares + greatest**2, total + greatest
    over = np.where(more > 0, more, 1)
    high = wide / (2 * over) * chi2.ppf(0.975, 2 * over**2 / np.where(wide > 0, wide, 1))
    return np.minimum(low, total), np.maximum(high, total)


def _error(total: Floats, squares: Floats, many: Ints) -> Floats:
    """Return the standard error of the mean of ``many`` numbers by their sums."""
    mean = total / many
    variance = np.maximum(squares / many - mean**2, 0) * many / np.maximum(many - 1, 1)
    return np.asarray(np.sqrt(variance / many))


def _packed(label: Ints, sizes: Ints, exact: int) -> list[Ints]:
    """Return the persons of small components, those of about equal size together, alone ones left out."""
    packed = []
    scale = np.ceil(np.log2(np.maximum(sizes, 1))).astype(np.int64)
    for one in np.unique(scale[(sizes > 1) & (sizes <= exact)]):
        inside = np.flatnonzero((scale == one) & (sizes > 1) & (sizes <= exact))
        packed.append(inside[np.argsort(label[inside], kind="stable")])
    return packed


def _every(label: Ints) -> tuple[Ints, Ints]:
    """Return every person as a source, the n-th of each component in one column: they cannot reach each other."""
    new = np.append(True, label[1:] != label[:-1])
    starts = np.flatnonzero(new)[np.cumsum(new) - 1]
    return np.arange(len(label)), np.arange(len(label)) - starts


def _followed(matrix: Any, sources: Ints, column: Ints) -> _Sums:
    """Follow shortest ways from sources (Brandes 2001), many at a time.

    Of a way from s to t over v, v gets a share that grows with x = d(s, v) / d(s, t): 6 x^5 - 15 x^4 + 10 x^3, twice.
    With that of the way back it is one, so that the sum over all sources is the plain one (Geisberger, Sanders and
    Schultes 2008, who take x, or a step at one half). Sources near v, of which few are drawn, then tell little: without
    it, whoever stands before a small branch would be rated half as high as long as no source lies in the branch.

    ``column`` (from 0 on) says which are followed in one array; those of a column are in different components.
    """
    size = matrix.shape[0]
    sums = _Sums(*(np.zeros(size) for _ in range(7)))
    width = max(1, _CELLS // max(size, 1))
    columns = int(column.max(initial=-1)) + 1
    for first in range(0, columns, width):
        among = (column >= first) & (column < first + width)
        _batch(matrix, sources[among], column[among] - first, min(width, columns - first), sums)
    return sums


def _batch(matrix: Any, sources: Ints, column: Ints, width: int, sums: _Sums) -> None:
    steps = np.full((matrix.shape[0], width), -1, np.int16)
    ways = np.zeros(steps.shape)
    steps[sources, column], ways[sources, column] = 0, 1.0
    front, step = ways.copy(), 0
    while True:
        arrived = matrix @ front
        new = (arrived > 0) & (steps < 0)
        if not new.any():
            break
        step += 1
        steps[new] = step
        front = np.where(new, arrived, 0.0)
        ways += front
    far = np.maximum(steps, 0).astype(np.float64)
    dependency = _dependency(matrix, steps, ways, step)
    near = np.divide(1.0, far, out=np.zeros(far.shape), where=far > 0)
    for values, plain, squares in (
        (dependency, sums.dependency, sums.squares),
        (near, sums.inverse, sums.inverse_squares),
        (far, sums.distance, sums.distance_squares),
    ):
        np.add(plain, values.sum(axis=1), out=plain)
        np.add(squares, np.einsum("ij,ij->i", values, values), out=squares)
    np.maximum(sums.greatest, dependency.max(axis=1), out=sums.greatest)


def _dependency(matrix: Any, steps: NDArray[np.int16], ways: Floats, last: int) -> Floats:
    """Return what each source (column) tells of each person (row), from how far they are and in how many ways."""
    flat, total = ways.ravel(), np.zeros(steps.size)
    at = [np.flatnonzero(steps.ravel() == step) for step in range(last + 1)]
    for power, factor in _SCALING:
        behind = np.zeros(steps.size)
        for back in range(last, 0, -1):
            share = np.zeros(steps.shape)
            share.ravel()[at[back]] = (float(back) ** -power + behind[at[back]]) / flat[at[back]]
            before = at[back - 1]
            behind[before] = flat[before] * (matrix @ share).ravel()[before]
            total[before] += 2 * factor * behind[before] * float(back - 1) ** power
    return total.reshape(steps.shape)
