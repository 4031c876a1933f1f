"""Manifests as numbered rows, from CSV and XLSX alike; what is wrong with a whole file is said once."""

import time
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from stillgraph.errors import ManifestError
from stillgraph.intake import table
from stillgraph.intake.table import Row, read_table


def rows(path, *, required=("a", "b"), optional=()):
    return read_table(path, required=required, optional=optional).rows


@pytest.fixture
def csv_file(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "m.csv"
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    return write


@pytest.fixture
def xlsx_file(tmp_path):
    def write(*sheet, others=()):
        book = openpyxl.Workbook()
        for row in sheet:
            book.active.append(row)
        for other in others:
            extra = book.create_sheet()
            for row in other:
                extra.append(row)
        book.save(tmp_path / "m.xlsx")
        return tmp_path / "m.xlsx"

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_count_as_an_editor_counts_them(csv_file, encoding, end):
    text = end.join(["b,a,more", 'x,"one', 'two ""quoted""",z', "", " , ,", "é, 3 ,"])
    assert rows(csv_file(text, encoding)) == (
        Row(2, {"a": f'one{end}two "quoted"', "b": "x"}, surplus=False),
        Row(6, {"a": "3", "b": "é"}, surplus=False),
    )


def test_short_and_long_rows(csv_file):
    assert rows(csv_file("a,b\n1\n1,2\n1,2,\n1,2,3\n")) == (
        Row(2, {"a": "1", "b": ""}, surplus=False),
        Row(3, {"a": "1", "b": "2"}, surplus=False),
        Row(4, {"a": "1", "b": "2"}, surplus=True),
        Row(5, {"a": "1", "b": "2"}, surplus=True),
    )


def test_optional_columns_may_be_missing(csv_file):
    path = csv_file("a,b\n1,2\n")
    assert rows(path, optional=("c",)) == (Row(2, {"a": "1", "b": "2", "c": ""}, surplus=False),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "m.csv is empty: the first line must name the columns"),
        ("\n\n", "m.csv is empty"),
        ("a,b\n", "has a header but no rows"),
        ("a,b\n,\n", "has a header but no rows"),
        ("a;b\n1;2\n", "lacks the columns a, b: its first line must name a, b, separated by commas"),
        ("a,b,a\n1,2,3\n", "has the columns a twice"),
        (b"a,b\n\xff,2\n", r"is not UTF-8 \(byte 5\): save it again as “CSV UTF-8”"),
        ("a,b\n1,2".encode("utf-16"), "is not UTF-8"),
        ('a,b\n1,2\n1,"2\n3,4\n', "cannot be read as CSV from line 3 on"),
        ('a,b\n1,"2"2\n', "cannot be read as CSV from line 2 on"),
        ("a,b\n1," + "x" * 200_000, "cannot be read as CSV from line 2 on"),
        (b"PK\x03\x04 and no zip", "cannot be read as XLSX: open it, save it again"),
    ],
)
def test_files_that_cannot_be_read_as_a_whole(csv_file, text, message):
    with pytest.raises(ManifestError, match=message):
        rows(csv_file(text))


def test_no_file_a_folder_and_a_file_that_fails(tmp_path, csv_file, monkeypatch):
    with pytest.raises(ManifestError, match=r"cannot be read \(File name too long\)"):
        rows(tmp_path / ("n" * 300))
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(ManifestError, match="There is no file"):
            rows(path)
    path = csv_file("a,b\n1,2\n")

    def failing(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", failing)
    with pytest.raises(ManifestError, match=r"m\.csv cannot be read \(Permission denied\)"):
        rows(path)


def test_a_manifest_has_a_largest_size(csv_file, monkeypatch):
    monkeypatch.setattr(table, "MAX_BYTES", 10)
    assert len(rows(csv_file("a,b\n1,2\n3,"))) == 2
    with pytest.raises(ManifestError, match="split it into several manifests"):
        rows(csv_file("a,b\n1,2\n3,4"))


def test_xlsx_cells_become_the_text_of_the_same_csv(xlsx_file):
    path = xlsx_file(
        ["b", "a", None, "extra"],
        [datetime.fromisoformat("2026-09-10T17:55:48"), 12 * 1.2],
        [None, None],
        [date(2026, 9, 10), 46],
        ["  é ", 227.82],
        [True, -12.0, None, "x", "surplus"],
    )
    assert rows(path) == (
        Row(2, {"b": "2026-09-10T17:55:48", "a": "14.4"}, surplus=False),
        Row(4, {"b": "2026-09-10T00:00:00", "a": "46"}, surplus=False),
        Row(5, {"b": "é", "a": "227.82"}, surplus=False),
        Row(6, {"b": "True", "a": "-12"}, surplus=True),
    )


def test_xlsx_whose_stated_dimensions_are_wrong_loses_no_row(xlsx_file, tmp_path):
    source = xlsx_file(["a", "b"], [1, 2], [3, 4])
    target = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                assert b'<dimension ref="A1:B3"' in content
                content = content.replace(b'ref="A1:B3"', b'ref="A1:A2"')
            new.writestr(name, content)
    assert [row.cells for row in rows(target)] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_xlsx_with_one_filled_sheet_among_empty_ones(xlsx_file):
    assert len(rows(xlsx_file(["a", "b"], [1, 2], others=[[], [[None, None]]]))) == 1
    with pytest.raises(ManifestError, match="has 2 filled sheets: keep only the one"):
        rows(xlsx_file(["a", "b"], [1, 2], others=[[["more"]]]))
    with pytest.raises(ManifestError, match=r"m\.xlsx is empty"):
        rows(xlsx_file())


def test_xlsx_that_unpacks_to_too_much_is_not_unpacked(xlsx_file, monkeypatch):
    path = xlsx_file(["a", "b"], [1, 2])
    monkeypatch.setattr(table, "MAX_UNPACKED_BYTES", 100)
    monkeypatch.setattr(table.openpyxl, "load_workbook", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(ManifestError, match="unpacks to over 0 MiB: save its one sheet again"):
        rows(path)


def edited(source, *, part="sheet1.xml", change):
    """Return the XLSX with one of its parts changed."""
    target = source.with_name("edited.xlsx")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name.endswith(part) else old.read(name))
    return target


def with_rows(rows):
    return lambda sheet: sheet.replace(b"</sheetData>", rows + b"</sheetData>")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a,b\n1," + b"x" * 10_000_000, r"has a row of over 1,048,576 characters at line 2: check the quotes"),
        (b",".join(b"c%d" % n for n in range(10**6)), "has a row of over 1,048,576 characters at line 1"),
        (b"a,b\n" + b"," * 60_000_000, "has a row of over 1,048,576 characters at line 2"),
        (b"a,b\n" + b'"\n",' * 2_000_000, "has a row of over 1,048,576 characters at line 262146"),
        (b"a,b\n" + b"," * 1_000, "has over 1,000 fields at line 2: keep only the manifest's columns"),
        (b"a,b\n" + b"\n" * 2_000_000, "has over 1,048,576 rows, blank ones counted: split it, or take out blank rows"),
    ],
)
def test_a_csv_of_more_than_any_delivery_holds_is_refused_soon(csv_file, text, message):
    path = csv_file(text)
    began = time.process_time()
    with pytest.raises(ManifestError, match=message):
        rows(path)
    assert time.process_time() - began < 5


def test_the_largest_csv_row_is_read(csv_file):
    path = csv_file("a,b\n" + "1" * 131_000 + "," * 998 + "\n" + "2" * 131_000 + ",x\n" * 20)
    assert [len(row.cells["a"]) for row in rows(path)][:2] == [131_000, 131_000]


def test_zero_bytes_in_a_csv_are_text(csv_file):
    assert [row.cells for row in rows(csv_file(b"a,b\n\0,1\n"))] == [{"a": "\0", "b": "1"}]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (b'<row r="2000000000"><c r="A2000000000"><v>1</v></c></row>', "has over 1,048,576 rows, blank ones counted"),
        (b"".join(b'<row r="%d"><c r="XFD%d"/></row>' % (n, n) for n in range(3, 20_000)), "has over 20,000,000 cells"),
        (b'<row r="3">' + b"<c><v>1</v></c>" * 1_001 + b"</row>", "has over 1,000 fields at line 3"),
        (b'<row r="3">' + b"<c/>" * 20_000_000 + b"</row>", "holds more in one row or part than a manifest does"),
        (b"<x/>" * 20_000_000, "holds more in one row or part than a manifest does: copy its cells into a new sheet"),
        (b" " * (130 * 2**20), r"unpacks to over 128 MiB: save its one sheet again, without pictures, or split it"),
        (b"<row><c></row>", "cannot be read as XLSX"),
    ],
)
def test_an_xlsx_of_more_than_any_delivery_holds_is_refused_soon(xlsx_file, more, message):
    path = edited(xlsx_file(["a", "b"], [1, 2]), change=with_rows(more))
    began = time.process_time()
    with pytest.raises(ManifestError, match=message):
        rows(path)
    assert time.process_time() - began < 10


def test_entities_in_an_xlsx_do_not_unfold(xlsx_file):
    names = b"abcdefghij"
    doubled = b"".join(b'<!ENTITY %c "%s">' % (names[n], b"&%c;" % names[n - 1] * 10) for n in range(1, 10))
    for entities in (b'<!ENTITY a "lol">' + doubled, b'<!ENTITY j SYSTEM "file:///etc/hostname">'):
        text = with_rows(b'<row r="3"><c t="inlineStr"><is><t>&j;</t></is></c></row>')
        path = edited(
            xlsx_file(["a", "b"], [1, 2]), change=lambda s, e=entities, t=text: b"<!DOCTYPE x [" + e + b"]>" + t(s)
        )
        with pytest.raises(ManifestError, match="cannot be read as XLSX"):
            rows(path)


def test_an_xlsx_has_a_largest_number_of_sheets(xlsx_file):
    assert len(rows(xlsx_file(["a", "b"], [1, 2], others=[[]] * 19))) == 1
    with pytest.raises(ManifestError, match="has over 20 sheets: keep only the one with the manifest"):
        rows(xlsx_file(["a", "b"], [1, 2], others=[[]] * 20))


def test_formulas_give_the_value_they_last_computed_and_links_are_left_alone(xlsx_file):
    path = edited(
        xlsx_file(["a", "b"]),
        change=with_rows(
            b'<row r="2"><c r="A2" t="str"><f>WEBSERVICE("http://127.0.0.1:9/")</f><v>x</v></c><c r="B2"><f>[1]S!A1</f></c></row>'
        ),
    )
    assert [row.cells for row in rows(path)] == [{"a": "x", "b": ""}]
    rels = b'<Relationship Id="rId99" TargetMode="External" Target="file:///nowhere" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink"/>'
    linked = edited(
        path.rename(path.with_name("m.xlsx")),
        part="workbook.xml.rels",
        change=lambda s: s.replace(b"</Relationships>", rels + b"</Relationships>"),
    )
    assert [row.cells for row in rows(linked)] == [{"a": "x", "b": ""}]


def test_csv_and_xlsx_of_the_same_stills_read_alike(stills):
    row = stills.template | {
        "captured_at": datetime.fromisoformat("2026-09-10T17:55:48"),
        "offence_code": 46,
        "value_gbp": 12.5,
    }
    from_csv = stills.write({}).read()
    from_xlsx = stills.write_xlsx(list(row.values())).read()
    assert from_xlsx.stills == from_csv.stills
    assert from_xlsx.offences == from_csv.offences
    assert from_xlsx.refusals == ()


def test_columns_in_any_order_and_extra_ones(stills):
    header = ["extra", *reversed(stills.template)]
    assert len(stills.write({}, header=header).read().stills) == 1


def test_a_comma_too_many_is_a_refused_row(stills):
    stills.write({}, {"image": "b.png"})
    with stills.manifest.open("a") as file:
        file.write("b.png,R01/26/1,R01-S1,CAM1,2026-09-10T17:55:48,46,Shop, lifting,5,none,x,alarm,,\n")
    (refusal,) = stills.read().refusals
    assert (refusal.line, refusal.field) == (4, "row")
    assert refusal.reason.startswith(
        "more fields than the header: a comma inside a field needs quotes around it; image:"
    )


def test_lines_after_a_field_of_several_lines(stills):
    read = stills.write({"note": "one\ntwo\nthree"}, {"image": "b.png", "violence": ""}).read()
    assert [one.line for one in read.stills] == [2]
    assert [one.line for one in read.refusals] == [5]


def test_a_missing_column_and_a_missing_note(stills):
    with pytest.raises(ManifestError, match="lacks the columns violence"):
        stills.write({}, header=[name for name in stills.template if name != "violence"]).read()
    stills.write({}, header=[name for name in stills.template if name != "note"])
    assert stills.read().stills[0].note == ""
