"""The command that keeps a case for many users: serve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from stillgraph.cli.common import AsJson


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("serve", epilog="Example: stillgraph serve cases/autumn --port 8700")(serve)


def serve(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case directory.")],
    host: Annotated[str, typer.Option("--host", help="Where to listen; elsewhere than this machine by TLS alone.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; a free one by default.")] = 0,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A name by which clients reach it; repeatable.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", metavar="FILE", help="Its certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="The key to it, PEM.")] = None,
    backups: Annotated[
        Path | None, typer.Option("--backups", metavar="DIR", help="Where it keeps backups that clients ask for.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a case open and serve it to many users, each by a token of their own; Ctrl-C or SIGTERM ends it in order."""
    from stillgraph.team import running

    def tell(url: str) -> None:
        print(json.dumps({"url": url}) if as_json else f"Serving {case} at {url}", flush=True)

    running.run(case, running.Listening(host, port, tuple(name or ()), tls_cert, tls_key, backups), tell)
