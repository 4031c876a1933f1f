"""A client of a server that keeps a case: it signs in, asks for actions by name, and holds no key, file or SQL."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from stillgraph import errors
from stillgraph.casework import tokens
from stillgraph.casework.desk import Desk, now
from stillgraph.casework.progress import CANCELLED
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import codec, frames, gathering, place
from stillgraph.casework.wire.parts import Call, Failure
from stillgraph.errors import Interrupted, NotPermitted, ServerGone, StillgraphError, WrongUse
from stillgraph.governance.permits import Action, Claim
from stillgraph.store import CaseFile
from stillgraph.store.images import ImageStore
from stillgraph.store.places import state_directory

if TYPE_CHECKING:
    import httpx

    from stillgraph.casework.wire import Served

"""An officer's token, or the file that it stands in."""
SESSION = "STILLGRAPH_SESSION"
"""The secret of a session that is open already, which a server of pages hands to the kernels of who signed in to it."""
CALL_HEADER = "X-Stillgraph-Call"
CONNECT_S, SILENT_S = 10.0, 90.0
"""Seconds until a server has to answer a connection; and that it may say nothing, though it lets itself be heard every
few seconds."""
_ELSEWHERE = (
    "This works on the case file itself, which a server keeps; end the server, and give the command where the case is."
)


@dataclass(frozen=True, slots=True)
class Seat:
    """Who a server let in, with the secret that its session is known by."""

    officer: str
    sign_in: int
    case: str
    until: str
    secret: str = field(repr=False)


class Connection:
    """To one server, as one officer; threads share it."""

    def __init__(self, url: str, token: str = "", *, secret: str = "") -> None:
        import httpx

        self.url = url
        self._token, self._secret = token, secret
        self._guard = threading.Lock()
        self._seat: Seat | None = None
        timeout = httpx.Timeout(SILENT_S, connect=CONNECT_S)
        limits = httpx.Limits(max_connections=32, keepalive_expiry=30.0)
        self._http = place.client(url, timeout=timeout, limits=limits)

    def seat(self, *, instead_of: Seat | None = None) -> Seat:
        """Return who was let in; sign in where nobody was yet, or where ``instead_of`` is over.

        Raises
        ------
        NotPermitted
            The token lets nobody in, or the session is over and there is no token.
        """
        with self._guard:
            if self._seat is None or self._seat is instead_of:
                if instead_of is not None and not self._token:
                    raise NotPermitted("Your session is over; sign in again.")
                self._seat = self._signed_in()
            return self._seat

    def look(self) -> None:
        """Return if the session goes on.

        Raises
        ------
        NotPermitted
            It is over, or the token was taken back.
        """
        self._signed_in(self.seat().secret)

    def _signed_in(self, secret: str = "") -> Seat:
        from stillgraph import __version__

        secret = secret or self._secret
        way = f"Session {secret}" if secret else f"Bearer {self._token}"
        with self._reached():
            answer = self._http.post("/sign-in", headers={"Authorization": way})
        self._check(answer)
        told = answer.json()
        if told["version"] != __version__:
            raise WrongUse(
                f"The server at {self.url} is Stillgraph {told['version']} and this is {__version__}; use the same."
            )
        return Seat(told["officer"], told["sign_in"], told["case"], told["until"], told.get("session") or secret)

    def call(self, one: Served, claim: Claim, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Let the server do a function and return what it returned.

        Raises
        ------
        StillgraphError
            Whatever the function raised; or the server is gone.
        """
        arguments = dict(one.signature.bind(*args, **kwargs).arguments)
        arguments.pop(one.first)
        sent = gathering.parcel(one, arguments)
        asked = Call(one.name, sent.arguments, claim.officer, claim.operation, claim.reason)
        for instead_of in (None, seat := self.seat()):
            answer = self._asked(asked, sent, seat if instead_of is None else self.seat(instead_of=instead_of))
            if answer is not None:
                return answer[0]
        raise NotPermitted("Your session is over; sign in again.")

    def _asked(self, asked: Call, sent: gathering.Parcel, seat: Seat) -> tuple[Any] | None:
        """Return what came back, or ``None`` where the session is over."""
        number = secrets.token_hex(8)
        headers = {"Authorization": f"Session {seat.secret}", CALL_HEADER: number}

        def body() -> Iterator[bytes]:
            yield frames.frame(frames.CALL, codec.dumps(asked, _aliases()))
            yield from sent.frames()

        with self._reached(), self._http.stream("POST", "/act", content=body(), headers=headers) as answer:
            if answer.status_code == 401:
                return None
            if not answer.is_success:
                answer.read()
                self._check(answer)
            return (_Answer(self, sent, number, seat).read(answer),)

    def stop(self, number: str, seat: Seat) -> None:
        """Ask the server to end a call where it next tells how far it is."""
        with self._reached():
            self._http.post("/stop", headers={"Authorization": f"Session {seat.secret}", CALL_HEADER: number})

    def _check(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        try:
            told = answer.json()
            failure = Failure(str(told["kind"]), str(told["sentence"]))
        except (ValueError, KeyError, TypeError):
            raise ServerGone(f"What answers at {self.url} is no Stillgraph server of this version.") from None
        raise raised(failure)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Say in a sentence that a server cannot be reached, or broke off."""
        import httpx

        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise place.gone(self.url, error) from None
        except httpx.HTTPError as error:
            raise ServerGone(
                f"The server at {self.url} broke off ({type(error).__name__}); look whether the action was done before "
                "you do it again."
            ) from None


class _Answer:
    """Reads what a server sends back of one call."""

    def __init__(self, connection: Connection, sent: gathering.Parcel, number: str, seat: Seat) -> None:
        self._connection, self._sent, self._number, self._seat = connection, sent, number, seat
        self._stopped: BaseException | None = None
        self._arriving = gathering.Arriving(sent.wanted)

    def read(self, answer: httpx.Response) -> Any:
        pieces = frames.Pieces()
        try:
            for data in answer.iter_raw():
                for piece in pieces.fed(data):
                    if piece.kind == frames.RESULT:
                        self._arriving.keep()
                        return codec.loads(piece.payload, [*_aliases(), *self._outputs()])
                    self._take(piece)
        finally:
            self._arriving.drop()
        raise ServerGone(
            f"The server at {self._connection.url} broke off; look whether the action was done before you do it again."
        )

    def _outputs(self) -> list[tuple[Path, str]]:
        return [(path, f"out:{key}") for key, path in self._sent.wanted.items()]

    def _take(self, piece: frames.Piece) -> None:
        if piece.kind == frames.STEP:
            self._tell(piece)
        elif piece.kind == frames.FILE:
            self._arriving.begin(codec.loads(piece.payload))
        elif piece.kind == frames.DATA:
            self._arriving.add(piece.payload)
        elif piece.kind == frames.ERROR:
            self._fail(codec.loads(piece.payload))

    def _tell(self, piece: frames.Piece) -> None:
        if self._sent.progress is None or self._stopped is not None:
            return
        try:
            self._sent.progress(codec.loads(piece.payload))
        except BaseException as stopped:  # noqa: BLE001 - whatever it raises ends the work, and is raised below
            self._stopped = stopped
            self._connection.stop(self._number, self._seat)

    def _fail(self, failure: Failure) -> NoReturn:
        sentence = failure.sentence
        for key, path in self._sent.here.items():
            sentence = sentence.replace(f"<<{key}>>", str(path))
        error = raised(replace(failure, sentence=sentence))
        # What was kept of the work is said by the server alone; that it was stopped is known here.
        if self._stopped is not None and isinstance(error, Interrupted):
            raise (self._stopped if sentence == CANCELLED else error) from None
        raise error


def raised(failure: Failure) -> StillgraphError:
    """Return the error that a failure stands for: one of ours, whatever it is called."""
    kind = getattr(errors, failure.kind, None)
    known = isinstance(kind, type) and issubclass(kind, StillgraphError)
    return kind(failure.sentence) if known else StillgraphError(failure.sentence)  # type: ignore[misc]


def _aliases() -> list[tuple[Path, str]]:
    """Return what lies in each installation and is the same in all."""
    return [(shipped("data"), "shipped")]


@dataclass(frozen=True, slots=True)
class Line:
    """A connection as one desk uses it."""

    connection: Connection
    claim: Claim

    def call(self, one: Served, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Let the server do a function, as whoever sits at the desk."""
        return self.connection.call(one, self.claim, args, kwargs)


class RemoteCase(CaseFile):
    """Stands for a case that a server keeps; its directory holds what is the client's own, e.g. notebooks."""

    def settings(self) -> dict[str, str]:
        """Refuse: there is no case file here."""
        raise WrongUse(_ELSEWHERE)

    def session(self, *, writing: bool) -> Any:  # noqa: ARG002 - as it is called
        """Refuse: there is no case file here."""
        raise WrongUse(_ELSEWHERE)


class RemoteDesk(Desk):
    """An officer at work on a case that a server keeps. What is :func:`served` works as at any desk."""

    def __init__(self, connection: Connection, claim: Claim, clock: Callable[[], datetime] = now) -> None:
        seat = connection.seat()
        claim = replace(claim, officer=claim.officer or seat.officer, sign_in=None)
        super().__init__(RemoteCase(_own_directory(connection.url, seat.case)), claim, clock)
        self.connection = Line(connection, claim)
        self.place = connection.url
        self.images = ImageStore(self.case.directory)

    @contextmanager
    def sitting(self) -> Iterator[None]:
        """Do nothing: the server keeps the case open."""
        yield

    def act(self, action: Action, **details: object) -> Any:  # noqa: ARG002 - as it is called
        """Refuse: there is no case file here."""
        raise WrongUse(_ELSEWHERE)

    def ahead(self, action: Action, **details: object) -> Any:  # noqa: ARG002 - as it is called
        """Refuse: there is no case file here."""
        raise WrongUse(_ELSEWHERE)

    def found(self, action: Action, officer: str = "", **details: object) -> Any:  # noqa: ARG002 - as it is called
        """Refuse: there is no case file here."""
        raise WrongUse(_ELSEWHERE)


def _own_directory(url: str, case: str) -> Path:
    named = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in url.partition("://")[2])
    folder = state_directory() / "clients" / named / (Path(case).name or "case")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


_connections: dict[tuple[str, str, str], Connection] = {}
_connections_guard = threading.Lock()


def connect(url: str) -> Connection:
    """Return the connection of this process to a server, as the officer whose token the environment names.

    Raises
    ------
    NotPermitted
        No token is named.
    """
    secret = os.environ.get(SESSION, "")
    token = "" if secret else tokens.given()
    if not token and not secret:
        raise NotPermitted(
            f"The server at {url} wants your token: set {tokens.TOKEN}, or {tokens.TOKEN_FILE} to the file it "
            "stands in. An administrator issues one with `stillgraph case officer token`."
        )
    with _connections_guard:
        # A child process must not share its parent's sockets.
        key = (url, f"{token}{secret}", f"{os.getpid()} {os.environ.get(place.CA, '')}")
        if key not in _connections:
            _connections[key] = Connection(url, token, secret=secret)
        return _connections[key]


def connection_of(case: Path | str) -> Line | None:
    """Return the line to the server that keeps a case, with what the environment says of who acts; ``None`` if none."""
    url = place.server_of(case)
    if url is None:
        return None
    officer, operation, reason = (os.environ.get(f"STILLGRAPH_{name}") for name in ("OFFICER", "OPERATION", "REASON"))
    return Line(connect(url), Claim(officer, operation, reason))
