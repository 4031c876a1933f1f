"""Which of several faces a photograph is of, where nobody says: who it was taken of is large and near the middle."""

from __future__ import annotations

from math import hypot

from stillgraph.records import Box, Face, ImageAnalysis


def prominence(box: Box, width_px: int, height_px: int) -> float:
    """Return how much a face looks like the one its photograph is of, in pixels: more is more.

    Its area, times one less the distance of its centre from the photograph's as a share of half the diagonal. So a face
    cut by the edge, of somebody who stands nearer, is put behind the one in the middle unless it is some three times as
    large. Benchmarks of photographs from the web choose alike: area less squared distance, in facenet's alignment of
    Labeled Faces in the Wild (Huang et al. 2007), which fits one size of picture only.

    Parameters
    ----------
    box
        The face, in pixels of the photograph.
    width_px, height_px
        The photograph's size.
    """
    away = hypot(box.x + (box.width - width_px) / 2, box.y + (box.height - height_px) / 2)
    return box.width * box.height * max(1.0 - away / (hypot(width_px, height_px) / 2), 0.0)


def foremost(analysis: ImageAnalysis) -> Face | None:
    """Return the foremost face of an image that has a template and can be used, or ``None`` where there is none."""
    return max(
        (face for face in analysis.faces if face.usable and face.template is not None),
        key=lambda face: prominence(face.box, analysis.width_px, analysis.height_px),
        default=None,
    )
