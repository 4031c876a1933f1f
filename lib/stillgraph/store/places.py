"""Where Stillgraph keeps what must not lie in the case directory: keys, and second copies of the record's heads."""

from __future__ import annotations

import os
from pathlib import Path


def state_directory() -> Path:
    """Return this user's directory of state, which only they may read; it is made where it is not there yet.

    ``STILLGRAPH_STATE`` names it; else it is ``stillgraph`` under ``XDG_STATE_HOME`` or ``~/.local/state``.
    """
    named = os.environ.get("STILLGRAPH_STATE")
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    place = Path(named).expanduser() if named else home / "stillgraph"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place
