"""The commands that measure: people who are known, reviews, the whole process, months."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        ("reviews", {"model", "reviewed", "simulated", "elapsed_s"}),
        ("process", {"model", "process", "trials", "simulated", "elapsed_s"}),
        ("drift", {"model", "months_of", "charts", "simulated"}),
    ],
)
def test_a_small_case_is_answered_with_insufficient_and_in_json(run, seat, small_case, command, keys):
    said = run("evaluate", command, small_case.directory, seat=seat)
    assert said.code == 0
    assert "insufficient" in said.out
    assert set(run("evaluate", command, small_case.directory, "--json", seat=seat).document) == keys


def test_wrong_widths_are_refused_in_a_sentence(run, tmp_path):
    said = run("evaluate", "people", tmp_path, "--widths", "28,wide")
    assert (said.code, said.out) == (2, "")
    assert said.err.strip() == "Face widths are whole numbers of pixels, e.g. 28,48; not 28,wide."
