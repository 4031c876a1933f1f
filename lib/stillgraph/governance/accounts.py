"""What the entries of a record say was done, counted: the one place that reads their details for a report.

An entry made before a detail was recorded lacks it, and what is counted from it is then missing, not zero.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from stillgraph.errors import AuditBroken
from stillgraph.governance import chain
from stillgraph.governance.permits import Action
from stillgraph.records import AuditEntry

KINDS = {
    "stills": "stills of the case",
    "outside": "images from outside the case",
    "together": "several faces searched as one",
    "enrolment": "newly enrolled people against open stills",
    "among_stills": "faces of stills among themselves",
}
"""How a search was made, and in whose words."""

OUTSIDE = "image from outside the case"
PLACE_NOT_RECORDED = "place not recorded"
UNSETTLED = "pending"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, its details read."""

    entry: AuditEntry
    day: date
    details: Mapping[str, Any]

    @property
    def month(self) -> str:
        """The month it was recorded in, UTC."""
        return f"{self.day:%Y-%m}"

    @property
    def action(self) -> str:
        """What was done or tried."""
        return self.entry.action

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.entry.result == "done"


@dataclass(frozen=True, slots=True)
class SearchAccount:
    """What one search entry says; ``None`` for what an entry of its time does not."""

    line: Line
    kind: str
    images: int
    faces: int
    usable: int | None
    lists: int | None
    places: Mapping[str, int]
    bands: Mapping[str, int]
    first: Mapping[str, Mapping[str, int]]


@dataclass(slots=True)
class ReviewAccount:
    """What became of the lists that were judged in a period: faces by outcome at its end."""

    judgements: int = 0
    recorded: int = 0
    reopened: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)


def read(entries: Sequence[AuditEntry]) -> list[Line]:
    """Return entries with their details, once it is seen that each follows from the one before.

    Raises
    ------
    AuditBroken
        One does not, or has been altered: nothing is counted from a record that does not hold.
    """
    previous, found = chain.GENESIS, []
    for place, one in enumerate(entries, start=1):
        if (one.sequence, one.previous, one.digest) != (place, previous, chain.digest(one)):
            raise AuditBroken(
                f"Entry {place} of the audit record is missing, altered or out of its place, so no report is made from "
                "it; `stillgraph audit verify` says what is wrong."
            )
        previous = one.digest
        found.append(Line(one, one.recorded_at.astimezone(UTC).date(), json.loads(one.details)))
    return found


def searches(lines: Iterable[Line]) -> list[SearchAccount]:
    """Return what the searches that were made say of themselves."""
    return [_search(line) for line in lines if line.action == Action.SEARCH and line.done]


def kind_of(details: Mapping[str, Any]) -> str:
    """Return which of :data:`KINDS` a search was."""
    for flag, kind in (
        ("from_outside", "outside"), ("together", "together"), ("open_stills", "enrolment"),
        ("among_stills", "among_stills"),
    ):  # fmt: skip
        if details.get(flag):
            return kind
    return "stills"


def _search(line: Line) -> SearchAccount:
    said, kind = line.details, kind_of(line.details)
    told: Mapping[str, Any] = said.get("account", {})
    if not told:
        images = {"stills": "stills", "outside": "images", "enrolment": "open_faces"}.get(kind)
        faces = {"together": "together", "among_stills": "faces"}.get(kind)
        named = len(said.get(faces, ())) if faces is not None else None
        found = named if named is not None else int(said.get("probes", said.get("open_faces", 0)))
        count = named if named is not None else int(said.get(images or "", 0))
        return SearchAccount(line, kind, count, found, None, said.get("leads") if kind == "enrolment" else None,
                             {PLACE_NOT_RECORDED if kind != "outside" else OUTSIDE: count}, {}, {})  # fmt: skip
    return SearchAccount(
        line, kind, int(told["images"]), int(told["faces"]), int(told["usable"]), int(told["lists"]), told["places"],
        told["bands"], told["first"],
    )  # fmt: skip


def review(before: Iterable[Line], within: Iterable[Line]) -> ReviewAccount:
    """Return what became of the lists judged in a period, given the entries before it.

    A judgement's entry says what the officers' verdicts then amount to: pending until it is settled, and of a trial
    always, so that nobody can tell. What was settled therefore stands until an enrolment reopens the face, and a trial
    of a face that was settled before the period adds to no outcome.
    """
    stands: dict[str, str] = {}
    made = ReviewAccount()
    for line in before:
        _follow(line, stands)
    judged, settled, said = set[str](), set[str](), dict[str, Mapping[str, int]]()
    for line in within:
        made.reopened += _follow(line, stands)
        if line.action != Action.JUDGE or not line.done:
            continue
        made.judgements += 1
        if "outcome" in line.details:
            made.recorded += 1
            face = str(line.details["face"])
            said[face] = line.details.get("verdicts", said.get(face, {}))
            (judged if line.details["outcome"] == UNSETTLED else settled).add(face)
    for face in settled:
        made.verdicts.update(said.get(face, {}))
    made.outcomes = Counter(
        stands.get(face, UNSETTLED) for face in settled | {one for one in judged if one not in stands}
    )
    return made


def _follow(line: Line, stands: dict[str, str]) -> int:
    """Bring the outcomes along by one entry; return how many settled faces it reopened."""
    if not line.done:
        return 0
    if line.action == Action.JUDGE and line.details.get("outcome", UNSETTLED) != UNSETTLED:
        stands[str(line.details["face"])] = str(line.details["outcome"])
    reopened = line.details.get("reopened", ()) if line.action == Action.SEARCH else ()
    return sum(stands.pop(str(face), None) is not None for face in reopened)


def legal_bases(lines: Iterable[Line]) -> dict[str, str]:
    """Return the legal basis of each operation that was opened with one, by the operation's id."""
    return {
        str(line.details.get("opened")): str(line.details["legal_basis"])
        for line in lines
        if line.action == Action.OPEN_OPERATION and line.done and line.details.get("legal_basis")
    }


def simulated(lines: Iterable[Line]) -> bool:
    """Return whether an officer who is a program judged in these entries."""
    programs, judged = set[str](), set[str]()
    for line in lines:
        if line.action == Action.ADD_OFFICER and line.done and line.details.get("simulated"):
            programs.add(str(line.details.get("added")))
        elif line.action == Action.JUDGE and line.done:
            judged.add(line.entry.officer)
    return bool(programs & judged)
