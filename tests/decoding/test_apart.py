"""The process in which films are read: whatever becomes of it, a sentence comes out and nothing stays behind."""

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from stillgraph.decoding import Begin, End, ImageProblem, Kind, Pick, Picture, SeriesLimits, frames, kind_of
from stillgraph.decoding.apart import MAX_TEXT_BYTES, _received
from stillgraph.errors import NotFound


@pytest.fixture(scope="module")
def film(make_film, tmp_path_factory):
    """A film of forty frames in which a bar moves."""
    images = []
    for n in range(40):
        image = Image.new("RGB", (64, 48), (90, 90, 90))
        image.paste((200, 30, 30), (n, 0, n + 8, 48))
        images.append(image)
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4", images)


@pytest.fixture(autouse=True)
def no_child_is_left():
    yield
    assert multiprocessing.active_children() == []


def test_a_film_comes_through_whole(film):
    begin, *pictures, end = frames(film, Pick(every=10))
    assert begin == Begin("QuickTime / MOV", "frame", 1, pytest.approx(1.6))
    assert end == End(40, ())
    assert [(p.stream, p.number, p.seconds, p.remarks) for p in pictures] == [
        (1, 1, 0.0, ()), (1, 11, 0.4, ()), (1, 21, 0.8, ()), (1, 31, 1.2, ()),
    ]  # fmt: skip
    for one in pictures:
        assert abs(int(np.argmax(one.pixels[24, :, 0].astype(int) - one.pixels[24, :, 1])) - one.number - 3) <= 5


def test_pages_come_through_too(tmp_path, saved, picture):
    path = tmp_path / "pages.tif"
    pages = [picture((64, 48), seed) for seed in range(3)]
    path.write_bytes(saved("TIFF", pages[0], save_all=True, append_images=pages[1:]))
    got = [event for event in frames(path, Pick()) if isinstance(event, Picture)]
    assert all(np.array_equal(one.pixels, np.asarray(page)) for one, page in zip(got, pages, strict=True))


def test_whoever_stops_listening_ends_the_child(film):
    reading = frames(film, Pick())
    next(reading)
    next(reading)
    (child,) = multiprocessing.active_children()
    reading.close()
    with pytest.raises(ValueError, match="closed"):
        child.is_alive()


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such signals")
@pytest.mark.parametrize("way", ["SIGSEGV", "SIGKILL"])
def test_a_crash_is_a_refusal(film, way):
    reading = frames(film, Pick())
    next(reading)
    (child,) = multiprocessing.active_children()
    os.kill(child.pid, getattr(signal, way))
    with pytest.raises(ImageProblem, match="damaged or hostile file: what reads it gave up"):
        list(reading)


class Crashing(SeriesLimits):
    """Limits that end the process in which they arrive."""

    def __reduce__(self):
        return os._exit, (3,)


class Hanging(SeriesLimits):
    """Limits that arrive after a minute."""

    def __reduce__(self):
        return time.sleep, (60,)


def test_a_child_that_ends_before_it_began_is_a_refusal(film):
    with pytest.raises(ImageProblem, match="damaged or hostile file"):
        list(frames(film, Pick(), Crashing()))


def test_a_child_of_which_nothing_comes_is_given_up(film):
    began = time.monotonic()
    with pytest.raises(ImageProblem, match=r"file that cannot be decoded: nothing came of it for 0\.5 seconds"):
        list(frames(film, Pick(), Hanging(patience_s=0.5)))
    assert time.monotonic() - began < 20


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to bound a process's memory")
def test_a_file_that_wants_more_memory_than_it_is_given_is_refused(tmp_path):
    grey = Image.new("RGB", (6000, 6000))
    grey.save(tmp_path / "large.tif", save_all=True, append_images=[grey])
    with pytest.raises(ImageProblem, match=r"image too large: more than|damaged or hostile|file too costly"):
        list(frames(tmp_path / "large.tif", Pick(), SeriesLimits(max_memory_bytes=200 * 2**20)))


def says(*messages):
    """Return what is received of a child that sends these."""
    ours, theirs = multiprocessing.Pipe(duplex=False)

    def send():  # beside this thread: a pipe holds less than the longest message
        with theirs, suppress(BrokenPipeError):
            for message in messages:
                theirs.send_bytes(message if isinstance(message, bytes) else json.dumps(message).encode())

    sender = threading.Thread(target=send)
    sender.start()
    try:
        return list(_received(ours, SeriesLimits(patience_s=1)))
    finally:
        ours.close()
        sender.join()


def picture(**other):
    return {
        "what": "picture",
        "stream": 1,
        "number": 1,
        "seconds": None,
        "remarks": [],
        "width": 4,
        "height": 3,
        **other,
    }


END = {"what": "end", "decoded": 1, "notes": []}


@pytest.mark.parametrize(
    "messages",
    [
        [b"\x80\x04K\x01."], [b"{}"], [b"[]"], [b"null"], [{"what": "picture"}], [picture()], [picture(), bytes(35), END],
        [picture(), bytes(37), END], [picture(width="x"), bytes(36)], [picture(seconds="soon"), bytes(36)], [{"what": "more"}],
        [b" " * (MAX_TEXT_BYTES + 1)], [],
    ],
    ids=range(13),
)  # fmt: skip
def test_what_a_child_should_not_say_is_a_refusal(messages):
    with pytest.raises(ImageProblem, match="damaged or hostile file"):
        says(*messages)


def test_a_child_cannot_say_that_a_picture_is_vast():
    with pytest.raises(ImageProblem, match="image too large"):
        says(picture(width=10**6, height=10**6), bytes(36))
    (event, end) = says(picture(), bytes(36), END)
    assert (event.pixels.shape, end) == ((3, 4, 3), End(1, ()))


def test_what_a_file_is_is_told_by_its_bytes(tmp_path, saved, film):
    path = tmp_path / "x"
    for form in ("TIFF", "PNG", "GIF", "WEBP", "HEIF", "JPEG", "BMP"):
        path.write_bytes(saved(form))
        assert kind_of(path) is Kind.PAGES
    with_film = saved("HEIF") + b"\0\0\0\x08moov"
    for data in (film.read_bytes(), with_film, b"RIFF\0\0\0\0AVI LIST", b"G" * 600, b"dear officer"):
        path.write_bytes(data)
        assert kind_of(path) is Kind.FILM
    path.write_bytes(b"")
    with pytest.raises(ImageProblem, match="empty file"):
        kind_of(path)
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(NotFound, match="There is no file"):
            kind_of(place)


def test_a_file_that_cannot_be_read_is_refused(film, monkeypatch):
    def locked(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", locked)
    with pytest.raises(ImageProblem, match=r"file that cannot be read \(Permission denied"):
        kind_of(film)


def test_a_file_over_the_limit_is_not_read(tmp_path):
    path = tmp_path / "vast.mp4"
    with path.open("wb") as file:
        file.write(b"\0\0\0\x18ftypisom")
        file.truncate(2**40)
    with pytest.raises(ImageProblem, match="file too large: over 4,294,967,296 bytes"):
        list(frames(path, Pick()))
    with pytest.raises(ImageProblem, match="file too large: over 10 bytes"):
        list(frames(path, Pick(), replace(SeriesLimits(), max_bytes=10)))
