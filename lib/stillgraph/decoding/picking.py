"""Which frames of a film are wanted: every n-th, one each so many seconds, or where the scene changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stillgraph.decoding.series import Pick

THUMBNAIL = (32, 18)
"""Width and height to which a frame is shrunk before it is compared."""

SCENE_CHANGE = 8.0
"""The scene has changed where the mean absolute difference of luminance (0-255) reaches this, between the thumbnails of
a frame and of the last frame taken: a cut, or somebody who fills a tenth of the frame, 80 levels off what is behind."""

LONGEST_GAP_S = 10.0
"""However little changes, a frame is taken after so many seconds."""

USUAL_RATE = 25.0
"""Frames a second where a film states no times: PAL's."""

Thumbnail = NDArray[np.uint8]
"""uint8, shape (18, 32), luminance."""


class Picker:
    """Says of one stream's frames, one after the other, which are wanted. The first always is."""

    def __init__(self, pick: Pick) -> None:
        self._pick = pick
        self._number = 0
        self._seconds: float | None = None
        self._thumbnail: NDArray[np.int16] | None = None

    def wants(self, number: int, seconds: float | None, thumbnail: Callable[[], Thumbnail]) -> bool:
        """Say whether a frame is wanted; one that is counts as taken.

        Parameters
        ----------
        number
            Its place in the stream, from 1.
        seconds
            When it is shown; None where the file does not say, and then :data:`USUAL_RATE` stands in.
        thumbnail
            Makes its thumbnail; asked only where scenes are wanted.
        """
        if self._pick.every is not None:
            return (number - 1) % self._pick.every == 0
        if self._pick.seconds is None and not self._pick.scenes:
            return True
        shrunk = thumbnail().astype(np.int16) if self._pick.scenes else None
        longest = LONGEST_GAP_S if self._pick.seconds is None else self._pick.seconds
        wanted = self._thumbnail_changed(shrunk) or self._elapsed(number, seconds) >= longest - 1e-6
        if wanted:
            self._number, self._seconds, self._thumbnail = number, seconds, shrunk
        return wanted

    def _thumbnail_changed(self, shrunk: NDArray[np.int16] | None) -> bool:
        if shrunk is None:
            return False
        return self._thumbnail is None or float(np.abs(shrunk - self._thumbnail).mean()) >= SCENE_CHANGE

    def _elapsed(self, number: int, seconds: float | None) -> float:
        """Return the seconds since the last frame taken; a clock that was set back counts as any time."""
        if self._number == 0:
            return float("inf")
        if seconds is None or self._seconds is None:
            return (number - self._number) / USUAL_RATE
        return float("inf") if seconds < self._seconds else seconds - self._seconds
