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
from stillgraph.faces.pixels import Pixels, crop, decode
from stillgraph.records import Face, FaceId, ImageAnalysis, Template

__all__ = ["analyse", "analyse_one", "crop"]


def analyse(
    images: Iterable[tuple[str, bytes]],
    pack: FacePack,
    *,
    role: ImageRole = ImageRole.STILL,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
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

    Raises
    ------
    WrongUse
        An image cannot be decoded; the message names it.
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
            result = waiting.popleft().result()
            done += 1
            if progress is not None:
                progress(done)
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def analyse_one(image_id: str, data: bytes, pack: FacePack, role: ImageRole = ImageRole.STILL) -> ImageAnalysis:
    """Return the faces of one image, left to right by the centres of their boxes, numbered from 1.

    Raises
    ------
    WrongUse
        The image cannot be decoded.
    """
    pixels = decode(data, image_id)
    found = sorted(pack.detector.detect(pixels), key=lambda d: (d.box.x + d.box.width / 2, d.box.y))
    faces = tuple(describe(image_id, n, pixels, one, pack=pack, role=role) for n, one in enumerate(found, start=1))
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
