import sys

import numpy as np
import pytest

from stillgraph.casework.county import CODES, county
from stillgraph.errors import WrongUse
from stillgraph.network import project
from stillgraph.network.oracles_measures import ORACLES, check_measures, check_sampling
from stillgraph.records import LINK_STATUSES, LinkStatus


def test_every_measure_agrees_with_its_oracle() -> None:
    held = check_measures(15, seed=3, most_persons=40)
    assert set(held) == set(ORACLES)
    assert {name: (one.agreed, one.networks) for name, one in held.items()} == dict.fromkeys(ORACLES, (15, 15))


def test_a_measure_that_is_off_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["stillgraph.network.oracles_measures"]
    monkeypatch.setattr(module, "constraint", lambda found: np.full(len(found.persons), 0.5))
    held = check_measures(5, seed=3, most_persons=40)
    assert held["constraint"].agreed < 5
    assert held["constraint"].largest_difference > 0.1
    assert held["participation"].agreed == 5


def test_intervals_of_sampled_betweenness_hold_about_as_often_as_they_say() -> None:
    found = project(county(persons=1_500, links=15_000, seed=1).links)
    covered = check_sampling(found, pivots=150, draws=4)
    assert covered.persons > 500
    assert 0.93 < covered.held < 0.995
    assert covered.first_held > 0.93
    assert covered.relative_error_first < 0.15


def test_a_county_has_what_was_asked_for_and_is_the_same_for_a_seed() -> None:
    made = county(persons=400, links=3_000, seed=5)
    links = made.links
    own = links.join < 0
    assert len(links.persons) == 400
    assert int(own.sum()) == 3_000
    assert set(np.unique(links.person[own]).tolist()) == set(range(400))
    assert sorted(links.offences.ids) == list(links.offences.ids)
    assert len(set(zip(links.person[own].tolist(), links.offence[own].tolist(), strict=True))) == 3_000
    order = np.lexsort((links.join, links.offence, links.person))
    assert (order == np.arange(len(order))).all()
    # What a proposal repeats is exactly what its part has of its own.
    for number, join in enumerate(links.joins):
        rows = links.join == number
        assert set(links.person[rows].tolist()) == {join.whole}
        mine = links.offence[own & (links.person == join.part)]
        assert sorted(links.offence[rows].tolist()) == sorted(mine.tolist())
    again, other = county(persons=400, links=3_000, seed=5).links, county(persons=400, links=3_000, seed=6).links
    assert (again.offence == links.offence).all()
    assert len(other.offence) != len(links.offence) or (other.offence != links.offence).any()
    sure = county(persons=400, links=3_000, seed=5, proposals=False).links
    assert sure.joins == ()
    assert set(sure.status.tolist()) == {LINK_STATUSES.index(LinkStatus.CORROBORATED)}


def test_a_county_has_tight_circles_one_large_component_and_a_few_who_do_much() -> None:
    made = county(persons=2_000, links=20_000, seed=2)
    links, circle = made.links, made.circle
    found = project(county(persons=2_000, links=20_000, seed=2, proposals=False).links)
    within = (circle[found.one] == circle[found.other]).mean()
    assert 0.3 < within < 0.9
    count = np.sort(np.bincount(links.person[links.join < 0]))[::-1]
    assert count[:200].sum() > 0.3 * count.sum()


def test_a_county_too_small_is_refused() -> None:
    with pytest.raises(WrongUse, match="ten persons at least, and two links for each"):
        county(persons=9, links=100)
    with pytest.raises(WrongUse, match="give more with --links"):
        county(persons=100, links=199)


def test_the_county_counts_harm_as_the_shipped_table_does() -> None:
    from stillgraph.casework.harm import HARM_TABLE
    from stillgraph.casework.shipped import shipped
    from stillgraph.prolific import harm_table

    days = harm_table(shipped(HARM_TABLE)).days
    assert {code: harm for code, _, harm, _ in CODES} == {code: days[code] for code, *_ in CODES}
    assert sum(share for *_, share in CODES) == pytest.approx(1)
