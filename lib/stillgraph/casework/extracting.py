"""Stills out of films and files of several pages, with a manifest for officers to fill in. No case is touched."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph import __version__
from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import Box

if TYPE_CHECKING:
    from stillgraph.decoding import Begin, End, Kind, Pick, Picture
    from stillgraph.decoding.series import Event
    from stillgraph.faces.appearances import Appearances, Worth

SAMPLE_S = 0.5
"""Faces are looked for in one frame each so many seconds."""

MOST_STILLS = 1000
"""The most stills written unless another number is asked for."""

LONGEST_STEM = 80
"""Characters of the file's own name that a still's name begins with."""

PNG_LEVEL = 1
"""How hard a PNG is packed, of 9; it is without loss at any, and at this one four times as fast as is usual."""


@dataclass(frozen=True, slots=True)
class ExtractedFace:
    """A face for which a still was kept: one of the best views of the appearance of that number."""

    appearance: int
    box: Box
    detection_score: float
    inter_eye_px: float


@dataclass(frozen=True, slots=True)
class ExtractedStill:
    """A still that was written: which picture of the file it is, and what the manifest notes of it."""

    image: str
    stream: int
    number: int
    seconds: float | None
    width_px: int
    height_px: int
    note: str
    faces: tuple[ExtractedFace, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtractReport:
    """What came of a file: pictures ``decoded`` and ``looked_at``, and the stills written.

    ``way`` is ``all``, ``every``, ``scenes`` or ``faces``. ``appearances`` and ``unusable`` (faces left out as too
    small or unclear to be searched) are of the way ``faces``, else 0. ``left_out`` counts stills beyond the limit,
    where that is known. ``out`` is null where nothing was written.
    """

    file: str
    sha256: str
    form: str
    way: str
    decoded: int
    looked_at: int
    appearances: int
    unusable: int
    stills: tuple[ExtractedStill, ...]
    left_out: int
    notes: tuple[str, ...]
    out: Path | None
    elapsed_s: float


def extract(
    file: Path,
    out: Path,
    *,
    every: int | None = None,
    scenes: bool = False,
    best: int | None = None,
    limit: int = MOST_STILLS,
    workers: int | None = None,
    show_progress: bool = False,
) -> ExtractReport:
    """Write stills of a film's frames or an image file's pages, as PNG, and a manifest that names their origin.

    Unless told otherwise, of an image file every page is taken, and of a film the frame in which each face is seen
    best: :mod:`stillgraph.faces.appearances` says how faces are grouped and which is best. The folder appears when
    everything is written; where no still comes of the file, none does.

    Parameters
    ----------
    file : Path
        The film or image file.
    out : Path
        A folder that is new or empty.
    every : int, optional
        Take every n-th picture.
    scenes : bool
        Take the pictures where the scene changes.
    best : int, optional
        Take so many of the best frames of each face's appearance.
    limit : int
        The most stills written. By faces, those in which a face is seen best are kept; otherwise the first.
    workers : int, optional
        Threads that look for faces; one a core unless given.
    show_progress : bool
        Show a bar on stderr.

    Raises
    ------
    WrongUse
        The options contradict each other, the folder is not new or empty, or the file cannot be read; it says why.
    NotFound
        There is no such file, or no folder to put the new one into.
    """
    from stillgraph import decoding

    began = time.perf_counter()
    _check(every, scenes, best, limit)
    name = decoding.printable(file.name)
    try:
        with _new_folder(out) as folder:
            with _unchanged(file, name):
                way, pick = _way(decoding.kind_of(file), every, scenes, best)
                book = _Book(folder, file, name, limit)
                with closing(_shown(decoding.frames(file, pick), book, show_progress=show_progress)) as pictures:
                    if way == "faces":
                        _take_best(pictures, book, best or 1, workers)
                    else:
                        _take_all(pictures, book)
            report = book.report(way)
            if report.stills:
                _write_manifest(folder, report.stills)
                _put(folder, out)
                report = replace(report, out=out)
    except decoding.ImageProblem as problem:
        raise WrongUse(f"{name}: {problem}.") from problem
    return replace(report, elapsed_s=time.perf_counter() - began)


def _check(every: int | None, scenes: bool, best: int | None, limit: int) -> None:
    if sum((every is not None, scenes, best is not None)) > 1:
        raise WrongUse("Say in one way which pictures to take: --every N, or --scenes, or --best N.")
    for option, number in (("--every", every), ("--best", best), ("--limit", limit)):
        if number is not None and number < 1:
            raise WrongUse(f"{option} takes a whole number from 1 on.")


def _way(kind: Kind, every: int | None, scenes: bool, best: int | None) -> tuple[str, Pick]:
    """Return by which rule pictures are taken, and which of them have to be looked at for it."""
    from stillgraph.decoding import Kind, Pick

    if every is not None:
        return "every", Pick(every=every)
    if scenes:
        return "scenes", Pick(scenes=True)
    if kind is Kind.FILM:
        return "faces", Pick(seconds=SAMPLE_S)
    return ("all" if best is None else "faces"), Pick()


# --- the folder ------------------------------------------------------------------------------------------------------
@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Give a folder beside the one to be, for its owner's eyes only; whatever is left in it at the end is removed."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise WrongUse(f"{out} is there and not empty; --out takes a folder that is new or empty.")
    parent = out.absolute().parent
    if not parent.is_dir():
        raise NotFound(f"There is no folder {parent} to make {out.name} in; make it first.")
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=parent))
    except OSError as error:
        raise WrongUse(f"{parent} cannot be written to ({error.strerror}); give another --out.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(folder: Path, out: Path) -> None:
    """Turn the finished folder into the one asked for, in one step."""
    if out.exists():
        out.rmdir()
    folder.rename(out)


@contextmanager
def _unchanged(file: Path, name: str) -> Iterator[None]:
    """Make sure that a file is the same at the end, so that its SHA-256 is that of what was read."""
    before = _state(file)
    yield
    if _state(file) != before:
        raise WrongUse(f"{name} changed while it was read: begin again once it is copied whole.")


def _state(file: Path) -> tuple[int, ...]:
    try:
        state = os.stat(file)  # noqa: PTH116 -- follows links as opening does, and says so of a circle of them too
    except OSError:
        return ()
    return state.st_size, state.st_mtime_ns, state.st_ino


def _write_manifest(folder: Path, stills: tuple[ExtractedStill, ...]) -> None:
    """Write a manifest for `stills receive`; what only the officer knows is left empty, and refused until filled in."""
    from stillgraph.intake.rows import StillRow

    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*StillRow.required(), *StillRow.optional()], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({"image": still.image, "note": still.note} for still in stills)


def _stem(name: str) -> str:
    """Return the file's own name as stills' names can begin with it: no separators, and no formula to a spreadsheet."""
    plain = "".join(c if c.isalnum() or c in " ._-()" else "_" for c in Path(name).stem)
    return plain.lstrip(" .-_").rstrip()[:LONGEST_STEM] or "film"


class _Book:
    """Writes stills into the folder and keeps what is known of them."""

    def __init__(self, folder: Path, file: Path, name: str, limit: int) -> None:
        from stillgraph.decoding import FilmProblem

        self.limit = limit
        self.begin: Begin | None = None
        self.end: End | None = None
        self.looked_at = self.appearances = self.unusable = self.left_out = 0
        self.notes: list[str] = []
        self.stills: dict[str, ExtractedStill] = {}
        self._images = folder / "stills"
        self._images.mkdir()
        self._name, self._stem = name, _stem(name)
        try:
            with file.open("rb") as stream:
                self._sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise FilmProblem(f"file that cannot be read ({error.strerror}; check its name)") from error

    def still(self, picture: Picture) -> ExtractedStill:
        """Return what is to be known of a picture as a still."""
        assert self.begin is not None  # noqa: S101  (it comes before every picture)
        several, page = self.begin.streams > 1, self.begin.unit == "page"
        place = f"_s{picture.stream}" * several + (f"_p{picture.number:04}" if page else f"_f{picture.number:06}")
        said = [
            f"stream {picture.stream}, " * several + f"{self.begin.unit} {picture.number}"
            + ("" if picture.seconds is None else f" at {picture.seconds:.2f} s")
            + f" of {self._name}, sha256 {self._sha256}",
            *picture.remarks,
            f"extracted by stillgraph {__version__}",
        ]  # fmt: skip
        height, width = picture.pixels.shape[:2]
        return ExtractedStill(
            image=f"{self._stem}{place}.png", stream=picture.stream, number=picture.number, seconds=picture.seconds,
            width_px=width, height_px=height, note="; ".join(said),
        )  # fmt: skip

    def write(self, still: ExtractedStill, png: bytes) -> None:
        """Write a still."""
        try:
            (self._images / still.image).write_bytes(png)
        except OSError as error:
            raise WrongUse(
                f"The stills cannot be written ({error.strerror}); make room or give another --out."
            ) from error
        self.stills[still.image] = still

    def drop(self, image: str) -> None:
        """Remove a still that was written."""
        (self._images / image).unlink()
        del self.stills[image]

    def report(self, way: str) -> ExtractReport:
        """Return what came of the file."""
        assert self.begin is not None  # noqa: S101  (reading ended well)
        end = self.end
        return ExtractReport(
            file=self._name, sha256=self._sha256, form=self.begin.form, way=way,
            decoded=self.looked_at if end is None else end.decoded, looked_at=self.looked_at,
            appearances=self.appearances, unusable=self.unusable, stills=tuple(self.stills.values()),
            left_out=self.left_out, notes=(*(() if end is None else end.notes), *self.notes), out=None, elapsed_s=0.0,
        )  # fmt: skip


def _png(picture: Picture, still: ExtractedStill) -> bytes:
    """Return a picture as PNG, without loss, with its origin written into it."""
    from PIL import Image, PngImagePlugin

    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("Source", still.note)
    out = io.BytesIO()
    Image.fromarray(picture.pixels).save(out, "PNG", compress_level=PNG_LEVEL, pnginfo=texts)
    return out.getvalue()


# --- taking stills ---------------------------------------------------------------------------------------------------
def _shown(events: Generator[Event], book: _Book, *, show_progress: bool) -> Generator[Picture]:
    """Yield the pictures among what reading the file yields, note its beginning and end, and show how far it is."""
    from tqdm import tqdm

    from stillgraph.decoding import Begin, End, Picture

    form = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s [{elapsed}<{remaining}]"
    with closing(events), tqdm(disable=not show_progress, leave=False, desc="film", unit="s") as bar:
        for event in events:
            if isinstance(event, Begin):
                book.begin, bar.total = event, event.seconds
                if event.seconds is not None:
                    bar.bar_format = form
            elif isinstance(event, End):
                book.end = event
            elif event.seconds is not None and bar.total is not None:
                bar.update(min(event.seconds, bar.total) - bar.n)
            if isinstance(event, Picture):
                book.looked_at += 1
                yield event


def _take_all(pictures: Iterator[Picture], book: _Book) -> None:
    """Write every picture, up to the limit."""
    for picture in pictures:
        if len(book.stills) == book.limit:
            book.notes.append(f"It went no further than {book.limit} stills, its limit; --limit N sets another.")
            return
        still = book.still(picture)
        book.write(still, _png(picture, still))


def _take_best(pictures: Iterator[Picture], book: _Book, best: int, workers: int | None) -> None:
    """Write the frames in which each face's appearance is seen best, and drop those that a better one replaces."""
    from stillgraph.faces import packs
    from stillgraph.faces.analyse import analyse
    from stillgraph.faces.appearances import Appearances

    keeper = _Keeper(book, best)
    spoilt: list[str] = []
    analyses = analyse(
        keeper.supply(pictures), packs.load(), workers=workers, failed=lambda image, _: spoilt.append(image)
    )
    with closing(analyses):
        for analysis in analyses:
            still, png = keeper.waiting.pop(analysis.image_id)
            faces = [face for face in analysis.faces if face.usable and face.template is not None]
            book.unusable += len(analysis.faces) - len(faces)
            appearances = keeper.streams.setdefault(still.stream, Appearances(best))
            appearances.see(still.number, faces)
            keeper.keep(appearances, still, png)
    if spoilt:
        book.notes.append(f"In {len(spoilt)} frames no face could be looked for; --every N takes them all the same.")
    keeper.settle()


@dataclass(slots=True)
class _Keeper:
    """Keeps on disk the stills that some appearance needs so far, and no others."""

    book: _Book
    best: int
    waiting: dict[str, tuple[ExtractedStill, bytes]] = field(default_factory=dict)
    streams: dict[int, Appearances] = field(default_factory=dict)

    def supply(self, pictures: Iterator[Picture]) -> Iterator[tuple[str, bytes]]:
        """Yield the stills to look for faces in, as they would be written."""
        for picture in pictures:
            still = self.book.still(picture)
            png = _png(picture, still)
            self.waiting[still.image] = still, png
            yield still.image, png

    def keep(self, appearances: Appearances, still: ExtractedStill, png: bytes) -> None:
        """Write a still if it is needed, and drop those of its stream that no longer are."""
        needed = appearances.places()
        if still.number in needed:
            self.book.write(still, png)
        for other in list(self.book.stills.values()):
            if other.stream == still.stream and other.number not in needed:
                self.book.drop(other.image)

    def settle(self) -> None:
        """Say of each still whom it was kept for, and drop what is over the limit, the worst seen first."""
        book, shown = self.book, self._shown()
        book.appearances = sum(len(appearances.all) for appearances in self.streams.values())
        order = sorted(book.stills, key=lambda image: max(worth for _, worth in shown[image]), reverse=True)
        book.left_out = len(order[book.limit :])
        for image in order[book.limit :]:
            book.drop(image)
        book.stills = {
            image: replace(still, faces=tuple(face for face, _ in shown[image])) for image, still in book.stills.items()
        }
        if book.left_out:
            book.notes.append(
                f"{book.left_out} stills in which faces are seen worse were left out; --limit N sets more."
            )

    def _shown(self) -> dict[str, list[tuple[ExtractedFace, Worth]]]:
        """Return, by still, each face that it was kept for, and how well that is seen."""
        images = {(still.stream, still.number): image for image, still in self.book.stills.items()}
        shown: dict[str, list[tuple[ExtractedFace, Worth]]] = {}
        before = 0
        for stream in sorted(self.streams):
            for one in self.streams[stream].all:
                for sighting in one.best:
                    face = ExtractedFace(before + one.number, sighting.face.box, *sighting.worth)
                    shown.setdefault(images[stream, sighting.place], []).append((face, sighting.worth))
            before += len(self.streams[stream].all)
        return shown
