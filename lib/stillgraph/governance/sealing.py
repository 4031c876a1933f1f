"""What nobody without a case's key can make: the keyed digests of entries, lines, anchors and seals."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping


def keyed(key: bytes, purpose: str, *said: str | int) -> str:
    """Return the HMAC-SHA256, in hex, of what is said for one purpose (RFC 2104).

    What is said is written as JSON first, so that words cannot move from one part to the next.
    """
    written = json.dumps([purpose, *said], ensure_ascii=False).encode()
    return hmac.digest(key, written, hashlib.sha256).hex()


def holds(key: bytes, mac: object, purpose: str, *said: str | int) -> bool:
    """Return whether a keyed digest is that of what is said."""
    return isinstance(mac, str) and hmac.compare_digest(mac.encode(), keyed(key, purpose, *said).encode())


def canonical(said: Mapping[str, object]) -> str:
    """Return what is said as the same text each time."""
    return json.dumps(said, sort_keys=True, ensure_ascii=False)
