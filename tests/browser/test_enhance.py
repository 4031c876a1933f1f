"""The enhancement notebook in JupyterLab: an analyst lightens a still, keeps it, and searches with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from stillgraph.casework import enhancing
from stillgraph.records import StillId

pytestmark = pytest.mark.browser

SEAT = ("--officer", "desk", "--operation", "OP-TEST", "--reason", "test the lab")
STILL = "R08/R08_0002.jpg"


@pytest.fixture
def lab(run_lab, browser, small_case):
    """Run JupyterLab on a searched case."""
    with run_lab(small_case.directory, SEAT, browser) as running:
        yield running


def test_an_analyst_lightens_a_still_keeps_it_and_searches_with_it(lab, browser, small_case):
    page = browser.page
    page.set_viewport_size({"width": 1400, "height": 2400})
    lab.run("enhance")
    expect(page.locator(".jp-NotebookPanel h1", has_text="Enhance a still")).to_be_visible()
    both = page.locator(".sg-beside img")
    expect(both).to_have_count(2, timeout=60_000)
    expect(page.locator(".sg-beside figcaption").nth(1)).to_have_text("enhanced: nothing yet")
    before = [both.nth(n).get_attribute("src") for n in range(2)]
    assert before[0] == before[1]

    page.get_by_role("button", name="Add step").click()
    expect(page.locator(".sg-beside figcaption").nth(1)).to_have_text("enhanced: gamma 1.6", timeout=30_000)
    after = [both.nth(n).get_attribute("src") for n in range(2)]
    assert after[0] == before[0]
    assert after[1] != before[1]
    boxes = [both.nth(n).bounding_box() for n in range(2)]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert {box["y"] for box in boxes} == {boxes[0]["y"]}

    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator(".sg-notice", has_text=f"Kept as {STILL}~1")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Search with it").click()
    expect(page.locator("h2", has_text=f"{STILL}#1")).to_be_visible(timeout=60_000)
    expect(page.locator(".sg-note", has_text="template from original and enhanced picture").first).to_be_visible()
    assert page.locator(".jp-RenderedText[data-mime-type*=error]").count() == 0
    assert browser.others == []
    (kept,) = enhancing.enhancements_of(small_case.seat(), StillId(STILL))
    assert kept.words == "gamma 1.6"
