"""What ways to lower errors cost each group."""

from __future__ import annotations

import numpy as np
import pytest

from stillgraph.errors import WrongUse
from stillgraph.evaluation.mitigations import mitigations
from stillgraph.evaluation.populations import Population

UNLIKE = Population(4000, 4000, separation=3, shift={"a": 0.0, "b": Population.shift_for(0.02, 3)})


def test_raising_the_threshold_for_all_keeps_every_group_to_the_target_and_costs_every_group() -> None:
    base, raised, banded, longer = mitigations(UNLIKE.drawn(1), "group", target=0.05)
    fpir, fnir = (
        {way.name: {one.group: getattr(one, rate).value for one in way.groups} for way in (base, raised, longer)}
        for rate in ("fpir", "fnir")
    )
    assert fpir[base.name]["b"] > 0.065
    assert all(rate < 0.065 for rate in fpir[raised.name].values())
    assert raised.thresholds[0][1] > base.thresholds[0][1]
    for group in ("a", "b"):
        assert fnir[raised.name][group] > fnir[base.name][group] > fnir[longer.name][group]
    assert longer.reviewed == 50
    assert banded.insufficient == "insufficient: no quality bands are recorded"


def test_thresholds_by_quality_band_are_of_the_picture() -> None:
    drawn = UNLIKE.drawn(2)
    band = np.where(np.arange(len(drawn)) % 3 == 0, "C", "A")
    searches = type(drawn)(
        drawn.person, drawn.mated, drawn.rank, drawn.mate_score, drawn.best_score, drawn.acquired,
        {**drawn.labels, "band": band},
    )  # fmt: skip
    banded = mitigations(searches, "group", target=0.05)[2]
    assert [name for name, _ in banded.thresholds] == ["A", "C"]
    assert all(one.fpir.trials for one in banded.groups)


def test_too_few_searches_are_said_by_group() -> None:
    base, raised, _, longer = mitigations(Population(60, 60, shift={"a": 0.0, "b": 1.0}).drawn(0), "group", target=0.1)
    assert base.insufficient is None
    assert raised.insufficient is not None
    assert "more non-mated searches of a" in raised.insufficient
    assert longer.groups


def test_a_group_of_few_people_has_no_rates_however_many_its_searches() -> None:
    drawn = Population(8, 400, searches=60, separation=3).drawn(3)
    group = np.where(np.isin(drawn.person, [1, 100, 101]), "few", "many")
    searches = type(drawn)(
        drawn.person, drawn.mated, drawn.rank, drawn.mate_score, drawn.best_score, drawn.acquired, {"group": group},
    )  # fmt: skip
    longer = mitigations(searches, "group", target=0.1)[3]
    few, many = longer.groups
    assert few.fpir.trials + few.fnir.trials >= 60
    assert few.fpir.value is None
    assert few.fnir.value is None
    assert many.fpir.value is not None
    assert many.fnir.value is None, "whose mated searches are of a few people, too"


def test_an_attribute_that_is_not_recorded_is_refused() -> None:
    with pytest.raises(WrongUse, match="Nothing is recorded of sex"):
        mitigations(UNLIKE.drawn(0), "sex", target=0.1)
