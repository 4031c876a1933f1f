"""A case as a server keeps it: open throughout, with a desk for each action of whoever signed in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillgraph.casework.desk import Desk, finish_left_over, now
from stillgraph.errors import NotPermitted, StillgraphError, WrongUse
from stillgraph.governance import sign_in as rules
from stillgraph.governance.permits import Action, Claim, suspended
from stillgraph.records import SignIn
from stillgraph.store import CaseFile, office, sign_ins

if TYPE_CHECKING:
    from stillgraph.faces.packs import FacePack

CLAIMED = (
    "Your token is of another officer than the one you name; leave --officer and STILLGRAPH_OFFICER out, or sign in as "
    "that officer."
)


class Host:
    """A case that is kept open for its clients.

    Parameters
    ----------
    case : CaseFile
        Kept open by :func:`hosting`.
    backups : Path, optional
        The folder in which backups are kept that clients ask for.
    """

    def __init__(self, case: CaseFile, backups: Path | None = None) -> None:
        self.case = case
        self._backups = backups
        self._packs: dict[tuple[str, str], FacePack] = {}
        self._loading = threading.Lock()

    def desk(self, signed_in: SignIn, operation: str | None, reason: str | None) -> Desk:
        """Return the desk of an officer who signed in, for one action."""
        claim = Claim(signed_in.officer_id, operation, reason, sign_in=signed_in.token_id, team=True)
        return _HostedDesk(self, claim)

    def admit(self, token: str) -> SignIn:
        """Return whose token this is, and record that they signed in; a token that lets nobody in is recorded too.

        What they may do is decided at each action.

        Raises
        ------
        NotPermitted
            It lets nobody in.
        """
        given = rules.parts(token)
        kept = None
        if given is not None:
            with self.case.session(writing=False) as session:
                kept = sign_ins.sign_in(session, given[0])
        nobody = Desk(self.case, Claim("", None, "sign in"))
        if given is None or not rules.holds(kept, given[1]) or kept is None:
            refused = NotPermitted(rules.UNKNOWN)
            nobody.record_failure(Action.SIGN_IN, refused, **({} if kept is None else {"token": kept.token_id}))
            raise refused
        if not rules.lets_in(kept, kept.officer_id, nobody.clock().date()):
            ended = NotPermitted(rules.ENDED)
            nobody.record_failure(Action.SIGN_IN, ended, token=kept.token_id)
            raise ended
        with nobody.found(Action.SIGN_IN, kept.officer_id, sign_in=kept.token_id, to="server"):
            return kept

    def check(self, signed_in: SignIn) -> None:
        """Return if the token that somebody signed in with holds still, and they are not suspended.

        Each action asks this for itself; what is no action of an officer's, as a check of the record, asks it here.

        Raises
        ------
        NotPermitted
            It does not, or they are.
        """
        with self.case.session(writing=False) as session:
            kept = sign_ins.sign_in(session, signed_in.token_id)
            officer = office.officer(session, signed_in.officer_id)
        if officer is not None and officer.suspended:
            raise NotPermitted(suspended(officer))
        if not rules.lets_in(kept, signed_in.officer_id, now().date()):
            raise NotPermitted(rules.ENDED)

    def refuse_claim(self, signed_in: SignIn, claimed: str, function: str) -> NotPermitted:
        """Record that somebody named an officer who is not themselves; return what they are told."""
        refused = NotPermitted(CLAIMED)
        self.desk(signed_in, None, "sign in").record_failure(
            Action.SIGN_IN, refused, claimed=claimed[:80], function=function
        )
        return refused

    def keeping_place(self, name: str) -> Path:
        """Return where a file of this name is kept that stays with the server.

        Raises
        ------
        WrongUse
            No folder is set for them, or the name is none of a file.
        """
        if self._backups is None:
            raise WrongUse(
                "This server keeps no backups that clients ask for; it is started with --backups DIR for that."
            )
        if Path(name).name != name or name in {"", ".", ".."} or not name.isprintable():
            raise WrongUse("Give a backup a plain file name; its folder is the server's.")
        return self._backups / name

    def make_ready(self) -> None:
        """Load the face model pack before anybody waits for it; one that cannot be loaded is said to who needs it."""
        with suppress(StillgraphError):
            self.pack(Desk(self.case, Claim(None, None, None)))

    def pack(self, desk: Desk) -> FacePack:
        """Return the face model pack that the case is bound to, loaded once for all."""
        named = (desk.settings["pack"], desk.model)
        with self._loading:
            if named not in self._packs:
                loading = Desk(self.case, desk.claim)
                # Read before: whoever has the turn at the case may be waiting for what is loaded here.
                loading.__dict__["settings"] = desk.settings
                self._packs[named] = loading.pack
            return self._packs[named]


class _HostedDesk(Desk):
    """A desk at a case that is kept open."""

    def __init__(self, host: Host, claim: Claim) -> None:
        super().__init__(host.case, claim)
        self._host = host

    @property
    def pack(self) -> Any:
        """The face model pack the case is bound to, loaded."""
        return self._host.pack(self)

    def forget_settings(self) -> None:
        """Read settings again when they are next asked for."""
        self.__dict__.pop("settings", None)


@contextmanager
def hosting(directory: Path, *, backups: Path | None = None) -> Iterator[Host]:
    """Open a case and keep it, so that no other process can.

    Raises
    ------
    NotACase, OutdatedCase
        As :meth:`CaseFile.open`.
    CaseInUse
        Another process holds the case.
    """
    case = CaseFile.open(directory)
    with case.kept():
        finish_left_over(Desk(case, Claim("", None, "what a stop left unfinished")))
        yield Host(case, backups)
