"""The token by which an officer proves who they are, as the environment gives it."""

from __future__ import annotations

import os
from pathlib import Path

from stillgraph.errors import WrongUse

TOKEN, TOKEN_FILE = "STILLGRAPH_TOKEN", "STILLGRAPH_TOKEN_FILE"


def given() -> str:
    """Return the token that the environment gives, or names the file of; empty where it does neither.

    Raises
    ------
    WrongUse
        The file cannot be read.
    """
    named = os.environ.get(TOKEN_FILE)
    if os.environ.get(TOKEN) or not named:
        return os.environ.get(TOKEN, "").strip()
    try:
        return Path(named).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{TOKEN_FILE} names a file that cannot be read; give the file your token stands in.") from error
