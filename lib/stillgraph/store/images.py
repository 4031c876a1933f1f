"""The bytes of stills and custody images, kept beside the case file under their SHA-256."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from stillgraph.errors import CaseError, NotFound


class ImageStore:
    """Content-addressed files in ``<case>/images``.

    Parameters
    ----------
    case_directory : Path
        The case directory.
    """

    def __init__(self, case_directory: Path) -> None:
        self._root = case_directory / "images"

    def put(self, data: bytes) -> str:
        """Keep ``data`` and return its SHA-256 in hex; a crash leaves the whole file or none."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes with this SHA-256.

        Raises
        ------
        NotFound
            There is no such file.
        CaseError
            The file's bytes are not those that were received.
        """
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(
                f"The image with SHA-256 {digest[:12]}... is missing from {self._root}; restore it from a backup."
            ) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise CaseError(
                f"The image with SHA-256 {digest[:12]}... has been altered in {self._root}; restore it from a backup."
            )
        return data

    def drop(self, digest: str) -> None:
        """Take the file with this SHA-256 away, if it is there: bytes that were kept and then not taken in."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest
