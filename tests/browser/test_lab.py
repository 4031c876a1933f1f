"""JupyterLab as an analyst meets it: behind its token, from this host alone, and its notebook runs."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SEAT = ("--officer", "desk", "--operation", "OP-TEST", "--reason", "test the lab")


@pytest.fixture
def lab(run_lab, browser, small_case):
    """Run JupyterLab on a searched case that nobody has reviewed."""
    with run_lab(small_case.directory, SEAT, browser) as running:
        yield running


def answer(url: str) -> tuple[int, str]:
    """Return the status of an address and where it leads."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status, response.url
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.url


def test_the_notebook_opens_behind_its_token_and_runs(lab, browser, small_case):
    url = lab.url
    bare, _, token = url.partition("?token=")
    root = bare.partition("/lab")[0]
    assert len(token) > 20
    for address in (bare, f"{bare}?token=wrong"):
        assert "/login" in answer(address)[1]
    for path in ("/api/contents", "/api/kernels", "/files/start.ipynb"):
        status, where = answer(root + path)
        assert status == 403 or "/login" in where, path
    assert answer(f"{root}/voila/render/start.ipynb?token={token}")[0] == 404, "pages are served by Voila alone"

    page = browser.page
    page.set_viewport_size({"width": 1400, "height": 3000})
    page.goto(url)
    expect(page.locator(".jp-NotebookPanel h1", has_text="Start here")).to_be_visible(timeout=60_000)
    lab.run("start")
    expect(page.get_by_role("heading", name="What waits for you")).to_be_visible(timeout=60_000)
    assert "Custody images" in page.inner_text(".sg-numbers")
    assert page.locator(".jp-RenderedText[data-mime-type*=error]").count() == 0
    assert browser.others == []
    assert (small_case.directory / "notebooks" / "start.ipynb").is_file()
    assert not Path("start.ipynb").exists()
