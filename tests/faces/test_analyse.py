"""Analysis: order, numbering, workers, memory, interruption, and the fakes other modules test with."""

import csv
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph import decoding
from stillgraph.faces import analyse as analysis
from stillgraph.faces.analyse import IMAGES_A_WORKER, Room, UnusableImage, analyse, analyse_one, crop, threads
from stillgraph.faces.embed import ImageRole
from stillgraph.faces.fakes import TILE_PX, FakeDetector, card, fake_pack

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


def same(a, b):
    """Two analyses hold the same, bit for bit."""
    assert (a.image_id, a.width_px, a.height_px, len(a.faces)) == (b.image_id, b.width_px, b.height_px, len(b.faces))
    for x, y in zip(a.faces, b.faces, strict=True):
        plain = ("face_id", "image_id", "box", "quality", "found_by", "usable", "unusable_reason")
        assert [getattr(x, key) for key in plain] == [getattr(y, key) for key in plain]
        assert x.landmarks.tobytes() == y.landmarks.tobytes()
        assert x.template.model == y.template.model
        assert x.template.vector.tobytes() == y.template.vector.tobytes()


def demo_stills(retailer, count):
    with (DEMO / "truth.csv").open(encoding="utf-8") as file:
        images = sorted({row["image"] for row in csv.DictReader(file) if row["retailer_id"] == retailer})[:count]
    return [(f"{retailer}/{i}", (DEMO / "deliveries" / retailer / "stills" / i).read_bytes()) for i in images]


@settings(deadline=None)  # threads on a busy machine
@given(st.lists(st.lists(st.integers(0, 255), max_size=3), max_size=9), st.integers(1, 4))
def test_images_come_in_order_and_faces_are_numbered_left_to_right(people, workers):
    images = [(f"i{n}", card(persons)) for n, persons in enumerate(people)]
    done = []
    results = list(analyse(images, fake_pack(), workers=workers, progress=done.append))
    assert [r.image_id for r in results] == [image_id for image_id, _ in images]
    assert done == list(range(1, len(images) + 1))
    for result, persons in zip(results, people, strict=True):
        assert [f.face_id for f in result.faces] == [
            f"{result.image_id}#{n}" for n in range(1, sum(p > 0 for p in persons) + 1)
        ]
        centres = [f.box.x + f.box.width / 2 for f in result.faces]
        assert centres == sorted(centres)
        assert all(f.image_id == result.image_id and f.template is not None for f in result.faces)


def test_faces_are_sorted_whatever_order_the_detector_gives():
    class Backwards(FakeDetector):
        def detect(self, pixels):
            return super().detect(pixels)[::-1]

    result = analyse_one("i", card([3, 5]), replace(fake_pack(), detector=Backwards()))
    assert [f.face_id for f in result.faces] == ["i#1", "i#2"]
    assert result.faces[0].box.x < result.faces[1].box.x


def test_fakes_tell_persons_apart():
    first, second = analyse([("a", card([3, 7])), ("b", card([7], shade=9))], fake_pack())
    (probe,) = second.faces
    other, same_person = first.faces
    assert probe.template.vector @ same_person.template.vector > 0.95
    assert abs(probe.template.vector @ other.template.vector) < 0.7
    assert probe.template.model == fake_pack().model


def test_an_unusable_face_keeps_its_template_and_has_a_reason():
    class Doubtful(FakeDetector):
        def detect(self, pixels):
            return [replace(one, score=0.4) for one in super().detect(pixels)]

    (face,) = analyse_one("i", card([3]), replace(fake_pack(), detector=Doubtful())).faces
    assert not face.usable
    assert "Ask for a clearer original" in face.unusable_reason
    assert face.template is not None


def test_memory_is_bounded():
    asked = []

    def supply():
        for n in range(50):
            asked.append(n)
            yield f"i{n}", card([1])

    stream = analyse(supply(), fake_pack(), workers=2)
    for got in range(1, 6):
        next(stream)
        assert len(asked) <= got + 4
    stream.close()


def test_of_three_hundred_images_no_more_than_a_few_are_held():
    """Counts the bytes objects that are alive, not what is asked for: also those of images that were done with."""

    class Held(bytes):
        alive = most = 0

        def __new__(cls, data):
            Held.alive += 1
            Held.most = max(Held.most, Held.alive)
            return super().__new__(cls, data)

        def __del__(self):
            Held.alive -= 1

    pictures = [card([n % 5 + 1], shade=n % 256) for n in range(8)]
    supply = ((f"i{n}", Held(pictures[n % 8])) for n in range(300))
    results = sum(len(a.faces) for a in analyse(supply, fake_pack(), workers=3))
    assert results == 300
    assert 3 <= Held.most <= 3 * IMAGES_A_WORKER + 2
    assert Held.alive == 0


class Counting(FakeDetector):
    """Notes how many pixels are being looked at, at most."""

    def __init__(self):
        self.lock, self.now, self.most = threading.Lock(), 0, 0

    def detect(self, pixels):
        with self.lock:
            self.now += pixels.shape[0] * pixels.shape[1]
            self.most = max(self.most, self.now)
        time.sleep(0.002)
        found = super().detect(pixels)
        with self.lock:
            self.now -= pixels.shape[0] * pixels.shape[1]
        return found


@pytest.mark.parametrize(("allowed", "most"), [(1, 1), (2, 2), (100, 4)])
def test_decoded_pixels_are_bounded_whatever_the_number_of_workers(monkeypatch, allowed, most):
    tile = TILE_PX * TILE_PX
    monkeypatch.setattr(analysis, "PIXELS_AT_ONCE", allowed * tile)
    counting = Counting()
    images = [(f"i{n}", card([1])) for n in range(40)]
    done = list(analyse(images, replace(fake_pack(), detector=counting), workers=4))
    assert [a.image_id for a in done] == [image_id for image_id, _ in images]
    assert counting.most <= most * tile
    assert counting.most >= min(2, most) * tile


def test_an_image_larger_than_the_room_goes_alone(monkeypatch):
    monkeypatch.setattr(analysis, "PIXELS_AT_ONCE", 10)
    counting = Counting()
    images = [(f"i{n}", card([1] * (n % 3 + 1))) for n in range(12)]
    done = list(analyse(images, replace(fake_pack(), detector=counting), workers=3))
    assert [len(a.faces) for a in done] == [n % 3 + 1 for n in range(12)]
    assert counting.most == 3 * TILE_PX * TILE_PX


def test_few_workers_always_have_room():
    """What two workers can decode fits, so nobody looks at headers first; three have to."""
    assert 2 * decoding.DEFAULT_LIMITS.max_pixels <= analysis.PIXELS_AT_ONCE < 3 * decoding.DEFAULT_LIMITS.max_pixels


def test_room_is_given_back_when_an_image_fails():
    room = Room(5)
    for _ in range(3):
        with pytest.raises(ValueError, match="x"), room.taken(5):
            raise ValueError("x")
    with room.taken(5):
        pass


class Choosy(FakeDetector):
    """Fails on every image that shows person 99."""

    def __init__(self, error):
        self.error = error

    def detect(self, pixels):
        if (pixels[:, :, 0] == 99).any():
            raise self.error
        return super().detect(pixels)


def test_an_unusable_image_is_named_and_ends_the_pool():
    before = threading.active_count()
    with pytest.raises(UnusableImage, match=r"R01/bad.jpg cannot be used: not an image"):
        list(analyse([("ok", card([1])), ("R01/bad.jpg", b"no image")], fake_pack(), workers=2))
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [ValueError("x"), ZeroDivisionError(), IndexError(), MemoryError()])
def test_an_unusable_image_stops_no_other(error):
    images = [("a", card([1])), ("b", card([99])), ("c", b"no image"), ("d", card([2]))]
    pack, told, done = replace(fake_pack(), detector=Choosy(error)), {}, []
    found = list(analyse(images, pack, workers=2, progress=done.append, failed=told.__setitem__))
    assert [one.image_id for one in found] == ["a", "d"]
    assert (list(told), done) == (["b", "c"], [1, 2, 3, 4])
    assert told["b"].startswith(f"it opens, but looking for faces in it failed ({type(error).__name__};")
    with pytest.raises(UnusableImage, match=r"^b cannot be used: it opens, but looking for faces in it failed"):
        list(analyse(images, pack, workers=2))


def test_a_fault_of_the_model_blames_no_image():
    pack = replace(fake_pack(), detector=Choosy(RuntimeError("out of order")))
    with pytest.raises(RuntimeError, match="out of order"):
        list(analyse([("b", card([99]))], pack, failed=lambda *_: None))


def test_an_interruption_leaves_no_thread_behind():
    before = threading.active_count()

    def stop(done):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(analyse([(f"i{n}", card([1])) for n in range(20)], fake_pack(), workers=2, progress=stop))
    assert threading.active_count() == before


@pytest.mark.parametrize("how", ["closed", "interrupted", "reading fails"])
def test_leaving_early_stops_reading_and_leaves_no_thread(how):
    before, asked = threading.active_count(), []

    def supply():
        for n in range(1000):
            asked.append(n)
            if how == "reading fails" and n == 7:
                raise OSError("disk gone")
            yield f"i{n}", card([1])

    stream = analyse(supply(), fake_pack(), workers=3)
    next(stream)
    if how == "closed":
        stream.close()
    elif how == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            stream.throw(KeyboardInterrupt)
    else:
        with pytest.raises(OSError, match="disk gone"):
            list(stream)
    assert threading.active_count() == before
    assert len(asked) <= 9


INTERRUPTED = """
import sys, threading, time
from stillgraph.faces.analyse import analyse
from stillgraph.faces.fakes import card, fake_pack
picture = card([1])
def supply():
    while True:
        yield "i", picture
try:
    for n, _ in enumerate(analyse(supply(), fake_pack(), workers=2)):
        if n == 3:
            print("going", flush=True)
except KeyboardInterrupt:
    print(threading.active_count(), flush=True)
"""


def test_ctrl_c_ends_a_program_at_once_and_leaves_no_thread():
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "going\n"
        program.send_signal(signal.SIGINT)
        told, _ = program.communicate(timeout=20)
    assert (told, program.returncode) == ("1\n", 0)


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_any_number_of_workers_gives_what_one_image_alone_gives(workers):
    images = [(f"i{n}", card([n % 9, (n * 7) % 250], shade=n)) for n in range(24)]
    for a, b in zip(
        (analyse_one(*image, fake_pack()) for image in images),
        analyse(images, fake_pack(), workers=workers),
        strict=True,
    ):
        same(a, b)


def test_there_is_at_least_one_thread_and_as_many_as_asked_for():
    assert [threads(n) for n in (0, 1, 7)] == [1, 1, 7]
    assert 1 <= threads(None) <= (os.cpu_count() or 1)


def test_the_number_of_workers_changes_no_bit(pack):
    stills = demo_stills("R03", 5)
    one, three, again = (list(analyse(stills, pack, workers=n)) for n in (1, 3, 3))
    assert sum(len(r.faces) for r in one) >= 5
    for a, b, c in zip(one, three, again, strict=True):
        same(a, b)
        same(a, c)


def test_a_still_finds_its_person_among_custody_images(pack):
    """Every face of ten stills is found, and most score higher with their own custody image than with another's."""
    stills = demo_stills("R02", 10)
    with (DEMO / "truth.csv").open(encoding="utf-8") as file:
        truth = [row for row in csv.DictReader(file) if f"{row['retailer_id']}/{row['image']}" in dict(stills)]
    nominals = sorted({row["nominal_id"] for row in truth} - {""})
    images = DEMO / "custody" / "images"
    custody = [(n, p.read_bytes()) for n in nominals for p in sorted(images.glob(f"{n}_*.jpg"))]
    gallery = [(a.image_id, a.faces[0].template.vector) for a in analyse(custody, pack, role=ImageRole.CUSTODY)]
    found = {a.image_id: a.faces for a in analyse(stills, pack)}
    assert sum(map(len, found.values())) == len(truth)
    first = []
    for row in truth:
        if row["nominal_id"]:
            face = found[f"{row['retailer_id']}/{row['image']}"][-1 if row["position"] == "right" else 0]
            first.append(max(gallery, key=lambda g: float(g[1] @ face.template.vector))[0] == row["nominal_id"])
    assert np.mean(first) >= 0.7


def test_a_role_is_part_of_the_template(pack, custody_bytes):
    (still,) = analyse_one("a", custody_bytes, pack).faces
    (custody,) = analyse_one("a", custody_bytes, pack, ImageRole.CUSTODY).faces
    assert still.box == custody.box
    assert 0.8 < still.template.vector @ custody.template.vector < 0.9999
    assert crop(custody_bytes, custody.box)[:4] == b"\x89PNG"
