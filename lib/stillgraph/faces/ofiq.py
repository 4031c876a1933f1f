"""OFIQ, the reference implementation of ISO/IEC 29794-5, where a user has installed it and its models.

It is no part of Stillgraph: its 400 MB of models are the user's to get and to license, and nothing here downloads them.
What it says stands beside our own measures and enters no band.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from stillgraph.errors import ModelError
from stillgraph.faces.pixels import Pixels
from stillgraph.records import Box

DIRECTORY = "STILLGRAPH_OFIQ"
"""The environment variable that names the directory of OFIQ's configuration and models."""

CONFIGURATION = "ofiq_config.jaxn"

MARGIN = 1.0
"""What of the still is shown to OFIQ on each side of a face, as a share of the longer side of its box: it looks for the
face, its head and a background by itself."""

_ONE_AT_A_TIME = Lock()
"""OFIQ keeps what it works on in places that its instances share: two threads at once would mix two faces."""


def components(pixels: Pixels) -> dict[str, float | None]:
    """Return OFIQ's components of the largest face it finds in a picture, 0-100, more being better.

    Parameters
    ----------
    pixels
        RGB, uint8, shape (height, width, 3).

    Returns
    -------
    dict
        By OFIQ's names, in its order. A component is ``None`` where OFIQ could not take it; all are missing, and the
        dictionary empty, where it finds no face.

    Raises
    ------
    ModelError
        python-ofiq or its models are not here, or it cannot use them.
    """
    package = _package()
    with _ONE_AT_A_TIME:
        engine = _engine(_directory())
        try:
            return dict(engine.vector_quality(pixels))
        except package.QualityError:  # no face, no landmarks: of the picture, not of OFIQ
            return {}
        except package.OFIQError as error:
            raise ModelError(f"OFIQ failed ({type(error).__name__}); leave --ofiq out, or install it again.") from error


def around(pixels: Pixels, box: Box) -> Pixels:
    """Return the part of a picture that OFIQ is shown of a face, with :data:`MARGIN` as far as the picture goes."""
    edge = MARGIN * max(box.width, box.height)
    top, left = (max(0, round(start - edge)) for start in (box.y, box.x))
    bottom, right = round(box.y + box.height + edge), round(box.x + box.width + edge)
    return pixels[top : max(bottom, top + 1), left : max(right, left + 1)].copy()


def _package() -> Any:
    try:
        import ofiq
    except ImportError as error:
        raise ModelError(
            "OFIQ is not installed here: `pip install stillgraph[ofiq]` installs it, without its models."
        ) from error
    return ofiq


def _directory() -> Path:
    """Return the directory of OFIQ's models; the package's own default is not looked at, so that it is stated once."""
    named = os.environ.get(DIRECTORY)
    if not named:
        raise ModelError(
            f"OFIQ's models are not here: get them as python-ofiq's documentation says, and name their directory, "
            f"the one with {CONFIGURATION}, in {DIRECTORY}. They are never downloaded by Stillgraph."
        )
    if not (Path(named) / CONFIGURATION).is_file():
        raise ModelError(
            f"There is no {CONFIGURATION} in the directory that {DIRECTORY} names: name the one with OFIQ's "
            "configuration and models."
        )
    return Path(named)


@cache
def _engine(directory: Path) -> Any:
    """Return OFIQ with its models loaded, once a process."""
    package = _package()
    try:
        return package.OFIQ(str(directory), CONFIGURATION)
    except package.OFIQError as error:
        raise ModelError(
            f"OFIQ cannot use what is in the directory that {DIRECTORY} names ({type(error).__name__}): its models "
            "must be those of the python-ofiq that is installed."
        ) from error
