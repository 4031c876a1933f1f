"""Pairs of offences: how they were committed and how alike their faces are, scored and ranked. Never a link.

What a pair is worth is learned from solved series (:mod:`stillgraph.linking.series`). Two offences are compared by the
distance of their stores, the time between them, hour and day of the week, value, violence, method and retailer. What
kind of shop a retailer keeps is not recorded, so only whether it is the same one counts.

Pairs are scored in blocks of rows; of many offences only those within a window of time are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import Offence, OffenceId, Part, SeriesModel, Store, StoreId

FEATURES = ("distance", "time gap", "hour", "day", "value", "method", "retailer", "violence")
"""Natural logarithms of 1 + kilometres and of 1 + days, hours apart (0-12), days of the week apart (0-3), absolute
natural logarithm of the ratio of values in pounds plus 1, whether method, retailer and violence are the same (0, 1)."""

ALL_PAIRS = 2_500
"""Offences up to which all pairs are compared."""

WINDOW_DAYS = 365.0
"""With more offences, only pairs so far apart in time are compared."""

_EARTH_KM = 6371.0088
_ROWS = 256

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class OffenceTable:
    """Offences by row, in the order of their ids: float64 or whole numbers, each shape (n,)."""

    ids: tuple[OffenceId, ...]
    latitude: Floats
    longitude: Floats
    days: Floats
    hour: Floats
    weekday: Floats
    value: Floats
    method: Rows
    retailer: Rows
    violence: Rows


@dataclass(frozen=True, slots=True, eq=False)
class FaceTable:
    """Usable faces in the order of their offences' rows: the row of each, shape (f,), and templates, float32 (f, d)."""

    offence: Rows
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of offences as scored: rows, decimal logarithms, and the two most alike faces' rows (-1: none), (n, 2)."""

    left: Rows
    right: Rows
    log10_ratio: Floats
    log10_behaviour: Floats
    log10_faces: Floats
    face_score: Floats
    faces: NDArray[np.intp]


def offence_table(offences: Mapping[OffenceId, Offence], stores: Mapping[StoreId, Store]) -> OffenceTable:
    """Return offences as rows.

    Hours and days of the week are of UTC, as everything in a case is.
    """
    rows = [offences[one] for one in sorted(offences)]
    at = [row.occurred_at for row in rows]
    return OffenceTable(
        ids=tuple(row.offence_id for row in rows),
        latitude=np.array([stores[row.store_id].latitude for row in rows], np.float64),
        longitude=np.array([stores[row.store_id].longitude for row in rows], np.float64),
        days=np.array([one.timestamp() / 86_400 for one in at], np.float64),
        hour=np.array([one.hour + one.minute / 60 for one in at], np.float64),
        weekday=np.array([one.weekday() for one in at], np.float64),
        value=np.log1p(np.array([row.value_pence for row in rows], np.float64) / 100),
        method=_codes([row.method for row in rows]),
        retailer=_codes([row.retailer_id for row in rows]),
        violence=_codes([row.violence for row in rows]),
    )


def haversine_km(latitude: Floats, longitude: Floats, left: Rows, right: Rows) -> Floats:
    """Return great-circle distances in kilometres between places given in degrees."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    half = np.sin((phi[left] - phi[right]) / 2) ** 2
    half += np.cos(phi[left]) * np.cos(phi[right]) * np.sin((lam[left] - lam[right]) / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def compare(table: OffenceTable, left: Rows, right: Rows) -> Floats:
    """Return the :data:`FEATURES` of pairs of rows, float64, shape (n, 8); the same whichever of two comes first."""
    hours = np.abs(table.hour[left] - table.hour[right])
    days = np.abs(table.weekday[left] - table.weekday[right])
    return np.stack(
        [
            np.log1p(haversine_km(table.latitude, table.longitude, left, right)),
            np.log1p(np.abs(table.days[left] - table.days[right])),
            np.minimum(hours, 24 - hours),
            np.minimum(days, 7 - days),
            np.abs(table.value[left] - table.value[right]),
            *(_same(codes, left, right) for codes in (table.method, table.retailer, table.violence)),
        ],
        axis=1,
    )


def propose(
    model: SeriesModel,
    table: OffenceTable,
    faces: FaceTable,
    *,
    settled: Bools,
    least_ratio: float = 2.0,
    most: int = 100,
    progress: Callable[[int], object] = int,
) -> tuple[Pairs, int]:
    """Rank pairs of offences of which at least one is not settled; return the best, and how many pairs were compared.

    Parameters
    ----------
    model
        What :func:`stillgraph.linking.series.learn` returned.
    table, faces
        Offences, and their usable faces.
    settled
        Shape (n,): whether an offence's person is known; pairs of two such are left out.
    least_ratio, most
        The least likelihood ratio, and the most pairs, to be returned.
    progress
        Called with the number of rows done since the last call; ``int`` does nothing with it.

    Raises
    ------
    WrongUse
        The model is insufficient, or a number makes no sense.
    """
    if model.insufficient is not None:
        raise WrongUse(f"No offences are proposed. {model.insufficient}.")
    if most < 1 or not least_ratio > 0:
        raise WrongUse("A least likelihood ratio is above 0, and the most proposals are 1 or more; give other numbers.")
    by_time = np.argsort(table.days, kind="stable")
    last = np.full(len(by_time), len(by_time))
    if len(by_time) > ALL_PAIRS:
        last = np.searchsorted(table.days[by_time], table.days[by_time] + WINDOW_DAYS, side="right")
    best, compared = scored(model, table, faces, *np.zeros((2, 0), np.intp)), 0
    for start in range(0, len(by_time), _ROWS):
        some = np.arange(start, min(start + _ROWS, len(by_time)))
        counts = last[some] - some - 1
        first = np.repeat(some, counts)
        second = first + 1 + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        left, right = by_time[first], by_time[second]
        wanted = ~(settled[left] & settled[right])
        left, right = np.minimum(left, right)[wanted], np.maximum(left, right)[wanted]
        compared += len(left)
        best = _best([best, scored(model, table, faces, left, right)], np.log10(least_ratio), most)
        progress(len(some))
    return best, compared


def _codes(words: Sequence[str]) -> Rows:
    """Return a whole number a word; a word that says nothing is the same as no other."""
    _, codes = np.unique(np.array([word.strip().lower() for word in words], np.str_), return_inverse=True)
    silent = np.array([not word.strip() for word in words], np.bool_)
    return np.where(silent, -1 - np.arange(len(words)), codes).astype(np.intp)


def _same(codes: Rows, left: Rows, right: Rows) -> Floats:
    return np.asarray(codes[left] == codes[right], np.float64)


def most_alike(faces: FaceTable, left: Rows, right: Rows) -> tuple[Floats, NDArray[np.intp]]:
    """Return the score of the most alike faces of each pair of offences, and the two faces' rows, shape (n, 2).

    NaN and -1 where one of the two has no usable face.
    """
    scores = np.full(len(left), np.nan)
    found = np.full((len(left), 2), -1, np.intp)
    if not len(left) or not len(faces.offence):
        return scores, found
    many = int(max(left.max(), right.max(), faces.offence.max())) + 1
    begin, end = (np.searchsorted(faces.offence, np.arange(many), side=side) for side in ("left", "right"))
    # As many passes as pairs of faces the fullest two offences have: nearly all offences have one or two.
    for one in range(int((end - begin).max())):
        for other in range(int((end - begin).max())):
            rows = np.flatnonzero((begin[left] + one < end[left]) & (begin[right] + other < end[right]))
            a, b = begin[left[rows]] + one, begin[right[rows]] + other
            score = np.concatenate(
                [
                    np.einsum("ij,ij->i", faces.vectors[a[at : at + 65_536]], faces.vectors[b[at : at + 65_536]])
                    for at in range(0, len(rows), 65_536)
                ]
                or [np.zeros(0, np.float32)]
            )
            better = ~(score <= scores[rows])
            scores[rows[better]] = score[better]
            found[rows[better]] = np.stack([a[better], b[better]], axis=1)
    return scores, found


def log10_of(part: Part, features: Floats) -> Floats:
    """Return the decimal logarithms of a part's ratios, shape (n,), of features, shape (n, k); NaN stays NaN."""
    return np.asarray(part.intercept + features @ np.array(part.weights), np.float64)


def scored(model: SeriesModel, table: OffenceTable, faces: FaceTable, left: Rows, right: Rows) -> Pairs:
    """Score pairs of rows by a model that is not insufficient."""
    assert model.behaviour is not None  # noqa: S101  (a model that is not insufficient has it)
    behaviour = log10_of(model.behaviour, compare(table, left, right))
    scores, alike = most_alike(faces, left, right)
    told = np.full(len(left), np.nan) if model.faces is None else log10_of(model.faces, scores[:, None])
    total = model.damping * (behaviour + np.nan_to_num(told)) + model.shift
    return Pairs(left, right, np.clip(total, model.lower, model.upper), behaviour, told, scores, alike)


def _best(parts: Sequence[Pairs], least: float, most: int) -> Pairs:
    """Return the best pairs of several, highest ratio first; equal ones by what is not bounded, then by rows."""
    names = ("left", "right", "log10_ratio", "log10_behaviour", "log10_faces", "face_score", "faces")
    joined = Pairs(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    rows = np.flatnonzero(joined.log10_ratio >= least)
    unbounded = joined.log10_behaviour[rows] + np.nan_to_num(joined.log10_faces[rows])
    order = np.lexsort((joined.right[rows], joined.left[rows], -unbounded, -joined.log10_ratio[rows]))
    chosen = rows[order[:most]]
    return Pairs(*(getattr(joined, name)[chosen] for name in names))
