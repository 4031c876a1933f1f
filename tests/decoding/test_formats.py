"""Every format and kind of pixel becomes the same upright RGB picture, for whoever takes it in and whoever looks for faces."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from stillgraph import decoding
from stillgraph.decoding import ImageProblem
from stillgraph.faces.pixels import decode
from stillgraph.intake import read_image

FORMS = ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "HEIF"]
SEVERAL = ["GIF", "HEIF", "MPO", "PNG", "TIFF", "WEBP"]
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera held so stores of an upright picture."""


def both(data):
    """Return the pixels, after checking that intake and faces see the same size."""
    pixels = decode(data, "i")
    assert read_image(data) == (pixels.shape[1], pixels.shape[0])
    return pixels.astype(int)


def with_exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("form", FORMS)
def test_every_format_shows_the_same_picture(form, picture, saved):
    assert np.abs(both(saved(form, quality=95)) - np.asarray(picture()).astype(int)).mean() < 12


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
@pytest.mark.parametrize("orientation", STORED)
def test_all_eight_orientations_come_out_upright(form, orientation, picture, saved):
    upright = picture((64, 48))
    stored = upright if STORED[orientation] is None else upright.transpose(STORED[orientation])
    if form == "HEIF":  # whose own boxes say how it is turned; the encoder makes them from this
        stored.info["exif"] = with_exif(orientation).tobytes()
        data = saved(form, stored, quality=95)
    else:
        data = saved(form, stored, exif=with_exif(orientation), quality=95)
    pixels = both(data)
    assert pixels.shape == (48, 64, 3)
    assert np.abs(pixels - np.asarray(upright).astype(int)).mean() < 12


def test_an_orientation_in_xmp_counts_where_exif_has_none(picture, saved):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    assert both(saved("JPEG", xmp=xmp)).shape == (64, 48, 3)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0nonsense",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 500,
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\xff\xff\xff\xff\0\0\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0",
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_broken_exif_leaves_the_picture_as_it_was_stored(form, exif, saved):
    assert both(saved(form, exif=exif)).shape == (48, 64, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "RGB"])
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_kinds_of_pixels(form, mode, saved):
    ramp = np.add.outer(np.arange(40), np.arange(60)).astype(np.uint8) * 2
    grey = Image.fromarray(ramp)
    image = Image.fromarray(ramp.astype(np.uint16) * 257) if mode == "I;16" else None
    pixels = both(saved(form, image or grey.convert(mode)))
    assert pixels.shape == (40, 60, 3)
    assert set(np.unique(pixels)) == {0, 255} if mode == "1" else np.abs(pixels - ramp[:, :, None]).max() <= 1


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "CMYK"), ("TIFF", "CMYK"), ("TIFF", "YCbCr"), ("TIFF", "LAB")])
def test_other_colours(form, mode, picture, saved):
    plain = picture()
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(plain, *profiles, outputMode="LAB")
    else:
        image = plain.convert(mode)
    assert np.abs(both(saved(form, image)) - np.asarray(plain).astype(int)).mean() < 12


@pytest.mark.parametrize(
    ("low", "high", "black", "white"),
    [(0, 1, 0, 255), (0, 255, 0, 255), (0, 65535, 0, 255), (0, 1e30, 0, 255), (-5, 1, 0, 255), (np.nan, 1, 0, 255),
     (np.inf, 1, 0, 255), (0, 0, 0, 0)],
)  # fmt: skip
def test_floats_are_scaled_by_what_they_reach(low, high, black, white, saved):
    pixels = both(saved("TIFF", Image.fromarray(np.array([[low, high]] * 4, np.float32))))
    assert pixels[0].tolist() == [[black] * 3, [white] * 3]


def test_transparent_parts_of_a_palette_are_laid_on_grey(saved):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 4, 8))
    pixels = both(saved("PNG", image, transparency=0))
    assert pixels[0, 0].tolist() == [128, 128, 128]
    assert pixels[0, 7].tolist() == [0, 0, 255]


@pytest.mark.parametrize("profile", [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"no profile"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_colour_profile_is_not_applied(form, profile, saved):
    plain = both(saved(form, quality=95))
    assert (both(saved(form, quality=95, icc_profile=profile)) == plain).all()


@pytest.mark.parametrize("form", SEVERAL)
def test_several_pictures_in_one_file_are_refused(form, picture, saved):
    data = saved(form, save_all=True, append_images=[picture(seed=1)])
    with pytest.raises(ImageProblem, match=r"^several pictures in one file: .* \(send each picture as a still"):
        read_image(data)


def test_the_small_pictures_a_phone_adds_are_no_pictures_of_their_own(picture, saved):
    small = [picture((16, 12), seed) for seed in range(2)]
    assert both(saved("MPO", save_all=True, append_images=small)).shape == (48, 64, 3)
    with pytest.raises(ImageProblem, match="several pictures"):
        read_image(saved("MPO", save_all=True, append_images=small * 10))


def test_a_film_in_a_heic_file_is_refused(saved):
    data = saved("HEIF")
    assert both(data + struct.pack(">I4s", 8, b"free")).shape == (48, 64, 3)
    for box in (
        struct.pack(">I4s", 8, b"moov"),
        struct.pack(">I4sQ", 1, b"free", 16) + struct.pack(">I4s", 0, b"moov"),
    ):
        with pytest.raises(ImageProblem, match="several pictures"):
            read_image(data + box)


def test_heic_is_turned_by_its_own_boxes_not_by_exif_as_well(saved):
    assert both(saved("HEIF", exif=with_exif(6))).shape == (48, 64, 3)


def test_formats_are_named_where_another_is_refused(saved):
    with pytest.raises(ImageProblem, match=f"only {', '.join(decoding.FORMATS)} are taken in$"):
        read_image(saved("PPM"))
    with pytest.raises(ImageProblem, match="not an image"):
        read_image(saved("AVIF"))
    with pytest.raises(ImageProblem, match="header is damaged"):
        read_image(saved("HEIF")[:20])
