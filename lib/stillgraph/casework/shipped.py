"""Where the files lie that Stillgraph ships beside its code: demonstration, reference tables, notebooks."""

from __future__ import annotations

from pathlib import Path

from stillgraph.errors import NotFound

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(relative: str) -> Path:
    """Return the path of a shipped file or directory, from an installed wheel or from a checkout.

    Raises
    ------
    NotFound
        It is in neither.
    """
    for root in (_PACKAGE / "_shipped", _PACKAGE.parents[1]):
        if (root / relative).exists():
            return root / relative
    raise NotFound(
        f"{relative} is missing from this installation; install Stillgraph again from its wheel or checkout."
    )
