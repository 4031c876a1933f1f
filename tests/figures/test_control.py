"""The control chart of a share by month."""

from __future__ import annotations

from stillgraph import figures
from stillgraph.evaluation.drift import chart


def _drawn(counts, trials=60):
    months = [(f"2026-{at:02d}", count, trials) for at, count in enumerate(counts, start=1)]
    return figures.control_chart(chart("Settled lists that are corroborated", months, baseline=7), rests_on="by month")


def test_it_shows_each_month_its_limits_and_what_stands_out():
    figure = _drawn([18, 20, 17, 19, 16, 21, 18, 45])
    line = figure.data[-1]
    assert list(line.x) == [f"2026-{at:02d}" for at in range(1, 9)]
    assert line.y[-1] == 75
    assert line.marker.symbol[-1] != line.marker.symbol[0]
    assert "above the limits" in line.customdata[-1][0]
    assert "2026-08 (above the limits)" in figures.description(figure)
    assert {trace.name for trace in figure.data} == {"lower limit", "upper limit", "share"}


def test_without_enough_months_there_are_no_limits_and_it_says_so():
    figure = _drawn([18, 20])
    assert [trace.name for trace in figure.data] == ["share"]
    assert "insufficient" in figure.layout.title.text
