"""The grouping panel: faces nearest first, the odd ones marked, many ruled at once, moved, taken back."""

from __future__ import annotations

import contextlib

import ipywidgets as widgets
import pytest

from stillgraph import demo
from stillgraph.casework import analysing, linking, reviewing, take_seat
from stillgraph.casework.linking import Group, GroupFace, Ruled
from stillgraph.dashboards import pages, panels
from stillgraph.dashboards.grouping_source import CaseGroups
from stillgraph.dashboards.grouping_state import MOST, GroupingState
from stillgraph.errors import NotFound, RulingBlocked
from stillgraph.records import Box, Contradiction, LinkStatus, Person, PersonFace, Proposal, Says


def made_up_group(person: str, faces: int, odd: int = 1, proposals: int = 0) -> Group:
    ids = [f"R01/R01_{n:04d}.jpg#1" for n in range(faces)]
    stills = [face.partition("#")[0] for face in ids]
    box = Box(1, 2, 30, 40)
    who = Person(
        person, None, LinkStatus.UNKNOWN, tuple(PersonFace(f, s, box) for f, s in zip(ids, stills, strict=True)),
        tuple(stills), ("R01/1",),
    )  # fmt: skip
    shown = tuple(
        GroupFace(f, s, box, 0.9 - n / 20, odd=n >= faces - odd)
        for n, (f, s) in enumerate(zip(ids, stills, strict=True))
    )
    proposed = Proposal(tuple(ids[:2]), None, 0.5, "alike at score 0.50", (person,))
    return Group(who, shown, (proposed,) * proposals)


class MadeUpGroups:
    """Two persons of a linking run; remembers what was ruled."""

    def __init__(self, faces: int = 5, against: str = "") -> None:
        self.held = (made_up_group("unknown 1", faces), made_up_group("unknown 2", 3, odd=0, proposals=1))
        self.ruled: list[tuple] = []
        self.refuse = ""
        self.against = against

    def sitting(self):
        return contextlib.nullcontext()

    def groups(self):
        return self.held

    def face_chips(self, faces):
        return dict.fromkeys(faces, b"png")

    def _rule(self, *what) -> Ruled:
        if self.refuse:
            raise RulingBlocked(self.refuse)
        self.ruled.append(what)
        against = (Contradiction(("a",), self.against, (1,)),) if self.against else ()
        return Ruled(len(self.ruled), (), against)

    def known(self, person_id):
        raise NotFound(f"There is no person {person_id}.")

    def same(self, faces, reason):
        return self._rule("same", tuple(faces), reason)

    def split(self, faces, reason):
        return self._rule("split", tuple(faces), reason)

    def move(self, face, to_person, reason):
        return self._rule("move", face, to_person, reason)

    def undo(self, number, reason):
        return self._rule("undo", number, reason)

    def link(self, progress):
        self.ruled.append(("link",))


def all_in(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_in(child)


def of(page, kind):
    return [one for one in all_in(page) if isinstance(one, kind)]


def button(page, says):
    return next(one for one in of(page, widgets.Button) if one.description == says)


def texts(page) -> str:
    return " ".join(one.value for one in of(page, widgets.HTML))


def test_faces_stand_nearest_first_and_the_odd_ones_say_so():
    page = pages.persons_of(MadeUpGroups())
    said = texts(page)
    places = [said.index(f"R01/R01_{n:04d}.jpg · score") for n in range(5)]
    assert places == sorted(places)
    assert said.count("odd: far from the others") == 1
    assert said.index("odd: far from") > places[-1]
    chooser = of(page, widgets.Dropdown)[0]
    assert [label for label, _ in chooser.options] == [
        "unknown 1 · unknown · 5 faces · 1 odd", "unknown 2 · unknown · 3 faces · 1 proposal"
    ]  # fmt: skip


def test_many_are_ruled_at_once_and_the_reason_goes_with_them():
    source = MadeUpGroups()
    state = GroupingState(source)
    state.reason = "the ears"
    state.choose(state.shown)
    state.confirm()
    assert source.ruled == [("same", state.shown, "the ears")]
    assert state.said == "Ruled: 5 faces are one person."
    assert state.chosen == frozenset()
    state.choose(state.odd())
    state.part()
    assert source.ruled[-1] == ("split", ("R01/R01_0004.jpg#1",), "the ears")


def test_moving_several_is_undone_in_one_step():
    source = MadeUpGroups()
    state = GroupingState(source)
    state.choose(state.shown[:2])
    state.move("unknown 2")
    assert [ruled[:3] for ruled in source.ruled] == [("move", face, "unknown 2") for face in state.shown[:2]]
    state.undo()
    assert [ruled[:2] for ruled in source.ruled[2:]] == [("undo", 2), ("undo", 1)]
    assert state.acts == ()
    state.undo()
    assert len(source.ruled) == 4


def test_a_contradiction_is_said_at_once():
    state = GroupingState(MadeUpGroups(against="Two officers differ."))
    state.choose(state.shown)
    state.confirm()
    assert state.said == "Ruled: 5 faces are one person. Two officers differ."


def test_a_refusal_is_one_sentence_and_keeps_what_was_chosen():
    source = MadeUpGroups()
    state = GroupingState(source)
    source.refuse = "Two faces of one still are two persons."
    state.choose(state.shown)
    state.confirm()
    assert state.problem == source.refuse
    assert len(state.chosen) == 5
    assert state.acts == ()


def test_another_person_is_opened_with_nothing_chosen_and_no_card_left_over():
    source = MadeUpGroups()
    page = pages.persons_of(source)
    button(page, "Choose all").click()
    assert "5 faces chosen of 5" in texts(page)
    before = len(widgets.widget._instances)
    of(page, widgets.Dropdown)[0].value = "unknown 2"
    assert "0 faces chosen of 3" in texts(page)
    assert "Proposed: alike at score 0.50" in texts(page)
    assert len(of(page, widgets.Checkbox)) == 3
    assert len(widgets.widget._instances) < before


def test_ticking_a_face_chooses_it_and_sets_what_can_be_ruled():
    page = pages.persons_of(MadeUpGroups())
    names = ("These are one person", "These are not the others", "Move")
    assert [button(page, name).disabled for name in names] == [True, True, True]
    boxes = of(page, widgets.Checkbox)
    boxes[0].value = True
    assert [button(page, name).disabled for name in names] == [True, False, False]
    for box in boxes:
        box.value = True
    assert [button(page, name).disabled for name in names] == [False, True, False], "all are not apart from nobody"
    button(page, "Choose none").click()
    assert not any(box.value for box in boxes)


def test_of_a_very_large_person_the_nearest_are_shown():
    state = GroupingState(MadeUpGroups(faces=MOST + 5))
    assert len(state.shown) == MOST
    assert state.odd() == ()


def test_a_case_without_persons_says_what_comes_first(small_case):
    assert "Nobody has several faces yet" in texts(pages.persons(small_case.seat()))
    assert "There is no officer nobody in this case" in texts(pages.persons(small_case.seat("nobody")))


@pytest.fixture
def linked(small_case):
    """Return a case in which one officer ruled three faces of three stills one person, linked anew."""
    by_still = {item.still: item.face_id for item in reviewing.queue(small_case.seat("first"))}
    faces = sorted(by_still.values())[:3]
    linking.rule(small_case.seat("desk"), faces, Says.SAME, reason="one jacket")
    linking.link(small_case.seat("desk"))
    return small_case, faces


def test_in_a_case_a_face_is_split_off_taken_back_and_split_off_for_good(linked):
    case, faces = linked
    state = GroupingState(CaseGroups(case.seat("desk")))
    state.open(next(g.person.person_id for g in state.groups if set(faces) <= {f.face_id for f in g.faces}))
    assert state.problem == ""
    assert set(state.chips) >= set(faces)
    state.choose([faces[0]])
    state.reason = "another jacket"
    state.part()
    assert state.problem == ""
    assert [str(one.says) for one in linking.rulings(case.seat())] == ["same", "not same"]
    state.undo()
    assert [str(one.says) for one in linking.rulings(case.seat())] == ["same", "not same", "taken back"]
    state.choose([faces[0]])
    state.part()
    state.link()
    assert state.work.wait(30)
    assert state.said == "Linked anew."
    assert linking.rulings(case.seat())[-1].reason == "another jacket"


def test_no_repr_shows_what_the_panel_holds(linked):
    case, _ = linked
    page = pages.persons_of(CaseGroups(case.seat("desk")))
    for one in all_in(page):
        if type(one).__module__.startswith("stillgraph"):
            assert len(repr(one)) < 20
    assert repr(GroupingState(MadeUpGroups())) == "GroupingState()"
    assert repr(CaseGroups(case.seat())) == "CaseGroups()"


def test_what_is_known_of_a_person_is_asked_for_shown_and_dropped_with_them(demo_case):
    desk = take_seat(demo_case, officer=demo.ANALYST, operation=demo.OPERATION, reason="look at a person")
    page = pages.persons_of(CaseGroups(desk))
    chooser = of(page, widgets.Dropdown)[0]
    chooser.value = "N409987"
    assert "Arrests on record" not in texts(page)
    button(page, "What is known of them").click()
    said = texts(page)
    held = analysing.person(desk, "N409987")
    for heading in ("Offences", "Arrests on record", "Seen in the same offences"):
        assert heading in said
    assert all(str(other) in said for other in held.co_offenders["person_id"])
    assert f"{len(held.offences)}" in said
    assert len(of(page, panels.Chart)) == 2, "their time, and a map of where they were seen"
    chooser.value = next(value for _, value in chooser.options if value != "N409987")
    assert "Arrests on record" not in texts(page)
    assert not of(page, panels.Chart)


def test_a_person_of_whom_nothing_can_be_told_leaves_a_sentence():
    page = pages.persons_of(MadeUpGroups())
    button(page, "What is known of them").click()
    assert "There is no person unknown 1." in texts(page)
    assert not of(page, panels.Chart)
