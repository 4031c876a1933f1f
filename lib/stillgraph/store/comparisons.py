"""What there is to compare a face with: a nominal's custody images, and the stills two officers hold to show them."""

from __future__ import annotations

from datetime import date

from stillgraph.records import CustodyImageId, FaceId, NominalId, StillId
from stillgraph.store.casefile import Session


def custody_images(session: Session, nominal_id: NominalId) -> list[tuple[CustodyImageId, date]]:
    """Return a nominal's custody images with the day each was captured, the latest first."""
    return [
        (row[0], row[1])
        for row in session.rows(
            "SELECT custody_image_id, captured_on FROM held.custody_images WHERE nominal_id = ? "
            "ORDER BY captured_on DESC, custody_image_id",
            [nominal_id],
        )
    ]


def corroborated_faces(session: Session, nominal_id: NominalId) -> list[tuple[FaceId, StillId]]:
    """Return the faces that two officers hold to be a nominal, with their stills, in the order of face ids."""
    return [
        (row[0], row[1])
        for row in session.rows(
            "SELECT face_id, still_id FROM main.reviews WHERE outcome = 'corroborated' AND nominal_id = ? "
            "ORDER BY face_id",
            [nominal_id],
        )
    ]
