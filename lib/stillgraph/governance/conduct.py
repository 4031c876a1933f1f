"""Sections of a transparency report: keeping and deleting, attempts refused, access, changes of rules, officers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from stillgraph.governance.accounts import Line
from stillgraph.governance.book import ALL, Book
from stillgraph.governance.chapters import Draft, Material, parts_of
from stillgraph.governance.permits import Action
from stillgraph.records.reports import ReportRow, ReportSection, ReportTable

RETENTION = {
    Action.APPLY_RETENTION: "deletions",
    Action.KEEP_ON: "reviews that kept a record on",
    Action.HOLD: "legal holds laid or lifted",
    Action.TAKE_APPLICATION: "applications to delete",
    Action.DECIDE_APPLICATION: "applications decided",
    Action.SUBJECT_ACCESS: "answers to people who asked what is held on them",
}
"""What is done about keeping, in whose words."""

ON_APPLICATION = "on application"
"""The rule under which whatever is deleted because the person applied is counted."""


def retention(book: Book, material: Material) -> Draft:
    """Count what was deleted, by kind and rule, what was held and what was asked for."""
    done = [line for line in material.within if line.done and line.action in RETENTION]
    # A deletion goes on after its rows are gone, with entries that name the step; it is counted once.
    counted = Counter(line.action for line in done if "step" not in line.details)
    kinds, rules, both = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for line in done:
        for kind, _, named in line.details.get("records", ()):
            # A row of its own for each application would say which were granted, and so how many.
            rule = ON_APPLICATION if str(named).startswith("application ") else str(named)
            kinds[str(kind)] += 1
            rules[rule] += 1
            both[f"deleted.kind.{kind}", f"deleted.rule.{rule}"] += 1
    whole = book.put("deleted", sum(kinds.values()))
    by_kind = parts_of(book, whole, "deleted.kind", {kind: kinds[kind] for kind in sorted(kinds)})
    by_rule = parts_of(book, whole, "deleted.rule", {rule: rules[rule] for rule in sorted(rules)})
    # A rule is of one kind, as its name says, so that kinds can be taken from rules and the other way round.
    book.cross("deleted.of", dict(sorted(both.items())))
    acts = [
        (str(action).replace(" ", "_"), label, [book.put(f"retention.{action}", counted[action])])
        for action, label in RETENTION.items()
    ]

    def draft() -> ReportSection:
        last = (ALL, "all", [whole])
        return ReportSection(
            "retention", "Keeping and deleting", paragraphs=() if done else (NOTHING_DELETED,),
            tables=(
                book.table("acts", "What was done about keeping", "act", columns=[("count", "number")], rows=acts),
                book.table("by_kind", "Records deleted, by kind", "kind", columns=[("records", "records")],
                           rows=[*((key, key, [name]) for key, name in by_kind), last]),
                book.table("by_rule", "Records deleted, by rule", "rule", columns=[("records", "records")],
                           rows=[*((key, key, [name]) for key, name in by_rule), last]),
            ),
        )  # fmt: skip

    return draft


NOTHING_DELETED = "No entry of the period is of deleting, holding or an application."


def refusals(book: Book, material: Material) -> Draft:
    """Count what was tried and refused, or failed."""
    tried = [line for line in material.within if line.entry.result == "refused"]
    failed = book.put("failed", sum(line.entry.result == "failed" for line in material.within))
    counted = Counter(line.action for line in tried)
    whole = book.put("refused", len(tried))
    names = parts_of(book, whole, "refused.to", {action: counted[action] for action in sorted(counted)})

    def draft() -> ReportSection:
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
                ReportTable(
                    "attempts", "Every attempt refused", "entry",
                    (("at", "at (UTC)"), ("officer", "officer as named"), ("action", "to"), ("why", "why not")),
                    tuple(
                        ReportRow(
                            str(line.entry.sequence), str(line.entry.sequence),
                            (f"{line.entry.recorded_at:%Y-%m-%d %H:%M}", line.entry.officer, line.action,
                             str(line.details.get("why", ""))),
                        )
                        for line in tried
                    ),
                )
            )  # fmt: skip
        return ReportSection("refusals", "Attempts refused", paragraphs=(REFUSED,), tables=tuple(tables))

    return draft


REFUSED = (
    "Whatever is tried without a known officer, an open operation or a reason, or by a role that may not, is refused."
)


ACCESS = {
    "sign_ins": ("officers signing in", (Action.SIGN_IN,)),
    "looks": (
        "looks at faces, stills, people and tables",
        (Action.VIEW, Action.VIEW_DETAIL, Action.VIEW_FACES, Action.VIEW_QUEUE, Action.EXPLAIN),
    ),
    "queries": ("questions in SQL", (Action.QUERY,)),
    "rankings": ("rankings and networks", (Action.RANK, Action.NETWORK, Action.PROPOSE_SERIES)),
    "exports": (
        "files for people: statements, photo arrays, case packs, reports",
        (Action.EXPORT_STATEMENT, Action.MAKE_ARRAY, Action.EXPORT_CASE_PACK, Action.REPORT_TRANSPARENCY),
    ),
    "workbenches": ("times that pages or the lab were opened", (Action.OPEN_WORKBENCH, Action.OPEN_LAB)),
}
"""What is looked at and what leaves the case, by which actions."""


def access(book: Book, material: Material) -> Draft:
    """Count looks, and what left the case."""
    counted = Counter(line.action for line in material.within if line.done)
    rows = [
        (key, label, [book.put(f"access.{key}", sum(counted[str(action)] for action in actions))])
        for key, (label, actions) in ACCESS.items()
    ]

    def draft() -> ReportSection:
        table = book.table("acts", "Looking and exporting", "what", columns=[("count", "number")], rows=rows)
        return ReportSection("access", "Looking and exporting", tables=(table,))

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
    Action.SET_RETENTION: ("rules of keeping set", ("rules",)),
    Action.ENFORCE_ROLES: ("roles enforced or not", ()),
    Action.REQUIRE_SIGN_IN: ("sign-in required or not", ()),
    Action.RESTORE: ("case restored from a backup", ()),
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

    def draft() -> ReportSection:
        points = tuple(said(line) for line in material.within if line.done and line.action in CHANGES)
        return ReportSection(
            "changes", "Changes of rules, models and settings", points=points,
            paragraphs=() if points else ("None in the period.",),
        )  # fmt: skip

    return draft


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def people(_book: Book, material: Material) -> Draft:
    """Count by operation and officer, for those who answer for them; the public is told of neither."""

    def draft() -> ReportSection | None:
        if material.public:
            return None
        images, searches = Counter[str](), Counter[str]()
        for one in material.searches:
            searches[one.line.entry.operation] += 1
            images[one.line.entry.operation] += one.images
        acts = Counter((line.entry.operation) for line in material.within if line.done)
        by_operation = tuple(ReportRow(name, name, (acts[name], searches[name], images[name])) for name in sorted(acts))
        officers = Counter(line.entry.officer for line in material.within if line.done)
        searched = Counter(one.line.entry.officer for one in material.searches)
        judged = _by_officer(material.within, Action.JUDGE)
        refused = Counter(line.entry.officer for line in material.within if line.entry.result == "refused")
        by_officer = tuple(
            ReportRow(name, name, (officers[name], searched[name], judged[name], refused[name]))
            for name in sorted({*officers, *refused})
        )
        return ReportSection(
            "people", "Operations and officers", paragraphs=(NAMED,),
            tables=(
                ReportTable(
                    "operations", "By operation", "operation",
                    (("actions", "actions"), ("searches", "searches"), ("images", "stills or images searched")),
                    by_operation,
                ),
                ReportTable(
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
