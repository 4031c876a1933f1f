"""Opens, locks and migrates the case file.

DuckDB lets one process write or several read. A session is therefore short, and whoever finds the file held waits
with patience and then says so plainly.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib import resources
from pathlib import Path
from uuid import uuid4

import duckdb

from stillgraph.errors import CaseExists, CaseInUse, NotACase, OutdatedCase
from stillgraph.store import disk, engine, filestate, holders, keys, rewriting
from stillgraph.store.keyslots import Secret
from stillgraph.store.sessions import Session as Session  # noqa: PLC0414 - asked for here by everybody

CASE_FILE_NAME = "case.duckdb"
PATIENCE_S = 30.0
MIGRATIONS = (
    "0001_case.sql",
    "0002_face_core.sql",
    "0003_gallery.sql",
    "0004_review.sql",
    "0005_bulk.sql",
    "0006_rulings.sql",
    "0007_open_stills.sql",
    "0008_gallery_checks.sql",
    "0009_custody_records.sql",
    "0010_calibration.sql",
    "0011_alike.sql",
    "0012_combined.sql",
    "0013_review_scores.sql",
    "0014_self_checks.sql",
    "0015_rankings.sql",
    "0016_arrest_dates.sql",
    "0018_sign_in.sql",
    "0019_saved_queries.sql",
    "0020_case_id.sql",
    "0022_audit.sql",
    "0024_backup.sql",
    "0021_offices.sql",
    "0023_retention.sql",
)
"""What brings a case file from each schema version to the next, from nothing on.

DuckDB commits no transaction, and an upgrade is one, that alters a table after an UPDATE of its rows or a column with a
DEFAULT: add columns bare, fill them by ``SET DATA TYPE ... USING``, and give the default after that.
"""

SCHEMA_VERSION = len(MIGRATIONS)
UNREADABLE = (duckdb.Error,)
"""What reading a case file raises where somebody damaged it."""
ENCRYPTED = "encrypted"
"""The setting that says so of an encrypted case."""
NO_SECRETS: Mapping[str, Secret] = {}

# DuckDB opens a file once in a process: threads of a notebook or a Voila kernel take turns, and what a thread does
# while it has the file open uses the session that is open.
_turns: dict[Path, threading.RLock] = {}
_turns_guard = threading.Lock()
_open: dict[Path, Session] = {}


class CaseFile:
    """The case file of one case directory.

    Parameters
    ----------
    directory : Path
        The case directory; the file is ``case.duckdb`` in it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.expanduser().resolve()
        self.path = self.directory / CASE_FILE_NAME

    @classmethod
    def create(
        cls,
        directory: Path,
        settings: Mapping[str, str],
        *,
        encrypt: bool = False,
        secrets: Mapping[str, Secret] = NO_SECRETS,
    ) -> CaseFile:
        """Make a new, empty case file and record ``settings`` in it.

        Parameters
        ----------
        directory
            Where; it is made.
        settings
            What is settled for good, e.g. the face model pack.
        encrypt
            Encrypt what the case holds.
        secrets
            What opens an encrypted case, by name; a key file is made in the state directory where nothing is given.

        Raises
        ------
        CaseExists
            There is a file at that place, or a directory that is not empty.
        """
        case = cls(directory)
        if case.directory.exists() and (not case.directory.is_dir() or any(case.directory.iterdir())):
            raise CaseExists(
                f"{case.directory} is there already and is not an empty directory; choose a new place for the case."
            )
        case.directory.mkdir(parents=True, exist_ok=True)
        case.directory.chmod(0o700)
        known_as = str(uuid4())
        if encrypt:
            settings = {**settings, ENCRYPTED: "yes"}
            opening = secrets or {keys.GENERATED: keys.generated(known_as)[0]}
            keys.made(case.directory, known_as, opening, keys.now(), encrypted=True)
        else:
            keys.given_to_plain(case.directory, known_as, keys.now())
        with case.session(writing=True) as session, session.transaction():
            migrate(session, since=0)
            for key, value in {**settings, "case_id": known_as}.items():
                session.execute("INSERT OR REPLACE INTO held.settings VALUES (?, ?)", [key, value])
        return case

    @classmethod
    def open(cls, directory: Path, *, outdated: bool = False) -> CaseFile:
        """Open an existing case; one of an earlier schema version only where ``outdated`` says so.

        Raises
        ------
        NotACase
            There is no case file there, or it was made by a newer Stillgraph.
        OutdatedCase
            It was made by an earlier Stillgraph and has yet to be upgraded.
        """
        case = cls(directory)
        if not case.path.is_file():
            raise NotACase(
                f"There is no case in {case.directory}: it has no {CASE_FILE_NAME}. "
                "Make one with `stillgraph case create`."
            )
        version = case.version()
        if version > SCHEMA_VERSION:
            raise NotACase(
                f"The case in {case.directory} has schema version {version}; this Stillgraph reads {SCHEMA_VERSION}. "
                "Use the Stillgraph it was made with."
            )
        if version < SCHEMA_VERSION and not outdated:
            raise OutdatedCase(
                f"The case in {case.directory} was made by an earlier Stillgraph. Keep a copy of the directory, then "
                f"bring the case up to date: `stillgraph case upgrade {case.directory}`."
            )
        return case

    def settings(self) -> dict[str, str]:
        """Return the settings recorded when the case was made, e.g. its face model pack."""
        with self.session(writing=False) as session:
            try:
                return dict(session.rows("SELECT key, value FROM held.settings"))
            except duckdb.CatalogException as error:
                raise NotACase(
                    f"{self.path} is a DuckDB file but not a case; make a case with `stillgraph case create`."
                ) from error

    def version(self) -> int:
        """Return the schema version of the case file, from 1."""
        stated = self.settings().get("schema_version", "")
        if not stated.isdigit():
            raise NotACase(f"{self.path} does not say which schema it has; restore it from a backup.")
        return int(stated)

    @contextmanager
    def session(self, *, writing: bool) -> Iterator[Session]:
        """Open the file for one action; within :meth:`sitting`, or another session, the open one is used again."""
        with self._turn(), disk.plainly(self.directory):
            held = _open.get(self.path)
            if held is not None:
                held.users += 1
                try:
                    yield held
                finally:
                    held.users -= 1
                    if isinstance(sys.exception(), duckdb.FatalException) and held.kept and not held.users:
                        self._opened_anew(held)
                return
            with self._connected(writing=writing) as session:
                _open[self.path] = session
                try:
                    yield session
                finally:
                    del _open[self.path]

    @contextmanager
    def sitting(self) -> Iterator[None]:
        """Keep the file open for writing over several actions, each still a transaction of its own."""
        with self.session(writing=True):
            yield

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the file open for as long as a server runs: its threads take turns, and no other process can open it.

        All that is read by SQL that came from elsewhere is confined from the start, since one opening serves everybody.
        """
        with self._connected(writing=True) as session:
            session.confine()
            session.kept = True
            with self._turn():
                _open[self.path] = session
            try:
                yield
            finally:
                # Whoever has the turn finishes first.
                with self._turn():
                    del _open[self.path]
                session.execute("CHECKPOINT")

    def rewrite(self) -> None:
        """Write the case file anew with what it holds now, and put it in the old one's place, wholly or not at all.

        A deleted row stays in its file's blocks until something else is written there, and in blocks given up for good.
        The new file has none of them. What the old one's blocks held stays on the disk itself until it uses them again.

        Raises
        ------
        CaseInUse
            This process uses the file, or another has it for 30 seconds.
        CaseError
            It cannot be written; the old file stays.
        """
        with self._turn():
            held = _open.get(self.path)
            if held is None:
                self._rewritten()
            elif held.kept and held.opened_by is not None and not held.users:
                self._opened_anew(held, self._rewritten)
            else:
                raise CaseInUse("The case is open in this process: end what uses it, then delete again.")

    def _opened_anew(self, held: Session, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Close what a server keeps open, do something, and open it again; what was committed is in the file.

        After what DuckDB calls fatal, e.g. a disk that is full at a commit, an instance answers nothing any more.
        """
        stack = held.opened_by or ExitStack()
        with suppress(duckdb.Error):
            stack.close()
        try:
            meanwhile()
        finally:
            held.resume(stack.enter_context(self._lent(writing=True, spent=lambda: held.confined)))

    def _rewritten(self) -> None:
        while True:
            with engine.lent(encrypting=keys.encrypted(self.directory)) as lent:
                self._attach(lent, writing=False)
                if rewriting.rewritten(self.path, lent, self._key()):
                    lent.detach()
                    return
                lent.detach()
            # What was written since is in a log beside the file; opening it for writing takes that in.
            with self._attached(writing=True) as session:
                session.execute("CHECKPOINT")

    def is_open_here(self) -> bool:
        """Say whether this process has the file open now."""
        return self.path in _open

    def _turn(self) -> threading.RLock:
        with _turns_guard:
            return _turns.setdefault(self.path, threading.RLock())

    @contextmanager
    def _connected(self, *, writing: bool) -> Iterator[Session]:
        if not writing:
            with self._attached(writing=False) as session:
                yield session
            return
        with filestate.alone(self.directory, PATIENCE_S, self._in_use, lambda: holders.check_no_server(self.directory)):
            afterwards: list[Callable[[], None]] = []
            try:
                with self._attached(writing=True, afterwards=afterwards) as session:
                    yield session
            finally:
                for then in afterwards:
                    then()

    def _in_use(self, told: str = "") -> CaseInUse:
        return holders.in_use(self.directory, PATIENCE_S, told)

    @contextmanager
    def _attached(self, *, writing: bool, afterwards: list[Callable[[], None]] | None = None) -> Iterator[Session]:
        found = filestate.state(self.path) if self.path.is_file() else ""
        with ExitStack() as stack:
            connection = stack.enter_context(self._lent(writing=writing, spent=lambda: session.confined))
            session = Session(connection, found, afterwards, stack)
            yield session

    @contextmanager
    def _lent(self, *, writing: bool, spent: Callable[[], bool]) -> Iterator[duckdb.DuckDBPyConnection]:
        with engine.lent(encrypting=keys.encrypted(self.directory)) as lent:
            self._attach(lent, writing=writing)
            connection = lent.connection()
            try:
                yield connection
            finally:
                connection.close()
                self._let_go(lent, spent=spent())

    @staticmethod
    def _let_go(lent: engine.Lent, *, spent: bool) -> None:
        lent.spent = spent
        if not lent.spent:
            try:
                lent.detach()
            except duckdb.Error:
                # What is committed is in the file or beside it; only this instance is of no more use.
                lent.spent = True

    def _attach(self, lent: engine.Lent, *, writing: bool) -> None:
        deadline = time.monotonic() + PATIENCE_S
        pause = 0.02
        while True:
            before, key = engine.number(self.path), self._key()
            try:
                lent.attach(self.path, writing=writing, key=key)
            except duckdb.Error as error:
                if not (isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)):
                    if key != self._key():
                        continue
                    raise disk.why_not_opened(error, self.directory) or engine.why_not(
                        error, self.path, encrypted=key is not None
                    ) from error
                holders.check_no_server(self.directory)
                if time.monotonic() > deadline:
                    raise self._in_use(str(error)) from error
                time.sleep(pause)
                pause = min(pause * 1.5, 0.5)
            else:
                if before in {None, engine.number(self.path)}:
                    return
                # Another file was put in its place meanwhile, under a new key: what is open has no name any more.
                lent.detach()

    def _key(self) -> bytes | None:
        return keys.ring(self.directory).subkey("casefile") if keys.encrypted(self.directory) else None


def is_open(path: Path) -> bool:
    """Say whether this process has a case file open now."""
    return path in _open


def migrate(session: Session, *, since: int) -> None:
    """Bring the schema from version ``since`` to :data:`SCHEMA_VERSION`, inside the transaction that is open."""
    for name in MIGRATIONS[since:]:
        session.execute(_sql(name))
    # A view that an earlier version had, and this one has not, would say what nobody documents any more.
    ours = "SELECT view_name FROM duckdb_views() WHERE database_name = ? AND schema_name = 'main' AND NOT internal"
    for (view,) in session.rows(ours, [engine.ALIAS]):
        session.execute(f'DROP VIEW main."{view}"')
    session.execute(_sql("views.sql"))
    session.execute("INSERT OR REPLACE INTO held.settings VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])


def case_id(session: Session) -> str:
    """Return the number by which a case is known outside its directory."""
    found = session.one("SELECT value FROM held.settings WHERE key = 'case_id'")
    assert found is not None  # noqa: S101  (every case has one from its schema on)
    return str(found[0])


def _sql(name: str) -> str:
    return (resources.files("stillgraph.store") / "sql" / name).read_text(encoding="utf-8")
