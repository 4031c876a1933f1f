"""Every action that a server does for anybody, driven through its real function as each role: the table holds."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from datetime import date
from pathlib import Path

import pytest

from stillgraph import casework
from stillgraph.casework import desk as desks
from stillgraph.casework import governing, operations, take_seat
from stillgraph.casework.auditing import Wanted
from stillgraph.casework.wire import SERVED
from stillgraph.errors import NotPermitted
from stillgraph.governance.actions import Action
from stillgraph.governance.roles import TABLE
from stillgraph.records import Comparison, EngineChoice, Filters, NetworkFilter, RecordKind, Role, Verdict

for module in pkgutil.walk_packages(casework.__path__, "stillgraph.casework."):
    importlib.import_module(module.name)

DRIVEN = sorted(name for name, one in SERVED.items() if not one.of_case and name != "stored_scores.known_truth")
"""All that a server does but what acts on no case: that checks the record, and that says where a truth table lies."""
NOWHERE = Path("nowhere") / "none.csv"
GIVEN = {
    "sql": "SELECT 1", "number": "Stills received", "array_id": 1, "position": None, "words": "none", "path": Path("none.pdf"),
    "of": ["N1"], "among": ["N1", "N2"], "source": "N1", "target": "N2", "backup_id": 1, "fpir": 0.01, "key": "still",
    "steps": [], "enhancement_id": 1, "wanted": EngineChoice.EXACT, "which": "lab", "times": (), "faces": ["a#1", "b#1"],
    "says": "same", "sequence": 1, "pack": "sface", "kind": "csv", "role": Role.ANALYST, "until": date(2099, 1, 1),
    "nominals": ["N1"], "data": b"none", "limit": 5, "filters": Filters(), "past_review": False, "images": ["N1/a.jpg"],
    "on": date(2026, 1, 1), "record": "N1", "because": "a reason", "verdict": Verdict.NO_CANDIDATE,
    "files": [("none.csv", b"none")], "upload_id": "none", "to_person": "N1", "comparison": Comparison("a", "b"),
}  # fmt: skip
SHOWS_PICTURES = re.compile(r"\b(bytes|Picture|Portrayed|Plate|Preview|Comparable|CasePack|Statement)\b")


class Stop(BaseException):
    """The action was permitted; the test goes no further."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A case with an officer of each role and an open operation."""
    case = governing.create_case(tmp_path_factory.mktemp("driven") / "case", encrypt=False).directory
    for officer in ("founder", *Role):
        role = None if officer == "founder" else Role(officer)
        governing.add_officer(seat(case, "founder"), str(officer), role=role)
    operations.open_operation(seat(case, "founder"), "OP", purpose="tests")
    with seat(case, "founder").sitting():
        yield case


def seat(case, officer):
    return take_seat(case, officer=str(officer), operation="OP", reason="test")


def arguments(one, name):
    """Return something for each parameter that must be given: by its name, else a path or words."""
    found = {}
    for parameter in list(one.signature.parameters.values())[1:]:
        if parameter.default is not parameter.empty:
            continue
        if parameter.name == "kind" and "RecordKind" in parameter.annotation:
            found["kind"] = next(iter(RecordKind))
        elif parameter.annotation == "Wanted":
            found[parameter.name] = Wanted()
        elif parameter.annotation == "NetworkFilter":
            found[parameter.name] = NetworkFilter()
        elif parameter.annotation == "Path" and parameter.name != "path":
            found[parameter.name] = NOWHERE
        else:
            found[parameter.name] = GIVEN.get(parameter.name, "none")
    if name in {"alike.alike", "searching.search"}:
        found["still" if name == "alike.alike" else "stills"] = ["none"]
    return found


def drive(monkeypatch, case, name, role):
    """Return what the first thing a function asks leave for is, and whether it was given."""
    asked = []

    def watched(action, *args, **kwargs):
        asked.append(action)
        permit(action, *args, **kwargs)
        raise Stop

    permit, told = desks.permit, ""
    one = SERVED[name]
    with monkeypatch.context() as patch:
        patch.setattr(desks, "permit", watched)
        try:
            one.function(seat(case, role), **arguments(one, name))
        except Stop:
            return asked[0], True
        except NotPermitted as error:
            told = str(error)
    if asked:
        assert f"To {asked[0]} is not for a" in told
        return asked[0], False
    return pytest.fail(f"{name} did something, or refused, without asking leave")


@pytest.mark.parametrize("name", DRIVEN)
def test_the_table_decides_and_a_refusal_is_on_record(monkeypatch, place, name):
    for role in Role:
        action, may = drive(monkeypatch, place, name, role)
        assert may == (role in TABLE[action].may), (name, role)
        with seat(place, "founder").case.session(writing=False) as session:
            row = session.one("SELECT officer, action, result, details FROM main.audit ORDER BY sequence DESC LIMIT 1")
        assert row[:3] == (role, action, "failed" if may else "refused")
        assert may or f"To {action} is not for a" in json.loads(row[3])["why"]


@pytest.mark.parametrize(
    "name", [n for n in DRIVEN if SHOWS_PICTURES.search(str(SERVED[n].signature.return_annotation))]
)
@pytest.mark.parametrize("role", [Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_whatever_returns_pictures_is_refused_to_who_sees_no_faces(monkeypatch, place, name, role):
    action, may = drive(monkeypatch, place, name, role)
    assert not may
    assert role not in TABLE[action].may


def test_what_shows_pictures_is_found_by_what_it_returns():
    found = {n for n in DRIVEN if SHOWS_PICTURES.search(str(SERVED[n].signature.return_annotation))}
    assert {
        "receiving.face_chips", "receiving.custody_chips", "receiving.still_image", "opening.still_picture",
        "comparing.portrayed", "comparing.in_context", "arrays.array_pictures", "picturing.picture",
        "enhancing.preview", "packing.case_pack", "statements.statement", "statements.write",
    } <= found  # fmt: skip


def test_nearly_every_action_of_the_table_is_driven(monkeypatch, place):
    """Those left out are asked for beside a function that a server does, or come once a case is upgraded or restored."""
    asked = {drive(monkeypatch, place, name, Role.SUPERVISOR)[0] for name in DRIVEN}
    assert {Action.SEARCH, Action.VIEW, Action.VIEW_DETAIL, Action.VIEW_FACES, Action.JUDGE, Action.QUERY} <= asked
    assert len(asked) >= 0.7 * len(Action)
