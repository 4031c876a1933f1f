"""The passes in which any detector looks at an image, and how their findings become one list of faces.

Every image is seen at several scales, and again with its shadows lifted where it is dark or nobody was found. Then come
passes for what those miss, none of which changes a face that they place rightly:

near
    The image shrunk to a thumbnail with a border round it: a face that fills the frame is larger than a detector
    knows faces to be, and it sees parts of it as smaller faces, which this pass replaces.
tile
    A large image in overlapping tiles of its own resolution: shrunk, it loses distant faces.
turned
    An image that lies on its side or upside down, turned upright. A detector finds such faces now and then, with eyes
    and mouth in the wrong places; so the best face of an image is looked at in all four turns, unless its score is
    beyond doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stillgraph.faces.lighting import GAMMA, equalise_locally, lift_shadows
from stillgraph.faces.merging import Detection, Raw, merge, overlaps, row, shares_inside
from stillgraph.faces.pixels import Pixels, luminance, resize
from stillgraph.faces.turning import (
    CELL_PX,
    TURNS,
    four_turns,
    patch,
    scores_by_turn,
    turn,
    turn_back,
    turn_box_back,
)
from stillgraph.records import Box, Vector

SCALES = (1.0, 2.0)
"""Detection passes, as multiples of the image's size."""

LONGEST_SIDE_PX = 1280
"""No image is enlarged beyond this. A larger one is looked at in :data:`LARGE_SIDES_PX` instead."""

LARGE_SIDES_PX = (640, 1920)
"""Longest sides to which a large image is shrunk: for near faces, and for distant ones at bounded cost."""

DARK = 70.0
"""Mean luminance (0-255) under which an image is also searched with its shadows lifted."""

CLAHE_ACCEPT = 0.75
"""A face that is seen only with contrast raised place by place is reported from this score on."""

TILED_FROM_PX = 2880
"""An image whose longest side is longer is seen in tiles too: one and a half times the largest it is shrunk to."""

TILE_PX = 1280
"""Side of a tile; what is held in memory at a time does not grow with the image."""

TILE_OVERLAP_PX = 256
"""Tiles overlap by this at least."""

TILE_EDGE_PX = 16
"""A face nearer than this to an edge that a tile shares with another may be cut, and is left to the other tile.

So a face is kept up to TILE_OVERLAP_PX - 2 TILE_EDGE_PX; a larger one is seen where the image is shrunk."""

NEAR_SIDE_PX, NEAR_CANVAS_PX = 96, 128
"""Longest side of the near pass's thumbnail, and the side of the black square it lies in the middle of."""

NEAR_FROM_PX = 640
"""The near pass is left out where a face was found and no pass was longer than this: none can have been too large."""

NEAR_SHARE = 0.5
"""A face of the near pass takes up at least this share of the image's width or height."""

NEAR_INSIDE = 0.5
"""So much of its box, at least, lies in the image."""

NEAR_ACCEPT = 0.7
"""A face of the near pass is reported from this score on."""

NEAR_SAME = 0.6
"""From this intersection over union on, a face of the near pass and one of another pass are the same face."""

TURNED_ACCEPT = 0.75
"""A face of an image that had to be turned is reported from this score on, in its best pass."""

TURNED_MARGIN = 0.03
"""By so much a face must score better in another turn before its image is turned (0-1)."""

UPRIGHT_BEYOND_DOUBT = 0.91
"""From this score on a face is taken to be upright without looking at it in other turns."""

SinglePass = Callable[[Pixels, float], Raw]
"""Returns the detections at a multiple of an image's size, in pixels of the image."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a detector looks at a picture; ``fixed`` is the width and height it takes where it takes no other."""

    single_pass: SinglePass
    fixed: tuple[int, int] | None = None

    def factors(self, width: int, height: int) -> tuple[float, ...]:
        """Return the factors of an image's ordinary passes."""
        return pass_factors(width, height) if self.fixed is None else (self.fitting(width, height),)

    def fitting(self, width: int, height: int) -> float:
        """Return the factor at which a picture of this size fits into what the detector takes."""
        return 1.0 if self.fixed is None else min(self.fixed[0] / width, self.fixed[1] / height)

    def picture(self, pixels: Pixels) -> Raw:
        """Return the detections in a small picture, enlarged never and shrunk only where it must be."""
        return self.single_pass(pixels, min(1.0, self.fitting(pixels.shape[1], pixels.shape[0])))


def in_passes(single_pass: SinglePass, pixels: Pixels, fixed: tuple[int, int] | None = None) -> list[Detection]:
    """Return the faces that a detector finds in the passes of an image; see the module docstring for which.

    Parameters
    ----------
    single_pass
        The detector.
    pixels
        RGB, as decoded.
    fixed
        The width and height, in pixels, that the detector takes where it takes no other.
    """
    look = Look(single_pass, fixed)
    found = upright(look, pixels)
    if found:
        degrees = turn_of_best(look, pixels, found)
        return found if degrees == 0 else replace_turned(look, pixels, found, degrees)
    degrees = turn_of_image(look, pixels)
    return [] if degrees == 0 else turned(look, pixels, degrees)


def upright(look: Look, pixels: Pixels) -> list[Detection]:
    """Return the faces found without turning the image."""
    height, width = pixels.shape[:2]
    found = ordinary(look, pixels)
    merged = merge(found)
    lifted = None
    if not merged or float(luminance(pixels).mean()) < DARK:
        lifted = lift_shadows(pixels)
        found |= ordinary(look, lifted, f" gamma {GAMMA:g}")
        merged = merge(found)
    kept = [one for one in without_parts(merged) if centre_inside(one.box, width, height)]
    if kept and max(look.factors(width, height)) * max(width, height) <= NEAR_FROM_PX:
        return kept
    kept = with_near(kept, near(look, pixels), "near")
    if not kept and lifted is not None:
        kept = with_near(kept, near(look, lifted), f"near gamma {GAMMA:g}") or with_contrast(look, pixels, found)
    return kept


def with_contrast(look: Look, pixels: Pixels, found: dict[str, Raw]) -> list[Detection]:
    """Return the faces of an image in which nobody was found, its contrast raised place by place (CLAHE)."""
    merged = without_parts(merge(found | ordinary(look, equalise_locally(pixels), " CLAHE")))
    height, width = pixels.shape[:2]
    return [one for one in merged if one.score >= CLAHE_ACCEPT and centre_inside(one.box, width, height)]


def ordinary(look: Look, pixels: Pixels, suffix: str = "") -> dict[str, Raw]:
    """Return the detections at each scale, and in tiles of a large image, by the name of the pass."""
    height, width = pixels.shape[:2]
    found = {name(factor) + suffix: look.single_pass(pixels, factor) for factor in look.factors(width, height)}
    if max(width, height) > TILED_FROM_PX:
        found["tile" + suffix] = in_tiles(look, pixels)
    return found


def pass_factors(width: int, height: int) -> tuple[float, ...]:
    """Return the factors of an image's passes: :data:`SCALES`, or of a large one :data:`LARGE_SIDES_PX`."""
    longest = max(width, height)
    if longest <= LONGEST_SIDE_PX:
        return tuple(factor for factor in SCALES if factor * longest <= LONGEST_SIDE_PX)
    return tuple(min(1.0, side / longest) for side in LARGE_SIDES_PX)


def name(factor: float) -> str:
    """Return how a pass is written in ``found_by``: ``2x``."""
    return f"{factor:.2g}x"


def centre_inside(box: Box, width: float, height: float) -> bool:
    """Return whether a box's centre lies in the image, and not in the margin added to its right and below."""
    return 0 <= box.x + box.width / 2 < width and 0 <= box.y + box.height / 2 < height


def tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """Return where tiles start that cover ``length`` pixels evenly, overlapping by at least ``overlap``."""
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [n * (length - tile) // (count - 1) for n in range(count)]


def in_tiles(look: Look, pixels: Pixels) -> Raw:
    """Return the detections in overlapping tiles of an image, without those that may be cut, in pixels of the image."""
    height, width = pixels.shape[:2]
    side = TILE_PX if look.fixed is None else max(min(TILE_PX, *look.fixed), 2 * TILE_OVERLAP_PX)
    parts = []
    for top in tile_starts(height, side, TILE_OVERLAP_PX):
        for left in tile_starts(width, side, TILE_OVERLAP_PX):
            tile = pixels[top : top + side, left : left + side]
            raw = look.picture(tile)
            shift = np.array([left, top], np.float32)
            whole = Raw(raw.boxes + np.append(shift, [0, 0]), raw.landmarks + shift, raw.scores)
            edges = (left, top, left + tile.shape[1], top + tile.shape[0])
            parts.append(whole.take(uncut(whole.boxes, edges, (width, height))))
    return Raw(*(np.concatenate([getattr(part, what) for part in parts]) for what in ("boxes", "landmarks", "scores")))


def uncut(boxes: Vector, edges: tuple[int, int, int, int], size: tuple[int, int]) -> NDArray[np.intp]:
    """Return which boxes (n, 4) no other tile sees better, as numbers of rows.

    Parameters
    ----------
    boxes
        x, y, width, height in pixels of the image.
    edges
        Left, top, right and bottom of the tile in the image.
    size
        Width and height of the image. Where the tile ends with the image there is no other.
    """
    left, top, right, bottom = edges
    low = np.array([left + TILE_EDGE_PX if left else -np.inf, top + TILE_EDGE_PX if top else -np.inf])
    high = np.array(
        [
            right - TILE_EDGE_PX if right < size[0] else np.inf,
            bottom - TILE_EDGE_PX if bottom < size[1] else np.inf,
        ]
    )
    small = (boxes[:, 2:] <= TILE_OVERLAP_PX - 2 * TILE_EDGE_PX).all(axis=1)
    inside = ((boxes[:, :2] >= low) & (boxes[:, :2] + boxes[:, 2:] <= high)).all(axis=1)
    return np.flatnonzero(small & inside)


def without_parts(merged: list[Detection]) -> list[Detection]:
    """Return the faces without those that only tiles saw and that lie for the most part in a larger one."""
    boxes = np.array([row(one) for one in merged], np.float32).reshape(-1, 4)
    areas = boxes[:, 2:].prod(axis=1)
    return [
        one
        for one, box, area in zip(merged, boxes, areas, strict=True)
        if not only_tiles(one) or not (shares_inside(box, boxes[areas > area]) > 0.5).any()
    ]


def only_tiles(one: Detection) -> bool:
    """Return whether no pass saw a face but those in tiles."""
    return all(which.startswith("tile") for which in one.found_by.split("+"))


def near(look: Look, pixels: Pixels) -> Raw:
    """Return the faces that take up much of the image's width or height, found in a thumbnail of it with a border."""
    height, width = pixels.shape[:2]
    factor = NEAR_SIDE_PX / max(width, height)
    small = resize(pixels, max(1, round(width * factor)), max(1, round(height * factor)))
    canvas = np.zeros((NEAR_CANVAS_PX, NEAR_CANVAS_PX, 3), np.uint8)
    top, left = ((NEAR_CANVAS_PX - side) // 2 for side in small.shape[:2])
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    raw = look.picture(canvas)
    shift = np.array([left, top], np.float32)
    scale = np.array([width / small.shape[1], height / small.shape[0]], np.float32)
    boxes = (raw.boxes - np.append(shift, [0, 0])) * np.tile(scale, 2)
    back = Raw(boxes.astype(np.float32), (raw.landmarks - shift) * scale, raw.scores)
    large = (boxes[:, 2:] / [width, height]).max(axis=1, initial=0) >= NEAR_SHARE
    image = np.array([[0, 0, width, height]], np.float32)
    inside = np.array([shares_inside(box, image)[0] >= NEAR_INSIDE for box in back.boxes], bool)
    return back.take(np.flatnonzero(large & inside & (raw.scores >= NEAR_ACCEPT)))


def with_near(found: list[Detection], raw: Raw, name: str) -> list[Detection]:
    """Return the faces found, with those of the near pass that are none of them, and without what are parts of these.

    A face whose centre lies in the box of a face of the near pass is the same face where the two boxes overlap by
    :data:`NEAR_SAME` or more, and stays as it is; otherwise it is a part of that face, and is left out.
    """
    for box, points, score in zip(raw.boxes, raw.landmarks, raw.scores, strict=True):
        whole = Box(*box.tolist())
        shared = [float(overlaps(box, np.array([row(one)], np.float32))[0]) for one in found]
        known = any(share >= NEAR_SAME for share in shared)
        found = [
            one for one, share in zip(found, shared, strict=True) if share >= NEAR_SAME or not centre_in(one.box, whole)
        ]
        if not known:
            found.append(Detection(whole, points, float(score), name))
    return found


def centre_in(box: Box, other: Box) -> bool:
    """Return whether a box's centre lies in another box."""
    return centre_inside(Box(box.x - other.x, box.y - other.y, box.width, box.height), other.width, other.height)


def turn_of_best(look: Look, pixels: Pixels, found: list[Detection]) -> int:
    """Return by how many degrees, clockwise, an image must be turned for its best face to stand upright, or 0."""
    best = max(found, key=lambda one: one.score)
    return 0 if best.score >= UPRIGHT_BEYOND_DOUBT else turn_of_face(look, pixels, best.box)


def turn_of_face(look: Look, pixels: Pixels, box: Box) -> int:
    """Return by how many degrees, clockwise, a face must be turned to stand upright, by its score in the four turns."""
    scores = scores_in_turns(look, pixels, box)
    return 90 * int(scores.argmax()) if scores.max() >= scores[0] + TURNED_MARGIN else 0


def scores_in_turns(look: Look, pixels: Pixels, box: Box) -> Vector:
    """Return a face's scores as it is and turned by 90, 180 and 270 degrees, shape (4,); 0 where none is seen."""
    cell = patch(pixels, box)
    if float(luminance(cell).mean()) < DARK:
        cell = lift_shadows(cell)
    return scores_by_turn(look.picture(four_turns(cell)), CELL_PX)


def turn_of_image(look: Look, pixels: Pixels) -> int:
    """Return the turn in degrees, clockwise, that shows the best face of an image without an upright one, or 0."""
    seen = lift_shadows(pixels) if float(luminance(pixels).mean()) < DARK else pixels
    best, degrees = 0.0, 0
    for by in TURNS:
        tried = turn(seen, by)
        height, width = tried.shape[:2]
        for factor in look.factors(width, height):
            if factor > 1.0 and look.fixed is None:  # enlarging costs most, and comes once the turn is known
                continue
            raw = look.single_pass(tried, factor)
            centres = raw.boxes[:, :2] + raw.boxes[:, 2:] / 2
            inside = ((centres >= 0) & (centres < [width, height])).all(axis=1)
            score = float(raw.scores[inside].max(initial=0))
            best, degrees = (score, by) if score > best else (best, degrees)
        score = float(near(look, tried).scores.max(initial=0))
        best, degrees = (score, by) if score > best else (best, degrees)
    return degrees


def turned(look: Look, pixels: Pixels, degrees: int) -> list[Detection]:
    """Return the faces of the image turned clockwise by so many degrees, in pixels of the image itself."""
    height, width = pixels.shape[:2]
    return [
        replace(
            one,
            box=turn_box_back(one.box, degrees, width, height),
            landmarks=turn_back(one.landmarks, degrees, width, height),
            found_by=f"turned {degrees}: {one.found_by}",
        )
        for one in upright(look, turn(pixels, degrees))
        if one.score >= TURNED_ACCEPT
    ]


def replace_turned(look: Look, pixels: Pixels, found: list[Detection], degrees: int) -> list[Detection]:
    """Return the faces of an image in which the best one lies: those of the turned image, and those that do stand.

    Somebody may lie on the floor while another stands beside them.
    """
    lying = turned(look, pixels, degrees)
    if not lying:
        return found
    boxes = np.array([row(one) for one in lying], np.float32)
    standing = [one for one in found if stands(look, pixels, one.box)]
    alone = [one for one in standing if (overlaps(np.array(row(one), np.float32), boxes) == 0).all()]
    return [*alone, *lying]


def stands(look: Look, pixels: Pixels, box: Box) -> bool:
    """Return whether a face is seen upright, and no better in any other turn."""
    scores = scores_in_turns(look, pixels, box)
    return bool(scores[0] > 0 and scores.argmax() == 0)
