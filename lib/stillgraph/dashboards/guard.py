"""What a reader sees when something fails: the sentence of an error raised on purpose, else a reference."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable
from typing import TypeVar

from stillgraph.errors import StillgraphError

log = logging.getLogger(__name__)
T = TypeVar("T")


def attempt(act: Callable[[], T], tell: Callable[[str], None]) -> T | None:
    """Do something and return its result, or tell the reader one sentence and return ``None``.

    The log gets the reference, the error's type and the lines of code it passed, never its message: that may
    hold personal data.
    """
    try:
        result = act()
    except StillgraphError as error:
        tell(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, a page shows no traceback
        reference = secrets.token_hex(4).upper()
        places = " < ".join(
            f"{f.name} {f.filename}:{f.lineno}" for f in reversed(traceback.extract_tb(error.__traceback__))
        )
        log.error("reference %s: %s in %s", reference, type(error).__name__, places)  # noqa: TRY400 - no message
        tell(f"Something went wrong. Give your administrator this reference: {reference}.")
    else:
        return result
    return None
