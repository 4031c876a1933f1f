"""An enhanced picture beside its original, as one picture with captions: it is never shown alone."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from stillgraph.faces.pixels import Pixels, checked_side, resize

LONGEST_SIDE_PX = 1600
"""A picture longer than this is shown smaller, and its caption says so."""

NARROWEST_PX = 320
"""The least width of a picture's place, so that its caption can be read."""

MARGIN_PX, TEXT_PX, LINE_PX = 12, 15, 19
PAPER, INK = (255, 255, 255), (27, 39, 51)


def jpeg(pixels: Pixels, longest_px: int) -> bytes:
    """Return a picture to look at, not to keep, as the bytes of a JPEG, shrunk where a side is over ``longest_px``."""
    out = io.BytesIO()
    _shrunk(pixels, longest_px).save(out, "JPEG", quality=88)
    return out.getvalue()


def png(pixels: Pixels, longest_px: int | None = None) -> bytes:
    """Return a picture as the bytes of a PNG file, shrunk where a side is longer than ``longest_px``.

    Raises
    ------
    WrongUse
        As :func:`~.pixels.checked_side`.
    """
    return _png(_shrunk(pixels, checked_side(longest_px)) if longest_px is not None else Image.fromarray(pixels))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _shrunk(pixels: Pixels, longest_px: int) -> Image.Image:
    share = min(1.0, longest_px / max(pixels.shape[:2]))
    return Image.fromarray(resize(pixels, *(max(1, round(side * share)) for side in pixels.shape[1::-1])))


def beside(original: Pixels, enhanced: Pixels, captions: tuple[str, str]) -> bytes:
    """Return both pictures in one, as the bytes of a PNG file: the original left, each with its caption below."""
    left, right = _captioned(original, captions[0]), _captioned(enhanced, captions[1])
    sheet = Image.new("RGB", (left.width + right.width, max(left.height, right.height)), PAPER)
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width, 0))
    return _png(sheet)


def _captioned(pixels: Pixels, caption: str) -> Image.Image:
    picture = _shrunk(pixels, LONGEST_SIDE_PX)
    if picture.width < pixels.shape[1]:
        caption += f" (shown at {100 * picture.width / pixels.shape[1]:.0f} %)"
    font = ImageFont.load_default(TEXT_PX)
    width = max(picture.width, NARROWEST_PX)
    lines = _wrapped(caption, font, width)
    cell = Image.new("RGB", (width + 2 * MARGIN_PX, picture.height + 3 * MARGIN_PX + len(lines) * LINE_PX), PAPER)
    cell.paste(picture, (MARGIN_PX + (width - picture.width) // 2, MARGIN_PX))
    draw = ImageDraw.Draw(cell)
    for n, line in enumerate(lines):
        draw.text((MARGIN_PX, picture.height + 2 * MARGIN_PX + n * LINE_PX), line, INK, font)
    return cell


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
