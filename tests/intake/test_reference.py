"""Stores are right as a whole or not at all; arrests are judged row by row."""

from datetime import date
from pathlib import Path

import pytest

from stillgraph.errors import ManifestError
from stillgraph.intake import read_arrests, read_stores
from stillgraph.records import Arrest, Refusal, Store

DEMO = Path(__file__).parents[2] / "data" / "demo"
STORES = "store_id,retailer_id,retailer,store,borough,latitude,longitude\n"
ARRESTS = "nominal_id,arrested_on,offence_code,offence,disposal\n"


@pytest.fixture
def file(tmp_path):
    def write(text):
        (tmp_path / "t.csv").write_text(text, encoding="utf-8")
        return tmp_path / "t.csv"

    return write


def test_stores(file):
    path = file(STORES + "R01-S1,R01,Acme,Acme Camden,Camden,51.5,-0.1\n")
    assert read_stores(path) == (Store("R01-S1", "R01", "Acme", "Acme Camden", "Camden", 51.5, -0.1),)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "S2,R01,Acme,A,Camden,91,0",
            r"t\.csv, line 3, latitude: not degrees between -90 and 90\. Correct it",
        ),
        ("S2,R01,Acme,A,Camden,nan,0", "not degrees between -90 and 90"),
        ("S2,R01,Acme,A,Camden,0,-180.5", "not degrees between -180 and 180"),
        ("S2,R01,Acme,A,,0,0", "line 3, borough: empty, but required"),
        ("S1,R01,Acme,A,Camden,0,0", "line 3, store_id: given on an earlier line already"),
        ("S2,R01,Acme,A,Camden,0,0,1", "line 3, row: more fields than the header"),
    ],
)
def test_a_table_of_stores_with_a_wrong_row_is_not_taken_in(file, row, message):
    with pytest.raises(ManifestError, match=message):
        read_stores(file(STORES + "S1,R01,Acme,A,Camden,0,0\n" + row + "\n"))


def test_arrests(file):
    path = file(
        ARRESTS
        + "N1,2017-05-07,8N,Assault with injury,convicted\n"
        + "N2,2017-05-07,8N,Assault with injury,convicted\n"
        + "N1,2027-05-07,8N,,convicted\n"
    )
    arrests, refusals = read_arrests(path, known_nominals={"N1"})
    assert arrests == (Arrest("N1", date(2017, 5, 7), "8N", "Assault with injury", "convicted"),)
    assert refusals == (
        Refusal(3, "", "nominal_id", "unknown nominal: add a custody image of theirs first"),
        Refusal(4, "", "arrested_on", "date in the future; offence: empty, but required"),
    )
    assert len(read_arrests(path)[0]) == 2


DATED = ARRESTS.strip() + ",disposed_on,custody_from,released_on\n"


def test_an_arrest_may_say_when_it_was_disposed_of_and_from_when_to_when_the_person_was_held(file):
    path = file(
        DATED
        + "N1,2017-05-07,8N,Assault with injury,convicted,2017-06-01,2017-06-01,2017-09-01\n"
        + "N1,2018-05-07,46,Shoplifting,caution,2018-05-07,,\n"
        + "N1,2019-05-07,46,Shoplifting,charged,,2019-05-07,\n"
        + "N1,2020-05-07,46,Shoplifting,charged,,,\n"
    )
    arrests, refusals = read_arrests(path)
    assert refusals == ()
    assert [(a.disposed_on, a.custody_from, a.released_on) for a in arrests] == [
        (date(2017, 6, 1), date(2017, 6, 1), date(2017, 9, 1)),
        (date(2018, 5, 7), None, None),
        (None, date(2019, 5, 7), None),
        (None, None, None),
    ]


@pytest.mark.parametrize(
    ("dates", "field", "reason"),
    [
        ("2017-05-06,,", "disposed_on", "before the arrest"),
        (",2017-05-06,", "custody_from", "before the arrest"),
        (",2017-06-02,2017-06-01", "released_on", "before custody began"),
        ("2017-06-01,,2017-06-01", "released_on", "released from no custody: give custody_from as well"),
        ("yesterday,,", "disposed_on", "date unreadable: write it like 2026-09-10"),
        (",2017-06-01,2999-01-01", "released_on", "date in the future"),
        ("2017-05-06,2017-05-06,", "disposed_on", "before the arrest; custody_from: before the arrest"),
    ],
)
def test_dates_of_an_arrest_that_cannot_be_true_are_refused(file, dates, field, reason):
    path = file(DATED + f"N1,2017-05-07,8N,Assault,convicted,{dates}\nN1,2018-01-01,8N,Assault,charged,,2018-01-01,\n")
    arrests, refusals = read_arrests(path)
    assert refusals == (Refusal(2, "", field, reason),)
    assert len(arrests) == 1


def test_one_arrest_has_its_dates_once(file):
    row = "N1,2017-05-07,8N,Assault,convicted"
    path = file(DATED + f"{row},2017-06-01,,\n{row},2017-06-01,,\n{row},2017-06-02,,\n")
    arrests, refusals = read_arrests(path)
    assert len(arrests) == 2, "the same row twice is one arrest, and counts as taken"
    assert refusals == (Refusal(4, "", "custody_from", "given on an earlier line already, with other dates"),)


def test_dates_come_from_a_spreadsheet_too(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(DATED.strip().split(","))
    book.active.append(["N1", date(2017, 5, 7), "8N", "Assault", "convicted", date(2017, 6, 1), "2017-06-01", None])
    book.active.append(["N1", date(2017, 5, 8), "8N", "Assault", "convicted", None, None, date(2017, 6, 1)])
    book.save(tmp_path / "arrests.xlsx")
    arrests, refusals = read_arrests(tmp_path / "arrests.xlsx")
    assert [(a.disposed_on, a.custody_from, a.released_on) for a in arrests] == [
        (date(2017, 6, 1), date(2017, 6, 1), None)
    ]
    assert [(r.line, r.field) for r in refusals] == [(3, "released_on")]


def test_the_demonstration():
    assert (
        len(read_stores(DEMO / "stores.csv")) == len({one.store_id for one in read_stores(DEMO / "stores.csv")}) == 51
    )
    arrests, refusals = read_arrests(DEMO / "custody" / "arrests.csv")
    assert (len(arrests), refusals) == (451, ())
