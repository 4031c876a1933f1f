"""From what a user names to a pack that can be kept: an InsightFace directory or a TOML, its files hashed.

Nothing is run here and nothing is written: :func:`stillgraph.faces.packs.assemble` and
:func:`stillgraph.faces.trial.try_out` run it, and :func:`stillgraph.faces.registry.write` keeps it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from stillgraph.errors import ModelError, NotFound
from stillgraph.faces import graphs, packs, registry, specs
from stillgraph.faces.graphs import Graph
from stillgraph.faces.specs import SHIPPED_DETECTOR, Spec

UNSTATED = "not stated (InsightFace's own packs: non-commercial research only)"
"""The licence of a directory whose user gave none."""


def propose(path: Path, licence: str | None = None) -> Spec:
    """Return the pack at a path: with absolute paths, the hash of every file and the model of every member.

    Parameters
    ----------
    path
        A directory in InsightFace's format or a TOML.
    licence
        Takes the place of the one in the TOML.

    Raises
    ------
    NotFound
        There is nothing at the path.
    ModelError
        It is not a pack: a file is missing, is no such network, or does not have the shape stated.
    """
    if path.is_dir():
        document = _directory(path.resolve(), licence)
    elif path.is_file():
        document = specs.read(path, licence=licence).model_dump()
    else:
        raise NotFound(f"There is no directory or TOML {path}; give the one of the pack to add.")
    if document["sha256"]:
        raise ModelError(f"{path.name} states sha256, which adding the pack writes: leave it out.")
    completed = _with_detector(document, path.resolve().parent)
    if completed["kind"] == "fusion":
        return specs.checked(_with_models(completed), path.name)
    return specs.checked(_with_recogniser(completed, path.resolve().parent), path.name)


def _directory(path: Path, licence: str | None) -> dict[str, Any]:
    """Return an InsightFace directory as its TOML would say it: the one detector and the one recogniser in it.

    Other networks there (landmarks, age, sex) are neither run nor kept.
    """
    if (path / "manifest.json").exists():
        raise ModelError(
            f"{path.name} describes itself in a manifest.json, which Stillgraph does not read. "
            "Describe its recogniser in a TOML as docs/models.md shows, and add that."
        )
    looked = {file: _look(file) for file in sorted(path.glob("*.onnx"))}
    detector = _only_one("detector", path, [file for file, graph in looked.items() if graph.is_detector])
    recogniser = _only_one("recogniser", path, [file for file, graph in looked.items() if graph.is_recogniser])
    dimension = looked[recogniser].outputs[0][1]
    if dimension is None:
        raise ModelError(f"{recogniser.name} does not state its dimension. Describe it in a TOML (docs/models.md).")
    return {
        "kind": "insightface",
        "licence": licence if licence is not None else UNSTATED,
        "file": recogniser,
        "detector": str(detector),
        "dimension": dimension,
        "sha256": {},
    }


def _only_one(what: str, path: Path, found: list[Path]) -> Path:
    if len(found) != 1:
        there = ", ".join(file.name for file in found) or "none"
        raise ModelError(
            f"An InsightFace directory holds one {what}; in {path.name} there is: {there}. "
            "Take the others out, or name one of each in a TOML as docs/models.md shows."
        )
    return found[0]


def _with_detector(document: dict[str, Any], beside: Path) -> dict[str, Any]:
    """Return the document with its detector as a file, and that file's hash; the shipped one stays a name."""
    named = document["detector"]
    if named == SHIPPED_DETECTOR:
        return document
    if not named.endswith(".onnx"):
        packs.describe(named)
        chosen = registry.read(named)
        return document | {"detector": chosen.detector, "sha256": {
            file: digest for file, digest in chosen.sha256.items() if file == chosen.detector
        }}  # fmt: skip
    file = (beside / named).resolve()
    if not _look(file).is_detector:
        raise ModelError(f"{file.name} is not a face detector with landmarks in InsightFace's format; name another.")
    return document | {"detector": str(file), "sha256": {str(file): _sha256(file)}}


def _with_recogniser(document: dict[str, Any], beside: Path) -> dict[str, Any]:
    """Return the document with its recogniser's path made absolute and its hash; the shape must be the stated one."""
    file = (beside / document["file"]).resolve()
    graph = _look(file)
    if document["kind"] == "insightface" and not graph.is_recogniser:
        raise ModelError(f"{file.name} is not an ArcFace-type recogniser; describe it as kind onnx (docs/models.md).")
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError(f"A recogniser has one input and one output; {file.name} has others. Export it without them.")
    side = document.get("size_px", graph.inputs[0][-1])
    _same_shape(file, "input", graph.inputs[0], (None, 3, side, side))
    _same_shape(file, "output", graph.outputs[0], (None, document["dimension"]))
    return document | {"file": file, "sha256": document["sha256"] | {str(file): _sha256(file)}}


def _same_shape(file: Path, what: str, there: tuple[int | None, ...], stated: tuple[int | None, ...]) -> None:
    """Refuse a shape that differs from the one stated; an open axis of either may be anything."""
    same = len(there) == len(stated) and all(
        a is None or b is None or a == b for a, b in zip(there, stated, strict=True)
    )
    if not same:
        said, found = (" x ".join("any" if n is None else str(n) for n in shape) for shape in (stated, there))
        raise ModelError(f"The {what} of {file.name} is {found}, not {said} as stated. Correct what the TOML says.")


def _with_models(document: dict[str, Any]) -> dict[str, Any]:
    """Return a fusion with its members' model ids and, unless it states one, their licences."""
    cards = [packs.describe(member["pack"]) for member in document["recognisers"]]
    members = [member | {"model": card.model} for member, card in zip(document["recognisers"], cards, strict=True)]
    licence = document["licence"] or "; ".join(f"{card.name}: {card.licence}" for card in cards)
    return document | {"recognisers": members, "licence": licence}


def _look(file: Path) -> Graph:
    if not file.is_file():
        raise ModelError(f"There is no model file {file}. Put it there, or correct the path; it is never downloaded.")
    return graphs.look(file.read_bytes(), file.name)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
