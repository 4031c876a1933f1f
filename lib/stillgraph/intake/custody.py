"""A custody manifest: rows, and images looked at elsewhere -> nominals, custody images and refusals."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stillgraph.decoding import ImageProblem
from stillgraph.intake.images import LookedAtDesk, Seen
from stillgraph.intake.rows import CustodyRow, Problems, day, is_file_name, late_refusal, refusal, validate
from stillgraph.intake.table import Row, Table, read_table
from stillgraph.records import CustodyImage, CustodyImageId, Nominal, NominalId, Refusal

PARTICULARS: Mapping[str, Callable[[str], object]] = {
    "name": str,
    "date_of_birth": day,
    "sex": str,
    "ethnicity": str,
}
"""The columns all images of one nominal share, and how their text is read."""


@dataclass(frozen=True, slots=True)
class CustodyDelivery:
    """What some rows of a custody manifest amount to. Each is either an image or a refusal; ``nominals`` are new."""

    nominals: tuple[Nominal, ...]
    images: tuple[CustodyImage, ...]
    refusals: tuple[Refusal, ...]


def custody_table(manifest: Path) -> Table:
    """Read the text of a custody manifest; its images are looked at apart, and judged by :func:`take_custody`.

    Parameters
    ----------
    manifest
        The manifest, CSV or XLSX; its images lie beside it in ``images`` or ``stills``.

    Raises
    ------
    ManifestError
        If the manifest cannot be read as a whole.
    """
    return read_table(manifest, required=CustodyRow.required(), optional=CustodyRow.optional())


def image_of(row: Row) -> tuple[CustodyImageId, str | None]:
    """Return the id of a row's image, and the file to look at: ``None`` where the row names none that may be."""
    name = row.cells["image"]
    return CustodyImageId(f"{row.cells['nominal_id']}/{name}"), name if is_file_name(name) else None


def take_custody(
    rows: Iterable[Row],
    looked: Mapping[str, Seen | ImageProblem],
    *,
    known_digests: Mapping[str, str],
    known_images: Container[str],
    known_nominals: Mapping[NominalId, Nominal],
    now: datetime,
) -> CustodyDelivery:
    """Accept or refuse rows of a custody manifest.

    Parameters
    ----------
    rows
        In the manifest's order; of a large manifest one batch, those before it being known by now.
    looked
        What was seen of the file of each row, by its name, or what is wrong with it.
    known_digests
        SHA-256 of custody images held, and the image's id; at least of those that ``looked`` has.
    known_images
        The ids of custody images held, at least of those that ``rows`` name.
    known_nominals
        Nominals held, at least those that ``rows`` name. A row that says otherwise of one, or of a nominal of an
        earlier row, is refused.
    now
        The time now, with its offset.

    Returns
    -------
    CustodyDelivery
        In the manifest's order. A refused row registers neither its bytes, its name nor its nominal.
    """
    desk = LookedAtDesk(looked, known_digests, known_images)
    nominals: dict[NominalId, Nominal] = {}
    images: list[CustodyImage] = []
    refusals: list[Refusal] = []
    for row in rows:
        read, problems = validate(CustodyRow, row, now)
        nominal_id = NominalId(row.cells["nominal_id"])
        image_id, _ = image_of(row)
        seen = None
        if "image" not in problems:
            seen, wrong = desk.look(image_id, row.cells["image"])
            if wrong:
                problems["image"] = wrong
        _compare(nominals.get(nominal_id) or known_nominals.get(nominal_id), row, problems)
        if read is not None and read.captured_on < read.date_of_birth:
            problems["captured_on"] = ["before the date of birth"]
        if read is None or seen is None or problems:
            refusals.append(refusal(row, problems))
            continue
        desk.accept(image_id, seen)
        images.append(_image(image_id, read, seen, row.line))
        if nominal_id not in known_nominals:
            nominals.setdefault(nominal_id, _nominal(read))
    return CustodyDelivery(tuple(nominals.values()), tuple(images), tuple(refusals))


def refuse_custody(delivery: CustodyDelivery, reasons: Mapping[CustodyImageId, str]) -> CustodyDelivery:
    """Return a delivery in which some images are refused after all, and leave nothing behind.

    Parameters
    ----------
    delivery
        As it was read.
    reasons
        The images to refuse, each with the reason.

    Returns
    -------
    CustodyDelivery
        New nominals of whom no image is left are gone.
    """
    kept = tuple(image for image in delivery.images if image.custody_image_id not in reasons)
    refused = [
        late_refusal(image.line, image.image, reasons[image.custody_image_id])
        for image in delivery.images
        if image.custody_image_id in reasons
    ]
    shown = {image.nominal_id for image in kept}
    return replace(
        delivery,
        nominals=tuple(nominal for nominal in delivery.nominals if nominal.nominal_id in shown),
        images=kept,
        refusals=tuple(sorted((*delivery.refusals, *refused), key=lambda refusal: refusal.line)),
    )


def _compare(held: Nominal | None, row: Row, problems: Problems) -> None:
    """Note every column that differs from what was said of this nominal before, without what either said."""
    if held is None or "nominal_id" in problems:
        return
    for column, read in PARTICULARS.items():
        if column not in problems and read(row.cells[column]) != getattr(held, column):
            problems[column] = ["not what was given before for the same nominal_id"]


def _nominal(read: CustodyRow) -> Nominal:
    return Nominal(
        nominal_id=NominalId(read.nominal_id),
        name=read.name,
        date_of_birth=read.date_of_birth,
        sex=read.sex,
        ethnicity=read.ethnicity,
    )


def _image(image_id: CustodyImageId, read: CustodyRow, seen: Seen, line: int) -> CustodyImage:
    return CustodyImage(
        custody_image_id=image_id,
        nominal_id=NominalId(read.nominal_id),
        image=read.image,
        captured_on=read.captured_on,
        custody_ref=read.custody_ref,
        conviction_status=read.conviction_status,
        review_due=read.review_due,
        width_px=seen.width_px,
        height_px=seen.height_px,
        sha256=seen.sha256,
        line=line,
        force=read.force,
        area=read.area,
        basis=read.basis,
    )
