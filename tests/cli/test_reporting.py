"""What `why` and `report case` print for people."""

from __future__ import annotations

import hashlib

import pytest

SEAT = {
    "STILLGRAPH_OFFICER": "analyst-1",
    "STILLGRAPH_OPERATION": "OP-DEMO",
    "STILLGRAPH_REASON": "test what is printed",
}


@pytest.fixture
def seated(monkeypatch):
    for name, value in SEAT.items():
        monkeypatch.setenv(name, value)


def test_why_says_what_links_somebody_what_would_change_and_what_it_does_not_say(run, demo_case, seated):
    ran = run("why", demo_case, "N409987", "--by", "count")
    assert ran.code == 0
    said = ran.out.splitlines()
    assert said[0].startswith("N409987, corroborated; simulated review. ")
    assert said[1].lstrip().startswith("Place 1 of ")
    assert "place by count without" in ran.out
    changes, unsaid = said.index("What would change the place:"), said.index("What this does not say:")
    assert changes < unsaid
    assert any("Without all " in line for line in said[changes:unsaid])
    assert len(said[unsaid:]) == 6


def test_report_case_says_what_it_wrote_and_its_digest(run, demo_case, seated, tmp_path):
    out = tmp_path / "pack.json"
    ran = run("report", "case", demo_case, "--out", out, "--person", "N409987", "--person", "unknown 1")
    assert ran.code == 0
    first, *_, last = ran.out.splitlines()
    assert first.startswith(f"Wrote {out}: 2 persons with a page of ")
    assert first.endswith("Simulated review.")
    assert last == f"SHA-256 {hashlib.sha256(out.read_bytes()).hexdigest()}, recorded."
