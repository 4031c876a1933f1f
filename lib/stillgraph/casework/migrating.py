"""Bringing a case from one face model pack to another: every template made anew, the old ones kept until the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from stillgraph.casework import enhancing
from stillgraph.casework.desk import Desk
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.casework.running import keep_run, timed
from stillgraph.casework.wire import served
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import FaceId, ModelId, Vector
from stillgraph.store import faces as face_store
from stillgraph.store import templates

if TYPE_CHECKING:
    from stillgraph.faces.packs import FacePack

BATCH_IMAGES = 256
"""Images between two commits: what an interruption costs, and the most that memory holds templates of."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A case brought from one model to another; ``images`` were embedded by this call, earlier ones before it."""

    since: ModelId
    to: ModelId
    images: int
    templates: int
    elapsed_s: float
    provider: str
    """The onnxruntime provider that really ran the networks."""
    images_per_s: float | None
    """Of this call; ``None`` where no image was left to embed."""


@served
def migrate(desk: Desk, pack: str, *, workers: int | None = None, progress: Progress = silent) -> Migration:
    """Make every template of the case anew with another pack, then bind the case to it.

    Faces keep their places, numbers, reviews and rulings: they are embedded again where they were found, not looked for
    again. Templates come in batches, each committed by itself, beside those of the old model, which the case goes on
    using until the last is there; then it changes over in one transaction and the old ones are deleted. Stopped on the
    way, by anything, it leaves the case as it was, and called again it goes on where it stopped. Enhanced pictures are
    made again from their originals, so that their faces come along.

    Raises
    ------
    WrongUse
        The case is bound to that model already.
    ModelError
        The pack is not there, or cannot be used.
    NotFound, CaseError
        An image of the case is missing or altered.
    """
    from stillgraph.faces import bands, packs

    with desk.act(Action.MIGRATE_MODEL, to=pack, step="begin"):
        target, since = packs.load(pack), desk.model
        if target.model == since:
            raise WrongUse(f"The case is bound to {target.model} already: there is nothing to bring anywhere.")
    began = time.perf_counter()
    images = _embed_all(desk, target, workers, progress)
    with desk.act(Action.MIGRATE_MODEL, to=pack, step="end") as deed:
        # What was delivered since the last batch has no template of the new model yet.
        while late := templates.lacking(deed.session, since, target.model, BATCH_IMAGES):
            templates.add(deed.session, target.model, list(_embedded(desk, late, target, workers)))
            images += len(late)
        enhancing.embed_views_anew(desk, deed, since, target)
        run = timed(target, workers, images, time.perf_counter() - began)
        keep_run(deed, target, run, "migration")
        templates.bind(deed.session, pack=target.name, model=target.model)
        face_store.set_bands(deed.session, partial(bands.band, model=target.model))
        dropped = templates.drop(deed.session, since)
        deed.note(since=since, model=target.model, templates=dropped)
    desk.forget_settings()
    elapsed = time.perf_counter() - began
    return Migration(since, target.model, images, dropped, elapsed, run.provider, run.images_per_s)


def _embed_all(desk: Desk, target: FacePack, workers: int | None, progress: Progress) -> int:
    """Make what templates are lacking, a batch at a time; return of how many images."""
    since, done = desk.model, 0
    with desk.case.session(writing=False) as session:
        count = templates.lacking_count(session, since, target.model)
    while True:
        progress(Step("templates", done, count, "image"))
        # Embedding takes long, so the case is not held meanwhile: others go on working with the old model.
        with desk.case.session(writing=False) as session:
            batch = templates.lacking(session, since, target.model, BATCH_IMAGES)
        if not batch:
            return done
        made = list(_embedded(desk, batch, target, workers))
        with desk.act(Action.MIGRATE_MODEL, to=target.name, step="batch", images=len(batch)) as deed:
            wanted = templates.still_wanted(deed.session, since, target.model, made)
            templates.add(deed.session, target.model, wanted)
        done += len(batch)


def _embedded(
    desk: Desk, batch: list[templates.ToEmbed], target: FacePack, workers: int | None
) -> Iterator[tuple[FaceId, Vector]]:
    """Yield the template of each face of some images."""
    from stillgraph.faces.analyse import threads
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.pixels import decode

    def one(image: templates.ToEmbed) -> list[tuple[FaceId, Vector]]:
        pixels = decode(desk.images.get(image.sha256), image.image_id)
        role = ImageRole(image.image_kind)
        return [
            (face, target.embedder.embed(pixels, points, role))
            for face, points in zip(image.faces, image.landmarks, strict=True)
        ]

    pool = ThreadPoolExecutor(threads(workers), thread_name_prefix="templates")
    try:
        for made in pool.map(one, batch):
            yield from made
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
