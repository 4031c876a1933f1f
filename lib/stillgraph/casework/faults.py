"""What somebody is told of an error that nobody foresaw: a reference, whose meaning stands in the log alone."""

from __future__ import annotations

import logging
import os
import secrets
from datetime import UTC, datetime

LOG = "STILLGRAPH_LOG"
"""The environment variable that names the servers' log."""
log = logging.getLogger(__name__)


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
