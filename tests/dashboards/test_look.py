"""The design system: every text can be read on every ground it stands on, light and dark, and colours are told apart."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from stillgraph import dashboards
from stillgraph.figures import theme

HOME = Path(dashboards.__file__).parent
STATIC = HOME / "share" / "voila" / "templates" / "stillgraph" / "static"
SHEETS = sorted([HOME / "style.css", STATIC / "shell.css", *(HOME / "static").glob("*.css")])
LOOKS = ("light", "dark")
GROUNDS = ("paper", "ground", "chosen", "notice-paper", "alarm-paper")
TEXTS = [
    *((text, ground) for text in ("ink", "muted") for ground in GROUNDS),
    *(("accent", ground) for ground in ("paper", "ground", "chosen")),
    ("on-accent", "accent"), ("badge-ink", "badge"),
]  # fmt: skip
"""Every text with every ground it stands on: WCAG 2.2, 1.4.3 asks 4.5 to 1."""
MARKS = [
    *((mark, ground) for mark in ("corroborated", "proposed", "unknown", "edge", "focus") for ground in ("paper", "ground")),
    ("alarm", "paper"), ("focus", "chosen"),
]  # fmt: skip
"""Every mark, border of a control and ring of the focus, with its ground: 1.4.11 asks 3 to 1."""
# After Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE
# TVCG 15(6), 2009: severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def tokens(look: str) -> dict[str, str]:
    """Return the palette of one look: the light one, and for the dark what it changes."""
    light, dark = (STATIC / "tokens.css").read_text(encoding="utf-8").split("@media not print")
    found = dict(re.findall(r"--sg-([a-z-]+): (#[0-9a-f]{6})", light))
    return found if look == "light" else found | dict(re.findall(r"--sg-([a-z-]+): (#[0-9a-f]{6})", dark))


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast of WCAG 2.2."""
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* (D65) of linear RGB."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = matrix @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_every_text_can_be_read(look, text, ground):
    colours = tokens(look)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_every_mark_border_and_focus_can_be_seen(look, mark, ground):
    colours = tokens(look)
    assert contrast(colours[mark], colours[ground]) >= 3


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("vision", VISION)
def test_status_colours_are_told_apart_under_every_colour_vision(look, vision):
    seen = [lab(VISION[vision] @ linear(tokens(look)[name])) for name in ("corroborated", "proposed", "unknown")]
    apart = [float(np.linalg.norm(a - b)) for i, a in enumerate(seen) for b in seen[i + 1 :]]
    assert min(apart) >= 12


@pytest.mark.parametrize("look", LOOKS)
def test_figures_marks_can_be_seen_in_either_look(look):
    colours = tokens(look)
    for mark in (*theme.STATUS.values(), theme.OFFENCE):
        assert contrast(mark.colour, colours["paper"]) >= 2.6, mark.label


def test_figures_and_pages_mean_the_same_by_a_colour():
    light = tokens("light")
    assert {status.value: mark.colour for status, mark in theme.STATUS.items()} == {
        name: light[name] for name in ("corroborated", "proposed", "unknown")
    }
    assert (light["ink"], light["muted"], light["line"]) == (theme.INK, theme.MUTED, theme.LINE)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_colour_or_size_is_a_token(sheet):
    # Frames around faces lie on a picture, which is as bright as it is in either look.
    text = "".join(line for line in sheet.read_text(encoding="utf-8").splitlines(True) if ".sg-framed" not in line)
    colours = re.findall(r"#[0-9a-f]{3,6}\b", text)
    assert colours in ([], ["#ffffff"]), "white alone, for print"
    assert set(re.findall(r"font(?:-size)?: (\d+px)", text)) == set()
    used = set(re.findall(r"var\(--sg-([a-z0-9-]+)\)", text))
    assert used <= set(tokens("light")) | {"12", "14", "16", "20", "28", "font"}


def test_both_looks_have_every_colour():
    dark = (STATIC / "tokens.css").read_text(encoding="utf-8").split("@media not print")[1]
    assert set(re.findall(r"--sg-([a-z-]+): #", dark)) == set(tokens("light"))
