"""Images in, faces out: decodes, detects, measures and embeds in a pool of threads, in the input's order.

Threads, not processes: networks and image operations run outside Python's lock, and threads share one copy of the
models' weights (docs/decisions/0008-threads-not-processes.md). Memory does not grow with the number of images.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from threading import Condition

from stillgraph.decoding import DEFAULT_LIMITS
from stillgraph.faces import bands, quality
from stillgraph.faces.compression import jpeg_quality
from stillgraph.faces.detect import Detection
from stillgraph.faces.embed import ImageRole, align
from stillgraph.faces.packs import FacePack
from stillgraph.faces.pixels import Pixels, UnusableImage, cost, crop, decode
from stillgraph.records import Face, FaceId, ImageAnalysis, Template

__all__ = ["UnusableImage", "analyse", "analyse_one", "crop", "threads"]

IMAGES_A_WORKER = 2
"""Images held for each worker: the one it is at, and the next, so that none waits for the reading."""

PIXELS_AT_ONCE = 80_000_000
"""Most pixels of images being analysed at the same time, whatever the number of workers: two of the largest images
that are taken in. A pixel takes up to about twenty bytes until its faces are found."""

FAULTS_OF_AN_IMAGE = (ValueError, ArithmeticError, LookupError, MemoryError)
"""What odd pixels may raise in arithmetic on them. Anything else is a fault of the model or of this program, and ends
everything: to refuse every image for it would blame the images."""


def analyse(
    images: Iterable[tuple[str, bytes]],
    pack: FacePack,
    *,
    role: ImageRole = ImageRole.STILL,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    failed: Callable[[str, str], None] | None = None,
) -> Generator[ImageAnalysis]:
    """Yield the faces of each image, in the order of ``images``.

    An image's result depends on its bytes, the pack and the role alone, bit for bit, not on the number of
    workers. At most :data:`IMAGES_A_WORKER` images a worker are held at a time, and :data:`PIXELS_AT_ONCE` of them
    decoded. When the iterator ends, is closed, or raises, images not begun are dropped, those begun are finished, and
    no thread is left.

    Parameters
    ----------
    images
        Image ids with the bytes of their files; read as needed.
    pack
        The models.
    role
        Whether templates are to search with or to be searched.
    workers
        As :func:`threads` has it.
    progress
        Called with the number of images done so far, after each.
    failed
        Called with the id of each image that cannot be analysed and the reason, and the others go on. Without it
        the first such image ends everything.

    Raises
    ------
    UnusableImage
        An image cannot be analysed and nobody asked to be told; the message names it.
    """
    count = threads(workers)
    room = Room(PIXELS_AT_ONCE) if count * DEFAULT_LIMITS.max_pixels > PIXELS_AT_ONCE else None  # else all always fit
    pool = ThreadPoolExecutor(count, thread_name_prefix="faces")
    waiting: deque[Future[ImageAnalysis]] = deque()
    try:
        done = 0
        supply = iter(images)
        while True:
            for image_id, data in islice(supply, IMAGES_A_WORKER * count - len(waiting)):
                waiting.append(pool.submit(_in_room, room, image_id, data, pack, role))
            if not waiting:
                return
            result = _result(waiting.popleft(), failed)
            done += 1
            if progress is not None:
                progress(done)
            if result is not None:
                yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def threads(workers: int | None) -> int:
    """Return how many threads analyse images: as many as asked for, else one for each processor allowed to us."""
    if workers is not None:
        return max(1, workers)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Room:
    """Room for so many decoded pixels. Who would exceed it waits, unless it is empty: then anything fits.

    Nobody waits for ever: what is in it needs no more room to end.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0
        self._changed = Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Hold room for these pixels while the block runs."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken == 0 or self._taken + pixels <= self.most)
            self._taken += pixels
        try:
            yield
        finally:
            with self._changed:
                self._taken -= pixels
                self._changed.notify_all()


def _in_room(room: Room | None, image_id: str, data: bytes, pack: FacePack, role: ImageRole) -> ImageAnalysis:
    if room is None:
        return analyse_one(image_id, data, pack, role)
    with room.taken(cost(data)):
        return analyse_one(image_id, data, pack, role)


def _result(future: Future[ImageAnalysis], failed: Callable[[str, str], None] | None) -> ImageAnalysis | None:
    """Return one image's analysis, or None where it failed and ``failed`` was told why."""
    try:
        return future.result()
    except UnusableImage as problem:
        if failed is None:
            raise
        failed(problem.image_id, problem.reason)
        return None


def analyse_one(image_id: str, data: bytes, pack: FacePack, role: ImageRole = ImageRole.STILL) -> ImageAnalysis:
    """Return the faces of one image, left to right by the centres of their boxes, numbered from 1.

    Raises
    ------
    UnusableImage
        The image cannot be decoded, or something in it stops the analysis. A model that fails is no such thing.
    """
    pixels = decode(data, image_id)
    try:
        found = sorted(pack.detector.detect(pixels), key=lambda d: (d.box.x + d.box.width / 2, d.box.y))
        saved_at = jpeg_quality(data)
        faces = tuple(
            describe(image_id, n, pixels, one, pack=pack, role=role, saved_at=saved_at)
            for n, one in enumerate(found, start=1)
        )
    except FAULTS_OF_AN_IMAGE as error:
        reason = f"it opens, but looking for faces in it failed ({type(error).__name__}; send the part that matters)"
        raise UnusableImage(image_id, reason) from error
    return ImageAnalysis(image_id, pixels.shape[1], pixels.shape[0], faces)


def describe(
    image_id: str,
    n: int,
    pixels: Pixels,
    found: Detection,
    *,
    pack: FacePack,
    role: ImageRole,
    saved_at: float | None = None,
) -> Face:
    """Return one detection measured and embedded; every face gets a template, usable or not.

    ``saved_at`` is the JPEG quality of the image's file, ``None`` for other formats.
    """
    measures = quality.measure(align(pixels, found.landmarks), found.landmarks, found.score, saved_at)
    measures = replace(measures, band=bands.band(measures, pack.model))
    reason = quality.unusable_reason(measures)
    return Face(
        face_id=FaceId(f"{image_id}#{n}"),
        image_id=image_id,
        box=found.box,
        landmarks=found.landmarks,
        quality=measures,
        found_by=found.found_by,
        usable=reason is None,
        unusable_reason=reason,
        template=Template(pack.model, pack.embedder.embed(pixels, found.landmarks, role)),
    )
