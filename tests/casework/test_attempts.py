"""What a rule refuses of the request itself, before anything is looked at, is on record too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stillgraph.casework import (
    alike,
    arrays,
    calibrating,
    enrolling,
    evaluating,
    galleries,
    governing,
    network_measures,
    opening,
    operations,
    packing,
    receiving,
    searching,
    series,
    statements,
    take_seat,
    unsolved,
    uploading,
    worth,
)
from stillgraph.casework import ranking as rankings
from stillgraph.errors import NotPermitted, StillgraphError
from stillgraph.records import Role

NOWHERE = Path("nowhere.csv")
ATTEMPTS = [
    ("search", lambda d: searching.search(d, unsearched=True, limit=0)),
    ("search", lambda d: searching.search(d, unsearched=True, threshold=1.5)),
    ("search", searching.search),
    ("search", lambda d: searching.search(d, image=NOWHERE)),
    ("search", lambda d: searching.search_together(d, ["a#1"])),
    ("search", lambda d: alike.alike(d, still="a", limit=0)),
    ("search", lambda d: unsolved.search_open_stills(d, limit=0)),
    ("rank", lambda d: rankings.ranking(d, by="luck")),
    ("rank", lambda d: worth.quiet(d, active_days=-1)),
    ("network", lambda d: network_measures.central(d, by="luck")),
    ("check gallery", lambda d: galleries.check(d, probes=0)),
    ("view", lambda d: opening.rows_behind(d, "Profit")),
    ("view faces", lambda d: arrays.write(d, 1, Path("array.doc"))),
    ("export case pack", lambda d: packing.write(d, Path("pack.doc"))),
    ("export statement", lambda d: statements.write(d, "a#1", Path("statement.doc"))),
    ("evaluate", lambda d: evaluating.identification(d, NOWHERE, by=("star sign",))),
    ("calibrate scores", lambda d: calibrating.calibrate(d, NOWHERE)),
    ("set threshold", lambda d: calibrating.set_threshold(d, NOWHERE, fpir=0.01)),
    ("propose series", lambda d: series.series(d, retailers=["R01"], measured_on=["R01"])),
    ("enrol custody images", lambda d: enrolling.enrol(d, NOWHERE, batch_rows=0)),
    ("receive stills", lambda d: receiving.receive(d, NOWHERE, retailer_id="R01")),
    ("upload delivery", lambda d: uploading.take_in(d, "none", retailer_id="R01")),
    ("upgrade case", governing.upgrade_case),
    ("add officer", lambda d: governing.add_officer(d, " ")),
    ("open operation", lambda d: operations.open_operation(d, " ", purpose="x")),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A case with somebody who may do everything, a manager, and an operation."""
    case = governing.create_case(tmp_path_factory.mktemp("attempts") / "case", encrypt=False).directory
    governing.add_officer(seat(case), "first")
    governing.add_officer(seat(case), "man", role=Role.MANAGER)
    operations.open_operation(seat(case), "OP", purpose="tests")
    with seat(case).sitting():
        yield case


def seat(case, officer="first"):
    return take_seat(case, officer=officer, operation="OP", reason="test")


def record(case):
    with seat(case).case.session(writing=False) as session:
        return session.rows("SELECT officer, action, result, details FROM main.audit ORDER BY sequence")


@pytest.mark.parametrize(("action", "attempt"), ATTEMPTS)
def test_an_attempt_is_one_entry_that_says_why(place, action, attempt):
    before = record(place)
    with pytest.raises(StillgraphError) as raised:
        attempt(seat(place))
    *same, (officer, told, result, details) = record(place)
    assert same == before, "one entry more, and no second one"
    assert (officer, told, result) == ("first", action, "failed")
    assert json.loads(details)["why"] == str(raised.value)


@pytest.mark.parametrize("attempt", [ATTEMPTS[0][1], ATTEMPTS[10][1], ATTEMPTS[13][1]])
def test_who_may_not_at_all_is_told_so_and_nothing_else(place, attempt):
    with pytest.raises(NotPermitted, match="is not for a manager"):
        attempt(seat(place, "man"))
    assert record(place)[-1][0::2][:2] == ("man", "refused")
    before = len(record(place))
    with pytest.raises(NotPermitted, match="There is no officer nobody in this case"):
        attempt(seat(place, "nobody"))
    assert [row[0] for row in record(place)[before:]] == ["nobody"]
