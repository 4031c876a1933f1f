"""Who is signed in to a server: a secret each, in its memory alone, so that a token's hash is computed once.

How much one officer may bring at a time is counted here as well, by the token they signed in with.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from stillgraph.errors import NotPermitted, StillgraphError
from stillgraph.records import SignIn

IDLE_S, LONGEST_S = 30 * 60.0, 12 * 3600.0
"""Seconds without an action, and in all, after which a session is over; its client signs in again by its token."""
MOST_REFUSED, WITHIN_S = 10, 60.0
"""Tokens refused from one address before no other is looked at, and within how many seconds."""
MOST_ADDRESSES = 10_000
SLOW_DOWN = "Too many tokens were refused within a minute. Wait a minute, and sign in then."
MOST_HERE, MOST_OF_ONE, MOST_ARRIVING = 256, 64, 4
"""Actions arriving, waiting or being done: of everybody, and of one token, of which so many arrive side by side."""
MOST_HELD = 1 << 30
"""Bytes of the messages of one token that wait or are being done."""
TURN_S = 60.0
"""Seconds that an action waits until another one of the same token has arrived."""
FULL = "The server is ending or has too much to do; try again in a minute."
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


@dataclass(slots=True)
class Turn:
    """One action that is here, with the token of who asks and the bytes of its message."""

    token: int
    held: int = 0


class Turns:
    """How many actions are here, by the token of who asks: each counts from the moment it begins to arrive.

    What a message holds is in memory before anybody knows whether its sender may do anything, so nobody brings more
    than a few at a time.
    """

    def __init__(self) -> None:
        self._here: list[Turn] = []
        self._arriving: dict[int, asyncio.Semaphore] = {}
        self._guard = threading.Lock()

    def come(self, token: int) -> Turn:
        """Count an action.

        Raises
        ------
        StillgraphError
            There are too many.
        """
        with self._guard:
            if len(self._here) >= MOST_HERE or len(self._of(token)) >= MOST_OF_ONE:
                raise StillgraphError(FULL)
            self._here.append(turn := Turn(token))
            return turn

    def hold(self, turn: Turn, size: int) -> None:
        """Count the bytes of an action's message.

        Raises
        ------
        StillgraphError
            They are too many, with those of others of the same token.
        """
        with self._guard:
            if size + sum(one.held for one in self._of(turn.token)) > MOST_HELD:
                raise StillgraphError(FULL)
            turn.held += size

    def go(self, turn: Turn) -> None:
        """Count an action no more."""
        with self._guard:
            self._here = [one for one in self._here if one is not turn]
            if not self._of(turn.token):
                self._arriving.pop(turn.token, None)

    def _of(self, token: int) -> list[Turn]:
        return [one for one in self._here if one.token == token]

    @asynccontextmanager
    async def arriving(self, one: Turn) -> AsyncIterator[None]:
        """Wait until few enough actions of the same token arrive.

        Raises
        ------
        StillgraphError
            They take too long.
        """
        places = self._arriving.setdefault(one.token, asyncio.Semaphore(MOST_ARRIVING))
        try:
            await asyncio.wait_for(places.acquire(), TURN_S)
        except TimeoutError:
            raise StillgraphError(FULL) from None
        try:
            yield
        finally:
            places.release()


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
