"""What an officer looks at around a search: the picture, and what custody holds and recorded of a candidate.

Nothing here searches; :mod:`~stillgraph.casework.searching` does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from stillgraph.casework import searching
from stillgraph.casework.desk import Desk
from stillgraph.casework.wire import served
from stillgraph.decoding import printable
from stillgraph.errors import NotFound
from stillgraph.governance.permits import Action
from stillgraph.records import Filters, NominalId, SearchReport, StillId
from stillgraph.store import office, receipts

LONGEST_PX = 1600
"""A picture with a longer side is shown smaller."""

RECORDED = ("sex", "conviction_status", "force", "area", "basis")
"""What custody recorded in a few words, by which a gallery can be narrowed."""


@dataclass(frozen=True, slots=True)
class StillListed:
    """A still to choose: how many of its faces are usable, and whether a search has covered it."""

    still: StillId
    usable: int
    searched: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a browser shows it; ``width_px`` and ``height_px`` are of the original, as boxes are."""

    jpeg: bytes = field(repr=False)
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Arrested:
    """One arrest on record."""

    arrested_on: date
    offence: str
    disposal: str


@dataclass(frozen=True, slots=True)
class History:
    """What custody holds of a nominal: images, the newest of them, its status, and arrests, the newest first."""

    images: int
    captured_on: date | None
    conviction_status: str | None
    arrests: tuple[Arrested, ...]


@served
def stills(desk: Desk) -> tuple[StillListed, ...]:
    """Return the stills of the case, those not searched yet first."""
    with desk.act(Action.VIEW_DETAIL, what="stills") as deed:
        rows = deed.session.rows(
            "SELECT s.still_id, count(f.face_id) FILTER (f.usable), s.searched FROM main.stills AS s "
            "LEFT JOIN main.faces AS f USING (still_id) GROUP BY ALL ORDER BY s.searched, s.still_id"
        )
        return tuple(StillListed(*row) for row in rows)


@served
def still_of(desk: Desk, data: bytes) -> StillId | None:
    """Return the still that has these very bytes, if the case holds one."""
    digest = sha256(data).hexdigest()
    with desk.act(Action.VIEW_DETAIL, what="still by its bytes") as deed:
        found = receipts.still_of(deed.session, digest)
        deed.note(still=found)
        return found


@served
def picture(desk: Desk, still: StillId) -> Picture:
    """Return a still to look at. Looking is recorded.

    Raises
    ------
    NotFound
        The still is not in the case.
    """
    with desk.act(Action.VIEW_FACES, still=still, what="still") as deed:
        digests = receipts.still_digests(deed.session, [still])
        if still not in digests:
            raise NotFound(f"There is no still {still} in this case.")
        return shown(desk.images.get(digests[still]), still)


def shown(data: bytes, name: str) -> Picture:
    """Return an image's bytes as a picture to look at, upright.

    Raises
    ------
    WrongUse
        It is no image that can be read.
    """
    from stillgraph.faces import beside
    from stillgraph.faces.pixels import decode

    pixels = decode(data, name)
    return Picture(beside.jpeg(pixels, LONGEST_PX), pixels.shape[1], pixels.shape[0])


@served
def search_dropped(
    desk: Desk, name: str, data: bytes, *, limit: int, filters: Filters, past_review: bool
) -> SearchReport:
    """Search an image from outside the case, by its bytes: recorded, and nothing of it kept.

    Raises
    ------
    WrongUse
        As :func:`~.searching.search` with an image.
    """
    with tempfile.TemporaryDirectory(prefix="stillgraph-") as folder:
        file = Path(folder) / f"dropped{_ending(name)}"
        file.write_bytes(data)
        return searching.search(desk, image=file, limit=limit, filters=filters, past_review=past_review)


@served
def histories(desk: Desk, nominals: Sequence[NominalId]) -> dict[NominalId, History]:
    """Return what custody holds of some nominals, without a name. Looking is recorded."""
    wanted = list(dict.fromkeys(nominals))
    with desk.act(Action.VIEW_DETAIL, what="custody histories", nominals=wanted) as deed:
        images = receipts.custody_held(deed.session, wanted)
        arrests: dict[NominalId, list[Arrested]] = {}
        for nominal, *said in deed.session.rows(
            "SELECT nominal_id, arrested_on, offence, disposal FROM main.arrests "
            "WHERE nominal_id IN (SELECT unnest($wanted::VARCHAR[])) ORDER BY arrested_on DESC, offence",
            {"wanted": wanted},
        ):
            arrests.setdefault(nominal, []).append(Arrested(*said))
        return {
            nominal: History(count, newest, status, tuple(arrests.get(nominal, ())))
            for nominal, (count, newest, status) in images.items()
        }


@served
def recorded(desk: Desk) -> dict[str, tuple[str, ...]]:
    """Return the words that custody recorded, of each of :data:`RECORDED`, to narrow a gallery by."""
    with desk.act(Action.VIEW_DETAIL, what="recorded words") as deed:
        found = {}
        for name in RECORDED:
            view = "nominals" if name == "sex" else "custody_images"
            rows = deed.session.rows(f"SELECT DISTINCT {name} FROM main.{view} WHERE {name} <> '' ORDER BY 1")  # noqa: S608
            found[name] = tuple(str(row[0]) for row in rows)
        return found


@served
def shows_scores(desk: Desk) -> bool:
    """Say whether the officer at the desk is to see scores and ratios: reviewers decide without."""
    with desk.act(Action.VIEW, what="whether scores are shown") as deed:
        return not office.is_reviewer(deed.session, deed.officer)


def _ending(name: str) -> str:
    """Return the ending of a name that was dropped, if it is a plain one."""
    ending = Path(printable(name)).suffix
    return ending if ending[1:].isascii() and ending[1:].isalnum() and len(ending) < 8 else ""
