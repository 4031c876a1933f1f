"""The documentation builds as a site that takes nothing from another host, and what its first page says works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from stillgraph.records import Role


class Loaded(HTMLParser):
    """Collects what a page makes the browser fetch by itself; links that a reader may follow are not among it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            fetched = name in {"src", "srcset", "poster", "data"} or (name == "href" and tag == "link")
            if fetched and value:
                self.found.append(value)


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """Build the site, as ``make docs`` does, elsewhere."""
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file",
               root / "docs" / "site" / "mkdocs.yml", "--site-dir", place]  # fmt: skip
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    told = subprocess.run(command, capture_output=True, text=True, env=quiet, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    return place


def test_no_page_fetches_anything_from_another_host(built):
    pages = list(built.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert len(loaded.found) > 3
        assert [one for one in loaded.found if re.match(r"(?:[a-z]+:)?//", one)] == [], page.name
    for sheet in built.rglob("*.css"):
        assert re.findall(r"url\([\"']?(?:https?:)?//|@import", sheet.read_text(encoding="utf-8")) == [], sheet.name


def test_every_picture_is_there_and_of_a_size_to_be_looked_at(root, built):
    shown = {
        name for page in (root / "docs").rglob("*.md")
        for name in re.findall(r"!\[[^\]]*\]\((?:\.\./)?images/([^)]+)\)", page.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert len(shown) >= 10
    for name in shown:
        assert (built / "images" / name).is_file(), name
        assert (root / "docs" / "images" / name).stat().st_size < 300_000, name


def test_the_first_pages_commands_run_as_they_stand(root, demo_case, tmp_path):
    text = (root / "docs" / "start.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    shutil.copytree(demo_case, tmp_path / "cases" / "demo")
    runner = tmp_path / "bin" / "stillgraph"
    runner.parent.mkdir()
    runner.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from stillgraph.cli import main; main()" "$@"\n')
    runner.chmod(0o755)
    told = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{runner.parent}{os.pathsep}{os.environ['PATH']}"}, timeout=300,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "The audit chain holds" in told.stdout


def test_every_role_is_documented(root):
    text = (root / "docs" / "roles.md").read_text(encoding="utf-8")
    assert {str(role) for role in Role} <= set(re.findall(r"^\| ([a-z]+) \|", text, re.MULTILINE))


def test_every_page_of_the_bar_is_in_the_how_to_or_the_reference(root):
    text = "".join(path.read_text(encoding="utf-8") for path in (root / "docs").rglob("*.md"))
    for page in (root / "notebooks" / "dashboards").glob("*.ipynb"):
        assert re.search(rf"\*{page.stem.capitalize()}[ a-z]*\*|\*\*{page.stem}\*\*", text), page.stem
