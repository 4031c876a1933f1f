"""The demonstration's summary: what came of it, what it is worth, and that its reviews are simulated."""

from __future__ import annotations

import re
import shutil

import pytest

from stillgraph import demo
from stillgraph.casework import analysing, evaluating, governing
from stillgraph.casework import ranking as rankings
from stillgraph.cli.app import run
from stillgraph.records import ReviewItem, Verdict

PLAIN = {"1": 0.70, "5": 0.85, "20": 0.92}
"""What a plain detect-and-embed pipeline reaches on these stills, of the faces it finds."""


@pytest.fixture(scope="module")
def own_demo(demo_case, tmp_path_factory):
    """Return a copy of the demonstration, which summarising adds audit entries to."""
    directory = tmp_path_factory.mktemp("own") / "demo"
    shutil.copytree(demo_case, directory)
    return directory


@pytest.fixture(scope="module")
def summary(own_demo):
    return demo.summarise(own_demo)


@pytest.fixture
def printed(own_demo, capsys):
    """Return what ``stillgraph demo`` prints where the demonstration is there already."""
    assert run(["demo", "--case", str(own_demo)]) == 0
    return capsys.readouterr().out


def test_every_stage_is_there_with_its_seconds(printed):
    stages = printed.split("Seconds per stage")[1].split("Open the workbench")[0]
    for stage in ("custody images enrolled", "stills received", "faces searched",
                  "candidate lists reviewed (simulated review)", "faces linked to persons",
                  "offenders ranked, network built"):  # fmt: skip
        assert re.search(rf"{re.escape(stage)}\s+\d+\.\d", stages), stage


def test_the_top_ten_are_there(printed, summary):
    table = printed.split("The top ten by harm")[1].split("Concentration")[0].splitlines()
    header = re.split(r"\s{2,}", table[1].strip())
    assert header == ["rank", "95 %", "person", "offences", "retailers", "harm (days)", "value", "prior arrests"]
    rows = [line.split() for line in table[2:12]]
    assert [row[2] for row in rows] == [s.person_id for s in summary.ranking.standings[:10]]
    assert all(re.fullmatch(r"N\d{6}", row[2]) for row in rows), "corroborated people only"
    assert all("-" in row[1] for row in rows), "each rank with its interval"


def test_the_yield_stands_beside_its_conditions(printed, summary):
    worth = printed.split("Yield, and what it is worth")[1].split("The top ten")[0]
    rate = r"\d+ of \d+, \d+\.\d % \(95 %: \d+\.\d to \d+\.\d\)"
    assert re.search(rf"Stills with a corroborated lead: {rate} \(simulated review, stated reviewer error 5 %\)", worth)
    assert "Threshold: none (investigation mode: candidates by rank)." in worth
    assert f"Gallery: {summary.glance.gallery_size} images of {summary.glance.nominals} people." in worth
    assert re.search(rf"Corroborated leads that are wrong: {rate}", worth)
    assert re.search(rf"without a right corroborated lead: {rate}", worth)
    for rank in PLAIN:
        assert re.search(rf"Within rank {rank}: \d+\.\d % of \d+ mated searches \(95 %: ", worth)
    assert "FNIR at FPIR" in worth or "FPIR 0" in worth
    assert "synthetic: the figures say nothing about accuracy on real ones" in worth


def test_it_says_simulated_review_wherever_reviews_are_shown(printed):
    said = [line for line in printed.splitlines() if re.search(r"corroborated|candidate lists|top ten", line)]
    assert len(said) >= 5
    # Two lines say how wrong the reviews were, and one, under a heading that says it, how the ranking is made.
    allowed = r"leads that are wrong|without a right corroborated lead|Harm in days: "
    assert [line for line in said if "simulated review" not in line and not re.search(allowed, line)] == []


def test_it_prints_the_command_that_opens_the_workbench(printed, own_demo):
    for which in ("dashboards", "lab"):
        assert re.search(
            rf"stillgraph {which} {re.escape(str(own_demo))} --officer analyst-1 --operation OP-DEMO", printed
        )


def test_the_search_is_better_than_a_plain_pipeline(summary):
    found = summary.identification
    assert found.mated > 200
    for rank, plain in PLAIN.items():
        assert found.hit_rate[rank] > plain, f"within rank {rank}, faces that were not found counted as errors"
        low, high = found.hit_rate_interval[rank]
        assert low < found.hit_rate[rank] < high
    assert found.fnir_at_fpir.keys() | found.insufficient.keys()


def test_measuring_twice_gives_the_same(summary, own_demo):
    again = demo.summarise(own_demo)
    assert again.identification.hit_rate == summary.identification.hit_rate
    assert (again.leads, again.ranking) == (summary.leads, summary.ranking)


def test_rates_by_recorded_group_have_trials_or_say_insufficient(own_demo):
    desk = demo.seat(own_demo, demo.ANALYST)
    report = evaluating.identification(desk, evaluating_truth(), by=("ethnicity", "sex"))
    assert set(report.groups) == {"ethnicity", "sex"}
    for groups in report.groups.values():
        assert sum(rates.mated for rates in groups.values()) >= report.mated
        for rates in groups.values():
            assert rates.insufficient is not None or rates.hit_rate_interval["1"] is not None
    text = "\n".join(evaluating.sentences(report))
    assert all(f"{attribute} {label}: " in text for attribute, groups in report.groups.items() for label in groups)


def evaluating_truth():
    from stillgraph.casework.shipped import shipped

    return shipped("data/demo") / "truth.csv"


def test_what_came_in_is_what_was_sent(own_demo):
    desk = demo.seat(own_demo, demo.ANALYST)
    (told,) = analysing.query_table(
        desk,
        "SELECT sum(rows_read)::INT AS rows, sum(accepted)::INT AS accepted, sum(refused)::INT AS refused, "
        "count(DISTINCT retailer_id) AS retailers, (SELECT count(*) FROM stills) AS stills, "
        "(SELECT count(*) FROM stills WHERE NOT searched) AS unsearched FROM deliveries WHERE kind = 'stills'",
    ).to_pylist()
    assert told["retailers"] == 12
    assert told["rows"] == told["accepted"] + told["refused"], "nothing is dropped silently"
    assert (told["accepted"], told["unsearched"]) == (told["stills"], 0)
    assert told["refused"] > 0
    reasons = analysing.query_table(desk, "SELECT * FROM refusals WHERE kind = 'stills'").to_pylist()
    assert all(r["line"] > 1 and r["field"] and r["reason"] for r in reasons)


def test_every_review_in_it_is_simulated_and_says_so(own_demo):
    desk = demo.seat(own_demo, demo.ANALYST)
    kinds = analysing.query(desk, "SELECT DISTINCT review_kind FROM reviews WHERE officers > 0")
    assert kinds["review_kind"].tolist() == ["simulated review"]
    people = analysing.query(desk, "SELECT DISTINCT review_kind FROM persons WHERE status <> 'unknown'")
    assert people["review_kind"].tolist() == ["simulated review"]
    assert analysing.at_a_glance(desk).simulated
    assert rankings.ranking(desk).simulated
    officers = analysing.query(desk, "SELECT officer_id FROM officers WHERE simulated ORDER BY 1")
    assert officers["officer_id"].tolist() == list(demo.REVIEWERS)


def test_its_audit_chain_holds(own_demo):
    report = governing.verify_audit(own_demo)
    assert (report.holds, report.unanchored) == (True, 0)
    assert governing.kind_of(own_demo) == "demonstration"


def test_it_is_not_built_again_where_it_is(own_demo):
    said = []
    before = (own_demo / "case.duckdb").stat().st_ino
    demo.build(own_demo, say=said.append)
    assert said == [f"The demonstration is in {own_demo} already (--rebuild builds it anew)."]
    assert (own_demo / "case.duckdb").stat().st_ino == before


# --- the simulated reviewers ---------------------------------------------------------------------------------------


def item(number, listed=("N1", "N2", "N3")):
    face = f"R01/R01_{number:04}.jpg#1"
    return ReviewItem(
        face, face.split("#", maxsplit=1)[0], 1, tuple((nominal, f"{nominal}/1.jpg") for nominal in listed)
    )


@pytest.mark.parametrize("whose", ["N2", "N9", None])
def test_a_simulated_reviewer_errs_as_often_as_stated(whose):
    items = [item(n) for n in range(4000)]
    right = (Verdict.SUPPORTS, "N2") if whose == "N2" else (Verdict.NO_CANDIDATE, None)
    said = [demo.simulated_verdict(i, "simulated-1", {i.face_id: whose}) for i in items]
    wrong = sum(verdict != right for verdict in said) / len(said)
    assert abs(wrong - demo.REVIEWER_ERROR) < 4 * (0.05 * 0.95 / 4000) ** 0.5
    assert all((nominal is not None) == (verdict is Verdict.SUPPORTS) for verdict, nominal in said)
    assert {nominal for _, nominal in said} <= {None, "N1", "N2", "N3"}, "of those listed only"


def test_a_simulated_reviewer_says_the_same_of_the_same_face_always():
    items = [item(n) for n in range(300)]
    one, same, other = (
        [demo.simulated_verdict(i, who, {i.face_id: "N1"}) for i in order]
        for who, order in (("simulated-1", items), ("simulated-1", items), ("simulated-2", items))
    )
    assert one == same
    assert one != other, "the two err on different faces"


def test_a_list_of_one_can_be_overlooked_but_not_mistaken():
    said = {demo.simulated_verdict(item(n, ("N1",)), "simulated-1", {item(n).face_id: "N1"}) for n in range(2000)}
    assert said == {(Verdict.SUPPORTS, "N1"), (Verdict.NO_CANDIDATE, None)}
