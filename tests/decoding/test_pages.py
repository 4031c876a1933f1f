"""Images of several pages or frames: each is read, upright and bounded; a damaged one is left out with a word."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from stillgraph.decoding import End, ImageLimits, ImageProblem, Kind, Pick, Picture, SeriesLimits, kind_of
from stillgraph.decoding.apart import read_here

LIMITS, ALL = SeriesLimits(), Pick()


@pytest.fixture
def views(picture):  # new ones for each test: Pillow keeps on an image how it was saved last
    return [picture((64, 48), seed) for seed in range(4)]


@pytest.fixture
def several(views, saved, tmp_path):
    """Return a function that writes the views into one file."""

    def write(form, **options):
        path = tmp_path / "several"
        path.write_bytes(saved(form, views[0], save_all=True, append_images=views[1:], **options))
        return path

    return write


def read(path, pick=ALL, limits=LIMITS):
    assert kind_of(path) is Kind.PAGES
    begin, *middle, end = read_here(path, Kind.PAGES, pick, limits)
    assert isinstance(end, End)
    return begin, [event for event in middle if isinstance(event, Picture)], end


@pytest.mark.parametrize("form", ["TIFF", "PNG", "WEBP", "GIF", "HEIF"])
def test_every_page_or_frame_is_read(several, views, form):
    options = {"lossless": True} if form == "WEBP" else {"quality": 100} if form == "HEIF" else {}
    begin, pictures, end = read(several(form, **options))
    assert begin.unit == ("page" if form in {"TIFF", "HEIF"} else "frame")
    assert ([picture.number for picture in pictures], end.decoded, end.notes) == ([1, 2, 3, 4], 4, ())
    for one, view in zip(pictures, views, strict=True):
        furthest = np.abs(one.pixels.astype(int) - np.asarray(view)).max()
        assert furthest <= {"HEIF": 40, "GIF": 40}.get(form, 0)


def test_frames_of_an_animation_have_their_times(several):
    _, pictures, _ = read(several("GIF", duration=[100, 200, 300, 400]))
    assert [picture.seconds for picture in pictures] == pytest.approx([0.0, 0.1, 0.3, 0.6])
    assert [picture.seconds for picture in read(several("TIFF"))[1]] == [None] * 4


def test_every_second_page(several):
    assert [picture.number for picture in read(several("TIFF"), Pick(every=2))[1]] == [1, 3]


def test_each_page_is_turned_as_it_says(views, saved, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "several"
    path.write_bytes(saved("TIFF", views[0], save_all=True, append_images=views[1:], exif=exif))
    for one, view in zip(read(path)[1], views, strict=True):
        assert np.array_equal(one.pixels, np.asarray(view.transpose(Image.Transpose.ROTATE_270)))


def test_wide_grey_pages_are_brought_to_8_bits(tmp_path):
    grey = Image.fromarray(np.linspace(0, 65535, 64 * 48).astype(np.uint16).reshape(48, 64))
    grey.save(tmp_path / "several", "TIFF", save_all=True, append_images=[grey])
    for one in read(tmp_path / "several")[1]:
        assert (one.pixels.min(), one.pixels.max()) == (0, 255)


def test_a_file_of_one_picture_is_refused(saved, tmp_path):
    for form in ("TIFF", "PNG", "GIF", "JPEG", "WEBP", "HEIF", "BMP"):
        (tmp_path / form).write_bytes(saved(form))
        with pytest.raises(ImageProblem, match=r"^one picture only \(receive it as it is"):
            read(tmp_path / form)


def test_views_of_a_jpeg_are_read_and_its_previews_are_not(views, saved, tmp_path):
    small = views[1].resize((16, 12))
    path = tmp_path / "several"
    path.write_bytes(saved("MPO", views[0], save_all=True, append_images=[views[1]]))
    assert [picture.number for picture in read(path)[1]] == [1, 2]
    path.write_bytes(saved("MPO", views[0], save_all=True, append_images=[small]))
    with pytest.raises(ImageProblem, match="one picture only"):
        read(path)


def test_of_a_file_cut_off_the_pages_before_are_read(several):
    path = several("TIFF")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    _, pictures, end = read(path)
    assert [picture.number for picture in pictures] == [1, 2]
    assert end.notes == ("The file is damaged: page 3 could not be decoded and is left out.",)
    path = several("GIF")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    _, pictures, end = read(path)
    assert 1 <= len(pictures) < 4
    assert "and what follows could not be decoded" in end.notes[0]


def test_a_damaged_page_does_not_hide_the_next(several):
    path = several("TIFF", compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    with Image.open(io.BytesIO(data)) as image:
        image.seek(1)
        (place,), (length,) = image.tag_v2[273], image.tag_v2[279]
    data[place : place + length] = bytes(length)
    path.write_bytes(data)
    _, pictures, end = read(path)
    assert [picture.number for picture in pictures] == [1, 3, 4]
    assert end.notes == ("The file is damaged: page 2 could not be decoded and is left out.",)


def test_each_pages_cost_is_checked_before_any_is_decoded(several):
    path = several("TIFF")
    data = bytearray(path.read_bytes())
    with Image.open(io.BytesIO(data)) as image:
        image.seek(2)
        place = image._frame_pos[2]
    (count,) = struct.unpack_from("<H", data, place)
    struct.pack_into("<HHLL", data, place + 2, 322, 4, 1, 60_000)  # the page's first two entries: giant tiles
    struct.pack_into("<HHLL", data, place + 14, 323, 4, 1, 60_000)
    assert count > 2
    path.write_bytes(data)
    with pytest.raises(ImageProblem, match="image too large: a TIFF with tiles"):
        read(path)


def test_limits_are_kept(several):
    path = several("TIFF")
    small = replace(LIMITS, image=ImageLimits(max_pixels=64 * 48 - 1))
    with pytest.raises(ImageProblem, match="image too large: 64 x 48 pixels"):
        read(path, limits=small)
    with pytest.raises(ImageProblem, match="image too large: over 1,000 bytes"):
        read(path, limits=replace(LIMITS, max_pages_bytes=1000))


def test_pages_in_a_circle_come_to_an_end(several):
    path = several("TIFF")
    data = bytearray(path.read_bytes())
    with Image.open(io.BytesIO(data)) as image:
        image.seek(3)
        first, last = image._frame_pos[0], image._frame_pos[3]
    (count,) = struct.unpack_from("<H", data, last)
    struct.pack_into("<L", data, last + 2 + 12 * count, first)
    path.write_bytes(data)
    assert len(read(path)[1]) == 4
