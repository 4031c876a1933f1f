"""What settled lists say without truth."""

from __future__ import annotations

from dataclasses import replace

from stillgraph.evaluation import wilson
from stillgraph.evaluation.reviewed import ReviewedList, reviewed


def _lists(count: int) -> list[ReviewedList]:
    return [
        ReviewedList(
            f"p{i}", 1 + i % 3 * 4 if i % 2 else None, "AB"[i % 2], settled=True, disputed=i % 5 == 0,
            corroborated=bool(i % 2),
        )
        for i in range(count)
    ]  # fmt: skip


def test_shares_of_settled_lists() -> None:
    still_open = ReviewedList("q", None, "A", settled=False, disputed=True, corroborated=False)
    found = reviewed([*_lists(60), still_open])
    assert found.corroborated == wilson(30, 60)
    assert (found.judged, found.settled) == (61, 60)
    assert found.disputed == wilson(13, 61), "a dispute that is not settled is one"
    assert found.first_of_corroborated["1"] == wilson(10, 30)
    assert found.by_band["A"] == wilson(0, 30)
    assert any("FNIR" in line for line in found.cannot)


def test_a_list_whose_place_is_gone_is_corroborated_all_the_same_and_in_no_rank() -> None:
    lists = _lists(60)
    found = reviewed([*(replace(one, rank=None) for one in lists[:12]), *lists[12:]])
    assert found.corroborated == wilson(30, 60)
    assert found.places_unknown == 6
    assert found.first_of_corroborated["20"] == wilson(24, 24)
    assert found.by_band["B"] == wilson(30, 30)


def test_few_lists_say_nothing_and_how_many_more() -> None:
    found = reviewed(_lists(12))
    assert found.insufficient == "insufficient: it takes 30 settled lists, there are 12: 18 more"
    assert found.corroborated.value is None
