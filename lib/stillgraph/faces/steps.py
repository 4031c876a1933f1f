"""The steps by which an officer may enhance a picture: their parameters, their bounds, their geometry; no pixels.

A recipe is a list of steps in the order in which they are done. It is written as JSON with every parameter, and read
strictly: what is written can be done again by anybody, from the original, and gives the same picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from pydantic.fields import FieldInfo

from stillgraph.errors import WrongUse

MOST_STEPS = 20
"""Steps of one recipe; nobody can follow more."""

MOST_PIXELS = 40_000_000
"""Pixels of a picture after any step."""

MOST_COSTLY_PIXELS = 4_000_000
"""Pixels of a picture that a costly step is done to: those methods take seconds for a million pixels."""

LONGEST_TEXT = 20_000
"""Characters of a recipe as JSON."""

RIGHT_ANGLE = 90.0

Matrix = NDArray[np.float64]
"""float64, shape (3, 3): takes (x, y, 1) in pixels of one picture to pixels of another."""


class Step(BaseModel):
    """What every step has: its name, and parameters that are checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    step: str
    costly: ClassVar[bool] = False

    def words(self) -> str:
        """Return the step as it is typed and shown: ``gamma 1.6``."""
        values = [getattr(self, name) for name in type(self).model_fields if name != "step"]
        return " ".join([self.step, *(str(value).removesuffix(".0") for value in values)])

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of what it makes of a picture of this size."""
        return width, height

    def forward(self, width: int, height: int) -> Matrix:
        """Return what takes a place in the picture to its place in what the step makes of it."""
        del width, height
        return np.eye(3)

    @property
    def moves(self) -> bool:
        """Whether it changes where things are, and nothing but that."""
        return type(self).forward is not Step.forward


class Crop(Step):
    """Keeps a part of the picture."""

    step: Literal["crop"]
    x: Annotated[int, Field(ge=0, le=100_000, description="pixels from the left", examples=[0])]
    y: Annotated[int, Field(ge=0, le=100_000, description="pixels from the top", examples=[0])]
    width: Annotated[int, Field(ge=16, le=100_000, description="pixels", examples=[160])]
    height: Annotated[int, Field(ge=16, le=100_000, description="pixels", examples=[160])]

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the part's size.

        Raises
        ------
        WrongUse
            It reaches beyond the picture.
        """
        if self.x + self.width > width or self.y + self.height > height:
            raise WrongUse(
                f"`{self.words()}` reaches beyond the picture, which is {width} x {height} pixels at that step; "
                "name a part of it: crop X Y WIDTH HEIGHT."
            )
        return self.width, self.height

    def forward(self, width: int, height: int) -> Matrix:
        """Return the shift."""
        del width, height
        return np.array([[1.0, 0, -self.x], [0, 1, -self.y], [0, 0, 1]])


class Rotate(Step):
    """Turns the picture about its centre; the canvas grows so that nothing is cut off, its corners black."""

    step: Literal["rotate"]
    degrees: Annotated[FiniteFloat, Field(ge=-180, le=180, description="degrees anticlockwise", examples=[0.0])]

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size of the canvas that holds the turned picture."""
        turn = np.abs(self._turn())
        across, down = turn @ (width, height)
        return max(1, math.ceil(across - 1e-6)), max(1, math.ceil(down - 1e-6))

    def forward(self, width: int, height: int) -> Matrix:
        """Return the turn about the centres of picture and canvas."""
        turn = self._turn()
        out = np.eye(3)
        out[:2, :2] = turn
        out[:2, 2] = np.array(self.size(width, height)) / 2 - turn @ (width / 2, height / 2)
        return out

    @property
    def quarters(self) -> int | None:
        """How many quarter turns it is, or ``None`` where it is not whole ones: those move pixels and make none."""
        return round(self.degrees / RIGHT_ANGLE) % 4 if self.degrees % RIGHT_ANGLE == 0 else None

    def _turn(self) -> Matrix:
        angle = math.radians(self.degrees)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        return turn if self.quarters is None else np.round(turn)


class Deinterlace(Step):
    """Keeps one field of an interlaced picture; the other's rows are interpolated from it."""

    step: Literal["deinterlace"]
    keep: Annotated[
        Literal["even", "odd"],
        Field(description="the rows kept, counted from 0 at the top of the picture at that step", examples=["even"]),
    ]


class Gamma(Step):
    """Lightens shadows (above 1) or darkens them: values of 0-1 to the power 1 / gamma."""

    step: Literal["gamma"]
    value: Annotated[FiniteFloat, Field(ge=0.2, le=5, description="above 1 lightens", examples=[1.6])]


class ContrastClahe(Step):
    """Evens out contrast place by place (CLAHE, Zuiderveld 1994), in value of HSV so that colours stay."""

    step: Literal["contrast clahe"]
    costly = True
    clip: Annotated[FiniteFloat, Field(ge=0.001, le=0.1, description="the more, the stronger")] = 0.01
    tiles: Annotated[int, Field(ge=2, le=32, description="tiles each way")] = 8


class ContrastLevels(Step):
    """Stretches brightness so that two of its percentiles become black and white."""

    step: Literal["contrast levels"]
    low: Annotated[FiniteFloat, Field(ge=0, le=40, description="percentile that becomes black")] = 1.0
    high: Annotated[FiniteFloat, Field(ge=60, le=100, description="percentile that becomes white")] = 99.0


class DenoiseMedian(Step):
    """Takes the median of each pixel's neighbourhood: takes off specks."""

    step: Literal["denoise median"]
    costly = True
    radius: Annotated[int, Field(ge=1, le=5, description="pixels to each side", examples=[1])]


class DenoiseBilateral(Step):
    """Averages near pixels of like colour (Tomasi & Manduchi 1998)."""

    step: Literal["denoise bilateral"]
    costly = True
    strength: Annotated[
        FiniteFloat, Field(ge=1, le=100, description="how unlike colours may be, levels of 0-255", examples=[15.0])
    ]
    reach: Annotated[FiniteFloat, Field(ge=0.5, le=5, description="how far it averages, pixels")] = 2.0


class DenoiseNlmeans(Step):
    """Averages patches that look alike (non-local means, Buades et al. 2005)."""

    step: Literal["denoise nlmeans"]
    costly = True
    strength: Annotated[
        FiniteFloat, Field(ge=1, le=60, description="standard deviation of the noise, levels of 0-255", examples=[8.0])
    ]


class DeblurUnsharp(Step):
    """Adds what a Gaussian blur takes away."""

    step: Literal["deblur unsharp"]
    costly = True
    sigma: Annotated[FiniteFloat, Field(ge=0.3, le=10, description="blur, pixels", examples=[1.0])]
    amount: Annotated[FiniteFloat, Field(ge=0.1, le=5, description="how much is added")] = 1.0


class DeblurWiener(Step):
    """Undoes a Gaussian blur as far as noise allows (Wiener's filter)."""

    step: Literal["deblur wiener"]
    costly = True
    sigma: Annotated[FiniteFloat, Field(ge=0.3, le=10, description="blur, pixels", examples=[1.0])]
    noise: Annotated[FiniteFloat, Field(ge=0.0001, le=1, description="the more, the gentler")] = 0.02


class DeblurMotion(Step):
    """Undoes a straight motion blur as far as noise allows (Wiener's filter)."""

    step: Literal["deblur motion"]
    costly = True
    length: Annotated[FiniteFloat, Field(ge=2, le=60, description="of the motion, pixels", examples=[7.0])]
    angle: Annotated[
        FiniteFloat, Field(ge=-180, le=180, description="of the motion, degrees anticlockwise", examples=[0.0])
    ]
    noise: Annotated[FiniteFloat, Field(ge=0.0001, le=1, description="the more, the gentler")] = 0.02


class DeblurRichardsonLucy(Step):
    """Undoes a Gaussian blur step by step (Richardson 1972, Lucy 1974)."""

    step: Literal["deblur richardson-lucy"]
    costly = True
    sigma: Annotated[FiniteFloat, Field(ge=0.3, le=10, description="blur, pixels", examples=[1.0])]
    iterations: Annotated[int, Field(ge=1, le=50, description="the more, the sharper and the noisier")] = 10


class Upscale(Step):
    """Enlarges the picture (Lanczos); it shows no detail that was not there."""

    step: Literal["upscale"]
    factor: Annotated[FiniteFloat, Field(ge=1, le=8, description="times", examples=[2.0])]

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the enlarged size."""
        return round(width * self.factor), round(height * self.factor)

    def forward(self, width: int, height: int) -> Matrix:
        """Return the scale each way, which whole pixels make a little other than the factor."""
        wide, high = self.size(width, height)
        return np.diag([wide / width, high / height, 1.0])


CLASSES: tuple[type[Step], ...] = (
    Crop, Rotate, Deinterlace, Gamma, ContrastClahe, ContrastLevels, DenoiseMedian, DenoiseBilateral, DenoiseNlmeans,
    DeblurUnsharp, DeblurWiener, DeblurMotion, DeblurRichardsonLucy, Upscale,
)  # fmt: skip

KINDS: dict[str, type[Step]] = {get_args(kind.model_fields["step"].annotation)[0]: kind for kind in CLASSES}
"""Every kind of step by its name."""

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it is shown to who sets it: bounds of a number, or the words to choose from.

    ``start`` is where a slider begins; ``whole`` says that there are no fractions.
    """

    name: str
    meaning: str
    start: float | str
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    choices: tuple[str, ...] = ()

    def rule(self) -> str:
        """Return in words what it may be."""
        if self.choices:
            return f"{self.name} is {' or '.join(self.choices)}"
        kind = "whole number" if self.whole else "number"
        return f"{self.name} is a {kind} from {self.low:g} to {self.high:g} ({self.meaning})"


def parameters(kind: str) -> tuple[Parameter, ...]:
    """Return what a kind of step is set by, in the order in which it is typed."""
    fields = KINDS[kind].model_fields
    return tuple(_parameter(name, field) for name, field in fields.items() if name != "step")


def _parameter(name: str, field: FieldInfo) -> Parameter:
    start = field.examples[0] if field.examples else field.default
    choices = get_args(field.annotation)
    if choices:
        return Parameter(name, field.description or "", start, choices=choices)
    low, high = (next(getattr(m, end) for m in field.metadata if hasattr(m, end)) for end in ("ge", "le"))
    return Parameter(name, field.description or "", start, float(low), float(high), whole=field.annotation is int)


def parse(words: str) -> Step:
    """Return the step that somebody typed: its name, then its parameters in order, ``denoise nlmeans 8``.

    Raises
    ------
    WrongUse
        There is no such step, or its parameters are not as it takes them.
    """
    typed = words.split()
    name = next((kind for kind in KINDS if typed[: len(kind.split())] == kind.split()), None)
    if name is None:
        raise _no_such_step(words)
    values = typed[len(name.split()) :]
    takes = parameters(name)
    if len(values) > len(takes):
        raise WrongUse(f"The step is `{_usage(name)}`, {len(takes)} in number; {len(values)} were given.")
    given = {parameter.name: _value(value) for parameter, value in zip(takes, values, strict=False)}
    return _step({"step": name, **given})


def read(text: str) -> Steps:
    """Return the steps of a recipe written as JSON: a list of objects, each with ``step`` and its parameters.

    Raises
    ------
    WrongUse
        It is no such list; the message says what is wrong with it.
    """
    if len(text) > LONGEST_TEXT:
        raise WrongUse(f"Steps are at most {LONGEST_TEXT} characters of JSON; these are {len(text)}.")
    try:
        listed = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise WrongUse(
            'Steps are a JSON list of objects, no key twice in one, like [{"step": "gamma", "value": 1.6}]; '
            "`stillgraph enhance CASE --list --still ID --json` prints such."
        )
    return checked([_step(one) for one in listed])


def write(steps: Sequence[Step]) -> str:
    """Return steps as JSON with every parameter; the same steps give the same text."""
    return json.dumps(recorded(steps), ensure_ascii=False, allow_nan=False)


def recorded(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return steps as plain values with every parameter."""
    return [step.model_dump() for step in steps]


def describe(steps: Sequence[Step]) -> str:
    """Return steps in words, in order: ``gamma 1.6, upscale 2``."""
    return ", ".join(step.words() for step in steps)


def checked(steps: Sequence[Step]) -> Steps:
    """Return the steps if there are enough and not too many.

    Raises
    ------
    WrongUse
        There is none, or more than :data:`MOST_STEPS`.
    """
    if not 1 <= len(steps) <= MOST_STEPS:
        raise WrongUse(
            f'An enhancement has 1 to {MOST_STEPS} steps, not {len(steps)}; give them with --step "gamma 1.6".'
        )
    return tuple(steps)


def sizes(steps: Sequence[Step], width: int, height: int) -> list[tuple[int, int]]:
    """Return the picture's width and height before the first step and after each.

    Raises
    ------
    WrongUse
        A step does not fit the picture, makes it too large, or takes too long on one so large.
    """
    found = [(width, height)]
    for step in steps:
        pixels = found[-1][0] * found[-1][1]
        if step.costly and pixels > MOST_COSTLY_PIXELS:
            raise WrongUse(
                f"`{step.words()}` takes pictures of up to {MOST_COSTLY_PIXELS:,} pixels, and this one has {pixels:,} "
                "at that step: crop it to the part that matters first."
            )
        found.append(step.size(*found[-1]))
        made = found[-1][0] * found[-1][1]
        if made > MOST_PIXELS:
            raise WrongUse(
                f"`{step.words()}` would make a picture of {made:,} pixels; {MOST_PIXELS:,} is the most. Crop it "
                "first, or enlarge it less."
            )
    return found


def to_original(steps: Sequence[Step], width: int, height: int) -> Matrix:
    """Return what takes places in the enhanced picture to places in the original of this size, both in pixels."""
    whole = np.eye(3)
    before = sizes(steps, width, height)
    for step, size in zip(steps, before, strict=False):
        whole = step.forward(*size) @ whole
    return np.asarray(np.linalg.inv(whole), np.float64)


def _step(given: Mapping[str, object]) -> Step:
    name = given.get("step")
    if not isinstance(name, str) or name not in KINDS:
        raise _no_such_step(str(name) if isinstance(name, str) else "")
    try:
        return KINDS[name].model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        takes = {parameter.name: parameter for parameter in parameters(name)}
        wrong = takes.get(str(first["loc"][0]))
        why = f"there is no {_short(str(first['loc'][0]))}" if wrong is None else wrong.rule()
        raise WrongUse(f"Of the step `{_usage(name)}`, {why}.") from error


def _no_such_step(words: str) -> WrongUse:
    return WrongUse(f"There is no step {_short(words)}; there are {', '.join(KINDS)}.")


def _usage(name: str) -> str:
    return " ".join([name, *(parameter.name.upper() for parameter in parameters(name))])


def _short(text: str) -> str:
    return repr(text[:40])


def _value(word: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found
