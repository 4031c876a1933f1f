"""The photo-array panel: pictures by number and nothing else, one answer, never told whether it was the candidate."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import ipywidgets as widgets
import pytest

from stillgraph.casework import analysing, arrays
from stillgraph.dashboards import markup, pages
from stillgraph.dashboards.array_state import NONE, ArrayState, CaseArrays
from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import ArrayAnswer, Plate


class MadeUpArrays:
    """Has one array of nine, number 7; remembers what was answered."""

    def __init__(self) -> None:
        self.answered: list[tuple] = []

    def pictures(self, array_id: int) -> tuple[Plate, ...]:
        if array_id != 7:
            raise NotFound(f"There is no photo array {array_id} in this case.")
        return tuple(Plate(str(n), b"png") for n in range(1, 10))

    def record(self, array_id, position, words) -> ArrayAnswer:
        self.answered.append((array_id, position, words))
        return ArrayAnswer(array_id, position, words, position == 4, "ben", datetime(2026, 11, 25, tzinfo=UTC))


def all_in(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_in(child)


def of(page, kind):
    return [one for one in all_in(page) if isinstance(one, kind)]


def button(page, says):
    return next(one for one in of(page, widgets.Button) if one.description == says)


def texts(page) -> str:
    return " ".join(one.value for one in of(page, widgets.HTML) if one.value != markup.style())


@pytest.mark.parametrize(
    ("answer", "position", "said"), [("4", 4, "number 4"), ("5", 5, "number 5"), (NONE, None, "none of them")]
)
def test_an_answer_is_recorded_once_and_the_page_says_no_more_than_that(answer, position, said):
    source = MadeUpArrays()
    page = pages.photo_array_of(source, 7)
    (choice,), (words,) = of(page, widgets.ToggleButtons), of(page, widgets.Textarea)
    assert choice.value is None
    assert [value for _, value in choice.options] == [*map(str, range(1, 10)), NONE]
    record = button(page, "Record the answer")
    assert record.disabled
    choice.value = answer
    assert record.disabled, "the witness's words are asked for"
    words.value = "I am quite sure"
    record.click()
    record.click()
    assert source.answered == [(7, position, "I am quite sure")]
    assert f"Recorded for array 7: {said}." in texts(page)
    assert "candidate" not in texts(page)
    assert choice.disabled
    assert record.disabled


def test_an_array_is_called_up_by_its_number_and_one_that_is_not_there_says_so():
    page = pages.photo_array_of(MadeUpArrays())
    assert "Picture 1" not in texts(page)
    of(page, widgets.BoundedIntText)[0].value = 3
    button(page, "Show").click()
    assert "There is no photo array 3 in this case." in texts(page)
    of(page, widgets.BoundedIntText)[0].value = 7
    button(page, "Show").click()
    assert "There is no photo array" not in texts(page)
    assert [f"Picture {n}" in texts(page) for n in range(1, 10)] == [True] * 9


def test_a_page_that_cannot_open_its_array_is_one_sentence(small_case):
    page = pages.photo_array(small_case.seat(), 12)
    assert "There is no photo array 12" in texts(page)
    assert not of(page, widgets.Button)


def test_nothing_on_the_page_says_who_anybody_is(demo_case, monkeypatch):
    from stillgraph import demo

    desk = demo.seat(demo_case, demo.ANALYST)
    nominals = list(analysing.query(desk, "SELECT nominal_id FROM nominals ORDER BY nominal_id").nominal_id)
    for nominal in nominals:
        try:
            made = arrays.photo_array(desk, nominal)
            break
        except WrongUse:  # too few are alike enough
            continue
    before = set(widgets.widget._instances)
    page = pages.photo_array(desk, made.array_id)
    state = json.dumps(
        [w.get_state() for key, w in widgets.widget._instances.items() if key not in before], default=str
    )
    assert texts(page).count("<figure>") == 9
    for place in made.positions:
        assert place.nominal_id not in state
        assert place.custody_image not in state
        assert place.why not in state
    assert repr(ArrayState(MadeUpArrays())) == "ArrayState()"
    assert repr(CaseArrays(desk)) == "CaseArrays()"
