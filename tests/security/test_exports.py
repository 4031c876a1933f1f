"""Formula injection: no table that leaves a case has a cell that a spreadsheet runs, and no way out is forgotten here.

CWE-1236; OWASP's list of characters. What writes CSV or a workbook is found in the source, and each must be tried below.
"""

from __future__ import annotations

import ast
import csv
import io
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.casework import analysing, auditing, extracting, pack_sheets, tables, worth
from stillgraph.casework import ranking as rankings
from stillgraph.casework.pack_parts import Column, Grid
from stillgraph.network import build, export
from stillgraph.network import tables as network_tables
from stillgraph.records import (
    FaceId,
    LinkStatus,
    NominalId,
    Offence,
    OffenceId,
    Participation,
    PersonId,
    RetailerId,
    Store,
    StoreId,
)

LIB = Path(__file__).resolve().parents[2] / "lib" / "stillgraph"
RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes a cell for something to run by."""
TRAPS = [
    "=1+1", "+44 20 7946 0000", "-2+3", "@SUM(A1:A9)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")',
    "=cmd|' /C calc'!A0", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201",
]  # fmt: skip
O_BRIEN = "O'Brien"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

INSIDE = {
    "casework/bench_operation.py:_manifest": "a benchmark's own copy of our manifest, in a temporary folder, read back by us",
    "casework/wire/columnar.py": "Arrow between our own server and client",
}
"""What writes tables that nobody is given, and why."""


def writers() -> set[str]:
    """Return ``module:function`` of everything in the package that writes CSV or a workbook."""
    found = set()
    for path in sorted(LIB.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if (isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {
                    "to_csv", "to_excel", "Workbook", "as_file", "DictWriter", "ExcelWriter", "write_only",
                }) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "csv.writer"):  # fmt: skip
                    found.add(f"{path.relative_to(LIB).as_posix()}:{function.name}")
    return found


@dataclass(frozen=True)
class Given:
    """A folder, and texts to be written as cells."""

    folder: Path
    texts: tuple[str, ...]


def of_csv(data: bytes | str) -> list[str]:
    text = data if isinstance(data, str) else data.decode("utf-8-sig")
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def of_xlsx(data: bytes) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    return [cell.value for cell in cells if isinstance(cell.value, str)]


def frame(given):
    return pd.DataFrame({given.texts[0]: list(given.texts), "of": [[text] for text in given.texts]})


def query(given):
    out = io.StringIO(newline="")
    analysing.write_csv(pa.table({given.texts[0]: list(given.texts), "n": list(range(len(given.texts)))}), out)
    return of_csv(out.getvalue())


def ranking(given):
    made = SimpleNamespace(
        by="harm", since=None, until=None, scale=given.texts[0], standings=given.texts, simulated=False, settings={}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rankings.rankings, "told_of", lambda text: dict.fromkeys(rankings.rankings.COLUMNS, text))
        return of_csv(rankings.csv_of(made))


def back_test(given):
    split = SimpleNamespace(
        next_since=date(2026, 1, 1), next_until=None, persons=1, next_persons=1, links=1, links_known=1,
        insufficient=given.texts[0], random_active=None, random_harm=None, random_offences=None, lists=(),
    )  # fmt: skip
    splits = tuple(SimpleNamespace(**{**split.__dict__, "insufficient": text}) for text in given.texts)
    worth.write_back_test(
        SimpleNamespace(splits=splits, top=1, as_known=True, scale=given.texts[0], simulated=False),
        given.folder / "b.csv",
    )  # fmt: skip
    return of_csv((given.folder / "b.csv").read_bytes())


def manifest(given):
    """Notes and names are made of a film's name, which is whatever its sender called it."""
    stems = [extracting._stem(f"{text}.mp4") for text in given.texts]
    return [*stems, *(f"{stem}_f000001.png" for stem in stems)]


def graph(text):
    place = Store(StoreId(text), RetailerId(text), text, text, text, 51.5, -0.1)
    done = Offence(
        OffenceId(text), RetailerId(text), place.store_id, datetime(2026, 1, 1, tzinfo=UTC), text, text, 1250, text, text,
        text,
    )  # fmt: skip
    links = [
        Participation(PersonId(f"{text}#p"), NominalId(text), done.offence_id, LinkStatus.CORROBORATED, (FaceId(text),))
    ]
    return build(links, {done.offence_id: done}, {place.store_id: place}, harm_days={text: 1.0})


def links(given):
    cells = []
    for text in given.texts:
        cells += of_csv(export(graph(text), given.folder / "g.csv").read_bytes())
    return cells


def gephi(given):
    cells = []
    for text in given.texts:
        network_tables.write_nodes_and_edges(graph(text), given.folder / "n.csv", given.folder / "e.csv")
        cells += of_csv((given.folder / "n.csv").read_bytes()) + of_csv((given.folder / "e.csv").read_bytes())
    return cells


def pack(given):
    book = openpyxl.Workbook()
    grid = Grid((Column(given.texts[0]),), tuple((text,) for text in given.texts))
    pack_sheets._write(book.active, pack_sheets.Sheet("sheet", grid), given.texts[0])
    out = io.BytesIO()
    book.save(out)
    return of_xlsx(out.getvalue())


def audit(given):
    """Every field of an entry is somebody's words, but for its number and its time."""
    told = [
        auditing.Found(**{
            field.name: 1 if field.name == "sequence" else NOW if field.name == "recorded_at"
            else {text: text} if field.name == "details" else text
            for field in fields(auditing.Found)
        })
        for text in given.texts
    ]  # fmt: skip
    return of_csv(auditing._as_file(told, "csv")) + of_xlsx(auditing._as_file(told, "xlsx"))


WAYS_OUT = {
    "casework/auditing.py:_as_file": audit,
    "casework/analysing.py:write_csv": query,
    "casework/ranking.py:csv_of": ranking,
    "casework/worth.py:write_back_test": back_test,
    "casework/extracting.py:_write_manifest": manifest,
    "network/tables.py:write_links": links,
    "network/tables.py:_write": gephi,
    "casework/pack_sheets.py:xlsx": pack,
    "casework/tables.py:_csv": lambda given: of_csv(tables.as_file(frame(given), "csv")),
    "casework/tables.py:_xlsx": lambda given: of_xlsx(tables.as_file(frame(given), "xlsx")),
    "dashboards/downloads.py:_made": lambda given: of_csv(tables.as_file(frame(given), "csv")),
}
"""Each writer with what tries it: whoever adds one adds its trial here."""


def test_every_way_out_is_known():
    assert writers() - set(INSIDE) == set(WAYS_OUT), "give a new writer of tables a trial in WAYS_OUT"


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_cell_is_run(way, tmp_path):
    cells = WAYS_OUT[way](Given(tmp_path, tuple(TRAPS)))
    assert len(cells) >= len(TRAPS)
    # A store's longitude is a number.
    assert [cell for cell in cells if cell.startswith(RUN) and cell != "-0.1"] == []


@pytest.mark.parametrize("way", sorted(set(WAYS_OUT) - {"casework/extracting.py:_write_manifest"}))
def test_a_name_with_an_apostrophe_leaves_as_it_is(way, tmp_path):
    assert O_BRIEN in WAYS_OUT[way](Given(tmp_path, (O_BRIEN, "Robert'); DROP TABLE nominals; --")))


def test_a_workbook_holds_whatever_a_cell_holds():
    odd = ["a\ufffeb", "a\uffffb", "a\x00b", "a\x1bb", "a\nb"]
    assert of_xlsx(tables.as_file(pd.DataFrame({"a": odd}), "xlsx"))[1:] == [*["a\ufffdb"] * 4, "a\nb"]


@given(st.text(min_size=1, max_size=40))
def test_no_text_at_all_is_run_from_a_table_or_a_network(text):
    for told in (tables.cell(text), network_tables.cell(text)):
        assert not str(told).startswith(RUN)
        assert str(told).endswith(text)


def test_the_test_finds_a_writer_and_sees_a_cell_that_is_run(tmp_path):
    assert len(writers()) >= len(WAYS_OUT)
    raw = io.StringIO(newline="")
    pd.DataFrame({"a": TRAPS}).to_csv(raw, index=False)
    assert [cell for cell in of_csv(raw.getvalue()) if cell.startswith(RUN)]
    assert replace(Given(tmp_path, ("a",)), texts=("b",)).texts == ("b",)
