"""What a face model pack is made of, as its TOML says: three kinds, each read strictly.

The same form serves what a user writes and what :mod:`stillgraph.faces.registry` keeps; kept ones have absolute paths
and the SHA-256 of every file, or of a fusion the members' model ids.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from stillgraph.errors import ModelError
from stillgraph.faces.embed import CROP_PX

SHIPPED_DETECTOR = "yunet-sface"
"""The name by which a TOML asks for the shipped detector: that of the pack it belongs to."""


def _as_channels(value: object) -> object:
    return (value,) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _one_or_three(values: tuple[float, ...]) -> tuple[float, ...]:
    if len(values) not in {1, 3}:
        raise ValueError("give one number, or three in the order of the colours")
    return values


def _all_positive(values: tuple[float, ...]) -> tuple[float, ...]:
    if min(values) <= 0:
        raise ValueError("a standard deviation is above 0")
    return values


Channels = Annotated[tuple[FiniteFloat, ...], BeforeValidator(_as_channels), AfterValidator(_one_or_three)]
Dimension = Annotated[int, Field(strict=True, ge=2, le=65536)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class _Spec(BaseModel):
    """What every kind says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: Text
    sha256: dict[str, Sha256] = {}
    """By absolute path; written when the pack is added."""


class OnnxSpec(_Spec):
    """A plain ONNX recogniser and its conventions, with the shipped detector or one in InsightFace's format."""

    kind: Literal["onnx"]
    file: Path
    size_px: Annotated[int, Field(strict=True, ge=32, le=1024)] = CROP_PX
    colour: Literal["rgb", "bgr"]
    mean: Channels
    std: Annotated[Channels, AfterValidator(_all_positive)]
    dimension: Dimension
    detector: Text = SHIPPED_DETECTOR


class InsightFaceSpec(_Spec):
    """A detector and a recogniser in InsightFace's format, run by InsightFace's own code."""

    kind: Literal["insightface"]
    file: Path
    dimension: Dimension
    detector: Text


class Member(BaseModel):
    """A pack in a fusion, by name, with its weight; ``model`` is its model id when the fusion was added."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pack: Text
    weight: Annotated[FiniteFloat, Field(gt=0)]
    model: str = ""


class FusionSpec(_Spec):
    """Packs combined at score level: the score is the weighted mean of theirs."""

    kind: Literal["fusion"]
    licence: str = ""
    """Those of the members, unless stated."""
    recognisers: Annotated[tuple[Member, ...], Field(min_length=2)]
    detector: Text = SHIPPED_DETECTOR


Spec = OnnxSpec | InsightFaceSpec | FusionSpec

_READER: TypeAdapter[Spec] = TypeAdapter(Annotated[Spec, Field(discriminator="kind")])


def read(path: Path, *, licence: str | None = None) -> Spec:
    """Return what a TOML says; its paths are as written. ``licence`` takes the place of the one in it.

    Raises
    ------
    ModelError
        It is not TOML, or a field is missing, unknown or wrong.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            f"{path.name} is not TOML that can be read ({error}). docs/models.md shows each kind."
        ) from None
    return checked(document if licence is None else document | {"licence": licence}, path.name)


def checked(document: dict[str, Any], name: str) -> Spec:
    """Return the pack that a document describes.

    Raises
    ------
    ModelError
        A field is missing, unknown or wrong; the message names it, and ``name``.
    """
    try:
        return _READER.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        kinds = {"onnx", "insightface", "fusion"}
        where = ".".join(str(part) for part in first["loc"] if part not in kinds)[:100] or "kind"
        # It quotes what the file says, of any length.
        why = first["msg"].removeprefix("Value error, ")[:300]
        raise ModelError(f"{name} cannot be used: {where}: {why}. docs/models.md shows each kind.") from None


def write(spec: Spec) -> str:
    """Return the TOML of a pack; :func:`read` gives the same pack back."""
    document = spec.model_dump(mode="json")
    members, digests = document.pop("recognisers", []), document.pop("sha256")
    lines = [f"{key} = {_value(value)}" for key, value in document.items()]
    for member in members:
        lines += ["", "[[recognisers]]", *(f"{key} = {_value(value)}" for key, value in member.items())]
    if digests:
        lines += ["", "[sha256]", *(f"{_value(path)} = {_value(digest)}" for path, digest in digests.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """Return a string, number or list of numbers as TOML has it: as JSON does, but for the character DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
