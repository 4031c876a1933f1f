"""Figures draw what they are given, say what they rest on, and need no other host."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph import figures
from stillgraph.errors import WrongUse
from stillgraph.figures import labels, theme
from stillgraph.figures.places import KM_PER_DEGREE
from stillgraph.records import Concentration, LinkStatus, Ranking, Standing

PERIOD = "3 Nov 2025 to 31 Oct 2026"


def ranking(by: str = "harm", persons: int = 5, *, simulated: bool = True) -> Ranking:
    standings = tuple(
        Standing(
            rank=i, rank_low=max(1, i - 1), rank_high=i + 2, person_id=f"N{i:06d}" if i % 2 else f"unknown {i}",
            nominal_id=None, offences=20 - i, harm_days=400.0 - 10 * i, value_pence=100_000 - 1000 * i, rfh=90 - i,
            retailers=2, prior_arrests=1, status=LinkStatus.CORROBORATED if i % 2 else LinkStatus.UNKNOWN,
        )
        for i in range(1, persons + 1)
    )  # fmt: skip
    return Ranking(by, None, None, "a scale", standings, Concentration(None, None, None, None, persons), simulated)


def graph() -> tuple[nx.Graph, dict[str, tuple[float, float]]]:
    """Two persons share an offence, a third is alone."""
    made = nx.Graph()
    for person, status in (("N000001", "corroborated"), ("N000002", "corroborated"), ("unknown 1", "unknown")):
        made.add_node(f"person {person}", kind="person", label=person, status=status)
    for offence, members in (("A/1", ["N000001", "N000002"]), ("A/2", ["N000001"]), ("A/3", ["unknown 1"])):
        made.add_node(f"offence {offence}", kind="offence", label=offence)
        made.add_edges_from((f"person {member}", f"offence {offence}") for member in members)
    return made, {node: (float(i), float(i % 3)) for i, node in enumerate(made)}


def places() -> pd.DataFrame:
    rows = [
        ("A/1", "Shop", "Shop East", "Newham", 51.50, 0.02, "corroborated"),
        ("A/2", "Shop", "Shop East", "Newham", 51.50, 0.02, "unknown"),
        ("A/3", "Shop", "Shop West", "Ealing", 51.60, -0.30, "unknown"),
    ]
    frame = pd.DataFrame(rows, columns=["offence_id", "retailer", "store", "borough", "latitude", "longitude", "link"])
    return frame.assign(value_pence=1000, harm_days=1.0, occurred_at=datetime(2026, 1, 2, tzinfo=UTC))


def everything() -> list:
    made, layout = graph()
    return [
        figures.ranking_bars(ranking(), period=PERIOD),
        figures.offence_network(made, layout, period=PERIOD, simulated=True),
        figures.offence_places(places(), period=PERIOD, simulated=True),
        figures.stage_times([("stills received", 3.0), ("faces searched", 1.5)]),
    ]


@pytest.mark.parametrize("figure", everything()[:3], ids=["ranking", "network", "places"])
def test_every_result_says_its_period_and_simulated_review(figure):
    assert PERIOD in figure.layout.title.text
    assert "simulated review" in figure.layout.title.text
    assert "simulated review" in figures.description(figure)


def test_review_by_people_is_not_called_simulated():
    made, layout = graph()
    for figure in (
        figures.ranking_bars(ranking(simulated=False), period=PERIOD),
        figures.offence_network(made, layout, period=PERIOD, simulated=False),
        figures.offence_places(places(), period=PERIOD, simulated=False),
    ):
        assert "simulated" not in figure.layout.title.text
        assert "two-person review" in figure.layout.title.text


@pytest.mark.parametrize("by", list(figures.MEASURES))
def test_bars_stand_in_the_order_of_the_ranking(by):
    given_ranking = ranking(by, persons=20)
    figure = figures.ranking_bars(given_ranking, period=PERIOD, limit=7)
    from_top = list(reversed(figure.layout.yaxis.categoryarray))
    assert from_top == [s.person_id for s in given_ranking.standings[:7]]
    assert "first 7 of 20 persons" in figure.layout.title.text
    drawn = {person: value for trace in figure.data for person, value in zip(trace.y, trace.x, strict=True)}
    assert [drawn[person] for person in from_top] == sorted(drawn.values(), reverse=True)


def test_a_status_has_its_own_bars():
    figure = figures.ranking_bars(ranking(), period=PERIOD)
    by_name = {trace.name: list(trace.y) for trace in figure.data}
    assert by_name == {
        "corroborated": ["N000001", "N000003", "N000005"],
        "proposed": [],
        "unknown person": ["unknown 2", "unknown 4"],
    }


def test_an_empty_ranking_is_drawn_as_nobody():
    figure = figures.ranking_bars(ranking(persons=0), period=PERIOD)
    assert "first 0 of 0 persons" in figure.layout.title.text


def test_a_measure_that_is_not_there_is_refused():
    with pytest.raises(WrongUse, match="A ranking is drawn by harm, count, value, rfh; not by 'height'"):
        figures.ranking_bars(ranking("height"), period=PERIOD)


def test_every_link_and_node_of_the_network_is_drawn_once():
    made, layout = graph()
    figure = figures.offence_network(made, layout, period=PERIOD, simulated=False)
    by_name = {trace.name: trace for trace in figure.data}
    assert by_name["links"].x.count(None) == made.number_of_edges() == 4
    assert len(by_name["offence"].x) == 3
    assert [row[0] for row in by_name["corroborated"].customdata] == ["N000001", "N000002"]
    assert [row[0] for row in by_name["unknown person"].customdata] == ["unknown 1"]
    assert "3 persons, 3 offences" in figure.layout.title.text
    assert "1 group of persons who offended together" in figure.layout.title.text


def test_statuses_differ_by_shape_as_well_as_colour():
    marks = list(theme.STATUS.values())
    assert len({mark.symbol for mark in marks}) == len({mark.colour for mark in marks}) == len(LinkStatus)


@pytest.mark.parametrize("colour", [m.colour for m in (*theme.STATUS.values(), theme.OFFENCE)])
def test_marks_stand_out_from_the_paper(colour):
    """WCAG 2.2, 1.4.11: at least 3 to 1 for what must be seen."""
    assert contrast(colour, theme.PAPER) >= 3


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED])
def test_text_is_legible(colour):
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 for text."""
    assert contrast(colour, theme.PAPER) >= 4.5


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_a_bubble_a_store_with_its_offences_counted():
    figure = figures.offence_places(places(), period=PERIOD, simulated=False)
    corroborated, without = figure.data[0], figure.data[1]
    assert [(row[0], row[2], row[3]) for row in corroborated.customdata] == [("Shop East", 2, 1)]
    assert [(row[0], row[2], row[3]) for row in without.customdata] == [("Shop West", 1, 0)]
    assert "3 offences at 2 stores" in figure.layout.title.text


def test_the_map_has_true_aspect_and_its_bar_is_five_kilometres():
    figure = figures.offence_places(places(), period=PERIOD, simulated=False)
    middle = math.radians(51.55)
    assert figure.layout.yaxis.scaleanchor == "x"
    assert figure.layout.yaxis.scaleratio == pytest.approx(1 / math.cos(middle))
    (bar,) = [trace for trace in figure.data if trace.name == "scale"]
    # Equirectangular distance against an independent radius: 6,371 km is the Earth's mean.
    km = math.radians(bar.x[1] - bar.x[0]) * math.cos(middle) * 6371
    assert km == pytest.approx(5, rel=0.005)
    assert pytest.approx(2 * math.pi * 6371 / 360, rel=0.006) == KM_PER_DEGREE


def test_a_map_of_no_offences_is_empty():
    figure = figures.offence_places(places().head(0), period="no stills yet", simulated=False)
    assert "0 offences at 0 stores" in figure.layout.title.text


def test_stages_stand_in_their_order_with_the_total():
    figure = figures.stage_times([("b", 3.0), ("a", 1.75)])
    assert list(figure.data[0].y) == ["b", "a"]
    assert figure.layout.yaxis.autorange == "reversed"
    assert "2 stages · 5 s in all" in figure.layout.title.text
    assert "b 3.0, a 1.8" in figures.description(figure)


@pytest.mark.parametrize("figure", everything(), ids=["ranking", "network", "places", "stages"])
def test_a_bundle_is_plain_json_and_names_no_host(figure):
    made = figures.bundle(figure)
    text = json.dumps(made)
    assert "http" not in text
    assert made["text/plain"] == figures.description(figure) != ""
    assert made["application/vnd.plotly.v1+json"]["config"] == {"responsive": True, "displaylogo": False}


def test_neighbours_names_do_not_cover_each_other():
    # Three groups in one spot and one far off that sets the scale.
    x = [0.0, 0.012, -0.012, 1.0]
    y = [0.0, 0.0, 0.0, 1.0]
    placed = labels.beside(["Camden", "Hackney", "Brent", "Kingston"], x, y)
    assert [label.text for label in placed] == ["Brent", "Camden", "Hackney", "Kingston"]
    assert len({label.position for label in placed[:3]}) > 1


@given(
    st.lists(st.tuples(st.sampled_from(["A", "Bb", "Ccc", "Dddd"]), st.floats(-1, 1), st.floats(50, 52)), max_size=12)
)
def test_every_group_has_one_label_wherever_its_points_are(points):
    groups = [name for name, _, _ in points]
    placed = labels.beside(groups, [x for _, x, _ in points], [y for _, _, y in points])
    assert [label.text for label in placed] == sorted(set(groups))
