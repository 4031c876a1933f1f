"""The accuracy report of a case or of a study: what was measured, how, on what, and what it does not say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import accuracy_sections, accuracy_sketches, exporting, measured_words, report_pages
from stillgraph.casework.desk import Desk
from stillgraph.casework.evaluating import identification
from stillgraph.casework.evaluating_review import drift, process, reviews
from stillgraph.casework.report_pages import Pages
from stillgraph.casework.wire import served
from stillgraph.casework.wording import SIMULATED, moment
from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records.reports import ReportSection

if TYPE_CHECKING:
    from stillgraph.casework.evaluating import IdentificationReport
    from stillgraph.casework.sketches import Sketch
    from stillgraph.casework.study import StudyReport
    from stillgraph.evaluation.measured import Measured

FORMAT = 1
"""Of the JSON form; a later one that drops or renames a key has a higher number."""

PACKAGES = ("stillgraph", "onnxruntime", "numpy", "scipy", "faiss-cpu", "duckdb")
"""Whose versions a report states."""

LIMITS = (
    "Rates are of this gallery, these pictures and these people, and of no others. A larger gallery errs more often.",
    "The search is one part of the process: what reviewers add or take away is measured apart.",
    "Pictures of a search are not evidence of who somebody is, whatever the score.",
)
NO_TRUTH = (
    "Nobody whose identity is known was given, so neither FNIR nor FPIR can be stated. Give a truth table (--truth), "
    "or measure people who are known (`stillgraph evaluate people`)."
)
NOT_FOR_ALL = "How officers did in trials is for supervisors and administrators; ask one to make this report."


@dataclass(frozen=True, slots=True)
class AccuracyWritten:
    """A report that was written as a file."""

    file: str
    form: str
    sha256: str
    bytes: int


@served(writes=("path",))
def write(desk: Desk, path: Path, *, truth: Path | None = None, by: Sequence[str] = ()) -> AccuracyWritten:
    """Write the accuracy report of a case as HTML, PDF or JSON, by the file's ending.

    Parameters
    ----------
    truth
        Faces whose person is known; without it the report says what completed reviews can tell, and no more.
    by
        Recorded attributes to compare groups of.

    Raises
    ------
    WrongUse
        The ending stands for no form, the file lies inside the case, or it cannot be written.
    """
    writer = _writer(path)
    if path.resolve().is_relative_to(desk.case.directory):
        raise WrongUse(f"{path.name} would lie inside the case; name a file in a folder of its own.")
    with desk.sitting():
        found = None if truth is None else identification(desk, truth, by=by)
        pages = _of_case(desk, found, truth)
        data = writer(pages)
        told = _told(path, data)
        with desk.act(Action.EVALUATE, what="accuracy report", form=told.form, sha256=told.sha256):
            exporting.put(path, data)
    return told


def write_study(report: StudyReport, path: Path, *, made_at: datetime | None = None) -> AccuracyWritten:
    """Write a study as HTML, PDF or JSON, by the file's ending; no case is involved.

    Raises
    ------
    WrongUse
        The ending stands for no form, or the file cannot be written.
    """
    data = _writer(path)(_of_study(report, made_at or datetime.now(UTC)))
    exporting.put(path, data)
    return _told(path, data)


def _writer(path: Path) -> Callable[[Pages], bytes]:
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise WrongUse(
            f"An accuracy report is written as {', '.join(WRITERS)}, by the file's ending; name such a file, not "
            f"{path.name}."
        )
    return writer


def _told(path: Path, data: bytes) -> AccuracyWritten:
    form = path.suffix.lower().removeprefix(".")
    return AccuracyWritten(str(path), form, hashlib.sha256(data).hexdigest(), len(data))


def _of_case(desk: Desk, found: IdentificationReport | None, truth: Path | None) -> Pages:
    reviewed = reviews(desk)
    sections = [_method()]
    drawings: dict[str, list[Sketch]] = {}
    if found is not None and found.measured is not None:
        sections += accuracy_sections.searched(found.measured)
        drawings = _drawn({"": {found.model: found.measured}})
    else:
        sections.append(ReportSection("listed", "How often the person is on the list", (NO_TRUTH,)))
    sections.append(accuracy_sections.reviews(reviewed.reviewed))
    try:
        sections.append(accuracy_sections.process(process(desk, truth=truth).process))
    except NotPermitted:
        sections.append(ReportSection("process", "Search and two blind reviewers together", (NOT_FOR_ALL,)))
    sections += [accuracy_sections.drift(drift(desk).charts), _limits(LIMITS)]
    said = [measured_words.SYNTHETIC] if desk.settings.get("kind") == "demonstration" else []
    facts = [("face model", str(desk.model)), *_facts(desk.clock())]
    if found is not None:
        facts.insert(1, ("gallery", f"{found.gallery.version}, {found.gallery.size:,} custody images"))
    if truth is not None:
        facts.insert(2, ("known truth", f"{truth.name}, SHA-256 {hashlib.sha256(truth.read_bytes()).hexdigest()}"))
    return Pages(
        "Accuracy of face search in this case", [*said, *([SIMULATED] if reviewed.simulated else [])], facts, sections,
        drawings, accuracy_sections.TEXTS, "Accuracy of face search",
    )  # fmt: skip


def _of_study(report: StudyReport, made_at: datetime) -> Pages:
    sections = [_method()]
    sets: dict[str, dict[str, Measured]] = {}
    for row in report.rows:
        name = f"{row.pack}, {row.condition}"
        sections += accuracy_sections.searched(row.measured, name)
        sets.setdefault(row.condition, {})[row.pack] = row.measured
    if report.beside:
        sections.append(accuracy_sections.compared((one.sentence, one.compared) for one in report.beside))
    facts = [
        ("people", f"{report.people:,}, with {report.images:,} images"), ("data", f"SHA-256 {report.digest}"),
        *((f"face model {name}", model) for name, model in report.models.items()),
        ("conditions", ", ".join(report.conditions)), ("groups by", ", ".join(report.by) or "none asked for"),
        ("seed", str(report.seed)), *_facts(made_at),
    ]  # fmt: skip
    drawings = {"method": [one for several in _drawn(sets).values() for one in several]}
    return Pages(
        "Accuracy of face models on known people", [], facts, [*sections, _limits((*report.limits, *LIMITS))], drawings,
        accuracy_sections.TEXTS, "Accuracy of face models",
    )  # fmt: skip


def _drawn(sets: dict[str, dict[str, Measured]]) -> dict[str, list[Sketch]]:
    """Return the curves of each set of models, for the section of how often people are listed."""
    drawn: list[Sketch] = []
    for condition, models in sets.items():
        named = {f"{name}, {condition}" if condition else str(name): found for name, found in models.items()}
        curves = {name: found.det for name, found in named.items() if found.det is not None}
        if curves:
            drawn.append(accuracy_sketches.det(curves))
        drawn.append(accuracy_sketches.cmc({name: found.hit_rate for name, found in named.items()}))
    return {"listed": drawn}


def _method() -> ReportSection:
    return ReportSection("method", "How it was measured", accuracy_sections.METHOD)


def _limits(limits: Sequence[str]) -> ReportSection:
    return ReportSection("limits", "What this does not say", points=tuple(limits))


def _facts(made_at: datetime) -> list[tuple[str, str]]:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [("software", versions), ("made at", moment(made_at))]


def as_json(pages: Pages) -> bytes:
    """Return a report as JSON (docs/interface.md)."""
    document = {
        "report": "accuracy", "format": FORMAT, "title": pages.title, "warnings": list(pages.warnings),
        "facts": dict(pages.facts),
        "sections": {section.key: report_pages.document(section) for section in pages.sections},
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


WRITERS: dict[str, Callable[[Pages], bytes]] = {".html": report_pages.html, ".pdf": report_pages.pdf, ".json": as_json}
"""How accuracy reports are written, by a file's ending."""
