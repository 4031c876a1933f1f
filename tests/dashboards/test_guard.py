"""A reader sees a sentence or a reference number, never a traceback; the log never sees personal data."""

from __future__ import annotations

import logging
import re

from stillgraph.dashboards.guard import attempt
from stillgraph.errors import NotFound

SECRET = "Jo Bloggs, born 1990-01-01"


def fail() -> None:
    raise ValueError(SECRET)


def test_a_result_comes_back_and_nothing_is_told():
    told = []
    assert attempt(lambda: 0, told.append) == 0
    assert told == []


def test_an_error_raised_on_purpose_is_told_as_it_stands():
    def refuse() -> None:
        raise NotFound("There is no still R01/x.jpg.")

    told = []
    assert attempt(refuse, told.append) is None
    assert told == ["There is no still R01/x.jpg."]


def test_anything_else_is_a_reference_that_the_log_explains(caplog):
    told = []
    with caplog.at_level(logging.ERROR):
        attempt(fail, told.append)
    (sentence,) = told
    reference = re.fullmatch(
        r"Something went wrong\. Give your administrator this reference: ([0-9A-F]{8})\.", sentence
    ).group(1)
    assert reference in caplog.text
    assert "ValueError" in caplog.text
    assert "test_guard.py" in caplog.text


def test_the_log_does_not_hold_the_message(caplog):
    with caplog.at_level(logging.DEBUG):
        attempt(fail, lambda _sentence: None)
    assert "Bloggs" not in caplog.text
    assert "1990" not in caplog.text
