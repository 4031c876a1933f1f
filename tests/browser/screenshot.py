"""Photograph the overview of a case for the README: ``python tests/browser/screenshot.py [CASE] [OUT]``.

By default the demonstration in ``cases/demo``, to ``docs/images/overview.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conftest import chromium, served, watched
from stillgraph import demo

ROOT = Path(__file__).resolve().parents[2]


def main(case: Path, out: Path) -> int:
    """Serve the case, open its overview and save it down to the map; return 0, or 2 where there is no Chromium."""
    executable = chromium()
    if executable is None:
        sys.stderr.write("There is no Chromium here; install one to take the screenshot.\n")
        return 2
    seat = {
        "STILLGRAPH_CASE": str(case),
        "STILLGRAPH_OFFICER": demo.ANALYST,
        "STILLGRAPH_OPERATION": demo.OPERATION,
        "STILLGRAPH_REASON": "photograph the overview",
    }
    with served(seat) as site, watched(executable) as seen:
        seen.open(site.overview)
        seen.page.wait_for_timeout(1500)
        bottom = seen.page.locator(".sg-columns").first.bounding_box()
        out.parent.mkdir(parents=True, exist_ok=True)
        clip = {"x": 0, "y": 0, "width": 1400, "height": bottom["y"] + bottom["height"] + 10}
        seen.page.screenshot(path=out, full_page=True, clip=clip)
    sys.stdout.write(f"{out}\n")
    return 0


if __name__ == "__main__":
    places = [Path(argument).resolve() for argument in sys.argv[1:3]]
    defaults = [ROOT / "cases" / "demo", ROOT / "docs" / "images" / "overview.png"]
    sys.exit(main(*(places + defaults[len(places) :])))
