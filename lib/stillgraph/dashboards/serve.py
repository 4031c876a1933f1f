"""How the pages are served: standalone Voila for managers, JupyterLab for analysts, on this machine only.

Standalone Voila and not its server extension, as it ignores a forged request to run code. Run as a module,
this is Voila with our template, which takes nothing from another host and lets nothing be fetched from one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

HOST = "127.0.0.1"
SHARE = Path(__file__).parent / "share"
"""Our Voila template, and JupyterLab's settings: no news, no updates, no extensions from elsewhere."""
MESSAGE_LIMIT = 60 * 1024 * 1024
"""Bytes of the largest message taken from a browser; the default, 10 MB, drops larger ones without a word."""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob: ws://127.0.0.1:* ws://localhost:*; frame-ancestors 'self'"
)
"""What a page may load: its own host's files, and what Jupyter's widgets make in the page itself."""


def voila_command(notebooks_dir: Path, *, port: int, token: str) -> list[str]:
    """Return the command that serves the pages of a directory, behind a token.

    Parameters
    ----------
    notebooks_dir : pathlib.Path
        A directory that holds pages and nothing else.
    port : int
        The port to listen on; when it is taken, the command fails rather than take another.
    token : str
        What a reader must bring; a page's address is :func:`page_url`.
    """
    return [
        sys.executable, "-m", "stillgraph.dashboards.serve", str(notebooks_dir),
        f"--port={port}", f"--Voila.ip={HOST}", "--Voila.port_retries=0", f"--token={token}", "--no-browser",
        "--template=stillgraph", "--theme=light", "--strip_sources=True", "--show_tracebacks=False",
        "--VoilaConfiguration.allow_template_override=NO", "--VoilaConfiguration.allow_theme_override=NO",
    ]  # fmt: skip


def lab_command(root_dir: Path, *, port: int, token: str) -> list[str]:
    """Return the command that serves JupyterLab over a directory, behind a token.

    It asks no other host for news, updates or extensions.
    """
    return [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root_dir}", f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
        "--ServerApp.open_browser=False",
        f"--ServerApp.tornado_settings={{'websocket_max_message_size': {MESSAGE_LIMIT}}}",
        "--KernelManager.transport=ipc",
        f"--LabApp.app_settings_dir={SHARE / 'lab' / 'settings'}", "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip


def page_url(port: int, token: str, page: str = "overview") -> str:
    """Return the address of a page, with its token."""
    return f"http://{HOST}:{port}/voila/render/{page}.ipynb?token={token}"


def lab_url(port: int, token: str, notebook: str = "") -> str:
    """Return the address of JupyterLab, opened at a notebook if one is named, with its token."""
    tree = f"/tree/{notebook}" if notebook else ""
    return f"http://{HOST}:{port}/lab{tree}?token={token}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run Voila with our template and our policy, and with no configuration file, not even one's own."""
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(SHARE), os.environ.get("JUPYTER_PATH", "")]))
    from traitlets.config import Config
    from voila.app import Voila

    settings = {"websocket_max_message_size": MESSAGE_LIMIT, "headers": {"Content-Security-Policy": POLICY}}
    config = Config({
        "Voila": {"tornado_settings": settings, "config_file_paths": []},
        "VoilaConfiguration": {"file_allowlist": []},
        "KernelManager": {"transport": "ipc"},
    })  # fmt: skip
    Voila.launch_instance(argv=list(sys.argv[1:] if argv is None else argv), config=config)


if __name__ == "__main__":
    main()
