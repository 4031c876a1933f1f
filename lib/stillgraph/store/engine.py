"""DuckDB instances, each lent to one session after another: to make one costs several times what a short session does.

What a session sets, makes or leaves open is its own connection's and ends with it. An instance that a session closed
to the file system, for foreign SQL, is not lent again. Encryption is DuckDB's own, AES-256-GCM by OpenSSL, which comes
with its extension ``httpfs``; that is loaded by its path, as installed, and nothing is ever fetched.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb

from stillgraph.errors import CaseError, KeysDamaged, NotACase
from stillgraph.store import keys, keyslots

ALIAS, COPY = "casefile", "renewed"
KEPT = 4
"""Instances of each kind kept for later."""
EXTENSION = "httpfs"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    # What does not fit memory would be written to the working directory, in plain, whatever is encrypted.
    "temp_directory": "",
}
_idle: dict[bool, list[duckdb.DuckDBPyConnection]] = {False: [], True: []}
_guard = threading.Lock()
# A process that forks leaves its threads behind: what the parent opened is neither used nor ended by the child.
_parents: list[duckdb.DuckDBPyConnection] = []


class Lent:
    """An instance in use; ``spent`` once it is to be lent to nobody else."""

    def __init__(self, instance: duckdb.DuckDBPyConnection) -> None:
        self._instance = instance
        self.spent = False

    def attach(self, path: Path, *, writing: bool, key: bytes | None, name: str = ALIAS) -> None:
        """Attach a file under a name of ours; a new one is made where there is none."""
        self._instance.execute(_attaching(path, name, writing=writing, key=key))

    def detach(self, name: str = ALIAS) -> None:
        """Let go of the file."""
        self._instance.execute(f"DETACH {name}")

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a connection for one session."""
        connection = self._instance.cursor()
        connection.execute(f"USE {ALIAS}")
        connection.execute("SET TimeZone = 'UTC'")
        # It goes to stdout, into the one JSON document that commands print there.
        connection.execute("SET enable_progress_bar = false")
        return connection


def number(path: Path) -> int | None:
    """Return what tells a file from another put in its place; ``None`` where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def why_not(error: duckdb.Error, path: Path, *, encrypted: bool) -> CaseError:
    """Return what to say of a case file that cannot be attached; raise what is no fault of the file."""
    said = str(error)
    if "without a key" in said or "is not encrypted" in said or "Wrong encryption key" in said:
        return KeysDamaged(f"{keys.FILE_NAME} and {path.name} in {path.parent} do not belong together. "
                           f"{keyslots.RESTORE}")  # fmt: skip
    if encrypted or isinstance(error, duckdb.IOException):
        return NotACase(f"{path} cannot be opened as a case file; restore it from a backup or make a new case.")
    raise error


def copy(connection: duckdb.DuckDBPyConnection, path: Path, key: bytes, settings: Mapping[str, str]) -> None:
    """Copy the file that is attached, with all its tables and views, into a new encrypted one, and settle that.

    Parameters
    ----------
    connection
        One of a session, outside any transaction.
    path
        Where the copy goes.
    key
        32 bytes.
    settings
        What the copy says otherwise of itself.
    """
    _enable(connection)
    connection.execute(_attaching(path, COPY, writing=True, key=key))
    try:
        connection.execute(f"COPY FROM DATABASE {ALIAS} TO {COPY}")
        for name, value in settings.items():
            connection.execute(f"INSERT OR REPLACE INTO {COPY}.held.settings VALUES (?, ?)", [name, value])  # noqa: S608
        connection.execute(f"CHECKPOINT {COPY}")
    finally:
        connection.execute(f"DETACH {COPY}")


def _attaching(path: Path, alias: str, *, writing: bool, key: bytes | None) -> str:
    # ATTACH takes no bound parameter: the one quote a path can hold is doubled, and base64 holds none.
    options = [] if writing else ["READ_ONLY"]
    if key is not None:
        options.append(f"ENCRYPTION_KEY '{base64.b64encode(key).decode('ascii')}', ENCRYPTION_CIPHER 'GCM'")
    said = f" ({', '.join(options)})" if options else ""
    quoted = str(path).replace("'", "''")
    return f"ATTACH '{quoted}' AS {alias}{said}"


def _enable(connection: duckdb.DuckDBPyConnection) -> None:
    """Let an instance encrypt, files that it spills too."""
    quoted = str(_extension()).replace("'", "''")
    connection.execute(f"LOAD '{quoted}'")
    connection.execute("SET GLOBAL temp_file_encryption = true")


@contextmanager
def lent(*, encrypting: bool) -> Iterator[Lent]:
    """Lend an instance for the time of the block, one that can encrypt where that is asked for."""
    with _guard:
        instance = _idle[encrypting].pop() if _idle[encrypting] else None
    one = Lent(_made(encrypting=encrypting) if instance is None else instance)
    try:
        yield one
    except BaseException:
        one.spent = True
        raise
    finally:
        _back(one, encrypting=encrypting)


def _back(one: Lent, *, encrypting: bool) -> None:
    instance = one._instance  # noqa: SLF001 - its own module
    if not one.spent:
        with _guard:
            if len(_idle[encrypting]) < KEPT:
                _idle[encrypting].append(instance)
                return
    instance.close()


def _made(*, encrypting: bool) -> duckdb.DuckDBPyConnection:
    instance = duckdb.connect(":memory:", config=_CONFIG)
    if encrypting:
        try:
            _enable(instance)
        except BaseException:
            instance.close()
            raise
    return instance


def _extension() -> Path:
    spec = find_spec(f"duckdb_extension_{EXTENSION}")
    places = [] if spec is None else list(spec.submodule_search_locations or [])
    for place in places:
        path = Path(place) / "extensions" / f"v{duckdb.__version__}" / f"{EXTENSION}.duckdb_extension"
        if path.is_file():
            return path
    raise CaseError(
        f"An encrypted case needs the package duckdb-extension-{EXTENSION} {duckdb.__version__}, which is not "
        "installed; install Stillgraph with all it depends on."
    )


def _forked() -> None:
    for instances in _idle.values():
        _parents.extend(instances)
        instances.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
