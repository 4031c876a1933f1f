"""Every notebook in JupyterLab, in one server: each runs without error, and officers go their ways through them."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from stillgraph import demo
from stillgraph.casework import analysing, linking, ranking, reviewing, take_seat

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
DELIVERY = ROOT / "data" / "demo" / "deliveries" / "R09"
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
DEMO_SEAT = ("--officer", demo.ANALYST, "--operation", demo.OPERATION, "--reason", "test the notebooks")
SMALL_SEAT = ("--officer", "desk", "--operation", "OP-TEST", "--reason", "test the notebooks")
WAIT_MS = 60_000
STILL = "R08/R08_0002.jpg"


@pytest.fixture(scope="module")
def browser(watch):
    """Return one browser page for all tests here; it leaves notebooks that are not saved without asking."""
    with watch() as seen:
        seen.page.on("dialog", lambda asked: asked.accept())
        yield seen


@pytest.fixture(scope="module")
def lab(run_lab, browser, demo_case, tmp_path_factory):
    """Run one lab over the demonstration, for every notebook."""
    directory = tmp_path_factory.mktemp("lab") / "demo"
    shutil.copytree(demo_case, directory)
    with run_lab(directory, DEMO_SEAT, browser) as running:
        yield running


def test_the_lab_opens_at_the_start(lab):
    assert lab.first == "start.ipynb"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_without_error_and_axe_finds_nothing_serious(lab, axe, name):
    lab.run(name)
    lab.no_fault()
    assert axe(lab.page, ".sg-page") == []
    lab.close()


def test_a_delivery_with_bad_rows_is_dropped_taken_in_and_its_refusals_kept(run_lab, small_case, browser, tmp_path):
    with (DELIVERY / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))[:4]
    rows[1]["value_gbp"] = "-4"
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    with zipfile.ZipFile(tmp_path / "R09.zip", "w") as archive:
        archive.writestr("R09/manifest.csv", text.getvalue())
        archive.write(ROOT / "data" / "demo" / "stores.csv", "R09/stores.csv")
        for row in rows[:3]:
            archive.write(DELIVERY / "stills" / row["image"], f"R09/stills/{row['image']}")
    with run_lab(small_case.directory, SMALL_SEAT, browser) as lab:
        page = lab.page
        lab.run("intake")
        lab.choose("Choose files", tmp_path / "R09.zip")
        take = page.get_by_role("button", name="Take in", exact=True)
        expect(take).to_be_disabled(timeout=WAIT_MS)
        whose = page.get_by_label("Retailer")
        whose.select_option(
            label=next(said for said in whose.locator("option").all_inner_texts() if said.startswith("R09"))
        )
        expect(take).to_be_enabled(timeout=WAIT_MS)
        take.click()
        expect(page.get_by_text("Refused: 2 rows")).to_be_visible(timeout=WAIT_MS)
        assert page.get_by_text("negative value").count() == 1
        assert page.get_by_text("missing file").count() == 1
        with page.expect_download() as kept:
            page.get_by_role("button", name="Download refused rows as CSV").click()
        saved = pd.read_csv(kept.value.path())
        assert saved["line"].tolist() == [3, 5]
        assert kept.value.suggested_filename == "refused rows.csv"
        lab.no_fault()
        # The page's kernel ends; what was taken in is there, and nothing waits.
        lab.close()
    found = analysing.query(small_case.seat(), "SELECT count(*) AS n FROM stills WHERE retailer_id = 'R09'")
    assert found.n[0] == 2


def test_a_still_is_searched_sent_to_review_judged_twice_and_its_person_is_ranked(run_lab, small_case, browser):
    """The search and the reviews are made in the lab, each as another officer; the ranking is the command's."""
    with small_case.seat().case.session(writing=True) as session:
        session.execute("DELETE FROM held.candidates")
        session.execute("DELETE FROM held.probes")
        session.execute("DELETE FROM held.searched_stills")
        session.execute("DELETE FROM held.searches")
    assert reviewing.queue(small_case.seat("first")) == ()
    with run_lab(small_case.directory, SMALL_SEAT, browser) as lab:
        page = lab.page
        lab.run("search")
        page.get_by_placeholder("Type or choose").fill(STILL)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Search and send to review").click(timeout=WAIT_MS)
        expect(page.get_by_text("Searched and sent to review.")).to_be_visible(timeout=WAIT_MS)
        cards = page.locator(".sg-candidate")
        expect(cards.first).to_be_visible()
        first = cards.first.locator("figcaption").inner_text().split("·")[1].strip()
        assert "score" in cards.first.inner_text()
        lab.no_fault()
    for officer in ("first", "second"):
        judged(run_lab, small_case, browser, officer, first)
    linking.link(small_case.seat("third"))
    ranked = ranking.ranking(small_case.seat("third"))
    assert [one.person_id for one in ranked.standings] == [first]


def judged(run_lab, case, browser, officer: str, nominal: str) -> None:
    """Judge the list that is dealt in the review notebook, supporting a nominal."""
    seat = ("--officer", officer, "--operation", "OP-TEST", "--reason", "test the notebooks")
    with run_lab(case.directory, seat, browser) as lab:
        page = lab.page
        lab.run("review")
        page.locator(".sg-pick", has_text=nominal).get_by_role("button").click(timeout=WAIT_MS)
        support = page.get_by_role("button", name=f"Supports {nominal}")
        expect(support).to_be_visible(timeout=WAIT_MS)
        for label in ("The still", "The custody images", "Reason"):
            page.get_by_label(label, exact=True).fill("in focus, frontal")
        page.get_by_role("button", name="moderate support").click()
        expect(support).to_be_enabled(timeout=WAIT_MS)
        support.click()
        expect(page.get_by_role("button", name="Next list")).to_be_visible(timeout=WAIT_MS)
        lab.no_fault()


def test_a_query_is_saved_in_a_cell_run_by_its_name_and_downloaded(lab, tmp_path):
    page = lab.page
    lab.run("queries")
    cell = page.locator(".jp-CodeCell .cm-content").nth(2)
    cell.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('%%case found --save "by borough"\nSELECT borough, count(*) AS n FROM offe')
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-item", has_text="offences").first.click(timeout=WAIT_MS)
    expect(cell).to_contain_text("FROM offences", timeout=WAIT_MS)
    page.keyboard.insert_text("\nGROUP BY borough ORDER BY n DESC, borough")
    page.keyboard.press("Shift+Enter")
    run = page.get_by_role("button", name="Run", exact=True)
    expect(run).to_be_visible(timeout=WAIT_MS)
    run.click()
    card = page.locator(".sg-card", has=page.get_by_role("heading", name="Saved queries"))
    expect(card.locator(".dt-container")).to_be_visible(timeout=WAIT_MS)
    for kind, read in (("CSV", pd.read_csv), ("XLSX", pd.read_excel), ("PARQUET", pd.read_parquet)):
        with page.expect_download() as kept:
            card.get_by_role("button", name=f"Download by borough as {kind}").click()
        place = tmp_path / kept.value.suggested_filename
        kept.value.save_as(place)
        assert place.name == f"by borough.{kind.lower()}"
        assert read(place)["borough"][0] == "Southwark"
    lab.no_fault()
    lab.close()


def test_work_that_is_stopped_leaves_its_delivery_waiting_and_the_page_usable(run_lab, small_case, browser, tmp_path):
    with (DELIVERY / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        images = [row["image"] for row in csv.DictReader(stream)]
    files = [DELIVERY / "manifest.csv", ROOT / "data" / "demo" / "stores.csv", *(
        DELIVERY / "stills" / name for name in images if (DELIVERY / "stills" / name).is_file()
    )]  # fmt: skip
    with run_lab(small_case.directory, SMALL_SEAT, browser) as lab:
        page = lab.page
        lab.run("intake")
        lab.choose("Choose files", files)
        whose = page.get_by_label("Retailer")
        expect(page.get_by_text("Say whose delivery it is.")).to_be_visible(timeout=WAIT_MS)
        whose.select_option(label="A new retailer …")
        page.get_by_label("Its id").fill("R09")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Take in", exact=True).click()
        bar = page.locator(".sg-progress progress[value]")
        expect(bar).to_be_visible(timeout=WAIT_MS)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_text("Cancelled. What was not finished has left nothing behind.")).to_be_visible(
            timeout=WAIT_MS
        )
        assert page.locator(".sg-progress progress").count() == 0
        expect(page.get_by_role("button", name="Take in", exact=True)).to_be_enabled()
        lab.no_fault()
    case = take_seat(small_case.directory, officer="desk", operation="OP-TEST", reason="look")
    assert analysing.query(case, "SELECT count(*) AS n FROM stills WHERE retailer_id = 'R09'").n[0] == 0
    assert len(list((small_case.directory / "uploads").iterdir())) == 1
