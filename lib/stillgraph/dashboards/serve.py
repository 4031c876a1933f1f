"""How the pages are served: standalone Voila for managers, JupyterLab for analysts, on this machine only.

Standalone Voila and not its server extension, as it ignores a forged request to run code. Run as a module, this is
Voila with our template, which takes nothing from another host and lets nothing be fetched from one, or JupyterLab. The
token comes in the environment and not in the command line, which everybody on the machine can read.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stillgraph.dashboards.reader import HEADERS, SIGN_IN, variable

HOST = "127.0.0.1"
TOKEN = "STILLGRAPH_PAGES_TOKEN"  # noqa: S105 - the name of the variable, not a token
"""The environment variable that a server takes its token from, and removes before any kernel starts."""
OFFICER_HEADER, PROXY_SECRET = "STILLGRAPH_OFFICER_HEADER", "STILLGRAPH_PROXY_SECRET"
"""In which header a trusted proxy names the officer, and what it brings as :data:`identity.PROXY_HEADER` with it."""
OF_WHO_SERVES = ("STILLGRAPH_OFFICER", "STILLGRAPH_TOKEN", "STILLGRAPH_TOKEN_FILE", "STILLGRAPH_SESSION")
"""What names, or lets in, the officer who serves pages: no page of another's may act by it."""
SECRET_LENGTH = 32
"""Characters that a proxy's secret has at least."""
LOG_FILE = "workbench.log"
"""The servers' log, in the case directory: what a reference means that a reader was given."""
LAST = 99
"""Where a page stands in the pages' bar that does not say."""
SHARE = Path(__file__).parent / "share"
"""Our Voila template, and JupyterLab's settings: no news, no updates, no extensions from elsewhere."""
WORKSPACES = ".workspaces"
"""Where JupyterLab keeps what was open, in the case's own notebooks: one case's tabs are not another's."""

SERVED = {"pages": "dashboards", "lab": "lab"}
"""What can be served, and the command that serves it."""
UPLOAD_LIMIT_MB = 200
"""Megabytes of files taken at once from a browser; the page says so of more (:mod:`stillgraph.dashboards.uploads`)."""
MESSAGE_LIMIT = (UPLOAD_LIMIT_MB + 10) * 1024 * 1024
"""Bytes of the largest message taken from a browser; the default, 10 MB, drops larger ones without a word."""
PAGE_IDLE_S, LAB_IDLE_S, LOOK_S = 30 * 60, 8 * 3600, 60
"""Seconds without use after which a page's kernel is ended, and a notebook's; and between two looks at them."""
POOL, REFILL_S = 1, 10.0
"""Kernels of each page made ready before anybody opens it, and the seconds after one was taken until the next is begun:
not while the browser and that kernel need the processor for the page."""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob: ws://127.0.0.1:* ws://localhost:*; frame-ancestors 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
"""What a page may load: its own host's files, and what Jupyter's widgets make in the page itself."""
HEADERS_SENT = {
    "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}  # fmt: skip


def voila_command(notebooks_dir: Path, *, port: int, ready: bool = True) -> list[str]:
    """Return the command that serves the pages of a directory; it needs :func:`token_environment` or a way to sign in.

    Parameters
    ----------
    notebooks_dir : pathlib.Path
        A directory that holds pages and nothing else.
    port : int
        The port to listen on; when it is taken, the command fails rather than take another.
    ready : bool
        Start a kernel of each page before anybody opens it. It reads nothing of the case until somebody does.
    """
    return [
        sys.executable, "-m", "stillgraph.dashboards.serve", "pages", str(notebooks_dir),
        f"--port={port}", f"--Voila.ip={HOST}", "--Voila.port_retries=0", "--no-browser",
        "--template=stillgraph", "--theme=light", "--strip_sources=True", "--show_tracebacks=False",
        "--VoilaConfiguration.allow_template_override=NO", "--VoilaConfiguration.allow_theme_override=NO",
        f"--preheat_kernel={ready}", f"--pool_size={POOL if ready else 0}",
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
        f"--MappingKernelManager.cull_idle_timeout={LAB_IDLE_S}", f"--MappingKernelManager.cull_interval={LOOK_S}",
        "--MappingKernelManager.cull_connected=True",
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


def page_url(port: int, token: str = "", page: str = "overview") -> str:
    """Return the address of a page, with its token where the server's readers share one."""
    return f"http://{HOST}:{port}/voila/render/{page}.ipynb" + (f"?token={token}" if token else "")


def lab_url(port: int, token: str, notebook: str = "") -> str:
    """Return the address of JupyterLab, opened at a notebook if one is named, with its token."""
    tree = f"/tree/{notebook}" if notebook else ""
    return f"http://{HOST}:{port}/lab{tree}?token={token}"


def sign_in_environment(how: str, *, header: str = "", secret: str = "") -> dict[str, str]:
    """Return the environment of a server whose readers sign in, each as an officer: by ``token`` or ``proxy``.

    ``header`` is that in which the proxy names the officer, and ``secret`` what it brings so that it is believed.
    """
    # The token of who starts the server is theirs alone: no reader's page acts with it.
    alone = {"STILLGRAPH_TOKEN": "", "STILLGRAPH_TOKEN_FILE": ""}
    return {SIGN_IN: how, **alone, **({OFFICER_HEADER: header, PROXY_SECRET: secret} if how == "proxy" else {})}


def log_environment(case: Path) -> dict[str, str]:
    """Return the environment that names the servers' log, where what a reference means is said."""
    # Late, as it brings the casework along, which the command line does not wait for.
    from stillgraph.dashboards.guard import LOG

    return {LOG: str(case / LOG_FILE)}


def main(argv: Sequence[str] | None = None) -> None:
    """Run ``pages`` or ``lab``, the first argument, with the token that is in the environment; refuse without one."""
    kind, *options = sys.argv[1:] if argv is None else argv
    token, how = os.environ.pop(TOKEN, ""), os.environ.get(SIGN_IN, "") if kind == "pages" else ""
    if not token and not how:
        sys.exit(f"{TOKEN} is not set: nothing is served without a token. `stillgraph {SERVED[kind]} CASE` sets one.")
    if kind == "lab":
        _run_lab(options, token)
    else:
        _run_voila(options, token, how)


def _run_voila(options: list[str], token: str, how: str) -> None:
    """Run Voila with our template and our policy, and with no configuration file, not even one's own."""
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(SHARE), os.environ.get("JUPYTER_PATH", "")]))
    identity = {"kind": "shared"} if not how else _signing_in(how)
    from traitlets.config import Config

    from stillgraph.dashboards.identity import Identity
    from stillgraph.dashboards.server import PagesApp

    settings = {
        "websocket_max_message_size": MESSAGE_LIMIT, "headers": HEADERS_SENT,
        # Voila answers to any name that leads here, as a page of somebody else's can have one do (DNS rebinding). A
        # proxy is called by a name of its own, and brings its secret.
        "allow_remote_access": how == "proxy", "local_hostnames": ["localhost"],
    }  # fmt: skip
    notebooks = next((Path(option) for option in options if not option.startswith("-")), Path())
    config = Config({
        "Voila": {
            "tornado_settings": settings, "config_file_paths": [], "token": token,
            "identity_provider_class": Identity,
        },
        "Identity": identity,
        "VoilaConfiguration": {
            "file_allowlist": [], "http_header_envs": list(HEADERS) if how else [],
            "resources": {"pages": pages(notebooks), "idle_minutes": PAGE_IDLE_S // 60},
        },
        "KernelManager": {"transport": "ipc"},
        "VoilaKernelManager": {"fill_delay": REFILL_S},
        "MappingKernelManager": {
            "cull_idle_timeout": PAGE_IDLE_S, "cull_interval": LOOK_S, "cull_connected": True, "cull_busy": False,
        },
    })  # fmt: skip
    # A server told to end while it starts a kernel cancels that start; this is its end and no fault.
    with suppress(asyncio.CancelledError):
        PagesApp.launch_instance(argv=options, config=config)


def _signing_in(how: str) -> dict[str, str]:
    """Return how readers sign in, and leave nothing in the environment that would name an officer to a kernel."""
    for name in (*OF_WHO_SERVES, *map(variable, HEADERS)):
        os.environ.pop(name, None)
    header, secret = os.environ.pop(OFFICER_HEADER, ""), os.environ.pop(PROXY_SECRET, "")
    if how not in {"token", "proxy"}:
        sys.exit(f"{SIGN_IN} is {how!r}: readers sign in by token or proxy.")
    if how == "proxy" and (len(secret) < SECRET_LENGTH or not header):
        sys.exit(f"{PROXY_SECRET} is not set, or shorter than {SECRET_LENGTH} characters: no proxy is trusted without.")
    return {"kind": how, "case": os.environ["STILLGRAPH_CASE"], "officer_header": header, "proxy_secret": secret}


def pages(notebooks: Path) -> list[dict[str, str]]:
    """Return the pages there are, in order: what each notebook says of itself, which is where it is said."""
    found = []
    for path in sorted(notebooks.glob("*.ipynb")):
        about = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        title = about.get("title", path.stem).removeprefix("Stillgraph ").capitalize()
        found.append((about.get("stillgraph", {}).get("place", LAST), path.stem, title))
    return [{"name": name, "title": title} for _, name, title in sorted(found)]


def _run_lab(options: list[str], token: str) -> None:
    """Run JupyterLab; its token is an option, so that none of one's own configuration files takes it away."""
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    LabApp.launch_instance(argv=[*options, f"--IdentityProvider.token={token}"])


if __name__ == "__main__":
    main()
