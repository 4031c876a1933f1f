"""What both kinds of delivery need: bytes kept for the case's images alone, and the report of what came of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from stillgraph.casework.desk import Deed, Desk
from stillgraph.errors import WrongUse
from stillgraph.records import AnalysisRun, CustodyImageId, ImageAnalysis, IntakeReport, Refusal, StillId
from stillgraph.store import receipts

ImageId = TypeVar("ImageId", StillId, CustodyImageId)


@contextmanager
def no_strays(desk: Desk, deed: Deed) -> Iterator[None]:
    """Leave no image that is not in the case: no killed delivery's, none refused on the way, and none if this fails."""
    before = _held(deed)
    desk.images.sweep(before)
    try:
        yield
    except BaseException:
        desk.images.sweep(before)
        raise
    desk.images.sweep(_held(deed))


def _held(deed: Deed) -> set[str]:
    """Return the SHA-256 of every image of the case, as the open transaction has it."""
    return {*receipts.still_digests(deed.session).values(), *receipts.custody_digests(deed.session).values()}


def kept_bytes(
    desk: Desk, images: Mapping[ImageId, bytes], digests: Mapping[ImageId, str]
) -> Iterator[tuple[ImageId, bytes]]:
    """Keep each image's bytes as it is read, and pass them on; they must be the ones that were checked."""
    for image, data in images.items():
        if desk.images.put(data) != digests[image]:
            raise WrongUse(f"The file of {image} changed while it was being taken in; deliver it again.")
        yield image, data


def intake_report(
    deed: Deed,
    delivery_id: int,
    refused: tuple[Refusal, ...],
    analyses: list[ImageAnalysis],
    elapsed: float,
    *,
    run: AnalysisRun,
) -> IntakeReport:
    """Return what came of a delivery, and note it with the deed."""
    report = IntakeReport(
        accepted=len(analyses),
        refused=refused,
        faces=sum(len(a.faces) for a in analyses),
        without_face=sum(not a.faces for a in analyses),
        elapsed_s=elapsed,
        provider=run.provider,
        images_per_s=run.images_per_s,
    )
    deed.note(
        delivery=delivery_id, accepted=report.accepted, refused=len(refused), faces=report.faces,
        without_face=report.without_face,
    )  # fmt: skip
    return report
