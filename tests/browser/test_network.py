"""The network page as an analyst meets it in JupyterLab: the way between two persons, found, drawn and looked into."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from stillgraph import demo

pytestmark = pytest.mark.browser


@pytest.fixture
def lab(run_lab, browser, demo_case):
    """Run JupyterLab on the demonstration."""
    seat = ("--officer", demo.ANALYST, "--operation", demo.OPERATION, "--reason", "test the network page")
    with run_lab(demo_case, seat, browser) as running:
        yield running


def test_the_way_between_two_persons_is_found_drawn_and_opened_to_its_stills(lab, browser, axe, demo_case):
    page = browser.page
    page.set_viewport_size({"width": 1400, "height": 3200})
    lab.run("network")
    expect(page.locator(".jp-NotebookPanel h1", has_text="The network")).to_be_visible()
    drawing = page.locator(".sgn[data-drawn]")
    expect(drawing).to_be_visible(timeout=60_000)
    assert ink(page) > 0.01, "something is drawn"

    one, other = two_who_offended_together(demo_case)
    page.get_by_label("From", exact=True).fill(one)
    page.get_by_label("To", exact=True).fill(other)
    page.get_by_role("button", name="Find the way").click()
    expect(page.get_by_text(re.compile(rf"Way 1 of \d between {one} and {other}: 2 links"))).to_be_visible()
    expect(page.get_by_text("The least sure link is")).to_be_visible()

    told = page.locator(".sgn .sgn-said").last
    everybody = told.inner_text()
    page.get_by_label("unknown links").uncheck()
    expect(told).not_to_have_text(everybody)
    page.locator(".sgn-stage").focus()
    before = drawing.get_attribute("data-drawn")
    page.keyboard.press("+")
    expect(drawing).not_to_have_attribute("data-drawn", before)

    here = page.locator(".sgn-here")
    page.keyboard.press("ArrowRight")
    expect(here).to_have_text(re.compile(r"^\S.* \(corroborated|^\S.* \(proposed"))
    person = here.inner_text().split(" (")[0]
    page.keyboard.press("ArrowDown")
    expect(here).to_have_text(re.compile(rf"\(offence\), .*; 1 of \d+ of those linked to {person}$"))
    offence = here.inner_text().split(" (")[0]
    page.keyboard.press("Enter")
    expect(here).to_contain_text(", chosen;")
    expect(told).to_contain_text("; 1 chosen")
    page.keyboard.press("ArrowUp")
    expect(here).to_have_text(re.compile(rf"^{person} .*; 1 of \d+ of all$"))
    page.keyboard.press("ArrowRight")
    expect(here).to_have_text(re.compile(r"; 2 of \d+ of all$"))
    page.get_by_role("button", name="Show their stills").click()
    expect(page.locator(".sg-faces img").first).to_be_visible()
    assert offence.startswith("R"), "an offence was chosen without a pointer"

    page.get_by_role("button", name="Show all").click()
    page.get_by_role("button", name="Box").click()
    stage = page.locator(".sgn-stage").bounding_box()
    page.mouse.move(stage["x"] + 5, stage["y"] + 5)
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] - 5, stage["y"] + stage["height"] / 2, steps=4)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^\d+ persons? chosen"))).to_be_visible()
    page.get_by_role("button", name="Choose nothing").first.click()
    expect(page.get_by_text("Nothing is chosen.")).to_be_visible()

    page.get_by_role("button", name="Find groups").click()
    expect(page.get_by_text(re.compile(r"^\d+ groups?; \d+ without a co-offender"))).to_be_visible()
    page.get_by_label("Group", exact=True).select_option(index=1)
    page.get_by_role("button", name="Who with whom").click()
    expect(page.locator(".sg-page .gtitle", has_text="Who was seen with whom")).to_be_visible()
    page.get_by_role("button", name="Measure their places").click()
    expect(page.get_by_text(re.compile(r"^0\.\d{4} exact$")).first).to_be_visible()
    page.get_by_role("button", name="Where they were seen").click()
    expect(page.locator(".sg-page .gtitle", has_text="From store to store")).to_be_visible()
    page.get_by_role("button", name="What joins them").click()
    expect(page.get_by_text(re.compile(r": joined by \d+ links"))).to_be_visible()
    page.get_by_role("button", name="Choose nothing").first.click()
    expect(page.get_by_text("Nothing is chosen.")).to_be_visible()

    page.get_by_label("Person", exact=True).fill(one)
    page.get_by_label("Person", exact=True).press("Tab")
    page.get_by_role("button", name="Choose", exact=True).click()
    expect(page.get_by_text("1 person chosen")).to_be_visible()
    page.get_by_role("button", name="Show their stills").click()
    faces = page.locator(".sg-faces img")
    expect(faces.first).to_have_attribute("alt", re.compile("^Face in still R"))
    assert page.locator(".jp-RenderedText[data-mime-type*=error]").count() == 0
    assert axe(page, ".sg-page") == []
    assert browser.others == []


def ink(page) -> float:
    """Return the share of the drawing that is not paper."""
    seen = Image.open(io.BytesIO(page.locator(".sgn-stage canvas").screenshot())).convert("L")
    return float((np.asarray(seen) < 200).mean())


def two_who_offended_together(case) -> tuple[str, str]:
    """Return two corroborated persons on stills of one offence."""
    from stillgraph.casework import analysing, take_seat

    desk = take_seat(case, officer=demo.ANALYST, operation=demo.OPERATION, reason="find two who offended together")
    rows = analysing.query(
        desk,
        "SELECT a.person_id AS one, b.person_id AS other FROM person_offences AS a JOIN person_offences AS b "
        "USING (offence_id) WHERE a.status = 'corroborated' AND b.status = 'corroborated' "
        "AND a.person_id < b.person_id ORDER BY ALL LIMIT 1",
    )
    return str(rows.one[0]), str(rows.other[0])
