"""Points for recency, frequency and harm: at their edges, from a file, and files that are no such table."""

from pathlib import Path

import numpy as np
import pytest

from stillgraph.errors import ManifestError, NotFound
from stillgraph.prolific import RfhPoints, rfh_points

SHIPPED = Path(__file__).parents[2] / "data" / "reference" / "rfh_points.csv"
HEAD = "part,edge,points,source,version\n"


def test_points_change_exactly_at_their_steps() -> None:
    points = RfhPoints(recency=((28, 20), (91, 15)), frequency=((2, 5),), harm=((30, 20),))
    days = np.array([0, 28, 29, 91, 92, np.inf])
    assert points.points(days, np.zeros(6), np.zeros(6)).tolist() == [20, 20, 15, 15, 0, 0]
    assert points.points(np.full(2, np.inf), np.array([1.0, 2.0]), np.array([29.9, 30.0])).tolist() == [0, 25]
    assert points.most == 45
    assert RfhPoints((), (), ()).most == 0


def test_the_shipped_file_is_our_table() -> None:
    assert rfh_points(SHIPPED) == RfhPoints()


def test_a_file_in_any_order_is_read(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(
        "\ufeff" + HEAD + "Harm,10,3,A force,9\nfrequency,4,2,A force,9\nharm,0.5,1,A force,9\n", encoding="utf-8"
    )
    assert rfh_points(path) == RfhPoints((), ((4.0, 2),), ((0.5, 1), (10.0, 3)), "A force", "9")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("part,edge,points,source\nharm,1,1,s\n", "lacks version"),
        (HEAD, "has 0 pairs"),
        (HEAD + "harm,1,1,s,1\nharm,2,2,s,2\n", "has 2 pairs"),
        (HEAD + "harm,1,1,,1\n", "has 1 pairs"),
        (HEAD + "harm,1,1,s,1\ngravity,1,1,s,1\n", "correct line 3 of points.csv"),
        (HEAD + "harm,one,1,s,1\n", "correct line 2"),
        (HEAD + "harm,-1,1,s,1\n", "correct line 2"),
        (HEAD + "harm,1,1.5,s,1\n", "correct line 2"),
        (HEAD + "harm,1,inf,s,1\n", "correct line 2"),
        (HEAD + "harm,1,,s,1\n", "correct line 2"),
        (HEAD + "harm,1,1,s,1\nharm,1.0,2,s,1\n", r"an edge of its own.*correct line 3"),
    ],
)
def test_a_file_that_is_no_point_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=message):
        rfh_points(path)


def test_a_missing_point_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"point table absent\.csv is not there"):
        rfh_points(tmp_path / "absent.csv")
