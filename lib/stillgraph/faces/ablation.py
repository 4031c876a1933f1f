"""What each part of the recipe brings: an image's template made with more and more of it, from the plain model on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from stillgraph.faces.detect import Detection, YuNet, merge
from stillgraph.faces.embed import (
    CROP_PX,
    FIVE_POINTS,
    Embedder,
    FusionEmbedder,
    ImageRole,
    ViewEmbedder,
    align,
    fuse,
    similarity,
    unit,
    views,
)
from stillgraph.faces.foremost import prominence
from stillgraph.faces.insight import InsightDetector
from stillgraph.faces.packs import FacePack
from stillgraph.faces.pixels import Pixels, decode
from stillgraph.records import Vector


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the recipe added to those before it.

    ``published``: the crop as OpenCV and InsightFace make it, not ours (:func:`published`).
    ``scales``: landmarks averaged over all detection passes, not of the one pass at the image's own size.
    ``flips``: each crop with its mirror image. ``twins``: custody templates with their low-resolution twins.
    ``soft``: stills seen a second time, softened and wider.
    """

    name: str
    published: bool = False
    scales: bool = False
    flips: bool = False
    twins: bool = False
    soft: bool = False

    def way(self, role: ImageRole) -> tuple[bool, bool, bool, bool]:
        """Return what the stage does to an image of a role: published crop, several scales, flips, several views."""
        return self.published, self.scales, self.flips, self.twins if role is ImageRole.CUSTODY else self.soft


PLAIN = Stage("plain", published=True)
FULL = Stage("full recipe", scales=True, flips=True, twins=True, soft=True)

STAGES = (
    PLAIN,
    Stage("+ our crop, flips", flips=True),
    Stage("+ detection at several scales", flips=True, scales=True),
    Stage("+ low-resolution twins", flips=True, scales=True, twins=True),
    FULL,
)
"""From the plain model to the whole recipe. Plain: one detection pass, one crop, one vector, as others compute it."""


def templates(
    data: bytes, name: str, pack: FacePack, role: ImageRole, stages: Sequence[Stage] = STAGES
) -> dict[str, Vector | None]:
    """Return the template of an image's foremost face by each stage's name; ``None`` where that stage finds no face.

    Raises
    ------
    UnusableImage
        The image cannot be decoded.
    """
    pixels = decode(data, name)
    whole, plain = foremost(pack.detector.detect(pixels), pixels), foremost(one_pass(pixels, pack), pixels)
    made: dict[tuple[bool, bool, bool, bool], Vector | None] = {}
    for stage in stages:
        found = whole if stage.scales else plain
        if stage.way(role) not in made:
            made[stage.way(role)] = None if found is None else template(pixels, found, pack.embedder, role, stage)
    return {stage.name: made[stage.way(role)] for stage in stages}


def template(pixels: Pixels, found: Detection, embedder: Embedder, role: ImageRole, stage: Stage) -> Vector:
    """Return the template of one face as a stage makes it, float32 of unit length, shape (d,)."""
    if isinstance(embedder, FusionEmbedder):
        parts = [template(pixels, found, member, role, stage) for member in embedder.members]
        return fuse(parts, embedder.weights)
    assert isinstance(embedder, ViewEmbedder)  # noqa: S101  (packs hold nothing else)
    size = embedder.recogniser.size_px
    _, _, flips, varied = stage.way(role)
    crop = published if stage.published else align
    seen = views(pixels, found.landmarks, role, size) if varied else [crop(pixels, found.landmarks, size_px=size)]
    made = embedder.with_flips(seen) if flips else embedder.recogniser.vectors(np.stack([np.asarray(f) for f in seen]))
    return unit(np.sum([unit(vector) for vector in made], axis=0))


def published(pixels: Pixels, landmarks: Vector, *, size_px: int) -> Image.Image:
    """Return the aligned crop as OpenCV's FaceRecognizerSF and InsightFace make it: ``cv2.warpAffine``, bilinear.

    Whole numbers are the centres of pixels there, and the image is not shrunk first. On small faces its smoothness is
    worth something: a plain model with another crop would be too easy to beat.
    """
    inverse = np.linalg.inv(np.vstack([similarity(landmarks, FIVE_POINTS * (size_px / CROP_PX)), [0, 0, 1]]))[:2]
    inverse[:, 2] += 0.5 - inverse[:, :2].sum(axis=1) / 2
    matrix = tuple(inverse.ravel())
    return Image.fromarray(pixels).transform(
        (size_px, size_px), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )


def one_pass(pixels: Pixels, pack: FacePack) -> list[Detection]:
    """Return what the pack's detector finds in one pass at the image's own size."""
    detector = pack.detector
    assert isinstance(detector, YuNet | InsightDetector)  # noqa: S101  (packs hold nothing else)
    return merge({"1x": detector.single_pass(pixels, 1.0)})


def foremost(found: Sequence[Detection], pixels: Pixels) -> Detection | None:
    """Return the face that a picture is of, by size and place, or ``None``."""
    height, width = pixels.shape[:2]
    return max(found, key=lambda one: prominence(one.box, width, height), default=None)
