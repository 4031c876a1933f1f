"""No small count can be worked out from several tables that share counts and sums."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.governance.disclosure import LEAST, Sum, suppressed


@st.composite
def crossed(draw):
    """Draw a two-way table with its margins, a further split of the whole, and which counts no table shows."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    inner = {(r, c): draw(st.integers(0, 7)) for r in range(rows) for c in range(columns)}
    counts = {f"{r}.{c}": n for (r, c), n in inner.items()}
    sums = []
    for r in range(rows):
        counts[f"row{r}"] = sum(n for (at, _), n in inner.items() if at == r)
        sums.append(Sum(f"row{r}", tuple(f"{r}.{c}" for c in range(columns))))
    for c in range(columns):
        counts[f"column{c}"] = sum(n for (_, at), n in inner.items() if at == c)
        sums.append(Sum(f"column{c}", tuple(f"{r}.{c}" for r in range(rows))))
    counts["all"] = sum(inner.values())
    sums += [Sum("all", tuple(f"row{r}" for r in range(rows))), Sum("all", tuple(f"column{c}" for c in range(columns)))]
    within = draw(st.integers(0, counts["all"]))
    counts |= {"within": within, "not within": counts["all"] - within}
    sums.append(Sum("all", ("within", "not within")))
    unseen = draw(st.sets(st.sampled_from(sorted(counts)), max_size=4)) | {"not within"}
    return counts, set(counts) - unseen, sums


def fitting(counts, shown, hidden, sums):
    """Yield, by trying all, every way the counts could be for somebody who reads what is published."""
    parts = {part for one in sums for part in one.parts}
    free = [name for name in counts if name not in shown or name in hidden]
    # A sum follows from its parts, so only counts that are no sum are tried.
    wholes = {one.whole for one in sums}
    tried = [name for name in free if name not in wholes]
    most = max(counts.values(), default=0) + 1
    if len(tried) > 5 or (most + 1) ** len(tried) > 60_000:
        return None
    found = []
    for values in product(*(range(1 if name in shown else 0, most + 1) for name in tried)):
        guess = {name: n for name, n in counts.items() if name not in free} | dict(zip(tried, values, strict=True))
        if _follows(guess, sums, free, shown):
            found.append(guess)
    assert parts
    return found


def _follows(guess, sums, free, shown):
    for _ in sums:
        for one in sums:
            if all(part in guess for part in one.parts):
                total = sum(guess[part] for part in one.parts)
                if guess.setdefault(one.whole, total) != total:
                    return False
    return all(guess.get(name, 1) >= (name in shown) for name in free)


@settings(max_examples=60)
@given(crossed())
def test_no_small_count_has_one_value_only_that_fits(table):
    counts, shown, sums = table
    hidden = suppressed(counts, shown, sums)
    assert hidden <= shown
    assert not [name for name in shown - hidden if 0 < counts[name] < LEAST]
    found = fitting(counts, shown, hidden, sums)
    if found is None:
        return
    assert counts in found, "the oracle finds the truth among what fits"
    for name, count in counts.items():
        if 0 < count < LEAST:
            assert len({guess[name] for guess in found}) > 1, (name, hidden)


@pytest.mark.parametrize(
    ("counts", "sums", "hidden"),
    [
        ({"all": 12, "a": 12}, [Sum("all", ("a",))], set()),
        ({"all": 10, "a": 3, "b": 7}, [Sum("all", ("a", "b"))], {"a", "b"}),
        ({"all": 100, "within": 98, "rest": 2}, [Sum("all", ("within", "rest"))], {"within"}),
        ({"all": 3, "a": 3}, [Sum("all", ("a",))], {"all", "a"}),
        ({"all": 42, "a": 1, "b": 1, "c": 40}, [Sum("all", ("a", "b", "c"))], {"a", "b", "c"}),
    ],
)
def test_what_goes_beside_a_small_count(counts, sums, hidden):
    assert suppressed(counts, set(counts) - {"rest"}, sums) == hidden


def test_what_is_not_small_stays_though_it_could_be_worked_out():
    counts = {"all": 20, "a": 9, "b": 11}
    assert suppressed(counts, {"all", "a"}, [Sum("all", ("a", "b"))]) == frozenset()
