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
        Refusal(3, "", "nominal_id", "unknown nominal N2: add a custody image of theirs first"),
        Refusal(4, "", "arrested_on", "date in the future; offence: empty, but required"),
    )
    assert len(read_arrests(path)[0]) == 2


def test_the_demonstration():
    assert (
        len(read_stores(DEMO / "stores.csv")) == len({one.store_id for one in read_stores(DEMO / "stores.csv")}) == 51
    )
    arrests, refusals = read_arrests(DEMO / "custody" / "arrests.csv")
    assert (len(arrests), refusals) == (451, ())
