import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.prolific import concentration
from stillgraph.records import Concentration


def test_fewer_offences_than_persons_are_compared_with_the_most_equal_spread_possible() -> None:
    # Three, one and one offence among ten: the plain Gini is .78; of five offences none could be spread wider than
    # over five persons (Gini .5), and 1 - (1 - .78) / (1 - .5) = .56.
    assert concentration([3, 1, 1, 0, 0, 0, 0, 0, 0, 0]).gini == pytest.approx(0.56)
    assert concentration([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]).gini == pytest.approx(0)
    assert concentration([5, 0, 0, 0, 0, 0, 0, 0, 0, 0]).gini == pytest.approx(0.8)


def test_with_enough_offences_it_is_the_plain_gini() -> None:
    values = np.array([22, 18, 17, 12, 11, 8, 6, 3, 2, 1])
    differences = np.abs(values[:, None] - values[None, :]).sum() / (2 * len(values) ** 2 * values.mean())
    assert concentration(values).gini == pytest.approx(differences)


def test_events_and_not_the_size_of_the_measure_decide_the_correction() -> None:
    # One robbery of 365 days is one event, not 365.
    robbery = [365.0] + [0.0] * 9
    assert concentration(robbery, events=[1] + [0] * 9).gini == pytest.approx(0)
    assert concentration(robbery).gini == pytest.approx(0.9)


def test_the_top_tenth_is_rounded_up_and_in_percent() -> None:
    assert concentration([6, 2, 1, 1]).top_10_percent_share == pytest.approx(60)
    assert concentration([5, 4, *[1] * 9]).top_10_percent_share == pytest.approx(50)


@pytest.mark.parametrize("values", [[], [3], [0, 0, 0]])
def test_nothing_is_said_of_nobody_or_nothing(values: list[float]) -> None:
    assert concentration(values) == Concentration(None, None, None, None, len(values))


@given(st.lists(st.integers(1, 40), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_persons_changes_nothing(values: list[int], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = concentration(values, draws=50)
    assert concentration(shuffled, draws=50) == one
    assert one.gini is not None
    assert one.gini_low is not None
    assert one.gini_high is not None
    assert -1e-9 <= one.gini < 1
    assert one.gini_low <= one.gini_high


def test_the_interval_covers_a_simulated_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    population = 1 + rng.geometric(0.4, size=4000)
    truth = concentration(population, draws=1).gini
    assert truth is not None
    runs = [concentration(rng.choice(population, 150), seed=run, draws=200) for run in range(150)]
    covered = np.mean([(run.gini_low or 0) <= truth <= (run.gini_high or 0) for run in runs])
    assert 0.86 <= covered <= 0.99


@pytest.mark.parametrize(
    ("values", "events", "draws", "message"),
    [
        ([1, 2], [1], 10, "one value and one count"),
        ([1, 2], None, 0, "at least one draw"),
        ([1, -2], None, 10, "zero or more"),
        ([1, float("nan")], None, 10, "zero or more"),
        ([1, 2], [1, 0], 10, "at least one event"),
    ],
)
def test_impossible_measures_are_refused(
    values: list[float], events: list[int] | None, draws: int, message: str
) -> None:
    with pytest.raises(WrongUse, match=message):
        concentration(values, events, draws=draws)
