"""The keys of a case: what opens a new one, and the ways to open one that are added, listed and removed.

What a key is, is shown nowhere: a command is told where it lies, or asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stillgraph.casework.desk import Desk
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.errors import CaseInUse, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.store import keys, keyslots, office, receipts, rekeying
from stillgraph.store.casefile import ENCRYPTED
from stillgraph.store.images import INCOMING
from stillgraph.store.keyslots import Secret

KEY_FILE_SLOT, PASSPHRASE_SLOT, SECRET_SLOT = "key-file", "passphrase", "secret"

asked = keys.asked


@dataclass(frozen=True, slots=True)
class KeyListed:
    """One way to open a case: its name, and whether a passphrase or a key opens it."""

    name: str
    kind: str
    added_at: str


@dataclass(frozen=True, slots=True)
class Keys:
    """What is known of a case's keys, and none of them. ``generation`` counts the master keys it has had."""

    encrypted: bool
    generation: int
    keys: tuple[KeyListed, ...]


def secrets(key_file: Path | None = None, passphrase: str | None = None) -> Mapping[str, Secret]:
    """Return what is to open a new case, by name: what is given, else what the environment has; nothing where neither.

    A key file that is not there yet is made.

    Raises
    ------
    WrongUse
        The file is no key file, or cannot be made.
    """
    found: dict[str, Secret] = {}
    if key_file is not None:
        found[KEY_FILE_SLOT] = keys.key_file(key_file) if key_file.exists() else keys.new_key_file(key_file)
    if passphrase is not None:
        found[PASSPHRASE_SLOT] = keyslots.passphrase(passphrase)
    if found:
        return found
    if said := os.environ.get(keys.SECRET):
        found[SECRET_SLOT] = keyslots.key(said.encode(), keys.SECRET)
    if named := os.environ.get(keys.KEY_FILE):
        found[KEY_FILE_SLOT] = keys.key_file(Path(named))
    if said := os.environ.get(keys.PASSPHRASE):
        found[PASSPHRASE_SLOT] = keyslots.passphrase(said)
    return found


def generated_file(case: Path) -> Path | None:
    """Return the key file in the state directory that opens a case; ``None`` where none does."""
    said = keys.document(case)
    place = keys.generated_place(said.case_id, said.generation)
    return place if place.exists() and any(one.name == keys.GENERATED for one in said.slots) else None


def listed(desk: Desk) -> Keys:
    """Return the ways to open a case; looking is recorded."""
    with desk.act(Action.LIST_KEYS) as deed:
        said = keys.document(desk.case.directory)
        deed.note(keys=len(said.slots))
        return _said(said)


def add(desk: Desk, name: str | None = None, *, key_file: Path | None = None, passphrase: str | None = None) -> Keys:
    """Add a way to open a case: a passphrase, or a key file, which is made where it is not there yet.

    Raises
    ------
    WrongUse
        Neither or both are given, the passphrase is short, or the name is taken.
    """
    if (key_file is None) == (passphrase is None):
        raise WrongUse("Say what is to open the case too: --key-file FILE, or --passphrase to be asked for one.")
    chosen = name or (KEY_FILE_SLOT if key_file is not None else PASSPHRASE_SLOT)
    directory = desk.case.directory
    # Held throughout, so that of two who add at once neither undoes the other; and on record before it opens anything.
    with desk.case.session(writing=True):
        with desk.act(Action.ADD_KEY, key=chosen) as deed:
            before = keys.document(directory)
            if chosen in {one.name for one in before.slots}:
                raise WrongUse(f"There is a key named {chosen} already; give the new one another name by --name.")
            (secret,) = secrets(key_file, passphrase).values()
            said = keys.ring(directory).slot(before, secret, chosen, deed.at)
            deed.note(kind=secret.kind, keys=len(said.slots))
        keys.put(directory, said)
    return _said(said)


def remove(desk: Desk, name: str) -> Keys:
    """Remove a way to open a case, but the last. Who opened it by that and copied the master key still has that.

    Raises
    ------
    WrongUse
        There is no such key, or no other.
    """
    directory = desk.case.directory
    with desk.act(Action.REMOVE_KEY, key=name) as deed:
        said = keys.ring(directory).without(keys.document(directory), name)
        deed.note(keys=len(said.slots))
        keys.put(directory, said)
    return _said(said)


@contextmanager
def handed_over(desk: Desk) -> Iterator[dict[str, str]]:
    """Hand an encrypted case's opened keys to what is started within the block: yield what its environment has more."""
    if not keys.encrypted(desk.case.directory):
        yield {}
        return
    with keys.handed_over(desk.case.directory) as environment:
        yield environment


def _said(document: keyslots.Document) -> Keys:
    return Keys(
        document.encrypted, document.generation,
        tuple(KeyListed(one.name, one.kind, one.added_at) for one in document.slots),
    )  # fmt: skip


def rotate(
    desk: Desk, *, key_file: Path | None = None, passphrase: str | None = None, progress: Progress = silent
) -> Keys:
    """Give an encrypted case a new master key and encrypt all of it anew; what opened it before opens it no more.

    Without a key file or a passphrase, a new key file is made in the state directory. Killed at any moment, the case
    opens with the old keys or with the new ones, and has all that it had.

    Raises
    ------
    WrongUse
        The case is not encrypted, or the passphrase is short.
    DiskFull
        There is no room for the case beside itself.
    """
    return _anew(desk, Action.ROTATE_KEY, key_file, passphrase, progress)


def encrypt(
    desk: Desk, *, key_file: Path | None = None, passphrase: str | None = None, progress: Progress = silent
) -> Keys:
    """Encrypt a case that is not; as :func:`rotate`.

    Raises
    ------
    WrongUse
        The case is encrypted, or the passphrase is short.
    DiskFull
        There is no room for the case beside itself.
    """
    return _anew(desk, Action.ENCRYPT_CASE, key_file, passphrase, progress)


def _anew(desk: Desk, action: Action, key_file: Path | None, passphrase: str | None, progress: Progress) -> Keys:
    case, images = desk.case, desk.images
    if case.is_open_here():
        raise CaseInUse("The case is open in this process: end what uses it, then begin again.")
    with ExitStack() as held:
        with desk.ahead(action):
            _check_kind(case.directory, encrypted=action is Action.ROTATE_KEY)
            opening = _opening(case.directory, key_file, passphrase)
        for kind in INCOMING:
            held.enter_context(images.incoming(kind).alone())
        held.enter_context(images.removing())
        session = held.enter_context(case.session(writing=True))
        for kind in INCOMING:
            images.incoming(kind).clear(partial(receipts.held_digests, session))
        with desk.act(action, step="begun") as deed:
            before = keys.document(case.directory)
            after = keys.ring(case.directory).anew(before, opening, deed.at, encrypted=True)
            deed.note(generation=after.generation, opened_by=sorted(opening))
        try:
            rekeying.prepare(
                case, session, after, next(iter(opening.values())),
                lambda done, of: progress(Step("images encrypted anew", done, of, "image")),
            )  # fmt: skip
        except BaseException as error:
            desk.record_failure(action, error)
            raise
    desk.forget_settings()
    with desk.act(action, step="done", generation=after.generation) as deed:
        # The new case file came with it; so the entry says of the table what it holds from here on.
        office.set_setting(deed.session, ENCRYPTED, "yes")
        return _said(keys.document(case.directory))


def _check_kind(directory: Path, *, encrypted: bool) -> None:
    if keys.encrypted(directory) and not encrypted:
        raise WrongUse("The case is encrypted; `stillgraph case key rotate` encrypts it anew under a new key.")
    if encrypted and not keys.encrypted(directory):
        raise WrongUse("The case is not encrypted; `stillgraph case encrypt` encrypts it.")


def _opening(directory: Path, key_file: Path | None, passphrase: str | None) -> Mapping[str, Secret]:
    """Return what is to open the case anew: what was given, else a key file made for it."""
    said = keys.document(directory)
    if key_file is None and passphrase is None:
        return {keys.GENERATED: keys.generated(said.case_id, said.generation + 1)[0]}
    return secrets(key_file, passphrase)
