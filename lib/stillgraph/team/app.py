"""What a server answers: who signs in, what they ask for, and whether it is there; nothing else, and no browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from stillgraph import __version__
from stillgraph.casework.faults import reference
from stillgraph.casework.hosting import Host
from stillgraph.casework.wire import codec, frames
from stillgraph.casework.wire.client import CALL_HEADER, SILENT_S
from stillgraph.casework.wire.parts import Begun, Call
from stillgraph.errors import NotPermitted, StillgraphError, WrongUse
from stillgraph.team.parcels import Parcel
from stillgraph.team.sessions import FULL, OVER, Patience, Sessions, Turn, Turns
from stillgraph.team.work import Work

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from stillgraph.records import SignIn

AT_ONCE = 16
"""Actions being done; more wait."""


@dataclass(slots=True)
class State:
    """What the server knows while it runs."""

    host: Host
    instance: str
    scratch: Path
    hosts: Collection[str]
    sessions: Sessions = field(default_factory=Sessions)
    patience: Patience = field(default_factory=Patience)
    turns: Turns = field(default_factory=Turns)
    running: dict[Work, tuple[str, str]] = field(default_factory=dict)
    """What is being done, with the secret and the number by which its client may stop it."""
    ending: threading.Event = field(default_factory=threading.Event)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "action"))


def made(state: State) -> ASGIApp:
    """Return the application."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        # What is being done is finished before the case is closed.
        await asyncio.to_thread(state.pool.shutdown)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    @app.get("/health")
    async def health() -> Response:
        return JSONResponse({"instance": state.instance})

    @app.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        return await _sign_in(state, request)

    @app.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        state.sessions.end(_brought(request, "Session"))
        return Response(status_code=204)

    @app.post("/stop")
    async def stop(request: Request) -> Response:
        asked = (_brought(request, "Session"), request.headers.get(CALL_HEADER, ""))
        for work in [work for work, key in list(state.running.items()) if key == asked]:
            work.stop.set()
        return Response(status_code=204)

    @app.post("/act")
    async def act(request: Request) -> Response:
        return await _act(state, request)

    return _Doorkeeper(app, frozenset(host.lower() for host in state.hosts))


async def _sign_in(state: State, request: Request) -> Response:
    address = request.client.host if request.client else ""
    try:
        state.patience.check(address)
        signed_in = await _who(state, request, address)
    except StillgraphError as error:
        return _told(error, 403)
    except Exception as error:  # noqa: BLE001 - whatever it is, a client gets a sentence
        return _told(StillgraphError(reference(f"{type(error).__name__} at sign-in")), 500)
    secret = {"session": state.sessions.begin(signed_in)} if _brought(request, "Bearer") else {}
    return JSONResponse({
        "officer": signed_in.officer_id, "sign_in": signed_in.token_id, "case": state.host.case.directory.name,
        "until": signed_in.until.isoformat(), "version": __version__, **secret,
    })  # fmt: skip


async def _who(state: State, request: Request, address: str) -> SignIn:
    """Return who signs in, with a token, or with a session that is open already."""
    token = _brought(request, "Bearer")
    if not token:
        found = state.sessions.of(_brought(request, "Session"))
        if found is None:
            raise NotPermitted(OVER)
        await asyncio.to_thread(state.host.check, found)
        return found
    try:
        return await asyncio.to_thread(state.host.admit, token)
    except NotPermitted:
        state.patience.refused(address)
        raise


async def _act(state: State, request: Request) -> Response:
    secret = _brought(request, "Session")
    signed_in = state.sessions.of(secret)
    if signed_in is None:
        return _told(NotPermitted(OVER), 401)
    if state.ending.is_set():
        return _told(StillgraphError(FULL), 503)
    try:
        turn = state.turns.come(signed_in.token_id)
    except StillgraphError as error:
        return _told(error, 503)
    parcel = Parcel(state.scratch)
    try:
        async with state.turns.arriving(turn):
            call = await _received(request, parcel, lambda size: state.turns.hold(turn, size))
    except BaseException as error:
        state.turns.go(turn)
        parcel.let_go()
        parcel.let_go()
        if isinstance(error, StillgraphError):
            return _told(error, 400)
        raise
    work = Work(state.host, signed_in, call, parcel, ending=state.ending)
    return _Answer(state, (secret, request.headers.get(CALL_HEADER, "")), turn, work)


async def _received(request: Request, parcel: Parcel, hold: Callable[[int], None]) -> Call:
    """Return what is asked for, once its files are here; ``hold`` is told of the bytes it takes in memory."""
    pieces, call, ended = frames.Pieces(frames.MOST_BYTES), None, False
    async for data in _chunks(request):
        for piece in pieces.fed(data):
            if piece.kind == frames.CALL and call is None:
                hold(len(piece.payload))
                call = await asyncio.to_thread(codec.loads, piece.payload, asked=True)
            elif piece.kind == frames.FILE:
                begun = codec.loads(piece.payload, asked=True)
                if not isinstance(begun, Begun) or not isinstance(begun.key, str) or not isinstance(begun.place, str):
                    raise codec.Unreadable("A message has a part where none belongs.")
                await asyncio.to_thread(parcel.begin, begun)
            elif piece.kind == frames.DATA:
                await asyncio.to_thread(parcel.add, piece.payload)
            else:
                ended = piece.kind == frames.END
    if not isinstance(call, Call) or not isinstance(call.arguments, dict) or not ended:
        raise WrongUse("A message broke off, or is of another Stillgraph; use the same as the server.")
    parcel.end()
    return call


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield what arrives, of a client that goes on sending: one that fell silent would keep its place for ever.

    Raises
    ------
    WrongUse
        It sent nothing for a while.
    """
    arriving = aiter(request.stream())
    while True:
        try:
            data = await asyncio.wait_for(anext(arriving), SILENT_S)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise WrongUse("A message broke off: nothing came for a while; ask again.") from None
        yield data


class _Answer(Response):
    """Tells how far an action is, and what came of it; where nobody listens any more, ends it."""

    def __init__(self, state: State, key: tuple[str, str], turn: Turn, work: Work) -> None:
        super().__init__(media_type="application/octet-stream")
        self._state, self._key, self._turn, self._parcel = state, key, turn, work.parcel
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(piece: bytes) -> None:
            loop.call_soon_threadsafe(self._queue.put_nowait, piece)

        self._work = work
        work.tell = tell

    def _run(self) -> None:
        try:
            self._work.run()
        except BaseException as error:
            self._work.lost(error)
            raise
        finally:
            self._state.running.pop(self._work, None)
            self._state.turns.go(self._turn)
            self._parcel.let_go()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI calls it
        self._state.running[self._work] = self._key
        self._state.pool.submit(self._run)
        gone = asyncio.create_task(_gone(receive))
        try:
            headers = [(b"content-type", b"application/octet-stream"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async for data in self._pieces(gone):
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except OSError:
            pass
        finally:
            self._work.stop.set()
            gone.cancel()
            self._parcel.let_go()

    async def _pieces(self, gone: asyncio.Task[None]) -> AsyncIterator[bytes]:
        """Yield what goes back, until the end or until the client is gone."""
        while True:
            waiting = asyncio.create_task(self._queue.get())
            await asyncio.wait({waiting, gone}, timeout=frames.BEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                waiting.cancel()
                return
            if not waiting.done():
                waiting.cancel()
                yield frames.frame(frames.BEAT)
                continue
            piece = waiting.result()
            if piece[:1] == frames.RESULT:
                for wanted in self._work.written():
                    for data in self._parcel.written(wanted):
                        yield data
            yield piece
            if piece[:1] in {frames.RESULT, frames.ERROR}:
                return


async def _gone(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _Doorkeeper:
    """Turns away what is not from a client of ours: another host's name, or a browser's page."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = scope["headers"]
            named = [value.decode("latin-1").lower() for key, value in headers if key == b"host"]
            if len(named) != 1 or named[0] not in self._hosts:
                await _told(WrongUse("This server goes by another name; use its address as it was given."), 421)(
                    scope, receive, send
                )
                return
            if any(key in {b"origin", b"sec-fetch-site"} for key, _ in headers):
                await _told(WrongUse("This server answers no browser; open the dashboards."), 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _brought(request: Request, scheme: str) -> str:
    """Return what a request brings under one scheme of authorization, or nothing."""
    brought = request.headers.getlist("authorization")
    kind, _, secret = brought[0].partition(" ") if len(brought) == 1 else ("", "", "")
    return secret.strip() if kind == scheme else ""


def _told(error: StillgraphError, status: int) -> JSONResponse:
    return JSONResponse({"kind": type(error).__name__, "sentence": str(error)}, status)
