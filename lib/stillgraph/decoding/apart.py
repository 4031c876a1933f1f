"""Reads films and files of several pages in a process of their own, which may crash, hang or be killed.

What decodes them is C, and fed with whatever somebody sends. So the child has no more memory than it is given, cannot
write a file, and is ended when nothing comes of it for a while; what it sends back are numbers, texts and pixels, which
are checked, never objects to be unpickled.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from mmap import ACCESS_READ, mmap
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from stillgraph.decoding.headers import MAX_PAGES, ImageProblem, boxes, check_size, is_film, is_heic
from stillgraph.decoding.series import (
    SERIES_LIMITS,
    Begin,
    End,
    Event,
    FilmProblem,
    Kind,
    Pick,
    Picture,
    SeriesLimits,
    Tick,
)
from stillgraph.errors import NotFound

IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF8")
"""How the image files begin that Pillow reads; WebP and HEIC are told by what follows."""

HEAD_BYTES = 4096
"""So much of a file is read to tell what it is."""

MAX_TEXT_BYTES = 100_000
"""The longest message without pixels that is taken from the child."""

DAMAGED = "damaged or hostile file: what reads it gave up (ask for another copy, or export it as MP4 with H.264)"


def kind_of(path: Path, limits: SeriesLimits = SERIES_LIMITS) -> Kind:
    """Say whether a file is to be read as an image of several pages or as a film, by its first bytes.

    Raises
    ------
    NotFound
        There is no such file.
    FilmProblem
        It cannot be read, is empty, or is too large.
    """
    kind = _kind_by_start(path)
    most = limits.max_bytes if kind is Kind.FILM else limits.max_pages_bytes
    if path.stat().st_size > most:
        raise FilmProblem(f"file too large: over {most:,} bytes (cut it, or export the part that matters)")
    return kind


def _kind_by_start(path: Path) -> Kind:
    try:
        if not path.is_file():
            raise NotFound(f"There is no file {printable(path.name)}.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if is_heic(head):
                return Kind.FILM if b"moov" in _outer_boxes(path) else Kind.PAGES
    except OSError as error:
        raise FilmProblem(f"file that cannot be read ({error.strerror}; check its name and permissions)") from error
    if not head:
        raise FilmProblem("empty file: it has no bytes (send it again)")
    webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return Kind.PAGES if not is_film(head) and (webp or head.startswith(IMAGE_STARTS)) else Kind.FILM


def printable(name: str) -> str:
    """Return a file's name with what cannot be printed replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def frames(path: Path, pick: Pick, limits: SeriesLimits = SERIES_LIMITS) -> Generator[Event]:
    """Yield what is wanted of a film's frames or an image file's pages: one Begin, pictures and ticks, one End.

    The file is read by a child process, which ends with this iterator, however that ends. It waits until a picture
    is taken before it decodes the one after the next, so memory stays bounded.

    Parameters
    ----------
    path
        The file.
    pick
        Which pictures are wanted.
    limits
        The most that is read of it.

    Raises
    ------
    NotFound
        There is no such file.
    ImageProblem
        It is not to be read, or broke what reads it; the text says why.
    """
    kind = kind_of(path, limits)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_serve, args=(theirs, path, kind, pick, limits), name="frames", daemon=True)
    try:
        with _without_interrupts():
            child.start()
        theirs.close()
        yield from _received(ours, limits)
    finally:
        if child.pid is not None:
            child.kill()
            child.join()
        child.close()
        ours.close()


def read_here(path: Path, kind: Kind, pick: Pick, limits: SeriesLimits) -> Iterator[Event]:
    """Yield as :func:`frames` does, in this process, which the file may bring down.

    Raises
    ------
    ImageProblem
        Whatever is wrong with the file.
    """
    from stillgraph.decoding import film, pages

    reader = film.read if kind is Kind.FILM else pages.read
    try:
        with path.open("rb") as file:
            yield from reader(file, pick, limits)
    except ImageProblem:
        raise
    except MemoryError as error:
        raise FilmProblem("file too costly: it needs more memory than is given to one file (cut it)") from error
    except Exception as error:  # decoders fail in many ways
        raise FilmProblem(DAMAGED) from error


def _outer_boxes(path: Path) -> set[bytes]:
    """Return the types of the outermost boxes of an ISO media file."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        found = set[bytes]()
        for n, kind in enumerate(boxes(data)):
            found.add(kind)
            if n >= MAX_PAGES:
                break
        return found


# --- the child -------------------------------------------------------------------------------------------------------
def _serve(pipe: Connection, path: Path, kind: Kind, pick: Pick, limits: SeriesLimits) -> None:
    """Read the file and send what comes of it; the child's whole life."""
    _confine(limits)
    try:
        for event in read_here(path, kind, pick, limits):
            _send(pipe, event)
    except ImageProblem as problem:
        _say(pipe, "refused", {"why": str(problem)})
    except (BrokenPipeError, ConnectionResetError):
        return  # nobody listens any more
    pipe.close()


def _confine(limits: SeriesLimits) -> None:
    """Take from this process what it does not need: its voice, its files, memory without end, life after its parent."""
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no picture of anybody in a dump
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        mapped = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        most = mapped + limits.max_memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _send(pipe: Connection, event: Event) -> None:
    if isinstance(event, Picture):
        height, width = event.pixels.shape[:2]
        what = {"stream": event.stream, "number": event.number, "seconds": event.seconds, "remarks": event.remarks}
        _say(pipe, "picture", {**what, "width": width, "height": height})
        pipe.send_bytes(np.ascontiguousarray(event.pixels).reshape(-1).data)
    else:
        _say(pipe, type(event).__name__.lower(), asdict(event))


def _say(pipe: Connection, what: str, values: dict[str, Any]) -> None:
    pipe.send_bytes(json.dumps({"what": what, **values}).encode())


# --- the parent ------------------------------------------------------------------------------------------------------
@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start a child here and Ctrl-C, which a terminal sends to both, reaches this process only: it ends the other."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _received(pipe: Connection, limits: SeriesLimits) -> Iterator[Event]:
    """Yield what the child sends, checked, until its End."""
    ended = False
    while not ended:
        said = _next(pipe, limits, MAX_TEXT_BYTES)
        try:
            event = _event(json.loads(said), lambda most: _next(pipe, limits, most), limits)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FilmProblem(DAMAGED) from error
        yield event
        ended = isinstance(event, End)


def _next(pipe: Connection, limits: SeriesLimits, most: int) -> bytes:
    """Return the child's next message; a child that is silent for too long, or gone, means that the file is bad."""
    try:
        if not pipe.poll(limits.patience_s):
            raise FilmProblem(f"file that cannot be decoded: nothing came of it for {limits.patience_s:g} seconds")
        return pipe.recv_bytes(most)
    except (EOFError, OSError) as error:
        raise FilmProblem(DAMAGED) from error


def _event(said: dict[str, Any], pixels: Callable[[int], bytes], limits: SeriesLimits) -> Event:
    """Return a message as the event it tells of; one of more bytes or other shape than it should have is an error."""
    what = said.pop("what")
    if what == "refused":
        raise FilmProblem(str(said["why"]))
    if what == "begin":
        return Begin(str(said["form"]), str(said["unit"]), int(said["streams"]), _seconds(said["seconds"]))
    if what == "tick":
        return Tick(int(said["decoded"]), _seconds(said["seconds"]))
    if what == "end":
        return End(int(said["decoded"]), tuple(map(str, said["notes"])))
    width, height = int(said["width"]), int(said["height"])
    check_size(width, height, limits.image)
    flat = np.frombuffer(pixels(3 * width * height), np.uint8)
    return Picture(
        int(said["stream"]), int(said["number"]), _seconds(said["seconds"]), tuple(map(str, said["remarks"])),
        flat.reshape(height, width, 3),
    )  # fmt: skip


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)
