"""Files from outside a case: one, or what lies in a folder, each read or refused with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from stillgraph.decoding import DEFAULT_LIMITS, printable
from stillgraph.errors import NotFound, WrongUse


def is_folder(place: Path) -> bool:
    """Say whether a place is a folder; a name that no file can have is none, and reading it says so."""
    try:
        return place.is_dir()
    except OSError:
        return False


def only(file: Path) -> tuple[str, bytes]:
    """Return name and bytes of the one file that was named.

    Raises
    ------
    NotFound
        There is no file of that name.
    WrongUse
        It cannot be read.
    """
    name = printable(file.name)
    try:
        if not file.is_file():
            raise NotFound(f"There is no file {name}.")
        return name, _read(file)
    except OSError as error:
        raise WrongUse(f"{name} {_unreadable(error)}.") from error


def listed(folder: Path) -> dict[str, Path]:
    """Return everything that lies in a folder, files or not, in the order of names, each by a name of its own.

    Raises
    ------
    NotFound
        Nothing but folders lies in it.
    WrongUse
        It cannot be read.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise WrongUse(f"{printable(folder.name)} {_unreadable(error)}.") from error
    if all(is_folder(entry) for entry in entries):
        raise NotFound(f"There is no file in the folder {printable(folder.name)}.")
    named: dict[str, Path] = {}
    for entry in entries:
        name = printable(entry.name)
        alike = (f"{name} ({n})" for n in count(2))  # names may differ in nothing but what cannot be printed
        named[next(free for free in chain([name], alike) if free not in named)] = entry
    return named


def readable(files: Mapping[str, Path], refused: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file; what is no file or cannot be read goes to ``refused`` with the reason."""
    for name, file in files.items():
        try:
            kind = file.stat().st_mode
            if S_ISREG(kind):
                yield name, _read(file)
            elif S_ISDIR(kind):
                refused[name] = "a folder in the folder (search it by itself)"
            else:
                refused[name] = "not a file but a pipe, a socket or a device (send the image itself)"
        except OSError as error:
            refused[name] = _unreadable(error)


def _read(file: Path) -> bytes:
    """Return a file's bytes, of one that is too large only so many that this is seen."""
    with file.open("rb") as stream:
        return stream.read(DEFAULT_LIMITS.max_bytes + 1)


def _unreadable(error: OSError) -> str:
    return f"cannot be read ({error.strerror}): check its name and permissions"
