"""Enrolling custody images, whose faces are the gallery, and their nominals' arrests."""

from __future__ import annotations

import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from stillgraph.casework import unsolved
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.keeping import intake_report, kept_bytes, no_strays
from stillgraph.casework.running import analyse_all, keep_run
from stillgraph.gallery.newcomers import LEAD_CHANCE
from stillgraph.governance.permits import Action
from stillgraph.records import Face, ImageAnalysis, IntakeReport
from stillgraph.store import faces as face_store
from stillgraph.store import receipts


def enrol(
    desk: Desk,
    manifest: Path,
    *,
    arrests: Path | None = None,
    workers: int | None = None,
    show_progress: bool = False,
    open_stills: bool = True,
    lead_chance: float = LEAD_CHANCE,
) -> IntakeReport:
    """Enrol custody images, and arrest histories where given: all of it or nothing.

    Of several faces in a custody image the foremost, by size and place, stands for the person; the others are recorded
    without a template. An image without a face is kept and counted.

    Once enrolled the images are compared with the faces of open stills, and leads wait for review: a search of the
    officer who enrols (:func:`stillgraph.casework.unsolved.search_open_stills`).

    Parameters
    ----------
    manifest : Path
        CSV or XLSX, the images beside it in ``images/``.
    arrests : Path, optional
        The nominals' arrests.
    workers : int, optional
        Threads that analyse images; one for each core by default.
    open_stills : bool
        Whether to compare; left out, the images wait for it.
    lead_chance : float
        That new people who are on no still make a lead of a face, at most.

    Raises
    ------
    ManifestError
        The manifest or the arrests file cannot be read as a whole.
    """
    from stillgraph import intake
    from stillgraph.faces.embed import ImageRole

    began = time.perf_counter()
    with desk.act(Action.ENROL_CUSTODY) as deed, no_strays(desk, deed):
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
        kept = kept_bytes(desk, delivery.bytes, digests)
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
        report = intake_report(deed, delivery_id, delivery.refusals, analyses, elapsed, run=run)
        if arrests is not None:
            report = _with_arrests(deed, report, arrests)
        nothing_open = unsolved.nothing_open(deed, desk, delivery_id)
    if nothing_open or not open_stills:
        return report
    return unsolved.after_enrolment(desk, report, delivery_id, chance=lead_chance)


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


def _with_one_template(analysis: ImageAnalysis) -> ImageAnalysis:
    """Keep the template of the one usable face that the image is of, by size and place, only."""
    from stillgraph.faces.foremost import prominence

    with_template = [face for face in analysis.faces if face.template is not None]
    if len(with_template) < 2:
        return analysis
    foremost = max(
        with_template,
        key=lambda face: (face.usable, prominence(face.box, analysis.width_px, analysis.height_px), face.face_id),
    )
    faces: tuple[Face, ...] = tuple(
        face if face is foremost else replace(face, template=None) for face in analysis.faces
    )
    return replace(analysis, faces=faces)
