"""Sections of a transparency report: errors, the gallery, groups, keeping, attempts, access, changes, software."""

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
from stillgraph.records.transparency import (
    TransparencyRate,
    TransparencyRow,
    TransparencySection,
    TransparencyTable,
)

ATTRIBUTES = {"sex": "sex", "ethnicity": "ethnicity"}
"""By what custody recorded, people are counted in groups."""


def error_rates(_book: Book, material: Material) -> Draft:
    """State what was measured on faces of known truth, as the entries of measuring say."""
    measured = _last(line for line in material.known if line.action == Action.EVALUATE and "measured" in line.details)
    limits = _newest_by(
        (line for line in _of(material.known, Action.SET_THRESHOLD) if "returned" in line.details), "fpir"
    )

    def draft() -> TransparencySection:
        rates: list[TransparencyRate] = []
        facts: list[tuple[str, str]] = []
        if measured is not None:
            said = measured.details["measured"]
            facts = [
                ("measured on", f"{measured.day.isoformat()}, audit entry {measured.entry.sequence}"),
                ("model", str(said["model"])), ("gallery", f"{said['gallery']:,} people"),
                ("faces of known truth", f"{said['mated']:,} of people in the gallery, {said['nonmated']:,} of others"),
                ("people", "made up by a program" if said.get("synthetic") else "as the truth table says"),
            ]  # fmt: skip
            rates += [
                _rate(f"within_{rank}", f"the right person within the first {rank} of the list", n, said["mated"])
                for rank, n in said["within"].items()
            ]
            rates += [
                _rate(f"fnir_at_{target}", f"the right person not returned, at a threshold for FPIR {target}", n,
                      said["mated"])
                for target, n in said["missed"].items()
            ]  # fmt: skip
        rates += [
            _rate(f"fpir_{fpir}", f"searches for a stranger that returned somebody, threshold set for FPIR {fpir}",
                  int(line.details["returned"]), int(line.details["searches"]))
            for fpir, line in limits.items()
        ]  # fmt: skip
        return TransparencySection(
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


def _rate(key: str, label: str, successes: int, trials: int) -> TransparencyRate:
    made = wilson(successes, trials)
    return TransparencyRate(key, label, successes, trials, made.value, made.low, made.high)


def _last(lines: Iterable[Line]) -> Line | None:
    found = None
    for line in lines:
        found = line if line.done else found
    return found


def _of(lines: Iterable[Line], action: str) -> Iterator[Line]:
    return (line for line in lines if line.action == action and line.done)


def _newest_by(lines: Iterable[Line], name: str) -> dict[str, Line]:
    return {f"{line.details[name]:g}": line for line in lines}


def gallery(book: Book, material: Material) -> Draft:
    """Count the custody images enrolled, and say how large the gallery was."""
    sizes: dict[str, tuple[int, str]] = {}
    taken, refused = Counter[str](), Counter[str]()
    for line in material.within:
        month = f"{line.day:%Y-%m}"
        if line.done and "gallery_size" in line.details and not line.details.get("among_stills"):
            sizes[month] = (int(line.details["gallery_size"]), str(line.details.get("gallery", "")))
        if line.done and line.action == Action.ENROL_CUSTODY:
            taken[month] += int(line.details.get("accepted", 0))
            refused[month] += int(line.details.get("refused", 0))
    months = sorted({*sizes, *taken, *refused})
    for stem, counted in (("enrolled", taken), ("refused", refused)):
        book.put(f"gallery.{stem}.{ALL}", sum(counted.values()))
        parts_of(book, f"gallery.{stem}.{ALL}", f"gallery.{stem}", {month: counted[month] for month in months})

    def size(month: str) -> str:
        if month not in sizes:
            return "not searched then"
        return about(sizes[month][0]) if material.public else f"{sizes[month][0]:,}"

    def version(month: str) -> str:
        return sizes[month][1] if month in sizes else ""

    def draft() -> TransparencySection:
        columns = [("size", "custody images at the last search"), ("version", "gallery version"),
                   ("enrolled", "images enrolled"), ("refused", "rows refused")]  # fmt: skip
        rows = [
            TransparencyRow(month, month, (size(month), version(month), book.cell(f"gallery.enrolled.{month}"),
                                           book.cell(f"gallery.refused.{month}")))
            for month in months
        ]  # fmt: skip
        rows.append(
            TransparencyRow(
                ALL, "all", ("", "", book.cell(f"gallery.enrolled.{ALL}"), book.cell(f"gallery.refused.{ALL}"))
            )
        )
        table = TransparencyTable(
            "by_month", "The gallery by month", "month", tuple(columns), tuple(rows), ROUNDED if material.public else ""
        )
        return TransparencySection("gallery", "The gallery", paragraphs=(GALLERY,), tables=(table,))

    return draft


GALLERY = (
    "The gallery holds custody images: of people who were arrested, many of them never convicted. Its version is a "
    "digest of what is in it."
)
ROUNDED = "Sizes are to the nearest ten: the difference of two exact ones would be a small count."


def groups(book: Book, material: Material) -> Draft:
    """Count whom the lists named first and whom the gallery holds, by what custody recorded."""
    found = material.recorded
    stock: Mapping[str, Mapping[str, int]] = next((one.gallery for one in reversed(found) if one.gallery), {})
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

    def draft() -> TransparencySection:
        tables = tuple(
            TransparencyTable(
                attribute, f"By recorded {ATTRIBUTES[attribute]}", ATTRIBUTES[attribute],
                (("first", "lists that named one first"), ("gallery", "people in the gallery")),
                tuple(
                    TransparencyRow(label, label or "not recorded", (book.cell(name), persons(attribute, label)))
                    for label, name in rows
                ),
                ROUNDED_PEOPLE if material.public else "",
            )
            for attribute, rows in named.items()
        )  # fmt: skip
        return TransparencySection(
            "groups", "Groups", paragraphs=(GROUPS, *(() if tables else (NO_GROUPS,))), tables=tables
        )

    return draft


GROUPS = (
    "As custody recorded them; nothing is told from a face. Whoever stands first on a list is most alike by score, and "
    "is nobody's conclusion. A group may stand first more often because there are more of it in the gallery, on the "
    "stills, or because the model errs on it more: these counts cannot say which."
)
NO_GROUPS = "No entry of the period says whom lists named first, by group."
ROUNDED_PEOPLE = "People in the gallery are to the nearest ten, as its size is."


RETENTION = {
    "apply retention": "deletions as the rules say",
    "hold": "legal holds laid",
    "lift hold": "legal holds lifted",
    "apply to delete": "applications to delete",
    "decide application": "applications decided",
    "subject access": "answers to people who asked what is held on them",
}
"""What is done about keeping, as the record names it, and in whose words."""


def retention(book: Book, material: Material) -> Draft:
    """Count what was deleted, held and asked for."""
    counted = Counter(line.action for line in material.within if line.done and line.action in RETENTION)
    names = [book.put(f"retention.{action}", counted[action]) for action in RETENTION]

    def draft() -> TransparencySection:
        none = not counted
        rows = [(action.replace(" ", "_"), label, [name])
                for (action, label), name in zip(RETENTION.items(), names, strict=True)]  # fmt: skip
        table = book.table("acts", "What was done about keeping", "act", columns=[("count", "number")], rows=rows)
        return TransparencySection(
            "retention", "Keeping and deleting", paragraphs=(NOTHING_DELETED,) if none else (), tables=(table,)
        )

    return draft


NOTHING_DELETED = "No entry of the period is of deleting, holding or an application."


def refusals(book: Book, material: Material) -> Draft:
    """Count what was tried and refused, or failed."""
    tried = [line for line in material.within if line.entry.result == "refused"]
    failed = book.put("failed", sum(line.entry.result == "failed" for line in material.within))
    counted = Counter(line.action for line in tried)
    whole = book.put("refused", len(tried))
    names = parts_of(book, whole, "refused.to", {action: counted[action] for action in sorted(counted)})

    def draft() -> TransparencySection:
        tables = [
            book.table(
                "by_action", "Attempts refused, by what was tried", "to", columns=[("count", "attempts")],
                rows=[*((key.replace(" ", "_"), key, [name]) for key, name in names), (ALL, "all", [whole])],
            ),
            book.table("failures", "Other failures", "what", columns=[("count", "number")],
                       rows=[("failed", "actions that failed and left nothing behind", [failed])]),
        ]  # fmt: skip
        if not material.public and tried:
            tables.append(
                TransparencyTable(
                    "attempts", "Every attempt refused", "entry",
                    (("at", "at (UTC)"), ("officer", "officer as named"), ("action", "to"), ("why", "why not")),
                    tuple(
                        TransparencyRow(
                            str(line.entry.sequence), str(line.entry.sequence),
                            (f"{line.entry.recorded_at:%Y-%m-%d %H:%M}", line.entry.officer, line.action,
                             str(line.details.get("why", ""))),
                        )
                        for line in tried
                    ),
                )
            )  # fmt: skip
        return TransparencySection("refusals", "Attempts refused", paragraphs=(REFUSED,), tables=tuple(tables))

    return draft


REFUSED = (
    "Whatever is tried without a known officer, an open operation or a reason, or by a role that may not, is refused."
)


ACCESS = {
    "sign_ins": ("officers signing in", (Action.SIGN_IN,)),
    "looks": ("looks at faces, stills, people and tables", (Action.VIEW, Action.VIEW_QUEUE, Action.EXPLAIN)),
    "queries": ("questions in SQL", (Action.QUERY,)),
    "rankings": ("rankings and networks", (Action.RANK, Action.NETWORK, Action.PROPOSE_SERIES)),
    "exports": (
        "files for people: statements, photo arrays, case packs, reports",
        (Action.EXPORT_STATEMENT, Action.MAKE_ARRAY, Action.EXPORT_CASE_PACK, Action.REPORT_TRANSPARENCY),
    ),
    "workbenches": ("times that pages or the lab were opened", (Action.OPEN_WORKBENCH,)),
}
"""What is looked at and what leaves the case, by which actions."""


def access(book: Book, material: Material) -> Draft:
    """Count looks, and what left the case."""
    counted = Counter(line.action for line in material.within if line.done)
    rows = [
        (key, label, [book.put(f"access.{key}", sum(counted[str(action)] for action in actions))])
        for key, (label, actions) in ACCESS.items()
    ]

    def draft() -> TransparencySection:
        table = book.table("acts", "Looking and exporting", "what", columns=[("count", "number")], rows=rows)
        return TransparencySection("access", "Looking and exporting", tables=(table,))

    return draft


CHANGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    Action.CREATE_CASE: ("case made", ("model",)),
    Action.UPGRADE_CASE: ("case upgraded", ("since", "to")),
    Action.SET_POLICY: ("policy of review changed", ("policy",)),
    Action.SET_THRESHOLD: ("threshold set", ("fpir", "threshold", "searches")),
    Action.CALIBRATE: ("scores calibrated", ("searches",)),
    Action.CHOOSE_ENGINE: ("gallery engine chosen", ("engine",)),
    Action.SET_HARM: ("harm table set", ("version",)),
    Action.MIGRATE_MODEL: ("face model changed", ("to", "step")),
}
"""Changes of the rules by which the case is worked, and which details of them anybody may read."""


def changes(_book: Book, material: Material) -> Draft:
    """List how the rules changed: thresholds, policies, models."""

    def said(line: Line) -> str:
        label, wanted = CHANGES[line.action]
        told = ", ".join(
            f"{name} {_plain(line.details[name])}" for name in wanted if line.details.get(name) is not None
        )
        return f"{line.day.isoformat()}: {label}{': ' if told else ''}{told}"

    def draft() -> TransparencySection:
        points = tuple(said(line) for line in material.within if line.done and line.action in CHANGES)
        return TransparencySection(
            "changes", "Changes of rules, models and settings", points=points,
            paragraphs=() if points else ("None in the period.",),
        )  # fmt: skip

    return draft


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def people(_book: Book, material: Material) -> Draft:
    """Count by operation and officer, for those who answer for them; the public is told of neither."""

    def draft() -> TransparencySection | None:
        if material.public:
            return None
        images, searches = Counter[str](), Counter[str]()
        for one in material.searches:
            searches[one.line.entry.operation] += 1
            images[one.line.entry.operation] += one.images
        acts = Counter((line.entry.operation) for line in material.within if line.done)
        by_operation = tuple(
            TransparencyRow(name, name, (acts[name], searches[name], images[name])) for name in sorted(acts)
        )
        officers = Counter(line.entry.officer for line in material.within if line.done)
        searched = Counter(one.line.entry.officer for one in material.searches)
        judged = _by_officer(material.within, Action.JUDGE)
        refused = Counter(line.entry.officer for line in material.within if line.entry.result == "refused")
        by_officer = tuple(
            TransparencyRow(name, name, (officers[name], searched[name], judged[name], refused[name]))
            for name in sorted({*officers, *refused})
        )
        return TransparencySection(
            "people", "Operations and officers", paragraphs=(NAMED,),
            tables=(
                TransparencyTable(
                    "operations", "By operation", "operation",
                    (("actions", "actions"), ("searches", "searches"), ("images", "stills or images searched")),
                    by_operation,
                ),
                TransparencyTable(
                    "officers", "By officer", "officer",
                    (("actions", "actions"), ("searches", "searches"), ("judgements", "judgements"),
                     ("refused", "attempts refused")),
                    by_officer,
                ),
            ),
        )  # fmt: skip

    return draft


NAMED = "Officers and operations are named by their ids, as claimed at the time."


def _by_officer(lines: Iterable[Line], action: str) -> Counter[str]:
    return Counter(line.entry.officer for line in lines if line.done and line.action == action)


def software(_book: Book, material: Material) -> Draft:
    """List the software and the models, by the SHA-256 of their files."""
    versions = _all_of(material.within, "software")
    packs = _all_of(material.within, "pack_files")
    models = sorted({str(line.details["model"]) for line in material.within if line.details.get("model")})

    def draft() -> TransparencySection:
        facts = [("face model", model) for model in models]
        facts += [("software", ", ".join(f"{name} {version}" for name, version in one.items())) for one in versions]
        facts += [(f"SHA-256 of {name}", digest) for one in packs for name, digest in one.items()]
        return TransparencySection(
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

    def draft() -> TransparencySection:
        return TransparencySection(
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
