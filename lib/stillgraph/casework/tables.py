"""Tables as files for other programs: CSV and XLSX that no spreadsheet runs, Parquet as it is."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from stillgraph.errors import WrongUse

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet run a cell instead of showing it; the last four are its wide signs."""

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What a workbook cannot hold."""

MOST_XLSX_ROWS = 2**20 - 1
"""Rows below the heading that a sheet holds."""


def as_file(rows: pd.DataFrame, kind: str) -> bytes:
    """Return rows as the bytes of a file of one of :data:`KINDS`.

    In CSV and XLSX a text that a spreadsheet would run (it begins with ``=``, ``+``, ``-`` or ``@``), be it a cell or a
    heading, gets an apostrophe before it; lists are written as text. Times in XLSX are UTC without saying so, as a
    sheet's cells know no zone.

    Raises
    ------
    WrongUse
        A sheet cannot hold so many rows.
    """
    out = io.BytesIO()
    KINDS[kind](rows, out)
    return out.getvalue()


def defused(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows, every text in them one that a spreadsheet shows and does not run."""
    import pandas as pd

    told = rows.copy()
    for at in range(len(told.columns)):
        kept = told.iloc[:, at]
        if not (pd.api.types.is_numeric_dtype(kept) or pd.api.types.is_datetime64_any_dtype(kept)):
            told.isetitem(at, kept.map(cell).to_numpy(dtype=object))
    told.columns = [cell(str(name)) for name in told.columns]
    return told


def cell(value: object) -> object:
    """Return a value that a spreadsheet shows and does not run; a list as text."""
    if isinstance(value, list | tuple | dict) or hasattr(value, "tolist"):
        value = str(value.tolist() if hasattr(value, "tolist") else value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv(rows: pd.DataFrame, out: io.BytesIO) -> None:
    # Excel reads UTF-8 by its mark alone; by these ends of lines the writer quotes a cell that holds either of the two.
    defused(rows).to_csv(out, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _xlsx(rows: pd.DataFrame, out: io.BytesIO) -> None:
    import pandas as pd

    if len(rows) > MOST_XLSX_ROWS:
        raise WrongUse(f"A sheet holds {MOST_XLSX_ROWS:,} rows, and these are {len(rows):,}: take CSV or Parquet.")
    told = defused(rows)
    for at in range(len(told.columns)):
        kept = told.iloc[:, at]
        if isinstance(kept.dtype, pd.DatetimeTZDtype):
            told.isetitem(at, kept.dt.tz_convert("UTC").dt.tz_localize(None))
        elif not pd.api.types.is_numeric_dtype(kept):
            whole = kept.map(lambda cell: _on_a_sheet(cell, _NOT_XML.sub))
            told.isetitem(at, whole.to_numpy(dtype=object))
    told.to_excel(out, index=False, sheet_name="rows", engine="openpyxl")


def _on_a_sheet(cell: object, without: Callable[[str, str], str]) -> object:
    """Return a cell as a sheet can hold it: no control characters, at most 32,767 of any, times without a zone."""
    if isinstance(cell, str):
        return without("\ufffd", cell)[:32_767]
    return cell.replace(tzinfo=None) if getattr(cell, "tzinfo", None) is not None else cell  # type: ignore[attr-defined]


def _parquet(rows: pd.DataFrame, out: io.BytesIO) -> None:
    rows.to_parquet(out, index=False)


KINDS: Mapping[str, Callable[[pd.DataFrame, io.BytesIO], None]] = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}
"""The kinds of file, by their endings."""
