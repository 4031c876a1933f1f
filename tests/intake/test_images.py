"""An image is taken in whole and of a size one can work with, or not at all."""

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stillgraph.errors import ManifestError, WrongUse
from stillgraph.intake import ImageLimits, ImageProblem, check_image, read_image


def saved(form, size=(64, 48), **options):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


FORMS = ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF"]


@pytest.mark.parametrize("form", FORMS)
def test_every_format_taken_in(form):
    assert read_image(saved(form)) == (64, 48)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("part", [0.3, 0.5, 0.9])
def test_truncated(form, part):
    data = saved(form)
    with pytest.raises(ImageProblem, match="truncated image"):
        read_image(data[: int(len(data) * part)])


@pytest.mark.parametrize("cut", [1, 2, 3, 10])
def test_a_jpeg_without_its_last_bytes_is_truncated(cut):
    with pytest.raises(ImageProblem, match="truncated image: it ends early"):
        read_image(saved("JPEG")[:-cut])


@pytest.mark.parametrize("data", [b"hello, I am a text", b"%PDF-1.7", saved("PPM"), saved("ICO")])
def test_not_an_image_we_take_in(data):
    with pytest.raises(ImageProblem, match="not an image: only JPEG, PNG"):
        read_image(data)


def test_empty():
    with pytest.raises(ImageProblem, match="empty file"):
        read_image(b"")


def png_header(width, height):
    """A PNG that claims a size and has no pixels."""
    import struct
    import zlib

    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + struct.pack(">I", 9)
        + b"IDAT"
    )


@pytest.mark.parametrize("size", [(8_000, 5_001), (10_000, 10_000), (60_000, 60_000)])
def test_over_the_pixel_limit_by_its_header_alone(size):
    # There are no pixels behind the header: had anything been decoded, it would be called truncated.
    with pytest.raises(ImageProblem, match="image too large"):
        read_image(png_header(*size))


def test_the_pixel_limit_itself_is_allowed():
    assert read_image(saved("PNG", (10, 10)), ImageLimits(max_pixels=100)) == (10, 10)
    with pytest.raises(ImageProblem, match=r"10 x 10 pixels, over the limit of 99"):
        read_image(saved("PNG", (10, 10)), ImageLimits(max_pixels=99))


def test_over_the_byte_limit():
    data = saved("BMP")
    assert read_image(data, ImageLimits(max_bytes=len(data))) == (64, 48)
    with pytest.raises(ImageProblem, match=r"image too large: over .* bytes"):
        read_image(data, ImageLimits(max_bytes=len(data) - 1))


def test_a_header_without_a_size():
    with pytest.raises(ImageProblem, match="truncated image: its header is damaged"):
        read_image(b"GIF89a" + bytes(7) + b"\x2c" + bytes(9) + b"\x02\x00;")
    with pytest.raises(ImageProblem, match="truncated image: its header is damaged"):
        read_image(png_header(0, 10))


@pytest.mark.parametrize(("orientation", "size"), [(1, (64, 48)), (3, (64, 48)), (6, (48, 64)), (8, (48, 64))])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_size_is_as_seen(form, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert read_image(saved(form, exif=exif)) == size


def test_an_image_from_outside_is_named_in_the_message():
    assert check_image("probe.jpg", saved("JPEG")) == (64, 48)
    with pytest.raises(WrongUse, match=r"^probe\.jpg: not an image"):
        check_image("probe.jpg", b"text")


@given(st.binary(max_size=200), st.sampled_from([b"", *(saved(form)[:60] for form in FORMS)]))
def test_no_bytes_do_anything_but_pass_or_be_refused(tail, head):
    try:
        width, height = read_image(head + tail)
    except ImageProblem:
        return
    assert width > 0 < height


@given(st.sampled_from(FORMS), st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_is_survived(form, place, patch):
    data = bytearray(saved(form, (16, 12)))
    place %= len(data)
    data[place : place + len(patch)] = patch
    with suppress(ImageProblem):
        read_image(bytes(data))


def test_bytes_that_changed_after_acceptance_are_not_handed_on(stills):
    delivery = stills.write({}).read()
    (still,) = delivery.stills
    assert delivery.images[still.still_id] == (stills.images / "a.png").read_bytes()
    assert (len(delivery.images), list(delivery.images)) == (1, ["R01/a.png"])
    assert repr(delivery.images) == "ImageFiles(1 images)"
    stills.image("a.png", b"other")
    with pytest.raises(ManifestError, match=r"R01/a\.png changed while it was taken in"):
        delivery.images[still.still_id]
    (stills.images / "a.png").unlink()
    with pytest.raises(ManifestError, match=r"R01/a\.png can no longer be read"):
        delivery.images[still.still_id]
