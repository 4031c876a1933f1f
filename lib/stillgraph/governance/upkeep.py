"""Sections of a transparency report: error rates, the gallery, groups, software and models, what is not known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stillgraph.evaluation import wilson
from stillgraph.governance.accounts import Line
from stillgraph.governance.book import ALL, Book, about
from stillgraph.governance.chapters import Draft, Material, parts_of
from stillgraph.governance.permits import Action
from stillgraph.records.reports import ReportRate, ReportRow, ReportSection, ReportTable

ATTRIBUTES = {"sex": "sex", "ethnicity": "ethnicity"}
"""By what custody recorded, people are counted in groups."""


def error_rates(_book: Book, material: Material) -> Draft:
    """State what was measured on faces of known truth, as the entries of measuring say."""
    measured = _last(line for line in material.known if line.action == Action.EVALUATE and "measured" in line.details)
    limits = _newest_by(
        (line for line in _of(material.known, Action.SET_THRESHOLD) if "returned" in line.details), "fpir"
    )

    def draft() -> ReportSection:
        rates: list[ReportRate] = []
        facts: list[tuple[str, str]] = []
        if measured is not None:
            said = measured.details["measured"]
            held = about(said["gallery"]) if material.public else f"{said['gallery']:,}"
            facts = [
                ("measured on", f"{measured.day.isoformat()}, audit entry {measured.entry.sequence}"),
                ("model", str(said["model"])), ("gallery", f"{held} people"),
                ("faces of known truth", f"{said['mated']:,} of people in the gallery, {said['nonmated']:,} of others"),
                ("people", "made up by a program" if said.get("synthetic") else "as the truth table says"),
            ]  # fmt: skip
            rates += [
                _rate(f"within_{rank}", f"the right person within the first {rank} of the list", n, said["mated"])
                for rank, n in _in_order(said["within"])
            ]
            rates += [
                _rate(f"fnir_at_{target}", f"the right person not returned, at a threshold for FPIR {target}", n,
                      said["mated"])
                for target, n in _in_order(said["missed"])
            ]  # fmt: skip
            rates += [
                _rate(f"{attribute}_{label}_within_{rank}",
                      f"{attribute} {label}: the right person within the first {rank}", n, group["mated"])
                for attribute, found in said.get("groups", {}).items()
                for label, group in found.items()
                for rank, n in _in_order(group["within"])
            ]  # fmt: skip
        rates += [
            _rate(f"fpir_{fpir}", f"searches for a stranger that returned somebody, threshold set for FPIR {fpir}",
                  int(line.details["returned"]), int(line.details["searches"]))
            for fpir, line in limits.items()
        ]  # fmt: skip
        return ReportSection(
            "error_rates", "Error rates",
            paragraphs=(RATES, *(() if rates else (NOT_MEASURED,))), facts=tuple(facts), rates=tuple(rates),
        )  # fmt: skip

    return draft


RATES = (
    "As measured on faces of which it is known whose they are, up to the end of the period, with the number of trials "
    "and the 95 % interval. They hold for the model, the gallery and the pictures they were measured with."
)
NOT_MEASURED = (
    "Not measured: no entry of the record says how often a search errs. `stillgraph evaluate identification` and "
    "`stillgraph threshold` measure it."
)


def _rate(key: str, label: str, successes: int, trials: int) -> ReportRate:
    made = wilson(successes, trials)
    return ReportRate(key, label, successes, trials, made.value, made.low, made.high)


def _in_order(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: float(one[0]))


def _last(lines: Iterable[Line]) -> Line | None:
    found = None
    for line in lines:
        found = line if line.done else found
    return found


def _of(lines: Iterable[Line], action: str) -> Iterator[Line]:
    return (line for line in lines if line.action == action and line.done)


def _newest_by(lines: Iterable[Line], name: str) -> dict[str, Line]:
    return {f"{line.details[name]:g}": line for line in lines}


def _sizes(lines: Iterable[Line]) -> dict[str, tuple[int, str]]:
    """Return size and version of the gallery at the last search of each month."""
    return {
        line.month: (int(line.details["gallery_size"]), str(line.details.get("gallery", "")))
        for line in lines
        if line.done and "gallery_size" in line.details and not line.details.get("among_stills")
    }


def gallery(book: Book, material: Material) -> Draft:
    """Count the custody images enrolled, and say how large the gallery was."""
    sizes = _sizes(material.within)
    taken, refused, statuses = Counter[str](), Counter[str](), Counter[str]()
    for line in _of(material.within, Action.ENROL_CUSTODY):
        taken[line.month] += int(line.details.get("accepted", 0))
        refused[line.month] += int(line.details.get("refused", 0))
        statuses.update(line.details.get("statuses", {}))
    months = sorted({*sizes, *taken, *refused})
    for stem, counted in (("enrolled", taken), ("refused", refused)):
        book.put(f"gallery.{stem}.{ALL}", sum(counted.values()))
        parts_of(book, f"gallery.{stem}.{ALL}", f"gallery.{stem}", {month: counted[month] for month in months})

    by_status = parts_of(
        book, f"gallery.enrolled.{ALL}", "gallery.status", {name: statuses[name] for name in sorted(statuses)}
    )

    def size(month: str) -> str:
        if month not in sizes:
            return "not searched then"
        return about(sizes[month][0]) if material.public else f"{sizes[month][0]:,}"

    def version(month: str) -> str:
        return sizes[month][1] if month in sizes else ""

    def draft() -> ReportSection:
        columns = [("size", "custody images at the last search"), ("version", "gallery version"),
                   ("enrolled", "images enrolled"), ("refused", "rows refused")]  # fmt: skip
        rows = [
            ReportRow(month, month, (size(month), version(month), book.cell(f"gallery.enrolled.{month}"),
                                           book.cell(f"gallery.refused.{month}")))
            for month in months
        ]  # fmt: skip
        rows.append(
            ReportRow(ALL, "all", ("", "", book.cell(f"gallery.enrolled.{ALL}"), book.cell(f"gallery.refused.{ALL}")))
        )
        table = ReportTable(
            "by_month", "The gallery by month", "month", tuple(columns), tuple(rows), ROUNDED if material.public else ""
        )
        told = [(key, key, [name]) for key, name in by_status]
        of_status = book.table(
            "by_status", "Images enrolled, by conviction status", "status", columns=[("images", "images enrolled")],
            rows=[*told, (ALL, "all", [f"gallery.enrolled.{ALL}"])],
        )  # fmt: skip
        tables = (table, of_status) if told else (table,)
        return ReportSection("gallery", "The gallery", paragraphs=(GALLERY,), tables=tables)

    return draft


GALLERY = (
    "The gallery holds custody images: of people who were arrested, many of them never convicted. Its version is a "
    "digest of what is in it."
)
ROUNDED = "Sizes are to the nearest ten: the difference of two exact ones would be a small count."


def _people(lines: Sequence[Line]) -> Mapping[str, Mapping[str, int]]:
    """Return who was in custody records by group, as the newest entry that says so has it."""
    for line in reversed(lines):
        told: Mapping[str, Any] = line.details.get("account", line.details)
        if line.done and "people" in told and isinstance(told["people"], dict):
            return told["people"]
    return {}


def groups(book: Book, material: Material) -> Draft:
    """Count whom the lists named first and whom the gallery holds, by what custody recorded."""
    found = material.recorded
    stock = _people(material.within)
    named: dict[str, list[tuple[str, str]]] = {}
    for attribute in ATTRIBUTES:
        first = Counter[str]()
        for one in found:
            first.update(one.first.get(attribute, {}))
        ordered = {label: first[label] for label in sorted({*first, *stock.get(attribute, {})})}
        if ordered:
            named[attribute] = parts_of(book, "yield.lists", f"group.{attribute}", ordered)

    def persons(attribute: str, label: str) -> int | str:
        held = stock.get(attribute, {}).get(label, 0)
        return about(held) if material.public else held

    def draft() -> ReportSection:
        tables = tuple(
            ReportTable(
                attribute, f"By recorded {ATTRIBUTES[attribute]}", ATTRIBUTES[attribute],
                (("first", "lists that named one first"), ("people", "people in custody records")),
                tuple(
                    ReportRow(label, label or "not recorded", (book.cell(name), persons(attribute, label)))
                    for label, name in rows
                ),
                ROUNDED_PEOPLE if material.public else "",
            )
            for attribute, rows in named.items()
        )  # fmt: skip
        return ReportSection("groups", "Groups", paragraphs=(GROUPS, *(() if tables else (NO_GROUPS,))), tables=tables)

    return draft


GROUPS = (
    "As custody recorded them; nothing is told from a face. Whoever stands first on a list is most alike by score, and "
    "is nobody's conclusion. A group may stand first more often because there are more of it in the gallery, on the "
    "stills, or because the model errs on it more: these counts cannot say which."
)
NO_GROUPS = "No entry of the period says whom lists named first, by group."
ROUNDED_PEOPLE = "People in custody records are to the nearest ten, as the gallery's size is."


def software(_book: Book, material: Material) -> Draft:
    """List the software and the models, by the SHA-256 of their files."""
    versions = _all_of(material.within, "software")
    packs = _all_of(material.within, "pack_files")
    models = sorted({str(line.details["model"]) for line in material.within if line.details.get("model")})

    def draft() -> ReportSection:
        facts = [("face model", model) for model in models]
        facts += [("software", ", ".join(f"{name} {version}" for name, version in one.items())) for one in versions]
        facts += [(f"SHA-256 of {name}", digest) for one in packs for name, digest in one.items()]
        return ReportSection(
            "software", "Software and models", facts=tuple(dict.fromkeys(facts)),
            paragraphs=() if versions else ("No entry of the period says which software made it.",),
        )  # fmt: skip

    return draft


def _all_of(lines: Sequence[Line], name: str) -> list[dict[str, Any]]:
    """Return each different value that entries have of one detail, in the order they came."""
    found = {
        json.dumps(line.details[name], sort_keys=True): line.details[name] for line in lines if name in line.details
    }
    return list(found.values())


def unknown(_book: Book, material: Material) -> Draft:
    """Say what the record cannot."""

    def draft() -> ReportSection:
        return ReportSection(
            "unknown", "What is not known", points=(*UNKNOWN, *(WITHHOLDING if material.public else ()))
        )

    return draft


UNKNOWN = (
    "How often two officers who agree are both wrong: that needs the truth, which no case holds.",
    "Whether errors fall on some groups more than on others.",
    "What became of a lead afterwards: arrests, charges and convictions are kept elsewhere.",
    "Whether offences became fewer: nothing here compares with what would have been otherwise.",
    "People in stills who were never looked for: a face too small or too dark is not searched.",
    "What was done with pictures outside this software, and who really sat at the keyboard.",
)
WITHHOLDING = (
    "Counts from 1 to 4 are withheld, and others where they would give one away, over all tables of this report.",
    "Between which bounds a withheld count lies can be worked out.",
    "What other publications say of the same searches, such as a retailer's own report, is not looked at here.",
)
