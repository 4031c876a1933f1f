"""All that is stated of a set of searches: of groups of people only where there are people enough."""

from __future__ import annotations

import numpy as np

from stillgraph.evaluation.measured import measured
from stillgraph.evaluation.populations import Population


def test_a_group_of_few_people_has_no_rates_however_many_its_searches_and_a_band_has() -> None:
    drawn = Population(30, 60, searches=40, separation=3).drawn(0)
    one_of_either = np.isin(drawn.person, [0, 30])
    labels = {"sex": np.where(one_of_either, "F", "M"), "band": np.where(one_of_either, "A", "B")}
    searches = type(drawn)(
        drawn.person, drawn.mated, drawn.rank, drawn.mate_score, drawn.best_score, drawn.acquired, labels,
    )  # fmt: skip
    parts = measured(searches, gallery=30, by=("sex",)).parts
    few, many = parts["sex"]["F"], parts["sex"]["M"]
    assert (few.mated, few.hit_rate, few.fnir, few.fpir) == (40, {}, None, None)
    assert few.insufficient == "insufficient: 40 mated searches of 1 people; needs 9 more people"
    assert many.insufficient is None
    assert parts["band"]["A"].hit_rate["1"].trials == 40


def test_a_group_with_strangers_of_few_people_has_no_fpir() -> None:
    drawn = Population(60, 60, searches=40, separation=3).drawn(0)
    f = (drawn.person < 20) | (drawn.person == 60)
    searches = type(drawn)(
        drawn.person, drawn.mated, drawn.rank, drawn.mate_score, drawn.best_score, drawn.acquired,
        {"sex": np.where(f, "F", "M")},
    )  # fmt: skip
    part = measured(searches, gallery=60, by=("sex",)).parts["sex"]["F"]
    assert part.fnir is not None
    assert part.fpir is None
    assert "FPIR insufficient: 40 non-mated searches of 1 people; needs" in (part.insufficient or "")
    assert "9 more people" in (part.insufficient or "")
