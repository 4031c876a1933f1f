"""Who is signed in to a server: a secret each, in its memory alone, so that a token's hash is computed once."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from stillgraph.errors import NotPermitted
from stillgraph.records import SignIn

IDLE_S, LONGEST_S = 30 * 60.0, 12 * 3600.0
"""Seconds without an action, and in all, after which a session is over; its client signs in again by its token."""
MOST_REFUSED, WITHIN_S = 10, 60.0
"""Tokens refused from one address before no other is looked at, and within how many seconds."""
MOST_ADDRESSES = 10_000
SLOW_DOWN = "Too many tokens were refused within a minute. Wait a minute, and sign in then."
OVER = "Your session is over; sign in again."


@dataclass(slots=True)
class _Open:
    signed_in: SignIn
    begun: float
    used: float


class Sessions:
    """Sessions by the SHA-256 of their secrets.

    Parameters
    ----------
    clock : callable
        Returns seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[bytes, _Open] = {}
        self._guard = threading.Lock()

    def begin(self, signed_in: SignIn) -> str:
        """Return the secret of a new session."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        with self._guard:
            self._open = {key: one for key, one in self._open.items() if self._holds(one, now)}
            self._open[_key(secret)] = _Open(signed_in, now, now)
        return secret

    def of(self, secret: str) -> SignIn | None:
        """Return who has this session, ``None`` where it is over or never was."""
        now = self._clock()
        with self._guard:
            found = self._open.get(_key(secret))
            if found is None or not self._holds(found, now):
                return None
            found.used = now
            return found.signed_in

    def end(self, secret: str) -> None:
        """End a session."""
        with self._guard:
            self._open.pop(_key(secret), None)

    def _holds(self, one: _Open, now: float) -> bool:
        return now - one.used < IDLE_S and now - one.begun < LONGEST_S


class Patience:
    """How many tokens were refused lately, by the address they came from."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[str, deque[float]] = {}
        self._guard = threading.Lock()

    def check(self, address: str) -> None:
        """Return if another token is looked at.

        Raises
        ------
        NotPermitted
            Too many from there were refused.
        """
        now = self._clock()
        with self._guard:
            before = self._refused.get(address)
            if before is not None and len(before) == MOST_REFUSED and now - before[0] < WITHIN_S:
                raise NotPermitted(SLOW_DOWN)

    def refused(self, address: str) -> None:
        """Remember that a token from there was refused."""
        now = self._clock()
        with self._guard:
            if len(self._refused) >= MOST_ADDRESSES:
                self._refused = {a: b for a, b in self._refused.items() if now - b[-1] < WITHIN_S}
            self._refused.setdefault(address, deque(maxlen=MOST_REFUSED)).append(now)


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
