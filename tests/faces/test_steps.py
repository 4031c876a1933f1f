"""Steps are written, typed and read back exactly; what is out of bounds or hostile is refused in a plain sentence."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.faces import steps as recipe


def values(parameter: recipe.Parameter) -> st.SearchStrategy[object]:
    """Return what a parameter may be."""
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if parameter.whole:
        return st.integers(int(parameter.low), int(parameter.high))
    return st.floats(parameter.low, parameter.high)


def of_kind(kind: str) -> st.SearchStrategy[recipe.Step]:
    """Return any step of a kind."""
    given_values = st.tuples(*(values(parameter) for parameter in recipe.parameters(kind)))
    names = [parameter.name for parameter in recipe.parameters(kind)]
    return given_values.map(lambda found: recipe.KINDS[kind](step=kind, **dict(zip(names, found, strict=True))))


ANY = st.sampled_from(list(recipe.KINDS)).flatmap(of_kind)
NUMBERS = [
    (kind, parameter.name)
    for kind in recipe.KINDS
    for parameter in recipe.parameters(kind)
    if not parameter.choices
]  # fmt: skip


def started(kind: str) -> dict[str, object]:
    return {"step": kind, **{parameter.name: parameter.start for parameter in recipe.parameters(kind)}}


@given(steps=st.lists(ANY, min_size=1, max_size=recipe.MOST_STEPS))
def test_what_is_written_is_read_back_and_written_the_same(steps):
    written = recipe.write(steps)
    assert recipe.read(written) == tuple(steps)
    assert recipe.write(recipe.read(written)) == written
    assert recipe.read(json.dumps(json.loads(written), indent=3)) == tuple(steps)


@given(step=ANY)
def test_the_words_of_a_step_are_that_step(step):
    assert recipe.parse(step.words()) == step
    assert recipe.parse(f"  {step.words()} ") == step


@given(kept=st.integers(0, 4))
def test_what_is_left_out_is_written_as_it_is_done(kept):
    del kept
    assert recipe.parse("deblur unsharp 2").words() == "deblur unsharp 2 1"
    assert json.loads(recipe.write([recipe.parse("contrast clahe")])) == [
        {"step": "contrast clahe", "clip": 0.01, "tiles": 8}
    ]


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_a_number_may_be_at_its_bounds_and_not_beyond(kind, name):
    parameter = next(one for one in recipe.parameters(kind) if one.name == name)
    for edge, beyond in ((parameter.low, -1), (parameter.high, 1)):
        good = int(edge) if parameter.whole else edge
        bad = good + beyond if parameter.whole else float(np.nextafter(edge, edge + beyond))
        assert recipe.read(json.dumps([{**started(kind), name: good}]))
        with pytest.raises(WrongUse, match=rf"Of the step `{kind}.*`, {name} is a (whole )?number from"):
            recipe.read(json.dumps([{**started(kind), name: bad}]))


@pytest.mark.parametrize(
    "bad", ["NaN", "Infinity", "-Infinity", "true", "null", '"2"', "[2]", "{}", "1e999", "9" * 5000]
)
@pytest.mark.parametrize(("kind", "name"), [("gamma", "value"), ("denoise median", "radius")])
def test_what_is_no_number_is_no_number(kind, name, bad):
    text = json.dumps({**started(kind), name: "HERE"}).replace('"HERE"', bad)
    with pytest.raises(WrongUse) as refused:
        recipe.read(f"[{text}]")
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Steps are a JSON list of objects"),
        ("[", "Steps are a JSON list of objects"),
        ("{}", "Steps are a JSON list of objects"),
        ('["gamma"]', "Steps are a JSON list of objects"),
        ('[{"step": "gamma", "value": 1, "value": 2}]', "no key twice in one"),
        ("[" * 9000, "Steps are a JSON list of objects"),
        ("[]", "An enhancement has 1 to 20 steps, not 0"),
        (json.dumps([{"step": "gamma", "value": 1.5}] * 21), "An enhancement has 1 to 20 steps, not 21"),
        ('[{"step": "erase"}]', r"There is no step 'erase'; there are crop, rotate, deinterlace, gamma"),
        ('[{"value": 2}]', "There is no step ''"),
        ('[{"step": ["gamma"], "value": 2}]', "There is no step ''"),
        ('[{"step": "gamma"}]', r"Of the step `gamma VALUE`, value is a number from 0.2 to 5 \(above 1 lightens\)"),
        ('[{"step": "gamma", "value": 1, "model_config": {}}]', "there is no 'model_config'"),
        ('[{"step": "deinterlace", "keep": "both"}]', "keep is even or odd"),
        (" " * 20_001, "at most 20000 characters of JSON; these are 20001"),
    ],
)
def test_a_hostile_recipe_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(WrongUse, match=sentence):
        recipe.read(text)


@given(text=st.text(max_size=200))
def test_no_text_does_anything_but_be_read_or_refused(text):
    for read in (recipe.read, recipe.parse):
        with suppress(WrongUse):
            read(text)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("blur 2", "There is no step 'blur 2'"),
        ("denoise 2", "There is no step 'denoise 2'"),
        ("gamma 1 2", "The step is `gamma VALUE`, 1 in number; 2 were given"),
        ("crop 1 2 30", "height is a whole number from 16"),
        ("crop 1.5 2 30 30", "x is a whole number from 0"),
        ("gamma bright", "value is a number from 0.2 to 5"),
    ],
)
def test_a_step_typed_wrongly_is_told_how(words, sentence):
    with pytest.raises(WrongUse, match=sentence):
        recipe.parse(words)


# --- geometry ------------------------------------------------------------------------------------------------------

SIDES = st.integers(20, 400)
MOVES = st.lists(st.sampled_from(["rotate", "upscale", "gamma", "deinterlace"]).flatmap(of_kind), max_size=4)


@given(steps=MOVES, width=SIDES, height=SIDES, places=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1))
def test_places_go_there_and_back_within_a_hundredth_of_a_pixel(steps, width, height, places):
    try:
        sizes = recipe.sizes(steps, width, height)
    except WrongUse:
        assume(False)
    points = np.column_stack([np.array(places) * (width, height), np.ones(len(places))])
    forward = np.eye(3)
    for step, size in zip(steps, sizes, strict=False):
        forward = step.forward(*size) @ forward
    there = points @ forward.T
    back = there @ recipe.to_original(steps, width, height).T
    assert np.abs(back - points).max() < 0.01
    assert (there[:, :2] > -0.01).all()
    assert (there[:, :2] < np.array(sizes[-1]) + 0.01).all()


def test_a_crop_and_an_enlargement_lead_back_to_their_place():
    steps = [recipe.parse("crop 30 20 100 50"), recipe.parse("upscale 2")]
    assert recipe.sizes(steps, 200, 100) == [(200, 100), (100, 50), (200, 100)]
    assert np.allclose(recipe.to_original(steps, 200, 100) @ (10, 4, 1), (35, 22, 1))


def test_a_quarter_turn_anticlockwise_takes_the_right_edge_to_the_top():
    turn = recipe.parse("rotate 90")
    assert turn.size(30, 10) == (10, 30)
    assert np.allclose(turn.forward(30, 10) @ (30, 5, 1), (5, 0, 1))


@pytest.mark.parametrize(
    ("words", "size", "sentence"),
    [
        ("crop 50 0 60 20", (100, 100), r"`crop 50 0 60 20` reaches beyond the picture, which is 100 x 100 pixels"),
        ("upscale 8", (1000, 1000), "would make a picture of 64,000,000 pixels; 40,000,000 is the most"),
        ("denoise median 1", (4000, 1001), "up to 4,000,000 pixels, and this one has 4,004,000 at that step: crop it"),
        ("rotate 45", (6300, 6300), "40,000,000 is the most"),
    ],
)
def test_a_step_that_does_not_fit_is_refused_before_anything_is_done(words, size, sentence):
    with pytest.raises(WrongUse, match=sentence):
        recipe.sizes([recipe.parse(words)], *size)


def test_a_picture_cropped_first_may_be_denoised():
    assert recipe.sizes([recipe.parse("crop 0 0 900 900"), recipe.parse("denoise nlmeans 8")], 6000, 6000)
