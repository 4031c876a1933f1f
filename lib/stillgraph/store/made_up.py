"""Custody images that are nobody's, written in bulk: what benchmarks fill a case file with to make it large."""

from __future__ import annotations

from typing import Any

import numpy as np

from stillgraph.records import CustodyImageId, ModelId, Vector
from stillgraph.store import galleries
from stillgraph.store.casefile import Session


def add_custody(session: Session, model: ModelId, delivery_id: int, first: int, vectors: Vector) -> None:
    """Add a nominal, a custody image, its face and its template for each of some vectors; there are no image files.

    Parameters
    ----------
    model
        Of the templates.
    delivery_id
        The delivery they are put down to.
    first
        The number of the first; they are called ``X00000000/a.jpg`` and so on.
    vectors
        float32, shape (n, d), of unit length.
    """
    import pyarrow as pa

    numbers = pa.array(np.arange(first, first + len(vectors)))
    column: Any = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    with session.incoming(pa.table({"number": numbers, "vector": column})):
        person, image = "format('X{:08d}', number)", "format('X{:08d}/a.jpg', number)"
        session.execute(
            f"INSERT INTO held.nominals SELECT {person}, 'nobody', DATE '1990-01-01', 'not recorded', 'not recorded' "  # noqa: S608
            "FROM incoming"
        )
        session.execute(
            "INSERT INTO held.custody_images (custody_image_id, delivery_id, nominal_id, image, captured_on, "  # noqa: S608
            "custody_ref, conviction_status, review_due, width_px, height_px, sha256, line) "
            f"SELECT {image}, $delivery, {person}, 'a.jpg', DATE '2020-01-01', 'made up', 'convicted', "
            f"DATE '2099-12-31', 1, 1, sha256({image}), number + 2 FROM incoming",
            {"delivery": delivery_id},
        )
        session.execute(
            "INSERT INTO held.faces (face_id, image_kind, image_id, x, y, width, height, landmarks, inter_eye_px, "  # noqa: S608
            "sharpness, brightness, contrast, frontality, detection_score, found_by, usable) "
            f"SELECT {image} || '#1', 'custody', {image}, 0, 0, 1, 1, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]::FLOAT[10], "
            "1, 1, 1, 1, 1, 1, 'made up', true FROM incoming"
        )
        session.execute(
            f"INSERT INTO held.templates SELECT {image} || '#1', $model, vector FROM incoming",  # noqa: S608
            {"model": model},
        )
    galleries.changed(session, [CustodyImageId(f"X{first + at:08d}/a.jpg") for at in range(len(vectors))])
