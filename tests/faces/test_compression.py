"""JPEG quality from a file's tables: Pillow's own figure is the oracle."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stillgraph.faces.compression import LUMINANCE, jpeg_quality

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8))


def saved(form, picture=PICTURE, **how):
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_it_is_the_quality_that_pillow_saved_with(how):
    assert [jpeg_quality(saved("JPEG", quality=q, **how)) for q in range(1, 101)] == list(range(1, 101))


def test_a_grey_jpeg_and_one_with_exif_data_are_read_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert jpeg_quality(saved("JPEG", PICTURE.convert("L"), quality=37)) == 37
    assert jpeg_quality(saved("JPEG", quality=63, exif=exif)) == 63


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF"])
def test_other_formats_have_none(form):
    assert jpeg_quality(saved(form)) is None


def test_it_is_how_the_file_was_saved_last():
    poor = Image.open(io.BytesIO(saved("JPEG", quality=10)))
    assert jpeg_quality(saved("JPEG", poor, quality=92)) == 92
    assert jpeg_quality(saved("PNG", poor)) is None


def test_tables_of_another_make_give_the_nearest_quality_in_their_order():
    rough = np.random.default_rng(1).uniform(0.85, 1.15, 64)
    found = []
    for scale in (3, 1, 0.5, 0.2):
        table = np.clip(LUMINANCE.ravel() * rough * scale, 1, 255).astype(int).tolist()
        found.append(jpeg_quality(saved("JPEG", qtables=[table, table])))
    assert found == pytest.approx([17, 50, 75, 90], abs=3)


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_damaged_files_give_a_quality_or_none_and_never_an_error(tail, cut, byte):
    whole = bytearray(saved("JPEG", quality=30))
    whole[min(cut, len(whole) - 1)] = byte
    for data in (bytes(whole), bytes(whole[:cut]) + tail, b"\xff\xd8" + tail, tail):
        found = jpeg_quality(data)
        assert found is None or 1 <= found <= 100
