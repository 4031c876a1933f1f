from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import ManifestError, NotFound
from stillgraph.evaluation import TruthFace, assign, read_truth
from stillgraph.records import Box, Face, FaceId, NominalId, Quality, StillId

STILL = StillId("R01/a.jpg")
DEMO = Path(__file__).parents[2] / "data" / "demo" / "truth.csv"


def _face(n: int, x: float, score: float = 0.9, size: float = 10.0) -> Face:
    return Face(
        face_id=FaceId(f"{STILL}#{n}"),
        image_id=STILL,
        box=Box(x - size / 2, 5.0, size, size),
        landmarks=np.zeros((5, 2), dtype=np.float32),
        quality=Quality(20, 1, 1, 1, 1, score),
        found_by="once",
        usable=True,
        unusable_reason=None,
        template=None,
    )


def _truth(n: int) -> list[TruthFace]:
    return [TruthFace(STILL, k, f"P{k}", None) for k in range(1, n + 1)]


def _assigned(persons: int, faces: list[Face], width: int = 300) -> list[str | None]:
    result = assign(_truth(persons), {STILL: faces}, {STILL: width})
    return [None if (f := result[t]) is None else f.rpartition("#")[2] for t in _truth(persons)]


def test_as_many_faces_as_persons_are_taken_from_the_left() -> None:
    assert _assigned(2, [_face(1, 250), _face(2, 40)]) == ["2", "1"]
    assert _assigned(1, [_face(1, 290)]) == ["1"]
    # Order decides, not the half of the picture.
    assert _assigned(2, [_face(1, 200), _face(2, 250)]) == ["1", "2"]


def test_of_more_faces_the_best_are_taken_and_of_equal_ones_the_largest() -> None:
    assert _assigned(1, [_face(1, 50, 0.7), _face(2, 200, 0.9)]) == ["2"]
    assert _assigned(1, [_face(1, 50, 0.9, 10), _face(2, 200, 0.9, 14)]) == ["2"]
    assert _assigned(2, [_face(1, 50, 0.8), _face(2, 150, 0.6), _face(3, 250, 0.9)]) == ["1", "3"]


def test_fewer_faces_go_to_the_places_they_are_nearest_to() -> None:
    assert _assigned(2, [_face(1, 149)]) == ["1", None]
    assert _assigned(2, [_face(1, 151)]) == [None, "1"]
    assert _assigned(3, [_face(1, 40), _face(2, 60)]) == ["1", "2", None]
    assert _assigned(3, [_face(1, 40), _face(2, 290)]) == ["1", None, "2"]
    assert _assigned(2, []) == [None, None]


def test_a_still_in_which_nothing_was_found_needs_neither_faces_nor_width() -> None:
    assert assign(_truth(2), {}, {}) == dict.fromkeys(_truth(2))


def test_a_width_that_is_needed_and_missing_is_named() -> None:
    with pytest.raises(NotFound, match=r"width of still R01/a\.jpg is needed"):
        assign(_truth(2), {STILL: [_face(1, 10)]}, {})


@given(
    persons=st.integers(1, 6),
    drawn=st.lists(st.tuples(st.integers(0, 300), st.sampled_from([0.7, 0.8, 0.9])), max_size=8),
    random=st.randoms(use_true_random=False),
)
def test_faces_go_to_one_person_each_in_order_and_without_regard_to_rows(
    persons: int, drawn: list[tuple[int, float]], random: object
) -> None:
    faces = [_face(n, x, score) for n, (x, score) in enumerate(drawn, start=1)]
    result = assign(_truth(persons), {STILL: faces}, {STILL: 300})
    shuffled, turned = list(faces), list(reversed(_truth(persons)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert assign(turned, {STILL: shuffled}, {STILL: 300}) == result
    given_out = [result[t] for t in _truth(persons) if result[t] is not None]
    assert len(set(given_out)) == len(given_out) == min(persons, len(faces))
    where = {face.face_id: face.box.x for face in faces}
    xs = [where[face] for face in given_out if face is not None]
    assert xs == sorted(xs)


def test_the_truth_of_the_demonstration_is_read() -> None:
    truth = read_truth(DEMO)
    assert len(truth) == 374
    assert len({face.still for face in truth}) == 302
    assert sum(face.nominal_id is None for face in truth) == 111
    assert truth[0] == TruthFace(StillId("R01/R01_0001.jpg"), 1, "P1061", NominalId("N402068"))


HEADER = "retailer_id,image,position,person,nominal_id\n"


def test_positions_may_be_numbers(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(HEADER + "R1,a.jpg,3,C,\nR1,a.jpg,1,A,N1\nR1,a.jpg,2,B,\nR1,b.jpg,Right,D,\nR1,b.jpg,left,E,\n")
    assert [(f.still, f.position, f.person, f.nominal_id) for f in sorted(read_truth(path))] == [
        ("R1/a.jpg", 1, "A", "N1"),
        ("R1/a.jpg", 2, "B", None),
        ("R1/a.jpg", 3, "C", None),
        ("R1/b.jpg", 1, "E", None),
        ("R1/b.jpg", 2, "D", None),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("retailer_id,image,position,person\n", "lacks nominal_id"),
        (HEADER + "R1,a.jpg,middle,A,\n", "correct line 2"),
        (HEADER + "R1,a.jpg,0,A,\n", "correct line 2"),
        (HEADER + "R1,,only,A,\n", "correct line 2"),
        (HEADER + "R1,a.jpg,only,A,\nR1,a.jpg,left,B,\n", r"correct R1/a\.jpg"),
        (HEADER + "R1,a.jpg,right,A,\n", r"correct R1/a\.jpg"),
    ],
)
def test_a_truth_table_that_cannot_be_relied_on_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=message):
        read_truth(path)


def test_a_missing_truth_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"truth table none\.csv is not there"):
        read_truth(tmp_path / "none.csv")
