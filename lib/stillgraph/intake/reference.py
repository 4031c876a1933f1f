"""The tables without images: stores, which must be right as a whole, and arrests, judged row by row."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path

from stillgraph.errors import ManifestError
from stillgraph.intake.rows import ArrestRow, Problems, StoreRow, refusal, validate
from stillgraph.intake.table import read_table
from stillgraph.records import Arrest, NominalId, Refusal, RetailerId, Store, StoreId


def read_stores(path: Path) -> tuple[Store, ...]:
    """Read the table of stores.

    Parameters
    ----------
    path
        CSV or XLSX with the columns ``store_id, retailer_id, retailer, store, borough, latitude, longitude``.

    Returns
    -------
    tuple of Store
        In the table's order.

    Raises
    ------
    ManifestError
        If any row is wrong, with its line, or comes twice: offences hang on stores, so half a table is none.
    """
    table = read_table(path, required=StoreRow.required())
    stores: dict[str, Store] = {}
    for row in table.rows:
        read, problems = validate(StoreRow, row)
        if row.cells["store_id"] in stores:
            problems.setdefault("store_id", []).append("given on an earlier line already")
        if read is None or problems:
            refused = refusal(row, problems)
            raise ManifestError(
                f"{path.name}, line {refused.line}, {refused.field}: {refused.reason}. Correct it and try again."
            )
        stores[read.store_id] = Store(
            store_id=StoreId(read.store_id),
            retailer_id=RetailerId(read.retailer_id),
            retailer=read.retailer,
            store=read.store,
            borough=read.borough,
            latitude=read.latitude,
            longitude=read.longitude,
        )
    return tuple(stores.values())


def read_arrests(
    path: Path, *, known_nominals: Container[NominalId] | None = None, now: datetime | None = None
) -> tuple[tuple[Arrest, ...], tuple[Refusal, ...]]:
    """Read the table of arrests.

    Parameters
    ----------
    path
        CSV or XLSX with the columns ``nominal_id, arrested_on, offence_code, offence, disposal``, and perhaps
        ``disposed_on, custody_from, released_on``, each of which may be empty.
    known_nominals
        The nominals held; an arrest of anybody else is refused. ``None`` lets every nominal pass.
    now
        The time now, with its offset; by default the clock's.

    Returns
    -------
    tuple of Arrest, tuple of Refusal
        Each row read is in one of the two.

    Raises
    ------
    ManifestError
        If the table cannot be read as a whole.
    """
    table = read_table(path, required=ArrestRow.required(), optional=ArrestRow.optional())
    arrests: dict[tuple[object, ...], Arrest] = {}
    taken: list[Arrest] = []
    refusals: list[Refusal] = []
    for row in table.rows:
        read, problems = validate(ArrestRow, row, datetime.now(UTC) if now is None else now)
        nominal_id = NominalId(row.cells["nominal_id"])
        if "nominal_id" not in problems and known_nominals is not None and nominal_id not in known_nominals:
            problems["nominal_id"] = ["unknown nominal: add a custody image of theirs first"]
        if read is not None:
            problems |= _custody_problems(read)
            arrest = Arrest(**read.model_dump())
            held = arrests.get(astuple(arrest)[:5], arrest)
            if held != arrest and not problems:
                problems["custody_from"] = ["given on an earlier line already, with other dates"]
        if read is None or problems:
            refusals.append(refusal(row, problems))
            continue
        taken.append(arrest)
        arrests[astuple(arrest)[:5]] = arrest
    return tuple(taken), tuple(refusals)


def _custody_problems(row: ArrestRow) -> Problems:
    """Return which dates of an arrest cannot all be true."""
    problems: Problems = {}
    if row.disposed_on is not None and row.disposed_on < row.arrested_on:
        problems["disposed_on"] = ["before the arrest"]
    if row.custody_from is not None and row.custody_from < row.arrested_on:
        problems["custody_from"] = ["before the arrest"]
    if row.released_on is not None and row.custody_from is None:
        problems["released_on"] = ["released from no custody: give custody_from as well"]
    elif row.released_on is not None and row.custody_from is not None and row.released_on < row.custody_from:
        problems["released_on"] = ["before custody began"]
    return problems
