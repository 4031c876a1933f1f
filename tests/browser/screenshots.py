"""Photograph every page and notebook for the documents: ``python tests/browser/screenshots.py [CASE] [FOLDER] [NAME ...]``.

By default the demonstration in ``cases/demo``, to ``docs/images``; with names, those alone. A copy of the case is
photographed, so that nothing is added to its record. Every person in it is synthetic.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops
from test_notebooks import DEMO_SEAT, NOTEBOOKS

from conftest import PAGES, chromium, lab_of, served, watched
from stillgraph import demo
from stillgraph.dashboards import serve

ROOT = Path(__file__).resolve().parents[2]
WIDTH, TALLEST = 1400, 1900
MOST_BYTES = 300_000
WAIT_MS = 90_000


def main(case: Path, folder: Path, names: list[str]) -> int:
    """Photograph what was asked for; return 0, or 2 where there is no Chromium."""
    executable = chromium()
    if executable is None:
        sys.stderr.write("There is no Chromium here; install one to take the screenshots.\n")
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        copied = Path(shutil.copytree(case, Path(place) / "demo"))
        for picture, name in chain(_pages(copied, executable, names), _notebooks(copied, executable, names)):
            _keep(picture, folder / f"{name}.png")
    return 0


def _pages(case: Path, executable: str, names: list[str]) -> Iterator[tuple[Any, str]]:
    """Photograph the dashboards, light, and the overview dark too."""
    seat = {
        "STILLGRAPH_CASE": str(case), "STILLGRAPH_OFFICER": demo.ANALYST, "STILLGRAPH_OPERATION": demo.OPERATION,
        "STILLGRAPH_REASON": "photograph the pages",
    }  # fmt: skip
    wanted = [(page["name"], "light") for page in serve.pages(PAGES)] + [("overview", "dark")]
    wanted = [(page, look, _named(page, look)) for page, look in wanted if not names or _named(page, look) in names]
    if not wanted:
        return
    with served(seat) as site, watched(executable, width=WIDTH) as seen:
        for page, look, name in wanted:
            seen.page.emulate_media(color_scheme=look)
            seen.page.goto(serve.page_url(site.port, site.token, page))
            seen.page.locator(".sg-page h1").wait_for(timeout=WAIT_MS)
            if page == "retailer":
                seen.page.get_by_label("Retailer").select_option(index=8)
            _settle(seen.page)
            yield seen.page.screenshot(full_page=True), name


def _named(page: str, look: str) -> str:
    return page if look == "light" else f"{page}-{look}"


def _notebooks(case: Path, executable: str, names: list[str]) -> Iterator[tuple[Any, str]]:
    """Photograph what each notebook shows once it has run."""
    wanted = [name for name in NOTEBOOKS if not names or f"lab-{name}" in names]
    if not wanted:
        return
    with watched(executable, width=WIDTH) as seen, lab_of(case, DEMO_SEAT, seen) as lab:
        seen.page.on("dialog", lambda asked: asked.accept())
        for name in wanted:
            lab.run(name)
            _settle(seen.page)
            yield seen.page.locator(".jp-NotebookPanel").screenshot(), f"lab-{name}"
            lab.close()


def _settle(page: Any) -> None:
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)


def _trimmed(image: Image.Image) -> Image.Image:
    """Return a picture without the empty rows at its foot, but for a little."""
    last = image.crop((2, image.height - 1, image.width - 2, image.height)).resize((image.width, image.height))
    box = ImageChops.difference(image, last).crop((2, 0, image.width - 2, image.height)).getbbox()
    return image if box is None else image.crop((0, 0, image.width, min(image.height, box[3] + 24)))


def _keep(picture: bytes, out: Path) -> None:
    """Save a picture down to where it is tall enough to read by, in as many colours as it takes to stay small."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = _trimmed(image)
    image = image.crop((0, 0, image.width, min(image.height, TALLEST)))
    for colours in (256, 128, 64, 32):
        image.quantize(colours).save(out, optimize=True)
        if out.stat().st_size < MOST_BYTES:
            break
    sys.stdout.write(f"{out} {out.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    defaults = [str(ROOT / "cases" / "demo"), str(ROOT / "docs" / "images")]
    places = [Path(place).resolve() for place in (*given[:2], *defaults[len(given[:2]) :])]
    sys.exit(main(places[0], places[1], given[2:]))
