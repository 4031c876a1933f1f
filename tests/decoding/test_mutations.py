"""Two thousand damaged files: each is taken in, and then its faces can be looked for, or refused with its reason."""

import random
import re
import struct

import pytest

from stillgraph.decoding import ImageProblem
from stillgraph.faces import packs
from stillgraph.faces.analyse import analyse_one
from stillgraph.faces.pixels import decode
from stillgraph.intake import read_image

COUNT = 2_000
REASON = re.compile(r"(empty file|image too large|image too costly|not an image|truncated image|several pictures)\b.+\)$|"
                    r"not an image: only .+ are taken in$|image too large: [\d,]+ x [\d,]+ pixels, over the limit")  # fmt: skip
EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def flipped(data, place, length, chance):
    for _ in range(chance.choice((1, 3, 20))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def cut(data, place, length, chance):
    del data[place:]


def swapped(data, place, length, chance):
    other = chance.randrange(len(data))
    first, second = bytes(data[place : place + length]), bytes(data[other : other + length])
    data[place : place + length], data[other : other + length] = second, first


def number_edited(data, place, length, chance):
    kind, bits = chance.choice((("<H", 16), (">H", 16), ("<I", 32), (">I", 32)))
    struct.pack_into(kind, data, in_header(data, chance), chance.choice(EXTREMES) & (2**bits - 1))


def byte_edited(data, place, length, chance):
    data[in_header(data, chance)] = chance.randrange(256)


def left_out(data, place, length, chance):
    del data[place : place + length]


def repeated(data, place, length, chance):
    data[place:place] = data[place : place + length] * chance.choice((1, 30))


def in_header(data, chance):
    return chance.randrange(min(len(data) - 4, 200))


DAMAGE = (flipped, cut, swapped, number_edited, byte_edited, left_out, repeated)


def mutated(data, stranger, chance):
    """Return the file with one to three things done to it; now and then with a piece of another file."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 1, 2, 3))):
        if len(data) > 16:
            chance.choice(DAMAGE)(data, chance.randrange(len(data)), chance.randrange(1, len(data) // 4), chance)
    if chance.random() < 0.1:
        place, length = chance.randrange(len(data) + 1), chance.randrange(100)
        data[place : place + length] = stranger[place : place + length]
    return bytes(data)


def taken_in(data):
    """Return the size of what is taken in, or the reason why it is not."""
    try:
        return read_image(data)
    except ImageProblem as problem:
        return str(problem)


def test_two_thousand_damaged_files_are_taken_in_or_refused(files):
    chance, pack = random.Random(20261123), packs.load()
    accepted = refused = 0
    for n in range(COUNT):
        data = mutated(files[n % len(files)], chance.choice(files), chance)
        size = taken_in(data)
        if isinstance(size, str):
            assert REASON.match(size), (n, size)
            refused += 1
            continue
        pixels = decode(data, f"file {n}")
        assert (pixels.shape[1], pixels.shape[0]) == size, n
        analysis = analyse_one(f"file {n}", data, pack)
        assert (analysis.width_px, analysis.height_px) == size, n
        accepted += 1
    # A mutator that spoils nothing, or everything, would test nothing.
    assert min(accepted, refused) > COUNT // 6, (accepted, refused)


def test_the_files_were_right_before(files):
    for n, data in enumerate(files[:-3]):
        assert read_image(data) in {(48, 32), (32, 48)}, n
    for data in files[-3:]:
        with pytest.raises(ImageProblem, match="several pictures"):
            read_image(data)
