"""How numbers are put into words, alike in every command."""


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with what it counts: ``1 row``, ``2 rows``; ``many`` is the plural where it is not one + s."""
    return f"{number} {one if number == 1 else many or one + 's'}"
