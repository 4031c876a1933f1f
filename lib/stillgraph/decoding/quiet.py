"""Keeps the image library quiet: its warnings, in any number of threads at once, and its lines on stderr.

``warnings.catch_warnings`` alone is not safe in threads: the first to leave would restore the filters under the
others. So the first thread in sets the filter and the last one out takes it away.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from PIL import _imaging

_lock = threading.Lock()
_inside: list[warnings.catch_warnings[None]] = []


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore warnings raised inside Pillow and its plugins: what matters of an image is checked, not warned of."""
    with _lock:
        if not _inside:
            first = warnings.catch_warnings()
            first.__enter__()
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")
            _inside.append(first)
        else:
            _inside.append(_inside[0])
    try:
        yield
    finally:
        with _lock:
            last = _inside.pop()
            if not _inside:
                last.__exit__(None, None, None)


def mute() -> None:
    """Stop libraries from printing what is wrong with a file: it is raised as well, and stderr is for sentences.

    Pillow's log goes nowhere unless a program asks for it. libtiff prints on its own, where Pillow lets it be reached.
    """
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(_imaging.__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            set_handler = getattr(library, name)
            set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            set_handler(None)
