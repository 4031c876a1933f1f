"""How numbers, money and moments are put into words, alike in every command, page and file."""

from __future__ import annotations

from datetime import UTC, datetime

SIMULATED = "Simulated review: judgements here were made by a program, in a demonstration. They say nothing of anybody."


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with what it counts: ``1 row``, ``2 rows``; ``many`` is the plural where it is not one + s."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def moment(at: datetime) -> str:
    """Return a moment as it is printed."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def pounds(pence: float) -> str:
    """Return pence as pounds: ``£1,234.56``."""
    return f"£{pence / 100:,.2f}"
