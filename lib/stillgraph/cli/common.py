"""What the commands share: options, the seat at a case, and output for people and for tools."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from stillgraph.casework import Desk
    from stillgraph.records import Refusal, Role

Case = Annotated[Path, typer.Argument(metavar="CASE", help="The case directory, or the address of its server.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Officer = Annotated[str | None, typer.Option("--officer", metavar="ID", help="Who acts (STILLGRAPH_OFFICER).")]
OperationOption = Annotated[
    str | None, typer.Option("--operation", metavar="OP", help="For which operation (STILLGRAPH_OPERATION).")
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why (STILLGRAPH_REASON).")]
Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this day on, e.g. 2026-01-01.")]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Up to and with this day.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="How many analyse images at a time; default: one a core.")
]


def seat(case: Path, officer: str | None, operation: str | None, reason: str | None, *, outdated: bool = False) -> Desk:
    """Open a case as the options and the environment say."""
    from stillgraph.casework import take_seat

    return take_seat(case, officer=officer, operation=operation, reason=reason, outdated=outdated)


def day(text: str | None, option: str) -> date | None:
    """Read a date option."""
    from stillgraph.errors import WrongUse

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{option} takes a date like 2026-01-31, not {text!r}.") from None


def given_day(text: str, option: str) -> date:
    """Read a date option that must be given."""
    from stillgraph.errors import WrongUse

    found = day(text, option)
    if found is None:
        raise WrongUse(f"{option} takes a date like 2026-01-31.")
    return found


def role(text: str) -> Role:
    """Read a role."""
    from stillgraph.errors import WrongUse
    from stillgraph.records import Role

    roles = [str(known) for known in Role]
    if text not in roles:
        raise WrongUse(f"There is no role {text}; the roles are {', '.join(roles)}.")
    return Role(text)


def print_json(document: object) -> None:
    """Print one JSON document on stdout."""
    json.dump(plain(document), sys.stdout, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: times ISO 8601 UTC, a box as ``[x, y, width, height]``."""
    from stillgraph.records import Box

    if isinstance(value, Box):
        return [round(v, 2) for v in (value.x, value.y, value.width, value.height)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        # SQL's TIMESTAMP has no zone: read as the machine's own, it would be another time on each machine.
        return value.isoformat() if value.tzinfo is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if hasattr(value, "item"):
        return plain(value.item())
    return _simplest(value)


def _simplest(value: Any) -> Any:
    """Return a value of SQL as JSON knows it: a whole DECIMAL as an integer, NaN and infinity as null."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print an aligned table; numbers to the right, text to the left."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(len(header), *(len(row[i]) for row in cells), 0) for i, header in enumerate(headers)]
    numeric = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(headers))]
    for row in [list(headers), *cells]:
        line = (c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric, strict=True))
        print("  " + "  ".join(line).rstrip())


def _cell(value: object) -> str:
    """Return a value as a table shows it: times UTC, to the second; nothing that a terminal would obey."""
    if value is None:
        return ""
    return printable(str(plain(value.replace(microsecond=0))) if isinstance(value, datetime) else str(value))


def printable(text: str) -> str:
    """Return a text with what a terminal would obey, or show in another order, replaced; ends of lines are blanks."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with what it counts: ``1 row``, ``2 rows``."""
    from stillgraph.casework import wording

    return wording.count(number, one, many)


def print_refusals(refusals: Sequence[Refusal]) -> None:
    """Print refused manifest rows with their reasons."""
    if refusals:
        print_table(["line", "image", "field", "reason"], [(r.line, r.image, r.field, r.reason) for r in refusals])


def _is_number(cell: str) -> bool:
    return bool(cell) and all(c in "0123456789.,-–% " for c in cell)


def pounds(pence: int) -> str:
    """Return pence as pounds for people to read."""
    from stillgraph.casework import wording

    return wording.pounds(pence)


def names(text: str) -> tuple[str, ...]:
    """Return what an option lists between commas, e.g. ``ethnicity,sex``."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
