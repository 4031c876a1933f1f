"""Officers who sign in to pages of a case that a server keeps: each page acts by a session of its reader's own."""

from __future__ import annotations

import threading
from datetime import date

from stillgraph.casework.wire.client import Connection
from stillgraph.errors import NotPermitted
from stillgraph.records import OfficerId, SignIn

_open: dict[tuple[str, str, int], Connection] = {}
_guard = threading.Lock()


def let_in(url: str, token: str) -> SignIn:
    """Return whose token this is, as the server says; their session is kept in this process's memory alone.

    Raises
    ------
    NotPermitted
        It lets nobody in.
    ServerGone
        The server cannot be reached.
    """
    connection = Connection(url, token)
    seat = connection.seat()
    with _guard:
        _open[url, seat.officer, seat.sign_in] = connection
    return SignIn(seat.sign_in, OfficerId(seat.officer), "", date.fromisoformat(seat.until), revoked=False)


def goes_on(url: str, officer_id: str, token_id: int) -> bool:
    """Return whether somebody who signed in to this process may go on."""
    with _guard:
        connection = _open.get((url, officer_id, token_id))
    if connection is None:
        return False
    try:
        connection.look()
    except NotPermitted:
        with _guard:
            _open.pop((url, officer_id, token_id), None)
        return False
    return True


def secret_of(url: str, officer_id: str, token_id: int) -> str:
    """Return the secret of a reader's session, for the kernel of a page that they opened; empty where there is none."""
    with _guard:
        connection = _open.get((url, officer_id, token_id))
    return "" if connection is None else connection.seat().secret
