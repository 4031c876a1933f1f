"""A case's keys: where the master key is found, and the keys for each use that are made of it.

A case has one master key, of 32 random bytes, which lies nowhere in the open: ``keys.json`` holds it wrapped
(:mod:`stillgraph.store.keyslots`). A case that is not encrypted has one too, for the seals of its record; what opens
that lies in the user's state directory. An opened key stays with the process, so that a passphrase is worked out once.

Where a way to open it is looked for, in this order: ``STILLGRAPH_KEY`` (32 bytes in base64), ``STILLGRAPH_KEY_FILE``,
``STILLGRAPH_PASSPHRASE``, the key file that was made with the case, and whoever sits at a terminal.
"""

from __future__ import annotations

import base64
import getpass
import hmac
import os
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from stillgraph.errors import KeysDamaged, MissingKey, WrongKey, WrongUse
from stillgraph.store import files, keyslots, renewal
from stillgraph.store.keyslots import Document, Secret, Slot
from stillgraph.store.places import state_directory

FILE_NAME = "keys.json"
SECRET, KEY_FILE, PASSPHRASE = "STILLGRAPH_KEY", "STILLGRAPH_KEY_FILE", "STILLGRAPH_PASSPHRASE"
LASTING = frozenset({"audit"})
"""Uses whose key a new master key leaves as it is: what was sealed with it must be checked for years."""
GENERATED = "generated"
"""The name of the slot that a generated key file opens."""
MOST_BYTES = 4096
"""Of a key file; what is larger is none."""
_HANDED = b"stillgraph opened key\n"
HOW = (
    f"`stillgraph --key-file FILE ...` or {KEY_FILE} names a key file, {PASSPHRASE} gives a passphrase, which is asked "
    f"for at a terminal, and {SECRET} gives a key in base64"
)

Ask = Callable[[str], str]
_ask: list[Ask] = []
"""Who asks, where another than the terminal does."""
_Mark = tuple[int, int, int]
_read: dict[Path, tuple[_Mark, Document]] = {}
_opened: dict[Path, tuple[Document, KeyRing]] = {}
_guard = threading.RLock()


class KeyRing:
    """The keys of one case, opened. It shows nothing of them and is not to be sent to another process."""

    __slots__ = ("__weakref__", "_master", "_record", "case_id", "encrypted", "generation")

    def __init__(self, document: Document, master: bytes) -> None:
        self.case_id = document.case_id
        self.encrypted = document.encrypted
        self.generation = document.generation
        self._master = master
        self._record = keyslots.record_opened(master, document)

    def __repr__(self) -> str:
        return f"KeyRing({self.case_id}, generation {self.generation}, encrypted={self.encrypted})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Keys stay in the process that opened them.")

    def subkey(self, label: str) -> bytes:
        """Return the 32 bytes for one use, the same each time; those of two uses say nothing of each other.

        ``audit`` stays the same when the master key is changed (:data:`LASTING`); all others change with it.
        """
        return keyslots.derived(self._record if label in LASTING else self._master, label, self.case_id.encode())

    def slot(self, document: Document, secret: Secret, name: str, at: datetime) -> Document:
        """Return the document with one more way to open the same master key."""
        made = keyslots.slot(self._master, secret, name, at, document)
        return keyslots.sealed(replace(document, slots=(*document.slots, made)), self._master)

    def without(self, document: Document, name: str) -> Document:
        """Return the document without one way to open it.

        Raises
        ------
        WrongUse
            There is no such one, or no other.
        """
        kept = tuple(one for one in document.slots if one.name != name)
        if len(kept) == len(document.slots):
            names = ", ".join(one.name for one in document.slots)
            raise WrongUse(f"There is no key named {name} on this case; there are: {names}.")
        if not kept:
            raise WrongUse("The last key of a case is not removed: nobody could open it. Add another first.")
        return keyslots.sealed(replace(document, slots=kept), self._master)

    def anew(self, document: Document, secrets: Mapping[str, Secret], at: datetime, *, encrypted: bool) -> Document:
        """Return a document of a new master key, opened by ``secrets`` by name; the record's key stays."""
        return _document(
            document.case_id, secrets, at, encrypted=encrypted, generation=document.generation + 1, record=self._record
        )

    def handed(self) -> bytes:
        """Return what a file holds that hands the opened key to a process this one starts."""
        said = f"{self.case_id}\n{base64.b64encode(self._master).decode('ascii')}\n"
        return _HANDED + said.encode()


def ask_by(ask: Ask | None) -> None:
    """Have a passphrase asked for otherwise than at the terminal: ``ask`` takes what to say, returns what was typed."""
    _ask[:] = [] if ask is None else [ask]


def asked(said: str) -> str | None:
    """Ask for a passphrase; ``None`` where nobody sits at a terminal."""
    if _ask:
        return _ask[0](said)
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return getpass.getpass(said, stream=sys.stderr)


def made(directory: Path, case_id: str, secrets: Mapping[str, Secret], at: datetime, *, encrypted: bool) -> KeyRing:
    """Give a case its keys, opened by ``secrets`` by name, and return them opened."""
    document = _document(case_id, secrets, at, encrypted=encrypted, generation=1, record=keyslots.random_key())
    put(directory, document)
    return opened_by(directory, next(iter(secrets.values())))


def given_to_plain(directory: Path, case_id: str, at: datetime) -> KeyRing:
    """Give a case that is not encrypted its keys, opened by a generated key file; leave those it has."""
    if there(directory) and _said(directory.absolute()).case_id == case_id:
        return ring(directory)
    return made(directory, case_id, {GENERATED: generated(case_id)[0]}, at, encrypted=False)


def there(directory: Path) -> bool:
    """Say whether a case has keys."""
    return (directory / FILE_NAME).is_file()


def ring(directory: Path) -> KeyRing:
    """Return a case's keys, opened; they are looked for once a process.

    Raises
    ------
    MissingKey
        No way to open them was given.
    WrongKey
        None that was given opens them.
    KeysDamaged
        ``keys.json`` is missing or is not as it was written.
    """
    directory = directory.absolute()
    with _guard:
        said = _said(directory)
        held = _opened.get(directory)
        if held is None or held[0] is not said:
            held = _opened[directory] = (said, _found(said))
        return held[1]


def opened_by(directory: Path, secret: Secret) -> KeyRing:
    """Return a case's keys as this secret opens them, and keep them for the process.

    Raises
    ------
    WrongKey
        It does not open them.
    """
    directory = directory.absolute()
    with _guard:
        said = _said(directory)
        master = keyslots.opened(said, secret)
        if master is None:
            raise WrongKey(f"The key given by {secret.said} does not open this case.")
        keyslots.check(said, master)
        found = KeyRing(said, master)
        _opened[directory] = (said, found)
        return found


def document(directory: Path) -> Document:
    """Return what ``keys.json`` says, once it is known that nobody changed it."""
    ring(directory)
    return _said(directory.absolute())


def encrypted(directory: Path) -> bool:
    """Say whether a case says of itself that it is encrypted; :func:`ring` checks that it was not changed."""
    return there(directory) and _said(directory.absolute()).encrypted


def slots(directory: Path) -> tuple[Slot, ...]:
    """Return the ways to open a case."""
    return document(directory).slots


def put(directory: Path, document: Document) -> None:
    """Put ``keys.json`` in its place, whole, and bring it to the disk."""
    files.put(directory / FILE_NAME, keyslots.written(document), prefix=".keys-")
    files.sync(directory)


def forget(directory: Path) -> None:
    """Look for the keys of a case anew when they are next asked for."""
    with _guard:
        _opened.pop(directory.absolute(), None)
        _read.pop(directory.absolute(), None)


def key_file(path: Path) -> Secret:
    """Read a key file.

    Raises
    ------
    MissingKey
        There is no such file.
    WrongUse
        Everybody on the machine can read it, or it holds no key.
    """
    try:
        with path.expanduser().open("rb") as stream:
            mode, data = os.fstat(stream.fileno()).st_mode, stream.read(MOST_BYTES)
    except OSError as error:
        raise MissingKey(f"The key file {path} cannot be read ({error.strerror}); name the one made for it.") from error
    if mode & stat.S_IROTH:
        raise WrongUse(f"Everybody on this machine can read the key file {path}: run `chmod 600 {path}` first.")
    return keyslots.key(data, f"the key file {path}")


def new_key_file(path: Path) -> Secret:
    """Make a key file that only its owner may read.

    Raises
    ------
    WrongUse
        There is something at that place, or no file can be made there.
    """
    data = keyslots.random_key()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise WrongUse(f"No key file can be made at {path} ({error.strerror}); choose another place.") from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(base64.b64encode(data) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    return keyslots.key(data, f"the key file {path}")


def generated(case_id: str, generation: int = 1) -> tuple[Secret, Path]:
    """Return the key file made for a case in the state directory, made now where it is not there yet."""
    path = generated_place(case_id, generation)
    return (key_file(path) if path.exists() else new_key_file(path)), path


def generated_place(case_id: str, generation: int = 1) -> Path:
    """Return where the key file lies that is made for a case's first master key, or a later one."""
    return state_directory() / "keys" / (f"{case_id}.key" if generation == 1 else f"{case_id}-{generation}.key")


@contextmanager
def handed_over(directory: Path) -> Iterator[dict[str, str]]:
    """Hand the opened keys of a case to processes started within the block; yield their environment.

    A file that only this user may read, in memory where the system has such a place, and gone afterwards: kernels are
    started by a server that passes no descriptor on, and a key in the environment would be in every listing of it.
    """
    memory = next((p for p in (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm") if p and os.access(p, os.W_OK)), None)  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="stillgraph-", dir=memory))
    try:
        files.put(folder / "key", ring(directory).handed(), prefix=".key-")
        yield {KEY_FILE: str(folder / "key"), SECRET: "", PASSPHRASE: ""}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def _document(
    case_id: str, secrets: Mapping[str, Secret], at: datetime, *, encrypted: bool, generation: int, record: bytes
) -> Document:
    master = keyslots.random_key()
    wrapped = keyslots.record_wrapped(master, record, case_id)
    document = Document(case_id, encrypted, generation, (), wrapped)
    for name, secret in secrets.items():
        made = keyslots.slot(master, secret, name, at, document)
        document = replace(document, slots=(*document.slots, made))
    return keyslots.sealed(document, master)


def _said(directory: Path) -> Document:
    """Return what ``keys.json`` says; it is read again when another has been put in its place."""
    renewal.finish(directory)
    path = directory / FILE_NAME
    try:
        status = path.stat()
        mark = (status.st_ino, status.st_mtime_ns, status.st_size)
        with _guard:
            held = _read.get(directory)
            if held is None or held[0] != mark:
                held = _read[directory] = (mark, keyslots.read(path.read_bytes()))
            return held[1]
    except FileNotFoundError as error:
        raise KeysDamaged(f"There is no {FILE_NAME} in {directory}. {keyslots.RESTORE}") from error


def _found(document: Document) -> KeyRing:
    """Open the master key by whatever is given: each is tried, since what is set may be meant for another case."""
    tried: list[str] = []
    for secret in _given(document):
        master = secret if isinstance(secret, bytes) else keyslots.opened(document, secret)
        if master is not None:
            keyslots.check(document, master)
            return KeyRing(document, master)
        tried.append("" if isinstance(secret, bytes) else secret.said)
    if tried:
        raise WrongKey(f"The key given by {' and '.join(tried)} does not open this case; {HOW}.")
    if document.encrypted:
        raise MissingKey(f"This case is encrypted and no key was given: {HOW}.")
    raise MissingKey(
        f"The key of this case's record is not here: bring {generated_place(document.case_id)} from the machine the "
        f"case was made on, or name it by {KEY_FILE}."
    )


def _given(document: Document) -> Iterator[Secret | bytes]:
    if said := os.environ.get(SECRET):
        yield keyslots.key(said.encode(), SECRET)
    if named := os.environ.get(KEY_FILE):
        yield _handed(Path(named), document) or key_file(Path(named))
    kinds = {one.kind for one in document.slots}
    if (said := os.environ.get(PASSPHRASE)) and keyslots.PASSPHRASE in kinds:
        yield keyslots.passphrase(said, PASSPHRASE)
    for generation in range(document.generation, 0, -1):
        if (place := generated_place(document.case_id, generation)).exists():
            yield key_file(place)
    if keyslots.PASSPHRASE in kinds and (typed := asked("Passphrase of the case: ")):
        yield keyslots.passphrase(typed, "the passphrase typed")


def _handed(path: Path, document: Document) -> bytes | None:
    """Return the master key that :func:`handed_over` put in a file; ``None`` of a file of another kind.

    Raises
    ------
    WrongKey
        It is of another case, or of this one before its master key was changed.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if not data.startswith(_HANDED):
        return None
    case_id, said = data[len(_HANDED) :].decode("ascii").split()
    master = base64.b64decode(said)
    if case_id != document.case_id or not hmac.compare_digest(keyslots.sealed(document, master).mac, document.mac):
        raise WrongKey("The case's keys were changed since this was started; start it again.")
    return master
