"""Makes a case anew, beside the old one, under a new master key: its case file, its images, its wrapped keys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from stillgraph.errors import DiskFull
from stillgraph.store import keys, receipts, renewal
from stillgraph.store.casefile import CASE_FILE_NAME, ENCRYPTED, CaseFile, Session
from stillgraph.store.images import ImageStore
from stillgraph.store.keyslots import Document, Secret

SPARE_BYTES = 16 << 20
"""What a disk keeps free besides."""

Told = Callable[[int, int], None]
"""Told of images done, of how many."""


def prepare(case: CaseFile, session: Session, document: Document, secret: Secret, told: Told) -> None:
    """Write all that is new beside the case, and have it take the case's place once the case file is closed.

    Parameters
    ----------
    case, session
        The case, its file open for writing outside any transaction, nobody taking images in or removing any.
    document
        The wrapped keys, of the new master key.
    secret
        What opens them.
    told
        Told of each image.

    Raises
    ------
    DiskFull
        There is no room for it beside the old.
    NotFound, CaseError
        An image is missing or was altered. The case stays as it was.
    """
    images, digests = ImageStore(case.directory), sorted(receipts.all_digests(session))
    _check_room(case.directory, images, digests)
    new = renewal.begun(case.directory)
    try:
        keys.put(new, document)
        ring = keys.opened_by(new, secret)
        session.copy(new / CASE_FILE_NAME, ring.subkey("casefile"), {ENCRYPTED: "yes"})
        (new / CASE_FILE_NAME).chmod(0o600)
        _images(images, ImageStore(new), digests, told)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    session.when_closed(lambda: _take_over(case.directory, secret), first=True)


def _take_over(directory: Path, secret: Secret) -> None:
    renewal.take_over(directory)
    keys.forget(directory / renewal.NEW)
    keys.opened_by(directory, secret)


def _images(old: ImageStore, new: ImageStore, digests: Collection[str], told: Told) -> None:
    (new.path("0" * 64).parent.parent).mkdir(mode=0o700)
    for done, digest in enumerate(digests):
        told(done, len(digests))
        path = new.path(digest)
        path.parent.mkdir(exist_ok=True)
        # Brought to the disk with all the others, before any of them counts.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(new.sealed(old.get(digest), digest))


def _check_room(directory: Path, images: ImageStore, digests: Collection[str]) -> None:
    paths = (directory / CASE_FILE_NAME, *map(images.path, digests))
    needed = sum(path.stat().st_size + 4096 for path in paths if path.is_file()) + SPARE_BYTES
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise DiskFull(
            f"The disk of {directory} has {free // 1_000_000:,} MB free, and to encrypt the case anew beside the old "
            f"one takes {-(-needed // 1_000_000):,} MB; make room first. Nothing was changed."
        )
