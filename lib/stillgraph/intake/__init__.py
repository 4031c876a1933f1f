"""A delivery comes in: every row is accepted or refused with its reason, and none is dropped.

:mod:`table` reads CSV and XLSX into numbered rows, :mod:`rows` says what a right row is, :mod:`images` looks
at the image beside it, and :mod:`stills`, :mod:`custody` and :mod:`reference` put the three together.
"""

from stillgraph.decoding import ImageLimits, ImageProblem
from stillgraph.intake.custody import CustodyDelivery, read_custody, refuse_custody
from stillgraph.intake.images import check_image, read_image
from stillgraph.intake.reference import read_arrests, read_stores
from stillgraph.intake.stills import StillsDelivery, read_stills, refuse_stills

__all__ = [
    "CustodyDelivery",
    "ImageLimits",
    "ImageProblem",
    "StillsDelivery",
    "check_image",
    "read_arrests",
    "read_custody",
    "read_image",
    "read_stills",
    "read_stores",
    "refuse_custody",
    "refuse_stills",
]
