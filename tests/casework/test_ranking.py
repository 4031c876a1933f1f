"""Rankings over the demonstration: what SQL adds up, kept and recorded, and nobody told of trials."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from stillgraph import demo, prolific
from stillgraph.casework import analysing, governing, reviewing, take_seat
from stillgraph.casework import ranking as rankings
from stillgraph.cli.app import run
from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.records import Role, Standing, Verdict
from stillgraph.store import reviews

POINTS = Path(__file__).parents[2] / "data" / "reference" / "rfh_points.csv"
SEAT = ["--officer", demo.ANALYST, "--operation", demo.OPERATION, "--reason", "test"]


@pytest.fixture
def desk(demo_case, tmp_path):
    """Return an analyst at a copy of the demonstration."""
    shutil.copytree(demo_case, tmp_path / "case")
    return take_seat(tmp_path / "case", officer=demo.ANALYST, operation=demo.OPERATION, reason="rank")


def few():
    return rankings.world_settings(draws=50)


_TOTALS = """
SELECT person_id, count(*), sum(h.harm_days) FILTER (o.how_detected <> 'store detective'), sum(o.value_pence),
       sum(h.harm_days)
FROM (
    SELECT DISTINCT coalesce(CASE WHEN $every THEN p.proposed_as END, f.person_id) AS person_id, f.offence_id
    FROM person_faces AS f JOIN persons AS p USING (person_id) WHERE $every OR f.status = 'corroborated'
) JOIN offences AS o USING (offence_id) JOIN harm_values AS h USING (offence_code)
WHERE o.occurred_at::DATE BETWEEN '2026-02-01' AND '2026-05-31' GROUP BY person_id ORDER BY person_id
"""


@pytest.mark.parametrize("with_proposals", [False, True])
def test_totals_are_what_sql_adds_up(desk, with_proposals):
    period = {"since": date(2026, 2, 1), "until": date(2026, 5, 31)}
    plain = rankings.ranking(desk, with_proposals=with_proposals, settings=few(), **period)
    with desk.case.session(writing=False) as session:
        rows = session.rows(_TOTALS, {"every": with_proposals})
    assert len(rows) > 20
    told = {s.person_id: (s.offences, s.harm_days, s.value_pence) for s in plain.standings if s.offences}
    assert told == {person: (count, harm or 0.0, value) for person, count, harm, value, _ in rows}
    whole = rankings.ranking(
        desk, with_proposals=with_proposals, include_proactive=True, settings=few(), keep=False, **period
    )
    assert {s.person_id: s.harm_days for s in whole.standings if s.offences} == {row[0]: row[4] for row in rows}
    assert any(harm != all_harm for _, _, harm, _, all_harm in rows), "the demonstration has offences found by looking"


def test_a_ranking_is_kept_whole_and_the_latest_of_each_kind_is_shown(desk):
    before = int(analysing.query(desk, "SELECT count(*) AS n FROM rankings")["n"][0])
    first = rankings.ranking(desk, by="value", settings=few())
    second = rankings.ranking(desk, by="value", settings=replace(few(), seed=5), include_proactive=True)
    both = rankings.ranking(desk, by="value", with_proposals=True, settings=few())
    looked = rankings.ranking(desk, by="value", settings=few(), keep=False)
    assert looked == first
    kept = analysing.query(desk, "SELECT * FROM rankings ORDER BY ranking_id").to_dict("records")[before:]
    assert [(r["with_proposals"], r["proactive"], r["seed"], r["persons"]) for r in kept] == [
        (False, False, 0, len(first.standings)),
        (False, True, 5, len(second.standings)),
        (True, False, 0, len(both.standings)),
    ]
    assert {r["officer_id"] for r in kept} == {demo.ANALYST}
    assert {r["review_kind"] for r in kept} == {"simulated review"}
    assert json.loads(kept[1]["settings"]) == json.loads(json.dumps(second.settings["worlds"]))
    assert kept[0]["software"].startswith("stillgraph ")
    for ranked, links in ((second, "corroborated only"), (both, "with proposals")):
        rows = analysing.query_table(
            desk, f"SELECT * FROM v_ranking WHERE ranked_by = 'value' AND links = '{links}' ORDER BY rank, person_id"
        ).to_pylist()
        shown = {row["person_id"]: row for row in rows}
        assert len(rows) == len(ranked.standings)
        for standing in ranked.standings:
            row = shown[standing.person_id]
            told = {name: row[name] for name in Standing.__slots__ if name in row and name != "escalation"}
            assert told == {name: getattr(standing, name) for name in told}
            assert row["escalation"] == standing.escalation.trend
            assert (row["rank_by_harm"], row["rank_by_rfh"]) == (standing.ranks.harm, standing.ranks.rfh)
            assert row["linked_since"] is False
    (entry,) = analysing.query(
        desk,
        "SELECT details FROM audit WHERE action = 'rank' AND result = 'done' ORDER BY sequence DESC LIMIT 1 OFFSET 0",
    )["details"]
    assert "ranking" not in json.loads(entry), "the one that was only looked at"


def test_a_stopped_or_failed_ranking_keeps_nothing_and_is_recorded(desk, monkeypatch):
    before = analysing.query(desk, "SELECT count(*) AS n FROM rankings")["n"][0]

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(prolific, "rank", stop)
        with pytest.raises(KeyboardInterrupt):
            rankings.ranking(desk, settings=few())
    with pytest.raises(WrongUse, match="ranked by harm, count, value, rfh"):
        rankings.ranking(desk, by="height")
    told = analysing.query(
        desk, "SELECT result, details FROM audit WHERE action = 'rank' ORDER BY sequence DESC LIMIT 2"
    ).to_dict("records")
    assert [row["result"] for row in told] == ["failed", "failed"]
    assert json.loads(told[1]["details"])["why"] == "KeyboardInterrupt"
    assert analysing.query(desk, "SELECT count(*) AS n FROM rankings")["n"][0] == before


def test_what_trials_say_is_for_supervisors_and_changes_the_chance(desk, monkeypatch):
    monkeypatch.setattr(reviews, "judges", lambda _: ["one", "two"])
    answers = [
        ("absent", Verdict.SUPPORTS, False),
        ("present", Verdict.SUPPORTS, True),
        ("absent", Verdict.INCONCLUSIVE, False),
    ]
    monkeypatch.setattr(reviews, "tried", lambda *_: answers * 10)
    plain = rankings.ranking(desk, settings=few(), keep=False)
    assert plain.settings["worlds"]["reviewer_error"]["source"] == "stated, not measured"
    governing.add_officer(desk, "analyst", role=Role.ANALYST)
    analyst = take_seat(desk.case.directory, officer="analyst", operation=demo.OPERATION, reason="rank")
    with pytest.raises(NotPermitted, match="supervisors and administrators"):
        rankings.ranking(analyst, settings=few(), from_trials=True)
    governing.add_officer(desk, "super", role=Role.SUPERVISOR)
    supervisor = take_seat(desk.case.directory, officer="super", operation=demo.OPERATION, reason="rank")
    learned = rankings.ranking(supervisor, settings=few(), from_trials=True)
    told = learned.settings["worlds"]["reviewer_error"]
    assert told["mean"] == pytest.approx((1 + 20) / (50 + 40))
    assert told["source"] == "our prior and 40 supports in trials, 20 of somebody else"
    with supervisor.act("view") as deed:
        assert reviewing.wrong_supports(deed) == (20, 40)


def test_points_come_from_a_file(desk, tmp_path):
    shipped = rankings.ranking(desk, by="rfh", points=POINTS, settings=few(), keep=False)
    assert shipped == rankings.ranking(desk, by="rfh", settings=few(), keep=False)
    own = tmp_path / "points.csv"
    own.write_text("part,edge,points,source,version\nfrequency,2,7,A force,3\n")
    ranked = rankings.ranking(desk, by="rfh", points=own, settings=few())
    assert {s.rfh for s in ranked.standings} == {0, 7}
    assert "RFH points (A force): recency none; frequency 7 from 2 offences; harm none." in ranked.scale
    (told,) = analysing.query(desk, "SELECT points FROM rankings ORDER BY ranking_id DESC LIMIT 1")["points"]
    assert told.startswith("A force, version 3: ")


def test_no_cell_is_a_formula(desk, tmp_path):
    ranked = rankings.ranking(desk, settings=few(), keep=False)
    odd = replace(ranked, standings=(replace(ranked.standings[0], person_id="=1+1", nominal_id=None),), scale="@sum")
    (tmp_path / "odd.csv").write_bytes(rankings.csv_of(odd))
    with (tmp_path / "odd.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["person_id"], row["nominal_id"], row["scale"]) == ("'=1+1", "", "'@sum")


def test_the_command_takes_every_setting_and_repeats_itself(desk, capsys):
    words = [
        "rank",
        str(desk.case.directory),
        *SEAT,
        "--draws",
        "60",
        "--seed",
        "3",
        "--top-n",
        "2",
        "--proactive",
        "--json",
    ]
    printed = []
    for _ in range(2):
        assert run(words) == 0
        printed.append(json.loads(capsys.readouterr().out))
    assert printed[0] == printed[1]
    worlds = printed[0]["settings"]["worlds"]
    assert (worlds["draws"], worlds["seed"], worlds["top_n"], printed[0]["settings"]["proactive"]) == (60, 3, 2, True)
    standings = printed[0]["standings"]
    assert sum(s["top_share"] for s in standings) >= 2
    assert standings[-1]["top_share"] == 0
    assert run([*words[:-1], "--no-proactive"]) == 0
    shown = capsys.readouterr().out
    assert "without proactively detected offences" in shown
    assert "in top 2" in shown
