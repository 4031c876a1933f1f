"""Taking in what retailers send: manifests, stills, and the faces in them; and looking at images taken in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import retention_rules
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.keeping import ImageId, Taking, intake_report, kept_bytes, taking
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.casework.running import analyse_all, keep_run
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    AnalysisRun,
    CustodyImageId,
    FaceId,
    ImageAnalysis,
    IntakeReport,
    Offence,
    OffenceId,
    RetailerId,
    StillId,
    Store,
    StoreId,
)
from stillgraph.store import Session, receipts
from stillgraph.store import faces as face_store

if TYPE_CHECKING:
    from stillgraph.intake import StillsDelivery


@served(manifests=("manifest",))
@attempted(Action.RECEIVE_STILLS)
def receive(
    desk: Desk,
    manifest: Path,
    *,
    retailer_id: RetailerId,
    stores: Path | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> IntakeReport:
    """Take in one retailer's delivery: its rows, its stills, and the faces in them, all of it or nothing.

    Rows are checked and images analysed while nobody holds the case file, so that others go on working; what came of it
    is then committed in one transaction. Stopped before that, by anything, it leaves the case as it was.

    Parameters
    ----------
    manifest : Path
        CSV or XLSX, the stills beside it in ``stills/`` or ``images/``.
    stores : Path, optional
        The stores file; given once, and again when stores change.
    workers : int, optional
        Threads that analyse images; one for each core by default.
    progress : callable
        Told of each row checked and each image analysed.

    Raises
    ------
    ManifestError
        The manifest cannot be read as a whole. Single rows are refused, and reported, instead.
    WrongUse
        Stills or offences left the case, or it changed its face model, while the delivery was looked at.
    """
    began = time.perf_counter()
    with taking(desk, "stills") as images:
        with desk.ahead(Action.RECEIVE_STILLS, retailer=retailer_id) as deed:
            images.begin(deed.session)
            held, at = _held(deed.session), deed.at
        asked = _Asked(manifest, retailer_id, stores, workers)
        try:
            looked = _looked(desk, asked, images, held, at=at, progress=progress)
        except BaseException as error:
            desk.record_failure(Action.RECEIVE_STILLS, error, retailer=retailer_id)
            raise
        with desk.act(Action.RECEIVE_STILLS, retailer=retailer_id) as deed:
            _check_unchanged(desk, deed.session, held, looked.model)
            report, digests = _kept(desk, deed, asked, looked, began=began)
            images.move(digests)
            return report


@dataclass(frozen=True, slots=True)
class _Asked:
    """What :func:`receive` was asked for."""

    manifest: Path
    retailer_id: RetailerId
    stores: Path | None
    workers: int | None


@dataclass(frozen=True, slots=True)
class _Held:
    """What the case held when a delivery was begun, and its rows are judged by."""

    digests: dict[StillId, str]
    offences: dict[OffenceId, Offence]
    stores: dict[StoreId, Store]


@dataclass(frozen=True, slots=True)
class _Looked:
    """A delivery looked at: its rows judged, its images analysed, nothing of it in the case yet."""

    delivery: StillsDelivery
    new_stores: Sequence[Store]
    analyses: list[ImageAnalysis]
    run: AnalysisRun
    model: str


def _held(session: Session) -> _Held:
    return _Held(receipts.still_digests(session), receipts.offences(session), receipts.stores(session))


def _looked(desk: Desk, asked: _Asked, images: Taking, held: _Held, *, at: datetime, progress: Progress) -> _Looked:
    """Judge the rows of a delivery and analyse its images, with the case file closed."""
    from stillgraph import intake
    from stillgraph.faces.embed import ImageRole

    new_stores = () if asked.stores is None else tuple(intake.read_stores(asked.stores))
    delivery = intake.read_stills(
        asked.manifest,
        retailer_id=asked.retailer_id,
        stores=held.stores | {store.store_id: store for store in new_stores},
        known_digests={digest: still for still, digest in held.digests.items()},
        known_stills=set(held.digests),
        known_offences=held.offences,
        now=at,
        taken=lambda done, total: progress(Step("rows", done, total, "row")),
    )
    digests = {still.still_id: still.sha256 for still in delivery.stills}
    kept = kept_bytes(images.incoming, delivery.images, digests)
    analyses, failed, run = analyse_all(desk, kept, len(digests), ImageRole.STILL, asked.workers, progress=progress)
    if failed:
        delivery = intake.refuse_stills(delivery, failed, held.offences)
    return _Looked(delivery, new_stores, analyses, run, desk.model)


def _check_unchanged(desk: Desk, session: Session, held: _Held, model: str) -> None:
    """Check that what a delivery was judged by still holds; nobody else receives stills meanwhile, but can delete some.

    Stores that somebody corrected meanwhile are left as they are now.
    """
    gone = not held.digests.items() <= receipts.still_digests(session).items()
    if gone or not held.offences.keys() <= receipts.offences(session).keys():
        raise WrongUse("Stills left the case while this delivery was being taken in: deliver it again.")
    if desk.case.settings()["model"] != model:
        raise WrongUse("The case changed its face model while this delivery was being taken in: deliver it again.")


def _kept(desk: Desk, deed: Deed, asked: _Asked, looked: _Looked, *, began: float) -> tuple[IntakeReport, list[str]]:
    """Put a delivery that was looked at in the case, within its transaction; say which images it has, by SHA-256."""
    session, delivery = deed.session, looked.delivery
    receipts.add_stores(session, looked.new_stores)
    elapsed = time.perf_counter() - began
    delivery_id = receipts.add_delivery(
        session, kind="stills", retailer_id=asked.retailer_id, manifest=asked.manifest.name,
        sha256=delivery.manifest_sha256, received_at=deed.at, rows_read=delivery.rows_read,
        refusals=delivery.refusals, elapsed_s=elapsed,
    )  # fmt: skip
    receipts.add_stills(session, delivery_id, delivery.stills, delivery.offences)
    face_store.add(session, "still", [face for a in looked.analyses for face in a.faces])
    retention_rules.date_stills(session)
    keep_run(deed, desk.pack, looked.run, "stills", delivery_id)
    report = intake_report(deed, delivery_id, delivery.refusals, looked.analyses, elapsed, run=looked.run)
    return report, [still.sha256 for still in delivery.stills]


@served
def still_image(desk: Desk, still: StillId) -> bytes:
    """Return a still's bytes as they were received. Looking at it is recorded."""
    with desk.act(Action.VIEW_FACES, still=still) as deed:
        return desk.images.get(_digest(receipts.still_digests(deed.session, [still]), still, "still"))


@served
def face_chips(desk: Desk, faces: Iterable[FaceId], *, size: int = 160) -> dict[FaceId, bytes]:
    """Return faces cut out of their stills, as PNG of ``size`` x ``size`` pixels. Looking at them is recorded."""
    wanted = list(dict.fromkeys(faces))
    with desk.act(Action.VIEW_FACES, faces=wanted) as deed:
        chips, missing = cut_faces(desk, deed, wanted, size=size)
        if missing:
            raise NotFound(missing[0])
        return chips


@served
def custody_chips(desk: Desk, images: Iterable[CustodyImageId], *, size: int = 160) -> dict[CustodyImageId, bytes]:
    """Return the faces of custody images, as PNG of ``size`` x ``size`` pixels. Looking at them is recorded."""
    wanted = list(dict.fromkeys(images))
    with desk.act(Action.VIEW_FACES, custody_images=wanted) as deed:
        chips, missing = cut_custody(desk, deed, wanted, size=size)
        if missing:
            raise NotFound(missing[0])
        return chips


def cut_faces(
    desk: Desk, deed: Deed, faces: Iterable[FaceId], *, size: int
) -> tuple[dict[FaceId, bytes], tuple[str, ...]]:
    """Return faces cut out of their stills as :func:`face_chips` does, inside an action, and what is missing."""
    from stillgraph.faces.analyse import crop

    wanted = list(faces)
    found = {face.face_id: face for face in face_store.some(deed.session, desk.model, wanted)}
    digests = receipts.still_digests(deed.session, [StillId(face.image_id) for face in found.values()])
    chips, missing = {}, []
    for face_id in wanted:
        face = found.get(face_id)
        if face is None:
            missing.append(
                f"There is no face {face_id} in this case; `stillgraph query` over the view faces lists them."
            )
            continue
        data = desk.images.get(digests[StillId(face.image_id)])
        chips[face_id] = crop(data, face.box, size, image_id=face.image_id)
    return chips, tuple(missing)


def cut_custody(
    desk: Desk, deed: Deed, images: Iterable[CustodyImageId], *, size: int
) -> tuple[dict[CustodyImageId, bytes], tuple[str, ...]]:
    """Return faces of custody images as :func:`custody_chips` does, inside an action; and what is missing, in words."""
    from stillgraph.faces.analyse import crop

    wanted = list(images)
    digests = receipts.custody_digests(deed.session, wanted)
    chips, missing = {}, []
    for image in wanted:
        if image not in digests:
            missing.append(f"There is no custody image {image} in this case.")
            continue
        face = face_store.of_custody_image(deed.session, desk.model, image)
        if face is None:
            missing.append(f"No face was found in the custody image {image}; look at the image itself.")
            continue
        chips[image] = crop(desk.images.get(digests[image]), face.box, size, image_id=image)
    return chips, tuple(missing)


def _digest(digests: Mapping[ImageId, str], image: ImageId, what: str) -> str:
    if image not in digests:
        raise NotFound(f"There is no {what} {image} in this case.")
    return digests[image]
