"""One retailer's delivery: manifest rows and stills -> stills, offences and refusals."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stillgraph.decoding import DEFAULT_LIMITS, ImageLimits
from stillgraph.intake.images import ImageDesk, ImageFiles, Seen
from stillgraph.intake.rows import Problems, StillRow, late_refusal, pence, refusal, validate
from stillgraph.intake.table import Row, read_table
from stillgraph.records import Offence, OffenceId, Refusal, RetailerId, Still, StillId, Store, StoreId

PARTICULARS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "store_id": ("store_id", str),
    "offence_code": ("offence_code", str),
    "offence": ("offence", str),
    "value_gbp": ("value_pence", pence),
    "violence": ("violence", str),
    "method": ("method", str),
    "how_detected": ("how_detected", str),
}
"""The columns all stills of one offence share, the field of :class:`Offence` each becomes, and how."""


@dataclass(frozen=True, slots=True)
class StillsDelivery:
    """What one delivery amounts to. Every row read is either a still or a refusal.

    ``offences`` are the new ones, and of those already held the ones that a still now dates earlier.
    ``images`` holds the stills' bytes as received, each read from its file when asked for.
    """

    rows_read: int
    manifest_sha256: str
    stills: tuple[Still, ...]
    offences: tuple[Offence, ...]
    images: Mapping[StillId, bytes]
    refusals: tuple[Refusal, ...]


def read_stills(
    manifest: Path,
    *,
    retailer_id: RetailerId,
    stores: Mapping[StoreId, Store],
    known_digests: Mapping[str, str],
    known_stills: Container[str],
    known_offences: Mapping[OffenceId, Offence],
    now: datetime,
    limits: ImageLimits = DEFAULT_LIMITS,
    taken: Callable[[int, int], None] = lambda _done, _rows: None,
) -> StillsDelivery:
    """Read a retailer's delivery.

    Parameters
    ----------
    manifest
        The manifest, CSV or XLSX; its stills lie beside it in ``images`` or ``stills``.
    retailer_id
        Whose delivery it is.
    stores
        All stores known, of any retailer.
    known_digests
        SHA-256 of every still held, and the still's id.
    known_stills
        The ids of all stills held.
    known_offences
        The offences held.
    now
        The time now, with its offset; nothing may have happened later.
    limits
        The largest image allowed.
    taken
        Called after each row with how many are done, and how many there are; what it raises ends the reading.

    Returns
    -------
    StillsDelivery
        In the manifest's order. A refused row registers neither its bytes, its name nor its offence.

    Raises
    ------
    ManifestError
        If the manifest cannot be read as a whole.
    """
    table = read_table(manifest, required=StillRow.required(), optional=StillRow.optional())
    desk = _Desk(retailer_id, stores, known_offences, now, ImageDesk(manifest, limits, known_digests, known_stills))
    for done, row in enumerate(table.rows, start=1):
        desk.take(row)
        taken(done, len(table.rows))
    return StillsDelivery(
        rows_read=len(table.rows),
        manifest_sha256=table.sha256,
        stills=tuple(desk.stills),
        offences=tuple(desk.offences.values()),
        images=ImageFiles(desk.files),
        refusals=tuple(desk.refusals),
    )


def refuse_stills(
    delivery: StillsDelivery, reasons: Mapping[StillId, str], known_offences: Mapping[OffenceId, Offence]
) -> StillsDelivery:
    """Return a delivery in which some stills are refused after all, and leave nothing behind.

    Parameters
    ----------
    delivery
        As it was read.
    reasons
        The stills to refuse, each with the reason.
    known_offences
        As they were given to :func:`read_stills`.

    Returns
    -------
    StillsDelivery
        Offences of which no still is left are gone, and the others are dated by the stills that are left. ``images``
        still holds the bytes of all.
    """
    kept = tuple(still for still in delivery.stills if still.still_id not in reasons)
    refused = [
        late_refusal(still.line, still.image, reasons[still.still_id])
        for still in delivery.stills
        if still.still_id in reasons
    ]
    dates: dict[OffenceId, list[datetime]] = {}
    for still in kept:
        dates.setdefault(still.offence_id, []).append(still.captured_at)
    offences = []
    for offence in delivery.offences:
        held = known_offences.get(offence.offence_id)
        first = min(dates.get(offence.offence_id, []), default=None)
        if first is not None and (held is None or first < held.occurred_at):
            offences.append(replace(offence, occurred_at=first))
    return replace(
        delivery,
        stills=kept,
        offences=tuple(offences),
        refusals=tuple(sorted((*delivery.refusals, *refused), key=lambda refusal: refusal.line)),
    )


class _Desk:
    """Takes rows one by one and keeps what the rows so far amount to."""

    def __init__(
        self,
        retailer_id: RetailerId,
        stores: Mapping[StoreId, Store],
        known_offences: Mapping[OffenceId, Offence],
        now: datetime,
        images: ImageDesk,
    ) -> None:
        self._retailer_id = retailer_id
        self._stores = stores
        self._known_offences = known_offences
        self._now = now
        self._images = images
        self.stills: list[Still] = []
        self.offences: dict[OffenceId, Offence] = {}
        self.files: dict[StillId, Seen] = {}
        self.refusals: list[Refusal] = []

    def take(self, row: Row) -> None:
        """Accept or refuse one row."""
        read, problems = validate(StillRow, row, self._now)
        still_id = StillId(f"{self._retailer_id}/{row.cells['image']}")
        seen = None
        if "image" not in problems:
            seen, wrong = self._images.look(still_id, row.cells["image"])
            _add(problems, "image", wrong)
        if "store_id" not in problems:
            _add(problems, "store_id", self._wrong_store(StoreId(row.cells["store_id"])))
        offence_id = self._offence_id(row.cells["offence_ref"])
        if "offence_ref" not in problems:
            self._compare(offence_id, row, problems)
        if read is None or seen is None or problems:
            self.refusals.append(refusal(row, problems))
            return
        self._images.accept(still_id, seen)
        self.files[still_id] = seen
        self.stills.append(self._still(still_id, offence_id, read, seen, row.line))
        self._date(self._offence(offence_id, read))

    def _offence_id(self, reference: str) -> OffenceId:
        prefix = f"{self._retailer_id}/"
        return OffenceId(reference if reference.startswith(prefix) else prefix + reference)

    def _wrong_store(self, store_id: StoreId) -> list[str]:
        store = self._stores.get(store_id)
        if store is None:
            return ["unknown store: correct it, or add it to the table of stores"]
        if store.retailer_id != self._retailer_id:
            return [f"store of another retailer: {store_id} belongs to {store.retailer_id}"]
        return []

    def _compare(self, offence_id: OffenceId, row: Row, problems: Problems) -> None:
        """Note every column that differs from what was said of this offence before."""
        held = self.offences.get(offence_id) or self._known_offences.get(offence_id)
        if held is None:
            return
        for column, (field, read) in PARTICULARS.items():
            if column not in problems and read(row.cells[column]) != getattr(held, field):
                _add(problems, column, ["not what was given before for the same offence_ref"])

    def _still(self, still_id: StillId, offence_id: OffenceId, read: StillRow, seen: Seen, line: int) -> Still:
        return Still(
            still_id=still_id,
            retailer_id=self._retailer_id,
            offence_id=offence_id,
            image=read.image,
            camera=read.camera,
            captured_at=read.captured_at,
            width_px=seen.width_px,
            height_px=seen.height_px,
            sha256=seen.sha256,
            line=line,
            note=read.note,
        )

    def _offence(self, offence_id: OffenceId, read: StillRow) -> Offence:
        return Offence(
            offence_id=offence_id,
            retailer_id=self._retailer_id,
            store_id=StoreId(read.store_id),
            occurred_at=read.captured_at,
            offence_code=read.offence_code,
            offence=read.offence,
            value_pence=read.value_gbp,
            violence=read.violence,
            method=read.method,
            how_detected=read.how_detected,
        )

    def _date(self, offence: Offence) -> None:
        """Keep a new offence, or date one already held earlier."""
        held = self.offences.get(offence.offence_id) or self._known_offences.get(offence.offence_id)
        if held is None:
            self.offences[offence.offence_id] = offence
        elif offence.occurred_at < held.occurred_at:
            self.offences[offence.offence_id] = replace(held, occurred_at=offence.occurred_at)


def _add(problems: Problems, column: str, texts: list[str]) -> None:
    """Note further problems of a column, if there are any."""
    if texts:
        problems.setdefault(column, []).extend(texts)
