"""What is due for deletion on a day and why; and deleting it, everywhere in the case, in one action.

Being listed decides nothing; an officer applies the list. What must not be deleted yet is held
(:mod:`stillgraph.casework.holding`), or kept on review with a reason and a new date (:func:`keep`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from stillgraph.casework import erasing, retention_rules, scanning, uploading
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import CaseError, CaseInUse, NotFound, WrongUse
from stillgraph.governance import retention as rules
from stillgraph.governance.permits import Action
from stillgraph.records import (
    AtEnd,
    CustodyImageId,
    Due,
    Erasure,
    Outside,
    RecordKind,
    RetentionReport,
    RetentionRule,
    StillId,
)
from stillgraph.store import backups, holds, traces
from stillgraph.store import erasing as rows
from stillgraph.store import retention as store


@served
def due(desk: Desk, on: date) -> RetentionReport:
    """Return what is due on a day: the records whose period is over by then, by which rule, why, and what is held.

    Review dates of stills are brought to what their rules say first: a still's status changes as officers review it.
    """
    with desk.act(Action.LIST_RETENTION, on=on) as deed:
        found = _due(deed, desk, on)
        deed.note(due=len(found), held=sum(one.held is not None for one in found))
        return RetentionReport(on, found)


@served
def apply(desk: Desk, on: date) -> RetentionReport:
    """Delete what is due on a day, not held, and not for an officer to decide; return what was due and what went.

    Rows, bytes, crops, templates, index entries, outputs and exports go in one action: whatever ends the process, all
    of it is deleted or nothing, at the latest once the case is opened again. The audit says what kind of record was
    deleted, by which rule and why. Afterwards the whole case directory is searched for what went.

    Raises
    ------
    CaseInUse
        Another process is deleting, or has the case open; or this one has.
    """
    with desk.act(Action.APPLY_RETENTION, on=on, step="list") as deed:
        found = _due(deed, desk, on)
        deed.note(due=len(found), held=sum(one.held is not None for one in found))
    chosen = _to_delete(found)
    if not chosen:
        return RetentionReport(on, found)

    def still(deed: Deed) -> list[Due]:
        now = {(one.kind, one.id) for one in _to_delete(_due(deed, desk, on))}
        return [one for one in chosen if (one.kind, one.id) in now]

    erasure = erase(desk, chosen, Action.APPLY_RETENTION, because=f"due on {on.isoformat()}", still=still)
    return RetentionReport(on, found, erasure)


def _to_delete(found: Sequence[Due]) -> list[Due]:
    return [one for one in found if one.held is None and one.at_end is AtEnd.DELETE]


def erase(
    desk: Desk,
    chosen: Sequence[Due],
    action: Action,
    *,
    because: str,
    still: Callable[[Deed], Sequence[Due]],
    also: Callable[[Deed, int], None] | None = None,
) -> Erasure | None:
    """Delete some records wholly, as one action, and look for them afterwards; ``None`` where none was left to delete.

    Parameters
    ----------
    chosen
        What was to be deleted when it was looked at.
    still
        Returns what of it still is, within the transaction that deletes: others may have held or kept some meanwhile.
    also
        Is done with it.
    """
    with erasing.alone(desk.case):
        if erasing.waiting(desk.case):
            _finish_waiting(desk)
        seen, gone = _seen(desk, chosen), rows.Gone()
        try:
            with desk.act(action) as deed:
                going = list(still(deed))
                deed.note(deleting=len(going))
                if not going:
                    return None
                erasure_id = _rows_gone(deed, going, gone, because=because)
                if also is not None:
                    also(deed, erasure_id)
                erasing.mark(desk.case, erasure_id, gone.digests)
        except BaseException:
            erasing.settle(desk.case)
            raise
        return _finished(desk, erasure_id, gone, seen, tuple(going))


def finish_left_over(desk: Desk) -> None:
    """Finish a deletion that was cut short, where nobody is at it; what is in its way waits for the next opening."""
    try:
        with erasing.alone(desk.case):
            _finish_waiting(desk)
    except (CaseInUse, CaseError):
        return


def _finish_waiting(desk: Desk) -> None:
    left = erasing.settle(desk.case)
    if left is None:
        return
    officer = desk.claim.officer or "(none)"
    with desk.found(Action.APPLY_RETENTION, officer, erasure=left[0], step="finished after a stop") as deed:
        removed = erasing.remove(desk.case, deed.session, desk.model, *left)
        rows.finish(deed.session, left[0], deed.at, None)
        deed.note(files_removed=removed.files)
    desk.case.rewrite()
    erasing.done(desk.case)


@served
def keep(desk: Desk, kind: RecordKind, record: str, *, until: date, because: str) -> None:
    """Keep a custody image or still beyond its review: an officer's decision, with a reason and the next review.

    Raises
    ------
    WrongUse
        No reason, a day that has passed, or a kind of record that has no review date of its own.
    NotFound
        There is no such record.
    """
    with desk.act(Action.KEEP_ON, kind=str(kind), record=record, until=until) as deed:
        if kind not in {RecordKind.CUSTODY_IMAGE, RecordKind.STILL}:
            raise WrongUse(f"A {kind} has no review date of its own: custody images and stills have.")
        if not because.strip():
            raise WrongUse("Keeping a record beyond its review needs a reason: --because TEXT.")
        if until <= deed.at.date():
            raise WrongUse(f"The next review must lie ahead; {until.isoformat()} does not.")
        done = store.keep_on(
            deed.session, kind, record, until=until, because=because.strip(), officer=deed.officer,
            operation=deed.operation, at=deed.at,
        )  # fmt: skip
        if not done:
            raise NotFound(f"There is no {kind} {record} in this case.")


def _due(deed: Deed, desk: Desk, on: date) -> tuple[Due, ...]:
    session = deed.session
    retention_rules.date_stills(session)
    asked = _Asked(store.rules(session), on, holds.kept(session, min(on, deed.at.date())))
    found = [
        *_reviewed(asked, RecordKind.CUSTODY_IMAGE, store.custody_due(session, on)),
        *_reviewed(asked, RecordKind.STILL, store.stills_due(session, on)),
    ]
    for kind in store.MADE:
        found += _over(asked, kind, store.made(session, kind))
    found += _over(asked, RecordKind.UPLOAD, _uploads(desk.case.directory))
    found += _over(asked, RecordKind.NOTEBOOK, _notebooks(desk.case.directory))
    return tuple(sorted(found, key=lambda one: (one.due_on, list(RecordKind).index(one.kind), one.id)))


@dataclass(frozen=True, slots=True)
class _Asked:
    rules: tuple[RetentionRule, ...]
    on: date
    kept: Mapping[tuple[str, str], int]

    def held(self, kind: RecordKind, record: str) -> str | None:
        """Return the hold that keeps a record, in words."""
        hold = self.kept.get((kind, record))
        return None if hold is None else f"legal hold {hold}"


def _reviewed(asked: _Asked, kind: RecordKind, dated: Sequence[store.Dated]) -> Iterator[Due]:
    """Yield what is due of a kind with review dates; where no rule is left for it, an officer is to decide."""
    for one in dated:
        rule, held = rules.rule_for(asked.rules, kind, one.status, one.basis), asked.held(kind, one.id)
        whose = "as an officer set it" if one.set_by else "by its rule" if kind is RecordKind.STILL else "by custody"
        why = f"its review was due on {one.day.isoformat()}, {whose}, and nobody has decided to keep it"
        if rule is None:
            yield Due(kind, one.id, one.day, "none", f"{why}; no rule is for it", AtEnd.REVIEW, held)
        elif rule.at_end is not AtEnd.KEEP:
            yield Due(kind, one.id, one.day, str(rule), f"{why}. {rule.source}", rule.at_end, held)


def _over(asked: _Asked, kind: RecordKind, dated: Sequence[store.Dated]) -> Iterator[Due]:
    """Yield what is due of a kind whose period is counted from one day."""
    rule = rules.rule_for(asked.rules, kind)
    if rule is None or rule.at_end is AtEnd.KEEP:
        return
    for one in dated:
        day = rules.after(one.day, rule.keep_for)
        if day <= asked.on:
            why = f"kept for {rule.keep_for} from {one.day.isoformat()}, its {rule.counted_from}. {rule.source}"
            yield Due(kind, one.id, day, str(rule), why, rule.at_end, asked.held(kind, one.id))


def _uploads(case: Path) -> list[store.Dated]:
    """Return the deliveries dropped into a page and never taken in, with the day."""
    return [store.Dated(one.upload_id, one.kept_at.date()) for one in uploading.lying(case)]


def _notebooks(case: Path) -> list[store.Dated]:
    """Return the case's notebooks that have outputs, with the day of their last change."""
    folder = case / erasing.NOTEBOOKS
    return [
        store.Dated(str(path.relative_to(folder)), datetime.fromtimestamp(path.stat().st_mtime, UTC).date())
        for path in erasing.notebooks(folder)
        if erasing.has_outputs(path)
    ]


def _rows_gone(deed: Deed, chosen: list[Due], gone: rows.Gone, *, because: str) -> int:
    """Delete rows, within the transaction; return the number of the deletion."""
    session = deed.session
    by_kind = {kind: [one.id for one in chosen if one.kind is kind] for kind in RecordKind}
    rows.custody_images(session, [CustodyImageId(one) for one in by_kind[RecordKind.CUSTODY_IMAGE]], gone)
    rows.stills(session, [StillId(one) for one in by_kind[RecordKind.STILL]], gone)
    rows.searches(session, _numbers(by_kind[RecordKind.SEARCH]))
    rows.arrays(session, _numbers(by_kind[RecordKind.ARRAY]))
    rows.rankings(session, _numbers(by_kind[RecordKind.RANKING]))
    rows.saved_queries(session, _numbers(by_kind[RecordKind.SAVED_QUERY]))
    chosen += [
        Due(RecordKind.NOMINAL, nominal, deed.at.date(), "nominal record", "its last custody image was deleted",
            AtEnd.DELETE)
        for nominal in gone.nominals
    ]  # fmt: skip
    erasure_id = rows.begin(
        session, chosen, because=because, officer=deed.officer, operation=deed.operation, at=deed.at
    )
    quoting = rows.quoting(session, [*gone.names, *gone.ids()])
    rows.saved_queries(session, quoting)
    deed.note(
        erasure=erasure_id, because=because, saved_queries=quoting, nominals=gone.nominals,
        records=[[str(one.kind), one.id, one.rule] for one in chosen],
    )  # fmt: skip
    return erasure_id


def _numbers(ids: Sequence[str]) -> list[int]:
    return [int(one) for one in ids]


def _seen(desk: Desk, chosen: Sequence[Due]) -> dict[str, bytes]:
    """Read the bytes of some of the images to be deleted, to look for them afterwards."""
    from stillgraph.store import receipts

    with desk.case.session(writing=False) as session:
        images = [CustodyImageId(one.id) for one in chosen if one.kind is RecordKind.CUSTODY_IMAGE]
        stills = [StillId(one.id) for one in chosen if one.kind is RecordKind.STILL]
        digests = {
            *receipts.custody_digests(session, images).values(),
            *receipts.still_digests(session, stills).values(),
        }
    seen = {}
    for digest in scanning.spread(sorted(digests)):
        if desk.images.path(digest).exists():
            seen[digest] = desk.images.get(digest)
    return seen


def _finished(desk: Desk, erasure_id: int, gone: rows.Gone, seen: dict[str, bytes], chosen: tuple[Due, ...]) -> Erasure:
    with desk.finishing(Action.APPLY_RETENTION, erasure=erasure_id, step="files removed") as deed:
        removed = erasing.remove(desk.case, deed.session, desk.model, erasure_id, sorted(gone.digests))
        deed.note(files_removed=removed.files, outside=[one.what for one in removed.outside])
    desk.case.rewrite()
    with desk.finishing(Action.APPLY_RETENTION, erasure=erasure_id, step="looked for what was deleted") as deed:
        gone.names -= traces.names_held(deed.session, sorted(gone.names))
        found = scanning.tables(deed.session, gone) + scanning.indexes(desk, deed, gone)
        found += scanning.files(desk.case.directory, scanning.needles(seen, gone.templates, sorted(gone.names)))
        rows.finish(deed.session, erasure_id, deed.at, len(found))
        deed.note(left=len(found), places=sorted({one.place for one in found}))
        outside = (*removed.outside, *_in_backups(deed, erasure_id))
    erasing.done(desk.case)
    return Erasure(erasure_id, chosen, removed.files, len(found), tuple(found), outside)


def _in_backups(deed: Deed, erasure_id: int) -> list[Outside]:
    """Return the backups that are not removed: they were made before, and hold what was deleted until they go."""
    return [
        Outside(f"backup {one.backup_id}", one.place, f"holds what deletion {erasure_id} deleted; to be removed by "
                f"{one.keep_until.isoformat()}: `stillgraph backups remove CASE {one.backup_id}`")
        for one in backups.every(deed.session)
        if one.removed_at is None
    ]  # fmt: skip
