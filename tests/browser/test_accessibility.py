"""Every page by keyboard, by screen reader and for poor sight: axe-core finds nothing serious on it."""

from __future__ import annotations

import pytest

from stillgraph.dashboards import serve

pytestmark = pytest.mark.browser

PAGES = ("drift", "retailer", "retention", "review", "transparency")
"""Pages that no test of their own looks at with axe-core; the overview's does."""
WAIT_MS = 90_000


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(site, browser, axe, name):
    page = browser.page
    page.goto(serve.page_url(site.port, site.token, name))
    page.locator(".sg-page h1").wait_for(timeout=WAIT_MS)
    page.wait_for_load_state("networkidle")
    assert axe(page) == []


def test_axe_does_find_what_is_wrong(browser, axe):
    browser.page.set_content('<main><h1>A page</h1><img src="data:,"><p style="color:#aaa">faint</p></main>')
    assert {found.split()[0] for found in axe(browser.page)} >= {"image-alt", "color-contrast"}
    assert axe(browser.page, "h1") == []
