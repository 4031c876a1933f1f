"""Verification on photographs as they are: whom each is of, and what happens where nobody is found."""

from __future__ import annotations

import pytest
from PIL import Image

from stillgraph.casework import verifying


@pytest.fixture
def photographs(tmp_path, small_inputs):
    """Two people each alone, and one photograph of the first with the other at its edge, nearer to the camera."""
    images = small_inputs / "custody" / "images"
    first, other = (Image.open(next(images.glob(f"{name}_*"))).convert("RGB") for name in ("N819008", "N196174"))
    both = Image.new("RGB", (900, 700), (120, 120, 120))
    both.paste(first.resize((300, 300)), (300, 200))
    both.paste(other.resize((340, 340)), (0, 0))
    for name, image in {"first": first, "other": other, "both": both, "wall": Image.new("RGB", (99, 99))}.items():
        image.save(tmp_path / f"{name}.png")
    return tmp_path


def measured(photographs, *pairs):
    listed = photographs / "pairs.csv"
    listed.write_text("image_a,image_b,same\n" + "".join(f"{a}.png,{b}.png,{same}\n" for a, b, same in pairs))
    return verifying.verification(listed, photographs)


def test_whom_a_photograph_is_of_is_compared_and_not_a_passer_by(photographs):
    assert measured(photographs, ("first", "both", 1), ("other", "both", 0)).auc == 1.0
    assert measured(photographs, ("other", "both", 1), ("first", "both", 0)).auc == 0.0


def test_a_photograph_without_a_face_is_an_error_of_its_pair(photographs):
    found = measured(photographs, ("first", "both", 1), ("other", "both", 0), ("first", "wall", 1))
    assert (found.failures_to_acquire, found.genuine) == (1, 2)
    assert found.auc == 0.5
