"""The harm table a case counts with: given when it is made, shown, replaced, recorded; a code it lacks stops a ranking."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stillgraph.casework import harm
from stillgraph.casework import ranking as rankings
from stillgraph.casework.analysing import offence_places, query
from stillgraph.cli.app import run
from stillgraph.errors import ManifestError, UnknownOffenceCode
from stillgraph.prolific import harm_table

CHI = Path(__file__).parents[2] / "data" / "reference" / "cambridge_chi.csv"
HEAD = "offence_code,offence,subgroup,harm_days,source,version\n"


@pytest.fixture
def own_table(tmp_path):
    """Return a table of two codes, one of them not in capitals."""
    path = tmp_path / "ours.csv"
    path.write_text(HEAD + "46,Shoplifting,theft,2.5,Ours,7\n34a,Robbery,robbery,400,Ours,7\n")
    return path


def test_a_case_counts_with_the_shipped_table_from_the_start(small_case):
    shipped, report = harm_table(CHI), harm.show(small_case.seat())
    assert (report.source, report.version, report.codes) == (shipped.source, shipped.version, len(shipped.days))
    assert {value.offence_code: value.harm_days for value in report.values} == shipped.days
    assert {value.offence_code: value.subgroup for value in report.values} == shipped.subgroups
    assert report.without_value == ()
    assert not report.replaced


def test_a_replaced_table_is_what_everything_counts_with_and_is_recorded(small_case, own_table):
    before = offence_places(small_case.seat())
    with small_case.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.offences SET offence_code = ' 34A ' WHERE offence_code <> '46'")
    report = harm.replace(small_case.seat(), own_table)
    assert (report.source, report.version, report.codes, report.without_value) == ("Ours", "7", 2, ())
    after = offence_places(small_case.seat())
    assert set(before["harm_days"]) != set(after["harm_days"]) <= {2.5, 400.0}
    with small_case.seat().case.session(writing=False) as session:
        table = rankings.link_table(session, with_proposals=True)
    assert table.offences.harm_days.tolist() == after["harm_days"].tolist()
    (entry,) = query(small_case.seat(), "SELECT details FROM audit WHERE action = 'set harm table'")["details"]
    told = json.loads(entry)
    assert (told["source"], told["version"], told["codes"], told["file"]) == ("Ours", "7", 2, "ours.csv")
    assert told["before"]["version"] == "2026"


def test_a_code_the_table_lacks_is_shown_and_stops_a_ranking(small_case, tmp_path):
    table = tmp_path / "one.csv"
    table.write_text(HEAD + "1,Murder,homicide,5475,Ours,7\n")
    report = harm.replace(small_case.seat(), table)
    codes = query(small_case.seat(), "SELECT offence_code, count(*) FROM offences GROUP BY 1 ORDER BY 1")
    assert report.without_value == tuple(codes.itertuples(index=False, name=None))
    with (
        small_case.seat().case.session(writing=False) as session,
        pytest.raises(UnknownOffenceCode, match=r"has none.*`stillgraph case harm CASE FILE`"),
    ):
        rankings.link_table(session)
    with pytest.raises(UnknownOffenceCode, match="has none"):
        offence_places(small_case.seat())


def test_a_file_that_is_no_harm_table_changes_nothing(small_case, tmp_path):
    table = tmp_path / "bad.csv"
    table.write_text(HEAD + "46,Shoplifting,theft,-1,Ours,7\n")
    before = harm.show(small_case.seat())
    with pytest.raises(ManifestError, match="zero or more"):
        harm.replace(small_case.seat(), table)
    assert harm.show(small_case.seat()) == before


def test_the_command_shows_and_replaces(small_case, own_table, capsys):
    seat = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "test"]
    assert run(["case", "harm", str(small_case.directory), *seat]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("The case counts with Cambridge Crime Harm Index")
    assert "Shoplifting" in shown
    assert run(["case", "harm", str(small_case.directory), str(own_table), *seat]) == 0
    told = capsys.readouterr().out
    assert told.startswith("The case counts from now on with Ours, version 7: 2 offence codes.")
