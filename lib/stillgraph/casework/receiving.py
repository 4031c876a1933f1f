"""Taking in what retailers and custody send: manifests, images, and the faces in them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework.desk import Action, Deed, Desk
from stillgraph.errors import NotFound
from stillgraph.records import (
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

if TYPE_CHECKING:
    from stillgraph.faces.analyse import ImageRole


def receive(
    desk: Desk, manifest: Path, *, retailer_id: RetailerId, stores: Path | None = None, workers: int | None = None,
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
    from stillgraph.faces.analyse import ImageRole

    began = time.perf_counter()
    with desk.act(Action.RECEIVE_STILLS, retailer=retailer_id) as deed:
        session = deed.session
        if stores is not None:
            receipts.add_stores(session, intake.read_stores(stores))
        held = receipts.still_digests(session)
        delivery = intake.read_stills(
            manifest,
            retailer_id=retailer_id,
            stores=receipts.stores(session),
            known_digests={digest: still for still, digest in held.items()},
            known_stills=set(held),
            known_offences=receipts.offences(session),
            now=deed.at,
        )
        analyses = _analyse(desk, delivery.images, ImageRole.STILL, workers, show_progress=show_progress)
        elapsed = time.perf_counter() - began
        delivery_id = receipts.add_delivery(
            session, kind="stills", retailer_id=retailer_id, manifest=manifest.name, sha256=delivery.manifest_sha256,
            received_at=deed.at, rows_read=delivery.rows_read, refusals=delivery.refusals, elapsed_s=elapsed,
        )  # fmt: skip
        receipts.add_stills(session, delivery_id, delivery.stills, delivery.offences)
        face_store.add(session, "still", [face for a in analyses for face in a.faces])
        return _report(deed, delivery_id, len(delivery.stills), delivery.refusals, analyses, elapsed)


def enrol(
    desk: Desk, manifest: Path, *, arrests: Path | None = None, workers: int | None = None, show_progress: bool = False
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
    from stillgraph.faces.analyse import ImageRole

    began = time.perf_counter()
    with desk.act(Action.ENROL_CUSTODY) as deed:
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
        analyses = [
            _with_one_template(a)
            for a in _analyse(desk, delivery.images, ImageRole.CUSTODY, workers, show_progress=show_progress)
        ]
        refusals = delivery.refusals
        if arrests is not None:
            known_nominals = {*known, *(n.nominal_id for n in delivery.nominals)}
            read, refused = intake.read_arrests(arrests, known_nominals=known_nominals, now=deed.at)
            deed.note(arrests=receipts.add_arrests(session, read), arrests_refused=len(refused))
            refusals = (*refusals, *refused)
        elapsed = time.perf_counter() - began
        delivery_id = receipts.add_delivery(
            session, kind="custody", retailer_id=None, manifest=manifest.name, sha256=delivery.manifest_sha256,
            received_at=deed.at, rows_read=delivery.rows_read, refusals=refusals, elapsed_s=elapsed,
        )  # fmt: skip
        receipts.add_custody(session, delivery_id, delivery.custody_images, delivery.nominals)
        face_store.add(session, "custody", [face for a in analyses for face in a.faces])
        return _report(deed, delivery_id, len(delivery.custody_images), refusals, analyses, elapsed)


def still_image(desk: Desk, still: StillId) -> bytes:
    """Return a still's bytes as they were received. Looking at it is recorded."""
    with desk.act(Action.VIEW, still=still) as deed:
        return desk.images.get(_digest(receipts.still_digests(deed.session), still, "still"))


def face_chips(desk: Desk, faces: Iterable[FaceId], *, size: int = 160) -> dict[FaceId, bytes]:
    """Return faces cut out of their stills, as JPEG of ``size`` x ``size`` pixels. Looking at them is recorded."""
    from stillgraph.faces.analyse import crop

    wanted = list(dict.fromkeys(faces))
    with desk.act(Action.VIEW, faces=wanted) as deed:
        digests = receipts.still_digests(deed.session)
        chips = {}
        for face_id in wanted:
            face = face_store.one(deed.session, desk.model, face_id)
            if face is None:
                raise NotFound(f"There is no face {face_id} in this case; `stillgraph query` over the view faces lists them.")
            chips[face_id] = crop(desk.images.get(digests[StillId(face.image_id)]), face.box, size=size)
        return chips


def custody_chips(desk: Desk, images: Iterable[CustodyImageId], *, size: int = 160) -> dict[CustodyImageId, bytes]:
    """Return the faces of custody images, as JPEG of ``size`` x ``size`` pixels. Looking at them is recorded."""
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
            chips[image] = crop(data, face.box, size=size)
        return chips


def _digest(digests: Mapping[StillId, str] | Mapping[CustodyImageId, str], image: str, what: str) -> str:
    found = dict(digests).get(image)  # type: ignore[call-overload]
    if found is None:
        raise NotFound(f"There is no {what} {image} in this case.")
    return str(found)


def _analyse(
    desk: Desk, images: Mapping[StillId, bytes] | Mapping[CustodyImageId, bytes], role: ImageRole, workers: int | None,
    *, show_progress: bool,
) -> list[ImageAnalysis]:
    """Keep the images' bytes and find the faces in them, with progress."""
    from tqdm import tqdm

    from stillgraph.faces.analyse import analyse

    for data in images.values():
        desk.images.put(data)
    found = analyse(images.items(), desk.pack, role=role, workers=workers)
    return list(tqdm(found, total=len(images), unit="image", desc=f"faces ({role})", disable=not show_progress, leave=False))


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
    deed: Deed, delivery_id: int, accepted: int, refused: tuple[Refusal, ...], analyses: list[ImageAnalysis], elapsed: float
) -> IntakeReport:
    report = IntakeReport(
        accepted=accepted,
        refused=refused,
        faces=sum(len(a.faces) for a in analyses),
        without_face=sum(not a.faces for a in analyses),
        elapsed_s=elapsed,
    )
    deed.note(
        delivery=delivery_id, accepted=report.accepted, refused=len(refused), faces=report.faces,
        without_face=report.without_face,
    )  # fmt: skip
    return report


