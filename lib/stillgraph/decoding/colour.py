"""Every kind of pixel as 8-bit RGB. A colour profile in the file is not applied: values stay as they were stored."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageCms

GROUND = (128, 128, 128, 255)
"""What transparent parts are laid on: mid grey, which is neither shadow nor light to a detector."""

WIDE_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
"""Pillow modes with more than 8 bits a sample."""

TOPS = (255.0, 65535.0)
"""The greatest values of 8 and 16 bits: the first that no sample exceeds becomes white."""


def to_rgb(image: Image.Image) -> Image.Image:
    """Return any Pillow image in mode RGB: wide samples scaled to 8 bits, transparent parts on mid grey."""
    if image.mode in WIDE_MODES:
        image = _narrowed(image)
    if image.mode == "LAB":
        # Pillow converts LAB by colour management only.
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB") or image
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, GROUND), image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _narrowed(image: Image.Image) -> Image.Image:
    """Return a grey image of wide samples in mode L; what is not a number is black."""
    wide = np.nan_to_num(np.asarray(image, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    highest = float(wide.max(initial=0.0))
    tops = (1.0, *TOPS) if image.mode == "F" else TOPS
    top = next((top for top in tops if highest <= top), highest)
    return Image.fromarray(np.clip(wide * (255.0 / top) + 0.5, 0, 255).astype(np.uint8))
