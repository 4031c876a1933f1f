import csv
import json
import shutil
from pathlib import Path

import pytest

from stillgraph import demo
from stillgraph.casework import bench_network, evaluating_network, network_measures
from stillgraph.cli.app import run
from stillgraph.errors import ManifestError, NotFound, WrongUse
from stillgraph.records import LinkStatus, NetworkFilter, RetailerId

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"


@pytest.fixture(scope="module")
def desk(demo_case, tmp_path_factory):
    case = tmp_path_factory.mktemp("measured") / "case"
    shutil.copytree(demo_case, case)
    return demo.seat(case, demo.ANALYST)


def test_answers_say_what_they_are_about(desk):
    sure, every = network_measures.together(desk), network_measures.together(desk, with_proposals=True)
    assert (sure.scope.with_proposals, sure.scope.review) == (False, "simulated review")
    assert {pair.status.value for pair in sure.pairs} == {"corroborated"}
    assert every.scope.persons > sure.scope.persons
    assert every.scope.pairs == len(every.pairs) > len(sure.pairs) > 0
    counts = [pair.offences for pair in sure.pairs]
    assert counts == sorted(counts, reverse=True)
    assert "does not say that they acted together" in " ".join(sure.note.split())


def test_pairs_of_somebody_are_theirs(desk):
    someone = network_measures.together(desk).pairs[0].person_id
    found = network_measures.together(desk, of=[someone]).pairs
    assert found
    assert all(someone in {pair.person_id, pair.other_id} for pair in found)
    assert len(network_measures.together(desk, of=[someone], most=1).pairs) == 1
    with pytest.raises(NotFound, match="N000000 has no link to an offence here"):
        network_measures.together(desk, of=["N000000"])


def test_a_period_narrows_what_counts(desk):
    whole = network_measures.together(desk).scope
    first = min(pair.first_together for pair in network_measures.together(desk).pairs).date()
    assert network_measures.together(desk, wanted=NetworkFilter(until=first)).scope.offences < whole.offences


def test_retailers_boroughs_and_statuses_narrow_what_counts(desk):
    whole = network_measures.together(desk, with_proposals=True).scope
    only = NetworkFilter(retailers=(RetailerId("R01"),), statuses=(LinkStatus.UNKNOWN,))
    part = network_measures.together(desk, wanted=only, with_proposals=True)
    assert 0 < part.scope.persons < whole.persons
    assert (part.scope.retailers, part.scope.statuses) == (("R01",), ("unknown",))
    with pytest.raises(NotFound, match="No offence of the period has borough Atlantis"):
        network_measures.together(desk, wanted=NetworkFilter(boroughs=("Atlantis",)))
    with pytest.raises(WrongUse, match="in a network with proposals only; ask for those too"):
        network_measures.together(desk, wanted=only)


def test_the_first_by_harm_are_those_of_the_ranking(desk):
    from stillgraph.casework import ranking

    removed = network_measures.without(desk, first=10, worlds=0).found.removed
    assert set(removed) == {one.person_id for one in ranking.ranking(desk, keep=False).standings[:10]}


@pytest.mark.parametrize("by", network_measures.CENTRAL)
def test_persons_are_ordered_by_every_measure(desk, by):
    answer = network_measures.central(desk, by=by, with_proposals=True)
    column = {"co-offenders": "co_offenders", "offences-together": "offences_together"}.get(by, by)
    values = [getattr(person, column) for person in answer.persons]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]
    assert (answer.sampled, answer.bound) == (0, None)


def test_another_measure_or_one_that_has_not_settled_is_refused(desk, monkeypatch):
    with pytest.raises(WrongUse, match="not by 'fame'; choose one of them"):
        network_measures.central(desk, by="fame")
    import sys

    monkeypatch.setattr(sys.modules["stillgraph.network.centrality"], "eigenvector", lambda _: None)
    with pytest.raises(WrongUse, match="Eigenvector centrality has not settled here"):
        network_measures.central(desk, by="eigenvector")


def test_groups_brokers_and_newcomers_of_the_demonstration(desk):
    groups = network_measures.groups(desk, with_proposals=True, runs=3).found
    assert (groups.engine, groups.runs) == ("networkx", 3)
    assert groups.agreement is not None
    assert len(groups.groups) >= 5
    between = network_measures.between_groups(desk, with_proposals=True, most=3)
    assert between.groups == len(groups.groups)
    assert len(between.brokers) <= 3
    found = network_measures.recruiters(desk, with_proposals=True)
    scores = [one.score for one in found.recruiters]
    assert scores == sorted(scores, reverse=True)
    assert any(one.newcomers for one in found.recruiters)
    more = network_measures.recruiters(desk, with_proposals=True, proactive=True)
    assert sum(one.harm_days for one in more.recruiters) > sum(one.harm_days for one in found.recruiters)


def test_what_if_has_intervals_from_drawn_worlds(desk):
    answer = network_measures.without(desk, first=3, worlds=60)
    found = answer.found
    assert (len(found.removed), found.worlds) == (3, 60)
    harm = found.theirs.harm_days
    assert harm.low is not None
    assert harm.high is not None
    assert harm.low < harm.value <= harm.high
    assert found.only_theirs.offences.value <= found.theirs.offences.value
    assert found == network_measures.without(desk, first=3, worlds=60).found
    assert found != network_measures.without(desk, first=3, worlds=60, seed=1).found
    assert network_measures.without(desk, first=3, worlds=0).found.theirs.harm_days.low is None
    # With proposals some persons are others in some worlds, and figures can lie above those of nobody being so.
    more = network_measures.without(desk, first=3, worlds=60, with_proposals=True).found
    assert more.theirs.offences.high is not None
    assert more.theirs.offences.high > more.theirs.offences.value


def test_who_is_first_is_by_a_measure(desk):
    by_count = network_measures.without(desk, first=2, by="count", worlds=0).found
    by_harm = network_measures.without(desk, first=2, worlds=0).found
    assert by_count.theirs.offences.value > by_harm.theirs.offences.value
    named = network_measures.without(desk, persons=list(by_harm.removed), worlds=0).found
    assert named == by_harm
    with pytest.raises(WrongUse, match="Who is first is by harm, count, value, not by 'fame'"):
        network_measures.without(desk, first=1, by="fame")
    with pytest.raises(WrongUse, match="name one person at least"):
        network_measures.without(desk)


def test_every_question_is_recorded(desk):
    network_measures.groups(desk, seed=5)
    network_measures.without(desk, first=1, worlds=0)
    with desk.case.session(writing=False) as session:
        rows = session.rows("SELECT action, details FROM audit ORDER BY sequence DESC LIMIT 2")
    assert [row[0] for row in rows] == ["network", "network"]
    assert [json.loads(row[1])["question"] for row in rows] == ["without", "communities"]
    assert json.loads(rows[1][1])["seed"] == 5


@pytest.mark.parametrize(
    "question", ["together", "central", "communities", "brokers", "recruiters", "without --first 2 --worlds 10"]
)
def test_questions_print_sentences_and_tables(desk, capsys, question):
    words = question.split()
    seat = ["--officer", demo.ANALYST, "--operation", demo.OPERATION, "--reason", "test", "--with-proposals"]
    assert run(["ask", words[0], str(desk.case.directory), *words[1:], *seat]) == 0
    said = capsys.readouterr().out
    assert "links nobody has corroborated too; simulated review" in said
    assert len(said.splitlines()) >= 3


def test_circles_are_found_again_and_whoever_is_not_found_counts(desk):
    report = evaluating_network.network(desk, DATA / "truth.csv", DATA / "truth_circles.csv")
    assert (report.circles, report.pairs_in_circles) == (9, 43)
    sure, every = report.corroborated, report.with_proposals
    assert sure.members == every.members == 31
    assert sure.members_joined <= sure.members_found <= 31
    assert (sure.of_members.people, sure.of_joined.people, sure.of_everybody.people) == (31, sure.members_joined, 96)
    for one in (sure, every):
        assert one.of_members.value is not None
        assert one.of_joined.value is not None
        assert one.of_members.value <= one.of_joined.value
    assert report.as_if_all_named.value is not None
    assert every.of_members.value is not None
    assert sure.of_members.value < every.of_members.value <= report.as_if_all_named.value + 0.05
    for top in report.top_ten:
        assert len(top.found) == 10
        assert 5 <= top.overlap <= 10
        assert top.within_interval + top.not_found <= len(top.true)
    assert any(
        "adjusted Rand index" in line.lower() or "Adjusted Rand" in line
        for line in evaluating_network.sentences(report)
    )


def test_a_truth_that_cannot_be_read_is_named(desk, tmp_path):
    truth = DATA / "truth.csv"
    with pytest.raises(NotFound, match=r"table of circles none\.csv is not there"):
        evaluating_network.network(desk, truth, tmp_path / "none.csv")
    path = tmp_path / "circles.csv"
    path.write_text("person,group\nP1,C1\n")
    with pytest.raises(ManifestError, match=r"columns person and circle; circles\.csv lacks one"):
        evaluating_network.read_circles(path)
    for row in ("P1,", ",C1", "P2,C2"):
        path.write_text(f"person,circle\nP2,C1\n{row}\n")
        with pytest.raises(ManifestError, match=r"correct line 3 of circles\.csv"):
            evaluating_network.read_circles(path)
    path.write_text("person,circle\nP2,C1\nP2,C1\n")
    assert evaluating_network.read_circles(path) == {"P2": "C1"}
    with truth.open(encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    other = tmp_path / "truth.csv"
    other.write_text(",".join(header) + "\nR99,R99_0001.jpg,only,P1,,,0,50\n")
    path.write_text("person,circle\nP1,C1\n")
    with pytest.raises(NotFound, match="holds no still of this case"):
        evaluating_network.network(desk, other, path)


def test_the_whole_benchmark_runs_small(desk, capsys):
    small = ["--persons", "600", "--links", "6000", "--worlds", "20", "--networks", "4", "--beside-persons", "300"]
    arguments = ["bench", "network", "--case", str(desk.case.directory), *small, "--sampled-persons", "700"]
    assert run([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert all(held["agreed"] == held["networks"] == 4 for held in result["oracles"]["measures"].values())
    assert {name: count for name, count in result["oracles"]["questions"].items() if "disagree" in name and count} == {}
    totals = result["oracles"]["totals"]
    assert totals["agreed"] == totals["persons"] > 0
    assert all(one["difference"] < 1e-3 for one in result["oracles"]["gini"])
    assert [one["same"] for one in result["beside"].values() if one["same"] is not None] == [True] * 4
    assert result["county"]["peak_mb"] > 50
    assert result["demonstration"]["corroborated"]["members"] == 31
    assert run([*arguments[:2], "--without-case", *small, "--sampled-persons", "700"]) == 0
    said = capsys.readouterr().out
    assert "times faster" in said
    assert "circles" not in said


def test_a_benchmark_of_half_a_truth_is_refused(desk):
    with pytest.raises(WrongUse, match="a case together with its truth and its circles"):
        bench_network.bench_network(desk=desk)


def test_worlds_of_a_what_if_are_those_of_the_ranking(desk):
    import numpy as np

    from stillgraph.casework.county import county
    from stillgraph.prolific import WorldSettings, worlds

    links = county(persons=300, links=2_000, seed=4).links
    own = links.join < 0
    settings = WorldSettings(draws=5, seed=7)
    base = worlds.ground(links, settings, include_proactive=True)
    for number, drawn in enumerate(network_measures._worlds(links, 5, 7, proactive=True)):
        rows = {
            (int(drawn.part_of[person]), offence)
            for person, offence, holds in zip(
                links.person[own].tolist(), links.offence[own].tolist(), drawn.holds.tolist(), strict=True
            )
            if holds
        }
        harm = np.zeros(len(links.persons))
        for person, offence in rows:
            harm[person] += links.offences.harm_days[offence]
        expected = worlds.draw(base, settings, number)
        assert np.bincount([person for person, _ in rows], minlength=300).tolist() == expected.count.tolist()
        assert harm == pytest.approx(expected.harm * base.unit)


def test_the_true_first_ten_by_harm_leave_proactively_detected_offences_out_as_the_ranking_does(desk):
    from stillgraph.casework.harm import harm_table
    from stillgraph.store import receipts

    with desk.case.session(writing=False) as session:
        done, at, table = receipts.offences(session), receipts.still_offences(session), harm_table(session)
    harm: dict[str, dict[str, float]] = {}
    with (DATA / "truth.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            still = f"{row['retailer_id']}/{row['image']}"
            if still in at and done[at[still]].how_detected != "store detective":
                harm.setdefault(row["person"], {})[at[still]] = table.harm_days(done[at[still]].offence_code)
    totals = {person: sum(days.values()) for person, days in harm.items()}
    report = evaluating_network.network(desk, DATA / "truth.csv", DATA / "truth_circles.csv")
    (true,) = {top.true for top in report.top_ten if top.by == "harm"}
    tenth = sorted(totals.values(), reverse=True)[9]
    assert set(true) == {person for person, days in totals.items() if days >= tenth}
