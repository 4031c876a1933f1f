"""Everything a server does for its clients, gathered: all modules of ``casework`` that mark a function as served."""

from __future__ import annotations

import importlib
import pkgutil

from stillgraph import casework
from stillgraph.casework.wire import SERVED, Served

LOCAL_ONLY = {
    "governing.notebooks_of": "notebooks are files of whoever works with them; a client keeps its own",
    "upgrading.upgrade": "a server keeps no case of an earlier version",
    "governing.open_workbench": "what seats the kernels of this machine; the action in it is served",
    **dict.fromkeys(
        ("keying.add", "keying.encrypt", "keying.handed_over", "keying.listed", "keying.remove", "keying.rotate"),
        "keys stay on the machine where the case is, and are changed while no server keeps it",
    ),
}
"""What takes a desk and is not served, and why."""


def load() -> dict[str, Served]:
    """Import every module that may mark a function; return what is served."""
    for module in pkgutil.iter_modules(casework.__path__):
        importlib.import_module(f"{casework.__name__}.{module.name}")
    return SERVED
