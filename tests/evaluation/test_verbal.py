import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.evaluation import look_alike, shown, verbal
from stillgraph.evaluation.lookalike import MARGIN, MEASURED_ON
from stillgraph.evaluation.verbal import classes
from stillgraph.records import Candidate, CustodyImageId, ModelId, NominalId


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1, "1.0 (no support either way)"),
        (1.99, "2.0 (no support either way)"),
        (2, "2.0 (weak support)"),
        (8.94, "8.9 (weak support)"),
        (10, "10 (moderate support)"),
        (99.9, "100 (moderate support)"),
        (340, "340 (moderately strong support)"),
        (1234, "1,200 (strong support)"),
        (20_000, "20,000 (very strong support)"),
        (3e6, "3,000,000 (extremely strong support)"),
        (0.5, "1/2.0 (weak support that it is somebody else)"),
        (0.01, "1/100 (moderately strong support that it is somebody else)"),
    ],
)
def test_a_ratio_in_words(value, said):
    assert shown(value) == said


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_more_is_never_said_of_less(one, other):
    order = classes()
    assert (order.index(verbal(one)) <= order.index(verbal(other))) or one > other


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_what_is_no_ratio_is_refused(value):
    with pytest.raises(WrongUse, match="is a positive number"):
        verbal(value)


def listed(*scores):
    return [
        Candidate(rank, NominalId(f"N{rank}"), CustodyImageId(f"N{rank}/a.jpg"), score)
        for rank, score in enumerate(scores, start=1)
    ]


def test_a_runner_up_that_is_close_is_warned_of():
    said = look_alike(listed(0.5, 0.5 - MARGIN + 0.001, 0.1), MEASURED_ON)
    assert said.startswith("look-alikes: N2 scores within 0.07 of N1; ")
    assert look_alike(listed(0.5, 0.5 - MARGIN - 0.001, 0.1), MEASURED_ON) is None
    assert look_alike(listed(0.5), MEASURED_ON) is None
    assert look_alike([], MEASURED_ON) is None
    assert look_alike(listed(0.5, 0.5), ModelId("other@1")) is None, "no margin is known of other models"
