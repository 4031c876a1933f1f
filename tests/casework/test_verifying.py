"""Verification on photographs as they are: whom each is of, and what happens where nobody is found."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stillgraph.casework import verifying
from stillgraph.cli.app import run
from stillgraph.errors import WrongUse


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


def side_by_side(scores, rows, monkeypatch):
    """Compare packs whose scores of pairs are given, from a list of pairs that is given."""
    monkeypatch.setattr(verifying, "_read_pairs", lambda _: rows)
    monkeypatch.setattr(
        verifying, "_scored",
        lambda _rows, _images, pack, _workers, **_: verifying._Scored(pack, f"{pack}@1", np.asarray(scores[pack]), 1.0),
    )  # fmt: skip
    return verifying.side_by_side("pairs", "images", list(scores))


def test_of_two_models_the_one_that_accepts_more_genuine_pairs_is_said_to_be_better(monkeypatch):
    rows = [(f"a{at}", f"b{at}", True) for at in range(40)] + [(f"a{at % 40}", f"c{at}", False) for at in range(200)]
    unlike = np.linspace(-0.2, 0.3, 200)
    sharp, blunt = np.full(40, 0.8), np.concatenate([np.full(20, 0.8), np.full(18, 0.1), [np.nan, np.nan]])
    scores = {"sharp": np.concatenate([sharp, unlike]), "blunt": np.concatenate([blunt, unlike])}
    report = side_by_side(scores, rows, monkeypatch)
    assert [one.failures_to_acquire for one in report.models] == [0, 2]
    (found,) = report.beside
    assert (found.compared.only_first, found.compared.only_second, found.compared.says) == (20, 0, "first")
    assert found.sentence.startswith("TAR at FAR 0.01: sharp is better; sharp less blunt +50.0 points")
    assert report.insufficient is None
    same = side_by_side({"one": scores["sharp"], "two": scores["sharp"]}, rows, monkeypatch)
    assert [one.compared.says for one in same.beside] == ["neither"]
    few = side_by_side({name: some[:60] for name, some in scores.items()}, rows[:60], monkeypatch)
    assert few.beside == ()
    assert few.insufficient.startswith("insufficient")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_images_that_genuine_pairs_join_are_of_one_person(pairs):
    persons = verifying._persons([(f"i{a}", f"i{b}") for a, b in pairs])
    whose = {}
    for (a, b), person in zip(pairs, persons, strict=True):
        assert whose.setdefault(a, person) == person
        assert whose.setdefault(b, person) == person
    groups = {image: {image} for pair in pairs for image in pair}
    for a, b in pairs:
        both = groups[a] | groups[b]
        for image in both:
            groups[image] = both
    assert len(set(whose.values())) == len({frozenset(group) for group in groups.values()})


def test_the_command_measures_several_packs_side_by_side(photographs, capsys, monkeypatch):
    listed = photographs / "pairs.csv"
    listed.write_text("image_a,image_b,same\nfirst.png,both.png,1\nother.png,both.png,0\n", encoding="utf-8")
    command = ["evaluate", "verification", str(listed), "--images", str(photographs)]
    assert run([*command, "--model", "yunet-sface", "--model", "yunet-sface"]) == 2
    assert "each once" in capsys.readouterr().err
    assert run([*command, "--model", "yunet-sface", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    loaded = verifying._scored
    monkeypatch.setattr(
        verifying, "_scored", lambda rows, images, _, workers, **told: loaded(rows, images, None, workers, **told)
    )
    assert run([*command, "--model", "one", "--model", "two", "--json"]) == 0
    both = json.loads(capsys.readouterr().out)
    assert [{**one, "elapsed_s": 0} for one in both["models"]] == [{**alone, "elapsed_s": 0}] * 2
    assert (both["beside"], both["insufficient"][:12]) == ([], "insufficient")


def test_one_model_is_not_compared(photographs):
    with pytest.raises(WrongUse, match="two packs or more"):
        verifying.side_by_side(photographs / "pairs.csv", photographs, ["yunet-sface"])
