"""The state sorts, opens and reports, and holds no widget."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph import dashboards
from stillgraph.dashboards import state as module
from stillgraph.dashboards.state import OverviewState, period
from stillgraph.errors import NotPermitted


def test_the_state_imports_no_widget():
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    assert not [name for name in names if name.split(".")[0] in {"ipywidgets", "anywidget", "IPython"}]


def test_it_starts_with_harm_and_nobody(source):
    state = OverviewState(source)
    assert (state.by, state.person_id, state.dossier, state.problem) == ("harm", "", None, "")
    assert state.ranking.by == "harm"


def test_another_measure_sorts_again_and_is_asked_for_once(source):
    state = OverviewState(source)
    for by in ("value", "harm", "value"):
        state.by = by
        assert state.ranking.by == by
    assert [what for what in source.asked if what[0] == "ranking"] == [
        ("ranking", ("harm", False)), ("ranking", ("value", False)),
    ]  # fmt: skip
    values = [s.value_pence for s in state.ranking.standings]
    assert values == sorted(values, reverse=True)


def test_persons_not_corroborated_come_only_when_asked_for(source):
    state = OverviewState(source)
    assert not [p for p in state.persons() if p.startswith("unknown")]
    state.with_proposals = True
    assert [p for p in state.persons() if p.startswith("unknown")]


def test_choosing_a_person_opens_them_and_choosing_nobody_closes(source):
    state = OverviewState(source)
    state.person_id = state.persons()[0]
    assert state.dossier.person.person_id == state.persons()[0]
    state.person_id = ""
    assert state.dossier is None


def test_a_failure_is_a_sentence_and_a_success_clears_it(source):
    state = OverviewState(source)
    state.person_id = "N999999"
    assert state.problem == "There is no person N999999; the ranking lists those there are."
    state.person_id = state.persons()[0]
    assert state.problem == ""


def test_a_ranking_that_fails_leaves_the_last_one(source, monkeypatch):
    state = OverviewState(source)

    def refuse(by, **_more):
        raise NotPermitted("To rank, state the reason.")

    monkeypatch.setattr(source, "ranking", refuse)
    state.by = "count"
    assert state.problem == "To rank, state the reason."
    assert state.ranking.by == "harm"


def test_pictures_that_cannot_be_had_are_none_and_a_problem(source, monkeypatch):
    state = OverviewState(source)

    def refuse(_faces):
        raise NotPermitted("To view, state the reason.")

    monkeypatch.setattr(source, "face_chips", refuse)
    assert state.face_chips(["R01/a.jpg#1"]) == {}
    assert state.problem == "To view, state the reason."


@settings(max_examples=25, deadline=None)
@given(choices=st.lists(st.tuples(st.sampled_from(["harm", "count", "value", "rfh"]), st.booleans()), max_size=6))
def test_the_ranking_is_always_the_one_chosen(made_up_source, choices):
    state = OverviewState(made_up_source)
    for by, others in choices:
        state.by, state.with_proposals = by, others
        assert state.ranking == made_up_source.ranking(by, with_proposals=others)


def test_the_period_is_said_in_words():
    assert period((date(2025, 11, 3), date(2026, 10, 31))) == "3 Nov 2025 to 31 Oct 2026"
    assert period(None) == "no stills yet"


def test_its_repr_shows_nothing(source):
    assert repr(OverviewState(source)) == "OverviewState()"


def test_the_package_has_its_pages_and_nothing_else():
    assert callable(dashboards.overview)
    with pytest.raises(AttributeError, match=r"module 'stillgraph\.dashboards' has no attribute 'nothing'"):
        _ = dashboards.nothing
