"""What a reader sees when something fails: the sentence of an error raised on purpose, else a reference."""

from __future__ import annotations

import logging
import os
import secrets
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from stillgraph.errors import StillgraphError

LOG = "STILLGRAPH_LOG"
"""The environment variable that names the servers' log."""
log = logging.getLogger(__name__)
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


def reference(what: str) -> str:
    """Return the sentence that a reader gets of something unforeseen, whose reference stands with ``what`` in the log.

    The log is the file that ``STILLGRAPH_LOG`` names, which the servers set, since what a kernel writes to its own
    error stream goes to its page and not to the server.
    """
    number = secrets.token_hex(4).upper()
    log.error("reference %s: %s", number, what)
    place = os.environ.get(LOG)
    if place:
        line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} reference {number}: {what}\n"
        # One write to a file opened for appending, so that lines of several kernels do not mix; readable by its owner.
        file = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)
    return f"Something went wrong. Give your administrator this reference: {number}."
