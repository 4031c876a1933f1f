"""Where a case is kept: in a directory, or by a server, whose address is given or stands in the directory."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.errors import ServerGone, WrongUse
from stillgraph.store.holders import Note, is_running, leave_note, noted, take_note_back

if TYPE_CHECKING:
    import httpx

__all__ = ["Note", "address_of", "client", "gone", "is_loopback", "leave_note", "noted", "server_of", "take_note_back"]

CA = "STILLGRAPH_CA"
"""Names the file of certificates by which a server is known, where it is not one that the machine trusts anyway."""
PING_S = 3.0
_ADDRESS = re.compile(r"(https?):/{1,2}([^/?#@\s]+)/?", re.IGNORECASE)


def address_of(case: Path | str) -> str | None:
    """Return the address of the server that is named as a case; ``None`` where a directory is.

    Raises
    ------
    WrongUse
        A token would go over a network in the clear.
    """
    # A path folds two slashes into one; nobody has a directory called http:.
    found = _ADDRESS.fullmatch(str(case))
    if found is None:
        return None
    scheme, place = found[1].lower(), found[2]
    if scheme == "http" and not is_loopback(place.rsplit(":", 1)[0] if not place.endswith("]") else place):
        raise WrongUse("A server on another machine is reached by https:// alone, so that nobody listens in.")
    return f"{scheme}://{place}"


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, reached in no way that another could listen to."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def server_of(case: Path | str) -> str | None:
    """Return the address of the server that keeps a case, named itself or by a directory; ``None`` where none does.

    What a server that is gone left behind counts for nothing.
    """
    named = address_of(case)
    if named is not None:
        return named
    note = noted(Path(case).expanduser())
    if note is None or note.pid == os.getpid() or not is_running(note.pid):
        return None
    return note.url if _answers(note) else None


def context() -> ssl.SSLContext:
    """Return how a server's certificate is checked: always, and by TLS 1.2 or newer.

    Raises
    ------
    WrongUse
        The file of certificates that is named cannot be used.
    """
    named = os.environ.get(CA)
    try:
        made = ssl.create_default_context(cafile=named or None)
    except (OSError, ssl.SSLError) as error:
        raise WrongUse(f"{CA} names {named}, which cannot be read as certificates in PEM.") from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def gone(url: str, error: Exception) -> ServerGone:
    """Return what is said of a server that does not answer."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ServerGone(
            f"The server at {url} shows a certificate that is not trusted here; {CA} may name the file of "
            "certificates that your administrator gave out."
        )
    return ServerGone(f"No Stillgraph server answers at {url}; ask your administrator whether it runs.")


def client(url: str, **given: object) -> httpx.Client:
    """Return what speaks to a server, and to nothing else: no proxy, no redirect."""
    import httpx

    return httpx.Client(
        base_url=url, verify=context() if url.startswith("https:") else False, trust_env=False, follow_redirects=False,
        **given,  # type: ignore[arg-type]
    )  # fmt: skip


def _answers(note: Note) -> bool:
    import httpx

    with client(note.url, timeout=PING_S) as http, suppress(httpx.HTTPError, ValueError):
        answer = http.get("/health")
        return answer.status_code == httpx.codes.OK and answer.json().get("instance") == note.instance
    return False
