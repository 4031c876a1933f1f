"""Faces found in images: boxes, measures, templates."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillgraph.records.identifiers import FaceId, ModelId, Vector


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the original image, from its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of one face; each value's rule is in :mod:`stillgraph.faces.quality`.

    ``None`` where the face was analysed before there was such a measure, or it cannot be taken.
    """

    inter_eye_px: float
    sharpness: float
    brightness: float
    contrast: float
    frontality: float
    detection_score: float
    roll_degrees: float | None = None
    pitch: float | None = None
    underexposed: float | None = None
    overexposed: float | None = None
    jpeg_quality: float | None = None
    occlusion: float | None = None
    detail: float | None = None
    band: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A face template: ``vector`` is float32, shape (d,), of unit length; only templates of one model compare."""

    model: ModelId
    vector: Vector = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face found in an image.

    ``landmarks`` is float32, shape (5, 2): right eye, left eye, nose tip, right and left mouth corner (the subject's
    right, so image left first), in pixels of the original image. ``found_by`` names the detection passes that saw it.
    An unusable face has a reason and may still have a template; it is kept and reported, not searched.
    """

    face_id: FaceId
    image_id: str
    box: Box
    landmarks: Vector = field(repr=False)
    quality: Quality
    found_by: str
    usable: bool
    unusable_reason: str | None
    template: Template | None


@dataclass(frozen=True, slots=True, eq=False)
class ImageAnalysis:
    """The faces of one image, left to right; ``width_px`` and ``height_px`` are the original's."""

    image_id: str
    width_px: int
    height_px: int
    faces: tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class AnalysisRun:
    """With what, and how fast, images were analysed; ``provider`` is the onnxruntime provider really used.

    ``images_per_s`` is ``None`` where there were none.
    """

    provider: str
    workers: int
    images: int
    elapsed_s: float
    images_per_s: float | None
