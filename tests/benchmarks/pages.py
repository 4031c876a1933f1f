"""How long a page takes until it can be used: ``python tests/benchmarks/pages.py [CASE] [--times 5]``.

The demonstration's dashboards, served as the command line does, opened in a real Chromium: from the address to when the
first useful content (the page's numbers and table) is painted, by the browser's own clock, and until every chart is
drawn. With kernels made ready ahead, and without. A browser's first visit, which fetches and compiles the front end, is
told apart from those after it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))

from conftest import PAGES, chromium, served, watched
from stillgraph import demo
from stillgraph.dashboards import serve

ROOT = Path(__file__).resolve().parents[2]
FIRST = ".sg-page h1"
"""The page's title, with which its numbers, tables and notices come: they are one message of the kernel."""
CHARTS = ".js-plotly-plot .main-svg"
WATCH = f"""
let painted = false, charts = 0;
new MutationObserver(() => {{
  if (!painted && document.querySelector("{FIRST}")) {{
    painted = true;
    requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("sg-painted")));
  }}
  const now = document.querySelectorAll("{CHARTS}").length;
  if (now > charts) {{ charts = now; performance.mark("sg-drawn"); }}
}}).observe(document, {{ childList: true, subtree: true }});
"""
"""Marks when the browser has painted it, and each chart: the second frame begins when the first is on the screen."""
TAKEN = "name => Math.max(0, ...performance.getEntriesByName(name).map(mark => mark.startTime)) / 1000"
REST_S = 2.0
"""Seconds without a new chart after which the page is drawn."""
SETTLE_S = 18.0
"""Seconds for the kernels to be made ready, before each opening."""


def opened(site, page, name: str) -> tuple[float, float]:
    """Open a page; return the seconds until its first useful content, and until its charts are drawn."""
    page.goto(serve.page_url(site.port, site.token, name), wait_until="commit")
    page.wait_for_function("performance.getEntriesByName('sg-painted').length", timeout=90_000)
    page.wait_for_load_state("networkidle")
    drawn = -1
    while drawn != (drawn := page.locator(CHARTS).count()):
        time.sleep(REST_S)
    first, last = (page.evaluate(TAKEN, name) for name in ("sg-painted", "sg-drawn"))
    return first, max(first, last)


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="?", type=Path, default=ROOT / "cases" / "demo")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--page", action="append", help="this page alone; may be given again")
    parser.add_argument("--ready", action="store_true", help="with kernels made ready ahead alone")
    given = parser.parse_args()
    executable = chromium()
    if executable is None:
        sys.stderr.write("There is no Chromium here; install one to measure the pages.\n")
        return 2
    seat = {
        "STILLGRAPH_CASE": str(given.case.resolve()), "STILLGRAPH_OFFICER": demo.ANALYST,
        "STILLGRAPH_OPERATION": demo.OPERATION, "STILLGRAPH_REASON": "measure the pages",
    }  # fmt: skip
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; seconds, median (slowest) of {given.times}"
    )
    names = given.page or [page["name"] for page in serve.pages(PAGES)]
    for ready in (True,) if given.ready else (True, False):
        with served(seat, ready=ready) as site, watched(executable) as seen:
            seen.page.add_init_script(WATCH)
            for name in names:
                times = []
                for _ in range(given.times + 1):
                    time.sleep(SETTLE_S if ready else 1.0)
                    times.append(opened(site, seen.page, name))
                    seen.page.goto("about:blank")
                first, whole = ([one[i] for one in times[1:]] for i in (0, 1))
                print(
                    f"{name:14} {'ready ahead' if ready else 'not ready':12} first visit {times[0][0]:5.2f}  "
                    f"useful {statistics.median(first):5.2f} ({max(first):5.2f})  "
                    f"whole {statistics.median(whole):5.2f} ({max(whole):5.2f})  load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
