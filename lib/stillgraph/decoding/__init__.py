"""From a file's bytes to an upright RGB picture, or the reason why not: the one place where a file is decoded.

:mod:`headers` looks for what is too large or too much before anything is decoded, :mod:`upright` decodes, and
:mod:`colour` brings every kind of pixel to 8-bit RGB. Whoever takes files in and whoever looks for faces in them
both come here, so what is accepted can always be analysed.
"""

from stillgraph.decoding.headers import DEFAULT_LIMITS, FORMATS, ImageLimits, ImageProblem
from stillgraph.decoding.upright import decode

__all__ = ["DEFAULT_LIMITS", "FORMATS", "ImageLimits", "ImageProblem", "decode"]
