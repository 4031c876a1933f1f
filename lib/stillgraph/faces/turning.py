"""Quarter turns of an image: the pixels, the way back for what was found in them, and which turn a face asks for."""

from __future__ import annotations

import numpy as np

from stillgraph.faces.merging import Raw
from stillgraph.faces.pixels import Pixels, resize
from stillgraph.records import Box, Vector

TURNS = (90, 180, 270)
"""Degrees, clockwise, by which an image may have to be turned to stand upright."""

CELL_PX = 80
"""Side of each of the four pictures of one face that are laid side by side to see how it stands."""

CELL_ROOM = 1.6
"""What such a picture shows, as a multiple of the longer side of the face's box."""

CELL_SLACK_PX = 8
"""By how much a detection may reach over its picture's edge and still be of that picture."""


def turn(pixels: Pixels, degrees: int) -> Pixels:
    """Return the image turned clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(pixels, -(degrees // 90)))


def turn_back(points: Vector, degrees: int, width: int, height: int) -> Vector:
    """Return where points of a turned image lie in the image it was made of.

    Parameters
    ----------
    points
        Shape (..., 2), x and y in pixels of the image that :func:`turn` returned.
    degrees
        As it was turned: 0, 90, 180 or 270, clockwise.
    width, height
        Of the image that was turned, in pixels.
    """
    x, y = points[..., 0], points[..., 1]
    back = {0: (x, y), 90: (y, height - x), 180: (width - x, height - y), 270: (width - y, x)}
    return np.stack(back[degrees], axis=-1)


def turn_box_back(box: Box, degrees: int, width: int, height: int) -> Box:
    """Return the box of a turned image in the image it was made of, as :func:`turn_back` its corners."""
    corners = np.array([[box.x, box.y], [box.x + box.width, box.y + box.height]])
    (left, top), (right, bottom) = np.sort(turn_back(corners, degrees, width, height), axis=0).tolist()
    return Box(left, top, right - left, bottom - top)


def patch(pixels: Pixels, box: Box, side: int = CELL_PX, room: float = CELL_ROOM) -> Pixels:
    """Return the square round a box, shown ``side`` pixels wide; beyond the image's edge it is black."""
    length = max(1, round(max(box.width, box.height) * room))
    left, top = (round(middle - length / 2) for middle in (box.x + box.width / 2, box.y + box.height / 2))
    height, width = pixels.shape[:2]
    seen = pixels[max(top, 0) : max(min(top + length, height), 0), max(left, 0) : max(min(left + length, width), 0)]
    cell = np.zeros((side, side, 3), np.uint8)
    if seen.size:
        scale = side / length
        place_x, place_y = (round(max(-edge, 0) * scale) for edge in (left, top))
        small = resize(seen, *(max(1, min(side, round(whole * scale))) for whole in seen.shape[1::-1]))
        part = small[: side - place_y, : side - place_x]
        cell[place_y : place_y + part.shape[0], place_x : place_x + part.shape[1]] = part
    return cell


def four_turns(cell: Pixels) -> Pixels:
    """Return a square picture as it is and turned by 90, 180 and 270 degrees, side by side and below each other."""
    upright, quarter, half, three = (turn(cell, degrees) for degrees in (0, *TURNS))
    return np.concatenate([np.concatenate([upright, quarter], axis=1), np.concatenate([half, three], axis=1)])


def scores_by_turn(raw: Raw, side: int) -> Vector:
    """Return the best score in each picture of :func:`four_turns`, shape (4,); 0 where there is no face.

    What reaches over the edge of its picture by more than :data:`CELL_SLACK_PX` is none of it.
    """
    best = np.zeros(4, np.float32)
    low, high = raw.boxes[:, :2], raw.boxes[:, :2] + raw.boxes[:, 2:]
    column_row = np.floor((low + high) / 2 / side)
    inside = ((low >= column_row * side - CELL_SLACK_PX) & (high <= (column_row + 1) * side + CELL_SLACK_PX)).all(
        axis=1
    )
    inside &= ((column_row >= 0) & (column_row <= 1)).all(axis=1)
    cells = (column_row[inside] @ np.array([1, 2])).astype(np.intp)
    np.maximum.at(best, cells, raw.scores[inside])
    return best
