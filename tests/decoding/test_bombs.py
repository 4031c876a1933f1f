"""Files that ask for more than they hold: refused within a second and a bounded memory, in a process of their own."""

import json
import struct
import subprocess
import sys
import zlib

import pytest

from stillgraph.decoding import ImageLimits, ImageProblem, decode
from stillgraph.decoding.headers import MAX_SCANS

MEMORY_MIB = 700
"""What the process may map beyond what it starts with: 40 million pixels in RGB take 160 MiB a copy."""

JUDGE = """
import json, resource, sys, time
from pathlib import Path
from stillgraph.decoding import ImageProblem, decode
mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = mapped + int(sys.argv[1]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for name in sys.argv[2:]:
    began = time.process_time()
    try:
        said = list(decode(Path(name).read_bytes()).size)
    except ImageProblem as problem:
        said = str(problem)
    print(json.dumps([said, time.process_time() - began]))
"""


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, data, *more):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tiff(**tags):
    """A little-endian TIFF of one strip with 40 bytes in it; ``w``, ``h`` and others replace its numbers."""
    plain = {"w": 64, "h": 64, "bits": 8, "way": 5, "photo": 1, "place": 200, "rows": 64, "length": 40}
    number = {"w": 256, "h": 257, "bits": 258, "way": 259, "photo": 262, "place": 273, "rows": 278, "length": 279,
              "tile_w": 322, "tile_h": 323, "tile_place": 324, "tile_length": 325}  # fmt: skip
    values = {number[name]: value for name, value in (plain | tags).items() if value is not None}
    entries = b"".join(
        struct.pack("<HHLL", tag, 4, *(value if isinstance(value, tuple) else (1, value)))
        for tag, value in sorted(values.items())
    )
    return b"II*\0" + struct.pack("<LH", 8, len(values)) + entries + struct.pack("<L", 0) + bytes(200)


def tiled(**tags):
    return tiff(place=None, length=None, rows=None, tile_place=200, tile_length=40, **tags)


def webp(width, height):
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + canvas + b"VP8L" + bytes(4)


def heic(data, width, height):
    """The file with another size in all its boxes that state one."""
    parts = data.split(b"ispe")
    return b"ispe".join([parts[0], *(p[:4] + struct.pack(">II", width, height) + p[12:] for p in parts[1:])])


def with_scans(data, scans):
    """A progressive JPEG with its last pass repeated."""
    last = data[data.rfind(b"\xff\xda") : -2]
    return data[:-2] + last * (scans - data.count(b"\xff\xda")) + data[-2:]


@pytest.fixture(scope="module")
def bombs(saved, picture):
    from PIL import Image

    zeros = zlib.compress(bytes(60_000_000), 9)
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000), 9))
    frames = [picture((8, 8), seed) for seed in range(50)]
    gif = saved("GIF", frames[0], save_all=True, append_images=frames[1:])
    flat = Image.new("L", (6000, 6000))
    return {
        "PNG of a giant size": (png(2**31 - 1, 2**31 - 1, b""), "image too large"),
        "PNG without a size": (png(0, 10, b""), "truncated image"),
        "PNG at the limit without pixels": (png(6000, 6000, b""), "truncated image"),
        "PNG of a long side": (png(40_000, 1, zlib.compress(bytes(120_001))), "image too large"),
        "PNG with far more data than pixels": (png(10, 10, zeros), [10, 10]),
        "PNG with texts that unpack to much": (png(10, 10, zlib.compress(bytes(310)), text * 500), "truncated image"),
        "PNG with a profile that unpacks to much": (
            png(10, 10, zlib.compress(bytes(310)), chunk(b"iCCP", b"p\0\0" + zeros)), "truncated image",
        ),
        "WebP of the greatest size": (webp(16_383, 16_383), "image too large"),
        "WebP just under what Pillow refuses": (webp(13_000, 13_000), "image too large"),
        "WebP of an impossible size": (webp(2**24, 2**24), "image too large"),
        "GIF of thousands of frames": (gif[:-1] + gif[gif.index(b"\x21\xf9") : -1] * 200 + b";", "several pictures"),
        "TIFF of a giant size": (tiff(w=2**31, h=2**31), "image too large"),
        "TIFF with a giant strip": (tiff(rows=2**32 - 1, length=2**32 - 16), "truncated image"),
        "TIFF with giant tiles": (tiled(tile_w=60_000, tile_h=60_000), "image too large: a TIFF with tiles"),
        "TIFF with giant plain tiles": (tiled(tile_w=60_000, tile_h=60_000, way=1), "image too large: a TIFF with"),
        "TIFF of a million strips": (tiff(place=(1_000_000, 8), way=1), "image too costly: a TIFF of over 200,000"),
        "TIFF of pages in a circle": (tiff()[:106] + struct.pack("<L", 8) + bytes(200), ("truncated", "several")),
        "BigTIFF with giant tiles": (
            b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2)
            + struct.pack("<HHQQHHQQ", 322, 4, 1, 60_000, 323, 16, 1, 60_000) + bytes(8), "image too large: a TIFF with",
        ),
        "TIFF of too many entries": (b"MM\0*\0\0\0\x08\xff\xff" + bytes(900_000), "truncated image: its header"),
        "TIFF that begins beyond its end": (b"MM\0*\xff\xff\xff\xff", "truncated image: its header"),
        "JPEG of ten thousand passes": (
            with_scans(saved("JPEG", flat, progressive=True), 10_000), "image too costly: a JPEG of over 100 passes",
        ),
        "JPEG that breaks off": (saved("JPEG", flat)[:5_000], "truncated image"),
        "HEIC of a giant size": (heic(saved("HEIF"), 2**31 - 1, 2**31 - 1), ("image too large", "truncated image")),
        "HEIC larger than it says": (heic(saved("HEIF", Image.new("L", (2000, 2000)), enc_params={"preset": "ultrafast"}), 64, 64), "truncated image"),
        "HEIC with a box without an end": (saved("HEIF")[:40] + b"\xff" * 400, "truncated image"),
    }  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to bound a process's memory")
def test_each_is_refused_soon_and_within_bounded_memory(bombs, tmp_path):
    for n, (data, _) in enumerate(bombs.values()):
        (tmp_path / f"{n:02}").write_bytes(data)
    names = sorted(map(str, tmp_path.iterdir()))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", JUDGE, str(MEMORY_MIB), *names],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    for (name, (_, wanted)), line in zip(bombs.items(), ran.stdout.splitlines(), strict=True):
        said, seconds = json.loads(line)
        assert seconds < 5, name
        if isinstance(said, str):
            assert said.startswith(wanted), (name, said)
            assert "memory" not in said, name
        else:
            assert said == wanted, (name, said)


def test_a_jpeg_of_a_few_more_passes_is_taken_in(saved):
    data = saved("JPEG", progressive=True)
    assert decode(with_scans(data, MAX_SCANS)).size == (64, 48)
    with pytest.raises(ImageProblem, match=r"over 100 passes \(save it again, not progressive\)"):
        decode(with_scans(data, MAX_SCANS + 1))


def test_limits_are_the_callers(saved):
    assert decode(saved("PNG"), ImageLimits(max_side_px=64)).size == (64, 48)
    with pytest.raises(ImageProblem, match="a side of over 63 pixels"):
        decode(saved("PNG"), ImageLimits(max_side_px=63))
    with pytest.raises(ImageProblem, match=r"64 x 48 pixels, over the limit of 3,071"):
        decode(saved("WEBP"), ImageLimits(max_pixels=3071))


def test_memory_that_runs_out_is_said(saved, monkeypatch):
    from PIL import ImageFile

    def nothing_left(_):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", nothing_left)
    with pytest.raises(ImageProblem, match="more than this machine's memory holds"):
        decode(saved("PNG"))
