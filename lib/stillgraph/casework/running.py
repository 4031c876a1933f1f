"""Running the face pipeline over the images of an action, and recording with what and how fast it ran."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar, cast

from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.progress import Progress, Step
from stillgraph.records import AnalysisRun, ImageAnalysis
from stillgraph.store import receipts

if TYPE_CHECKING:
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.packs import FacePack

ImageId = TypeVar("ImageId", bound=str)


def analyse_all(
    desk: Desk,
    images: Iterable[tuple[ImageId, bytes]],
    count: int,
    role: ImageRole,
    workers: int | None,
    *,
    progress: Progress,
) -> tuple[list[ImageAnalysis], dict[ImageId, str], AnalysisRun]:
    """Return the analyses of all images that can be analysed, why the others cannot, and how the run went."""
    from stillgraph.faces.analyse import analyse

    failed: dict[str, str] = {}
    pack = desk.pack  # loading it is no part of the time
    began = time.perf_counter()
    what = f"faces ({role})"
    # Closed at once where it is stopped half-way: its threads then end before anybody hears of it.
    with closing(
        analyse(
            images, pack, role=role, workers=workers, failed=failed.__setitem__,
            progress=lambda done: progress(Step(what, done, count, "image")),
        )
    ) as found:  # fmt: skip
        analyses = list(found)
    run = timed(pack, workers, len(analyses) + len(failed), time.perf_counter() - began)
    return analyses, {cast("ImageId", image): reason for image, reason in failed.items()}, run


def timed(pack: FacePack, workers: int | None, images: int, elapsed_s: float) -> AnalysisRun:
    """Return the record of a run of a pack over so many images."""
    from stillgraph.faces.analyse import threads

    rate = images / elapsed_s if images else None
    return AnalysisRun(pack.provider, threads(workers), images, elapsed_s, rate)


def keep_run(deed: Deed, pack: FacePack, run: AnalysisRun, purpose: str, delivery_id: int | None = None) -> None:
    """Store the record of a run of a pack, and note the provider with the deed."""
    receipts.add_analysis_run(
        deed.session, run, purpose=purpose, delivery_id=delivery_id, analysed_at=deed.at, pack=pack.name,
        model=pack.model,
    )  # fmt: skip
    deed.note(provider=run.provider)
