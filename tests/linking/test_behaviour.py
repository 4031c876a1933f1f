import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.linking import FaceTable, behaviour, learn, measure, offence_table, propose
from stillgraph.linking import series as solved
from stillgraph.linking.behaviour import FEATURES, compare, haversine_km, most_alike
from stillgraph.linking.series import LEAST_SERIES
from stillgraph.records import Offence, OffenceId, RetailerId, Store, StoreId

METHODS = ("concealment", "grab", "trolley", "switch", "tags", "")


def town(people=40, each=4, *, spread_km=3.0, seed=0, alike=0.5, prefix="O"):
    """Return offences, stores, faces and series of people who keep near home, to a few weeks and to a method."""
    rng = np.random.default_rng(seed)
    offences, stores, vectors, series = {}, {}, [], {}
    for person in range(people):
        home = np.array([51.5, -0.1]) + rng.normal(0, 0.15, 2)
        begun, method = rng.uniform(0, 300), rng.choice(METHODS)
        face = rng.normal(size=32)
        series[f"p{person:03}"] = []
        for _ in range(each):
            row = len(offences)
            place = home + rng.normal(0, spread_km / 111, 2)
            store = StoreId(f"S{row:05}")
            stores[store] = Store(store, RetailerId(f"R{rng.integers(4)}"), "r", "s", "b", place[0], place[1])
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
                days=begun + rng.exponential(20), hours=rng.uniform(0, 24)
            )
            key = OffenceId(f"{prefix}{row:05}")
            offences[key] = Offence(
                key, stores[store].retailer_id, store, at, "46", "Shoplifting", int(rng.lognormal(8, 1)),
                "none" if rng.random() < 0.8 else "threat", method if rng.random() < 0.6 else rng.choice(METHODS),
                "cctv review",
            )  # fmt: skip
            look = face * alike + rng.normal(size=32)
            vectors.append(look / np.linalg.norm(look))
            series[f"p{person:03}"].append(row)
    return offences, stores, FaceTable(np.arange(len(offences)), np.asarray(vectors, np.float32)), series


def faceless():
    return FaceTable(np.zeros(0, np.intp), np.zeros((0, 32), np.float32))


@pytest.fixture(scope="module")
def learned():
    offences, stores, faces, series = town()
    table = offence_table(offences, stores)
    return table, faces, series, learn(table, faces, series)


def test_what_was_planted_is_found_and_measured_on_people_never_seen(learned):
    *_, series, model = learned
    assert model.insufficient is None
    assert (model.series, model.offences, model.linked) == (40, 160, 240)
    weights = dict(zip(model.behaviour.features, model.behaviour.weights, strict=True))
    assert tuple(weights) == FEATURES
    assert weights["distance"] < 0
    assert weights["time gap"] < 0
    assert weights["method"] > 0
    assert model.faces.weights[0] > 0
    assert 0.8 < model.behaviour_check.auc < model.check.auc
    assert model.check.auc_low < model.check.auc < model.check.auc_high
    offences, stores, faces, fresh = town(seed=1)
    alone, both = measure(model, offence_table(offences, stores), faces, fresh)
    assert alone.auc == pytest.approx(model.behaviour_check.auc, abs=0.06)
    assert both.cllr < 0.7
    assert [one.linked for one in both.reached] == sorted((one.linked for one in both.reached), reverse=True)
    assert sum(len(rows) for rows in series.values()) == model.offences


def test_no_ratio_claims_more_than_the_people_carry_nor_more_than_its_parts(learned):
    table, faces, series, model = learned
    assert -np.log10(len(series) + 1) - 0.01 <= model.lower <= 0 <= model.upper <= np.log10(len(series) + 1) + 0.01
    assert 0 < model.damping <= 1
    pairs, _ = propose(model, table, faces, settled=np.zeros(160, np.bool_), least_ratio=0.001, most=100_000)
    assert pairs.log10_ratio.max() <= model.upper
    summed = pairs.log10_behaviour + np.nan_to_num(pairs.log10_faces)
    total = np.clip(model.damping * summed + model.shift, model.lower, model.upper)
    assert pairs.log10_ratio == pytest.approx(total)


def test_the_order_of_offences_people_and_rows_changes_nothing(learned):
    table, faces, series, model = learned
    offences, stores, *_ = town()
    turned = {key: offences[key] for key in reversed(list(offences))}
    again = offence_table(turned, stores)
    assert again.ids == table.ids
    mixed = {person: list(reversed(series[person])) for person in reversed(list(series))}
    assert learn(again, faces, mixed) == model


def test_too_few_series_teach_nothing_and_nothing_is_proposed():
    offences, stores, faces, series = town(people=LEAST_SERIES - 1, each=6)
    table = offence_table(offences, stores)
    model = learn(table, faces, series)
    assert model.behaviour is None
    assert model.insufficient == "insufficient: needs 20 people with at least two solved offences, there are 19"
    with pytest.raises(WrongUse, match=r"No offences are proposed\. insufficient: needs 20 people"):
        propose(model, table, faces, settled=np.zeros(len(table.ids), np.bool_))
    assert measure(model, table, faces, series)[0].insufficient == model.insufficient
    assert learn(table, faces, {}).insufficient.endswith("there are 0")


def test_series_without_any_habit_teach_nothing():
    rng = np.random.default_rng(5)
    offences, stores, _, _ = town(people=60, each=3, seed=5)
    rows = rng.permutation(180)
    series = {f"p{n}": rows[3 * n : 3 * n + 3].tolist() for n in range(60)}
    model = learn(offence_table(offences, stores), faceless(), series)
    assert model.insufficient is not None or model.check.auc_low < 0.5 < model.check.auc_high


def test_faces_are_no_part_where_there_are_none():
    offences, stores, _, series = town()
    table = offence_table(offences, stores)
    model = learn(table, faceless(), series)
    assert model.faces is None
    pairs, _ = propose(model, table, faceless(), settled=np.zeros(160, np.bool_))
    assert np.isnan(pairs.face_score).all()
    assert (pairs.faces == -1).all()


def test_people_who_offend_together_are_one_group(learned):
    table, faces, series, _ = learned
    together = series | {"p000": series["p000"] + series["p001"][:1]}
    model = learn(table, faces, together)
    assert model.check.groups == 39
    assert model.linked == 240 + 4


def test_settled_pairs_are_left_out_and_the_best_come_first(learned):
    table, faces, _, model = learned
    settled = np.arange(160) < 100
    pairs, compared = propose(model, table, faces, settled=settled, most=30)
    assert compared == 160 * 159 // 2 - 100 * 99 // 2
    assert len(pairs.left) == 30
    assert not (settled[pairs.left] & settled[pairs.right]).any()
    assert (pairs.left < pairs.right).all()
    assert (np.diff(pairs.log10_ratio) <= 0).all()
    more, _ = propose(model, table, faces, settled=settled, most=31)
    assert (more.left[:30] == pairs.left).all()
    for wrong in ({"most": 0}, {"least_ratio": 0.0}):
        with pytest.raises(WrongUse, match="the most proposals are 1 or more"):
            propose(model, table, faces, settled=settled, **wrong)


def test_of_many_offences_only_those_within_the_window_are_compared(learned, monkeypatch):
    table, faces, _, model = learned
    settled = np.zeros(160, np.bool_)
    every, _ = propose(model, table, faces, settled=settled, least_ratio=0.001, most=100_000)
    monkeypatch.setattr(behaviour, "ALL_PAIRS", 100)
    monkeypatch.setattr(behaviour, "WINDOW_DAYS", 30.0)
    monkeypatch.setattr(behaviour, "_ROWS", 7)
    done = []
    near, compared = propose(
        model, table, faces, settled=settled, least_ratio=0.001, most=100_000, progress=done.append
    )
    within = np.abs(table.days[every.left] - table.days[every.right]) <= 30
    assert compared == within.sum() == len(near.left) < len(every.left)
    assert set(zip(near.left, near.right, strict=True)) == set(
        zip(every.left[within], every.right[within], strict=True)
    )
    assert sum(done) == 160


def test_a_known_distance():
    latitude, longitude = np.array([51.5074, 48.8566]), np.array([-0.1278, 2.3522])
    km = haversine_km(latitude, longitude, np.array([0, 0]), np.array([1, 0]))
    assert km == pytest.approx([343.56, 0], abs=0.1)


@given(left=st.integers(0, 159), right=st.integers(0, 159))
def test_a_comparison_is_the_same_from_either_side(learned, left, right):
    table = learned[0]
    one, other = (compare(table, np.array(a), np.array(b)) for a, b in (([left], [right]), ([right], [left])))
    assert one == pytest.approx(other)
    assert np.isfinite(one).all()
    assert one[0, 2] <= 12
    assert one[0, 3] <= 3
    if left == right:
        assert one[0, [0, 1, 2, 3, 4]] == pytest.approx(np.zeros(5))


def test_a_method_that_says_nothing_is_the_same_as_no_other():
    offences, stores, *_ = town(people=3, each=2)
    silent = {
        key: Offence(o.offence_id, o.retailer_id, o.store_id, o.occurred_at, o.offence_code, o.offence, o.value_pence,
                     o.violence, " ", o.how_detected)
        for key, o in offences.items()
    }  # fmt: skip
    pairs = np.triu_indices(6, 1)
    assert (compare(offence_table(silent, stores), *pairs)[:, 5] == 0).all()


def test_the_most_alike_faces_are_those_of_trying_all():
    rng = np.random.default_rng(0)
    owner = np.sort(rng.integers(0, 8, 15))
    vectors = rng.normal(size=(15, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    left, right = np.triu_indices(9, 1)
    scores, rows = most_alike(FaceTable(owner, vectors), left, right)
    for n, (a, b) in enumerate(zip(left, right, strict=True)):
        tried = {
            (i, j): float(vectors[i] @ vectors[j])
            for i, j in itertools.product(np.flatnonzero(owner == a), np.flatnonzero(owner == b))
        }
        if not tried:
            assert np.isnan(scores[n])
            assert tuple(rows[n]) == (-1, -1)
        else:
            assert scores[n] == pytest.approx(max(tried.values()), abs=1e-6)
            assert tried[tuple(rows[n])] == pytest.approx(max(tried.values()), abs=1e-6)


def test_nobody_is_both_learned_from_and_measured_on(monkeypatch):
    people = {f"p{n}": [3 * n, 3 * n + 1, 3 * n + 2] for n in range(20)} | {"both": [0, 59]}
    known = solved._known_pairs(people)
    group = {row: known.group[row] for row in range(60)}
    measured = []

    def learned_from(names, pairs, linked):
        return {group[row] for n in pairs[:, 0].astype(int) for row in (known.left[n], known.right[n])}

    def looked_at(groups, pairs):
        for n in pairs[:, 0].astype(int):
            assert not {group[known.left[n]], group[known.right[n]]} & groups
            measured.append(n)
        return np.zeros(len(pairs))

    monkeypatch.setattr(solved, "_part", learned_from)
    monkeypatch.setattr(solved, "log10_of", looked_at)
    index = np.arange(len(known.left), dtype=np.float64)[:, None]
    solved._held_out(index, known, np.random.default_rng(0))
    assert sorted(measured) == list(range(len(known.left)))
    assert group[0] == group[59], "who offended together is one group"
