"""The page of prolific offenders: what is switched, measured, chosen and opened, over made-up records."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime

import ipywidgets as widgets
import pytest

from stillgraph.casework.progress import Step
from stillgraph.dashboards import analysis_pages, panels
from stillgraph.dashboards import prolific_wording as wording
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.prolific_state import ProlificState
from stillgraph.errors import NotFound
from stillgraph.figures import MEASURES
from stillgraph.records import (
    Arrest,
    BackTest,
    Basis,
    Change,
    ChangeKind,
    Concentrated,
    Concentration,
    ConcentrationReport,
    Contribution,
    CoOffender,
    Estimate,
    Explanation,
    FaceEvidence,
    LinkStatus,
    ListWorth,
    Lorenz,
    Place,
    Ranking,
    Ranks,
    SplitWorth,
    Standing,
    TopShare,
    WhyFace,
    WhyOffence,
)

TRAP = '<script>alert("x")</script>'
VALUES = {"N1": (90.0, 2, 500, 30), "N2": (10.0, 9, 400, 60), "N3": (40.0, 3, 900, 45), "unknown 1": (70.0, 1, 100, 50)}
"""By person: harm, offences, value and points."""


class MadeUpProlific:
    """Answers the page's questions and keeps what was asked."""

    def __init__(self, persons=VALUES, *, simulated=True):
        self.persons = persons
        self.simulated = simulated
        self.asked = []
        self.gate = None

    def days(self):
        return date(2025, 11, 3), date(2026, 10, 31)

    def ranking(self, asked):
        self.asked.append(("ranking", asked))
        known = {who: own for who, own in self.persons.items() if asked.with_proposals or not who.startswith("unknown")}
        place = list(MEASURES).index(asked.by)
        ordered = sorted(known.items(), key=lambda one: -one[1][place])
        standings = tuple(
            Standing(
                rank=rank, rank_low=max(1, rank - 1), rank_high=rank + 1, person_id=who,
                nominal_id=who if who.startswith("N") else None, offences=own[1], harm_days=own[0], value_pence=own[2],
                rfh=own[3], retailers=2, prior_arrests=4,
                status=LinkStatus.CORROBORATED if who.startswith("N") else LinkStatus.UNKNOWN,
                harm_low=own[0] - 5, harm_high=own[0], count_low=own[1], count_high=own[1], top_share=0.9,
                ranks=Ranks(*(1 + sum(one[n] > own[n] for one in known.values()) for n in range(4))),
            )
            for rank, (who, own) in enumerate(ordered, 1)
        )  # fmt: skip
        spread = Concentration(None, None, None, None, len(standings))
        return Ranking(asked.by, asked.since, asked.until, f"a scale {TRAP}", standings, spread, self.simulated)

    def concentration(self, of, asked):
        self.asked.append(("concentration", of, asked))
        found = Concentrated(
            4, 3, 15, 150.0, Estimate(0.5, 0.4, 0.6), (TopShare(1, 10.0, Estimate(60.0, 50.0, 70.0)),), (),
            Lorenz((0.0, 0.5, 1.0), (0.0, 0.2, 1.0), 0.0),
        )  # fmt: skip
        return ConcentrationReport(
            of, asked.by, asked.since, asked.until, "a scale", found, f"1 of 4 {of} account for 60 %.", ("A note.",),
            self.simulated,
        )  # fmt: skip

    def sitting(self):
        return nullcontext()

    def back_test(self, asked, progress):
        self.asked.append(("back test", asked))
        for done in range(1, 4):
            progress(Step("testing the list", done, 3, "draw"))
            if self.gate is not None:
                assert self.gate.wait(10)
        lists = (ListWorth(asked.by, *[Estimate(40.0, 30.0, 50.0)] * 6, in_custody=0),)
        split = SplitWorth(
            date(2025, 11, 1), date(2026, 4, 30), date(2026, 5, 1), date(2026, 10, 31), 60, 50, 90, 80, None, lists,
            *[Estimate(10.0, 0.0, 20.0)] * 3, (),
        )  # fmt: skip
        return BackTest(10, (asked.by,), "a scale", False, (split,), (), (), ("40 % offended again.",), ("A note.",),
                        self.simulated)  # fmt: skip

    def why(self, person_id, asked):
        self.asked.append(("why", person_id, asked))
        if person_id == "N3":
            raise NotFound("There is no person N3 in the last linking run.")
        return explanation(person_id, asked.by, simulated=self.simulated)

    def face_chips(self, faces):
        return dict.fromkeys(faces, b"png")


def explanation(person_id, by, *, simulated):
    place = Place(dict.fromkeys(MEASURES, 1), dict.fromkeys(MEASURES, 90.0), 4)
    at = datetime(2026, 5, 1, 10, tzinfo=UTC)
    face = WhyFace("R1/1.jpg#1", "R1/1.jpg", at, "C", True, FaceEvidence("R1/1.jpg#1", Basis.REVIEW), 1, 1, None, 0.1)
    contribution = Contribution("R1/1", {"harm": 60.0}, {"harm": 0.6667}, place)
    first = WhyOffence("R1/1", at, "46", TRAP, "Shop", "Shop East", "Brent", 51.5, 0.0, 1234, 60.0, "alarm", False,
                       LinkStatus.CORROBORATED, True, (face,), ("N2",), contribution, ("the face is of band C",))  # fmt: skip
    second = replace(first, offence_id="R1/2", occurred_at=at.replace(month=6), counts=False, contribution=None,
                     store="Shop West", latitude=51.6, beside=(), doubts=(), status=LinkStatus.UNKNOWN)  # fmt: skip
    return Explanation(
        person_id=person_id, nominal_id=person_id, status=LinkStatus.CORROBORATED, proposed_as=None,
        review_kind="simulated review" if simulated else "human review", simulated=simulated, by=by, since=None,
        until=None, scale="a scale", with_proposals=False, standing=None, place=place, offences=(first, second),
        changes=(Change(ChangeKind.LINK_FAILS, ("R1/1",), None, None, None, place, "Without R1/1: place 3."),),
        co_offenders=(CoOffender("N2", LinkStatus.CORROBORATED, ("R1/1",), at, at),),
        arrests=(Arrest("N1", date(2026, 4, 1), "46", "Shoplifting", "charged", None, date(2026, 4, 2), date(2026, 4, 9)),), gaps=(), silence=None, held_then=(), contradictions=(),
        sentences=("Place 1 of 4 by harm.",), unsaid=("Offences not reported are nowhere.",),
    )  # fmt: skip


@pytest.fixture
def source():
    return MadeUpProlific()


@pytest.fixture
def page(source):
    return analysis_pages.prolific_of(source)


def everything(widget):
    return [widget, *(below for child in getattr(widget, "children", ()) for below in everything(child))]


def text(widget):
    return "".join(one.value for one in everything(widget) if isinstance(one, widgets.HTML))


def named(page, label):
    return next(w for w in everything(page) if getattr(w, "description", None) == label)


def titles(page):
    drawn = [w.outputs[0]["data"]["application/vnd.plotly.v1+json"] for w in everything(page)
             if isinstance(w, widgets.Output) and w.outputs]  # fmt: skip
    return [one["layout"]["title"]["text"] for one in drawn]


def test_everybody_has_their_rank_by_every_measure_with_how_it_moves(page):
    shown = text(page)
    assert "3 of 3 persons · 3 Nov 2025 to 31 Oct 2026 · corroborated links only · simulated review" in shown
    first = shown[shown.index('<th scope="row" class=sg-number>1</th>') :]
    row = first[: first.index("</tr>")]
    assert row.count("<td") == 12
    assert "<td>1 to 2</td><td class=sg-number>90 %</td><td>N1</td>" in row
    assert "90<br><small>85 to 90</small>" in row
    assert "3 <small>▼ 2</small>" in row, "of three N1 has fewest offences and points"
    assert "2 <small>▼ 1</small>" in row, "and the second most value"


def test_the_switches_ask_anew_and_remember(page, source):
    named(page, "Rank by").value = "value"
    assert "<td>1 to 2</td><td class=sg-number>90 %</td><td>N3</td>" in text(page)
    named(page, "With links not corroborated").value = True
    assert "4 of 4 persons" in text(page)
    assert "with links not corroborated · simulated review" in text(page)
    named(page, "Count harm detected proactively").value = True
    assert "proactively detected harm counted · simulated review" in text(page)
    assert source.asked[-1][-1].include_proactive
    asked = [one for one in source.asked if one[0] == "ranking"]
    assert len(asked) == len(set(asked)), "nothing is asked twice"
    named(page, "First month").index = 2
    named(page, "Last month").index = 3
    assert "1 Jan 2026 to 28 Feb 2026" in text(page)
    assert source.asked[-1][-1].since == date(2026, 1, 1)
    assert source.asked[-1][-1].until == date(2026, 2, 28)
    named(page, "Last month").index = 0
    assert named(page, "First month").index == 0, "a last month before the first takes the first along"
    named(page, "Last month").index = 11
    assert "3 Nov 2025 to 31 Oct 2026" in text(page)


def test_ranks_stand_side_by_side_with_and_without_proposals(page):
    (sure,) = [title for title in titles(page) if "How sure" in title]
    assert "4 persons drawn of 3 persons" in sure
    assert "3 Nov 2025 to 31 Oct 2026" in sure


def test_concentration_is_said_for_each_kind_of_unit_and_not_of_points(page, source):
    shown = text(page)
    for unit in ("persons", "stores", "retailers", "boroughs"):
        assert f"1 of 4 {unit} account for 60 %." in shown
    assert shown.count("A note.") == 1
    assert any("How concentrated the harm" in title for title in titles(page))
    named(page, "Rank by").value = "rfh"
    assert wording.NO_POINTS in text(page)
    assert not any("How concentrated" in title for title in titles(page))
    named(page, "Rank by").value = "harm"
    assert any("How concentrated the harm" in title for title in titles(page))
    assert len([one for one in source.asked if one[0] == "concentration"]) == 4, "and it is measured once"


def test_a_person_opens_to_sentences_offences_and_stills(page):
    assert wording.NOBODY in text(page)
    named(page, "Person").value = "N1"
    shown = text(page)
    for piece in ("Place 1 of 4 by harm.", "Without R1/1: place 3.", "2 offences, 1 counted", "67 %", "not counted",
                  "the face is of band C (1 offence)", 'alt="Face in still R1/1.jpg"', "R1/1.jpg · 1 May 2026 10:00",
                  "Offences not reported are nowhere."):  # fmt: skip
        assert piece in shown, piece
    assert "class=sg-chosen aria-current=true" in shown
    assert any("Timeline" in title for title in titles(page))
    assert any("From store to store" in title for title in titles(page))


def test_a_person_stays_chosen_while_they_are_ranked(page, source):
    named(page, "With links not corroborated").value = True
    named(page, "Person").value = "unknown 1"
    named(page, "Rank by").value = "count"
    assert named(page, "Person").value == "unknown 1"
    assert source.asked[-1][0] in {"why", "concentration"}
    assert [one[2].by for one in source.asked if one[0] == "why"] == ["harm", "count"]
    named(page, "With links not corroborated").value = False
    assert named(page, "Person").value == ""
    assert wording.NOBODY in text(page)


def test_a_failure_is_told_in_its_sentence(page):
    named(page, "Person").value = "N3"
    assert 'role="alert">There is no person N3' in text(page)
    named(page, "Person").value = "N1"
    assert 'role="alert">' not in text(page)


def test_files_hold_what_the_page_shows_and_what_it_rests_on(source):
    state = ProlificState(source)
    kept = state.ranking_table()
    assert kept["person_id"].tolist() == ["N1", "N3", "N2"]
    assert kept.loc[0, ["rank_by_harm", "rank_by_count", "rank_by_value", "rank_by_rfh"]].tolist() == [1, 3, 2, 3]
    assert set(kept["period"]) == {"3 Nov 2025 to 31 Oct 2026"}
    assert set(kept["review"]) == {"simulated review"}
    assert state.offences_table().empty
    state.person_id = "N1"
    rows = state.offences_table()
    assert rows[["offence_id", "stills", "others", "counts"]].values.tolist() == [
        ["R1/1", "R1/1.jpg", "N2", True], ["R1/2", "R1/1.jpg", "", False],
    ]  # fmt: skip
    assert [w.name for w in everything(analysis_pages.prolific_of(source)) if isinstance(w, Download)] == [
        "ranking", "offences",
    ]  # fmt: skip


def test_a_case_without_a_ranking_has_a_page():
    shown = text(analysis_pages.prolific_of(MadeUpProlific({})))
    assert "Nobody is ranked: no link counts in these days." in shown


def test_review_by_people_is_nowhere_called_simulated():
    page = analysis_pages.prolific_of(MadeUpProlific(simulated=False))
    named(page, "Person").value = "N1"
    assert "imulated" not in text(page) + "".join(titles(page))


def test_every_value_is_escaped_and_no_repr_shows_what_a_panel_holds(page):
    named(page, "Person").value = "N1"
    assert TRAP not in text(page)
    assert "&lt;script&gt;" in text(page)
    assert {repr(w) for w in everything(page) if isinstance(w, panels.Card | panels.Chart)} == {"Card()", "Chart()"}


def test_a_page_that_cannot_open_says_why():
    assert "Say which case" in text(analysis_pages.prolific())


@pytest.fixture
def made(source, monkeypatch):
    """Return a page with its state, which says when long work has ended."""
    kept = []

    def keep(of):
        kept.append(ProlificState(of))
        return kept[0]

    monkeypatch.setattr(analysis_pages.prolific_state, "ProlificState", keep)
    page = analysis_pages.prolific_of(source)
    return page, kept[0]


def test_what_a_list_is_worth_is_tested_when_asked_and_forgotten_with_the_list(made, source):
    page, state = made
    assert not any(one[0] == "back test" for one in source.asked)
    named(page, "Test the list").click()
    assert state.work.wait(10)
    assert "40 % offended again." in text(page)
    assert any("What a list of the first 10 was worth" in title for title in titles(page))
    named(page, "Rank by").value = "value"
    assert "40 % offended again." not in text(page)
    assert not any("What a list" in title for title in titles(page))
    named(page, "Rank by").value = "harm"
    named(page, "Test the list").click()
    assert "40 % offended again." in text(page)
    assert [one[1].by for one in source.asked if one[0] == "back test"] == ["harm"], "and the test of one list is kept"


def test_a_test_shows_how_far_it_is_and_the_page_is_used_meanwhile(made, source):
    page, state = made
    source.gate = threading.Event()
    begun = threading.Event()
    state.work.observe(lambda _change: begun.set(), names="said")
    named(page, "Test the list").click()
    assert named(page, "Test the list").disabled
    assert begun.wait(10)
    assert '<progress max="1"' in text(page)
    assert 'aria-label="Testing the list"' in text(page)
    named(page, "Rank by").value = "value"
    assert [one[1].by for one in source.asked if one[0] == "ranking"][-1] == "value"
    source.gate.set()
    assert state.work.wait(10)
    assert not named(page, "Test the list").disabled
    assert "40 % offended again." not in text(page), "it was of another list than the one shown now"
    named(page, "Rank by").value = "harm"
    named(page, "Test the list").click()
    assert "40 % offended again." in text(page)
    assert len([one for one in source.asked if one[0] == "back test"]) == 1


def test_a_test_stopped_in_the_middle_shows_nothing_and_can_be_begun_again(made, source):
    page, state = made
    source.gate = threading.Event()
    named(page, "Test the list").click()
    named(page, "Stop").click()
    source.gate.set()
    assert state.work.wait(10)
    assert "Cancelled. What was not finished has left nothing behind." in text(page)
    assert state.worth is None
    assert not any("What a list" in title for title in titles(page))
    named(page, "Test the list").click()
    assert state.work.wait(10)
    assert "Cancelled" not in text(page)
    assert "40 % offended again." in text(page)
