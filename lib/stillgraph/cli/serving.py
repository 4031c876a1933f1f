"""Commands that open the workbench: dashboards (Voila) for managers, lab (JupyterLab) for analysts."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import Case, Officer, OperationOption, Reason
from stillgraph.dashboards import serve
from stillgraph.dashboards.reader import PROXY_HEADER
from stillgraph.errors import StillgraphError, WrongUse

START_S, END_S, LOOK_S = 60.0, 10.0, 0.2
"""Seconds that a server has to open its port, and to end when asked; and between two looks at it."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a server: Ctrl-C, a service manager, a terminal that is closed."""

Port = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="The port; a free one by default.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("dashboards", epilog="Example: stillgraph dashboards cases/demo --port 8866")(dashboards)
    app.command("lab", epilog="Example: stillgraph lab cases/demo")(lab)


def dashboards(
    case: Case,
    port: Port = None,
    sign_in: Annotated[
        bool,
        typer.Option("--sign-in", help="Serve several officers, each with a token of their own (case officer token)."),
    ] = False,
    proxy_header: Annotated[
        str | None,
        typer.Option(
            "--proxy-header", metavar="NAME", help="Serve officers whom a trusted proxy names in this header."
        ),
    ] = None,
    not_ready: Annotated[
        bool, typer.Option("--not-ready", help="Start a page's kernel only when somebody opens it: less memory.")
    ] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
) -> None:
    """Serve the dashboards of a case on this machine and print their URL with its token; Ctrl-C ends it."""
    from stillgraph.casework import governing, keying
    from stillgraph.casework.shipped import shipped

    how = _how(sign_in, proxy_header)
    desk = common.seat(case, officer, operation, reason)
    seat = {**governing.open_workbench(desk, "dashboards"), **serve.log_environment(desk.case.directory)}
    token, chosen = secrets.token_urlsafe(24), _open_port(port)
    command = serve.voila_command(shipped("notebooks/dashboards"), port=chosen, ready=not not_ready)
    with keying.handed_over(desk) as opened:
        if how:
            told = f"Dashboards: {serve.page_url(chosen)}\nReview: {serve.page_url(chosen, page='review')}"
            _serve(command, {**seat, **opened, **how}, chosen, told)
        else:
            told = f"Dashboards: {serve.page_url(chosen, token)}\nReview: {serve.page_url(chosen, token, 'review')}"
            _serve(command, {**seat, **opened, **serve.token_environment(token)}, chosen, told)


def _how(sign_in: bool, proxy_header: str | None) -> dict[str, str]:
    """Return the environment of a server whose readers sign in; nothing where one officer serves themselves.

    Raises
    ------
    WrongUse
        Both ways were asked for, or no secret says which proxy is trusted.
    """
    if proxy_header is None:
        return serve.sign_in_environment("token") if sign_in else {}
    if sign_in:
        raise WrongUse("Officers sign in with tokens or by way of a proxy: give --sign-in or --proxy-header, not both.")
    secret = os.environ.get(serve.PROXY_SECRET, "")
    if len(secret) < serve.SECRET_LENGTH:
        raise WrongUse(
            f"--proxy-header needs {serve.PROXY_SECRET}, of at least {serve.SECRET_LENGTH} characters, which the proxy "
            f"brings in the header {PROXY_HEADER}: everybody on this machine can reach the server and name an officer."
        )
    return serve.sign_in_environment("proxy", header=proxy_header, secret=secret)


def lab(
    case: Case,
    port: Port = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
) -> None:
    """Open JupyterLab on the case's own copy of the notebooks and print its URL with its token; Ctrl-C ends it."""
    from stillgraph.casework import governing, keying

    desk = common.seat(case, officer, operation, reason)
    seat = governing.open_workbench(desk, "lab")
    notebooks = governing.notebooks_of(desk)
    token, chosen = secrets.token_urlsafe(24), _open_port(port)
    if serve.is_root():
        print("JupyterLab runs code as root here; an ordinary account is better.", file=sys.stderr)
    url = serve.lab_url(chosen, token, "start.ipynb")
    command = serve.lab_command(notebooks, port=chosen)
    with keying.handed_over(desk) as opened:
        _serve(command, {**seat, **opened, **serve.token_environment(token)}, chosen, f"JupyterLab: {url}")


def _serve(command: list[str], environment: Mapping[str, str], port: int, ready: str) -> None:
    """Run a server, say when it is ready, and end it when a signal asks to; its kernels sit at the same desk."""
    with _asked_to_end() as asked:
        # A session of its own, so that Ctrl-C reaches this process alone, which then ends the server in order.
        server = subprocess.Popen(  # noqa: S603 - our own command line
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            if _opens(server, port, asked):
                print(ready, flush=True)
                print("Ctrl-C ends it.", file=sys.stderr)
            while server.poll() is None and not asked:
                time.sleep(LOOK_S)
            if not asked:
                raise StillgraphError("The server has ended by itself; what it printed above may say why.")
        finally:
            _end(server)


def _opens(server: subprocess.Popen[bytes], port: int, asked: list[int]) -> bool:
    """Wait until the server takes connections and return ``True``; ``False`` where a signal asks to end before."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if asked:
            return False
        if server.poll() is not None:
            raise StillgraphError("The server ended before it answered; what it printed above may say why.")
        try:
            socket.create_connection((serve.HOST, port), timeout=1).close()
        except OSError:
            time.sleep(LOOK_S)
        else:
            return True
    raise StillgraphError(f"The server did not answer within {START_S:.0f} seconds; start it again.")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End a server: ask, wait, kill."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """Collect the signals that ask to end, instead of dying of them and leaving the server behind."""
    asked: list[int] = []
    before = {which: signal.signal(which, lambda number, _frame: asked.append(number)) for which in ENDING}
    try:
        yield asked
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def _open_port(port: int | None) -> int:
    """Return the port asked for, or a free one.

    Raises
    ------
    WrongUse
        The port is taken, or is not for this account.
    """
    with socket.socket() as probe:
        # As the servers do, so that connections just closed do not make a port look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((serve.HOST, port or 0))
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else "cannot be opened by this account"
            raise WrongUse(f"Port {port} {why}; give another with --port, or none for a free one.") from None
        return int(probe.getsockname()[1])
