"""Sealing what a case keeps beside its case file: bytes that only who has the case's key can read or change.

AES-256-GCM, NIST SP 800-38D, with a random nonce of 12 bytes each time: good for 2**32 files under one key. What is
sealed is bound to its name, so that nobody without the key puts one file in the place of another.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from pathlib import Path
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stillgraph.errors import CaseError
from stillgraph.store import keys, keyslots
from stillgraph.store.keyslots import NONCE_BYTES

MAGIC = b"SGSEAL\x01\x00"
"""What a sealed file begins with; the number is that of the format."""

_made: WeakKeyDictionary[keys.KeyRing, dict[str, Vault]] = WeakKeyDictionary()


class Unsealable(CaseError):
    """A sealed file cannot be opened: it was altered, or is not of this case and name."""


class Vault:
    """Seals and opens bytes for one use under one key.

    Parameters
    ----------
    key : bytes
        32 bytes; two more keys are made of it, for contents and for names.
    """

    __slots__ = ("_cipher", "_names")

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(keyslots.derived(key, "contents"))
        self._names = keyslots.derived(key, "names")

    def seal(self, data: bytes | memoryview, name: str) -> bytes:
        """Return data sealed under a name."""
        nonce = os.urandom(NONCE_BYTES)
        return MAGIC + nonce + self._cipher.encrypt(nonce, data, MAGIC + name.encode())

    def open(self, data: bytes | memoryview, name: str) -> bytes:
        """Return what was sealed under a name.

        Raises
        ------
        Unsealable
            It was not sealed under this key and name, or was altered since.
        """
        whole = memoryview(data)
        if bytes(whole[: len(MAGIC)]) != MAGIC:
            raise Unsealable("A file of this encrypted case is not sealed; restore it from a backup.")
        nonce, held = bytes(whole[len(MAGIC) :][:NONCE_BYTES]), whole[len(MAGIC) + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, held, MAGIC + name.encode())
        except (InvalidTag, ValueError) as error:
            raise Unsealable("A file of this encrypted case was altered; restore it from a backup.") from error

    def named(self, name: str) -> str:
        """Return 64 hex digits that stand for a name, and tell nobody without the key what it is."""
        return hmac.digest(self._names, name.encode(), sha256).hex()


def vault(directory: Path, use: str) -> Vault | None:
    """Return what seals the files of one use in a case; ``None`` where the case is not encrypted.

    Raises
    ------
    MissingKey, WrongKey, KeysDamaged
        As :func:`stillgraph.store.keys.ring`.
    """
    if not keys.encrypted(directory):
        return None
    ring = keys.ring(directory)
    made = _made.setdefault(ring, {})
    if use not in made:
        made[use] = Vault(ring.subkey(use))
    return made[use]
