"""Makes of a good photograph what a poor camera would have sent: for measuring what that costs, never for evidence."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from stillgraph.faces.pixels import Pixels, resize
from stillgraph.records import Box

WIDTHS_PX = (24, 28, 32, 48, 64)
"""Face widths at which recognition is measured."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A poor camera: the picture is shrunk until the face is ``face_px`` wide, blurred, given noise, saved as JPEG.

    ``blur_px`` is the standard deviation of a Gaussian in pixels of the shrunk picture; ``noise`` that of white noise
    in levels of 0-255, each channel on its own; ``jpeg_quality`` is libjpeg's, 1-95.
    """

    face_px: float
    blur_px: float = 0.8
    noise: float = 6.0
    jpeg_quality: int = 30


def degrade(pixels: Pixels, face: Box, camera: Camera, *, name: str, seed: int = 0) -> bytes:
    """Return the JPEG file that the camera would have sent of the picture.

    Parameters
    ----------
    pixels
        RGB, uint8, shape (height, width, 3), with one face.
    face
        That face's box in it; its width decides the scale. No picture is enlarged.
    camera
        What is done to it.
    name, seed
        The noise depends on these alone, so the same call gives the same bytes.
    """
    factor = min(camera.face_px / face.width, 1.0)
    width, height = (max(1, round(side * factor)) for side in (pixels.shape[1], pixels.shape[0]))
    small = Image.fromarray(resize(pixels, width, height)).filter(ImageFilter.GaussianBlur(camera.blur_px))
    noise = generator(name, seed).normal(0.0, camera.noise, (height, width, 3))
    noisy = np.clip(np.asarray(small, np.float64) + noise + 0.5, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=camera.jpeg_quality)
    return out.getvalue()


def generator(name: str, seed: int) -> np.random.Generator:
    """Return the random numbers of one picture, which do not depend on what was drawn for another."""
    digest = hashlib.sha256(f"{seed}\0{name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))
