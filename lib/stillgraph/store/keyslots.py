"""A case's ``keys.json``: its master key, wrapped once for each way to open it, and sealed against change.

It lies beside the case file, since it is needed to open that, and holds no key in the open. Each slot wraps the same
master key, as in LUKS: to change a passphrase is to add one slot and remove another. A MAC under the master key covers
the whole document, so that nobody without the key removes a slot or says that the case is not encrypted.

Sources
-------
Argon2id with the second recommended option of RFC 9106 (3 passes, 64 MiB, 4 lanes, a salt of 16 bytes); HKDF-SHA256,
RFC 5869; AES-256-GCM, NIST SP 800-38D, with a random nonce of 12 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stillgraph.errors import KeysDamaged, WrongUse

FORMAT = 1
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
PASSPHRASE, KEY = "passphrase", "key"
"""The two kinds of slot: opened by a passphrase, or by 32 random bytes from a file or the environment."""
PASSES, MEMORY_KIB, LANES = 3, 64 * 1024, 4
MOST_PASSES, MOST_MEMORY_KIB, MOST_LANES = 64, 4 * 1024 * 1024, 64
"""More than these no document may ask for: whoever alters one could otherwise use up the machine."""
SHORTEST_PASSPHRASE = 12

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_CASE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Secret:
    """What opens a slot; ``said`` says where it came from and never what it is."""

    kind: str
    data: bytes = field(repr=False)
    said: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One way to open a case: the master key, wrapped under a key made of a passphrase or of 32 random bytes."""

    name: str
    kind: str
    added_at: str
    salt: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)
    passes: int = 0
    memory_kib: int = 0
    lanes: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """What ``keys.json`` says. ``record`` is the audit record's key, sealed; it outlives a change of master key."""

    case_id: str
    encrypted: bool
    generation: int
    slots: tuple[Slot, ...]
    record: bytes = field(repr=False)
    mac: bytes = field(default=b"", repr=False)


def passphrase(text: str, said: str = "the passphrase") -> Secret:
    """Return a passphrase as a secret; the same letters typed on any keyboard are the same passphrase."""
    return Secret(PASSPHRASE, unicodedata.normalize("NFC", text).encode(), said)


def key(data: bytes, said: str) -> Secret:
    """Return the content of a key file, 32 bytes plain or in base64, as a secret.

    Raises
    ------
    WrongUse
        It is neither.
    """
    if len(data) == KEY_BYTES:
        return Secret(KEY, data, said)
    try:
        plain = base64.b64decode(data.strip(), validate=True)
    except (binascii.Error, ValueError):
        plain = b""
    if len(plain) != KEY_BYTES:
        raise WrongUse(f"A key is 32 random bytes, plain or in base64; {said} holds something else.")
    return Secret(KEY, plain, said)


def random_key() -> bytes:
    """Return 32 new random bytes."""
    return os.urandom(KEY_BYTES)


def derived(secret: bytes, label: str, salt: bytes = b"") -> bytes:
    """Return 32 bytes made of a secret for one use."""
    return HKDF(SHA256(), KEY_BYTES, salt, f"stillgraph/1/{label}".encode()).derive(secret)


def slot(master: bytes, secret: Secret, name: str, at: datetime, document: Document) -> Slot:
    """Wrap the master key once more.

    Raises
    ------
    WrongUse
        The passphrase is too short, or the name is taken or not a name.
    """
    if not _NAME.fullmatch(name):
        raise WrongUse("A key's name has up to 40 small letters, digits, dots, dashes and underlines.")
    if name in {one.name for one in document.slots}:
        raise WrongUse(f"There is a key named {name} already; choose another name, or remove that one first.")
    if secret.kind == PASSPHRASE and len(secret.data.decode()) < SHORTEST_PASSPHRASE:
        raise WrongUse(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters; several words make a good one.")
    cost = (PASSES, MEMORY_KIB, LANES) if secret.kind == PASSPHRASE else (0, 0, 0)
    made = Slot(name, secret.kind, at.isoformat(timespec="seconds"), os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES),
                b"", *cost)  # fmt: skip
    wrapped = AESGCM(_wrapping(made, secret)).encrypt(made.nonce, master, _bound(made, document.case_id))
    return replace(made, wrapped=wrapped)


def opened(document: Document, secret: Secret) -> bytes | None:
    """Return the master key, by whichever slot the secret opens; ``None`` where it opens none."""
    for one in document.slots:
        if one.kind == secret.kind:
            try:
                return AESGCM(_wrapping(one, secret)).decrypt(one.nonce, one.wrapped, _bound(one, document.case_id))
            except InvalidTag:
                continue
    return None


def sealed(document: Document, master: bytes) -> Document:
    """Return the document with its MAC."""
    return replace(document, mac=_mac(document, master))


def check(document: Document, master: bytes) -> None:
    """Check that nobody without the master key changed the document.

    Raises
    ------
    KeysDamaged
        It was changed.
    """
    if not hmac.compare_digest(document.mac, _mac(document, master)):
        raise KeysDamaged(f"keys.json is not as Stillgraph wrote it: somebody changed it. {RESTORE}")


def record_wrapped(master: bytes, record: bytes, case_id: str) -> bytes:
    """Return the key of the audit record, sealed under the master key."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(derived(master, "record")).encrypt(nonce, record, case_id.encode())


def record_opened(master: bytes, document: Document) -> bytes:
    """Return the key of the audit record.

    Raises
    ------
    KeysDamaged
        It was changed.
    """
    nonce, held = document.record[:NONCE_BYTES], document.record[NONCE_BYTES:]
    try:
        return AESGCM(derived(master, "record")).decrypt(nonce, held, document.case_id.encode())
    except InvalidTag as error:
        raise KeysDamaged(f"keys.json does not hold the key of the record any more. {RESTORE}") from error


def written(document: Document) -> bytes:
    """Return the document as it is kept."""
    return json.dumps(_said(document) | {"mac": _text(document.mac)}, indent=1).encode() + b"\n"


def read(data: bytes) -> Document:
    """Read what :func:`written` wrote.

    Raises
    ------
    KeysDamaged
        It is not that, or it asks for more than is reasonable.
    """
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise KeysDamaged("keys.json was made by a newer Stillgraph: open the case with that.")
        document = Document(
            str(said["case_id"]), _bool(said["encrypted"]), int(said["generation"]),
            tuple(_slot(one) for one in said["slots"]), _bytes(said["record"]), _bytes(said["mac"]),
        )  # fmt: skip
        whole = bool(_CASE_ID.fullmatch(document.case_id)) and all(map(_reasonable, document.slots))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KeysDamaged(f"keys.json cannot be read. {RESTORE}") from error
    if not whole:
        raise KeysDamaged(f"keys.json says what no Stillgraph wrote. {RESTORE}")
    return document


RESTORE = "Put it back from a copy of the case; without it a case that is encrypted cannot be opened."


def _wrapping(one: Slot, secret: Secret) -> bytes:
    if one.kind == PASSPHRASE:
        return hash_secret_raw(
            secret.data, one.salt, time_cost=one.passes, memory_cost=one.memory_kib, parallelism=one.lanes,
            hash_len=KEY_BYTES, type=Type.ID,
        )  # fmt: skip
    return derived(secret.data, "slot", one.salt)


def _bound(one: Slot, case_id: str) -> bytes:
    """Return what a slot is bound to, so that it opens nothing under another name or in another case."""
    return "\0".join((str(FORMAT), case_id, one.name, one.kind)).encode()


def _mac(document: Document, master: bytes) -> bytes:
    said = json.dumps(_said(document), sort_keys=True, separators=(",", ":")).encode()
    return hmac.digest(derived(master, "keys.json"), said, sha256)


def _said(document: Document) -> dict[str, Any]:
    return {
        "format": FORMAT, "case_id": document.case_id, "encrypted": document.encrypted,
        "generation": document.generation, "record": _text(document.record),
        "slots": [
            {
                "name": one.name, "kind": one.kind, "added_at": one.added_at, "salt": _text(one.salt),
                "nonce": _text(one.nonce), "wrapped": _text(one.wrapped),
                "argon2id": {"passes": one.passes, "memory_kib": one.memory_kib, "lanes": one.lanes},
            }
            for one in document.slots
        ],
    }  # fmt: skip


def _slot(said: dict[str, Any]) -> Slot:
    cost = said["argon2id"]
    return Slot(
        str(said["name"]), str(said["kind"]), str(said["added_at"]), _bytes(said["salt"]), _bytes(said["nonce"]),
        _bytes(said["wrapped"]), int(cost["passes"]), int(cost["memory_kib"]), int(cost["lanes"]),
    )  # fmt: skip


def _reasonable(one: Slot) -> bool:
    sizes = len(one.nonce) == NONCE_BYTES and len(one.salt) == SALT_BYTES and bool(_NAME.fullmatch(one.name))
    if one.kind == KEY:
        return sizes
    asked: tuple[Callable[[], bool], ...] = (
        lambda: one.kind == PASSPHRASE,
        lambda: 1 <= one.passes <= MOST_PASSES,
        lambda: 1 <= one.lanes <= MOST_LANES,
        lambda: 8 * one.lanes <= one.memory_kib <= MOST_MEMORY_KIB,
    )
    return sizes and all(one() for one in asked)


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a boolean")
    return value


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
