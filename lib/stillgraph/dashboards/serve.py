"""How the pages are served: standalone Voila for managers, JupyterLab for analysts, on this machine only.

Standalone Voila and not its server extension, as it ignores a forged request to run code. Run as a module, this is
Voila with our template, which takes nothing from another host and lets nothing be fetched from one, or JupyterLab. The
token comes in the environment and not in the command line, which everybody on the machine can read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

HOST = "127.0.0.1"
TOKEN = "STILLGRAPH_TOKEN"  # noqa: S105 - the name of the variable, not a token
"""The environment variable that a server takes its token from, and removes before any kernel starts."""
SHARE = Path(__file__).parent / "share"
"""Our Voila template, and JupyterLab's settings: no news, no updates, no extensions from elsewhere."""
WORKSPACES = ".workspaces"
"""Where JupyterLab keeps what was open, in the case's own notebooks: one case's tabs are not another's."""

SERVED = {"pages": "dashboards", "lab": "lab"}
"""What can be served, and the command that serves it."""
MESSAGE_LIMIT = 60 * 1024 * 1024
"""Bytes of the largest message taken from a browser; the default, 10 MB, drops larger ones without a word."""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob: ws://127.0.0.1:* ws://localhost:*; frame-ancestors 'self'"
)
"""What a page may load: its own host's files, and what Jupyter's widgets make in the page itself."""


def voila_command(notebooks_dir: Path, *, port: int) -> list[str]:
    """Return the command that serves the pages of a directory; it needs :func:`token_environment`.

    Parameters
    ----------
    notebooks_dir : pathlib.Path
        A directory that holds pages and nothing else.
    port : int
        The port to listen on; when it is taken, the command fails rather than take another.
    """
    return [
        sys.executable, "-m", "stillgraph.dashboards.serve", "pages", str(notebooks_dir),
        f"--port={port}", f"--Voila.ip={HOST}", "--Voila.port_retries=0", "--no-browser",
        "--template=stillgraph", "--theme=light", "--strip_sources=True", "--show_tracebacks=False",
        "--VoilaConfiguration.allow_template_override=NO", "--VoilaConfiguration.allow_theme_override=NO",
    ]  # fmt: skip


def lab_command(root_dir: Path, *, port: int) -> list[str]:
    """Return the command that serves JupyterLab over a directory; it needs :func:`token_environment`.

    It asks no other host for news, updates or extensions, and serves no pages: Voila's extension would run a notebook
    for a forged request. It wants to be told that it may run as root.
    """
    return [
        sys.executable, "-m", "stillgraph.dashboards.serve", "lab",
        f"--ServerApp.root_dir={root_dir}", f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", "--ServerApp.open_browser=False",
        f"--ServerApp.tornado_settings={{'websocket_max_message_size': {MESSAGE_LIMIT}}}",
        "--KernelManager.transport=ipc", "--ServerApp.jpserver_extensions={'voila.server_extension': False}",
        f"--LabApp.app_settings_dir={SHARE / 'lab' / 'settings'}", "--LabApp.extension_manager=readonly",
        f"--LabApp.workspaces_dir={root_dir / WORKSPACES}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *(["--allow-root"] if is_root() else []),
    ]  # fmt: skip


def token_environment(token: str) -> dict[str, str]:
    """Return the environment in which a server finds the token that its readers must bring."""
    return {TOKEN: token}


def is_root() -> bool:
    """Return whether this process may do everything on the machine."""
    return os.geteuid() == 0


def page_url(port: int, token: str, page: str = "overview") -> str:
    """Return the address of a page, with its token."""
    return f"http://{HOST}:{port}/voila/render/{page}.ipynb?token={token}"


def lab_url(port: int, token: str, notebook: str = "") -> str:
    """Return the address of JupyterLab, opened at a notebook if one is named, with its token."""
    tree = f"/tree/{notebook}" if notebook else ""
    return f"http://{HOST}:{port}/lab{tree}?token={token}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run ``pages`` or ``lab``, the first argument, with the token that is in the environment; refuse without one."""
    kind, *options = sys.argv[1:] if argv is None else argv
    token = os.environ.pop(TOKEN, "")
    if not token:
        sys.exit(f"{TOKEN} is not set: nothing is served without a token. `stillgraph {SERVED[kind]} CASE` sets one.")
    if kind == "lab":
        _run_lab(options, token)
    else:
        _run_voila(options, token)


def _run_voila(options: list[str], token: str) -> None:
    """Run Voila with our template and our policy, and with no configuration file, not even one's own."""
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(SHARE), os.environ.get("JUPYTER_PATH", "")]))
    from traitlets.config import Config
    from voila.app import Voila

    settings = {"websocket_max_message_size": MESSAGE_LIMIT, "headers": {"Content-Security-Policy": POLICY}}
    config = Config({
        "Voila": {"tornado_settings": settings, "config_file_paths": [], "token": token},
        "VoilaConfiguration": {"file_allowlist": []},
        "KernelManager": {"transport": "ipc"},
    })  # fmt: skip
    Voila.launch_instance(argv=options, config=config)


def _run_lab(options: list[str], token: str) -> None:
    """Run JupyterLab; its token is an option, so that none of one's own configuration files takes it away."""
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    LabApp.launch_instance(argv=[*options, f"--IdentityProvider.token={token}"])


if __name__ == "__main__":
    main()
