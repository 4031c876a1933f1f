"""The threat model names tests that are there, and leaves no boundary without one."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "security.md"
NAMED = re.compile(r"`((?:\w+/)+test_\w+\.py)(?:::(test_\w+))?`")


def test_every_test_named_by_the_threat_model_is_there():
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 40
    missing = []
    for place, test in named:
        path = TESTS / place
        if not path.is_file() or (test and f"def {test}(" not in path.read_text(encoding="utf-8")):
            missing.append(f"{place}::{test}")
    assert missing == []


def test_every_boundary_of_the_diagram_has_threats_and_every_row_a_residual_or_a_test():
    text = PAGE.read_text(encoding="utf-8")
    drawn = set(re.findall(r"-- (B\d) -->", text))
    assert drawn == set(re.findall(r"^### (B\d) ", text, re.MULTILINE)) == {f"B{n}" for n in range(1, 9)}
    rows = re.findall(
        r"^\| (?!threat|asset|worst|---)([^|]+) \| ([^|]*) \| ([^|]*) \| ?([^|]*) ?\|$", text, re.MULTILINE
    )
    assert len(rows) > 35
    for threat, control, test, left in rows:
        assert NAMED.search(test) or ("*none*" in control and left.strip()), threat
