"""Taking in what retailers and custody send: manifests, images, and the faces in them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.running import analyse_all, keep_run
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    AnalysisRun,
    CustodyImageId,
    Face,
    FaceId,
    ImageAnalysis,
    IntakeReport,
    Refusal,
    RetailerId,
    StillId,
)
from stillgraph.store import faces as face_store
from stillgraph.store import receipts

ImageId = TypeVar("ImageId", StillId, CustodyImageId)


def receive(
    desk: Desk,
    manifest: Path,
    *,
    retailer_id: RetailerId,
    stores: Path | None = None,
    workers: int | None = None,
    show_progress: bool = False,
) -> IntakeReport:
    """Take in one retailer's delivery: its rows, its stills, and the faces in them, all of it or nothing.

    Parameters
    ----------
    manifest : Path
        CSV or XLSX, the stills beside it in ``stills/`` or ``images/``.
    stores : Path, optional
        The stores file; given once, and again when stores change.
    workers : int, optional
        Threads that analyse images; one for each core by default.

    Raises
    ------
    ManifestError
        The manifest cannot be read as a whole. Single rows are refused, and reported, instead.
    """
    from stillgraph import intake
    from stillgraph.faces.embed import ImageRole

    began = time.perf_counter()
    with desk.act(Action.RECEIVE_STILLS, retailer=retailer_id) as deed, _no_strays(desk, deed):
        session = deed.session
        if stores is not None:
            receipts.add_stores(session, intake.read_stores(stores))
        held = receipts.still_digests(session)
        offences = receipts.offences(session)
        delivery = intake.read_stills(
            manifest,
            retailer_id=retailer_id,
            stores=receipts.stores(session),
            known_digests={digest: still for still, digest in held.items()},
            known_stills=set(held),
            known_offences=offences,
            now=deed.at,
        )
        digests = {still.still_id: still.sha256 for still in delivery.stills}
        kept = _kept(desk, delivery.images, digests)
        analyses, failed, run = analyse_all(
            desk, kept, len(digests), ImageRole.STILL, workers, show_progress=show_progress
        )
        if failed:
            delivery = intake.refuse_stills(delivery, failed, offences)
        elapsed = time.perf_counter() - began
        delivery_id = receipts.add_delivery(
            session, kind="stills", retailer_id=retailer_id, manifest=manifest.name, sha256=delivery.manifest_sha256,
            received_at=deed.at, rows_read=delivery.rows_read, refusals=delivery.refusals, elapsed_s=elapsed,
        )  # fmt: skip
        receipts.add_stills(session, delivery_id, delivery.stills, delivery.offences)
        face_store.add(session, "still", [face for a in analyses for face in a.faces])
        keep_run(deed, desk.pack, run, "stills", delivery_id)
        return _report(deed, delivery_id, delivery.refusals, analyses, elapsed, run=run)


def enrol(
    desk: Desk,
    manifest: Path,
    *,
    arrests: Path | None = None,
    workers: int | None = None,
    show_progress: bool = False,
) -> IntakeReport:
    """Enrol custody images, and arrest histories where given: all of it or nothing.

    Of several faces in a custody image the largest stands for the person in the gallery; the others are recorded
    without a template. An image without a face is kept and counted.

    Raises
    ------
    ManifestError
        The manifest or the arrests file cannot be read as a whole.
    """
    from stillgraph import intake
    from stillgraph.faces.embed import ImageRole

    began = time.perf_counter()
    with desk.act(Action.ENROL_CUSTODY) as deed, _no_strays(desk, deed):
        session = deed.session
        held = receipts.custody_digests(session)
        known = receipts.nominals(session)
        delivery = intake.read_custody(
            manifest,
            known_digests={digest: image for image, digest in held.items()},
            known_images=set(held),
            known_nominals=known,
            now=deed.at,
        )
        digests = {image.custody_image_id: image.sha256 for image in delivery.images}
        kept = _kept(desk, delivery.bytes, digests)
        found, failed, run = analyse_all(
            desk, kept, len(digests), ImageRole.CUSTODY, workers, show_progress=show_progress
        )
        if failed:
            delivery = intake.refuse_custody(delivery, failed)
        analyses = [_with_one_template(analysis) for analysis in found]
        elapsed = time.perf_counter() - began
        delivery_id = receipts.add_delivery(
            session, kind="custody", retailer_id=None, manifest=manifest.name, sha256=delivery.manifest_sha256,
            received_at=deed.at, rows_read=delivery.rows_read, refusals=delivery.refusals, elapsed_s=elapsed,
        )  # fmt: skip
        receipts.add_custody(session, delivery_id, delivery.images, delivery.nominals)
        face_store.add(session, "custody", [face for a in analyses for face in a.faces])
        keep_run(deed, desk.pack, run, "custody", delivery_id)
        report = _report(deed, delivery_id, delivery.refusals, analyses, elapsed, run=run)
        return report if arrests is None else _with_arrests(deed, report, arrests)


def _with_arrests(deed: Deed, report: IntakeReport, path: Path) -> IntakeReport:
    """Take in the arrests that came with a custody delivery; an arrest of nobody known here is refused."""
    from stillgraph import intake

    known = receipts.nominals(deed.session)
    arrests, refused = intake.read_arrests(path, known_nominals=known, now=deed.at)
    digest = sha256(path.read_bytes()).hexdigest()
    receipts.add_delivery(
        deed.session, kind="arrests", retailer_id=None, manifest=path.name, sha256=digest,
        received_at=deed.at, rows_read=len(arrests) + len(refused), refusals=refused, elapsed_s=0.0,
    )  # fmt: skip
    new = receipts.add_arrests(deed.session, arrests)
    deed.note(arrests=new, arrests_refused=len(refused))
    return replace(report, arrests_accepted=len(arrests), arrests_refused=refused)


def still_image(desk: Desk, still: StillId) -> bytes:
    """Return a still's bytes as they were received. Looking at it is recorded."""
    with desk.act(Action.VIEW, still=still) as deed:
        return desk.images.get(_digest(receipts.still_digests(deed.session), still, "still"))


def face_chips(desk: Desk, faces: Iterable[FaceId], *, size: int = 160) -> dict[FaceId, bytes]:
    """Return faces cut out of their stills, as PNG of ``size`` x ``size`` pixels. Looking at them is recorded."""
    from stillgraph.faces.analyse import crop

    wanted = list(dict.fromkeys(faces))
    with desk.act(Action.VIEW, faces=wanted) as deed:
        digests = receipts.still_digests(deed.session)
        chips = {}
        for face_id in wanted:
            face = face_store.one(deed.session, desk.model, face_id)
            if face is None:
                raise NotFound(
                    f"There is no face {face_id} in this case; `stillgraph query` over the view faces lists them."
                )
            chips[face_id] = crop(
                desk.images.get(digests[StillId(face.image_id)]), face.box, size, image_id=face.image_id
            )
        return chips


def custody_chips(desk: Desk, images: Iterable[CustodyImageId], *, size: int = 160) -> dict[CustodyImageId, bytes]:
    """Return the faces of custody images, as PNG of ``size`` x ``size`` pixels. Looking at them is recorded."""
    from stillgraph.faces.analyse import crop

    wanted = list(dict.fromkeys(images))
    with desk.act(Action.VIEW, custody_images=wanted) as deed:
        digests = receipts.custody_digests(deed.session)
        chips = {}
        for image in wanted:
            data = desk.images.get(_digest(digests, image, "custody image"))
            face = face_store.of_custody_image(deed.session, desk.model, image)
            if face is None:
                raise NotFound(f"No face was found in the custody image {image}; look at the image itself.")
            chips[image] = crop(data, face.box, size, image_id=image)
        return chips


def _digest(digests: Mapping[ImageId, str], image: ImageId, what: str) -> str:
    if image not in digests:
        raise NotFound(f"There is no {what} {image} in this case.")
    return digests[image]


@contextmanager
def _no_strays(desk: Desk, deed: Deed) -> Iterator[None]:
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


def _kept(
    desk: Desk, images: Mapping[ImageId, bytes], digests: Mapping[ImageId, str]
) -> Iterator[tuple[ImageId, bytes]]:
    """Keep each image's bytes as it is read, and pass them on; they must be the ones that were checked."""
    for image, data in images.items():
        if desk.images.put(data) != digests[image]:
            raise WrongUse(f"The file of {image} changed while it was being taken in; deliver it again.")
        yield image, data


def _with_one_template(analysis: ImageAnalysis) -> ImageAnalysis:
    """Keep the template of the largest usable face only."""
    with_template = [face for face in analysis.faces if face.template is not None]
    if len(with_template) < 2:
        return analysis
    largest = max(with_template, key=lambda face: (face.usable, face.box.width * face.box.height, face.face_id))
    faces: tuple[Face, ...] = tuple(
        face if face is largest else replace(face, template=None) for face in analysis.faces
    )
    return replace(analysis, faces=faces)


def _report(
    deed: Deed,
    delivery_id: int,
    refused: tuple[Refusal, ...],
    analyses: list[ImageAnalysis],
    elapsed: float,
    *,
    run: AnalysisRun,
) -> IntakeReport:
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
