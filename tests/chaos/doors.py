"""The ways in by which spoiled things come to Stillgraph, and what spoils them. Read by ``test_mutated.py``.

A door makes, of a chance and a workplace, one spoiled thing and tries it. It returns ``done`` or ``refused``; whatever
else is raised is a fault. Run as a script it tries one door many times, within a bounded memory, and writes what came
of each try as one line of JSON, so that a crash of the process is seen for what it is.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import re
import shutil
import struct
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from stillgraph.errors import StillgraphError

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECRET = "Xylo Quagmire-Zebedee"
"""A name, a date of birth and a note that stand in cells, and in no message ever."""
PRIVATE = ("Xylo", "Quagmire", "1931-02-03", "whispered-note")
OUTSIDE = "a-secret-outside-of-every-folder-given"
"""What a file holds that lies beside the folders given: nobody may read it into a case."""
LONGEST_MESSAGE = 4_000
MEMORY = 3 * 2**30
"""Bytes that a worker may take beyond what it begins with."""
CANARY_PATHS = (
    "../outside.txt",
    "../../outside.txt",
    "/etc/hostname",
    "..\\..\\outside.txt",
    "~/x",
    "file:///etc/passwd",
)
NAMES = (
    "O'Brien", "Robert'); DROP TABLE nominals; --", "=1+1", "+44", "-2", "@SUM(A1)", "\tx", 'a"b', "a,b", "a\nb", "a\r\nb",
    "\u202egpj.exe", "\u05d0\u05d1\u05d2 \u0627\u0644", "e\u0301", "\ufeffx", "\x00", "\x1b[31mred\x1b[0m", "\x9b31m", "\x7f",
    "x" * 300, "x" * 70_000, "\U0001f600", "../x", "a/b", "a\\b", "CON", ".hidden", "", " ", "''", "';--", "%s%n", "{0}",
    "${jndi:ldap://x}", "<script>alert(1)</script>", "NaN", "1e400", "-0", "9" * 400, "0x10", "1/0", "true", "null",
    "2026-02-30", "0000-00-00", "10000-01-01", "2026-01-01T25:00:00", "2026-01-01T00:00:00+99:00", "\ud7ff", "\ufffe",
)  # fmt: skip
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
CALLED = ("new", "O'Brien", "x y", "');--")


@dataclass
class Place:
    """Where a door is tried: a folder of its own, inputs to spoil, and a case."""

    root: Path
    inputs: Path
    case: Path | None = None
    port: int = 0
    token: str = ""
    kept: dict[str, object] = field(default_factory=dict)

    def fresh(self, name: str) -> Path:
        """Return an empty folder."""
        folder = self.root / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def desk(self):
        """Return a desk at the case."""
        from stillgraph.casework import take_seat

        return take_seat(self.case, officer="desk", operation="OP-TEST", reason="try a door")


# What spoils bytes, texts and tables.


def bytes_spoiled(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to four things done to them."""
    spoiled = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if len(spoiled) < 8:
            break
        at, length = chance.randrange(len(spoiled)), chance.randrange(1, max(2, len(spoiled) // 3))
        kind = chance.randrange(8)
        if kind == 0:
            spoiled[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del spoiled[at:]
        elif kind == 2:
            del spoiled[at : at + length]
        elif kind == 3:
            spoiled[at:at] = spoiled[at : at + length] * chance.choice((1, 20))
        elif kind == 4:
            spoiled[at : at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF)))
        elif kind == 5:
            spoiled[at : at + length] = chance.randbytes(min(length, 200))
        elif kind == 6:
            spoiled[at:at] = chance.choice(
                (b"\0" * 50, b"\xff\xfe", b'"', b"'", b"\r", b"\xef\xbb\xbf", b"{" * 50, b"\x1b[2J")
            )
        else:
            spoiled[min(at, 300)] = chance.randrange(256)
    return bytes(spoiled)


def text_spoiled(text: str, chance: random.Random) -> str:
    """Return a text with something done to it."""
    at = chance.randrange(len(text) + 1)
    kind = chance.randrange(6)
    if kind == 0:
        return chance.choice(NAMES)
    if kind == 1:
        return text[:at] + chance.choice(NAMES) + text[at:]
    if kind == 2:
        return text[:at]
    if kind == 3:
        return text + chr(chance.choice((0, 7, 27, 0x202E, 0xD7FF, 0xFFFD, 0x1F600, 0x85, 0x2028)))
    if kind == 4:
        return text * chance.choice((0, 2, 50))
    return "".join(chance.choice((c, c.upper(), chr(min(ord(c) + 1, 0xD7FF)))) for c in text)


def rows_spoiled(rows: list[dict[str, str]], chance: random.Random) -> tuple[list[str], list[list[str]]]:
    """Return a table's header and rows with cells, columns and rows spoiled."""
    header = list(rows[0])
    cells = [[row[name] for name in header] for row in rows]
    for _ in range(chance.choice((1, 1, 2, 5))):
        row = chance.choice(cells)
        kind = chance.randrange(9)
        column = chance.randrange(len(header))
        if kind <= 3 and column < len(row):
            row[column] = text_spoiled(row[column], chance)
        elif kind == 4 and "image" in header:
            row[header.index("image") % len(row)] = chance.choice((*CANARY_PATHS, *NAMES))
        elif kind == 5:
            header[column] = chance.choice((text_spoiled(header[column], chance), header[0], header[column].upper()))
        elif kind == 6:
            cells.append(list(row))
        elif kind == 7:
            row.extend([chance.choice(NAMES)] * chance.choice((1, 3, 1200)))
        elif len(row) > 1:
            del row[min(column, len(row) - 1)]
    return header, cells


def written(header: list[str], cells: list[list[str]], chance: random.Random) -> bytes:
    """Return a table as CSV or XLSX, in one of many ways, most of them right."""
    if chance.random() < 0.25:
        return _workbook(header, cells, chance)
    out = io.StringIO(newline="")
    delimiter = chance.choice((",",) * 8 + (";", "\t"))
    ends = chance.choice(("\n", "\r\n", "\r\n"))
    quoting = chance.choice((csv.QUOTE_MINIMAL,) * 3 + (csv.QUOTE_ALL,))
    csv.writer(out, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerows([header, *cells])
    encoding = chance.choice(("utf-8",) * 6 + ("utf-8-sig", "utf-16", "cp1252", "utf-32"))
    data = out.getvalue().encode(encoding, errors="replace")
    return bytes_spoiled(data, chance) if chance.random() < 0.3 else data


def _workbook(header: list[str], cells: list[list[str]], chance: random.Random) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in [header, *cells]:
        book.active.append([NOT_XML.sub("?", cell)[:32_000] for cell in row])
    if chance.random() < 0.2:
        book.create_sheet("other").append(["a"])
    out = io.BytesIO()
    book.save(out)
    data = out.getvalue()
    kind = chance.randrange(6)
    if kind == 0:
        return bytes_spoiled(data, chance)
    if kind > 3:
        return data
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(changed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                if kind == 1:
                    part = bytes_spoiled(part, chance)
                elif kind == 2:
                    entities = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">' + b"".join(
                        b'<!ENTITY c%d "%s">' % (n, (b"&c%d;" % (n - 1) if n else b"&b;") * 10) for n in range(9)
                    )
                    part = entities + b"]>" + part.replace(b"<sheetData>", b"<sheetData><row><c><v>&c8;</v></c></row>")
                else:
                    part = part.replace(b"<sheetData>", b"<sheetData>" + b"<row/>" * chance.choice((10, 300_000)))
            new.writestr(name, part)
        if chance.random() < 0.3:
            new.writestr("xl/bomb.bin", bytes(chance.choice((1_000, 1_000, 1_000, 1_000, 140 * 2**20))))
    return changed.getvalue()


def rows_of(path: Path, count: int) -> list[dict[str, str]]:
    """Return the first rows of a table, with a private name, date and note where it has such columns."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row, _ in zip(csv.DictReader(stream), range(count), strict=False)]
    private = {"name": SECRET, "date_of_birth": "1931-02-03", "note": "whispered-note"}
    return [{name: private.get(name, value) for name, value in row.items()} for row in rows]


# The doors.


def manifest(place: Place, chance: random.Random) -> str:
    """Read a manifest or a table of one of nine kinds."""
    kind = chance.choice(
        ("custody", "custody", "stills", "stills", "stores", "arrests", "truth", "harm", "points", "pairs", "circles")
    )
    source = {
        "custody": place.inputs / "custody" / "manifest.csv", "arrests": place.inputs / "custody" / "arrests.csv",
        "stills": place.inputs / "deliveries" / "R08" / "manifest.csv", "stores": place.inputs / "stores.csv",
        "truth": place.inputs / "truth.csv",
    }  # fmt: skip
    if kind in source:
        rows = rows_of(source[kind], 3)
    elif kind == "harm":
        rows = [
            {
                "offence_code": "46",
                "offence": "Shoplifting",
                "subgroup": "theft",
                "harm_days": "5",
                "source": "s",
                "version": "1",
            }
        ]
    elif kind == "points":
        rows = [{"part": "harm", "edge": "5", "points": "10", "source": "s", "version": "1"}]
    elif kind == "circles":
        rows = [{"person": "a", "circle": "b"}, {"person": "c", "circle": "b"}]
    else:
        rows = [{"image_a": "a.jpg", "image_b": "b.jpg", "same": "1"}]
    folder = place.root / "delivery"
    folder.mkdir(exist_ok=True)
    images = folder / "images"
    if not images.exists():
        shutil.copytree(place.inputs / "deliveries" / "R08" / "stills", images)
        for image in sorted((place.inputs / "custody" / "images").iterdir())[:4]:
            shutil.copy(image, images)
        (images / "link.jpg").symlink_to(place.root / "outside.txt")
        (images / "loop.jpg").symlink_to(images / "loop.jpg")
        os.mkfifo(images / "pipe.jpg")
        (images / "folder.jpg").mkdir()
    if "image" in rows[0] and chance.random() < 0.15:
        rows[0]["image"] = chance.choice(("link.jpg", "loop.jpg", "pipe.jpg", "folder.jpg"))
    path = folder / chance.choice((f"{kind}.csv", f"{kind}.xlsx", "O'Brien's list.csv", "\u202efsc.csv"))
    path.write_bytes(written(*rows_spoiled(rows, chance), chance))
    try:
        return _read_as(kind, path)
    finally:
        path.unlink()


def _read_as(kind: str, path: Path) -> str:
    from stillgraph import intake, prolific
    from stillgraph.casework import evaluating_network, verifying
    from stillgraph.evaluation import truth
    from stillgraph.intake.rows import CustodyRow, refusal, validate
    from stillgraph.intake.table import read_table

    if kind == "custody":
        table = read_table(path, required=CustodyRow.required(), optional=CustodyRow.optional())
        for row in table.rows:
            read, problems = validate(CustodyRow, row, NOW)
            if problems:
                message_is_plain(f"{refusal(row, problems).reason}.")
            elif read is not None:
                with contextlib.suppress(intake.ImageProblem):
                    assert OUTSIDE.encode() not in intake.open_image(path.parent, read.image)[1]
    elif kind == "stills":
        from stillgraph.records import RetailerId

        delivery = intake.read_stills(
            path,
            retailer_id=RetailerId("R08"),
            stores={},
            known_digests={},
            known_stills=(),
            known_offences={},
            now=NOW,
        )
        for one in delivery.refusals:
            message_is_plain(f"{one.reason}.")
    elif kind == "circles":
        evaluating_network.read_circles(path)
    elif kind == "pairs":
        verifying._read_pairs(path)
    else:
        {"stores": intake.read_stores, "arrests": lambda p: intake.read_arrests(p, now=NOW), "truth": truth.read_truth,
         "harm": prolific.harm_table, "points": prolific.rfh_points}[kind](path)  # fmt: skip
    return "done"


def journey(place: Place, chance: random.Random) -> str:
    """Take a spoiled manifest in by the command line, as an officer does."""
    kind = chance.choice(("custody", "stills", "harm", "search"))
    folder = place.fresh("given")
    if kind == "harm":
        rows = [
            {
                "offence_code": "46",
                "offence": "O'Brien",
                "subgroup": "t",
                "harm_days": "5",
                "source": "s",
                "version": "1",
            }
        ]
        (folder / "harm.csv").write_bytes(written(*rows_spoiled(rows, chance), chance))
        return command(place, "case", "harm", str(place.case), str(folder / "harm.csv"))
    if kind == "search":
        name = chance.choice(("still.jpg", "O'Brien.jpg", "\x1b[31mred.jpg", "-rf.jpg", "=1.jpg"))
        data = chance.choice(_images(place))
        (folder / name).write_bytes(bytes_spoiled(data, chance))
        return command(place, "search", str(place.case), "--image", str(folder / name))
    source = place.inputs / ("custody" if kind == "custody" else "deliveries/R08")
    images = "images" if kind == "custody" else "stills"
    rows = rows_of(source / "manifest.csv", 2)
    (folder / images).mkdir()
    for number, row in enumerate(rows):
        # Each image new to the case, and half of the people called as nobody should be.
        data = (source / images / row["image"]).read_bytes() + f"{chance.random()}".encode()
        row["image"] = f"{chance.choice(CALLED)}-{chance.randrange(10**9)}-{number}.jpg"
        (folder / images / row["image"]).write_bytes(data)
        if "nominal_id" in row and chance.random() < 0.5:
            row["nominal_id"] = chance.choice(
                ("O'Brien", "Robert'); DROP TABLE nominals; --", f"N{chance.randrange(10**6)}")
            )
        if "offence_ref" in row:
            row["offence_ref"] = f"{row['offence_ref']}-{chance.choice(CALLED)}-{chance.randrange(10**6)}"
    table = folder / "manifest.csv"
    if chance.random() < 0.4:
        table.write_bytes(written(list(rows[0]), [list(row.values()) for row in rows], random.Random(1)))
    else:
        table.write_bytes(written(*rows_spoiled(rows, chance), chance))
    words = ("custody", "add") if kind == "custody" else ("stills", "receive")
    further = () if kind == "custody" else ("--retailer", chance.choice(("R08", "R08", "O'Brien", "';--")))
    return command(place, *words, str(place.case), str(table), *further)


def command(place: Place, *words: str) -> str:
    """Run a command in this process; what it says must be plain."""
    from stillgraph.cli.app import run

    out, err = io.StringIO(), io.StringIO()
    seat = ("--officer", "desk", "--operation", "OP-TEST", "--reason", "try a door")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*words, *seat])
    said = err.getvalue()
    assert code in {0, 1, 2}, (code, said)
    assert "Something went wrong inside" not in said, said
    assert "Traceback" not in said + out.getvalue(), said
    for line in filter(None, said.split("\n")):
        message_is_plain(line)
        assert all(c.isprintable() for c in line), ("a terminal would obey", line[:200])
    for line in filter(None, out.getvalue().split("\n")):
        assert all(c.isprintable() for c in line), ("a terminal would obey", line[:200])
        assert not any(word in line for word in PRIVATE), line[:200]
    return "done" if code == 0 else "refused"


def _images(place: Place) -> list[bytes]:
    if "images" not in place.kept:
        from PIL import Image

        still = next(iter(sorted((place.inputs / "deliveries" / "R08" / "stills").iterdir())))
        picture = Image.open(still).convert("RGB").resize((96, 64))
        made = []
        for form, options in (
            ("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}),
            ("GIF", {}), ("WEBP", {}), ("WEBP", {"lossless": True}), ("BMP", {}), ("HEIF", {}),
        ):  # fmt: skip
            if form == "HEIF":
                import pillow_heif

                pillow_heif.register_heif_opener()
            picture.save(out := io.BytesIO(), form, **options)
            made.append(out.getvalue())
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = 6, SECRET
        picture.save(out := io.BytesIO(), "JPEG", exif=exif)
        place.kept["images"] = [*made, out.getvalue(), still.read_bytes()]
    return place.kept["images"]


def image(place: Place, chance: random.Random) -> str:
    """Decode a spoiled picture, or a polyglot of two files."""
    from stillgraph import intake

    files = _images(place)
    data = bytes_spoiled(chance.choice(files), chance)
    if chance.random() < 0.15:
        data = chance.choice(
            (chance.choice(files) + data, data + b"PK\x03\x04" + data, b"%PDF-1.7\n" + data, b"GIF89a" + data)
        )
    try:
        width, height = intake.read_image(data)
    except intake.ImageProblem as problem:
        message_is_plain(f"{problem}.")
        return "refused"
    assert 0 < width * height <= 40_000_000
    return "done"


def archive(place: Place, chance: random.Random) -> str:
    """Drop a spoiled ZIP archive into a page."""
    import warnings

    from stillgraph.casework import uploading

    warnings.filterwarnings("ignore", "Duplicate name", UserWarning)  # of what spoils, not of what reads

    source = place.inputs / "deliveries" / "R08"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA))) as made:
        names = ["manifest.csv", "stills/a.jpg", "stills/b.jpg"]
        for name in names:
            _add(made, name if chance.random() < 0.7 else chance.choice((*CANARY_PATHS, *NAMES)), chance, source)
        for _ in range(chance.choice((0, 1, 3))):
            _add(
                made,
                chance.choice(
                    (*CANARY_PATHS, *NAMES, "manifest.csv", "nested.zip", "__MACOSX/._x", "a/b/c/" * 30 + "x.jpg")
                ),
                chance,
                source,
            )
    data = out.getvalue()
    if chance.random() < 0.4:
        data = bytes_spoiled(data, chance)
    if chance.random() < 0.05:
        data = data.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
    files = [(chance.choice(("x.zip", "O'Brien.ZIP", "../x.zip")), data)]
    if chance.random() < 0.2:
        files = [(chance.choice((*CANARY_PATHS, *(n for n in NAMES if n))), data[:500]), ("manifest.csv", b"image\n")]
    if chance.random() < 0.85:
        # Without the action around it, which costs more than what is tried.
        folder = place.fresh("given")
        (folder / uploading.STILLS).mkdir()
        uploading._put(folder, files, uploading.Upload("", "", None, 0, 0, 0, "desk", NOW))
    else:
        desk = place.desk()
        kept = uploading.keep(desk, files)
        folder = place.case / "uploads" / kept.upload_id
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    if folder.name != "given":
        uploading.discard(desk, kept.upload_id)
    return "done"


def _add(made: zipfile.ZipFile, name: str, chance: random.Random, source: Path) -> None:
    entry = zipfile.ZipInfo((name.replace("\0", "") or "x")[:60_000])
    entry.compress_type = made.compression
    kind = chance.randrange(12)
    if kind == 0:
        entry.external_attr = 0o120777 << 16
        made.writestr(entry, "/etc/hostname")
    elif kind == 1:
        entry.external_attr = chance.choice((0o010644, 0o020644, 0o060644)) << 16
        made.writestr(entry, b"")
    elif kind == 2 and entry.compress_type != zipfile.ZIP_STORED:
        made.writestr(entry, bytes(chance.choice((2**20, 2**20, 2**20, 2**20, 70 * 2**20))))
    else:
        with contextlib.suppress(ValueError):
            made.writestr(entry, (source / "manifest.csv").read_bytes()[:2_000])


PIECES = (
    "SELECT", "FROM", "WHERE", "WITH", "AS", "RECURSIVE", "UNION ALL", "JOIN", "ON true", "GROUP BY ALL", "ORDER BY 1",
    "LIMIT 5", "(", ")", ",", ";", "--", "/*", "*/", "'", '"', "*", "1", "NULL", "'O''Brien'", "$$x$$", "E'\\x00'", ".", "::",
    "INTEGER", "DATE", "nominals", "stills", "offences", "persons", "audit", "held.templates", "held.audit", "held.officers",
    "casefile.held.settings", "main.nominals", "pg_catalog.pg_class", "information_schema.tables", "sqlite_master",
    "duckdb_settings()", "read_csv('/etc/passwd')", "read_text('../outside.txt')", "read_blob('/etc/hostname')", "glob('/*')",
    "'/etc/passwd'", '"x.parquet"', "query('SELECT 1')", "query_table('held.officers')", "getenv('HOME')", "pragma_version()",
    "COPY", "TO 'out.csv'", "ATTACH 'x.db' AS y", "DETACH casefile", "PRAGMA", "SET", "INSTALL httpfs", "LOAD httpfs", "CALL",
    "CREATE TABLE t AS", "DROP TABLE held.audit", "INSERT INTO held.settings", "UPDATE", "DELETE FROM held.audit", "EXPORT",
    "EXECUTE", "PREPARE x AS", "EXPLAIN", "DESCRIBE", "SUMMARIZE", "PIVOT", "UNPIVOT", "lambda x: x", "x -> x", "{'a': 1}", "[1]",
    "range(1000000000000)", "range(10)", "repeat('x', 1000000000)", "lpad('x', 20)", "unnest([1])", "nextval('held.search_ids')",
    "currval('held.search_ids')", "error(name)", "name::INTEGER", "CAST(name AS DATE)", "list(name)", "string_agg(name, ',')",
    "current_setting('home_directory')", "version()", "current_database()", "\x00", "\u202e", "é", "\U0001f600", "COLUMNS('.*')",
    "EXCLUDE (name)", "QUALIFY", "OVER ()", "ASOF JOIN", "POSITIONAL JOIN", "LATERAL", "FILTER (WHERE true)", "VALUES (1)", "TABLE",
    "IN (SELECT 1)", "CASE WHEN true THEN 1 END", "TRY(1)", "AT (VERSION => 1)", "USING SAMPLE 10%", "[1:2]", "?", "$1", ":x",
)  # fmt: skip
WHOLE = (
    "SELECT count(*) FROM nominals", "SELECT n.name, s.still_id FROM nominals AS n, stills AS s LIMIT 3",
    "WITH a AS (SELECT * FROM offences) SELECT borough, count(*) FROM a JOIN stores USING (store_id) GROUP BY ALL",
    "SELECT * FROM nominals WHERE name = 'O''Brien'", "SELECT * FROM nominals WHERE name = 'Robert''); DROP TABLE x; --'",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 30) SELECT * FROM t",
    "SELECT officer, count(*) FROM audit GROUP BY 1", "SELECT * FROM range(5) AS r, stills",
)  # fmt: skip


def query(place: Place, chance: random.Random) -> str:
    """Ask a spoiled query."""
    from stillgraph.casework import analysing
    from stillgraph.store import queries

    kind = chance.randrange(6)
    sql = chance.choice(WHOLE)
    if kind == 0:
        sql = " ".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 14)))
    elif kind == 1:
        parts = sql.split()
        for _ in range(chance.choice((1, 2, 3))):
            parts[chance.randrange(len(parts))] = chance.choice(PIECES)
        sql = " ".join(parts)
    elif kind == 2:
        parts = sql.split()
        parts.insert(chance.randrange(len(parts) + 1), chance.choice(PIECES))
        sql = " ".join(parts)
    elif kind == 3:
        depth = chance.choice((3, 50, 400, 3_000))
        one = chance.choice(
            ("({})", "(SELECT * FROM {})", "NOT {}", "[{}]", "-{}", "CASE WHEN true THEN {} END", "{{'a': {}}}")
        )
        inner = "1"
        if one == "(SELECT * FROM {})":
            inner = "range(1)"
        before, after = one.format("\0").split("\0")
        sql = ("SELECT * FROM " if "SELECT" in one else "SELECT ") + before * depth + inner + after * depth
    elif kind == 4:
        name = chance.choice(("nominals", "held", "main", "duckdb_tables", '"held.officers"', "t"))
        sql = f"WITH {name} AS ({chance.choice(WHOLE)}) SELECT * FROM {name}, {chance.choice(PIECES)}"
    else:
        sql = text_spoiled(sql, chance)
    recorded = queries.without_values(sql) if len(sql) < 100_000 else ""
    assert "O''Brien" not in recorded, "a value is recorded"
    if chance.random() < 0.85:
        with place.desk().case.session(writing=False) as session:
            table = queries.run(session, sql)
    else:
        table = analysing.query_table(place.desk(), sql)
    assert table.nbytes <= 2**29
    # Whatever was answered, it holds nothing of the machine, and nothing of the tables behind the views.
    told = str(table.slice(0, 20).to_pylist())
    assert "root:" not in told
    assert OUTSIDE not in told
    assert "$argon2" not in told
    return "done"


def token(place: Place, chance: random.Random) -> str:
    """Sign in with something that is no token, or one that is spoiled."""
    from stillgraph.casework import signing_in
    from stillgraph.governance import sign_in
    from stillgraph.store import sign_ins

    real = place.kept.setdefault("token", None) or signing_in.issue_token(place.desk(), "first").token
    place.kept["token"] = real
    spoiled = chance.choice(
        (
            text_spoiled(real, chance),
            chance.choice(NAMES),
            f"{chance.randrange(10**12)}.{'A' * 43}",
            real + "A",
            real.replace(".", ".."),
            f"0{real}",
            real.upper(),
            f"1.{chance.randbytes(20).hex()}",
            "1." + "-" * 43,
            "\u0661" + real[1:],
            "bearer " + real,
        )
    )
    if spoiled.strip() == real:
        return "done"
    if chance.random() < 0.8:
        given = sign_in.parts(spoiled)
        with place.desk().case.session(writing=False) as session:
            held = None if given is None else sign_ins.sign_in(session, given[0])
        if given is None or not sign_in.holds(held, given[1]):
            return "refused"
    kept = signing_in.sign_in(place.case, spoiled, operation="OP-TEST", reason="try a door")
    raise AssertionError(f"a spoiled token let in {kept.officer_id}")


def url(place: Place, chance: random.Random) -> str:
    """Ask the server of the pages for something odd, by a method, a path, headers and a host that are odd."""
    import http.client

    paths = ("/", "/voila/render/overview.ipynb", "/voila/static/main.js", "/voila/files/overview.ipynb", "/api/kernels", "/login",
             "/logout", "/reader", "/api/contents", "/static/x", "/voila/templates/lab/static/x", "/api/kernels/0/channels",
             "/voila/api/shutdown/0-0-0-0-0", "/files/etc/passwd", "/api/sessions", "/api/terminals", "/nbextensions/x")  # fmt: skip
    tails = ("", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2f..%2fcase.duckdb", "%00", "/%c0%ae%c0%ae/x", "//x",
             "/..;/x", "?token=x", "?next=//evil.example/", "?next=https://evil.example/", "?voila-template=../../x", "?voila-theme=../x",
             "?x=<script>alert(1)</script>", "/\\..\\..\\x", "?" + "a" * 9_000, "/" + "a/" * 2_000, "/" + "%25" * 500, "?token=" + "'" * 50)  # fmt: skip
    method = chance.choice(
        ("GET", "GET", "GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "PATCH", "CONNECT", "FOO")
    )
    path = chance.choice(paths) + chance.choice(tails)
    headers = {
        "Host": chance.choice((f"127.0.0.1:{place.port}", "evil.example", "127.0.0.1.evil.example", "localhost", "[::1]", "x" * 300)),
        **chance.choice(({}, {"Origin": "https://evil.example"}, {"X-Forwarded-For": "1.1.1.1"}, {"X-Stillgraph-Officer": "desk"},
                         {"Authorization": "token " + "A" * 30}, {"Cookie": "username-127-0-0-1=x; _xsrf=y"}, {"Range": "bytes=0-999999999999"},
                         {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "x" * 16, "Sec-WebSocket-Version": "13"},
                         {"Content-Length": "5"}, {"Transfer-Encoding": "chunked"}, {"X": "y" * 9_000}))}  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=5)
    try:
        connection.putrequest(method, path.replace(" ", "%20"), skip_host=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(b"hello" if "Content-Length" in headers else None)
        answer = connection.getresponse()
        text = answer.read(2_000_000).decode("utf-8", "replace")
    except (http.client.HTTPException, OSError):
        return "refused"
    finally:
        connection.close()
    assert answer.status < 500, (answer.status, method, path[:100], headers, text[:200])
    assert "Traceback" not in text
    assert "root:x:" not in text
    assert OUTSIDE not in text
    assert answer.status in {302, 303, 400, 403, 404, 405, 431, 414, 200, 204, 426, 304, 413}, answer.status
    if answer.status in {302, 303}:
        # A way on leads to the login page of this server, whatever is asked for behind it.
        assert (answer.headers["Location"] or "").startswith(("/", "?")), answer.headers["Location"]
        assert not (answer.headers["Location"] or "").startswith("//"), answer.headers["Location"]
    elif answer.status == 200 and method != "OPTIONS":
        assert path.startswith(("/login", "/voila/static", "/static", "/logout", "/voila/templates")) or not text, (
            method,
            path,
            text[:100],
        )
        assert "<script>alert(1)" not in text
    return "done" if answer.status < 400 else "refused"


def model(place: Place, chance: random.Random) -> str:
    """Propose a pack whose TOML or network is spoiled."""
    import onnx

    from stillgraph.faces import adding

    if "onnx" not in place.kept:
        place.kept["onnx"] = _network()
    data, folder = place.kept["onnx"], place.fresh("pack")
    kind = chance.randrange(5)
    if kind < 2:
        (folder / "net.onnx").write_bytes(bytes_spoiled(data, chance))
    elif kind == 2:
        network = onnx.load_model_from_string(data)
        tensor = chance.choice((network.graph.initializer[0], network.graph.sparse_initializer.add().values))
        if chance.random() < 0.5:
            holder = network.functions.add()
            holder.name, holder.domain = "f", "x"
            tensor = holder.node.add(op_type="Constant").attribute.add(name="value", type=onnx.AttributeProto.TENSOR).t
        del tensor.external_data[:]
        tensor.data_location = onnx.TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", chance.choice(("../outside.txt", "/etc/passwd", "w.bin"))
        (folder / "net.onnx").write_bytes(network.SerializeToString())
    else:
        (folder / "net.onnx").write_bytes(data)
    lines = {
        "kind": '"onnx"', "licence": '"MIT"', "file": '"net.onnx"', "colour": '"rgb"', "mean": "[0.0]",
        "std": "[1.0]", "dimension": "128", "size_px": "112",
    }  # fmt: skip
    odd = ('"../outside.txt"', '"/etc/passwd"', '"/dev/zero"', '"' + "x" * 5_000 + '"', "1e999", "-1", "nan", "[]", "[[[]]]", "{}",
           '"\\u0000"', "99999999999999999999", '"O\'Brien"', '""', "true", "[" * 3_000, '"fusion"', '"insightface"', "1979-05-27",
           '"\\u001b[31m"')  # fmt: skip
    for _ in range(chance.choice((0, 1, 2))):
        lines[chance.choice((*lines, "sha256", "recognisers", "x y", "a.b"))] = chance.choice(odd)
    text = "".join(f"{key} = {value}\n" for key, value in lines.items())
    written_as = bytes_spoiled(text.encode(), chance) if chance.random() < 0.3 else text.encode()
    (folder / "pack.toml").write_bytes(written_as)
    adding.propose(folder if chance.random() < 0.2 else folder / "pack.toml")
    # What could be proposed keeps no weights elsewhere.
    assert kind != 2
    return "done"


def _network() -> bytes:
    """Return a network of the shape of a recogniser: a square crop in, a vector of 128 out."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((3, 128), np.float32), "w")
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["a"]), helper.make_node("Flatten", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "w"], ["y"]),
    ]  # fmt: skip
    ends = [
        helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, 3, 112, 112]),
        helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None, 128]),
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()


def record(place: Place, chance: random.Random) -> str:
    """Read a spoiled record of our own: anchors, the audit log, wrapped keys, a dropped delivery, a backup."""
    from stillgraph.governance import chain, log
    from stillgraph.store import archive as backups
    from stillgraph.store import keyslots

    kind = chance.choice(("anchors", "log", "keys", "backup", "unpack"))
    deep = (
        b"[" * 100_000 + b"]" * 100_000 + b"\n",
        b'{"a":' * 100_000 + b"\n",
        b'{"sequence": ' + b"9" * 5_000 + b"}\n",
    )

    def spoiled(data: bytes) -> bytes:
        if chance.random() < 0.2:
            return chance.choice(deep) + data
        return chance.choice(
            (bytes_spoiled(data, chance), text_spoiled(data.decode(errors="replace"), chance).encode(errors="replace"))
        )

    folder = place.fresh("record")
    if kind == "anchors":
        (folder / "a.jsonl").write_bytes(spoiled((place.case / chain.ANCHOR_FILE_NAME).read_bytes()[:4_000]))
        chain.read_anchors(folder / "a.jsonl")
    elif kind == "log":
        log.place(folder).parent.mkdir(parents=True)
        log.place(folder).write_bytes(spoiled(log.place(place.case).read_bytes()[:6_000]))
        list(log.lines(folder))
    elif kind == "keys":
        keyslots.read(spoiled((place.case / "keys.json").read_bytes()))
    else:
        if "backup" not in place.kept:
            from stillgraph.casework import backing_up

            file = place.root / "backup.tar"
            if not file.exists():
                backing_up.backup(place.desk(), file, check=False)
            place.kept["backup"] = file.read_bytes()
        data = place.kept["backup"]
        head = (
            bytes_spoiled(data[:20_000], chance) + data[20_000:]
            if chance.random() < 0.6
            else bytes_spoiled(data, chance)
        )
        if chance.random() < 0.3:
            head = _evil_tar(chance) + data
        (folder / "b.tar").write_bytes(head)
        if kind == "backup":
            backups.manifest_of(folder / "b.tar")
        else:
            (folder / "into").mkdir()
            backups.unpack(folder / "b.tar", folder / "into", durable=False)
            assert not any(path.is_symlink() for path in (folder / "into").rglob("*"))
    return "done"


def _evil_tar(chance: random.Random) -> bytes:
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        entry = tarfile.TarInfo(chance.choice((*CANARY_PATHS, "case.duckdb", "images/../../x", "/tmp/x", "keys.json")))
        entry.type = chance.choice(
            (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
        )
        entry.linkname = "/etc/passwd"
        entry.size = 4 if entry.type == tarfile.REGTYPE else 0
        made.addfile(entry, io.BytesIO(b"evil"))
    # Without the end, so that what follows is read too.
    return out.getvalue()[: 1024 if entry.size else 512]


FOREIGN = ("os:system", "subprocess:Popen", "builtins:eval", "pathlib:Path", "stillgraph.store.casefile:CaseFile",
           "stillgraph.casework.desk:Desk", "stillgraph.errors:StillgraphError", "threading:Thread", "posix:system")  # fmt: skip


def wire(place: Place, chance: random.Random) -> str:
    """Read a spoiled message between a client and a server of a case."""
    import msgpack

    from stillgraph.casework.wire import codec, frames
    from stillgraph.records import Box, NominalId, Role

    kind = chance.randrange(5)
    values = [
        {"a": [1, 2.5, None, "O'Brien", b"x"]},
        (Role.ANALYST, Box(1, 2, 3, 4)),
        [NOW, NOW.date()],
        {NominalId("N"): {1, 2}},
    ]
    data = codec.dumps(chance.choice(values))
    if kind < 2:
        data = bytes_spoiled(data, chance)
    elif kind == 2:
        data = chance.randbytes(chance.choice((1, 10, 300, 5_000)))
    elif kind == 3:
        tag = chance.choice(
            ("data", "enum", "model", "path", "place", "dict", "list", "array", "frame", "graph", "decimal", "int")
        )
        data = msgpack.packb(
            [
                tag,
                chance.choice(FOREIGN).replace(":", chance.choice((":", "."))),
                chance.choice(({}, {"args": ["ls"]}, "x", [])),
            ]
        )
    else:
        tree: object = 1
        for _ in range(chance.choice((3, 100, 900))):
            tree = [tree]
        data = msgpack.packb(tree)
        if chance.random() < 0.5:
            data = b"\xdd\xff\xff\xff\xff" + data
    if chance.random() < 0.2:
        pieces = frames.Pieces()
        for piece in getattr(pieces, "add", lambda _: ())(data) or ():
            str(piece)
    value = codec.loads(data, asked=chance.random() < 0.5)
    assert ours(value), type(value)
    return "done"


def ours(value: object) -> bool:
    """Say whether a value is of what may travel: Python's own kinds, records, arrays and tables."""
    roots = {
        "builtins",
        "datetime",
        "decimal",
        "pathlib",
        "stillgraph",
        "numpy",
        "pandas",
        "pyarrow",
        "networkx",
        "types",
    }
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(ours, value))
    if isinstance(value, dict):
        return all(ours(key) and ours(item) for key, item in value.items())
    module = type(value).__module__
    forbidden = ("stillgraph.store", "stillgraph.casework.desk", "stillgraph.cli")
    return module.partition(".")[0] in roots and not module.startswith(forbidden)


def film(place: Place, chance: random.Random) -> str:
    """Read the frames of a spoiled film."""
    from stillgraph.decoding import Pick, frames

    if "film" not in place.kept:
        import av
        from PIL import Image

        path = place.root / "film.mp4"
        with av.open(str(path), "w", format="mp4") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
            for n in range(12):
                container.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (96, 64), (20 * n, 0, 0)))))
            container.mux(stream.encode(None))
        place.kept["film"] = path.read_bytes()
    folder = place.fresh("films")
    (folder / "film.mp4").write_bytes(bytes_spoiled(place.kept["film"], chance))
    if chance.random() < 0.2:
        (folder / "film.mp4").write_text(
            chance.choice(("#EXTM3U\n#EXTINF:1\n/etc/passwd\n", "ffconcat version 1.0\nfile ../outside.txt\n"))
        )
    try:
        for _ in frames(folder / "film.mp4", Pick()):
            pass
    except Exception as error:
        from stillgraph.decoding import ImageProblem

        if isinstance(error, ImageProblem):
            message_is_plain(f"{error}.")
            return "refused"
        raise
    return "done"


DOORS: dict[str, tuple[Callable[[Place, random.Random], str], int, int]] = {
    "manifests": (manifest, 2_600, 100),
    "journeys": (journey, 150, 3),
    "images": (image, 1_800, 60),
    "archives": (archive, 1_000, 25),
    "queries": (query, 1_500, 45),
    "tokens": (token, 600, 12),
    "URLs": (url, 700, 0),
    "models": (model, 600, 25),
    "records": (record, 600, 20),
    "wire": (wire, 370, 20),
    "films": (film, 80, 1),
}
"""Each door with how often it is tried by `make chaos`, 10,000 times in all, and in the short run."""


def message_is_plain(message: str) -> None:
    """Fail where a message is more than a few plain sentences, or tells of a person."""
    assert len(message) <= LONGEST_MESSAGE, ("long", message[:300])
    assert "Traceback" not in message, message
    assert not any(word in message for word in PRIVATE), message[:300]


def tried(door: str, place: Place, seed: int, number: int) -> dict[str, object]:
    """Try a door once and return what came of it."""
    chance = random.Random(f"{door} {seed} {number}")
    began = time.perf_counter()
    fault = ""
    try:
        outcome = DOORS[door][0](place, chance)
    except StillgraphError as error:
        outcome = "refused"
        try:
            message_is_plain(str(error))
        except AssertionError as wrong:
            outcome, fault = "fault", f"{type(error).__name__}: {wrong}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        outcome, fault = "fault", f"{error!r:.400}\n{traceback.format_exc()[-1_800:]}"
    return {"door": door, "number": number, "outcome": outcome, "seconds": time.perf_counter() - began, "fault": fault}


def surroundings(root: Path, given: tuple[str, ...]) -> dict[str, int]:
    """Return what lies beside the folders given, with sizes: nothing may come, go or change there."""
    return {
        str(path.relative_to(root)): path.lstat().st_size
        for path in sorted(root.rglob("*"))
        if path.relative_to(root).parts[0] not in given and not path.is_dir()
    }


def main(arguments: list[str]) -> Iterator[dict[str, object]]:
    """Try one door from one number to another, in a bounded memory."""
    door, first, count, seed, root, inputs, case, port = arguments
    place = Place(Path(root), Path(inputs), Path(case) if case else None, int(port))
    import resource

    with Path("/proc/self/status").open(encoding="ascii") as status:
        held = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))
    resource.setrlimit(resource.RLIMIT_DATA, (held + MEMORY, held + MEMORY))
    for number in range(int(first), int(first) + int(count)):
        told = tried(door, place, int(seed), number)
        told["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        yield told


if __name__ == "__main__":
    for line in main(sys.argv[1:]):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
