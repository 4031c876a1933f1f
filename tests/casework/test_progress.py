"""Long work tells how far it is, and stopped at any step it leaves nothing half done."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph import demo
from stillgraph.casework import enrolling, governing, linking, progress, receiving, searching, worth
from stillgraph.casework.progress import Pace, Step, adding, bar, silent
from stillgraph.errors import Interrupted
from stillgraph.store import office

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"


class Told:
    """Collects steps, and stops the work at one of them."""

    def __init__(self, stop_at=None):
        self.steps, self.stop_at = [], stop_at

    def __call__(self, step):
        self.steps.append(step)
        if len(self.steps) == self.stop_at:
            raise progress.cancelled()


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("R09")
    source = DATA / "deliveries" / "R09"
    with (source / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))[:3]
    (folder / "stills").mkdir()
    for row in rows:
        shutil.copy(source / "stills" / row["image"], folder / "stills" / row["image"])
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


def receive(case, delivery, told):
    return receiving.receive(
        case.seat(), delivery, retailer_id="R09", stores=DATA / "stores.csv", workers=1, progress=told
    )


def held(case):
    """Return all that is in the case but the record, and every file beside it."""
    with case.seat().case.session(writing=False) as session:
        tables = [row[0] for row in session.rows(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'held' AND table_name <> 'audit' ORDER BY 1"
        )]  # fmt: skip
        rows = {t: session.one(f"SELECT count(*), sum(hash(t)) FROM held.{t} AS t") for t in tables}
    files = {path.relative_to(case.directory) for folder in ("images", "incoming") for path in
             (case.directory / folder).rglob("*") if path.is_file() and path.suffix != ".lock"}  # fmt: skip
    return rows, files


def test_a_delivery_is_told_of_row_by_row_and_image_by_image(small_case, delivery):
    told = Told()
    assert receive(small_case, delivery, told).accepted == 3
    assert told.steps == [
        *(Step("rows", n, 3, "row") for n in (1, 2, 3)), *(Step("faces (still)", n, 3, "image") for n in (1, 2, 3)),
    ]  # fmt: skip


def test_a_delivery_stopped_at_any_step_leaves_the_case_as_it_was_and_can_be_taken_in_again(small_case, delivery):
    before = held(small_case)
    for at in range(1, 7):
        with pytest.raises(Interrupted, match=r"^Cancelled\.$"):
            receive(small_case, delivery, Told(at))
        assert held(small_case) == before
    with small_case.seat().case.session(writing=False) as session:
        last = office.chain(session)[-6:]
    assert {(one.action, one.result) for one in last} == {("receive stills", "failed")}
    assert receive(small_case, delivery, silent).accepted == 3
    assert governing.verify_audit(small_case.directory).holds


def test_others_work_with_the_case_while_a_delivery_is_looked_at(small_case, delivery):
    def look(step):
        if step.what == "faces (still)":
            linking.groups(small_case.seat("first"))
            seen.append(step.done)

    seen = []
    desk = small_case.seat()
    receiving.receive(desk, delivery, retailer_id="R09", stores=DATA / "stores.csv", workers=1, progress=look)
    assert seen == [1, 2, 3]
    with desk.case.session(writing=False) as session:
        found = [(one.officer, one.action, one.result) for one in office.chain(session)[-4:]]
    assert [one[0] for one in found] == ["first", "first", "first", "desk"]
    assert found[-1] == ("desk", "receive stills", "done")


def test_stills_that_leave_the_case_meanwhile_stop_a_delivery(small_case, delivery):
    def forget(step):
        if step.what == "faces (still)" and step.done == 3:
            with small_case.seat().case.session(writing=True) as session:
                session.execute("DELETE FROM held.searched_stills")
                session.execute("DELETE FROM held.stills WHERE still_id = 'R08/R08_0002.jpg'")

    with pytest.raises(
        Exception, match=r"Stills left the case while this delivery was being taken in: deliver it again\."
    ):
        receive(small_case, delivery, forget)


def test_another_model_meanwhile_stops_a_delivery(small_case, delivery):
    def change(step):
        if step.what == "faces (still)" and step.done == 3:
            with small_case.seat().case.session(writing=True) as session:
                session.execute("UPDATE held.settings SET value = 'other@1' WHERE key = 'model'")

    with pytest.raises(Exception, match=r"The case changed its face model while this delivery was being taken in"):
        receive(small_case, delivery, change)


def test_an_enrolment_stopped_says_what_is_kept_and_goes_on_behind_it(small_case, small_inputs, tmp_path):
    source = DATA / "custody"
    with (source / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))[-3:]
    (tmp_path / "images").mkdir()
    for row in rows:
        shutil.copy(source / "images" / row["image"], tmp_path / "images")
    with (tmp_path / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(
        Interrupted, match=r"^Cancelled\. 2 of 3 rows are taken in and kept; give the same command again"
    ):
        enrolling.enrol(small_case.seat(), tmp_path / "manifest.csv", workers=1, batch_rows=1, progress=Told(3))
    told = Told()
    report = enrolling.enrol(small_case.seat(), tmp_path / "manifest.csv", workers=1, batch_rows=1, progress=told)
    assert (report.accepted, report.rows_before) == (3, 2)
    assert told.steps == [Step("custody images", 3, 3, "image")]


def test_a_search_stopped_is_not_made(small_case, monkeypatch):
    monkeypatch.setattr(searching, "FACES_AT_ONCE", 2)
    stills = ["R08/R08_0002.jpg", "R08/R08_0033.jpg", "R08/R08_0034.jpg"]
    with small_case.seat().case.session(writing=False) as session:
        stills = [row[0] for row in session.rows("SELECT still_id FROM stills WHERE faces > 0 ORDER BY 1")]
    whole, told = searching.search(small_case.seat(), stills=stills), Told()
    apart = searching.search(small_case.seat(), stills=stills, progress=told)
    assert apart.probes == whole.probes, "some at a time gives what all at once does"
    assert len(told.steps) > 1
    assert told.steps[-1].done == told.steps[-1].total == sum(probe.usable for probe in whole.probes)
    before = held(small_case)
    with pytest.raises(Interrupted, match="Cancelled"):
        searching.search(small_case.seat(), stills=stills, progress=Told(1))
    assert held(small_case) == before


def test_linking_stopped_keeps_the_persons_of_the_last_run(small_case):
    linking.link(small_case.seat())
    before = held(small_case)
    for at in (1, 2, 3):
        with pytest.raises(Interrupted, match="Cancelled"):
            linking.link(small_case.seat(), threshold=0.9, progress=Told(at))
        assert held(small_case) == before


def test_pieces_are_added_up():
    told = Told()
    add = adding(told, "offences", 5, unit="offence")
    for some in (2, 3):
        add(some)
    assert told.steps == [Step("offences", 2, 5, "offence"), Step("offences", 5, 5, "offence")]


@given(st.floats(0.1, 100), st.integers(4, 500), st.data())
def test_even_work_takes_as_long_as_is_said(each_s, total, data):
    clock = [0.0]
    pace = Pace(lambda: clock[0])
    done = data.draw(st.integers(3, total))
    assert pace.left_s(Step("images", 0, total, "image")) is None
    clock[0] = each_s * done
    left = pace.left_s(Step("images", done, total, "image"))
    assert left is None if each_s * done < 2 else left == pytest.approx(each_s * (total - done))


def test_the_pace_begins_anew_with_other_work_and_knows_nothing_without_a_total():
    clock = [0.0]
    pace = Pace(lambda: clock[0])
    pace.left_s(Step("rows", 0, 10, "row"))
    clock[0] = 10.0
    assert pace.left_s(Step("rows", 5, 10, "row")) == 10.0
    assert pace.left_s(Step("faces", 1, 10, "image")) is None
    clock[0] = 14.0
    assert pace.left_s(Step("faces", 5, 10, "image")) == 5.0
    assert pace.left_s(Step("faces", 6, None, "image")) is None


def test_a_terminal_has_a_bar_for_each_work_and_none_is_left(capsys):
    with bar(shown=True) as told:
        told(Step("rows", 1, 2, "row"))
        told(Step("rows", 2, 2, "row"))
        told(Step("faces (still)", 1, 2, "image"))
    said = capsys.readouterr().err
    assert "rows:  50%" in said
    assert "faces (still):  50%" in said
    with bar(shown=False) as told:
        assert told is silent
    assert capsys.readouterr().err == ""


def test_a_back_test_is_told_of_draw_by_draw_and_stopped_anywhere_nothing_comes_of_it(demo_case):
    desk = demo.seat(demo_case, demo.ANALYST)
    told = Told()
    report = worth.back_test(desk, by=["harm"], draws=250, progress=told)
    assert {(one.what, one.total, one.unit) for one in told.steps} == {("testing the list", 1000, "draw")}
    done = [one.done for one in told.steps]
    assert done == sorted(done)
    assert done[-1] == 1000
    assert len(done) >= 12
    for at in (1, 3, len(done)):
        with pytest.raises(Interrupted, match=r"^Cancelled\.$"):
            worth.back_test(desk, by=["harm"], draws=250, progress=Told(at))
        with desk.case.session(writing=False) as session:
            last = office.chain(session)[-1]
        assert (last.action, last.result) == ("rank", "failed")
        assert "back-test" in last.details
    assert worth.back_test(desk, by=["harm"], draws=250) == report
