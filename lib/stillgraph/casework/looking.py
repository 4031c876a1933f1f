"""Looking at how good the faces of a still are, measure by measure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from stillgraph.casework.desk import Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound
from stillgraph.governance.permits import Action
from stillgraph.records import Box, Face, FaceId, Quality, StillId
from stillgraph.store import faces as face_store
from stillgraph.store import receipts


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """One face's measures as they were stored.

    ``band_means`` says what searches with faces of its band came to. ``ofiq`` has OFIQ's components by its own names,
    0-100; it is ``None`` where nobody asked, empty where OFIQ found no face.
    """

    face_id: FaceId
    box: Box
    usable: bool
    unusable_reason: str | None
    quality: Quality
    band_means: str | None
    ofiq: dict[str, float | None] | None = None


@dataclass(frozen=True, slots=True)
class StillQuality:
    """The faces of one still, left to right; ``rules`` says in a line how each measure is taken."""

    still: StillId
    rules: dict[str, str]
    faces: tuple[FaceQuality, ...]


@served
def face_quality(desk: Desk, still: StillId, *, ofiq: bool = False) -> StillQuality:
    """Return what was measured of each face of a still; looking is recorded.

    Parameters
    ----------
    still : StillId
        The still.
    ofiq : bool
        Whether to have OFIQ look at each face too. Nothing of it is stored.

    Raises
    ------
    NotFound
        The still is not in the case.
    ModelError
        OFIQ was asked for and is not here.
    """
    from stillgraph.faces.quality import RULES

    with desk.act(Action.VIEW_DETAIL, still=still, what="quality") as deed:
        digests = receipts.still_digests(deed.session, [still])
        if still not in digests:
            raise NotFound(f"There is no still {still} in this case.")
        found = [_measured(face) for face in face_store.of_stills(deed.session, desk.model, [still])]
        if ofiq:
            found = _with_ofiq(found, desk.images.get(digests[still]), still)
        return StillQuality(still, RULES, tuple(found))


def band_sentences(bands: Iterable[str | None]) -> list[str]:
    """Return a sentence for each band that occurs, best first: what searches with such faces came to."""
    from stillgraph.faces.bands import sentence

    return [sentence(band) for band in sorted({band for band in bands if band is not None})]


def _measured(face: Face) -> FaceQuality:
    means = next(iter(band_sentences([face.quality.band])), None)
    return FaceQuality(face.face_id, face.box, face.usable, face.unusable_reason, face.quality, means)


def _with_ofiq(found: list[FaceQuality], data: bytes, still: StillId) -> list[FaceQuality]:
    from stillgraph.faces.ofiq import around, components
    from stillgraph.faces.pixels import decode

    pixels = decode(data, still)
    return [replace(face, ofiq=components(around(pixels, face.box))) for face in found]
