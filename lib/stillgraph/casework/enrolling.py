"""Enrolling custody images, whose faces are the gallery, and their nominals' arrests; by batches that are kept.

Images are analysed while nobody holds the case file. What came of a batch of rows is then committed in one short
transaction, with its entry in the record: others can work between two, and whatever ends the process, the batches
committed stay and the next run of the same manifest goes on behind them. A manifest of one batch is taken in wholly or
not at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import accounting, indexing, pools, retention_rules, unsolved
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.casework.running import keep_run
from stillgraph.casework.wire import served
from stillgraph.errors import CaseInUse, Interrupted, StillgraphError, WrongUse
from stillgraph.gallery.newcomers import LEAD_CHANCE
from stillgraph.governance.permits import Action
from stillgraph.records import AnalysisRun, CustodyImageId, Face, ImageAnalysis, IntakeReport, NominalId, RecordKind
from stillgraph.store import disk, receipts
from stillgraph.store import faces as face_store

if TYPE_CHECKING:
    from stillgraph.intake import CustodyDelivery, ImageProblem, Row, Seen
    from stillgraph.store.images import Incoming

BATCH_ROWS = 500
"""Rows committed together: what is lost at most when a run is cut short, and the largest manifest of one piece."""

CASE_ATTEMPTS = 20
"""How often a batch waits for the case file, half a minute each time, before a long run gives up."""


@dataclass(slots=True)
class _Looked:
    """A row with what was seen of its image; ``told`` is none where there is no file to look at."""

    row: Row
    image: CustodyImageId
    path: Path | None = None
    sha256: str = ""
    problem: ImageProblem | None = None
    told: pools.Told | None = None


@dataclass(slots=True)
class _Work:
    """An enrolment on its way."""

    desk: Desk
    manifest: Path
    rows: Sequence[Row]
    sha256: str
    incoming: Incoming
    batch_rows: int
    delivery_id: int | None
    done: int
    before: int

    @property
    def in_batches(self) -> bool:
        """Whether there is more than one batch to it."""
        return len(self.rows) > self.batch_rows


@served(manifests=("manifest",))
@attempted(Action.ENROL_CUSTODY)
def enrol(
    desk: Desk,
    manifest: Path,
    *,
    arrests: Path | None = None,
    workers: int | None = None,
    dask: str | None = None,
    batch_rows: int = BATCH_ROWS,
    progress: Progress = silent,
    open_stills: bool = True,
    lead_chance: float = LEAD_CHANCE,
) -> IntakeReport:
    """Enrol custody images, and arrest histories where given, a batch of rows at a time.

    Of several faces in a custody image the foremost, by size and place, stands for the person; the others are recorded
    without a template. An image without a face is kept and counted.

    A manifest of at most ``batch_rows`` rows is taken in wholly or not at all. Of a larger one each batch is kept as it
    is done, and the gallery's index brought along; cut short by anything, called again with the same manifest, it goes
    on behind the last batch kept and ends with what it would have come to at once.

    Once enrolled the images are compared with the faces of open stills, and leads wait for review: a search of the
    officer who enrols (:func:`stillgraph.casework.unsolved.search_open_stills`).

    Parameters
    ----------
    manifest : Path
        CSV or XLSX, the images beside it in ``images/``.
    arrests : Path, optional
        The nominals' arrests, taken in with the last batch.
    workers : int, optional
        Who analyses images: threads for a manifest of one batch, else processes; one for each core by default.
    dask : str, optional
        The address of a Dask scheduler, whose workers analyse instead; or ``local``.
    batch_rows : int
        Rows of a batch.
    progress : callable
        Told of each image looked at.
    open_stills : bool
        Whether to compare; left out, the images wait for it.
    lead_chance : float
        That new people who are on no still make a lead of a face, at most.

    Raises
    ------
    ManifestError
        The manifest or the arrests file cannot be read as a whole.
    WrongUse
        A batch has no row, or as :func:`stillgraph.casework.pools.dask`.
    Interrupted
        Ctrl-C with some batches kept, or ``progress`` stopped it.
    CaseInUse
        Another process enrols, or holds the case file.
    """
    if batch_rows < 1:
        raise WrongUse("A batch has at least one row: give --batch 1 or more.")
    if dask is not None:
        pools.check_address(dask)
    began, incoming = time.perf_counter(), desk.images.incoming("custody")
    with disk.plainly(desk.case.directory), incoming.alone():
        work = _begin(desk, manifest, arrests, incoming, batch_rows)
        with _going_on_told(work):
            report, nothing_open = _all_batches(work, arrests, workers, dask, progress)
    report = replace(report, elapsed_s=time.perf_counter() - began)
    if nothing_open or not open_stills:
        return report
    assert work.delivery_id is not None  # noqa: S101  (a batch was committed)
    return unsolved.after_enrolment(desk, report, work.delivery_id, chance=lead_chance)


def _begin(desk: Desk, manifest: Path, arrests: Path | None, incoming: Incoming, batch_rows: int) -> _Work:
    """Permit it, read what is to be enrolled, and find where an earlier run of it stopped."""
    from stillgraph import intake

    with desk.ahead(Action.ENROL_CUSTODY, manifest=manifest.name) as deed:
        table = intake.custody_table(manifest)
        if arrests is not None:  # so that nothing is enrolled where it cannot be read
            intake.read_arrests(arrests, known_nominals={}, now=deed.at)
        incoming.clear(lambda digests: receipts.held_digests(deed.session, digests))
        delivery_id, done = receipts.unfinished(deed.session, table.sha256) or (None, 0)
    return _Work(desk, manifest, table.rows, table.sha256, incoming, batch_rows, delivery_id, done, done)


@contextmanager
def _going_on_told(work: _Work) -> Iterator[None]:
    """Say how to go on where part of the work is kept."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if work.done:
            raise Interrupted(f"Interrupted. {_kept(work)}") from stop
        raise
    except StillgraphError as error:
        if work.done:
            raise type(error)(f"{error} {_kept(work)}") from error
        raise


def _kept(work: _Work) -> str:
    return (
        f"{work.done:,} of {len(work.rows):,} rows are taken in and kept; give the same command again to go on with "
        "the others."
    )


def _all_batches(
    work: _Work, arrests: Path | None, workers: int | None, dask: str | None, progress: Progress
) -> tuple[IntakeReport, bool]:
    """Do what is left; return the report of the whole, and whether there is no open still to compare with."""
    with _workers(work, workers, dask) as pool:
        looked, rows = _looked(work, pool), len(work.rows)
        while True:
            began, batch = time.perf_counter(), list[_Looked]()
            try:
                for one in islice(looked, work.batch_rows):
                    batch.append(one)
                    progress(Step("custody images", work.done + len(batch), rows, "image"))
            except BaseException as error:
                work.desk.record_failure(Action.ENROL_CUSTODY, error, delivery=work.delivery_id, rows_done=work.done)
                raise
            came = _committed(work, batch, pool.workers, time.perf_counter() - began, arrests)
            if work.in_batches:
                with work.desk.case.session(writing=True) as session:
                    indexing.bring_along(session, work.desk.case.directory, work.desk.model)
            if came is not None:
                return came


@contextmanager
def _workers(work: _Work, workers: int | None, dask: str | None) -> Iterator[pools.Pool]:
    """Give who analyses: threads where starting processes would cost more than it brings."""
    pack = work.desk.pack
    if dask is not None:
        made = pools.dask(pack, dask, workers)
    elif work.in_batches:
        made = pools.processes(pack, workers)
    else:
        made = pools.threads(pack, workers)
    with made as pool:
        yield pool


def _looked(work: _Work, pool: pools.Pool) -> Iterator[_Looked]:
    """Yield the rows left, in order, each with what was seen of its image."""
    for one, told in pools.in_order(pool, _to_look_at(work)):
        one.told = told
        yield one


def _to_look_at(work: _Work) -> Iterator[tuple[_Looked, pools.Asked | None]]:
    """Yield each row left with its image, read and kept; one that is held already is only to be decoded."""
    from stillgraph import intake
    from stillgraph.faces.embed import ImageRole

    for at in range(work.done, len(work.rows), work.batch_rows):
        some = work.rows[at : at + work.batch_rows]
        with work.desk.case.session(writing=False) as session:
            held = receipts.held_custody(session, [intake.image_of(row)[0] for row in some])
        for row in some:
            image, name = intake.image_of(row)
            looked, asked = _Looked(row, image), None
            if name is not None:
                try:
                    looked.path, data = intake.open_image(work.manifest.parent, name)
                except intake.ImageProblem as problem:
                    looked.problem = problem
                else:
                    looked.sha256 = work.incoming.put(data)
                    asked = pools.Asked(image, data, None if image in held else ImageRole.CUSTODY)
            yield looked, asked


def _committed(
    work: _Work, batch: Sequence[_Looked], workers: int, elapsed_s: float, arrests: Path | None
) -> tuple[IntakeReport, bool] | None:
    """Commit one batch, waiting for the case file; of the last one return what :func:`_all_batches` does."""
    for _ in range(CASE_ATTEMPTS - 1 if work.in_batches else 0):
        with suppress(CaseInUse):
            return _commit(work, batch, workers, elapsed_s, arrests)
    return _commit(work, batch, workers, elapsed_s, arrests)


def _commit(
    work: _Work, batch: Sequence[_Looked], workers: int, elapsed_s: float, arrests: Path | None
) -> tuple[IntakeReport, bool] | None:
    done = work.done + len(batch)
    with ExitStack() as after, work.desk.act(Action.ENROL_CUSTODY) as deed:
        delivery = _judged(deed, batch)
        told = {one.image: one.told for one in batch if one.told is not None}
        found = [told[image.custody_image_id].analysis for image in delivery.images]
        analyses = [_with_one_template(analysis) for analysis in found if analysis is not None]
        run = _run(work, told.values(), workers, elapsed_s)
        delivery_id = _on_record(deed, work, delivery, done, elapsed_s)
        receipts.add_custody(deed.session, delivery_id, delivery.images, delivery.nominals)
        retention_rules.date_custody(deed)
        face_store.add(deed.session, "custody", [face for a in analyses for face in a.faces])
        keep_run(deed, work.desk.pack, run, "custody", delivery_id)
        deed.note(
            delivery=delivery_id, accepted=len(analyses), refused=len(delivery.refusals),
            faces=sum(len(a.faces) for a in analyses), without_face=sum(not a.faces for a in analyses),
        )  # fmt: skip
        accounting.enrolment(deed, work.desk, [image.conviction_status for image in delivery.images])
        if work.in_batches:
            deed.note(rows=[work.done + 1, done], of=len(work.rows))
        came = None
        if done == len(work.rows):
            came = _ended(deed, work, delivery_id, arrests), unsolved.nothing_open(deed, work.desk, delivery_id)
        after.enter_context(work.incoming.moved({image.sha256 for image in delivery.images}))
    work.delivery_id, work.done = delivery_id, done
    return came


def _judged(deed: Deed, batch: Sequence[_Looked]) -> CustodyDelivery:
    """Accept or refuse the rows of a batch, as the case file stands now."""
    from stillgraph import intake

    seen: dict[str, Seen | ImageProblem] = {}
    failed: dict[CustodyImageId, str] = {}
    for one in batch:
        name, told = one.row.cells["image"], one.told
        if one.problem is not None:
            seen[name] = one.problem
        elif told is not None and told.problem is not None:
            seen[name] = intake.ImageProblem(told.problem)
        elif told is not None and one.path is not None:
            seen[name] = intake.Seen(one.path, one.sha256, told.width_px, told.height_px)
            if told.analysis is None:
                # An image that was held when it was looked at is refused for that, unless it has left since.
                failed[one.image] = told.failed or "it left the case meanwhile; deliver it again"
    rows = [one.row for one in batch]
    delivery = intake.take_custody(
        rows,
        seen,
        known_digests=receipts.custody_of_digests(deed.session, [one.sha256 for one in batch]),
        known_images=receipts.held_custody(deed.session, [one.image for one in batch]),
        known_nominals=receipts.nominals(deed.session, [NominalId(row.cells["nominal_id"]) for row in rows]),
        now=deed.at,
    )
    failed |= retention_rules.custody_without_rule(deed.session, delivery.images)
    return intake.refuse_custody(delivery, failed) if failed else delivery


def _on_record(deed: Deed, work: _Work, delivery: CustodyDelivery, done: int, elapsed_s: float) -> int:
    """Record how far the delivery is; return its number."""
    if work.delivery_id is None:
        return receipts.add_delivery(
            deed.session, kind="custody", retailer_id=None, manifest=work.manifest.name, sha256=work.sha256,
            received_at=deed.at, rows_read=len(work.rows), refusals=delivery.refusals, elapsed_s=elapsed_s,
            rows_done=done,
        )  # fmt: skip
    receipts.go_on(deed.session, work.delivery_id, rows_done=done, refusals=delivery.refusals, elapsed_s=elapsed_s)
    return work.delivery_id


def _run(work: _Work, told: Iterable[pools.Told], workers: int, elapsed_s: float) -> AnalysisRun:
    """Return the record of the analysis of one batch."""
    made = [one for one in told if one.provider is not None]
    provider = " + ".join(sorted({one.provider for one in made if one.provider})) or work.desk.pack.provider
    return AnalysisRun(provider, workers, len(made), elapsed_s, len(made) / elapsed_s if made else None)


def _ended(deed: Deed, work: _Work, delivery_id: int, arrests: Path | None) -> IntakeReport:
    """Take in the arrests with the last batch, and report on all."""
    accepted, refused, faces, without_face = receipts.custody_outcome(deed.session, delivery_id)
    provider, images_per_s = receipts.how_analysed(deed.session, delivery_id)
    report = IntakeReport(
        accepted=accepted, refused=refused, faces=faces, without_face=without_face, elapsed_s=0.0, provider=provider,
        images_per_s=images_per_s, rows_before=work.before,
    )  # fmt: skip
    return report if arrests is None else _with_arrests(deed, report, arrests)


def _with_arrests(deed: Deed, report: IntakeReport, path: Path) -> IntakeReport:
    """Take in the arrests that came with a custody delivery; an arrest of nobody known here is refused."""
    from stillgraph import intake

    retention_rules.require(deed.session, RecordKind.ARREST)
    known = receipts.nominals(deed.session)
    arrests, refused = intake.read_arrests(path, known_nominals=known, now=deed.at)
    digest = sha256(path.read_bytes()).hexdigest()
    receipts.add_delivery(
        deed.session, kind="arrests", retailer_id=None, manifest=path.name, sha256=digest,
        received_at=deed.at, rows_read=len(arrests) + len(refused), refusals=refused, elapsed_s=0.0,
    )  # fmt: skip
    new, changed = receipts.add_arrests(deed.session, arrests)
    deed.note(arrests=new, arrests_changed=changed, arrests_refused=len(refused))
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
