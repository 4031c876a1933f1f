"""The dashboard of prolific offenders as a manager meets it: switched, and a number opened down to its stills."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from stillgraph.dashboards import serve

pytestmark = pytest.mark.browser


def test_the_dashboard_switches_and_a_number_opens_to_its_stills(site, browser, axe):
    page = browser.page
    page.goto(serve.page_url(site.port, site.token, "prolific"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Prolific offenders", timeout=90_000)
    drawn = "document.querySelectorAll('.js-plotly-plot .main-svg').length >= 4"
    page.wait_for_function(drawn, timeout=60_000)
    rows = page.locator(".sg-table").first.locator("tbody tr")
    expect(rows).to_have_count(15)
    by_harm = rows.locator("td:nth-child(4)").all_inner_texts()

    page.get_by_role("button", name="Offences", exact=True).click()
    expect(page.locator(".js-plotly-plot .gtitle").first).to_contain_text("How sure the ranks by offences are")
    assert rows.locator("td:nth-child(4)").all_inner_texts() != by_harm
    expect(page.get_by_text("account for 50 % of the offences").first).to_be_visible()

    page.get_by_role("checkbox", name="With links not corroborated").check()
    expect(page.locator("caption", has_text="with links not corroborated")).to_be_visible()
    page.get_by_role("checkbox", name="With links not corroborated").uncheck()
    expect(page.locator("caption", has_text="corroborated links only")).to_be_visible()

    person = rows.first.locator("td").nth(2).inner_text()
    page.get_by_label("Person", exact=True).select_option(label=f"1 · {person}")
    faces = page.locator(".sg-faces img")
    expect(faces.first).to_have_attribute("alt", re.compile("^Face in still R"), timeout=60_000)
    expect(page.locator("tr.sg-chosen")).to_contain_text(person)
    expect(page.locator("caption", has_text=re.compile(r"^\d+ offences, \d+ counted"))).to_be_visible()
    expect(page.locator(".js-plotly-plot .gtitle", has_text="Timeline")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("button", name="Download offences as CSV").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("person_id,offence_id,")
    assert all(line.startswith(person) for line in lines[1:])

    for width in (1400, 900, 480):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1400, "height": 1000})
    assert axe(page) == []
    assert browser.others == []
    assert browser.errors == []
