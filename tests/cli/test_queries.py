"""The commands on saved queries."""

from __future__ import annotations

import json

import pytest

from stillgraph.cli.app import run


@pytest.fixture
def seated(small_case, monkeypatch):
    for name, value in (("OFFICER", "desk"), ("OPERATION", "OP-TEST"), ("REASON", "test")):
        monkeypatch.setenv(f"STILLGRAPH_{name}", value)
    return str(small_case.directory)


def test_a_query_is_saved_listed_run_and_deleted(seated, capsys):
    sql = "SELECT retailer_id, count(*) AS n FROM stills GROUP BY 1"
    assert run(["queries", "list", seated]) == 0
    assert capsys.readouterr().out == "No query is saved; `stillgraph queries save` keeps one.\n"
    assert run(["queries", "save", seated, "by retailer", sql, "--shared"]) == 0
    assert "Saved 'by retailer', shared: stillgraph query CASE --saved 'by retailer'" in capsys.readouterr().out
    assert run(["queries", "list", seated]) == 0
    assert "by retailer" in capsys.readouterr().out
    assert run(["query", seated, "--saved", "by retailer", "--format", "csv"]) == 0
    assert capsys.readouterr().out == "retailer_id,n\r\nR08,6\r\n"
    assert run(["queries", "save", seated, "one", "SELECT 1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "one"
    assert run(["queries", "list", seated, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["shared"], one["sql"]) for one in listed] == [
        ("by retailer", True, sql),
        ("one", False, "SELECT 1"),
    ]
    assert run(["queries", "delete", seated, "one", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"deleted": "one"}
    assert run(["queries", "delete", seated, "by retailer"]) == 0
    assert capsys.readouterr().out == "Deleted 'by retailer'.\n"


@pytest.mark.parametrize("given", [[], ["SELECT 1", "--saved", "x"]])
def test_a_query_is_sql_or_a_saved_one(seated, capsys, given):
    assert run(["query", seated, *given]) == 2
    assert "Say what to ask" in capsys.readouterr().err
