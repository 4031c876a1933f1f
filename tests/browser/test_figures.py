"""Every figure of the demonstration is drawn by a real Chromium, by Plotly as it ships, without a word of complaint."""

from __future__ import annotations

import io
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import plotly
import pytest
from PIL import Image

from stillgraph import demo, figures
from stillgraph.casework import analysing, asking, explaining, network_measures, networking, take_seat, worth
from stillgraph.casework import ranking as rankings
from stillgraph.dashboards import prolific_drawing

pytestmark = pytest.mark.browser

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PERIOD = "3 Nov 2025 to 31 Oct 2026"
DRAW = """async text => {
  const {data, layout} = JSON.parse(text), place = document.getElementById("figure"), began = performance.now();
  await Plotly.react(place, data, {...layout, width: 900}, {displaylogo: false});
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - began;
}"""
PAN = """async () => {
  const place = document.getElementById("figure"), began = performance.now();
  for (let n = 1; n <= 2; n++) {
    await Plotly.relayout(place, {"xaxis.range": [n, 50 + n]});
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  return (performance.now() - began) / 2;
}"""


@pytest.fixture
def canvas(browser):
    """Return an empty page with Plotly on it."""
    browser.page.set_content('<body style="background: #ffffff"><div id="figure"></div></body>')
    browser.page.add_script_tag(path=PLOTLY)
    return browser


def drawn(demo_case) -> dict:
    """Return every figure over the demonstration."""
    desk = take_seat(demo_case, officer=demo.ANALYST, operation=demo.OPERATION, reason="draw every figure")
    with desk.sitting():
        graph = networking.offence_network(desk, with_proposals=True)
        ranked = rankings.ranking(desk, keep=False)
        others = rankings.ranking(desk, with_proposals=True, keep=False)
        places = analysing.offence_places(desk)
        first = [str(one.person_id) for one in ranked.standings[:3]]
        page = explaining.why(desk, first[0])
        time = asking.timeline(desk, first, with_proposals=True)
        grouped = network_measures.groups(desk, with_proposals=True, runs=1)
        together = network_measures.together(desk, with_proposals=True)
        without = network_measures.without(desk, persons=first, worlds=50)
        spread = [worth.concentration(desk, of=of, draws=50) for of in ("persons", "stores")]
        listed = worth.back_test(desk, draws=50)
    pairs = pd.DataFrame(
        [(one.person_id, one.other_id, one.offences) for one in together.pairs], columns=["one", "other", "offences"]
    )
    groups = [one.persons for one in grouped.found.groups]
    return {
        "ranking": figures.ranking_bars(ranked, period=PERIOD),
        "network": figures.offence_network(graph, networking.network_layout(graph), period=PERIOD, simulated=True),
        "places": figures.offence_places(places, period=PERIOD, simulated=True),
        "stages": figures.stage_times([("a", 1.0), ("b", 2.0)]),
        "intervals": figures.rank_intervals(ranked, others, period=PERIOD),
        "matrix": figures.co_offending_matrix(pairs, groups, period=PERIOD, simulated=True),
        "timeline": figures.timeline(figures.lanes_of(time), period=PERIOD, simulated=True),
        "journeys": prolific_drawing.journeys(page, PERIOD),
        "months": figures.retailer_months(places, period=PERIOD),
        "lorenz": figures.lorenz_curves(spread, period=PERIOD),
        "what if": figures.what_if(without.found, period=PERIOD, simulated=True),
        "list worth": figures.list_worth(listed),
    }


def test_every_figure_draws_in_a_browser_without_an_error(canvas, demo_case, tmp_path):
    for name, figure in drawn(demo_case).items():
        canvas.page.evaluate(DRAW, figure.to_json())
        marks = canvas.page.locator(".main-svg .point, .main-svg .hm image, .main-svg .js-line, .main-svg path.js-line")
        assert marks.count() > 0, name
        assert not outside(canvas.page), name
        canvas.page.locator("#figure").screenshot(path=tmp_path / f"{name}.png")
    assert canvas.errors == []
    assert canvas.others == []


def outside(page) -> list[str]:
    """Return the texts of the drawing that are cut off by its edge."""
    return page.evaluate(
        """() => {
          const frame = document.querySelector(".main-svg").getBoundingClientRect();
          return [...document.querySelectorAll(".main-svg text")].filter(text => {
            const box = text.getBoundingClientRect();
            return box.width > 0 && !text.closest(".textpoint, .plot")
              && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1);
          }).map(text => text.textContent);
        }"""
    )


def test_a_network_of_ten_thousand_nodes_draws_and_pans(canvas):
    rng = np.random.default_rng(5)
    persons, offences, links = 3000, 7000, 20_000
    who = rng.integers(persons, size=links)
    what = (who * offences // persons + rng.integers(40, size=links)) % offences
    graph = nx.Graph()
    graph.add_nodes_from((f"p{n}", {"kind": "person", "label": f"N{n}", "status": "unknown"}) for n in range(persons))
    graph.add_nodes_from((f"o{n}", {"kind": "offence", "label": f"A/{n}"}) for n in range(offences))
    graph.add_edges_from((f"p{a}", f"o{b}") for a, b in zip(who, what, strict=True))
    # Near each other what is linked, as a layout has it: long lines are what costs without a graphics card.
    place = np.concatenate([np.arange(persons), np.arange(offences) * persons / offences])
    places = np.column_stack([place // 60, place % 60]) + rng.normal(size=(persons + offences, 2))
    layout = {node: (float(x), float(y)) for node, (x, y) in zip(graph, places, strict=True)}
    figure = figures.offence_network(graph, layout, period=PERIOD, simulated=True)
    assert canvas.page.evaluate(DRAW, figure.to_json()) < 20_000
    assert canvas.page.locator(".gl-canvas").count() > 0
    # Ink in every part of the drawing: WebGL that is not there draws nothing and says little.
    seen = Image.open(io.BytesIO(canvas.page.locator("#figure").screenshot())).convert("L")
    inner = np.asarray(seen)[120:480, 60:840]
    assert all((part < 200).mean() > 0.02 for rows in np.array_split(inner, 4) for part in np.array_split(rows, 4, 1))
    assert canvas.page.evaluate(PAN) < 10_000, "milliseconds a frame, without a graphics card, on a busy machine"
    assert canvas.errors == []
