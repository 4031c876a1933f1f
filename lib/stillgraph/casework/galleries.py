"""How the gallery of a case is searched: what it holds, by which engine, and what that is measured to lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillgraph.casework import indexing, self_checking
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.searching import DEFAULT_LIMIT
from stillgraph.casework.wire import served
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import EngineChoice, GalleryStatus, LossCheck
from stillgraph.store import Session, checks

if TYPE_CHECKING:
    from stillgraph.gallery.compressed import CompressedIndex
    from stillgraph.gallery.exact import ExactIndex

DEFAULT_PROBES = 1000


@served
def status(desk: Desk) -> GalleryStatus:
    """Return how the gallery is searched now, what it holds and what is known of its losses.

    The index is brought to agree with the case file first, as a search would.

    Raises
    ------
    WrongUse
        The gallery is empty.
    """
    with desk.act(Action.VIEW, what="gallery") as deed:
        return _status(deed.session, _current(deed.session, desk))


@served
def choose_engine(desk: Desk, wanted: EngineChoice) -> GalleryStatus:
    """Set how the gallery of the case is searched from now on: ``auto``, ``exact`` or ``compressed``.

    Raises
    ------
    WrongUse
        The gallery is empty.
    """
    with desk.act(Action.CHOOSE_ENGINE, engine=str(wanted)) as deed:
        deed.note(before=str(checks.choice(deed.session)))
        checks.choose(deed.session, wanted)
        return _status(deed.session, _current(deed.session, desk))


@served
@attempted(Action.CHECK_GALLERY)
def check(
    desk: Desk, *, probes: int = DEFAULT_PROBES, limit: int = DEFAULT_LIMIT, seed: int = 0, show_progress: bool = False
) -> LossCheck:
    """Search a sample of the case's faces by codes and again exactly, count the mates lost, and keep the result.

    It measures what a compressed search of this gallery loses, whichever engine it is searched with now.

    Parameters
    ----------
    probes : int
        The most faces of stills to search; all usable ones where there are fewer.
    limit : int
        The most persons on a list.
    seed : int
        Of the sample.

    Raises
    ------
    WrongUse
        Numbers make no sense, the gallery is empty or too small to have codes, or no face can be searched.
    """
    if probes < 1 or limit < 1 or seed < 0:
        raise WrongUse("A check takes one face or more, lists of one person or more, and a seed from 0.")
    with desk.act(Action.CHECK_GALLERY, probes=probes, limit=limit, seed=seed, model=desk.model) as deed:
        from stillgraph.gallery import compressed, loss

        exact = _current(deed.session, desk)
        if exact.info.size < compressed.TRAINED_FROM:
            raise WrongUse(
                f"A gallery of fewer than {compressed.TRAINED_FROM:,} custody images is always compared whole: no "
                "codes are made of it, and there is no loss to check."
            )
        sample = checks.sample(deed.session, desk.model, probes, seed)
        if not sample:
            raise WrongUse("No face of a still can be searched yet: receive a delivery, then check the gallery.")
        coded = compressed.beside(exact, trained_from=compressed.TRAINED_FROM)
        measured = loss.measure(coded, sample, limit=limit, show_progress=show_progress)
        found = self_checking.kept(deed, exact, measured, limit=limit, seed=seed)
        deed.note(check=found.check_id, searched=found.probes, lost=found.lost, gallery=exact.info.version)
        return found


def sentence(check: LossCheck) -> str:
    """Return what a check bears out, and no more."""
    from stillgraph.gallery.loss import Loss

    return Loss.of(check).sentence()


def _current(session: Session, desk: Desk) -> ExactIndex:
    return indexing.current(session, desk.case.directory, desk.model)


def _status(session: Session, exact: ExactIndex) -> GalleryStatus:
    from stillgraph.gallery import choice

    wanted, held = checks.choice(session), exact.statistics()
    index = indexing.searchable(session, exact)
    newest = checks.telling(session, exact.model, exact.info)
    return GalleryStatus(
        choice=wanted, engine=index.engine, why=choice.engine_for(wanted, held.images, held.vector_bytes)[1],
        gallery=exact.info, model=exact.model, persons=held.persons, segments=held.segments,
        deleted_rows=held.deleted_rows, dimension=held.dimension, number=held.number, vector_bytes=held.vector_bytes,
        code_bytes=_code_bytes(index), disk_bytes=0 if exact.directory is None else exact.directory.bytes(),
        check=newest, said=choice.said(index.engine, exact.info, newest),
    )  # fmt: skip


def _code_bytes(index: ExactIndex | CompressedIndex) -> int:
    from stillgraph.gallery.compressed import CompressedIndex

    if not isinstance(index, CompressedIndex):
        return 0
    index.prepare()
    return index.code_bytes()
