"""Image files of every format, made here."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image

pillow_heif.register_heif_opener()

FORMS = ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "HEIF"]
"""Pillow's names of the formats taken in."""

SIZE = (48, 32)


def picture(size=(64, 48), seed=0):
    """A picture of flat blocks, which every format keeps well."""
    blocks = np.random.default_rng(seed).integers(0, 256, (size[1] // 8 + 1, size[0] // 8 + 1, 3), dtype=np.uint8)
    return Image.fromarray(np.kron(blocks, np.ones((8, 8, 1), np.uint8))[: size[1], : size[0]])


def saved(form, image=None, **options):
    """Return a file's bytes."""
    buffer = io.BytesIO()
    (picture() if image is None else image).save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def files():
    """Small files of every format, and of the kinds of pixels and packing that each knows."""
    plain = picture(SIZE)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    files = [saved(form, plain) for form in FORMS]
    files += [saved(form, plain, exif=exif) for form in ("JPEG", "PNG", "TIFF", "WEBP")]
    files += [saved("JPEG", plain, progressive=True), saved("JPEG", plain.convert("CMYK"))]
    files += [saved("PNG", plain.convert(mode)) for mode in ("1", "L", "LA", "P", "RGBA", "I;16")]
    files += [saved("TIFF", plain, compression=way) for way in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")]
    files += [saved("TIFF", plain.convert("1"), compression="group4"), saved("TIFF", plain.convert("F"))]
    files += [saved("WEBP", plain, lossless=True), saved("WEBP", plain.convert("RGBA"))]
    files += [saved("BMP", plain.convert("P")), saved("HEIF", plain.convert("RGBA"))]
    others = [picture(SIZE, seed=1)]
    return files + [saved(form, plain, save_all=True, append_images=others) for form in ("TIFF", "GIF", "WEBP")]


@pytest.fixture(name="saved", scope="session")
def _saved():
    return saved


@pytest.fixture(name="picture", scope="session")
def _picture():
    return picture
