"""What custody recorded of the images of a gallery, as columns, and the rows a filter leaves.

A filter is applied before anything is ranked: rows it leaves out are never on a list and push nobody off one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import Filters

NOT_RECORDED = np.iinfo(np.int32).min
"""Stands for a day that is not recorded; NumPy's NaT becomes it."""

CATEGORIES = ("sex", "conviction_status", "area", "force", "basis")
"""Attributes of few values, as recorded; a filter names those wanted."""

COLUMNS: dict[str, str] = {
    "nominal": "<u8", "start": "<i8", "middle": "<i8", "end": "<i8", "captured_on": "<i4", "review_due": "<i4",
    "age": "<i2", "sex": "<u2", "conviction_status": "<u2", "area": "<u2", "force": "<u2", "basis": "<u2",
}  # fmt: skip
"""By name: a digest of the nominal, where the ids stand in the text, days since 1970, years, codes of categories."""

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Attributes:
    """What custody recorded of n images, each array of shape (n,).

    Parameters
    ----------
    captured_on, review_due
        datetime64[D]; NaT where not recorded.
    age
        int16: whole years at capture; -1 where not recorded.
    sex, conviction_status, area, force, basis
        Text as recorded; empty where not.
    """

    captured_on: NDArray[np.datetime64] = field(repr=False)
    review_due: NDArray[np.datetime64] = field(repr=False)
    age: NDArray[np.int16] = field(repr=False)
    sex: NDArray[np.str_] = field(repr=False)
    conviction_status: NDArray[np.str_] = field(repr=False)
    area: NDArray[np.str_] = field(repr=False)
    force: NDArray[np.str_] = field(repr=False)
    basis: NDArray[np.str_] = field(repr=False)

    @classmethod
    def unrecorded(cls, count: int) -> Attributes:
        """Return the attributes of images of which nothing is recorded."""
        days, text = np.full(count, np.datetime64("NaT", "D")), np.full(count, "", dtype="<U1")
        return cls(days, days, np.full(count, -1, np.int16), *([text] * len(CATEGORIES)))

    def __len__(self) -> int:
        return len(self.age)

    def __getitem__(self, rows: slice) -> Attributes:
        return Attributes(*(getattr(self, name)[rows] for name in Attributes.__dataclass_fields__))


def encoded(attributes: Attributes) -> tuple[dict[str, NDArray[Any]], dict[str, list[str]]]:
    """Return attributes as columns, and the values that the codes of each category stand for."""
    columns: dict[str, NDArray[Any]] = {
        "captured_on": _days(attributes.captured_on),
        "review_due": _days(attributes.review_due),
        "age": np.asarray(attributes.age, dtype="<i2"),
    }
    values: dict[str, list[str]] = {}
    for name in CATEGORIES:
        unique, codes = np.unique(np.asarray(getattr(attributes, name), dtype=np.str_), return_inverse=True)
        if len(unique) > np.iinfo(np.uint16).max:
            raise WrongUse(f"A category has few values: {name} has {len(unique)}; leave it out of the gallery.")
        columns[name], values[name] = codes.astype("<u2"), [str(value) for value in unique]
    return columns, values


def decoded(columns: Columns, values: Mapping[str, Sequence[str]], rows: NDArray[np.intp]) -> Attributes:
    """Return the attributes of some rows; the inverse of :func:`encoded`."""
    days = {
        name: np.where(found == NOT_RECORDED, np.datetime64("NaT", "D"), found.astype("datetime64[D]"))
        for name in ("captured_on", "review_due")
        for found in [np.asarray(columns[name])[rows]]
    }
    text = {name: np.array(values[name] or [""], np.str_)[np.asarray(columns[name])[rows]] for name in CATEGORIES}
    age = np.asarray(columns["age"])[rows].astype(np.int16)
    return Attributes(days["captured_on"], days["review_due"], age, *(text[name] for name in CATEGORIES))


def _days(days: NDArray[np.datetime64]) -> NDArray[np.int32]:
    found = np.asarray(days, dtype="datetime64[D]")
    numbers = np.where(np.isnat(found), np.int64(NOT_RECORDED), found.astype(np.int64))
    return numbers.astype("<i4")


def digest_of(text: str) -> int:
    """Return 64 bits of an id, for looking it up; who looks up compares the text too."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def digests_of(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return 64 bits of each id, shape (n,)."""
    joined = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(joined, dtype="<u8").astype(np.uint64)


def left_by(filters: Filters, columns: Columns, values: Mapping[str, Sequence[str]]) -> NDArray[np.bool_] | None:
    """Return which rows a filter leaves, shape (n,); ``None`` where it leaves all.

    A row of which an attribute is not recorded is left out by a filter on that attribute; a review date that is not
    recorded is not past. Nominals are compared by digest: :func:`stillgraph.gallery.segments.mask` compares the text.
    """
    wanted: list[NDArray[np.bool_]] = []
    captured = np.asarray(columns["captured_on"])
    if filters.captured_since is not None:
        wanted.append(captured >= _day(filters.captured_since))
    if filters.captured_until is not None:
        wanted.append((captured <= _day(filters.captured_until)) & (captured != NOT_RECORDED))
    if filters.review_on is not None:
        due = np.asarray(columns["review_due"])
        wanted.append((due >= _day(filters.review_on)) | (due == NOT_RECORDED))
    age = np.asarray(columns["age"])
    if filters.age_from is not None:
        wanted.append(age >= filters.age_from)
    if filters.age_to is not None:
        wanted.append((age <= filters.age_to) & (age >= 0))
    for name in CATEGORIES:
        asked = getattr(filters, name)
        if asked:
            kept = np.array([value in asked for value in values[name]], dtype=np.bool_)
            wanted.append(kept[np.asarray(columns[name])])
    if filters.exclude:
        wanted.append(~np.isin(np.asarray(columns["nominal"]), digests_of(filters.exclude)))
    if not wanted:
        return None
    mask = np.logical_and.reduce(wanted)
    return None if mask.all() else mask


def check_filters(filters: Filters) -> None:
    """Check that a filter can leave anybody.

    Raises
    ------
    WrongUse
        A range ends before it begins.
    """
    since, until = filters.captured_since, filters.captured_until
    if since is not None and until is not None and since > until:
        raise WrongUse(f"A range of capture dates ends on or after its beginning: {since} to {until} does not.")
    if filters.age_from is not None and filters.age_to is not None and filters.age_from > filters.age_to:
        raise WrongUse(f"A range of ages goes up: {filters.age_from}-{filters.age_to} does not.")


def _day(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))
