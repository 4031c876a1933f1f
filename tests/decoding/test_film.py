"""Films: every frame counted and timed, upright, at a bounded cost; what is no film, or lists others, is refused."""

import json
import random
import struct
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from stillgraph.decoding import Begin, End, ImageLimits, ImageProblem, Kind, Pick, Picture, SeriesLimits
from stillgraph.decoding.apart import read_here
from stillgraph.decoding.picking import LONGEST_GAP_S, SCENE_CHANGE, Picker

LIMITS, ALL = SeriesLimits(), Pick()
FORMS = [
    ("mp4", "mpeg4"), ("mov", "mpeg4"), ("avi", "mpeg4"), ("matroska", "mpeg4"), ("mpegts", "mpeg2video"),
    ("mpeg", "mpeg2video"), ("asf", "msmpeg4v3"), ("m4v", "mpeg4"), ("mp4", "libx264"), ("h264", "libx264"),
    ("webm", "libvpx-vp9"),
]  # fmt: skip
"""Containers and encoders; some builds of FFmpeg lack the last three encoders."""

BARE = {"h264"}
"""A form without a container, which tells no times."""


def encoder(name):
    try:
        av.Codec(name, "w")
    except ValueError:
        pytest.skip(f"this FFmpeg has no encoder {name}")
    return name


@pytest.fixture(scope="module")
def images(picture):
    """Thirty pictures that differ: blocks that move."""
    base = np.asarray(picture((96, 64), seed=3))
    return [Image.fromarray(np.roll(base, 3 * n, axis=1)) for n in range(30)]


def read(path, pick=ALL, limits=LIMITS):
    """Return what a file says of itself, its pictures, and how it ends."""
    begin, *middle, end = read_here(path, Kind.FILM, pick, limits)
    assert isinstance(begin, Begin)
    assert isinstance(end, End)
    return begin, [event for event in middle if isinstance(event, Picture)], end


@pytest.mark.parametrize(("form", "codec"), FORMS)
def test_every_frame_is_counted_and_timed(make_film, images, tmp_path, form, codec):
    path = make_film(tmp_path / "film", images, encoder(codec), form=form)
    begin, pictures, end = read(path)
    assert (begin.unit, begin.streams, end.decoded, end.notes) == ("frame", 1, 30, ())
    assert [picture.number for picture in pictures] == list(range(1, 31))
    assert all(picture.pixels.shape == (64, 96, 3) for picture in pictures)
    if form in BARE:
        assert {picture.seconds for picture in pictures} == {None}
    else:
        assert [picture.seconds for picture in pictures] == pytest.approx([n / 25 for n in range(30)], abs=0.002)
    # The frames are these, in this order: each is nearer to its own picture than to any other.
    for n, one in enumerate(pictures):
        errors = [np.abs(one.pixels.astype(int) - np.asarray(image)).mean() for image in images]
        assert int(np.argmin(errors)) == n


def test_pixels_of_a_film_without_loss_are_those_that_went_in(make_film, images, tmp_path):
    path = make_film(tmp_path / "film.mkv", images, "ffv1", pix_fmt="bgr0")
    _, pictures, end = read(path, Pick(every=7))
    assert [picture.number for picture in pictures] == [1, 8, 15, 22, 29]
    assert end.decoded == 30
    for one in pictures:
        assert np.array_equal(one.pixels, np.asarray(images[one.number - 1]))


def test_one_frame_each_half_second(make_film, images, tmp_path):
    path = make_film(tmp_path / "film.mp4", images * 2)
    assert [picture.number for picture in read(path, Pick(seconds=0.4))[1]] == [1, 11, 21, 31, 41, 51]


def test_a_film_that_tells_no_times_is_taken_to_have_25_frames_a_second(make_film, images, tmp_path):
    bare = make_film(tmp_path / "bare", images * 2, encoder("libx264"), form="h264")
    assert [picture.number for picture in read(bare, Pick(seconds=0.4))[1]] == [1, 11, 21, 31, 41, 51]


def test_scenes_are_told_by_what_changes_and_by_time(make_film, tmp_path):
    shades = [40] * 10 + [44] * 10 + [200] * 10 + [40] * 260
    path = make_film(tmp_path / "film.mp4", [Image.new("RGB", (64, 48), (shade,) * 3) for shade in shades])
    numbers = [picture.number for picture in read(path, Pick(scenes=True))[1]]
    assert numbers == [1, 21, 31, 31 + int(25 * LONGEST_GAP_S)]


def test_the_threshold_of_a_scene_is_the_stated_one():
    def thumbnail(level):
        return lambda: np.full((18, 32), level, np.uint8)

    picker = Picker(Pick(scenes=True))
    assert picker.wants(1, 0.0, thumbnail(100))
    assert not picker.wants(2, 0.04, thumbnail(100 + int(SCENE_CHANGE) - 1))
    assert picker.wants(3, 0.08, thumbnail(100 + int(SCENE_CHANGE)))
    assert not picker.wants(4, 0.08 + LONGEST_GAP_S - 0.1, thumbnail(108))
    assert picker.wants(5, 0.08 + LONGEST_GAP_S, thumbnail(108))
    assert picker.wants(6, 1.0, thumbnail(108))  # the recorder's clock was set back


MATRICES = {
    (1, 0, 0, 1): None,
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,  # 90 degrees clockwise, as phones held upright write
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}


@pytest.mark.parametrize("turn", MATRICES, ids=str)
def test_the_rotation_a_phone_notes_is_undone(make_film, images, tmp_path, turn):
    path = make_film(tmp_path / "film.mp4", images[:3], g="1")
    plain = read(path)[1][0].pixels
    data = bytearray(path.read_bytes())
    a, b, c, d = (value * 65536 for value in turn)
    struct.pack_into(">9i", data, data.index(b"tkhd") + 4 + 40, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    wanted = Image.fromarray(plain)
    wanted = wanted if MATRICES[turn] is None else wanted.transpose(MATRICES[turn])
    assert np.array_equal(read(path)[1][0].pixels, np.asarray(wanted))


def test_interlaced_frames_and_oblong_pixels_are_remarked_and_left_as_they_are(make_film, images, tmp_path):
    plain = make_film(tmp_path / "plain.ts", images, "mpeg2video")
    assert {picture.remarks for picture in read(plain)[1]} == {()}
    path = make_film(tmp_path / "film.ts", images, "mpeg2video", flags="+ilme+ildct")
    assert {picture.remarks for picture in read(path)[1]} == {("interlaced",)}
    path = make_film(tmp_path / "film.mp4", images, aspect=Fraction(16, 11))
    _, pictures, _ = read(path)
    assert pictures[0].pixels.shape == (64, 96, 3)
    assert pictures[0].remarks == ("stored with pixels 16:11 wide to high, not corrected",)


def test_no_stream_is_dropped(make_film, images, tmp_path):
    begin, pictures, end = read(make_film(tmp_path / "film.mkv", images[:9], several=3), Pick(every=4))
    assert (begin.streams, end.decoded) == (3, 27)
    seen = sorted((picture.stream, picture.number) for picture in pictures)
    assert seen == [(stream, number) for stream in (1, 2, 3) for number in (1, 5, 9)]
    with pytest.raises(ImageProblem, match="film of over 2 streams"):
        read(tmp_path / "film.mkv", limits=replace(LIMITS, max_streams=2))


@pytest.mark.parametrize("form", ["avi", "matroska", "mpegts", "mpeg"])
def test_of_a_film_that_breaks_off_the_frames_before_are_read(make_film, images, tmp_path, form):
    path = make_film(tmp_path / "film", images * 4, "mpeg2video" if "mpeg" in form else "mpeg4", form=form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _, pictures, end = read(path)
    assert 20 < end.decoded < 100
    assert len(pictures) == end.decoded
    if form in {"avi", "matroska"}:  # the others do not say how long they are
        assert len(end.notes) >= 1
        assert end.notes[-1].startswith(("The file says", "The file breaks off", "Parts of the file"))


def test_a_film_with_a_spoilt_middle_is_read_around_it_and_says_so(make_film, images, tmp_path):
    path = make_film(tmp_path / "film.mp4", images * 4, g="10")
    data = bytearray(path.read_bytes())
    start, length = data.index(b"mdat") + 4, len(data) // 2
    data[start + length // 3 : start + length // 2] = random.Random(5).randbytes(length // 2 - length // 3)
    path.write_bytes(data)
    _, pictures, end = read(path)
    assert 60 < end.decoded <= 120
    damaged = [picture for picture in pictures if any("damaged" in remark for remark in picture.remarks)]
    assert damaged or any("passed over" in note for note in end.notes)


REFUSED = {
    "a text": (b"dear officer, see attached\n" * 40, "not a film that can be read"),
    "nothing much": (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "not a film that can be read"),
    "a playlist": (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:film.mp4\n#EXT-X-ENDLIST\n", "not a film"),
    "a list of files": (b"ffconcat version 1.0\nfile film.mp4\n", "not a film"),
    "a session description": (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", "not a film"),
    "a manifest of streams": (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "not a film"),
    "an edit list": (b"# mplayer EDL file, version 2\nfilm.mp4,0,1\n", "not a film"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_film_is_refused(make_film, images, tmp_path, what):
    data, reason = REFUSED[what]
    make_film(tmp_path / "film.mp4", images)  # beside it, so that a list of files would find it
    path = tmp_path / "film2.mp4"
    path.write_bytes(data)
    with pytest.raises(ImageProblem, match=f"^{reason}"):
        read(path)


def test_a_film_in_two_files_is_refused(make_film, images, tmp_path):
    path = make_film(tmp_path / "whole.mp4", images)
    data = bytearray(path.read_bytes())
    place = data.index(b"dref")
    # An entry that names another file instead of this one: flags 0 and a place to look for it.
    data[place + 12 : place + 24] = struct.pack(">I4sI", 12, b"url ", 0)
    path.write_bytes(data)
    try:
        _, pictures, _ = read(path)
    except ImageProblem:
        return
    assert len(pictures) <= 30  # read from the file itself, whatever the entry says


def test_a_film_without_pictures_is_refused(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(ImageProblem, match="film without pictures: it holds no video"):
        read(path)


def test_a_coding_that_is_not_on_the_list_is_refused(make_film, images, tmp_path):
    path = make_film(tmp_path / "film.mov", images, "qtrle", pix_fmt="rgb24")
    with pytest.raises(ImageProblem, match="film in a coding that is not read here"):
        read(path)


def test_limits_are_kept(make_film, images, tmp_path):
    path = make_film(tmp_path / "film.mp4", images)
    _, pictures, end = read(path, limits=replace(LIMITS, max_frames=12))
    assert (len(pictures), end.decoded) == (12, 12)
    assert end.notes == ("Only its first 12 frames were read, the most that are read of one file; cut it.",)
    assert read(path, limits=replace(LIMITS, image=ImageLimits(max_pixels=96 * 64)))[2].decoded == 30
    with pytest.raises(ImageProblem, match="image too large: 96 x 64 pixels, over the limit of 6,143"):
        read(path, limits=replace(LIMITS, image=ImageLimits(max_pixels=96 * 64 - 1)))


def test_a_film_of_which_no_frame_can_be_decoded_is_refused(make_film, images, tmp_path):
    path = make_film(tmp_path / "film.mp4", images)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = b"\xff" * (end - start)
    path.write_bytes(data)
    with pytest.raises(ImageProblem, match="film that cannot be decoded: not one frame of it"):
        read(path)


# --- three hundred damaged films -------------------------------------------------------------------------------------
COUNT = 300

JUDGE = """
import json, sys
from pathlib import Path
from stillgraph.decoding import ImageProblem, Kind, Pick, SeriesLimits
from stillgraph.decoding.apart import read_here
for name in sorted(Path(sys.argv[1]).iterdir()):
    try:
        said = list(read_here(name, Kind.FILM, Pick(), SeriesLimits()))[-1].decoded
    except ImageProblem as problem:
        said = str(problem)
    print(json.dumps([name.name, said]), flush=True)
"""


def damaged(data, chance):
    """Return the file with bits flipped, numbers of its header made extreme, pieces cut out, repeated or swapped."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        place, length = chance.randrange(len(data) - 8), chance.randrange(1, 60)
        match chance.randrange(6):
            case 0:
                for _ in range(chance.choice((1, 10, 100))):
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            case 1:
                in_header = chance.randrange(min(len(data) - 8, 800))
                struct.pack_into(">I", data, in_header, chance.choice((0, 1, 0x7FFF, 0x7FFFFFFF, 0xFFFFFFFF)))
            case 2:
                del data[max(place, 64) :]
            case 3:
                del data[place : place + length]
            case 4:
                data[place:place] = data[place : place + length] * chance.choice((1, 50))
            case _:
                data[place : place + length] = chance.randbytes(length)
        if len(data) < 100:
            break
    return bytes(data)


def test_three_hundred_damaged_films_are_read_or_refused(make_film, images, tmp_path):
    chance, folder = random.Random(20261124), tmp_path / "damaged"
    folder.mkdir()
    forms = [("mp4", "mpeg4"), ("avi", "mpeg4"), ("matroska", "mpeg4"), ("mpegts", "mpeg2video"), ("mp4", "libx264")]
    forms = [(form, codec) for form, codec in forms if codec in av.codecs_available]
    films = [make_film(tmp_path / f"{n}", images[:8], codec, form=form) for n, (form, codec) in enumerate(forms)]
    for n in range(COUNT):
        (folder / f"{n:03}").write_bytes(damaged(films[n % len(films)].read_bytes(), chance))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", JUDGE, str(folder)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    results = dict(json.loads(line) for line in ran.stdout.splitlines())
    assert (ran.returncode, len(results)) == (0, COUNT), ran.stderr
    read_, refused = ([v for v in results.values() if isinstance(v, kind)] for kind in (int, str))
    assert all(0 < count <= 60 for count in read_)
    assert all(text.startswith(("film ", "not a film", "image too large", "damaged or hostile")) for text in refused)
    assert min(len(read_), len(refused)) > COUNT // 12, (len(read_), len(refused))
