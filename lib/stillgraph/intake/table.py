"""Manifests as numbered rows of text, from CSV or XLSX alike.

A fault of the whole file is raised here; a fault of one row is left to whoever validates it.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from xml.parsers import expat

import openpyxl

from stillgraph.errors import ManifestError

MAX_BYTES = 64 * 2**20
"""The largest manifest read: about 300,000 rows, far above any delivery seen."""

MAX_UNPACKED_BYTES = 128 * 2**20
"""The largest content of an XLSX file, which is a zip archive and may claim anything."""

MAX_ROWS = 2**20
"""Rows of a manifest, blank ones too: what a spreadsheet's sheet holds."""

MAX_COLUMNS = 1_000
"""Fields of a row; no delivery seen has more than twenty."""

MAX_ROW_CHARACTERS = 2**20
"""Characters of a CSV row, so that no row is read of which there could be more fields than memory."""

MAX_CELLS = 20_000_000
"""Cells of all an XLSX file's sheets, blank ones too: a single cell far to the right stands for a row of them."""

MAX_ELEMENTS_OF_A_ROW = 20 * MAX_COLUMNS
MAX_ELEMENTS = 5_000_000
"""XML elements of one row, and of one part of an XLSX file outside of rows: openpyxl holds so many at once."""

MAX_SHEETS = 20
"""Sheets of an XLSX file: each may stand for the same part of it, so their number multiplies its cost."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line (the header is 1; in XLSX the row of the sheet), and its text by column.

    ``surplus`` says that it has more fields than the header, even blank ones: an unquoted comma does
    that, and every cell behind it stands in the wrong column.
    """

    line: int
    cells: dict[str, str]
    surplus: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A manifest's rows and the SHA-256 of its bytes."""

    rows: tuple[Row, ...]
    sha256: str


def read_table(path: Path, *, required: Iterable[str], optional: Iterable[str] = ()) -> Table:
    """Read a manifest.

    Parameters
    ----------
    path
        A CSV file in UTF-8, with or without byte order mark, or an XLSX file with one filled sheet.
    required
        The columns it must have, in any order.
    optional
        Columns that are empty text where the manifest lacks them. All other columns are ignored.

    Returns
    -------
    Table
        A row whose cells are all blank is none. Cells keep their text, without surrounding blanks.

    Raises
    ------
    ManifestError
        If there is no such file, or it cannot be read as a whole, or lacks a column, or has no row.
    """
    data = _bytes_of(path)
    unpack = _xlsx_rows if data.startswith(b"PK\x03\x04") else _csv_rows
    filled = ((line, cells) for line, cells in unpack(path.name, data) if any(cells))
    _, header = next(filled, (0, []))
    if not header:
        raise ManifestError(f"{path.name} is empty: the first line must name the columns.")
    columns = _columns(path.name, header, tuple(required), tuple(optional))
    rows = tuple(
        Row(
            line,
            {name: cells[at] if at is not None and at < len(cells) else "" for name, at in columns.items()},
            surplus=len(cells) > len(header),
        )
        for line, cells in filled
    )
    if not rows:
        raise ManifestError(f"{path.name} has a header but no rows: there is nothing to take in.")
    return Table(rows, sha256(data).hexdigest())


def _bytes_of(path: Path) -> bytes:
    """Read a manifest's bytes, or say what is wrong with the file."""
    try:
        if not path.is_file():
            raise ManifestError(f"There is no file {path}: give the path of the manifest itself.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"{path.name} cannot be read ({error.strerror}): check its permissions.") from error
    if len(data) > MAX_BYTES:
        raise ManifestError(f"{path.name} is over {MAX_BYTES // 2**20} MiB: split it into several manifests.")
    return data


def _columns(
    name: str, header: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> dict[str, int | None]:
    """Say at which place each column stands."""
    missing = [column for column in required if column not in header]
    if missing:
        raise ManifestError(
            f"{name} lacks the columns {', '.join(missing)}: its first line must name "
            f"{', '.join(required)}, separated by commas."
        )
    wanted = (*required, *optional)
    twice = [column for column in wanted if header.count(column) > 1]
    if twice:
        raise ManifestError(f"{name} has the columns {', '.join(twice)} twice: keep one of each.")
    return {column: header.index(column) if column in header else None for column in wanted}


def _csv_rows(name: str, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield (first line, cells) of each CSV record; a quoted field may span lines."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{name} is not UTF-8 (byte {error.start + 1}): save it again as “CSV UTF-8” or as XLSX."
        ) from error
    # Strict, because an unclosed quote would otherwise swallow the rows after it without a word.
    lines = _Lines(name, text)
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for number, record in enumerate(reader, start=1):
            _check_shape(name, number, line, len(record))
            yield line, [cell.strip() for cell in record]
            line = reader.line_num + 1
            lines.characters = 0
    except csv.Error as error:
        raise ManifestError(
            f"{name} cannot be read as CSV from line {line} on ({error}): check the quotes there."
        ) from error


class _Lines:
    """The lines of a text, up to a longest row; whoever reads sets ``characters`` to 0 where a row ends."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._lines = io.StringIO(text, newline="")
        self.characters = 0

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._lines, start=1):
            self.characters += len(line)
            if self.characters > MAX_ROW_CHARACTERS:
                raise ManifestError(
                    f"{self._name} has a row of over {MAX_ROW_CHARACTERS:,} characters at line {number}: "
                    "check the quotes and the ends of lines there."
                )
            yield line


def _check_shape(name: str, number: int, line: int, fields: int) -> None:
    """Refuse a manifest of more rows or columns than any delivery has."""
    if number > MAX_ROWS:
        raise ManifestError(f"{name} has over {MAX_ROWS:,} rows, blank ones counted: split it, or take out blank rows.")
    if fields > MAX_COLUMNS:
        raise ManifestError(f"{name} has over {MAX_COLUMNS:,} fields at line {line}: keep only the manifest's columns.")


def _xlsx_rows(name: str, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield (sheet row, cells) of the one filled sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked <= MAX_UNPACKED_BYTES:
                _check_parts(name, archive)
        with warnings.catch_warnings():
            # openpyxl warns of formatting it does not keep; only the cells' values are wanted here.
            warnings.simplefilter("ignore")
            filled = [rows for rows in _sheets(name, data) if rows] if unpacked <= MAX_UNPACKED_BYTES else []
    except ManifestError:
        raise
    except Exception as error:  # a damaged archive may fail anywhere in zipfile, the XML parser or openpyxl
        raise ManifestError(f"{name} cannot be read as XLSX: open it, save it again, or save it as CSV.") from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise ManifestError(
            f"{name} unpacks to over {MAX_UNPACKED_BYTES // 2**20} MiB: save its one sheet again, without pictures, "
            "or split it."
        )
    if len(filled) > 1:
        raise ManifestError(f"{name} has {len(filled)} filled sheets: keep only the one with the manifest.")
    yield from filled[0] if filled else []


def _check_parts(name: str, archive: zipfile.ZipFile) -> None:
    """Refuse an XLSX file with a part of which openpyxl would hold more than memory allows, before it reads any."""
    for member in archive.infolist():
        parser, elements = expat.ParserCreate(namespace_separator=" "), _Elements(name)
        parser.StartElementHandler, parser.EndElementHandler = elements.begin, elements.end
        with archive.open(member) as part, suppress(expat.ExpatError):  # not XML: a picture, or openpyxl says so
            parser.ParseFile(part)


class _Elements:
    """Counts the XML elements of a part: in the row being read, and outside of rows."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._in_row = self._outside = 0

    def begin(self, tag: str, _: object) -> None:
        """Count an element that begins."""
        if self._in_row or tag.endswith(" row"):
            self._in_row += 1
        else:
            self._outside += 1
        if self._in_row > MAX_ELEMENTS_OF_A_ROW or self._outside > MAX_ELEMENTS:
            raise ManifestError(
                f"{self._name} holds more in one row or part than a manifest does: copy its cells into a new sheet."
            )

    def end(self, tag: str) -> None:
        """Begin anew behind a row."""
        if tag.endswith(" row"):
            self._in_row = 0


def _sheets(name: str, data: bytes) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield the filled rows of each sheet: its values, of formulas those last computed, and nothing it links to."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    if len(book.worksheets) > MAX_SHEETS:
        raise ManifestError(f"{name} has over {MAX_SHEETS} sheets: keep only the one with the manifest.")
    cells = 0
    for sheet in book.worksheets:
        # The dimensions a file states may be wrong, and rows beyond them would be lost.
        sheet.reset_dimensions()
        rows = []
        for line, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells += len(row)
            if cells > MAX_CELLS:
                raise ManifestError(f"{name} has over {MAX_CELLS:,} cells, blank ones counted: take out blank columns.")
            texts = _texts(row)
            _check_shape(name, line, line, len(texts))
            if texts:
                rows.append((line, texts))
        yield rows
    book.close()


def _texts(cells: Iterable[object]) -> list[str]:
    """Return a sheet row as text, without the blank cells at its end that a sheet may or may not have."""
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: object) -> str:
    """Return a cell as the text a CSV of the same sheet would hold."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        # 15 digits are what a spreadsheet keeps: 14.399999999999999 was typed or computed as 14.4.
        return format(cell, ".15g")
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
