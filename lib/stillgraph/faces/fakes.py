"""A face pack without a network, for the tests of modules that need faces but not recognition.

The fake detector reads faces that :func:`card` painted, so a test says exactly who is in an image; two cards
of one person get nearly the same template and cards of two persons unrelated ones.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from stillgraph.faces.detect import Detection
from stillgraph.faces.embed import ImageRole, unit
from stillgraph.faces.packs import FacePack
from stillgraph.faces.pixels import Pixels
from stillgraph.records import Box, ModelId, Vector

TILE_PX = 48
DIMENSION = 32

POINTS = np.array([[16, 18], [32, 18], [24, 26], [18, 34], [30, 34]], np.float32)
"""Landmarks inside a tile, pixels."""


def card(persons: Sequence[int], *, shade: int = 0) -> bytes:
    """Return a PNG with one tile a person, left to right.

    Parameters
    ----------
    persons
        Numbers 1-255; 0 leaves the tile without a face.
    shade
        0-255: another picture of the same persons, with other bytes.
    """
    strip = np.zeros((TILE_PX, TILE_PX * max(len(persons), 1), 3), np.uint8)
    for n, person in enumerate(persons):
        strip[:, n * TILE_PX : (n + 1) * TILE_PX] = (person, shade, 0)
    out = io.BytesIO()
    Image.fromarray(strip).save(out, "PNG")
    return out.getvalue()


class FakeDetector:
    """Finds a face in every tile of a :func:`card` whose red is not 0."""

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Return the tiles' faces, with a score of 0.9."""
        found = []
        for left in range(0, pixels.shape[1] - TILE_PX + 1, TILE_PX):
            if pixels[pixels.shape[0] // 2, left + TILE_PX // 2, 0]:
                box = Box(left + 8.0, 8.0, 32.0, 36.0)
                found.append(Detection(box, POINTS + np.array([left, 0], np.float32), 0.9, "1x"))
        return found


class FakeEmbedder:
    """Gives each person of a :func:`card` a fixed random direction, turned a little by the shade."""

    def embed(self, pixels: Pixels, landmarks: Vector, role: ImageRole) -> Vector:
        """Return float32 of unit length, shape (32,); the role changes nothing."""
        del role
        x, y = landmarks[2].astype(int)
        person, shade = (int(value) for value in pixels[y, x, :2])
        direction = np.random.default_rng(person).standard_normal(DIMENSION)
        turn = np.random.default_rng((person, shade)).standard_normal(DIMENSION)
        return unit(np.asarray(direction + 0.1 * turn, np.float32))


def fake_pack(name: str = "fake") -> FacePack:
    """Return a pack of the two fakes; its model id is of the usual form."""
    return FacePack(
        name=name,
        model=ModelId(f"{name}@{'0' * 12}"),
        dimension=DIMENSION,
        detector=FakeDetector(),
        embedder=FakeEmbedder(),
        licence="Apache-2.0",
        files={},
    )
