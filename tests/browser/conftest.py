"""A page in a real Chromium, served as managers get it; skipped with a reason where there is no Chromium."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from playwright.sync_api import expect

from stillgraph.dashboards import serve

PAGES = Path(__file__).resolve().parents[2] / "notebooks" / "dashboards"
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HARMLESS = ("r.setData is not a function",)
"""Errors of Jupyter's own front end on a page that works."""
PATIENCE_MS = 90_000
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""What is asked of a page: the Web Content Accessibility Guidelines 2.2 at levels A and AA, and good practice."""
GRAVE = frozenset({"serious", "critical"})
"""What no page may have."""
JUPYTERS_OWN: tuple[str, ...] = ()
"""Rules that Jupyter's own markup breaks where no page of ours can mend it; each with its reason where it is added."""


@dataclass(frozen=True)
class Site:
    """A running server of pages."""

    port: int
    token: str = field(repr=False)

    @property
    def root(self) -> str:
        """The server's address."""
        return f"http://{serve.HOST}:{self.port}"

    @property
    def overview(self) -> str:
        """The overview's address, with its token."""
        return serve.page_url(self.port, self.token)


@dataclass
class Watched:
    """A browser page and what it did that it should not: requests to other hosts, errors."""

    page: Any
    others: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, url: str) -> dict[str, str]:
        """Open a page of ours, wait until its charts are drawn, and return the headers it came with."""
        response = self.page.goto(url)
        self.page.wait_for_selector(".sg-page table tbody tr", timeout=PATIENCE_MS)
        self.page.wait_for_function(
            "document.querySelectorAll('.js-plotly-plot .main-svg').length >= 4", timeout=PATIENCE_MS
        )
        return dict(response.headers)


def chromium() -> str | None:
    """Return where Chromium is, or ``None``."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for found in map(shutil.which, names) if found), None)


@contextmanager
def served(seat: Mapping[str, str], *, ready: bool = False, pages: Path = PAGES) -> Iterator[Site]:
    """Serve pages to whoever sits at ``seat``, as the command line does; kernels ahead only if ``ready``."""
    with socket.socket() as probe:
        probe.bind((serve.HOST, 0))
        port = probe.getsockname()[1]
    site = Site(port, secrets.token_urlsafe(16))
    process = subprocess.Popen(
        serve.voila_command(pages, port=port, ready=ready),
        env={**os.environ, **serve.token_environment(site.token), **seat},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(site, process)
        yield site
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(site: Site, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode} before it answered.")
        try:
            with urllib.request.urlopen(site.root + "/login", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The server did not answer within a minute.")


@contextmanager
def watched(executable: str, *, width: int = 1400, height: int = 1000) -> Iterator[Watched]:
    """Open a browser page that lets nothing through to another host and notes every try and every error."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": width, "height": height})
        seen = Watched(page)

        def guard(route: Any) -> None:
            if route.request.url.startswith((f"http://{serve.HOST}:", "data:", "blob:")):
                route.continue_()
            else:
                seen.others.append(route.request.url)
                route.abort()

        def note(message: str) -> None:
            if not any(known in message for known in HARMLESS):
                seen.errors.append(message)

        page.route("**/*", guard)
        page.on("console", lambda said: note(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: note(str(error)))
        try:
            yield seen
        finally:
            browser.close()


def grave_faults(page: Any, within: str | None = None, *, except_for: tuple[str, ...] = JUPYTERS_OWN) -> list[str]:
    """Return the serious and critical violations of a page, each with its rule and the element it is about.

    Parameters
    ----------
    page : playwright.sync_api.Page
        A page that has come to rest.
    within : str, optional
        A selector: look at that part alone.
    except_for : tuple of str
        Rules not to be asked.
    """
    if not page.evaluate("typeof window.axe === 'object'"):
        # Evaluated and not added as a script, which the pages' policy would have a say in.
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    options = {
        "runOnly": {"type": "tag", "values": list(RULES)},
        "rules": {rule: {"enabled": False} for rule in except_for},
        "resultTypes": ["violations"],
    }
    found: dict[str, Any] = page.evaluate(
        "([within, options]) => axe.run(within === null ? document : {include: [[within]]}, options)",
        [within, options],
    )
    assert found["passes"], "axe-core looked at nothing"
    return [
        f"{violation['id']} ({violation['impact']}): {' '.join(map(str, node['target']))}: {node['html'][:160]}: "
        f"{' '.join(check['message'] for check in (*node['any'], *node['all'], *node['none']))}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Return where Chromium is, or skip the test."""
    found = chromium()
    if found is None:
        pytest.skip("no chromium, chromium-browser or google-chrome here: install one to run the browser tests")
    return found


@pytest.fixture(scope="session")
def site(browser_path: str, demo_case: Path) -> Iterator[Site]:
    """Serve the demonstration's pages once a session."""
    from stillgraph import demo

    seat = {
        "STILLGRAPH_CASE": str(demo_case),
        "STILLGRAPH_OFFICER": demo.ANALYST,
        "STILLGRAPH_OPERATION": demo.OPERATION,
        "STILLGRAPH_REASON": "test the pages",
    }
    with served(seat) as running:
        yield running


@pytest.fixture(scope="session")
def serve_as(browser_path: str) -> Any:
    """Return the context manager that serves the pages to whoever sits somewhere."""
    return served


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """Return the function that finds a page's serious and critical faults: ``assert axe(page) == []``.

    ``axe(page, ".selector")`` looks at a part alone, e.g. at our output within JupyterLab.
    """
    return grave_faults


@pytest.fixture(scope="session")
def serve_signed_in(browser_path: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the context manager that serves a case's review page to officers who sign in, its kernel ready ahead."""
    pages = tmp_path_factory.mktemp("pages")
    shutil.copy(PAGES / "review.ipynb", pages)

    def serving(case: Path, how: Mapping[str, str]) -> Any:
        seat = {"STILLGRAPH_CASE": str(case), "STILLGRAPH_OPERATION": "OP-TEST", "STILLGRAPH_REASON": "test the pages"}
        # Whoever started the server is nobody to its readers.
        return served({**seat, "STILLGRAPH_OFFICER": "desk", serve.TOKEN: "", **how}, ready=True, pages=pages)

    return serving


@pytest.fixture(scope="session")
def watch(browser_path: str) -> Callable[[], AbstractContextManager[Watched]]:
    """Return what opens a watched browser page, for tests that share one."""
    return lambda: watched(browser_path)


@pytest.fixture
def browser(browser_path: str) -> Iterator[Watched]:
    """Return a watched browser page."""
    with watched(browser_path) as seen:
        yield seen


class Lab:
    """A lab that runs, and a page of it."""

    def __init__(self, url: str, browser: Watched) -> None:
        self.url = url
        self.root, _, self.token = url.partition("/lab/tree/")
        self.browser, self.page = browser, browser.page
        self.first, _, self.token = self.token.partition("?token=")
        self.page.set_viewport_size({"width": 1400, "height": 2600})

    def run(self, name: str) -> None:
        """Open a notebook in a lab of its own tabs, and run all of it."""
        page = self.page
        page.goto(f"{self.root}/lab/workspaces/{name}/tree/{name}.ipynb?token={self.token}")
        page.locator(".jp-NotebookPanel h1").first.wait_for(timeout=PATIENCE_MS)
        busy = page.locator(".jp-Notebook-ExecutionIndicator")
        expect(busy).to_have_attribute("data-status", "idle", timeout=PATIENCE_MS)
        for patience_ms in (PATIENCE_MS / 4, PATIENCE_MS):
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            # The lab drops a command, without a word, that comes while it still connects to its kernel.
            with suppress(PlaywrightTimeoutError):
                page.locator(".sg-page").first.wait_for(timeout=patience_ms)
                break
        expect(page.locator(".sg-page").first).to_be_visible()
        expect(busy).to_have_attribute("data-status", "idle", timeout=PATIENCE_MS)

    def close(self) -> None:
        """End the kernel, so that many notebooks do not hold a machine's memory."""
        for kernel in self.page.request.get(f"{self.root}/api/kernels?token={self.token}").json():
            self.page.request.delete(f"{self.root}/api/kernels/{kernel['id']}?token={self.token}")

    def choose(self, button: str, path: Path | list[Path]) -> None:
        """Give files to a button that asks for them."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=button).click()
        chooser.value.set_files(path)

    def no_fault(self) -> None:
        """No cell failed, no page says that something went wrong, and nothing was asked of another host."""
        assert self.page.locator(".jp-RenderedText[data-mime-type*=error]").count() == 0
        assert self.page.locator(".sg-page .sg-alert").count() == 0
        assert self.browser.others == []


@contextmanager
def lab_of(directory: Path, seat: Sequence[str], browser: Watched) -> Iterator[Lab]:
    """Run ``stillgraph lab`` on a case, and end it."""
    command = [sys.executable, "-c", "from stillgraph.cli import main; main()", "lab", str(directory), *seat]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield Lab(server.stdout.readline().removeprefix("JupyterLab: ").strip(), browser)
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.fixture(scope="session")
def run_lab(browser_path: str) -> Callable[..., Any]:
    """Run JupyterLab where there is a Chromium: ``with run_lab(case, seat, browser) as lab``."""
    return lab_of
