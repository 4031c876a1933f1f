"""Every example of docs/queries.md runs on the demonstration, answers something, and says what its answer does not say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stillgraph import demo
from stillgraph.casework import analysing
from stillgraph.records import OfficerId

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
WIDE = {"v_offence", "v_person", "v_link", "v_candidate", "v_search", "v_still", "v_store", "v_ranking"}
EMPTY = "Empty in the demonstration."


def _examples() -> dict[str, tuple[str, str]]:
    """Return each example's SQL and what is said under it, by heading."""
    found = {}
    for section in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]:
        heading, rest = section.split("\n", 1)
        (sql,) = re.findall(r"^```sql\n(.*?)^```$", rest, re.DOTALL | re.MULTILINE)
        under = rest.split("```")[2].split("\n## ")[0].strip()
        assert heading not in found
        found[heading] = (sql, under)
    return found


EXAMPLES = _examples()


@pytest.fixture(scope="module")
def desk(demo_case):
    seat = demo.seat(demo_case, OfficerId(demo.ANALYST))
    with seat.sitting():
        yield seat


@pytest.mark.parametrize("heading", EXAMPLES)
def test_an_example_answers_something_on_the_demonstration(desk, heading):
    sql, under = EXAMPLES[heading]
    rows = analysing.query(desk, sql)
    assert bool(len(rows)) == (EMPTY not in under)


@pytest.mark.parametrize("heading", EXAMPLES)
def test_an_example_says_in_a_sentence_what_its_answer_does_not(heading):
    under = EXAMPLES[heading][1]
    assert re.fullmatch(r"Does not say [a-z][^\n]{15,}\.( Empty in the demonstration\.)?", under), under


def test_there_are_many_and_every_wide_view_has_one():
    assert len(EXAMPLES) >= 25
    read = {view for sql, _ in EXAMPLES.values() for view in re.findall(r"\bv_\w+", sql)}
    assert read == WIDE
