"""Every kind of image decodes to upright RGB; what is not an image is said to be none."""

import io

import numpy as np
import pytest
from PIL import Image

from stillgraph.errors import WrongUse
from stillgraph.faces.beside import png
from stillgraph.faces.pixels import ROWS_AT_ONCE, UnusableImage, cost, crop, decode, luminance
from stillgraph.records import Box

RAMP = np.add.outer(np.arange(40), np.arange(60)).astype(np.uint8) * 2


def saved(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "1", "I;16", "PA"])
def test_png_modes(mode):
    grey = Image.fromarray(RAMP)
    if mode == "I;16":
        image = Image.fromarray(RAMP.astype(np.uint16) * 257)
    elif mode == "PA":
        image = grey.convert("P")
        image.info["transparency"] = 255
    else:
        image = grey.convert(mode)
    out = decode(saved(image), "i")
    assert out.shape == (40, 60, 3)
    assert out.dtype == np.uint8
    if mode != "1":
        assert np.abs(out.astype(int) - RAMP[:, :, None]).max() <= 1


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("F", "TIFF"), ("I", "TIFF"), ("CMYK", "TIFF")]
)
def test_other_modes(mode, kind):
    image = Image.fromarray(RAMP).convert(mode)
    out = decode(saved(image, kind), "i")
    assert out.shape == (40, 60, 3)
    assert np.abs(luminance(out) - RAMP).mean() < 3


def test_transparent_parts_are_laid_on_grey():
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert (decode(saved(clear), "i") == 128).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:8, :8] = 255  # white at top left
    stored = {1: 0, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
              5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
              8: Image.Transpose.ROTATE_270}[orientation]  # fmt: skip
    image = Image.fromarray(upright)
    image = image if orientation == 1 else image.transpose(stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(decode(saved(image, "PNG", exif=exif), "i"), upright)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "empty file"), (b"no image", "not an image"), (b"\x89PNG\r\n\x1a\n" + b"0" * 40, "truncated image")],
)
def test_what_is_no_image_is_named(data, why):
    with pytest.raises(UnusableImage, match=rf"^R01/x.jpg cannot be used: {why}.*\.$") as caught:
        decode(data, "R01/x.jpg")
    assert caught.value.image_id == "R01/x.jpg"
    assert caught.value.reason.startswith(why)


def test_a_cut_off_image_is_named(custody_bytes):
    with pytest.raises(WrongUse, match=r"N1/cut.jpg cannot be used: truncated"):
        decode(custody_bytes[: len(custody_bytes) // 2], "N1/cut.jpg")


def test_an_image_of_too_many_pixels_is_named():
    with pytest.raises(UnusableImage, match=r"^big cannot be used: image too large: 7,000 x 6,000 pixels"):
        decode(saved(Image.new("1", (7000, 6000))), "big")


def test_a_chip_is_square_centred_and_grey_beyond_the_edge():
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, 30:] = (255, 0, 0)
    data = saved(Image.fromarray(pixels))
    chip = np.asarray(Image.open(io.BytesIO(crop(data, Box(25, 15, 10, 8), 64))))
    assert chip.shape == (64, 64, 3)
    assert chip[32, 4].tolist() == [0, 0, 0]
    assert chip[32, 60].tolist() == [255, 0, 0]
    corner = np.asarray(Image.open(io.BytesIO(crop(data, Box(-10, -10, 20, 20), 64, margin=0))))
    assert corner[5, 5].tolist() == [128, 128, 128]
    assert corner[60, 60].tolist() == [0, 0, 0]
    outside = np.asarray(Image.open(io.BytesIO(crop(data, Box(500, 500, 20, 20), 16))))
    assert (outside == 128).all()


@pytest.mark.parametrize("side", [-1, 0, 7, 4097, 10**9])
def test_a_picture_to_look_at_is_of_a_size_that_can_be_shown(side):
    data = saved(Image.new("RGB", (20, 20)))
    for way in (lambda: crop(data, Box(2, 2, 5, 5), side), lambda: png(decode(data, "a"), side)):
        with pytest.raises(WrongUse, match=r"A picture is shown at 8 to 4,096 pixels a side"):
            way()
    assert Image.open(io.BytesIO(png(decode(data, "a"), 8))).size == (8, 8)


def test_a_chip_of_no_image_is_refused():
    with pytest.raises(WrongUse, match=r"R01/a.jpg cannot be used: empty file"):
        crop(b"", Box(0, 0, 1, 1), image_id="R01/a.jpg")


def test_luminance_is_the_weighted_sum_of_every_row():
    pixels = np.random.default_rng(0).integers(0, 256, (2 * ROWS_AT_ONCE + 7, 11, 3), np.uint8)
    light = luminance(pixels)
    assert light.dtype == np.float32
    np.testing.assert_allclose(light, pixels.astype(np.float64) @ [0.299, 0.587, 0.114], atol=1e-3)


def test_an_image_costs_its_pixels_and_one_that_will_be_refused_nothing():
    data = saved(Image.fromarray(RAMP))
    assert cost(data) == RAMP.size
    assert [cost(b) for b in (b"", b"no image", data[:20])] == [0, 0, 0]
