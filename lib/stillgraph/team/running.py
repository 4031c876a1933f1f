"""The process of a server: it opens the case, listens, says where it is, and ends in order when it is asked to."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import uvicorn

from stillgraph.casework import registry
from stillgraph.casework.hosting import hosting
from stillgraph.casework.wire import place
from stillgraph.errors import WrongUse
from stillgraph.team.app import State, made

KEEP_ALIVE_S = 120
"""Seconds a connection stays open for its client's next action: longer than a client would use it again."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens, and by what it is known.

    ``names`` are the names by which clients reach it beside ``host``; ``backups`` is the folder in which it keeps those
    that clients ask for.
    """

    host: str = "127.0.0.1"
    port: int = 0
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = field(default=None, repr=False)
    backups: Path | None = None

    def check(self) -> None:
        """Return if it may listen so.

        Raises
        ------
        WrongUse
            Others could listen in, or a file is missing.
        """
        if self.backups is not None and not self.backups.is_dir():
            raise WrongUse("--backups names the folder in which backups are kept; make it first.")
        if (self.certificate is None) != (self.key is None):
            raise WrongUse("Give --tls-cert and --tls-key together: the certificate and its key, in PEM.")
        if self.certificate is None and not place.is_loopback(self.host):
            raise WrongUse(
                f"To listen on {self.host}, which other machines reach, give --tls-cert and --tls-key; without them a "
                "server listens on 127.0.0.1 alone."
            )


class _Server(uvicorn.Server):
    """Uvicorn, which lets work know as soon as it is asked to end."""

    def __init__(self, config: uvicorn.Config, state: State, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._state, self._ready = state, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order for each of these, and do not raise them again: the case is yet to be closed."""
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._state.ending.set()
        super().handle_exit(sig, frame)


def run(directory: Path, listening: Listening, tell: Callable[[str], None]) -> None:
    """Keep a case and serve it until a signal asks to end; ``tell`` is given the address once it listens.

    Raises
    ------
    WrongUse
        It may not listen there, or the certificate cannot be used.
    CaseError
        The case cannot be opened, or is in use.
    """
    listening.check()
    registry.load()
    bound = _bound(listening)
    scratch = Path(tempfile.mkdtemp(prefix="stillgraph-"))
    try:
        with hosting(directory, backups=listening.backups) as host:
            port = bound.getsockname()[1]
            url = _address(listening, port)
            note = place.Note(url, os.getpid(), secrets.token_hex(16))
            state = State(host, note.instance, scratch, _hosts(listening, port))

            def ready() -> None:
                place.leave_note(host.case.directory, note)
                tell(url)
                state.pool.submit(host.make_ready)

            try:
                _Server(_config(state, listening), state, ready).run([bound])
            finally:
                place.take_note_back(host.case.directory, note)
                state.pool.shutdown()
    finally:
        bound.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _config(state: State, listening: Listening) -> uvicorn.Config:
    # No access log: it would hold who looked at what and when a second time, beside the audit record.
    config = uvicorn.Config(
        made(state), access_log=False, log_level="warning", server_header=False, date_header=False,
        proxy_headers=False, timeout_keep_alive=KEEP_ALIVE_S, h11_max_incomplete_event_size=64 << 10,
        ssl_certfile=listening.certificate, ssl_keyfile=None if listening.key is None else str(listening.key),
        loop="asyncio", http="h11", ws="none",
    )  # fmt: skip
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise WrongUse("The certificate or its key cannot be used; give both as PEM, and the key unlocked.") from error
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config


def _bound(listening: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((listening.host, listening.port))
    except OSError as error:
        bound.close()
        raise WrongUse(
            f"The server cannot listen on {listening.host}, port {listening.port} ({error.strerror}); choose another."
        ) from error
    return bound


def _address(listening: Listening, port: int) -> str:
    scheme = "http" if listening.certificate is None else "https"
    name = listening.names[0] if listening.names else listening.host
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"


def _hosts(listening: Listening, port: int) -> tuple[str, ...]:
    """Return the names that a request may call the server by, against pages that let their own name lead here."""
    names = {listening.host, *listening.names, *(("localhost",) if place.is_loopback(listening.host) else ())}
    written = [f"[{name}]" if ":" in name else name for name in names]
    return tuple(f"{name}:{port}" for name in written) + (tuple(written) if port in {80, 443} else ())
