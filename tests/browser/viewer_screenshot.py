"""Photograph the comparison viewer for the documents: ``python tests/browser/viewer_screenshot.py [OUT]``.

One still of the demonstration and all its custody images, in a case made for it that is thrown away; by default to
``docs/images/viewer.png``. Every person in it is synthetic.
"""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image

from conftest import chromium, served, watched
from stillgraph.casework import enrolling, governing, receiving, searching, take_seat
from stillgraph.dashboards import serve
from stillgraph.records import RetailerId

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data" / "demo"
STILL, NOMINAL, OPERATION = "R12_0216.jpg", "N945712", "OP-PICTURE"
WAIT_MS = 90_000


def case_of_one_still(place: Path) -> Path:
    """Make a case of the one still, searched by ana and open to ben's review."""
    delivery = DATA / "deliveries" / "R12"
    (place / "stills").mkdir()
    shutil.copy(delivery / "stills" / STILL, place / "stills" / STILL)
    with (delivery / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["image"] == STILL]
    with (place / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    case = place / "case"
    governing.create_case(case)
    ana = take_seat(case, officer="ana", operation=OPERATION, reason="photograph the viewer")
    for officer in ("ana", "ben"):
        governing.add_officer(ana, officer)
    governing.open_operation(ana, OPERATION, purpose="photograph the viewer")
    enrolling.enrol(ana, DATA / "custody" / "manifest.csv")
    receiving.receive(ana, place / "manifest.csv", retailer_id=RetailerId("R12"), stores=DATA / "stores.csv")
    searching.search(ana, unsearched=True, past_review=True)
    return case


def main(out: Path) -> int:
    """Review the still as ben and save the viewer; return 0, or 2 where there is no Chromium."""
    executable = chromium()
    if executable is None:
        sys.stderr.write("There is no Chromium here; install one to take the screenshot.\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        seat = {
            "STILLGRAPH_CASE": str(case_of_one_still(Path(folder))),
            "STILLGRAPH_OFFICER": "ben",
            "STILLGRAPH_OPERATION": OPERATION,
            "STILLGRAPH_REASON": "photograph the viewer",
        }
        with served(seat) as site, watched(executable, width=1280) as seen:
            page = seen.page
            page.goto(serve.page_url(site.port, site.token, "review"))
            page.get_by_title(f"Compare: {NOMINAL}", exact=True).click(timeout=WAIT_MS)
            page.locator(".sgv-said", has_text="enlarged").nth(1).wait_for(timeout=WAIT_MS)
            page.locator(".sgv canvas[data-drawn='at rest']").wait_for(timeout=WAIT_MS)
            page.mouse.move(0, 0)
            page.wait_for_timeout(1000)
            out.parent.mkdir(parents=True, exist_ok=True)
            page.locator(".sg-card", has=page.locator(".sgv")).screenshot(path=out)
    # 256 colours are enough to read by, and half the size.
    Image.open(out).convert("RGB").quantize(256).save(out, optimize=True)
    sys.stdout.write(f"{out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "docs" / "images" / "viewer.png"))
