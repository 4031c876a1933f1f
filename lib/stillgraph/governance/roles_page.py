"""The table of roles as text: what ``stillgraph case roles table`` prints, and the middle of ``docs/roles.md``."""

from __future__ import annotations

from stillgraph.governance.actions import SETTING_UP
from stillgraph.governance.roles import GROUPS, READS
from stillgraph.records import Role

YES, NO = "yes", ""


def markdown() -> str:
    """Return the table in Markdown, one heading and table a group of actions, with why others are refused."""
    parts = []
    for group in GROUPS:
        head = f"| action | {' | '.join(Role)} |\n|---|{'---|' * len(Role)}"
        rows = [
            f"| {action}{'' if action not in SETTING_UP else ' *'} | "
            + " | ".join(YES if role in may else NO for role in Role)
            + " |"
            for action, may in group.may.items()
        ]
        refused = any(len(may) < len(Role) for may in group.may.values())
        why = f"\n\nOthers are told: *{group.why}*." if refused else ""
        parts.append(f"### {group.title}\n\n" + "\n".join([head, *rows]) + why)
    views = "\n".join(f"- {role}: {', '.join(f'`{view}`' for view in sorted(may))}" for role, may in READS.items())
    return "\n\n".join([*parts, f"### What a query reads\n\nEvery view, but for the role of\n\n{views}"]) + "\n"
