"""The network page: what is narrowed, asked, chosen and shown, over made-up records."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest

from stillgraph.casework import network_views
from stillgraph.casework.network_measures import CentralAnswer, GroupsAnswer, TogetherAnswer, WithoutAnswer
from stillgraph.casework.network_views import NetworkView
from stillgraph.dashboards import analysis_pages, markup, network_canvas, network_state
from stillgraph.dashboards.network_canvas import NetworkCanvas
from stillgraph.dashboards.network_files import NetworkFile
from stillgraph.dashboards.network_state import NetworkState
from stillgraph.errors import NotFound
from stillgraph.network import columns
from stillgraph.records import (
    Amount,
    AroundAnswer,
    Basis,
    CentralPerson,
    Coded,
    Communities,
    ConnectAnswer,
    Connected,
    ConnectedPart,
    EdgeKind,
    FaceEvidence,
    Group,
    LinkEvidence,
    LinkStatus,
    LinkTable,
    Neighbour,
    NetworkNode,
    NetworkPath,
    NodeKind,
    OffenceTable,
    PathAnswer,
    Strength,
    Timeline,
    TimelineRow,
    Together,
    Touched,
    TravelAnswer,
    Traveller,
    WhatIf,
)

LINKS = [(0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 2, 1), (2, 2, 2), (3, 3, 2)]
"""Person, offence and status numbers: A and B share offence 1, B and C offence 2, D is alone."""
TRAP = '<script>alert("x")</script>'


def view() -> NetworkView:
    person, offence, status = np.array(LINKS).T
    n = np.arange(4)
    offences = OffenceTable(
        ids=("R1/1", "R1/2", "R2/3", "R2/4"),
        occurred_at=np.array(["2026-01-05", "2026-02-05", "2026-03-05", "2026-04-05"], dtype="datetime64[s]"),
        harm_days=np.array([1.0, 10.0, 100.0, 1000.0]), value_pence=np.array([100, 200, 300, 400]),
        proactive=np.zeros(4, dtype=bool), code=Coded(("46",), n * 0), offence=Coded((TRAP,), n * 0),
        retailer=Coded(("R1", "R2"), n // 2), store=Coded(("S1", "S2"), n // 2),
        borough=Coded(("Brent", "Ealing"), n % 2), latitude=n * 0.0, longitude=n * 0.0,
    )  # fmt: skip
    table = LinkTable(
        ("A", "B", "C", "D"), (None,) * 4, offences, person.astype(np.int32), offence.astype(np.int32),
        status.astype(np.int8), np.full(len(person), -1, dtype=np.int32), (),
    )  # fmt: skip
    places = columns.places(table).astype(np.float32)
    return NetworkView(table, places, columns.surest(table), {"R1": "Shop One", "R2": "Shop Two"}, True,
                       {"S1": "East", "S2": "West"})  # fmt: skip


class MadeUpNetwork:
    """Answers the page's questions and keeps what was asked."""

    def __init__(self):
        self.asked = []
        self.drawn = view()

    def view(self):
        return self.drawn

    def path(self, source, target, wanted, *, in_time_order):
        self.asked.append(("path", source, target, wanted, in_time_order))
        if target == "nobody":
            raise NotFound("There is no person nobody in this network.")
        if target == "D":
            return PathAnswer(source, target, in_time_order, (), more=False, review="simulated review")
        return PathAnswer(
            source, target, in_time_order, (way("R1/2"), way("R1/1")), more=True, review="simulated review"
        )

    def connect(self, persons, wanted):
        self.asked.append(("connect", list(persons), wanted))
        nodes, links = way("R1/2").nodes, way("R1/2").links
        part = ConnectedPart(("A", "B"), nodes, links, 2, links[1])
        return ConnectAnswer(tuple(persons), (part,), ("D",), 2.0, "simulated review")

    def timeline(self, persons, wanted):
        self.asked.append(("timeline", list(persons), wanted))
        at = datetime(2026, 2, 5, 12, tzinfo=UTC)
        row = TimelineRow(
            NodeKind.OFFENCE, at.date(), at, tuple(persons), 0, (), "R1/2", "Shoplifting", None, None, None, 200, "Shop One",
            "East", "Brent", None, way("R1/2").links,
        )  # fmt: skip
        return Timeline(tuple(persons), (row,), 1, 0, at, at, (), None, "simulated review")

    def groups(self, wanted):
        self.asked.append(("groups", wanted))
        found = (Group(1, ("A", "B"), 1, 1, 0.95), Group(2, ("C", "gone"), 1, 1, None)) if not wanted.boroughs else ()
        made = Communities(found, 0.4, "networkx", 1.0, 0, 10, 0.9, 0.8, 1)
        return GroupsAnswer(None, made, "No proof of a gang.")

    def without(self, persons, wanted):
        self.asked.append(("without", list(persons), wanted))
        one = Amount(0.5, 0.4, 0.6)
        touched, connected = Touched(*[one] * 6), Connected(*[one] * 5)
        found = WhatIf(tuple(persons), touched, touched, touched, connected, connected, 0, 100, "a note")
        return WithoutAnswer(None, False, found)

    def around(self, persons, depth, wanted):
        self.asked.append(("around", list(persons), depth, wanted))
        found = way("R1/2")
        node, offence, other = found.nodes
        if persons == ["D"]:
            return AroundAnswer(("D",), depth, (Neighbour(NetworkNode(NodeKind.PERSON, "D"), 0),), (), (), 0, None, "")
        near = (Neighbour(node, 0), Neighbour(other, 1))
        return AroundAnswer(tuple(persons), depth, near, (offence,), found.links, 3, found.links[0], "simulated review")

    def travel(self, persons, wanted):
        self.asked.append(("travel", list(persons), wanted))
        node = NetworkNode(NodeKind.PERSON, persons[0])
        one = Traveller(node, 2, 2, (("Brent", 1), (TRAP, 1)), (("Shop One", 2),), 12.4, (), (), None)
        return TravelAnswer(len(persons), 1, 0, 1, 1, (one,), (), "simulated review")

    def central(self, wanted):
        self.asked.append(("central", wanted))
        places = [("A", 1, 0.0, 0.0, 0.0), ("B", 2, 0.5, 0.4, 0.6), ("C", 1, 0.25, 0.25, 0.25)]
        persons = tuple(
            CentralPerson(person, None, 1, together, 1, 0.1, 0.1, None, 0.3, value, low, high)
            for person, together, value, low, high in places
        )
        return CentralAnswer(None, "betweenness", persons, 1, 500, 0.1, "Not acting together.")

    def together(self, persons, wanted):
        self.asked.append(("together", list(persons), wanted))
        at = datetime(2026, 2, 5, 12, tzinfo=UTC)
        return TogetherAnswer(None, (Together("A", "B", 3, at, at, LinkStatus.CORROBORATED),), "")

    def file(self, kind, wanted):
        self.asked.append(("file", kind, wanted))
        if kind == "gexf":
            raise NotFound("No store of the case has retailer R1.")
        return kind.encode()

    def faces(self, persons, offences):
        self.asked.append(("faces", list(persons), list(offences)))
        rows = [("A", f"R1/{n}.jpg#1", f"R1/{n}.jpg", "R1/1", datetime(2026, 1, 5, 10, tzinfo=UTC), "corroborated")
                for n in range(30 if persons else 0)]  # fmt: skip
        return pd.DataFrame(rows, columns=["person_id", "face_id", "still_id", "offence_id", "captured_at", "status"])

    def face_chips(self, faces):
        return dict.fromkeys(faces, b"png")


def way(offence: str) -> NetworkPath:
    at = datetime(2026, 2, 5, 12, tzinfo=UTC)
    evidence = FaceEvidence("R1/1.jpg#1", Basis.REVIEW, likelihood_ratio=12.5, score=0.61)
    links = tuple(
        LinkEvidence(EdgeKind.LINK, person, offence, LinkStatus.CORROBORATED, "simulated review", Strength.MODERATE, 12.5,
                     0.61, (evidence,))
        for person in "AB"
    )  # fmt: skip
    middle = NetworkNode(
        NodeKind.OFFENCE, offence, occurred_at=at, offence="Shoplifting", store="East", borough="Brent"
    )
    nodes = (NetworkNode(NodeKind.PERSON, "A"), middle, NetworkNode(NodeKind.PERSON, "B"))
    return NetworkPath(nodes, links, at, at, links[0])


@pytest.fixture
def source():
    return MadeUpNetwork()


@pytest.fixture
def state(source):
    return NetworkState(source)


@pytest.fixture
def page(source, sent):
    return analysis_pages.network_of(source)


@pytest.fixture
def sent(monkeypatch):
    """Collect what canvases send to the browser."""
    messages = []
    monkeypatch.setattr(NetworkCanvas, "send", lambda _self, content, buffers=None: messages.append((content, buffers)))
    return messages


def everything(widget):
    return [widget, *(below for child in getattr(widget, "children", ()) for below in everything(child))]


def text(widget):
    return "".join(one.value for one in everything(widget) if isinstance(one, widgets.HTML))


def named(page, label):
    return next(w for w in everything(page) if getattr(w, "description", None) == label)


def test_what_is_narrowed_follows_every_choice(state):
    assert state.counts() == (4, 4, 6)
    assert state.days == (date(2026, 1, 5), date(2026, 4, 5))
    state.retailers = ("R1",)
    assert state.counts() == (2, 2, 3)
    state.boroughs = ("Ealing",)
    assert state.counts() == (2, 1, 2)
    state.clear()
    state.statuses = ("proposed", "unknown")
    assert state.counts() == (3, 2, 3)
    state.clear()
    state.since, state.until = date(2026, 2, 1), date(2026, 3, 31)
    assert state.counts() == (3, 2, 4)
    assert (state.wanted.since, state.wanted.until) == (state.since, state.until)


def test_a_period_the_wrong_way_round_is_told_and_changes_nothing(state):
    state.until = date(2026, 1, 1)
    before = state.mask
    state.since = date(2026, 3, 1)
    assert state.problem.startswith("A period begins before it ends")
    assert state.mask is before


def test_a_way_is_asked_over_what_is_kept_and_marked(state, source):
    state.retailers = ("R1",)
    state.find("A", "B", in_time_order=True)
    (asked,) = source.asked
    assert asked[:3] == ("path", "A", "B")
    assert asked[3].retailers == ("R1",)
    assert asked[4] is True
    assert state.marked.nodes.tolist() == [0, 1, 5]
    assert state.marked.links.tolist() == [1, 2]
    state.show_way(1)
    assert state.marked.nodes.tolist() == [0, 1, 4]
    state.show_way(7)
    assert state.marked.nodes.tolist() == [0, 1, 4]


def test_a_failed_question_is_told_in_its_sentence_and_forgotten_by_the_next(state):
    state.find("A", "nobody", in_time_order=False)
    assert state.problem == "There is no person nobody in this network."
    state.find("A", "B", in_time_order=False)
    assert state.problem == ""


def test_choosing_keeps_nodes_only_and_faces_are_those_of_the_last_choice(state, source):
    state.choose([0, 5, 99, -3])
    assert state.chosen == {0, 5}
    state.show_faces()
    assert source.asked[-1] == ("faces", ["A"], ["R1/2"])
    assert len(state.chips) == network_state.MOST_CHIPS
    state.add("B")
    assert state.chosen == {0, 1, 5}
    assert state.faces is None, "faces of another choice are not shown"
    state.add("nobody")
    assert state.chosen == {0, 1, 5}


def test_tables_are_of_the_chosen_or_of_all_and_of_what_is_kept(state):
    assert state.persons_table()["person_id"].tolist() == ["D", "B", "C", "A"], "most harm first"
    assert state.persons_table().loc[1, ["offences", "co_offenders", "harm_days", "retailers"]].tolist() == [
        2,
        2,
        110,
        2,
    ]
    state.choose([0, 3])
    assert state.persons_table()["person_id"].tolist() == ["D", "A"]
    assert state.offences_table()["offence_id"].tolist() == ["R1/1", "R1/2", "R2/4"]
    state.retailers = ("R1",)
    assert state.persons_table()["person_id"].tolist() == ["A"], "D has no link that is kept"
    assert state.offences_table()["retailer"].tolist() == ["Shop One", "Shop One"]


def test_the_page_narrows_by_its_widgets_and_says_so(page, sent):
    assert "5 Jan 2026 to 5 Apr 2026: 4 persons, 4 offences, 6 of 6 links." in text(page)
    named(page, "Retailers").value = ("R2",)
    assert "Shop Two: 3 persons, 2 offences, 3 of 6 links." in text(page)
    assert sent[-1][0]["kind"] == "kept"
    assert np.frombuffer(sent[-1][1][0], dtype=np.uint8).tolist() == [0, 0, 0, 1, 1, 1]
    named(page, "unknown links").value = False
    assert "Shop Two · corroborated, proposed: 1 person, 1 offence, 1 of 6 links." in text(page)
    first, last = named(page, "First month"), named(page, "Last month")
    last.index = 0
    first.index = 1
    assert last.index == 1, "a first month after the last brings the last along"
    assert "1 Feb 2026 to 28 Feb 2026 · Shop Two" in text(page)
    named(page, "Show everything").click()
    assert "5 Jan 2026 to 5 Apr 2026: 4 persons, 4 offences, 6 of 6 links." in text(page)
    assert named(page, "Retailers").value == ()
    assert named(page, "unknown links").value is True
    assert (first.index, last.index) == (0, 3)


def test_the_page_shows_a_way_with_what_it_rests_on(page):
    named(page, "From").value, named(page, "To").value = "A", "B"
    named(page, "Find the way").click()
    shown = text(page)
    for piece in ("Way 1 of 2 between A and B: 2 links. Others are as short.", "offence R1/2",
                  "Shoplifting, 5 Feb 2026 12:00, East, Brent",
                  "1 face, review, moderate support, likelihood ratio 12.5, score 0.61", "The least sure link is A to R1/2: corroborated"):  # fmt: skip
        assert piece in shown, piece
    named(page, "Way").value = 1
    assert "Way 2 of 2 between A and B" in text(page)
    named(page, "To").value = "D"
    named(page, "Find the way").click()
    assert "No way joins A and D over the links that are kept." in text(page)
    named(page, "To").value = "nobody"
    named(page, "Find the way").click()
    assert 'role="alert">There is no person nobody' in text(page)


def test_the_page_shows_who_is_chosen_and_their_stills(page):
    look = named(page, "Show their stills")
    assert look.disabled
    assert "Nothing is chosen." in text(page)
    assert "4 persons drawn" in text(page)
    named(page, "Person").value = "A"
    named(page, "Choose").click()
    assert "1 person chosen" in text(page)
    assert named(page, "Person").value == ""
    look.click()
    shown = text(page)
    assert "30 faces in 30 stills, the first 24 shown." in shown
    assert shown.count('alt="Face in still R1/') == 24
    assert "A · R1/0.jpg · 5 Jan 2026 10:00" in shown
    named(page, "Choose nothing").click()
    assert "Nothing is chosen." in text(page)
    assert "faces in" not in text(page)


def test_the_browser_gets_arrays_when_it_is_ready_and_its_choice_is_heard(source, sent):
    chosen = []
    canvas = NetworkCanvas(source.drawn, chosen.append)
    canvas.keep(np.array([True] * 3 + [False] * 3))
    canvas.choose({5, 0})
    sent.clear()
    canvas._asked(None, {"ready": True}, [])
    (network, buffers), *again = sent
    assert network["labels"] == ["A", "B", "C", "D", "R1/1", "R1/2", "R2/3", "R2/4"]
    assert network["offences"] == 4
    assert np.frombuffer(buffers[0], dtype=np.float32).shape == (16,)
    assert np.frombuffer(buffers[3], dtype=np.uint32).tolist() == [4, 5, 5, 6, 6, 7]
    assert [content["kind"] for content, _ in again] == ["kept", "chosen"]
    assert np.frombuffer(again[1][1][0], dtype=np.uint32).tolist() == [0, 5]
    canvas._asked(None, {"chosen": [1, "x", 6]}, [])
    canvas._asked(None, {"chosen": "x"}, [])
    assert chosen == [[1, 6]]


def test_a_machines_join_is_neither_drawn_nor_marked(source, sent):
    table = source.drawn.table
    joined = LinkTable(
        table.persons, table.nominal_ids, table.offences, np.append(np.int32(0), table.person),
        np.append(np.int32(3), table.offence), np.append(np.int8(2), table.status),
        np.append(np.int32(0), table.join), (),
    )  # fmt: skip
    drawn = NetworkView(joined, source.drawn.places, source.drawn.surest, {}, True)
    canvas = network_canvas.NetworkCanvas(drawn, lambda _nodes: None)
    canvas.keep(np.ones(7, dtype=bool))
    assert len(sent[-1][1][0]) == 6
    canvas.mark(np.array([0], dtype=np.uint32), np.array([0, 1, 2], dtype=np.uint32), look=True)
    assert np.frombuffer(sent[-1][1][1], dtype=np.uint32).tolist() == [0, 1]


def test_every_value_is_escaped_and_no_repr_shows_what_a_panel_holds(page, state):
    assert TRAP not in text(page)
    assert repr(state) == "NetworkState()"
    assert "A" not in repr([w for w in everything(page) if isinstance(w, NetworkCanvas)])[1:].replace(
        "NetworkCanvas", ""
    )


def test_every_control_has_a_name_that_a_screen_reader_reads(page):
    controls = [w for w in everything(page) if isinstance(w, widgets.Button | widgets.Checkbox | widgets.SelectMultiple
                                                          | widgets.Combobox | widgets.Dropdown)]  # fmt: skip
    assert len(controls) > 10
    assert all(re.match(r"\w", control.description) for control in controls)


def test_an_empty_case_says_that_there_is_nobody(source):
    table = source.drawn.table
    nobody = np.zeros(0, dtype=np.int32)
    bare = LinkTable((), (), table.offences, nobody, nobody, nobody.astype(np.int8), nobody, ())
    source.drawn = NetworkView(bare, np.zeros((4, 2), np.float32), columns.surest(bare), {}, False)
    assert markup.notice(network_state.NO_DRAWING) in text(analysis_pages.network_of(source))


def test_the_caption_says_period_filter_count_and_review(page):
    canvas = next(w for w in everything(page) if isinstance(w, NetworkCanvas))
    assert canvas.caption == "5 Jan 2026 to 5 Apr 2026 · 4 persons, 4 offences, 6 links · simulated review"


def test_what_joins_the_chosen_is_marked_and_told(page, source, sent):
    join = named(page, "What joins them")
    assert join.disabled
    for person in "ABD":
        named(page, "Person").value = person
        named(page, "Choose").click()
    assert not join.disabled
    join.click()
    assert source.asked[-1][:2] == ("connect", ["A", "B", "D"])
    shown = text(page)
    assert "A, B: joined by 2 links, and none that joins them is smaller." in shown
    assert "Joined to none of the others: D." in shown
    assert "The least sure link is B to R1/2" in shown
    assert sent[-1][0]["kind"] == "marked"
    assert np.frombuffer(sent[-1][1][0], dtype=np.uint32).tolist() == [0, 1, 5]
    named(page, "Choose nothing").click()
    assert "joined by" not in text(page), "an answer about others is not left standing"


def test_the_time_of_the_chosen_is_drawn_until_others_are_chosen(page, source):
    named(page, "Person").value = "A"
    named(page, "Choose").click()
    named(page, "Their time").click()
    assert source.asked[-1][:2] == ("timeline", ["A"])
    drawn = [w for w in everything(page) if isinstance(w, widgets.Output)]
    assert "Timeline of A" in str(drawn[0].outputs)
    named(page, "Person").value = "B"
    named(page, "Choose").click()
    assert not [w for w in everything(page) if isinstance(w, widgets.Output)]


def test_the_network_that_is_kept_is_written_for_other_programs(page, source, monkeypatch):
    (keep,) = [w for w in everything(page) if isinstance(w, NetworkFile)]
    sent = []
    monkeypatch.setattr(NetworkFile, "send", lambda _self, content, buffers=None: sent.append((content, buffers)))
    named(page, "Retailers").value = ("R1",)
    keep._asked(None, {"want": "graphml"}, [])
    assert sent == [({"name": "network.graphml"}, [b"graphml"])]
    assert source.asked[-1][2].retailers == ("R1",)
    keep._asked(None, {"want": "gexf"}, [])
    assert sent[-1] == ({"name": "network.gexf", "problem": "No store of the case has retailer R1."}, [])
    keep._asked(None, {"want": "exe"}, [])
    assert len(sent) == 2
    assert repr(keep) == "NetworkFile()"


def test_groups_are_listed_with_how_far_they_hold_and_chosen(page, sent):
    which = named(page, "Group")
    assert which.layout.display == "none"
    named(page, "Find groups").click()
    shown = text(page)
    for piece in ("2 groups; 1 without a co-offender.", "agree with 0.90", "95%", "A, B", "No proof of a gang."):
        assert piece in shown, piece
    assert [label for label, _ in which.options] == ["choose a group", "1 · 2 persons", "2 · 2 persons"]
    which.value = 1
    assert "2 persons chosen" in text(page)
    assert [content["kind"] for content, _ in sent[-2:]] == ["chosen", "marked"]
    which.value = 2
    assert "1 person chosen" in text(page), "who is not in this drawing is not chosen"
    named(page, "Boroughs").value = ("Brent",)
    assert which.layout.display == "none", "groups of other links are no answer"
    assert "2 groups" not in text(page)
    named(page, "Find groups").click()
    assert "so there is no group" in text(page)


def test_what_is_left_without_the_chosen_is_drawn(page, source):
    away = named(page, "Without them")
    assert away.disabled
    named(page, "Person").value = "A"
    named(page, "Choose").click()
    away.click()
    assert source.asked[-1][:2] == ("without", ["A"])
    (drawn,) = [w for w in everything(page) if isinstance(w, widgets.Output)]
    assert "What is left without 1 person" in str(drawn.outputs)
    assert "100 worlds" in str(drawn.outputs)


def test_an_answer_over_other_links_is_taken_away(state):
    state.find("A", "B", in_time_order=False)
    state.retailers = ("R2",)
    assert state.answer is None
    assert not len(state.marked.nodes)


def drawn(page):
    return str([w.outputs for w in everything(page) if isinstance(w, widgets.Output)])


def test_places_are_measured_over_what_is_kept_and_order_the_table(page, source, state):
    by = named(page, "Order by")
    assert by.layout.display == "none", "there is nothing to order by before it is measured"
    assert "Betweenness" not in text(page)
    named(page, "Retailers").value = ("R1", "R2")
    named(page, "Measure their places").click()
    assert source.asked[-1][1].retailers == ("R1", "R2")
    shown = text(page)
    for piece in ("0.5000 (0.4000 to 0.6000)", "0.2500 exact", "Betweenness of 1 person is estimated from 500 drawn.",
                  "Not acting together.", "Shop One, Shop Two · simulated review"):  # fmt: skip
        assert piece in shown, piece
    assert re.findall(r"<th scope=\"row\">(\w)</th>", shown) == ["D", "B", "C", "A"], "by harm, as before"
    by.value = "betweenness"
    assert re.findall(r"<th scope=\"row\">(\w)</th>", text(page)) == ["B", "C", "A", "D"], "the unmeasured last"
    named(page, "Retailers").value = ("R1",)
    assert "Betweenness" not in text(page), "places among other links are no answer"
    assert by.value == "harm_days"


def test_measured_places_are_in_the_table_that_is_kept(state):
    assert "betweenness" not in state.persons_table()
    state.measure()
    rows = state.persons_table().set_index("person_id")
    assert rows.loc["B", ["offences_together", "betweenness_low", "pagerank"]].tolist() == [2, 0.4, 0.3]
    assert rows.loc["D", "offences"] == 1


def test_who_is_around_the_chosen_is_told_marked_and_chosen_too(page, source, sent):
    ask, more = named(page, "Who is around them"), named(page, "Choose them too")
    assert ask.disabled
    assert more.layout.display == "none"
    named(page, "Person").value = "A"
    named(page, "Choose").click()
    named(page, "Steps").value = 2
    ask.click()
    assert source.asked[-1][:3] == ("around", ["A"], 2)
    shown = text(page)
    assert "1 person within 2 steps of A, over 1 offence. 3 more as near are not shown." in shown
    assert "The least sure link is A to R1/2" in shown
    assert sent[-1][0]["kind"] == "marked"
    assert np.frombuffer(sent[-1][1][0], dtype=np.uint32).tolist() == [0, 1, 5]
    more.click()
    assert "2 persons chosen" in text(page)
    assert "within 2 steps" not in text(page), "an answer about others is not left standing"
    named(page, "Choose nothing").click()
    named(page, "Person").value = "D"
    named(page, "Choose").click()
    ask.click()
    assert "Nobody is within 2 steps of D over the links that are kept." in text(page)
    assert more.layout.display == "none"


def test_where_the_chosen_were_seen_is_told_and_drawn(page, source):
    where = named(page, "Where they were seen")
    assert where.disabled
    named(page, "Person").value = "B"
    named(page, "Choose").click()
    where.click()
    assert source.asked[-1][:2] == ("travel", ["B"])
    shown = text(page)
    assert "of 1 person 1 in several boroughs, 0 at several retailers; 1 journey." in shown
    assert "1 journey faster than anybody travels" in shown
    assert "Brent 1, &lt;script&gt;" in shown
    assert "1 · Shop One 2</td>" in shown
    assert TRAP not in shown
    assert "1 person, 2 offences at 2 stores" in drawn(page)
    assert "the first" not in drawn(page)
    named(page, "Choose nothing").click()
    assert "From store to store" not in drawn(page)


def test_a_map_of_more_than_it_tells_apart_says_of_whom_it_is(page, monkeypatch):
    monkeypatch.setattr(network_state, "MOST_JOURNEYS", 2)
    for person in "ABC":
        named(page, "Person").value = person
        named(page, "Choose").click()
    named(page, "Where they were seen").click()
    assert "the first 2 of 3 persons chosen" in drawn(page)


def test_visits_are_named_and_of_what_is_kept(state):
    rows = network_views.visits(state.view, state.mask, [1, 2])
    assert rows[["person_id", "offence_id", "retailer", "store", "borough"]].to_numpy().tolist() == [
        ["B", "R1/2", "Shop One", "East", "Ealing"], ["B", "R2/3", "Shop Two", "West", "Brent"],
        ["C", "R2/3", "Shop Two", "West", "Brent"],
    ]  # fmt: skip
    state.retailers = ("R2",)
    assert network_views.visits(state.view, state.mask, [1])["offence_id"].tolist() == ["R2/3"]


def test_who_of_the_groups_was_seen_with_whom_is_drawn_and_kept(page, source, state):
    ask = named(page, "Who with whom")
    assert ask.layout.display == "none"
    named(page, "Find groups").click()
    assert ask.layout.display is None
    ask.click()
    assert source.asked[-1][:2] == ("together", ["A", "B", "C", "gone"])
    assert "Who was seen with whom" in drawn(page)
    assert "4 persons of 4 in 2 groups of 2" in drawn(page)
    assert "5 Jan 2026 to 5 Apr 2026" in drawn(page)
    named(page, "Find groups").click()
    assert "Who was seen with whom" not in drawn(page), "pairs of other groups are no answer"
    ask.click()
    named(page, "Boroughs").value = ("Brent",)
    assert "Who was seen with whom" not in drawn(page)
    assert ask.layout.display == "none"
    state.pair_groups()
    assert state.pairs is None, "without groups nothing is asked"
    state.find_groups()
    state.pair_groups()
    assert state.pairs_table()[["one", "other", "offences"]].to_numpy().tolist() == [["A", "B", 3]]
