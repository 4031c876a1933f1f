"""What seals a gallery's files where a case is encrypted: given by whoever opens the gallery, who alone has the key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from stillgraph.errors import CaseError, GalleryDamaged


class Vault(Protocol):
    """Seals bytes under a name, and opens them again."""

    def seal(self, data: bytes | memoryview, name: str) -> bytes:
        """Return data sealed under a name."""

    def open(self, data: bytes | memoryview, name: str) -> bytes:
        """Return what was sealed under a name.

        Raises
        ------
        CaseError
            It was altered, or sealed under another key or name.
        """


def read(path: Path, vault: Vault | None) -> bytes:
    """Read a file of a gallery.

    Raises
    ------
    GalleryDamaged
        It was altered, or sealed under another key or name.
    FileNotFoundError
        It is not there.
    """
    data = path.read_bytes()
    if vault is None:
        return data
    try:
        return vault.open(data, name_of(path))
    except CaseError as error:
        raise GalleryDamaged(
            f"The file {path.name} of the gallery's index cannot be opened: remove the index at {path.parent}, and the "
            "next search makes it anew."
        ) from error


def write(path: Path, data: bytes | memoryview, vault: Vault | None, *, beside: str = "") -> None:
    """Write a file of a gallery that only its owner may read, and bring it to the disk.

    It is written with ``beside`` at the end of its name, and then put in its place, where that is given.
    """
    place = path.with_name(f"{path.name}{beside}")
    with place.open("wb") as file:
        place.chmod(0o600)
        file.write(data if vault is None else vault.seal(data, name_of(path)))
        file.flush()
        os.fsync(file.fileno())
    if beside:
        place.replace(path)


def name_of(path: Path) -> str:
    """Return what a file is sealed under: its name and that of its model's directory."""
    return f"{path.parent.name}/{path.name}"
