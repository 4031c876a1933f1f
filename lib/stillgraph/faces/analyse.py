"""Images in, faces out: decodes, detects, measures and embeds in a pool of threads, in the input's order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from stillgraph.faces import quality
from stillgraph.faces.detect import Detection
from stillgraph.faces.embed import ImageRole, align
from stillgraph.faces.packs import FacePack
from stillgraph.faces.pixels import Pixels, UnusableImage, crop, decode
from stillgraph.records import Face, FaceId, ImageAnalysis, Template

__all__ = ["UnusableImage", "analyse", "analyse_one", "crop"]

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
) -> Iterator[ImageAnalysis]:
    """Yield the faces of each image, in the order of ``images``.

    An image's result depends on its bytes, the pack and the role alone, bit for bit, not on the number of
    workers. At most two images a worker are held at a time. The pool is closed when the iterator ends, is
    closed, or raises.

    Parameters
    ----------
    images
        Image ids with the bytes of their files; read as needed.
    pack
        The models.
    role
        Whether templates are to search with or to be searched.
    workers
        Threads; the number of processors unless given.
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
    count = max(1, workers if workers is not None else os.cpu_count() or 1)
    pool = ThreadPoolExecutor(count, thread_name_prefix="faces")
    waiting: deque[Future[ImageAnalysis]] = deque()
    try:
        done = 0
        supply = iter(images)
        while True:
            for image_id, data in islice(supply, 2 * count - len(waiting)):
                waiting.append(pool.submit(analyse_one, image_id, data, pack, role))
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
        faces = tuple(describe(image_id, n, pixels, one, pack=pack, role=role) for n, one in enumerate(found, start=1))
    except FAULTS_OF_AN_IMAGE as error:
        reason = f"it opens, but looking for faces in it failed ({type(error).__name__}; send the part that matters)"
        raise UnusableImage(image_id, reason) from error
    return ImageAnalysis(image_id, pixels.shape[1], pixels.shape[0], faces)


def describe(image_id: str, n: int, pixels: Pixels, found: Detection, *, pack: FacePack, role: ImageRole) -> Face:
    """Return one detection measured and embedded; every face gets a template, usable or not."""
    measures = quality.measure(align(pixels, found.landmarks), found.landmarks, found.score)
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
