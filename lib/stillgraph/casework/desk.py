"""Who is at work, on what, with what: the one way in to a case.

:meth:`Desk.act` is where every action is permitted and recorded. An action that is refused or that fails leaves nothing
behind but its own audit entry.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import recording, tokens
from stillgraph.casework.wire.place import server_of
from stillgraph.errors import CaseError, ModelError, NotPermitted, Refused, StillgraphError, WrongUse
from stillgraph.governance import chain, roles, writes
from stillgraph.governance import retention as rules
from stillgraph.governance import sign_in as signing
from stillgraph.governance.actions import CHANGE_FOUND
from stillgraph.governance.permits import Action, Claim, permit
from stillgraph.once import once
from stillgraph.records import AuditEntry, ModelId, Officer, RecordKind
from stillgraph.store import CaseFile, Session, office, renewal, sign_ins, tablestates
from stillgraph.store import retention as retention_store
from stillgraph.store.images import INCOMING, ImageStore

if TYPE_CHECKING:
    from stillgraph.casework.wire.client import Line
    from stillgraph.faces.packs import FacePack


SETTING_UP_REASON = "the case is being set up"
ERASING = "erasing.json"
"""The file in a case directory that says that a deletion is not finished; whoever opens the case goes on with it."""


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Deed:
    """An action while it is being done: the open session, its time, and what the record shall say of it.

    Once it is permitted, ``by`` is who acts, and ``enforced`` whether every officer is held to a role.
    """

    session: Session
    at: datetime
    officer: str
    operation: str
    reason: str
    details: dict[str, object] = field(default_factory=dict)
    by: Officer | None = None
    enforced: bool = False

    @property
    def reads(self) -> frozenset[str] | None:
        """The views that queries of who acts may read, ``None`` for all."""
        return None if self.by is None else roles.readable(self.by, enforced=self.enforced)

    def note(self, **details: object) -> None:
        """Add to the record: identifiers and counts, never personal data."""
        self.details.update(details)


class Desk:
    """An officer at work on a case.

    Parameters
    ----------
    case : CaseFile
        The open case.
    claim : Claim
        Who acts, for which operation, why; checked at every action.
    clock : callable
        Returns the time, UTC.
    """

    connection: Line | None = None
    """To the server that keeps the case, where one does."""

    def __init__(self, case: CaseFile, claim: Claim, clock: Callable[[], datetime] = now) -> None:
        self.case = case
        self.place = str(case.directory)
        self.claim = claim
        self.clock = clock
        self.images = ImageStore(case.directory)
        self.written_as: Mapping[Path, str] = {}
        """At a server: where on the client's machine a file goes that is written here."""

    @once
    def settings(self) -> dict[str, str]:
        """What was settled when the case was made."""
        return self.case.settings()

    @property
    def model(self) -> ModelId:
        """The face model the case is bound to."""
        return ModelId(self.settings["model"])

    @once
    def pack(self) -> FacePack:
        """The face model pack the case is bound to, loaded."""
        from stillgraph.faces import packs

        loaded = packs.load(self.settings["pack"])
        if loaded.model != self.model:
            raise ModelError(
                f"The case is bound to the model {self.model}, but the pack here is {loaded.model}; "
                "install the Stillgraph, and put back the pack, that the case was made with, or make its templates "
                "anew: `stillgraph models migrate CASE --to PACK`."
            )
        return loaded

    def forget_settings(self) -> None:
        """Read settings and pack again when they are next asked for: an action has changed them."""
        for name in ("settings", "pack"):
            self.__dict__.pop(name, None)

    @contextmanager
    def sitting(self) -> Iterator[None]:
        """Keep the case open over several actions; each is still permitted, done and recorded by itself."""
        try:
            with self.case.sitting():
                yield
        finally:
            recording.finish(self.case.directory)

    @contextmanager
    def act(self, action: Action, **details: object) -> Iterator[Deed]:
        """Permit an action, let the block do it, and record it, in one transaction.

        Raises
        ------
        NotPermitted
            The officer, operation or reason does not cover the action. The attempt is recorded.
        """
        with self._acting(action, details, self._permit) as deed:
            yield deed

    @contextmanager
    def finishing(self, action: Action, **details: object) -> Iterator[Deed]:
        """Do and record a step that an action which was permitted and is committed leaves to do.

        It is not asked again whether the officer may: a deletion of which only the rows went would be none.
        """
        with self._acting(action, details, lambda *_: None) as deed:
            yield deed

    @contextmanager
    def _acting(
        self, action: Action, details: Mapping[str, object], permit: Callable[[Deed, Action], None]
    ) -> Iterator[Deed]:
        with self._working() as session:
            deed = self._deed(session, details)
            with self._failures_recorded(deed, action), session.transaction():
                permit(deed, action)
                yield deed
                entry = self.record(deed, action, "done")
            self._carry_out(deed, entry)

    @contextmanager
    def ahead(self, action: Action, **details: object) -> Iterator[Deed]:
        """Permit long work outside the case file for what :meth:`act` will do, and let the block read what it needs.

        What is done is recorded when it is done; here only a refusal or a failure is.

        Raises
        ------
        NotPermitted
            As :meth:`act`.
        """
        with self._working() as session:
            deed = self._deed(session, details)
            with self._failures_recorded(deed, action):
                self._permit(deed, action)
                yield deed

    def record_failure(self, action: Action, error: BaseException, **details: object) -> None:
        """Record that work outside the case file for an action failed."""
        with self._working() as session:
            self._record_alone(self._deed(session, details), action, "failed", why=_why(error))
        _mark(error)

    def _deed(self, session: Session, details: Mapping[str, object]) -> Deed:
        claim = self.claim
        known = dict(details) if claim.sign_in is None else {**details, "sign_in": claim.sign_in}
        return Deed(session, self.clock(), claim.officer or "", claim.operation or "", claim.reason or "", known)

    def _permit(self, deed: Deed, action: Action) -> None:
        session = deed.session
        if self.claim.token and self.claim.sign_in is None:
            self._prove(deed)
        claim = self.claim
        if action in {Action.UPGRADE_CASE, Action.RESTORE} and not office.has_changes(session):
            permit(action, claim, office.officer_before_changes(session, deed.officer), None, deed.at.date())
            return
        signed_in = None if claim.sign_in is None else sign_ins.sign_in(session, claim.sign_in)
        deed.by = office.officer(session, deed.officer)
        deed.enforced = claim.team or office.switched_on(session, office.ENFORCED)
        permit(
            action, claim, deed.by, office.operation(session, deed.operation), deed.at.date(), signed_in=signed_in,
            enforced=deed.enforced, sign_in_required=self._asks_sign_in(deed, action),
        )  # fmt: skip
        kind = rules.STORED_BY.get(action)
        if kind is not None:
            needs_rule(session, kind)

    @staticmethod
    def _asks_sign_in(deed: Deed, action: Action) -> bool:
        """Return whether the case lets nobody do this who has not signed in.

        Where nobody is left with a token who may issue one, a token is issued without: else a case whose last tokens
        ended would be closed to everybody.
        """
        if not office.switched_on(deed.session, office.SIGN_IN_REQUIRED):
            return False
        return action is not Action.ISSUE_TOKEN or any(
            not one.suspended
            and roles.refusal(action, one, enforced=deed.enforced) is None
            and sign_ins.working(deed.session, one.officer_id, deed.at.date())
            for one in office.officers(deed.session)
        )

    def _prove(self, deed: Deed) -> None:
        """Try the token that was given, once for a desk: from then on its number stands in the claim.

        Raises
        ------
        NotPermitted
            It is none of this case's. The attempt is recorded, without the token.
        """
        given = signing.parts(self.claim.token)
        kept = None if given is None else sign_ins.sign_in(deed.session, given[0])
        if given is None or not signing.holds(kept, given[1]) or kept is None:
            deed.note(**({} if kept is None else {"token": kept.token_id}))
            raise NotPermitted(signing.UNKNOWN)
        self.claim = replace(self.claim, sign_in=kept.token_id)
        deed.note(sign_in=kept.token_id)

    @contextmanager
    def _failures_recorded(self, deed: Deed, action: Action) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            result = "refused" if isinstance(error, Refused) else "failed"
            self._record_alone(deed, action, result, why=_why(error))
            _mark(error)
            raise

    @contextmanager
    def found(self, action: Action, officer: str = "", **details: object) -> Iterator[Deed]:
        """Do and record what comes before there is anybody to permit it: the case itself and its first officer."""
        reason = self.claim.reason or SETTING_UP_REASON
        with self._working() as session:
            deed = Deed(session, self.clock(), officer, "", reason, dict(details))
            with session.transaction():
                yield deed
                entry = self.record(deed, action, "done")
            self._carry_out(deed, entry)

    @contextmanager
    def _working(self) -> Iterator[Session]:
        """Open the case for an action; what an earlier process left out of the record comes first."""
        with self.case.session(writing=True) as session:
            if not session.begun:
                session.begun = True
                at = self.clock()
                changed = recording.begin(session, self.case.directory, at)
                if changed:
                    self._record_change(session, at, changed)
            yield session

    def _record_change(self, session: Session, at: datetime, changed: recording.Changes) -> None:
        """Put between two entries that somebody wrote the case file without Stillgraph."""
        rows = {name: [before.rows, now.rows] for name, (before, now) in changed.items()}
        deed = Deed(session, at, "", "", recording.CHANGED, {"tables": rows})
        with session.transaction():
            session.written.update(dict.fromkeys(changed, False))
            entry = self.record(deed, CHANGE_FOUND, "found")
        self._carry_out(deed, entry)

    def record(self, deed: Deed, action: Action | str, result: str) -> AuditEntry:
        """Append the audit entry of a deed to the chain, inside the transaction that is open, and return it."""
        written = dict(deed.session.written)
        writes.check(action, written)
        head = office.chain_head(deed.session)
        sequence, previous = (head[0] + 1, head[1]) if head is not None else (1, chain.GENESIS)
        key = recording.key_of(deed.session, self.case.directory)
        tables = "" if key is None else tablestates.left(deed.session, key, written, sequence)
        entry = chain.entry(
            sequence=sequence, previous=previous, recorded_at=deed.at, officer=deed.officer or "(none)",
            operation=deed.operation or "(none)", reason=deed.reason, action=str(action), result=result,
            details=deed.details, tables=tables, key=key,
        )  # fmt: skip
        office.append_entry(deed.session, entry)
        return entry

    def _record_alone(self, deed: Deed, action: Action, result: str, *, why: str) -> None:
        deed.note(why=why)
        with deed.session.transaction():
            entry = self.record(deed, action, result)
        self._carry_out(deed, entry)

    def _carry_out(self, deed: Deed, entry: AuditEntry) -> None:
        """Carry an entry that is committed out of the case file: into the log, and its head to the anchors."""
        recording.follow(deed.session, self.case.directory, entry, deed.at)


def needs_rule(session: Session, kind: RecordKind) -> None:
    """Return if some rule says how long records of a kind are kept.

    Raises
    ------
    NoRule
        None does, so none can be stored.
    """
    if not retention_store.ruled(session, kind):
        rules.required((), kind)


def _mark(error: BaseException) -> None:
    """Note on an error that the record has it, whatever it is turned into on its way out."""
    error.recorded = True  # type: ignore[attr-defined]


def _why(error: BaseException) -> str:
    """Return what the record says of an error: the sentence of one raised on purpose, else only its kind."""
    return str(error) if isinstance(error, StillgraphError) else type(error).__name__


def take_seat(
    case: Path | str | None = None,
    *,
    officer: str | None = None,
    operation: str | None = None,
    reason: str | None = None,
    sign_in: int | None = None,
    by_proxy: bool = False,
    clock: Callable[[], datetime] = now,
    outdated: bool = False,
) -> Desk:
    """Open a case to work on it as somebody, for something.

    What is not given comes from ``STILLGRAPH_CASE``, ``STILLGRAPH_OFFICER``, ``STILLGRAPH_OPERATION`` and
    ``STILLGRAPH_REASON``. Whether it suffices is decided, and recorded, at each action.

    ``sign_in`` is the number of the token by which the officer signed in to a page; it must hold at each action.

    ``by_proxy`` says that a trusted proxy of the pages named the officer.
    Without either, a token in ``STILLGRAPH_TOKEN``, or in the file that ``STILLGRAPH_TOKEN_FILE`` names, proves the
    officer.

    ``outdated`` lets in a case of an earlier schema version, to be upgraded.

    ``case`` may be the address of a server that keeps a case, or the directory of a case that one keeps: the desk is
    then a client's, known to the server by the officer's token (``STILLGRAPH_TOKEN``).

    Raises
    ------
    WrongUse
        No case was named.
    NotACase
        There is no case at that place.
    OutdatedCase
        It has an earlier schema version.
    """
    place = case if case is not None else os.environ.get("STILLGRAPH_CASE")
    if not place:
        raise WrongUse("Say which case: give its directory, or its server's address, or set STILLGRAPH_CASE.")
    claim = Claim(
        officer=officer if officer is not None else os.environ.get("STILLGRAPH_OFFICER"),
        operation=operation if operation is not None else os.environ.get("STILLGRAPH_OPERATION"),
        reason=reason if reason is not None else os.environ.get("STILLGRAPH_REASON"),
        sign_in=sign_in,
        by_proxy=by_proxy,
    )
    url = server_of(place)
    if url is not None:
        from stillgraph.casework.wire import client

        return client.RemoteDesk(client.connect(url), claim, clock)
    if sign_in is None and not by_proxy:
        claim = replace(claim, token=tokens.given())
    desk = Desk(CaseFile.open(Path(place), outdated=outdated), claim, clock)
    if not outdated:
        finish_left_over(desk)
    return desk


def finish_left_over(desk: Desk) -> None:
    """Finish what a stop cut short, a deletion, a delivery or a change of keys, where nobody is at it."""
    if (desk.case.directory / ERASING).exists():
        from stillgraph.casework import retention

        retention.finish_left_over(desk)
    if not all(desk.images.incoming(kind).is_empty() for kind in INCOMING):
        from stillgraph.casework import keeping

        keeping.clear_left_over(desk)
    if renewal.left(desk.case.directory):
        with suppress(CaseError), desk.images.removing(patience_s=0):
            renewal.drop(desk.case.directory)
