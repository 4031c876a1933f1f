"""The figures of analyses: each draws all it is given, says what it rests on, and tells things apart without colour."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from stillgraph import figures
from stillgraph.errors import WrongUse
from stillgraph.figures import matrix, network, theme
from stillgraph.records import (
    Amount,
    BackTest,
    Concentrated,
    Concentration,
    ConcentrationReport,
    Connected,
    EdgeKind,
    Estimate,
    LinkEvidence,
    LinkStatus,
    ListWorth,
    Lorenz,
    NodeKind,
    Ranking,
    SplitWorth,
    Standing,
    Timeline,
    TimelineRow,
    TopShare,
    Touched,
    WhatIf,
)

PERIOD = "3 Nov 2025 to 31 Oct 2026"


def ranking(persons, by="harm", *, width=1, status=LinkStatus.CORROBORATED) -> Ranking:
    standings = tuple(
        Standing(
            rank=i, rank_low=max(1, i - width), rank_high=i + width, person_id=person, nominal_id=None,
            offences=20, harm_days=400.0 - i, value_pence=1000, rfh=9, retailers=2, prior_arrests=1, status=status,
        )
        for i, person in enumerate(persons, 1)
    )  # fmt: skip
    return Ranking(by, None, None, "a scale", standings, Concentration(None, None, None, None, len(persons)), True)


def offences(*rows) -> pd.DataFrame:
    columns = ["offence_id", "occurred_at", "status", "offence", "store"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(occurred_at=pd.to_datetime(frame["occurred_at"], utc=True))


def arrests(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["arrested_on", "offence", "disposal"])
    return frame.assign(arrested_on=pd.to_datetime(frame["arrested_on"]))


def lanes() -> list[figures.Lane]:
    return [
        figures.Lane(
            "N000001",
            offences(("A/1", "2026-01-05 10:00", "corroborated", "shoplifting", "East"),
                     ("A/2", "2026-03-05 10:00", "corroborated", "shoplifting", "East")),
            arrests(("2019-01-01", "burglary", "charged"), ("2026-02-01", "shoplifting", "charged")),
            ((date(2026, 2, 1), date(2026, 2, 20)),),
        ),
        figures.Lane(
            "unknown 1",
            offences(("A/1", "2026-01-05 10:00", "unknown", "shoplifting", "East")),
            arrests(),
        ),
    ]  # fmt: skip


def visits(persons=2) -> pd.DataFrame:
    rows = [
        (f"N{p}", f"A/{p}{n}", f"2026-0{1 + n}-0{1 + p}", f"Shop {n % 2}", ["Newham", "Ealing"][n % 2],
         51.5 + 0.1 * (n % 2), 0.1 * p)
        for p in range(persons) for n in (2, 0, 1)
    ]  # fmt: skip
    columns = ["person_id", "offence_id", "occurred_at", "store", "borough", "latitude", "longitude"]
    frame = pd.DataFrame(rows, columns=columns).assign(offence="shoplifting", retailer="Shop")
    return frame.assign(occurred_at=pd.to_datetime(frame["occurred_at"], utc=True))


def reported() -> pd.DataFrame:
    rows = [
        ("Bright", "2025-12-30 23:30", 2.0, 500),
        ("Bright", "2026-02-01 00:10", 3.0, 700),
        ("Calm", "2025-12-01 12:00", 9.0, 100),
    ]
    frame = pd.DataFrame(rows, columns=["retailer", "occurred_at", "harm_days", "value_pence"])
    return frame.assign(occurred_at=pd.to_datetime(frame["occurred_at"], utc=True))


PAIRS = pd.DataFrame([("a", "b", 3), ("b", "c", 1), ("d", "e", 2), ("a", "z", 9)], columns=["one", "other", "offences"])
GROUPS = [["a", "b", "c"], ["d", "e"]]


def everything() -> dict:
    return {
        "intervals": figures.rank_intervals(ranking(["N1", "N2"]), ranking(["N2", "u1"]), period=PERIOD),
        "matrix": figures.co_offending_matrix(PAIRS, GROUPS, period=PERIOD, simulated=True),
        "timeline": figures.timeline(lanes(), period=PERIOD, simulated=True),
        "journeys": figures.journeys(visits(), period=PERIOD, simulated=True),
        "months": figures.retailer_months(reported(), period=PERIOD),
    }


@pytest.mark.parametrize("name", everything())
def test_a_figure_says_its_period_and_describes_itself(name):
    figure = everything()[name]
    assert PERIOD in figure.layout.title.text
    assert len(figures.description(figure)) > 40
    assert ("simulated review" in figure.layout.title.text) == (name != "months")
    assert "http" not in json.dumps(figures.bundle(figure))


def trace(figure, name):
    (found,) = [one for one in figure.data if one.name == name]
    return found


def test_lines_of_a_kind_differ_in_colour_dash_and_shape_each_alone():
    for part in ("colour", "dash", "symbol"):
        assert len({getattr(line, part) for line in theme.LINES}) == len(theme.LINES)


@pytest.mark.parametrize("colour", [line.colour for line in theme.LINES])
def test_lines_stand_out_from_the_paper(colour):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    assert 1.05 / (float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05) >= 3


def test_shades_grow_darker():
    sums = [sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for _, colour in theme.SHADES]
    assert sums == sorted(sums, reverse=True)


def test_each_rank_has_its_interval_and_newcomers_stand_below():
    figure = figures.rank_intervals(ranking(["N1", "N2", "N3"]), ranking(["N2", "u1", "N3"], width=2), period=PERIOD,
                                    limit=2)  # fmt: skip
    assert list(figure.layout.yaxis.ticktext) == ["N1", "N2", "u1"]
    sure, other = trace(figure, "corroborated links only"), trace(figure, "with links not corroborated")
    assert [row[0] for row in sure.customdata] == ["N1", "N2"]
    assert [row[0] for row in other.customdata] == ["N2", "u1"], "N1 has no rank there, N3 is not drawn"
    assert list(sure.x) == [1, 2]
    assert list(sure.error_x.arrayminus) == [0, 1]
    assert list(other.error_x.array) == [2, 2]
    assert sure.marker.symbol != other.marker.symbol
    assert "N1 1 (1 to 2), N2 2 (1 to 3)" in figures.description(figure)


def test_an_interval_that_runs_out_of_the_drawing_says_where_it_goes():
    figure = figures.rank_intervals(ranking(["N1"], width=500), period=PERIOD)
    assert list(trace(figure, "beyond").text) == ["to 501 →"]
    assert figure.layout.xaxis.range == (0, 20)


def test_rankings_side_by_side_are_by_one_known_measure():
    with pytest.raises(WrongUse, match="Rankings stand side by side where they are by one measure"):
        figures.rank_intervals(ranking(["a"]), ranking(["a"], "count"), period=PERIOD)
    with pytest.raises(WrongUse, match="A ranking is drawn by harm, count, value, rfh; not by 'height'"):
        figures.rank_intervals(ranking(["a"], "height"), period=PERIOD)


def test_the_matrix_is_the_same_both_ways_and_frames_its_groups():
    figure = figures.co_offending_matrix(PAIRS, GROUPS, period=PERIOD, simulated=False)
    z = np.nan_to_num(np.array(figure.data[0].z, dtype=float))
    expected = np.zeros((5, 5))
    for a, b, n in ((0, 1, 3), (1, 2, 1), (3, 4, 2)):
        expected[a, b] = expected[b, a] = n
    np.testing.assert_array_equal(z, expected)
    frames = [(s.x0, s.x1, s.y0, s.y1) for s in figure.layout.shapes if s.type == "rect"]
    assert frames == [(-0.5, 2.5, -0.5, 2.5), (2.5, 4.5, 2.5, 4.5)]
    assert list(figure.layout.xaxis.ticktext) == list("abcde")
    assert figure.data[0].customdata[0][1] == ["a", "b"]
    assert "5 persons of 5 in 2 groups of 2 · two-person review" in figure.layout.title.text


def test_a_matrix_of_many_draws_whole_groups_and_says_how_many():
    groups = [[f"g{g}p{p}" for p in range(25)] for g in range(4)] + [["x", "y"]]
    figure = figures.co_offending_matrix(PAIRS.head(0), groups, period=PERIOD, simulated=True)
    assert "52 persons of 102 in 3 groups of 5" in figure.layout.title.text
    assert not figure.layout.xaxis.ticktext
    huge = figures.co_offending_matrix(PAIRS.head(0), [[str(p) for p in range(99)]], period=PERIOD, simulated=True)
    assert f"{matrix.MOST} persons of 99" in huge.layout.title.text
    nobody = figures.co_offending_matrix(PAIRS.head(0), [], period=PERIOD, simulated=True)
    assert "0 persons of 0" in nobody.layout.title.text


def test_a_timeline_draws_every_event_in_its_lane_and_joins_joint_offences():
    figure = figures.timeline(lanes(), period=PERIOD, simulated=False)
    assert list(figure.layout.yaxis.ticktext) == ["N000001<br>1 arrest before", "unknown 1"]
    assert list(trace(figure, "offence, corroborated").y) == [2, 2]
    assert list(trace(figure, "offence, unknown person").y) == [1]
    assert list(trace(figure, "same offence").y) == [1, 2, None]
    assert list(trace(figure, "arrest").y) == [2, 2]
    assert list(trace(figure, "in custody").y) == [2, 2, None]
    assert "2 persons, 2 offences, 2 arrests" in figure.layout.title.text
    assert "custody is not known for 1 of 2" in figure.layout.title.text
    assert "1 offence of several persons" in figures.description(figure)


def test_a_timeline_of_one_is_named_and_of_nobody_is_empty():
    assert "Timeline of N000001" in figures.timeline(lanes()[:1], period=PERIOD, simulated=True).layout.title.text
    assert "not known" not in figures.timeline(lanes()[:1], period=PERIOD, simulated=True).layout.title.text
    assert "0 persons, 0 offences" in figures.timeline([], period=PERIOD, simulated=True).layout.title.text
    bare = figures.timeline([figures.Lane("x", offences(), arrests(("2020-01-01", "a", "b")))], period=PERIOD,
                            simulated=True)  # fmt: skip
    assert "custody is not known: " in bare.layout.title.text
    assert list(bare.layout.yaxis.ticktext) == ["x"]


def test_journeys_run_in_the_order_of_time_and_count_returns():
    figure = figures.journeys(visits(1), period=PERIOD, simulated=True)
    way = trace(figure, "N0, way")
    assert list(way.y) == [51.5, 51.6, 51.5]
    assert way.marker.symbol == "arrow"
    assert way.marker.angleref == "previous"
    places = trace(figure, "N0 (3 offences)")
    assert [(row[0], row[1]) for row in places.customdata] == [("Shop 0", 2), ("Shop 1", 1)]
    assert list(places.text) == ["2", ""]
    assert figure.layout.yaxis.scaleanchor == "x"
    assert "not a route" in figure.layout.title.text


def test_more_journeys_than_lines_are_refused():
    with pytest.raises(WrongUse, match="A map tells 6 persons apart, not 7; choose some of them"):
        figures.journeys(visits(7), period=PERIOD, simulated=True)


def test_months_add_up_and_months_without_an_offence_are_drawn_empty():
    figure = figures.retailer_months(reported(), period=PERIOD)
    assert list(figure.data[0].y) == ["Calm (9)", "Bright (5)"]
    assert list(figure.layout.xaxis.ticktext) == ["Dec<br>2025", "Jan<br>2026", "Feb"]
    z = np.array(figure.data[0].z, dtype=float)
    np.testing.assert_array_equal(np.nan_to_num(z, nan=-1), [[9, -1, -1], [2, -1, 3]])
    by_value = figures.retailer_months(reported(), by="value", period=PERIOD)
    assert list(by_value.data[0].y) == ["Bright (12)", "Calm (1)"]
    by_count = figures.retailer_months(reported(), by="count", period=PERIOD)
    assert list(by_count.data[0].y) == ["Bright (2)", "Calm (1)"]


def test_months_of_nothing_are_empty_and_another_amount_is_refused():
    assert "0 offences of 0 retailers" in figures.retailer_months(reported().head(0), period=PERIOD).layout.title.text
    with pytest.raises(WrongUse, match="Months are drawn by harm, count, value; not by 'weight'"):
        figures.retailer_months(reported(), by="weight", period=PERIOD)


def test_a_large_network_is_drawn_by_webgl_with_nothing_left_out():
    graph = nx.Graph()
    for n in range(1000):
        graph.add_node(f"p{n}", kind="person", label=f"N{n}", status="corroborated")
        graph.add_node(f"o{n}", kind="offence", label=f"A/{n}")
        graph.add_edge(f"p{n}", f"o{n}")
        graph.add_edge(f"p{n}", f"o{n // 2}")
    figure = figures.offence_network(graph, dict.fromkeys(graph, (0.0, 0.0)), period=PERIOD, simulated=True)
    drawn = {one.name: one for one in figure.data}
    assert {one.type for name, one in drawn.items() if name != "names"} == {"scattergl"}
    assert drawn["links"].x.count(None) == graph.number_of_edges()
    assert len(drawn["corroborated"].x) == len(drawn["offence"].x) == 1000
    assert len(drawn["names"].text) == network.LABELLED
    small = figures.offence_network(graph.subgraph(["p0", "o0"]), {"p0": (0, 0), "o0": (1, 1)}, period=PERIOD,
                                    simulated=True)  # fmt: skip
    assert {one.type for one in small.data} == {"scatter"}


def test_review_by_people_is_not_called_simulated():
    real = replace(ranking(["N1"]), simulated=False)
    assert "two-person review" in figures.rank_intervals(real, period=PERIOD).layout.title.text
    for figure in (
        figures.co_offending_matrix(PAIRS, GROUPS, period=PERIOD, simulated=False),
        figures.timeline(lanes(), period=PERIOD, simulated=False),
        figures.journeys(visits(), period=PERIOD, simulated=False),
    ):
        assert "two-person review" in figure.layout.title.text


def concentrated(of="persons", by="harm", *, units=10, curve=True) -> ConcentrationReport:
    shares = (TopShare(1, None, Estimate(30.0)), TopShare(1, 10.0, Estimate(30.0, 20.0, 45.0)),
              TopShare(2, 20.0, Estimate(50.0, 40.0, 70.0)))  # fmt: skip
    found = Concentrated(
        units, units, 40, 100.0, Estimate(0.55, 0.4, 0.7) if curve else Estimate(), shares if curve else (), (),
        Lorenz((0.0, 0.8, 0.9, 1.0), (0.0, 0.5, 0.7, 1.0), 0.0) if curve else None,
    )  # fmt: skip
    return ConcentrationReport(
        of, by, None, None, "a scale", found, f"2 of {units} {of} hold half.", (), simulated=True
    )


def test_lorenz_curves_run_below_equality_with_bars_at_the_stated_shares():
    figure = figures.lorenz_curves([concentrated(), concentrated("stores", units=20)], period=PERIOD)
    persons, stated = trace(figure, "persons (Gini 0.55, 95 %: 0.40 to 0.70)"), trace(figure, "persons, shares")
    assert list(persons.x) == [0, 80, 90, 100]
    assert list(persons.y) == [0, 50, 70, 100]
    assert list(trace(figure, "equal").x) == list(trace(figure, "equal").y) == [0, 100]
    # What the first tenth hold is what the others do not: the point lies on the curve.
    assert list(stated.x) == [90, 80]
    assert list(stated.y) == [70, 50]
    assert list(stated.error_y.array) == [10, 10]
    assert list(stated.error_y.arrayminus) == [15, 20]
    assert list(trace(figure, "stores, shares").x) == [95, 90]
    assert {one.line.dash for one in figure.data if one.mode == "lines"} == {"dot", "solid", "dash"}
    assert "10 persons, 20 stores" in figure.layout.title.text
    assert "2 of 10 persons hold half." in figures.description(figure)


def test_what_is_too_little_for_a_curve_is_said_and_not_drawn():
    figure = figures.lorenz_curves([concentrated(), concentrated("retailers", curve=False)], period=PERIOD)
    assert not trace(figure, "retailers: too few to state").x
    assert "shares" not in "".join(one.name for one in figure.data if "retailers" in one.name)


def test_lorenz_curves_stand_together_by_one_measure_only():
    for reports in ([], [concentrated(), concentrated(by="count")], [concentrated()] * 7):
        with pytest.raises(WrongUse, match="Lorenz curves stand together by one measure, one to 6 of them"):
            figures.lorenz_curves(reports, period=PERIOD)


def removed(*, worlds=0) -> WhatIf:
    def amount(value, spread=0.0):
        return Amount(value, value - spread if worlds else None, value + spread if worlds else None)

    def touched(share):
        return Touched(amount(10 * share), amount(100 * share), amount(5000 * share), amount(share, 0.1),
                       amount(share, 0.1), amount(share, 0.1))  # fmt: skip

    before = Connected(amount(20), amount(10), amount(5), amount(8), amount(0.25))
    after = Connected(amount(18, 1), amount(4, 1), amount(9), amount(2, 1), amount(0.05, 0.01))
    return WhatIf(("N1", "N2"), touched(1.0), touched(0.4), touched(0.25), before, after, 1, worlds, "a note")


def test_what_if_draws_what_is_left_in_percent_with_its_interval():
    figure = figures.what_if(removed(worlds=50), period=PERIOD, simulated=True)
    every = trace(figure, "without every offence of theirs")
    assert list(every.x) == pytest.approx([60, 60, 60])
    assert list(every.error_x.array) == pytest.approx([10, 10, 10])
    assert list(every.text) == ["4 fewer", "40 fewer", "£20 fewer"]
    assert list(trace(figure, "without those only they are linked to").x) == pytest.approx([75, 75, 75])
    net = trace(figure, "the network without them")
    assert list(net.x) == pytest.approx([90, 40, 25, 20])
    assert list(net.error_x.arrayminus) == pytest.approx([5, 10, 12.5, 4])
    assert net.text[3] == "25.0% to 5.0%"
    assert "What is left without 2 persons" in figure.layout.title.text
    assert "not a forecast" in figure.layout.title.text
    assert "bars: what 95 % of 50 worlds come to, drawn by how sure the links are" in figure.layout.title.text
    assert len({one.marker.symbol for one in figure.data}) == 3


def test_what_if_without_worlds_says_that_there_is_no_interval():
    figure = figures.what_if(removed(), period=PERIOD, simulated=False)
    assert "no interval" in figure.layout.title.text
    assert list(figure.data[0].error_x.array) == [0, 0, 0]
    assert "two-person review" in figure.layout.title.text


def test_what_was_nothing_before_has_no_share_left():
    found = removed()
    nothing = Amount(0.0, None, None)
    figure = figures.what_if(replace(found, before=replace(found.before, pairs=nothing)), period=PERIOD, simulated=True)
    assert len(trace(figure, "the network without them").x) == 3


def back_tested(*, insufficient=None, splits=1) -> BackTest:
    def listed(by):
        return ListWorth(by, Estimate(40.0, 30.0, 55.0), Estimate(20.0, 10.0, 25.0), Estimate(), Estimate(), Estimate(),
                         Estimate(), in_custody=0)  # fmt: skip

    split = SplitWorth(
        date(2025, 11, 1), date(2026, 4, 30), date(2026, 5, 1), date(2026, 10, 31), 60, 50, 90, 80, insufficient,
        () if insufficient else (listed("harm"), listed("count")), Estimate(10.0, 0.0, 25.0), Estimate(5.0, 0.0, 9.0),
        Estimate(4.0, 1.0, 8.0), (),
    )  # fmt: skip
    overall = (listed("harm"), listed("count")) if splits > 1 else ()
    return BackTest(10, ("harm",), "a scale", False, (split,) * splits, overall, (), ("A statement.",), (), True)


def test_a_list_is_drawn_beside_count_and_lot_with_intervals():
    figure = figures.list_worth(back_tested())
    assert list(figure.layout.yaxis.ticktext) == ["by harm", "by offences", "drawn by lot"]
    first, *_ = [one for one in figure.data if one.name == "by harm"]
    assert (first.x[0], first.error_x.array[0], first.error_x.arrayminus[0], first.y[0]) == (40, 15, 10, 3)
    lot = [one.x[0] for one in figure.data if one.name == "drawn by lot"]
    assert lot == [10, 5, 4]
    assert [one.text for one in figure.data if one.mode == "text"] == [("insufficient",)] * 2, (
        "of the next period's offences"
    )
    assert "lists of 1 Nov 2025 to 30 Apr 2026 in 1 May 2026 to 31 Oct 2026 · 60 persons, then 50" in (
        figure.layout.title.text
    )
    assert "drawn by lot: the bar is what 95 % of such lists come to" in figure.layout.title.text


def test_of_several_splits_the_figure_says_that_lot_is_of_the_last_alone():
    figure = figures.list_worth(back_tested(splits=3))
    assert list(figure.layout.yaxis.ticktext) == ["by harm", "by offences", "by lot, last split"]
    assert "mean of 3 splits" in figure.layout.title.text
    for said in (figure.layout.title.text, figures.description(figure)):
        assert "by lot: the last split alone, not a mean" in said


def test_a_field_of_shades_has_the_ground_that_pages_keep_light():
    rows = pd.DataFrame({"retailer": ["A"], "occurred_at": pd.to_datetime(["2026-01-05"], utc=True), "harm_days": [1.0],
                         "value_pence": [100]})  # fmt: skip
    pairs = pd.DataFrame({"one": ["A"], "other": ["B"], "offences": [2]})
    drawn = (figures.retailer_months(rows, period=PERIOD),
             figures.co_offending_matrix(pairs, [["A", "B"]], period=PERIOD, simulated=True))  # fmt: skip
    tokens = files("stillgraph.dashboards").joinpath("share/voila/templates/stillgraph/static/tokens.css").read_text()
    for figure in drawn:
        assert figure.layout.plot_bgcolor != figure.layout.paper_bgcolor, "else nothing is drawn that could stay light"
        assert tokens.count(f"--sg-shades: {figure.layout.plot_bgcolor};") == 2


def test_lists_are_told_apart_by_their_marks():
    figure = figures.list_worth(back_tested())
    assert len({one.marker.symbol for one in figure.data if one.mode == "markers+text"}) == 3


def test_a_back_test_without_figures_says_why():
    figure = figures.list_worth(back_tested(insufficient="too few persons"))
    assert "insufficient: too few persons" in figure.layout.title.text
    assert not figure.data


def test_lanes_are_made_of_a_timeline_that_was_asked_for():
    at = datetime(2026, 2, 5, 12, tzinfo=UTC)

    def link(person, status):
        return LinkEvidence(EdgeKind.LINK, person, "A/1", status, "", None, None, None, ())

    offence = TimelineRow(
        NodeKind.OFFENCE, at.date(), at, ("N1", "N2"), 0, (), "A/1", "Shoplifting", None, None, None, 200, "Shop", "East",
        "Brent", None, (link("N1", LinkStatus.CORROBORATED), link("N2", LinkStatus.UNKNOWN)),
    )  # fmt: skip
    arrest = TimelineRow(
        NodeKind.ARREST, date(2026, 3, 1), None, ("N1",), 0, (), None, "Burglary", "charged", date(2026, 3, 1), None, None,
        None, None, None, None, (),
    )  # fmt: skip
    found = Timeline(("N1", "N2"), (offence, arrest), 1, 1, at, at, (), None, "simulated review")
    one, other = figures.lanes_of(found)
    assert one.offences["status"].tolist() == ["corroborated"]
    assert other.offences["status"].tolist() == ["unknown"]
    assert one.custody == ((date(2026, 3, 1), date(2026, 3, 1)),), "held still when the record ends"
    assert other.custody is None
    assert one.arrests["disposal"].tolist() == ["charged"]
    figure = figures.timeline([one, other], period=PERIOD, simulated=True)
    assert list(trace(figure, "same offence").y) == [1, 2, None]
