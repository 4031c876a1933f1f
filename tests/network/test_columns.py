"""The network as columns says the same as counting link by link, whatever is left out."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.network import columns
from stillgraph.records import (
    LINK_STATUSES,
    Coded,
    LinkStatus,
    LinkTable,
    NetworkFilter,
    OffenceTable,
    ProposedJoin,
)

DAY = date(2026, 1, 1)
PERSONS, OFFENCES = 5, 7


def table(links, *, joined=()) -> LinkTable:
    """Return a table of (person, offence, status) numbers; offence n is on day n, two a retailer, three a borough."""
    rows = sorted({(p, o): s for p, o, s in links}.items())
    person, offence = np.array([key for key, _ in rows], dtype=np.int32).reshape(-1, 2).T
    extra = np.array(joined, dtype=np.int32).reshape(-1, 2)
    n = np.arange(OFFENCES)
    coded = Coded(("a", "b", "c", "d"), (n // 2).astype(np.int32))
    offences = OffenceTable(
        ids=tuple(f"O{i}" for i in n),
        occurred_at=np.datetime64(DAY, "s") + (n * 86400 + 86399).astype("timedelta64[s]"),
        harm_days=1.5 * n,
        value_pence=100 * n,
        proactive=np.zeros(OFFENCES, dtype=bool),
        code=coded, offence=coded, retailer=coded, store=coded,
        borough=Coded(("x", "y", "z"), (n // 3).astype(np.int32)),
        latitude=np.zeros(OFFENCES), longitude=np.zeros(OFFENCES),
    )  # fmt: skip
    return LinkTable(
        persons=tuple(f"P{i}" for i in range(PERSONS)),
        nominal_ids=(None,) * PERSONS,
        offences=offences,
        person=np.concatenate([person, extra[:, 0]]),
        offence=np.concatenate([offence, extra[:, 1]]),
        status=np.array([status for _, status in rows] + [2] * len(extra), dtype=np.int8),
        join=np.array([-1] * len(rows) + [0] * len(extra), dtype=np.int32),
        joins=(ProposedJoin(0, 1, None, 0.5),) if len(extra) else (),
    )


LINKS = st.lists(st.tuples(st.integers(0, PERSONS - 1), st.integers(0, OFFENCES - 1), st.integers(0, 2)), max_size=20)
WANTED = st.builds(
    NetworkFilter,
    since=st.none() | st.integers(0, 3).map(lambda n: DAY + timedelta(n)),
    until=st.none() | st.integers(3, 7).map(lambda n: DAY + timedelta(n)),
    retailers=st.lists(st.sampled_from("abcd"), max_size=2).map(tuple),
    boroughs=st.lists(st.sampled_from("xyz"), max_size=2).map(tuple),
    statuses=st.lists(st.sampled_from(list(LinkStatus)), max_size=2).map(tuple),
)


@given(LINKS, WANTED)
def test_a_filter_leaves_what_it_says(links, wanted):
    made = table(links, joined=[(1, 0)])
    expected = [
        made.join[row] < 0
        and (wanted.since is None or DAY + timedelta(int(o)) >= wanted.since)
        and (wanted.until is None or DAY + timedelta(int(o)) <= wanted.until)
        and (not wanted.retailers or "abcd"[o // 2] in wanted.retailers)
        and (not wanted.boroughs or "xyz"[o // 3] in wanted.boroughs)
        and (not wanted.statuses or LINK_STATUSES[made.status[row]] in wanted.statuses)
        for row, o in enumerate(made.offence)
    ]
    np.testing.assert_array_equal(columns.kept(made, wanted), expected)


@given(LINKS, st.randoms(use_true_random=False))
def test_sums_by_person_are_those_of_counting(links, random):
    made = table(links)
    mask = np.array([random.random() < 0.7 for _ in made.person], dtype=bool)
    found = columns.sums(made, mask)
    rows = [(int(p), int(o)) for p, o, keep in zip(made.person, made.offence, mask, strict=True) if keep]
    for person in range(PERSONS):
        own = {o for p, o in rows if p == person}
        assert found["offences"][person] == len(own)
        assert found["co_offenders"][person] == len({p for p, o in rows if o in own and p != person})
        assert found["harm_days"][person] == pytest.approx(sum(1.5 * o for o in own))
        assert found["value_pence"][person] == sum(100 * o for o in own)
        assert found["retailers"][person] == len({o // 2 for o in own})
        assert found["boroughs"][person] == len({o // 3 for o in own})


def test_a_persons_surest_status_is_that_of_their_surest_own_link():
    made = table([(0, 0, 2), (0, 1, 1), (1, 2, 0), (2, 3, 2)], joined=[(3, 0)])
    assert columns.surest(made).tolist() == [1, 0, 2, 2, 2]


def test_who_has_no_link_has_no_place_and_moves_nobody():
    made = table([(0, 0, 0), (0, 1, 0), (1, 1, 0)], joined=[(4, 0)])
    places = columns.places(made)
    assert places.shape == (PERSONS + OFFENCES, 2)
    assert (places[[2, 3, 4, PERSONS + 5]] == 0).all()
    linked = places[[0, 1, PERSONS, PERSONS + 1]]
    assert len(np.unique(linked.round(6), axis=0)) == 4
    assert columns.places(table([])).shape == (PERSONS + OFFENCES, 2)


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(WrongUse, match="A period begins before it ends; 2026-01-02 is after 2026-01-01"):
        columns.kept(table([]), NetworkFilter(since=DAY + timedelta(1), until=DAY))
