"""Tables as files: a spreadsheet shows every cell and runs none; nothing else is lost."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.casework import tables
from stillgraph.errors import WrongUse

TRAPS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx")
FRAME = pd.DataFrame({
    "=name": [*TRAPS, "plain"], "n": [1, -2, 3, 4, 5, 6, 7], "when": pd.to_datetime([datetime(2026, 1, 2, 3, 4, tzinfo=UTC)] * 7),
    "day": [date(2026, 1, 2)] * 7, "some": [["=x", "y"]] * 7, "pounds": [Decimal("-1.50")] * 7, "none": [None] * 7,
})  # fmt: skip


def test_csv_is_defused_and_says_what_it_was():
    read = pd.read_csv(io.BytesIO(tables.as_file(FRAME, "csv")))
    assert list(read.columns) == ["'=name", "n", "when", "day", "some", "pounds", "none"]
    assert [text[0] for text in read["'=name"][:5]] == ["'"] * 5
    assert read["n"].tolist() == [1, -2, 3, 4, 5, 6, 7]
    assert read["pounds"].tolist() == [-1.5] * 7
    assert read["some"][0] == "['=x', 'y']"


def test_xlsx_is_defused_and_its_times_are_utc():
    sheet = openpyxl.load_workbook(io.BytesIO(tables.as_file(FRAME, "xlsx"))).active
    cells = list(sheet.iter_rows(values_only=True))
    assert cells[0][0] == "'=name"
    assert cells[1][0] == "'=1+1"
    assert cells[1][2] == datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None)
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_parquet_holds_what_there_was():
    rows = FRAME.drop(columns=["pounds", "none"])
    read = pd.read_parquet(io.BytesIO(tables.as_file(rows, "parquet")))
    assert read["=name"].tolist() == rows["=name"].tolist()
    assert read["when"].tolist() == rows["when"].tolist()


def test_a_sheet_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(tables, "MOST_XLSX_ROWS", 6)
    with pytest.raises(WrongUse, match=r"A sheet holds 6 rows, and these are 7: take CSV or Parquet\."):
        tables.as_file(FRAME, "xlsx")


@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(st.text(), st.integers(), st.none(), st.datetimes(timezones=st.just(UTC))), min_size=1, max_size=5
    )
)
def test_no_text_is_run_whatever_it_is(cells):
    rows = pd.DataFrame({"a": pd.Series(cells, dtype=object)})
    for cell in tables.defused(rows)["a"]:
        assert not isinstance(cell, str) or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    sheet = openpyxl.load_workbook(io.BytesIO(tables.as_file(rows, "xlsx"))).active
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_two_columns_of_one_name_are_both_kept():
    rows = pd.DataFrame([["=a", 1], ["b", 2]], columns=["x", "x"])
    assert tables.as_file(rows, "csv").decode("utf-8-sig").splitlines() == ["x,x", "'=a,1", "b,2"]
