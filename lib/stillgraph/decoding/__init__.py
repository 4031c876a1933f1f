"""From a file's bytes to upright RGB pictures, or the reason why not: the one place where a file is decoded.

:mod:`headers` looks for what is too large or too much before anything is decoded, :mod:`upright` decodes a file of one
picture, and :mod:`colour` brings every kind of pixel to 8-bit RGB. Whoever takes files in and whoever looks for faces
in them both come here, so what is accepted can always be analysed.

Files of several pictures are read by :mod:`film` and :mod:`pages`, always in a process of their own (:mod:`apart`);
:mod:`picking` says which frames are wanted, and :mod:`series` has the words.
"""

from stillgraph.decoding.apart import frames, kind_of, printable
from stillgraph.decoding.headers import DEFAULT_LIMITS, FORMATS, ImageLimits, ImageProblem
from stillgraph.decoding.series import Begin, End, FilmProblem, Kind, Pick, Picture, SeriesLimits, Tick
from stillgraph.decoding.upright import decode, stated_size

__all__ = [
    "DEFAULT_LIMITS",
    "FORMATS",
    "Begin",
    "End",
    "FilmProblem",
    "ImageLimits",
    "ImageProblem",
    "Kind",
    "Pick",
    "Picture",
    "SeriesLimits",
    "Tick",
    "decode",
    "frames",
    "kind_of",
    "printable",
    "stated_size",
]
