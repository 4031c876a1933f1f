"""What both kinds of delivery need: bytes kept for the case's images alone, and the report of what came of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from stillgraph.casework.desk import Deed, Desk
from stillgraph.errors import CaseError, WrongUse
from stillgraph.records import AnalysisRun, CustodyImageId, ImageAnalysis, IntakeReport, Refusal, StillId
from stillgraph.store import Session, disk, receipts
from stillgraph.store.images import INCOMING, Incoming

ImageId = TypeVar("ImageId", StillId, CustodyImageId)


@dataclass(frozen=True, slots=True)
class Taking:
    """Images being taken in: where they are put, and the move beside the case file that ends with the transaction."""

    incoming: Incoming
    _after: ExitStack

    def begin(self, session: Session) -> None:
        """Clear away what a killed process left, within a session that writes."""
        self.incoming.clear(partial(receipts.held_digests, session))

    def move(self, digests: Collection[str]) -> None:
        """Move these images beside the case file, as the last step before the transaction is committed."""
        self._after.enter_context(self.incoming.moved(digests))


@contextmanager
def taking(desk: Desk, kind: str) -> Iterator[Taking]:
    """Take images in with one transaction, which lies within; no image stays that is not in the case then."""
    incoming = desk.images.incoming(kind)
    with disk.plainly(desk.case.directory), incoming.alone(), ExitStack() as after:
        yield Taking(incoming, after)


def clear_left_over(desk: Desk) -> None:
    """Clear away the images that killed deliveries left, where nobody is at one; else the next opening does."""
    for kind in INCOMING:
        incoming = desk.images.incoming(kind)
        if incoming.is_empty():
            continue
        try:
            with incoming.alone(patience_s=0), desk.case.session(writing=False) as session:
                incoming.clear(partial(receipts.held_digests, session))
        except CaseError:
            return


def kept_bytes(
    incoming: Incoming, images: Mapping[ImageId, bytes], digests: Mapping[ImageId, str]
) -> Iterator[tuple[ImageId, bytes]]:
    """Keep each image's bytes as it is read, and pass them on; they must be the ones that were checked."""
    for image, data in images.items():
        if incoming.put(data) != digests[image]:
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
