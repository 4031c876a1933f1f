"""The overview as a manager meets it: behind its token, from this host alone, and alive."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirection to be looked at."""

    def redirect_request(self, *_args):
        return None


def answer(url: str) -> tuple[int, str]:
    """Return the status of an address and where it sends one."""
    try:
        with urllib.request.build_opener(NoRedirect).open(url, timeout=60) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Location", "")


@pytest.mark.parametrize("query", ["", "?token=wrong"])
@pytest.mark.parametrize("path", ["/voila/render/overview.ipynb", "/", "/voila/tree"])
def test_nothing_is_shown_without_the_token(site, path, query):
    status, location = answer(site.root + path + query)
    assert status in {302, 403}
    assert status == 403 or location.startswith("/login")


def test_the_login_page_asks_no_other_host(site, browser):
    browser.page.goto(site.root + "/voila/render/overview.ipynb")
    browser.page.wait_for_load_state("networkidle")
    assert "/login" in browser.page.url
    assert browser.others == []


def test_the_page_opens_sorts_and_shows_a_person(site, browser, tmp_path):
    headers = browser.open(site.overview)
    assert "default-src 'self'" in headers["content-security-policy"]
    page = browser.page
    assert page.get_by_role("heading", level=1).inner_text() == "Overview"
    assert "simulated review" in page.inner_text(".sg-numbers")

    by_harm = persons(page)
    assert column(page, "Harm, days") == sorted(column(page, "Harm, days"), reverse=True)
    assert column(page, "Value") != sorted(column(page, "Value"), reverse=True)
    page.get_by_role("button", name="Value").click()
    expect(page.locator(".sg-ranking svg .gtitle")).to_contain_text("Value by person")
    assert column(page, "Value") == sorted(column(page, "Value"), reverse=True)
    assert persons(page) != by_harm

    person = persons(page)[1]
    page.get_by_label("Person", exact=True).select_option(label=f"2 · {person}")
    faces = page.locator(".sg-faces img")
    expect(faces.first).to_be_visible()
    assert faces.first.get_attribute("alt").startswith("Face in still R")
    assert page.evaluate("[...document.querySelectorAll('.sg-faces img')].every(i => i.naturalWidth > 0)")
    expect(page.locator("tr.sg-chosen")).to_contain_text(person)

    for width in (1400, 900, 480):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / "overview.png", full_page=True)

    assert "dashboards.overview" not in page.content()
    assert "import dashboards" not in page.content()
    assert browser.others == []
    assert browser.errors == []


def test_a_manager_opens_a_number_down_to_its_still(site, browser, axe, demo_case):
    browser.open(site.overview)
    page = browser.page
    months = page.locator(".sg-chart", has=page.locator(".gtitle", has_text="Harm by retailer and month"))
    expect(months).to_be_visible()
    high = months.bounding_box()["height"]
    page.set_viewport_size({"width": 900, "height": 1000})
    expect(months.locator(".main-svg").first).to_have_attribute("width", re.compile(r"^[78]\d\d"))
    assert months.bounding_box()["height"] == high > 300, "a window that changes does not fold a chart away"
    page.get_by_role("button", name="See the offences").click()
    expect(page.get_by_text(re.compile(r"^17 Nov 2025 to 30 Oct 2026 · all retailers · \d+ offences$"))).to_be_visible()
    card = page.locator(".sg-number-card", has_text="Corroborated leads")
    count = int(card.locator("b").inner_text().replace(",", ""))
    card.get_by_role("button", name="See the rows").click()
    opened = page.locator(".sg-card", has=page.get_by_role("heading", name="Behind: Corroborated leads"))
    expect(opened).to_contain_text(f"Corroborated leads · 17 Nov 2025 to 30 Oct 2026 · {count} rows")
    assert opened.locator("tbody tr").count() == 100
    still = opened.locator("tbody tr th").first.inner_text()
    opened.get_by_label("Still", exact=True).select_option(still)
    picture = opened.get_by_role("img", name=f"Still {still}")
    expect(picture).to_be_visible()
    assert page.evaluate("e => e.naturalWidth", picture.element_handle()) > 100
    with page.expect_download() as kept:
        opened.get_by_role("button", name="Download corroborated-leads as CSV").click()
    assert kept.value.suggested_filename == "corroborated-leads.csv"
    lines = kept.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == count + 1
    assert axe(page) == []
    opened.get_by_role("button", name="Close").click()
    expect(opened).to_be_hidden()
    assert browser.errors == []


def test_a_count_in_small_print_opens_by_keyboard_to_as_many_rows(site, browser, axe):
    browser.open(site.overview)
    page = browser.page
    count = page.get_by_title("See the rows behind: Gallery past review")
    said = int(count.inner_text())
    count.focus()
    page.keyboard.press("Enter")
    opened = page.locator(".sg-card", has=page.get_by_role("heading", name="Behind: Gallery past review"))
    expect(opened).to_contain_text(f"{said} rows")
    assert opened.locator("tbody tr").count() == said
    assert axe(page) == []
    page.get_by_title("See the rows behind: Deliveries").click()
    opened = page.locator(".sg-card", has=page.get_by_role("heading", name="Behind: Deliveries"))
    expect(opened).to_be_visible()
    expect(opened.get_by_label("Still", exact=True)).to_be_hidden()
    assert browser.errors == []


def test_a_page_is_printed_with_its_charts_however_soon(site, browser):
    page = browser.page
    page.add_init_script(
        "window.print = () => { window.printed = document.querySelectorAll('.js-plotly-plot .main-svg').length; };"
    )
    page.goto(site.overview)
    page.locator("#sg-print").click()
    page.wait_for_function("window.printed !== undefined", timeout=90_000)
    assert page.evaluate("window.printed") >= 5
    assert browser.errors == []


def persons(page) -> list[str]:
    """Return the persons of the ranking's table, in its order."""
    return page.locator(".sg-ranking tbody tr td:nth-child(3)").all_inner_texts()


def column(page, heading: str) -> list[float]:
    """Return a column of the ranking's table as numbers."""
    headings = page.locator(".sg-ranking thead th").all_inner_texts()
    cells = page.locator(f".sg-ranking tbody tr > :nth-child({headings.index(heading) + 1})").all_inner_texts()
    return [float(re.sub(r"[^0-9.]", "", cell)) for cell in cells]


def test_the_policy_keeps_every_page_from_other_hosts(site, browser):
    for address in (site.root + "/login", site.root + "/voila/tree"):
        assert "default-src 'self'" in browser.page.request.get(address).headers["content-security-policy"]
    browser.page.goto(site.root + "/login")
    tried = browser.page.evaluate("fetch('http://example.invalid/').then(() => 'fetched', e => 'refused')")
    assert tried == "refused"
    assert browser.others == []
    assert "Content Security Policy" in " ".join(browser.errors)


def test_who_may_not_see_the_case_is_told_so_and_nothing_else(serve_as, browser, demo_case):
    seat = {"STILLGRAPH_CASE": str(demo_case), "STILLGRAPH_OFFICER": "nobody", "STILLGRAPH_OPERATION": "OP-DEMO"}
    with serve_as(seat | {"STILLGRAPH_REASON": "look"}) as site:
        browser.page.goto(site.overview)
        notice = browser.page.get_by_role("alert")
        notice.wait_for(timeout=90_000)
        assert notice.inner_text().startswith("There is no officer nobody in this case")
        assert "Traceback" not in browser.page.content()
        assert browser.page.locator(".sg-numbers").count() == 0
