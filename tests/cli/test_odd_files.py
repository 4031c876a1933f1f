"""`search --image` on a folder of odd files: each is searched, or refused in one sentence with exit code 2."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

pillow_heif.register_heif_opener()

STILL = Path(__file__).resolve().parents[2] / "data" / "demo" / "deliveries" / "R08" / "stills" / "R08_0002.jpg"
"""A still with a face that can be searched."""


def saved(form, image=None, **options):
    buffer = io.BytesIO()
    (image or Image.open(STILL)).save(buffer, form, **options)
    return buffer.getvalue()


def searched():
    """Return odd files that show a still's face, by name."""
    still = Image.open(STILL)
    turned = Image.Exif()
    turned[0x0112] = 6
    alone = still.transpose(Image.Transpose.ROTATE_90)
    return {
        **{f"still.{form.lower()}": saved(form) for form in ("PNG", "BMP", "TIFF", "WEBP", "GIF", "HEIF")},
        "no ending": saved("PNG"),
        "wrong ending.png": saved("JPEG", quality=95),
        "cmyk.jpg": saved("JPEG", still.convert("CMYK"), quality=95),
        "progressive.jpg": saved("JPEG", progressive=True, quality=95),
        "with alpha.png": saved("PNG", still.convert("RGBA")),
        "turned.jpg": saved("JPEG", alone, exif=turned, quality=95),
        "broken exif.jpg": saved("JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff", quality=95),
        "previews.mpo": saved("MPO", save_all=True, append_images=[still.resize((16, 12))], quality=95),
        "lzw.tif": saved("TIFF", compression="tiff_lzw"),
        "line\nbreak.png": saved("PNG"),
        "späti 二.png": saved("PNG"),
    }


def without_a_face():
    """Return files in which there is nothing to search, by name."""
    return {
        "one pixel.png": saved("PNG", Image.new("RGB", (1, 1))),
        "a line.png": saved("PNG", Image.new("1", (30_000, 1))),
        "black 16 bit.png": saved("PNG", Image.new("I;16", (64, 64))),
        "a fax.tif": saved("TIFF", Image.new("1", (64, 64)), compression="group4"),
    }


def refused():
    """Return files that are not taken in, by name, and how the reason begins."""
    pages = [Image.new("RGB", (64, 48), shade) for shade in ("red", "green", "blue")]
    return {
        "empty.jpg": (b"", "empty file"),
        "text.jpg": (b"dear officer", "not an image"),
        "page.pdf": (b"%PDF-1.7", "not an image"),
        "film.mp4": (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "not an image"),
        "still.avif": (saved("AVIF", pages[0]), "not an image"),
        "still.jp2": (saved("JPEG2000", pages[0]), "not an image"),
        "cut.jpg": (STILL.read_bytes()[:-200], "truncated image"),
        "cut.tif": (saved("TIFF", compression="tiff_lzw")[:-3000], "truncated image"),
        "cut.heic": (saved("HEIF")[:-300], "truncated image"),
        "pages.tif": (saved("TIFF", pages[0], save_all=True, append_images=pages[1:]), "several pictures"),
        "moving.gif": (saved("GIF", pages[0], save_all=True, append_images=pages[1:]), "several pictures"),
        "moving.webp": (saved("WEBP", pages[0], save_all=True, append_images=pages[1:]), "several pictures"),
        "large.png": (saved("PNG", Image.new("1", (7_000, 6_000))), "image too large"),
        "long.png": (saved("PNG", Image.new("1", (33_000, 1))), "image too large"),
    }


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "odd"
    made.mkdir()
    return made


def is_one_plain_sentence(text):
    return text.count("\n") == 1 and text.endswith(".\n") and "Traceback" not in text


def search(run, case, seat, path, *options):
    return run("search", case.directory, "--image", path, *options, seat=seat)


def test_every_odd_file_is_searched_or_refused(run, small_case, seat, folder):
    for name, data in searched().items():
        (folder / name).write_bytes(data)
        document = search(run, small_case, seat, folder / name, "--json").document
        assert [probe["outcome"] for probe in document["probes"]] == ["candidates"], name
    for name, data in without_a_face().items():
        (folder / name).write_bytes(data)
        document = search(run, small_case, seat, folder / name, "--json").document
        assert document["probes"] == [], name
    for name, (data, reason) in refused().items():
        (folder / name).write_bytes(data)
        ran = search(run, small_case, seat, folder / name)
        assert (ran.code, ran.out) == (2, ""), name
        assert is_one_plain_sentence(ran.err), ran.err
        assert ran.err.startswith(f"{name}: {reason}"), ran.err


def test_a_folder_of_odd_files_is_searched_with_each_searched_or_refused(run, small_case, seat, folder):
    found, empty, wrong = searched(), without_a_face(), refused()
    for name, data in (found | empty | {name: data for name, (data, _) in wrong.items()}).items():
        (folder / name).write_bytes(data)
    reasons = {name: reason for name, (_, reason) in wrong.items()} | lie_about(folder)
    document = search(run, small_case, seat, folder, "--json").document
    printable = {name.replace("\n", "\N{REPLACEMENT CHARACTER}") for name in found}
    assert {probe["still"] for probe in document["probes"]} == printable
    assert set(document["without_face"]) == set(empty)
    assert {
        one["image"]: one["reason"].startswith(reasons[one["image"]]) for one in document["refused"]
    } == dict.fromkeys(reasons, True)
    ran = search(run, small_case, seat, folder)
    assert ran.code == 0
    assert "  empty.jpg: refused: empty file" in ran.out


def lie_about(folder):
    """Put into a folder what is no file; return how the reason begins for which it is refused, by name."""
    (folder / "folder in it").mkdir()
    (folder / "to nothing.png").symlink_to(folder / "nothing.png")
    (folder / "to itself.png").symlink_to(folder / "to itself.png")
    unreadable = {"to nothing.png": "cannot be read (No such file", "to itself.png": "cannot be read (Too many levels"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")
        (folder / "endless.png").symlink_to("/dev/zero")
        unreadable |= dict.fromkeys(["pipe.png", "endless.png"], "not a file but a pipe, a socket or a device")
    return unreadable | {"folder in it": "a folder in the folder"}


def test_names_that_differ_in_what_cannot_be_printed_alone_are_told_apart(run, small_case, seat, folder):
    for name in ("a\nface", "a\tface", "a\vface (2)"):
        (folder / name).write_bytes(saved("PNG"))
    (folder / "no\nface").write_bytes(b"")
    (folder / "no\tface").write_bytes(b"text")
    document = search(run, small_case, seat, folder, "--json").document
    assert sorted(probe["still"] for probe in document["probes"]) == ["a�face", "a�face (2)", "a�face (2) (2)"]
    assert {one["image"]: one["reason"][:5] for one in document["refused"]} == {
        "no�face": "not a", "no�face (2)": "empty"
    }  # fmt: skip


def test_a_folder_without_files_is_refused(run, small_case, seat, folder):
    (folder / "folder in it").mkdir()
    ran = search(run, small_case, seat, folder)
    assert (ran.code, ran.out, ran.err) == (2, "", "There is no file in the folder odd.\n")


def test_what_is_no_file_is_refused(run, small_case, seat, folder):
    (folder / "to nothing.png").symlink_to(folder / "nothing.png")
    (folder / "to itself.png").symlink_to(folder / "to itself.png")
    places = [folder / "none.png", folder / "to nothing.png", folder / "to itself.png"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")
        places += [folder / "pipe.png", Path(os.devnull)]
    for place in places:
        ran = search(run, small_case, seat, place)
        assert (ran.code, ran.out) == (2, ""), place
        assert ran.err == f"There is no file {place.name}.\n"


def test_a_name_too_long_for_any_file_is_refused(run, small_case, seat, folder):
    ran = search(run, small_case, seat, folder / ("n" * 300))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("n cannot be read (File name too long): check its name and permissions.\n")


def test_a_file_that_cannot_be_read_is_refused(run, small_case, seat, folder, monkeypatch):
    (folder / "locked.png").write_bytes(saved("PNG"))
    plain = Path.open

    def locked(self, *arguments, **options):
        if self.name == "locked.png":
            raise PermissionError(13, "Permission denied")
        return plain(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", locked)
    ran = search(run, small_case, seat, folder / "locked.png")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "locked.png cannot be read (Permission denied): check its name and permissions.\n"


def test_a_file_over_the_limit_is_not_read_whole(run, small_case, seat, folder):
    with (folder / "vast.bmp").open("wb") as file:
        file.write(b"BM")
        file.truncate(2**40)
    ran = search(run, small_case, seat, folder / "vast.bmp")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "vast.bmp: image too large: over 67,108,864 bytes (send a smaller one).\n"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep file names in Unicode")
def test_a_name_that_is_no_text_is_searched_and_refused_like_any(run, small_case, seat, folder):
    name = os.fsdecode(b"caf\xe9.png")
    (folder / name).write_bytes(saved("PNG"))
    assert len(search(run, small_case, seat, folder / name, "--json").document["probes"]) == 1
    assert search(run, small_case, seat, folder / name).code == 0
    (folder / name).write_bytes(b"text")
    ran = search(run, small_case, seat, folder / name)
    assert (ran.code, ran.err[:22]) == (2, "caf\N{REPLACEMENT CHARACTER}.png: not an image")
