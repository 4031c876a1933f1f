"""What stands around every page: the bar, light and dark, the way past it by keyboard, and plain words where one fails."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from playwright.sync_api import expect

from stillgraph.dashboards import serve

pytestmark = pytest.mark.browser

WAIT_MS = 90_000
NAME = "Erika Mustermann"


def notebook(*cells: str) -> str:
    """Return a page of these cells."""
    made = [{"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": [cell]}
            for n, cell in enumerate(cells)]  # fmt: skip
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": made, "metadata": spec, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def failing(serve_as, demo_case, tmp_path_factory):
    """Serve a page whose second cell fails with somebody's name in its message, beside one that is whole."""
    pages = tmp_path_factory.mktemp("pages")
    shutil.copy(pages_of() / "overview.ipynb", pages)
    (pages / "broken.ipynb").write_text(notebook("1", f"raise ValueError('{NAME}')", "print('never run')"))
    upload = "from stillgraph.dashboards.uploads import FileDrop\nfrom stillgraph.dashboards.panels import Html, page\n"
    came = "came = Html('')\ntell = lambda files: setattr(came, 'value', str([(n, len(b)) for n, b in files]))\n"
    (pages / "dropping.ipynb").write_text(notebook(f"{upload}{came}page(FileDrop(tell, limit_mb=5), came)"))
    log = pages / "workbench.log"
    with serve_as({"STILLGRAPH_CASE": str(demo_case), "STILLGRAPH_LOG": str(log)}, pages=pages) as site:
        yield site, log


def pages_of():
    from stillgraph.casework.shipped import shipped

    return shipped("notebooks/dashboards")


def test_a_page_that_fails_says_a_reference_which_the_log_explains_and_nothing_else(failing, browser, axe):
    site, log = failing
    page = browser.page
    page.goto(serve.page_url(site.port, site.token, "broken"))
    alert = page.get_by_role("alert")
    expect(alert).to_be_visible(timeout=WAIT_MS)
    said = re.fullmatch(
        r"This page could not be shown\s+Something went wrong\. Give your administrator this reference: ([0-9A-F]{8})\.",
        alert.inner_text(),
    )
    for word in (NAME, "ValueError", "Traceback", "never run"):
        assert word not in page.content()
    assert axe(page) == []
    (line,) = log.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(rf"\S+Z reference {said[1]}: ValueError in cell 1 of a page", line)
    assert oct(log.stat().st_mode)[-3:] == "600"


def test_the_token_leaves_the_address_and_the_bar_leads_to_every_page(failing, browser):
    site, _ = failing
    page = browser.page
    page.goto(serve.page_url(site.port, site.token, "broken"))
    assert site.token not in page.url
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    assert links.all_inner_texts() == ["Overview", "Broken", "Dropping"]
    expect(page.get_by_role("link", name="Broken")).to_have_attribute("aria-current", "page")
    assert page.get_by_role("link", name="Sign out").count() == 0
    for address in ("/", "/voila/tree", "/voila/tree/anything"):
        assert (
            page.request.get(site.root + address, max_redirects=0).headers["location"] == "/voila/render/overview.ipynb"
        )
    assert page.request.get(site.root + "/voila/api/contents/").status == 404
    missing = page.request.get(site.root + "/voila/render/nothing.ipynb")
    assert "There is no such page" in missing.text()


def test_files_are_sent_in_parts_and_too_many_are_refused_before_a_byte_is_sent(failing, browser, axe, tmp_path):
    site, _ = failing
    for name, mb in (("small.bin", 1), ("large.bin", 4.5), ("huge.bin", 6)):
        (tmp_path / name).write_bytes(b"x" * int(mb * 1024 * 1024))
    page = browser.page
    page.goto(serve.page_url(site.port, site.token, "dropping"))

    def choose(*names):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose files").click(timeout=WAIT_MS)
        chooser.value.set_files([tmp_path / name for name in names])

    choose("huge.bin")
    expect(page.get_by_role("alert")).to_have_text(
        re.compile(r"^The file is larger than 5 MB \(6 MB\)\. Nothing was sent")
    )
    choose("small.bin", "large.bin")
    expect(page.get_by_role("alert")).to_contain_text("Together the files are larger than 5 MB (6 MB)")
    assert axe(page, ".sg-page") == []
    choose("large.bin")
    expect(page.locator(".sg-page")).to_contain_text("[('large.bin', 4718592)]")
    assert page.get_by_role("alert").inner_text() == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_overview_is_light_or_dark_as_asked_and_can_be_used_by_keyboard(site, browser, axe, scheme):
    page = browser.page
    page.emulate_media(color_scheme=scheme)
    browser.open(site.overview)
    ground = "getComputedStyle(document.querySelector('.sg-page')).backgroundColor"
    grounds = {"light": "rgb(244, 246, 248)", "dark": "rgb(15, 23, 31)"}
    assert page.evaluate(ground) == grounds[scheme]
    ink = page.evaluate("getComputedStyle(document.querySelector('.sg-page h1')).color")
    drawn = page.evaluate("getComputedStyle(document.querySelector('.js-plotly-plot .ytick text')).fill")
    assert drawn == ink, "figures follow"
    assert axe(page) == []

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "rendered_cells"
    page.locator("#sg-theme").focus()
    page.keyboard.press("Enter")
    other = "dark" if scheme == "light" else "light"
    assert page.evaluate(ground) == grounds[other]
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert not page.get_by_role("navigation", name="Pages").is_visible()
    assert len(page.pdf(format="A4")) > 20_000
    assert browser.others == []
    assert browser.errors == []
