"""A place on a drawing for every node: each component laid out by itself, then packed, the large ones first.

Distances on the drawing are for the eye and measure nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components, shortest_path
from scipy.spatial import cKDTree

DENSE = 300
"""Nodes up to which a component's forces are computed between every two of them."""
STEPS_DENSE, STEPS_SPARSE = 120, 50
SMOOTHING = 40
ASPECT = 1.6
"""Width over height of the drawing."""
_MARGIN = np.array([1.1, 1.3])  # between components, in lengths of a link
_CELLS = 2_000_000  # pairs of nodes held at once
_NEAR = 2.5
_GRID = 20

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Parts:
    """Nodes sorted by component: component ``c`` has ``nodes[starts[c]:starts[c] + sizes[c]]``."""

    nodes: Ints
    starts: Ints
    sizes: Ints


def spread(edges: NDArray[np.integer], nodes: int, *, seed: int = 0) -> Floats:
    """Place every node: the same for the same edges and seed.

    Springs of one length pull linked nodes together and all nodes of a component push each other apart (Fruchterman &
    Reingold 1991, "Graph drawing by force-directed placement", Software: Practice and Experience 21, 1129-1164), from
    classical scaling of the distances in the graph, in components of more than :data:`DENSE` nodes from the Laplacian's
    first eigenvectors. There the push of far nodes is summed by cells of a grid. Components are packed in rows.

    Parameters
    ----------
    edges
        Shape (m, 2), node numbers from 0; an edge given twice is one, a node's edge to itself none.
    nodes
        How many there are; those without an edge get a place too.
    seed
        Of the small push that parts nodes which would lie on one another.

    Returns
    -------
    ndarray of float64, shape (nodes, 2)
        Between -1 and 1 across, and as much less the other way as :data:`ASPECT` says.
    """
    places = np.zeros((nodes, 2))
    if nodes == 0:
        return places
    adjacency = _adjacency(np.asarray(edges, dtype=np.int64).reshape(-1, 2), nodes)
    parts = _parts(adjacency)
    rng = np.random.default_rng(seed)
    for size in np.unique(parts.sizes):
        ofsize = np.flatnonzero(parts.sizes == size)
        members = parts.nodes[parts.starts[ofsize][:, None] + np.arange(size)]
        if size > DENSE:
            for own in members:
                places[own] = _upright(_sparse(adjacency[own][:, own], rng)[None])[0]
        elif size > 1:
            jitter = rng.normal(scale=0.05, size=(size, 2))
            batch = max(1, _CELLS // int(size) ** 2)
            for at in range(0, len(members), batch):
                some = members[at : at + batch]
                places[some] = _upright(_dense(_links_of(adjacency, some), jitter))
    return _packed(places, parts)


def _adjacency(edges: Ints, nodes: int) -> csr_array:
    one, other = edges[edges[:, 0] != edges[:, 1]].T
    ends = (np.concatenate([one, other]), np.concatenate([other, one]))
    linked = coo_array((np.ones(len(ends[0])), ends), shape=(nodes, nodes)).tocsr()
    linked.data[:] = 1.0  # an edge given twice was summed
    return linked


def _parts(adjacency: csr_array) -> _Parts:
    count, labels = connected_components(adjacency, directed=False)
    sizes = np.bincount(labels, minlength=count)
    order = np.argsort(labels, kind="stable")
    return _Parts(order.astype(np.int64), (np.cumsum(sizes) - sizes).astype(np.int64), sizes.astype(np.int64))


def _links_of(adjacency: csr_array, members: Ints) -> Floats:
    """Return the links within components of one size as a dense array, shape (components, size, size)."""
    count, size = members.shape
    flat = adjacency[members.ravel()]
    inside = np.full(adjacency.shape[0], -1)
    inside[members.ravel()] = np.tile(np.arange(size), count)
    made = np.zeros((count, size, size))
    row = np.repeat(np.arange(count * size), np.diff(flat.indptr))
    made[row // size, row % size, inside[flat.indices]] = 1.0
    return made


def _dense(links: Floats, jitter: Floats) -> Floats:
    """Lay out components of one size at once; ``links`` and the result have shape (b, k, k) and (b, k, 2)."""
    places = _scaled(links) + jitter
    size = links.shape[1]
    for step in range(STEPS_DENSE):
        apart = places[:, :, None, :] - places[:, None, :, :]
        squared = np.maximum((apart**2).sum(axis=-1), 1e-4)
        # Push 1/d and pull d**2, both along apart / d.
        force = (apart * (1 / squared - links * np.sqrt(squared))[..., None]).sum(axis=2)
        places += _bounded(force, 0.5 * np.sqrt(size) * (1 - step / STEPS_DENSE) ** 1.5)
    return places


def _scaled(links: Floats) -> Floats:
    """Classical scaling of the components' distances along links: a start without knots."""
    far = np.stack([shortest_path(one, unweighted=True, directed=False) for one in links])
    squared = far**2
    centred = -0.5 * (
        squared
        - squared.mean(axis=1, keepdims=True)
        - squared.mean(axis=2, keepdims=True)
        + squared.mean(axis=(1, 2), keepdims=True)
    )
    values, vectors = np.linalg.eigh(centred)
    return np.asarray(vectors[:, :, -2:] * np.sqrt(np.maximum(values[:, None, -2:], 0)))


def _sparse(links: csr_array, rng: np.random.Generator) -> Floats:
    """Lay out one large component; its result has shape (k, 2)."""
    size = links.shape[0]
    one, other = coo_array(links).coords
    vectors = _smooth(links, rng)
    places: Floats = vectors / np.maximum(np.abs(vectors).max(axis=0), 1e-12)
    # Eigenvectors crowd the many in the middle: half the way to their ranks, which are spread evenly.
    even = 2 * np.argsort(np.argsort(places, axis=0, kind="stable"), axis=0, kind="stable") / size - 1
    places = (0.3 * places + 0.7 * even) * 0.7 * np.sqrt(size) + rng.normal(scale=0.1, size=(size, 2))
    for step in range(STEPS_SPARSE):
        pull = places[other] - places[one]
        pull = pull * np.sqrt((pull**2).sum(axis=1))[:, None]
        pulled = np.column_stack([np.bincount(one, weights=pull[:, axis], minlength=size) for axis in (0, 1)])
        places = places + _bounded(pulled + _push(places), 3.0 * (1 - step / STEPS_SPARSE) ** 1.5 + 0.02)
    return np.asarray(places)


def _smooth(links: csr_array, rng: np.random.Generator) -> Floats:
    """Return two vectors that change little along links, shape (k, 2): near the Laplacian's first but for the constant.

    By a bounded number of steps of subspace iteration: eigenvectors to full precision take minutes where a network is
    long and thin, and nothing of them is left after the forces.
    """
    size = links.shape[0]
    root = np.sqrt(np.asarray(links.sum(axis=1)).ravel())
    scaled = diags_array(1 / root) @ links @ diags_array(1 / root)
    constant = (root / np.linalg.norm(root))[:, None]
    block = rng.normal(size=(size, 6))
    for _ in range(SMOOTHING):
        for _ in range(8):
            block = (block + scaled @ block) / 2  # halved with itself: in a two-mode network -1 is as large as 1
        block, _ = np.linalg.qr(block - constant @ (constant.T @ block))
    _, mixed = np.linalg.eigh(block.T @ (scaled @ block))
    return np.asarray(block @ mixed[:, -1:-3:-1] / root[:, None])


def _push(places: Floats) -> Floats:
    """Return what pushes each node: near ones one by one, far ones by the cell of a grid they are in."""
    low, high = places.min(axis=0), places.max(axis=0)
    cell = np.minimum(((places - low) / np.maximum(high - low, 1e-9) * _GRID).astype(int), _GRID - 1) @ [_GRID, 1]
    mass = np.bincount(cell, minlength=_GRID**2).astype(float)
    held = mass > 0
    middle = (
        np.column_stack([np.bincount(cell, weights=places[:, axis], minlength=_GRID**2) for axis in (0, 1)])[held]
        / mass[held, None]
    )
    squared = (places**2).sum(axis=1)[:, None] + (middle**2).sum(axis=1) - 2 * places @ middle.T
    weight = np.where(squared > _NEAR**2, mass[held] / np.maximum(squared, _NEAR**2), 0.0)
    force = weight.sum(axis=1)[:, None] * places - weight @ middle
    near = cKDTree(places).query_pairs(_NEAR, output_type="ndarray")
    between = places[near[:, 0]] - places[near[:, 1]]
    between /= np.maximum((between**2).sum(axis=1), 1e-3)[:, None]
    for axis in (0, 1):
        force[:, axis] += np.bincount(near[:, 0], weights=between[:, axis], minlength=len(places))
        force[:, axis] -= np.bincount(near[:, 1], weights=between[:, axis], minlength=len(places))
    return np.asarray(force)


def _bounded(force: Floats, most: float) -> Floats:
    length = np.sqrt((force**2).sum(axis=-1, keepdims=True))
    return np.asarray(force * np.minimum(1.0, most / np.maximum(length, 1e-12)) * np.where(length > most, 1.0, 0.35))


def _upright(places: Floats) -> Floats:
    """Turn components, shape (b, k, 2), so that they are longest across, and centre them."""
    centred = places - places.mean(axis=1, keepdims=True)
    _, axes = np.linalg.eigh(np.einsum("bki,bkj->bij", centred, centred))
    turned = np.einsum("bki,bij->bkj", centred, axes[:, :, ::-1])
    # An axis has no direction of its own: the node farthest along it is on the positive side.
    farthest = np.abs(turned).argmax(axis=1)
    signs = np.sign(np.take_along_axis(turned, farthest[:, None, :], axis=1))
    return np.asarray(turned * np.where(signs == 0, 1.0, signs))


def _packed(places: Floats, parts: _Parts) -> Floats:
    """Set the components side by side, the tall ones first, and scale all of it to the drawing."""
    ordered = places[parts.nodes]
    low = np.minimum.reduceat(ordered, parts.starts, axis=0)
    extent = np.maximum.reduceat(ordered, parts.starts, axis=0) - low + _MARGIN
    shift = _corners(extent) - low
    moved = np.empty_like(places)
    moved[parts.nodes] = ordered + np.repeat(shift, parts.sizes, axis=0)
    middle = (moved.min(axis=0) + moved.max(axis=0)) / 2
    half = max(float(np.ptp(moved[:, 0])) / 2, float(np.ptp(moved[:, 1])) / 2 * ASPECT, 1e-9)
    return np.asarray((moved - middle) / half)


def _corners(extent: Floats) -> Floats:
    """Return the lower left corner of each rectangle, shape (c, 2): in rows, and in a row in columns as tall as it is.

    The loop is over components and not over nodes, as the place of each depends on all before it.
    """
    room = max(float(np.sqrt(extent.prod(axis=1).sum() * ASPECT) * 1.05), float(extent[:, 0].max()))
    corner = np.zeros_like(extent)
    left = across = row = tall = filled = 0.0  # the column's left and right, the row's top and height, what is filled
    for part in np.lexsort((np.arange(len(extent)), -extent[:, 0], -extent[:, 1])):
        width, height = (float(side) for side in extent[part])
        if filled + height > tall or left + width > room:  # no room in this column: the next one
            left, filled = across, 0.0
        if tall == 0 or left + width > room:  # nor in this row
            row, tall, left, across, filled = row + tall, height, 0.0, 0.0, 0.0
        corner[part] = left, -(row + filled + height)
        filled, across = filled + height, max(across, left + width)
    return corner
