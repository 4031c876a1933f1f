"""Commands that open the workbench: dashboards (Voila) for managers, lab (JupyterLab) for analysts."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import Case, Officer, OperationOption, Reason

Port = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="The port; a free one by default.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("dashboards", epilog="Example: stillgraph dashboards cases/demo --port 8866")(dashboards)
    app.command("lab", epilog="Example: stillgraph lab cases/demo")(lab)


def dashboards(
    case: Case,
    port: Port = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
) -> None:
    """Serve the dashboards of a case on this machine and print their URL with its token; Ctrl-C ends it."""
    from stillgraph.casework import governing
    from stillgraph.casework.shipped import shipped
    from stillgraph.dashboards import serve

    seat = governing.open_workbench(common.seat(case, officer, operation, reason), "dashboards")
    token, chosen = secrets.token_urlsafe(24), port if port is not None else _free_port()
    print(f"Dashboards: {serve.page_url(chosen, token)}", flush=True)
    _serve(serve.voila_command(shipped("notebooks/dashboards"), port=chosen, token=token), seat)


def lab(
    case: Case,
    port: Port = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
) -> None:
    """Open JupyterLab on the case's own copy of the notebooks and print its URL with its token; Ctrl-C ends it."""
    from stillgraph.casework import governing
    from stillgraph.dashboards import serve

    desk = common.seat(case, officer, operation, reason)
    seat = governing.open_workbench(desk, "lab")
    notebooks = governing.notebooks_of(desk)
    token, chosen = secrets.token_urlsafe(24), port if port is not None else _free_port()
    print(f"JupyterLab: {serve.lab_url(chosen, token, 'explore.ipynb')}", flush=True)
    _serve(serve.lab_command(notebooks, port=chosen, token=token), seat)


def _serve(command: list[str], seat: Mapping[str, str]) -> None:
    """Run a server until it ends or is interrupted; its kernels sit at the same desk."""
    print("Ctrl-C ends it.", file=sys.stderr)
    server = subprocess.Popen(command, env={**os.environ, **seat})  # noqa: S603  (our own command line)
    code = 0
    try:
        code = server.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=10)
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
    raise typer.Exit(1 if code else 0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
