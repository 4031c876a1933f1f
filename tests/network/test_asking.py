"""Questions to a network by hand: what brute force on random ones does not show, and every refusal."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from stillgraph.errors import NotFound, WrongUse
from stillgraph.network import (
    around,
    arrests_within,
    build,
    connect,
    part_of,
    paths,
    paths_in_time_order,
    timeline,
    travel,
    two_mode,
    within,
)
from stillgraph.network.evidence import least_sure, link_evidence, unsureness
from stillgraph.records import (
    Arrest,
    Basis,
    EdgeKind,
    FaceEvidence,
    FaceId,
    LinkStatus,
    NetworkFilter,
    NodeKind,
    NominalId,
    Offence,
    OffenceId,
    OfficerId,
    Opinion,
    Outcome,
    Participation,
    PersonId,
    PersonJoin,
    RetailerId,
    Store,
    StoreId,
    Strength,
    Verdict,
)

STORES = {
    StoreId(f"S{n}"): Store(
        StoreId(f"S{n}"), RetailerId(f"R{n % 2}"), f"Shop {n % 2}", f"Store {n}", f"B{n}", 51.5, n / 10
    )
    for n in range(4)
}


def offence(name, day=1, hour=0, store=0):
    at = datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)
    where = STORES[StoreId(f"S{store}")]
    return Offence(OffenceId(name), where.retailer_id, where.store_id, at, "46", "Shoplifting", 100, "", "", "alarm")


def graph(links, offences, **options):
    given = [
        Participation(PersonId(p), NominalId(p), OffenceId(o), status, (FaceId(f"{o}#{p}"),))
        for p, o, status in ((*link, LinkStatus.CORROBORATED)[:3] for link in links)
    ]
    return build(given, {one.offence_id: one for one in offences}, STORES, **options)


def ids(path):
    return [node.id for node in path.nodes]


def face(name, *strengths, ratio=None, score=None, basis=Basis.REVIEW):
    said = tuple(
        Opinion(OfficerId(f"officer-{n}"), Verdict.SUPPORTS, strength, agrees=True)
        for n, strength in enumerate(strengths)
    )
    return FaceEvidence(FaceId(name), basis, Outcome.CORROBORATED, "human review", said, (), (), ratio, score)


# --- evidence -------------------------------------------------------------------------------------------------------


def test_a_link_comes_back_with_what_it_rests_on():
    dissent = Opinion(OfficerId("third"), Verdict.NO_CANDIDATE, None, agrees=False)
    known = face("O#A", Strength.STRONG, Strength.LIMITED, ratio=20.0, score=0.5)
    known = FaceEvidence(
        **{name: getattr(known, name) for name in known.__slots__} | {"judgements": (*known.judgements, dissent)}
    )
    made = graph([("A", "O")], [offence("O")], evidence={FaceId("O#A"): known})
    edge = made.edges["person:A", "offence:O"]
    assert edge["officers"] == "officer-0 officer-1"
    told = link_evidence(made, "offence:O", "person:A")
    assert told == link_evidence(made, "person:A", "offence:O")
    assert told.faces == (known,)
    assert (told.kind, told.person_id, told.to, told.review) == (EdgeKind.LINK, "A", "O", "human review")
    assert (told.strength, told.likelihood_ratio, told.score) == (Strength.LIMITED, 20.0, 0.5)


def test_rulings_and_their_officers_come_back():
    known = FaceEvidence(
        FaceId("O#A"), Basis.RULING, None, "simulated review", (), (3, 4), (OfficerId("x"), OfficerId("y"))
    )
    made = graph([("A", "O")], [offence("O")], evidence={FaceId("O#A"): known})
    assert made.edges["person:A", "offence:O"]["officers"] == "x y"
    assert link_evidence(made, "person:A", "offence:O").faces == (known,)


def test_a_link_has_the_strength_of_its_surest_face_and_the_highest_figures():
    links = [Participation(PersonId("A"), None, OffenceId("O"), LinkStatus.CORROBORATED, (FaceId("1"), FaceId("2")))]
    evidence = {
        FaceId("1"): face("1", Strength.STRONG, Strength.LIMITED, ratio=5.0, score=0.1),
        FaceId("2"): face("2", Strength.MODERATE, Strength.MODERATE, ratio=3.0, score=0.3),
    }
    made = build(links, {OffenceId("O"): offence("O")}, STORES, evidence=evidence)
    told = link_evidence(made, "person:A", "offence:O")
    assert (told.strength, told.likelihood_ratio, told.score) == (Strength.MODERATE, 5.0, 0.3)


def test_the_least_sure_link_is_by_status_then_strength_then_ratio_then_score():
    offences = [offence(str(n), n + 1) for n in range(8)]
    links = [("A", str(n)) for n in range(6)] + [
        ("A", "6", LinkStatus.PROPOSED),
        ("A", "7", LinkStatus.UNKNOWN),
        ("B", "7"),
    ]
    evidence = {
        FaceId("0#A"): face("0#A", Strength.STRONG, ratio=1.0),
        FaceId("1#A"): face("1#A", Strength.MODERATE, ratio=90.0),
        FaceId("2#A"): face("2#A", Strength.MODERATE, ratio=9.0),
        FaceId("3#A"): face("3#A", Strength.MODERATE, score=0.6),
        FaceId("4#A"): face("4#A", Strength.MODERATE, score=0.4),
        FaceId("5#A"): face("5#A"),
        FaceId("6#A"): face("6#A", Strength.STRONG, ratio=1e6),
        FaceId("7#A"): face("7#A", Strength.STRONG, ratio=1e9),
    }
    join = PersonJoin(PersonId("B"), PersonId("A"), (), 1e12, 0.9, "alike")
    made = graph(links, offences, evidence=evidence, joins=[join])
    told = [link_evidence(made, "person:A", f"offence:{n}") for n in range(8)] + [
        link_evidence(made, "person:A", "person:B")
    ]
    shuffled = [told[at] for at in (5, 0, 8, 3, 6, 1, 7, 2, 4)]
    assert sorted(shuffled, key=unsureness) == told
    assert least_sure(told).kind is EdgeKind.PROPOSED_JOIN
    assert least_sure([]) is None


def test_joins_are_marked_and_of_several_about_one_pair_there_is_one_edge():
    joins = [
        PersonJoin(PersonId("A"), PersonId("B"), (FaceId("x"),), 2.0, 0.4, "first"),
        PersonJoin(PersonId("A"), PersonId("B"), (FaceId("y"),), None, 0.7, "second"),
        PersonJoin(PersonId("A"), PersonId("nobody"), (), None, 0.9, "not here"),
        PersonJoin(PersonId("A"), PersonId("A"), (), None, 0.9, "themselves"),
    ]
    made = graph([("A", "O"), ("B", "O")], [offence("O")], joins=joins, review="human review")
    edge = made.edges["person:A", "person:B"]
    assert (edge["kind"], edge["status"], edge["part"], edge["whole"]) == ("proposed join", "unknown", "A", "B")
    assert (edge["faces"], edge["likelihood_ratio"], edge["score"], edge["reason"]) == ("x y", 2.0, 0.7, "second")
    assert edge["review"] == ""
    assert made.number_of_edges() == 3
    assert two_mode(made).number_of_edges() == 2


def test_one_simulated_part_makes_a_link_simulated():
    links = [Participation(PersonId("A"), None, OffenceId("O"), LinkStatus.CORROBORATED, (FaceId("1"), FaceId("2")))]
    evidence = {
        FaceId("1"): FaceEvidence(FaceId("1"), Basis.REVIEW, Outcome.CORROBORATED, "human review"),
        FaceId("2"): FaceEvidence(FaceId("2"), Basis.REVIEW, Outcome.CORROBORATED, "simulated review"),
    }
    made = build(links, {OffenceId("O"): offence("O")}, STORES, evidence=evidence, review="human review")
    assert made.edges["person:A", "offence:O"]["review"] == "simulated review"


# --- optional kinds and filters ------------------------------------------------------------------------------------------


def test_stores_retailers_boroughs_and_arrests_are_nodes_where_asked_and_join_nobody():
    arrests = [
        Arrest(NominalId(p), date(2025, 1, n), "46", "Shoplifting", "charged")
        for p, n in (("A", 2), ("A", 1), ("Z", 3))
    ]
    both = [("A", "O"), ("B", "P")]
    offences = [offence("O", store=0), offence("P", store=2)]
    made = graph(both, offences, arrests=arrests, kinds=tuple(NodeKind))
    assert [made.nodes[n]["label"] for n in made if made.nodes[n]["kind"] == "arrest"] == [
        "arrest 2025-01-01",
        "arrest 2025-01-02",
    ]
    assert set(made["offence:O"]) == {"person:A", "store:S0"}
    assert set(made["store:S0"]) == {"offence:O", "retailer:R0", "borough:B0"}
    assert made.nodes["person:A"]["arrests"] == 2
    assert made.nodes["person:B"]["arrests"] == 0
    assert paths(made, PersonId("A"), PersonId("B")).paths == ()
    without = graph(both, offences, kinds=(NodeKind.RETAILER, NodeKind.BOROUGH))
    assert set(without["offence:O"]) == {"person:A", "retailer:R0", "borough:B0"}
    assert "store:S1" not in made
    assert "arrests" not in without.nodes["person:A"]


def test_a_neighbourhood_keeps_the_places_and_arrests_of_its_own():
    arrests = [Arrest(NominalId(p), date(2025, 1, 1), "46", "Shoplifting", "charged") for p in ("A", "C")]
    offences = [offence("O", store=0), offence("P", store=1), offence("Q", store=2)]
    made = graph(
        [("A", "O"), ("B", "O"), ("B", "P"), ("C", "P"), ("C", "Q")], offences, arrests=arrests, kinds=tuple(NodeKind)
    )
    kept = part_of(made, around(made, [PersonId("A")]))
    assert set(kept) == {"person:A", "person:B", "offence:O", "store:S0", "retailer:R0", "borough:B0", "arrest:A:1"}
    assert kept.edges["person:A", "offence:O"] == made.edges["person:A", "offence:O"]
    assert list(kept) == [node for node in made if node in kept]


def test_a_filter_leaves_links_by_day_retailer_borough_and_status():
    offences = {
        one.offence_id: one for one in (offence("O", 1), offence("P", 2, 23, store=1), offence("Q", 3, store=2))
    }
    links = [
        Participation(PersonId("A"), None, o, status, ())
        for o, status in zip(offences, (LinkStatus.CORROBORATED, LinkStatus.PROPOSED, LinkStatus.UNKNOWN), strict=True)
    ]

    def left(**wanted):
        return "".join(link.offence_id for link in within(links, offences, STORES, NetworkFilter(**wanted)))

    assert left() == "OPQ"
    assert left(since=date(2026, 1, 2)) == "PQ"
    assert left(until=date(2026, 1, 2)) == "OP"
    assert left(since=date(2026, 1, 2), until=date(2026, 1, 2)) == "P"
    assert left(retailers=("R0",)) == "OQ"
    assert left(boroughs=("B1", "B2")) == "PQ"
    assert left(statuses=(LinkStatus.PROPOSED, LinkStatus.UNKNOWN)) == "PQ"
    with pytest.raises(NotFound, match=r"No store of the case has retailer R9\. There are: R0, R1"):
        left(retailers=("R9",))
    with pytest.raises(NotFound, match=r"No store of the case has borough Nowhere\. There are: B0, B1, B2, B3"):
        left(boroughs=("Nowhere",))
    with pytest.raises(WrongUse, match="A period begins before it ends; 2026-01-02 is after 2026-01-01"):
        left(since=date(2026, 1, 2), until=date(2026, 1, 1))


# --- paths -----------------------------------------------------------------------------------------------------------


CHAIN = graph(
    [("A", "early"), ("B", "early"), ("B", "late"), ("C", "late"), ("A", "last"), ("D", "last"), ("D", "late")],
    [offence("early", 1), offence("late", 5), offence("last", 9)],
)


def test_in_time_order_a_way_there_need_not_be_one_back():
    (there,) = paths_in_time_order(CHAIN, PersonId("A"), PersonId("C")).paths
    assert ids(there) == ["A", "early", "B", "late", "C"]
    assert (there.begins_at, there.ends_at) == (offence("early", 1).occurred_at, offence("late", 5).occurred_at)
    (back,) = paths_in_time_order(CHAIN, PersonId("C"), PersonId("A")).paths
    assert ids(back) == ["C", "late", "D", "last", "A"]
    assert paths_in_time_order(CHAIN, PersonId("D"), PersonId("B")).paths[0].links
    unordered = paths(CHAIN, PersonId("C"), PersonId("A"), most=5)
    assert [ids(path) for path in unordered.paths] == [
        ["C", "late", "B", "early", "A"],
        ["C", "late", "D", "last", "A"],
    ]
    assert not unordered.more
    assert paths(CHAIN, PersonId("C"), PersonId("A")).more


def test_fewest_links_and_earliest_arrival_are_both_given():
    made = graph(
        [("A", "direct"), ("Z", "direct"), ("A", "1"), ("B", "1"), ("B", "2"), ("Z", "2")],
        [offence("direct", 9), offence("1", 1), offence("2", 2)],
    )
    fewest, earliest = paths_in_time_order(made, PersonId("A"), PersonId("Z")).paths
    assert (ids(fewest), ids(earliest)) == (["A", "direct", "Z"], ["A", "1", "B", "2", "Z"])
    assert fewest.ends_at > earliest.ends_at


def test_offences_at_one_moment_may_follow_each_other_and_a_join_takes_no_time():
    join = PersonJoin(PersonId("C"), PersonId("D"), (), None, 0.5, "alike")
    made = graph(
        [("A", "1"), ("B", "1"), ("B", "2"), ("C", "2"), ("D", "3")], [offence(n, 1) for n in "123"], joins=[join]
    )
    (path,) = paths_in_time_order(made, PersonId("A"), PersonId("D")).paths
    assert ids(path) == ["A", "1", "B", "2", "C", "D"]
    assert path.least_sure.kind is EdgeKind.PROPOSED_JOIN


def test_a_join_is_one_link_in_time_order_too():
    join = PersonJoin(PersonId("A"), PersonId("B"), (), None, 0.5, "alike")
    made = graph(
        [("B", "z"), ("Z", "z"), ("A", "0"), ("C", "0"), ("C", "a"), ("Z", "a")],
        [offence("z", 5), offence("0", 4), offence("a", 5)],
        joins=[join],
    )
    assert [ids(path) for path in paths_in_time_order(made, PersonId("A"), PersonId("Z")).paths] == [
        ["A", "B", "z", "Z"]
    ]


def test_of_ways_of_one_length_the_surest_comes_first():
    made = graph(
        [
            ("A", "1", LinkStatus.UNKNOWN),
            ("B", "1"),
            ("A", "2", LinkStatus.PROPOSED),
            ("B", "2"),
            ("A", "3"),
            ("B", "3"),
        ],
        [offence(n) for n in "123"],
    )
    answer = paths(made, PersonId("A"), PersonId("B"), most=3)
    assert [path.nodes[1].id for path in answer.paths] == ["3", "2", "1"]
    assert paths(made, PersonId("A"), PersonId("B")).paths[0].least_sure.status is LinkStatus.CORROBORATED


def test_what_cannot_be_asked_of_paths_is_said():
    with pytest.raises(NotFound, match="Person Q has no link in this network"):
        paths(CHAIN, PersonId("Q"), PersonId("A"))
    with pytest.raises(WrongUse, match="A path joins two persons; A was given twice"):
        paths_in_time_order(CHAIN, PersonId("A"), PersonId("A"))
    with pytest.raises(WrongUse, match="At least one path is asked for, not 0"):
        paths(CHAIN, PersonId("A"), PersonId("B"), most=0)


def test_an_offence_of_very_many_persons_is_walked_and_not_multiplied():
    crowd = [(f"P{n}", "crowd") for n in range(20_000)]
    made = graph([*crowd, ("P0", "before"), ("Z", "before"), ("P1", "after"), ("Y", "after")],
                 [offence("before", 1), offence("crowd", 2), offence("after", 3)])  # fmt: skip
    began = time.perf_counter()
    assert ids(paths(made, PersonId("Z"), PersonId("Y"), most=3).paths[0]) == [
        "Z",
        "before",
        "P0",
        "crowd",
        "P1",
        "after",
        "Y",
    ]
    assert ids(paths_in_time_order(made, PersonId("Z"), PersonId("Y")).paths[0])[3] == "crowd"
    assert len(connect(made, [PersonId("Z"), PersonId("Y"), PersonId("P7")]).parts[0].links) == 7
    near = around(made, [PersonId("Z")], depth=3, most=100)
    assert (len(near.neighbours), near.left_out) == (100, 20_000 - 1 - 98)
    told = timeline(made, [PersonId("P0")])
    assert [(row.others, len(row.together_with)) for row in told.rows] == [(1, 1), (19_999, 20)]
    assert travel(made).journeys == 0
    assert time.perf_counter() - began < 20


# --- connecting, around --------------------------------------------------------------------------------------------------


def test_persons_joined_and_persons_apart():
    made = graph([("A", "1"), ("B", "1"), ("C", "1"), ("D", "2"), ("E", "2"), ("F", "3")], [offence(n) for n in "123"])
    answer = connect(made, [PersonId(p) for p in "FEDCBA"])
    assert [part.persons for part in answer.parts] == [("A", "B", "C"), ("D", "E")]
    assert [len(part.links) for part in answer.parts] == [3, 2]
    assert [part.least_possible for part in answer.parts] == [3, 2]
    assert answer.apart == ("F",)
    assert answer.bound == pytest.approx(4 / 3)
    with pytest.raises(WrongUse, match="joins two persons or more"):
        connect(made, [PersonId("A"), PersonId("A")])
    with pytest.raises(NotFound, match="Person Q has no link"):
        connect(made, [PersonId("A"), PersonId("Q")])


def test_of_connecting_networks_of_one_size_the_surer_is_taken():
    made = graph([("A", "1", LinkStatus.UNKNOWN), ("B", "1"), ("A", "2"), ("B", "2")], [offence("1"), offence("2")])
    (part,) = connect(made, [PersonId("A"), PersonId("B")]).parts
    assert {link.to for link in part.links} == {"2"}


def test_steps_are_counted_from_person_to_person_and_what_is_left_out_is_said():
    made = graph(
        [("A", "1"), ("B", "1"), ("C", "1"), ("C", "2"), ("C", "3"), ("A", "2"), ("D", "3")],
        [offence(n) for n in "123"],
    )
    one = around(made, [PersonId("A")])
    assert {n.person.id: n.steps for n in one.neighbours} == {"A": 0, "B": 1, "C": 1}
    assert {o.id for o in one.offences} == {"1", "2"}
    two = around(made, [PersonId("A")], depth=2)
    assert {n.person.id: n.steps for n in two.neighbours} == {"A": 0, "B": 1, "C": 1, "D": 2}
    cut = around(made, [PersonId("A")], depth=2, most=2)
    assert ([n.person.id for n in cut.neighbours], cut.left_out) == (["A", "C"], 1)
    assert around(made, [PersonId("A")], depth=9).neighbours == two.neighbours
    for wrong, sentence in (
        ({"persons": []}, "A neighbourhood is of somebody"),
        ({"depth": 0}, "goes at least one step, not 0"),
        ({"most": 0}, "At least the 1 persons asked about are shown; --most is 0"),
    ):
        with pytest.raises(WrongUse, match=sentence):
            around(made, **{"persons": [PersonId("A")], **wrong})


def test_of_as_near_ones_those_with_most_offences_in_common_are_kept():
    linked = {"1": "ABC", "x": "BCD", "y": "BE", "z": "BE"}
    made = graph([(p, o) for o, persons in linked.items() for p in persons], [offence(o) for o in linked])
    cut = around(made, [PersonId("A")], depth=2, most=4)
    assert ([n.person.id for n in cut.neighbours], cut.left_out) == (["A", "B", "C", "E"], 1)


# --- timeline, travel ----------------------------------------------------------------------------------------------------


def test_a_timeline_of_a_group_by_hand():
    made = graph(
        [("A", "1"), ("B", "1"), ("C", "1"), ("B", "2"), ("A", "3", LinkStatus.PROPOSED)],
        [offence("1", 2), offence("2", 4, 12), offence("3", 30)],
    )
    arrests = [
        Arrest(NominalId(p), date(2026, 1, day), "46", f"for {p}", "charged")
        for p, day in (("B", 4), ("A", 9), ("C", 10))
    ]
    told = timeline(made, [PersonId("B"), PersonId("A")], arrests)
    assert [(row.kind.value, row.on.day, row.persons) for row in told.rows] == [
        ("offence", 2, ("A", "B")), ("arrest", 4, ("B",)), ("offence", 4, ("B",)), ("arrest", 9, ("A",)), ("offence", 30, ("A",)),
    ]  # fmt: skip
    assert [row.days_since for row in told.rows] == [None, None, 2.5, None, 25.5]
    assert told.rows[0].together_with == ("C",)
    assert (told.offences, told.arrests) == (3, 2)
    assert [(gap.days, gap.arrests) for gap in told.gaps] == [(25.5, 2), (2.5, 1)]
    assert told.least_sure.status is LinkStatus.PROPOSED
    assert arrests_within(arrests, NetworkFilter(since=date(2026, 1, 9), until=date(2026, 1, 9))) == [arrests[1]]
    with pytest.raises(WrongUse, match="A timeline is of somebody"):
        timeline(made, [])


def test_journeys_lead_from_store_to_store_and_one_too_fast_is_marked():
    made = graph(
        [("A", "1"), ("A", "2"), ("A", "3"), ("A", "4", LinkStatus.UNKNOWN), ("B", "1"), ("B", "5")],
        [offence("1", 1, store=0), offence("2", 1, 1, store=0), offence("3", 1, 2, store=1), offence("4", 1, 2, store=3),
         offence("5", 9, store=0)],
    )  # fmt: skip
    told = travel(made)
    assert (told.persons, told.in_several_boroughs, told.at_several_retailers, told.journeys, told.too_fast) == (
        2,
        1,
        1,
        2,
        1,
    )
    (a,) = told.travellers
    assert [(j.from_offence, j.to_offence, j.days, j.too_fast, j.status.value) for j in a.journeys] == [
        ("2", "3", pytest.approx(1 / 24), False, "corroborated"), ("3", "4", 0.0, True, "unknown"),
    ]  # fmt: skip
    # 0.2 degrees of longitude at 51.5 degrees north: 6371.0088 km x cos 51.5 x 0.2 x pi / 180.
    assert a.journeys[1].km == pytest.approx(13.844, abs=0.001)
    assert (a.boroughs, a.retailers, a.stores) == ((("B0", 2), ("B1", 1), ("B3", 1)), (("Shop 0", 2), ("Shop 1", 2)), 3)
    assert [(f.from_borough, f.to_borough, f.journeys, f.persons) for f in told.flows] == [
        ("B0", "B1", 1, 1),
        ("B1", "B3", 1, 1),
    ]
    assert travel(made, [PersonId("B")]).travellers == ()
    assert travel(made, most=1).travellers == (a,)
    with pytest.raises(WrongUse, match="At least one traveller is asked for, not 0"):
        travel(made, most=0)
    with pytest.raises(NotFound, match="Person Q has no link"):
        travel(made, [PersonId("Q")])


def test_an_empty_network_answers():
    nothing = build([], {}, {})
    told = travel(nothing)
    assert (told.persons, told.journeys, told.flows, told.travellers) == (0, 0, (), ())
