"""The accuracy report of a case and of a study: the same numbers in all its forms, and no rate without its trials."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from stillgraph import demo
from stillgraph.casework import accuracy_report, evaluating, take_seat
from stillgraph.casework.shipped import shipped
from stillgraph.errors import WrongUse

TRUTH = shipped("data/demo") / "truth.csv"


@pytest.fixture(scope="module")
def desk(demo_case, tmp_path_factory):
    directory = tmp_path_factory.mktemp("reported") / "demo"
    shutil.copytree(demo_case, directory)
    return take_seat(directory, officer=demo.ANALYST, operation=demo.OPERATION, reason="test the report")


@pytest.fixture(scope="module")
def written(desk, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    told = {
        form: accuracy_report.write(desk, folder / f"accuracy.{form}", truth=TRUTH, by=("ethnicity", "sex"))
        for form in ("json", "html", "pdf")
    }
    return folder, told


def test_the_json_has_what_was_measured(written, desk):
    folder, _ = written
    told = json.loads((folder / "accuracy.json").read_text(encoding="utf-8"))
    found = evaluating.identification(desk, TRUTH, by=("ethnicity", "sex")).measured
    assert found is not None
    rates = told["sections"]["listed"]["rates"]
    for rank, rate in found.hit_rate.items():
        assert rates[f"rank-{rank}"] | {"label": ""} == {
            "label": "", "successes": rate.successes, "trials": rate.trials, "rate": rate.value, "low": rate.low,
            "high": rate.high,
        }  # fmt: skip
    assert told["warnings"][0].startswith("The people are synthetic")
    assert told["facts"]["face model"] == str(desk.model)
    assert "duckdb 1" in told["facts"]["software"]
    assert told["sections"]["targets"]["tables"]["investigation"]["rows"]["0.003"]["threshold"] == "insufficient"
    assert "626 more" in told["sections"]["targets"]["tables"]["investigation"]["note"]


def test_the_page_has_every_number_of_the_json_and_loads_nothing(written):
    folder, _ = written
    told = json.loads((folder / "accuracy.json").read_text(encoding="utf-8"))
    page = (folder / "accuracy.html").read_text(encoding="utf-8")
    for section in told["sections"].values():
        for table in section["tables"].values():
            for row in table["rows"].values():
                assert all(str(cell).replace("&", "&amp;") in page for cell in row.values())
        for rate in section["rates"].values():
            if rate["rate"] is not None:
                assert f"{100 * rate['rate']:.1f} %" in page
    assert not re.search(r"(src|href)=.?https?:", page)
    assert page.count("<svg") == 2


def test_the_pdf_is_one_and_the_writing_is_recorded(written, desk):
    folder, told = written
    assert (folder / "accuracy.pdf").read_bytes()[:5] == b"%PDF-"
    with desk.case.session(writing=False) as session:
        details = [row[0] for row in session.rows("SELECT details FROM audit WHERE action = 'evaluate'")]
    for one in told.values():
        assert any(one.sha256 in detail for detail in details)


def test_without_truth_it_says_what_cannot_be_said(small_case, tmp_path):
    told = accuracy_report.write(small_case.seat(), tmp_path / "a.json")
    sections = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["sections"]
    assert told.form == "json"
    assert sections["listed"]["paragraphs"] == [accuracy_report.NO_TRUTH]
    assert "FNIR" in sections["reviews"]["points"][0]
    assert "insufficient" in sections["process"]["paragraphs"][0]


def test_a_wrong_ending_and_a_place_in_the_case_are_refused(small_case, tmp_path):
    with pytest.raises(WrongUse, match="by the file's ending"):
        accuracy_report.write(small_case.seat(), tmp_path / "a.docx")
    with pytest.raises(WrongUse, match="inside the case"):
        accuracy_report.write(small_case.seat(), small_case.directory / "a.html")
