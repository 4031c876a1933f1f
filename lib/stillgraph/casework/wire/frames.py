"""How a call and its answer are cut into pieces: each a letter, a length and its bytes, so that neither side waits.

A client sends ``call``, then each file it names as ``file`` and ``data``, then ``end``. The server answers with any
number of ``step`` and ``beat``, then with files likewise, and last with ``result`` or ``error``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from stillgraph.casework.wire.codec import Unreadable

CALL, FILE, DATA, END = b"c", b"f", b"d", b"."
STEP, BEAT, RESULT, ERROR = b"s", b"b", b"r", b"e"
_HEAD = struct.Struct(">cQ")

CHUNK = 1 << 20
"""Bytes of a file sent at once."""
MOST_BYTES = {CALL: 256 << 20, FILE: 64 << 10, DATA: 2 * CHUNK, END: 0}
"""The longest of each kind that a server takes: a call holds the files that were dropped into a page."""
MOST_ANSWERED = 2 << 30
"""Bytes of the longest piece that a client takes."""
BEAT_S = 5.0
"""Seconds after which a server that has nothing to say lets its client know that it is still at work."""


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Return one piece as it is sent."""
    return _HEAD.pack(kind, len(payload)) + payload


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece as it came."""

    kind: bytes
    payload: bytes


class Pieces:
    """Takes bytes as they come and gives the pieces that are whole.

    Parameters
    ----------
    limits
        The longest payload of each kind, in bytes; no other kind is taken. ``None`` where the sender is a server.
    """

    def __init__(self, limits: dict[bytes, int] | None = None) -> None:
        self._limits = limits
        self._held = bytearray()

    def fed(self, data: bytes) -> Iterator[Piece]:
        """Yield the pieces that are whole now.

        Raises
        ------
        Unreadable
            One is of a kind, or of a length, that is not taken.
        """
        self._held += data
        at = 0
        while len(self._held) - at >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._held, at)
            self._check(kind, length)
            end = at + _HEAD.size + length
            if len(self._held) < end:
                break
            yield Piece(kind, bytes(self._held[at + _HEAD.size : end]))
            at = end
        del self._held[:at]

    def _check(self, kind: bytes, length: int) -> None:
        most = MOST_ANSWERED if self._limits is None else self._limits.get(kind)
        if most is None:
            raise Unreadable("A message has a part of a kind that is not taken here.")
        if length > most:
            raise Unreadable("A message has a part that is larger than what is taken.")
