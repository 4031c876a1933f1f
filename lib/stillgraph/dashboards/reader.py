"""Who reads a page: read late, as a kernel that was started ahead runs before anybody has opened it.

In the pages' server the reader's officer comes from their sign-in alone. The server writes it into a header of its
own, whatever the reader sent under that name, and Voila carries that header to the kernel. Nothing that a reader types,
sends or puts into an address reaches it.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillgraph.casework.desk import Desk

SESSION = "STILLGRAPH_SESSION"
"""By which a kernel acts where a server keeps the case."""
SIGN_IN = "STILLGRAPH_SIGN_IN"
"""How readers sign in, for a server's kernels: ``token``, ``proxy``, or nothing where one officer serves themselves."""
OFFICER_HEADER, NUMBER_HEADER = "X-Stillgraph-Officer", "X-Stillgraph-Sign-In"
"""What the server alone writes: the officer who signed in, and the number of their token."""
SESSION_HEADER = "X-Stillgraph-Session"
"""Likewise, where a server keeps the case: the secret of the reader's session with it."""
HEADERS = (OFFICER_HEADER, NUMBER_HEADER, SESSION_HEADER)
PROXY_HEADER = "X-Stillgraph-Proxy"
"""In which a trusted proxy brings its secret; without it, nobody is believed who names an officer."""


def variable(header: str) -> str:
    """Return the environment variable in which Voila hands a kernel a header."""
    return f"HTTP_{header.upper().replace('-', '_')}"


def seat() -> Desk:
    """Return the desk of whoever reads this page; until somebody has opened it, wait.

    Raises
    ------
    StillgraphError
        As :func:`stillgraph.casework.take_seat`.
    """
    from stillgraph.casework.desk import take_seat

    _opened()
    how = os.environ.get(SIGN_IN, "")
    if not how:
        return take_seat()
    officer = os.environ.get(variable(OFFICER_HEADER), "")
    number = os.environ.get(variable(NUMBER_HEADER), "")
    if how == "proxy":
        return take_seat(officer=officer, by_proxy=True)
    secret = os.environ.get(variable(SESSION_HEADER), "")
    if secret:
        os.environ[SESSION] = secret
        return take_seat(officer=officer)
    # Without the number of a token there is no sign-in that could be checked, so nobody who acts.
    return take_seat(officer=officer, sign_in=int(number)) if number.isdecimal() else take_seat(officer="")


@cache
def _opened() -> None:
    """Wait until somebody has opened the page, and take what the server says of them; it says so once."""
    if os.environ.get("VOILA_PREHEAT") != "True":
        return
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    server = f"ws://127.0.0.1:{os.environ['VOILA_APP_PORT']}{os.environ.get('VOILA_SERVER_URL', '/')}"
    try:
        with connect(f"{server}voila/query/{os.environ['VOILA_KERNEL_ID']}") as waiting:
            told = json.loads(waiting.recv())
    except (ConnectionClosed, OSError, KeyboardInterrupt):
        # The server is gone, or is ending its kernels: nobody will open this page, and nothing waits to be finished.
        os._exit(0)
    os.environ.update(told)
