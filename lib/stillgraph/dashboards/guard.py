"""What a reader sees when something fails: the sentence of an error raised on purpose, else a reference."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TypeVar

from stillgraph.casework.faults import LOG, reference
from stillgraph.errors import StillgraphError

__all__ = ["LOG", "attempt", "reference"]

T = TypeVar("T")


def attempt(act: Callable[[], T], tell: Callable[[str], None]) -> T | None:
    """Do something and return its result, or tell the reader one sentence and return ``None``.

    The server's log gets the reference, the error's type and the lines of code it passed, never its message: that may
    hold personal data.
    """
    try:
        result = act()
    except StillgraphError as error:
        tell(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, a page shows no traceback
        places = " < ".join(
            f"{f.name} {f.filename}:{f.lineno}" for f in reversed(traceback.extract_tb(error.__traceback__))
        )
        tell(reference(f"{type(error).__name__} in {places}"))
    else:
        return result
    return None
