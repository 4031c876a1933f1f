"""A delivery comes in: every row is accepted or refused with its reason, and none is dropped.

:mod:`table` reads CSV and XLSX into numbered rows, :mod:`rows` says what a right row is, :mod:`images` looks
at the image beside it, and :mod:`stills`, :mod:`custody` and :mod:`reference` put the three together.
"""

from stillgraph.decoding import ImageLimits, ImageProblem
from stillgraph.intake.custody import CustodyDelivery, custody_table, image_of, refuse_custody, take_custody
from stillgraph.intake.images import Seen, check_image, open_image, read_image
from stillgraph.intake.reference import read_arrests, read_stores
from stillgraph.intake.stills import StillsDelivery, read_stills, refuse_stills
from stillgraph.intake.table import Row

__all__ = [
    "CustodyDelivery",
    "ImageLimits",
    "ImageProblem",
    "Row",
    "Seen",
    "StillsDelivery",
    "check_image",
    "custody_table",
    "image_of",
    "open_image",
    "read_arrests",
    "read_image",
    "read_stills",
    "read_stores",
    "refuse_custody",
    "refuse_stills",
    "take_custody",
]
