"""Taking in what retailers send: manifests, stills, and the faces in them; and looking at images taken in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from stillgraph.casework.desk import Desk
from stillgraph.casework.keeping import ImageId, intake_report, kept_bytes, taking
from stillgraph.casework.running import analyse_all, keep_run
from stillgraph.errors import NotFound
from stillgraph.governance.permits import Action
from stillgraph.records import (
    CustodyImageId,
    FaceId,
    IntakeReport,
    RetailerId,
    StillId,
)
from stillgraph.store import faces as face_store
from stillgraph.store import receipts


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
    with taking(desk, "stills") as images, desk.act(Action.RECEIVE_STILLS, retailer=retailer_id) as deed:
        session = deed.session
        images.begin(session)
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
        kept = kept_bytes(images.incoming, delivery.images, digests)
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
        images.move([still.sha256 for still in delivery.stills])
        return intake_report(deed, delivery_id, delivery.refusals, analyses, elapsed, run=run)


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
