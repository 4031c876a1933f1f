"""Face model packs: which are here, whether one works here, and adding one. No case is touched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillgraph.casework.shipped import shipped
from stillgraph.errors import ModelError

if TYPE_CHECKING:
    from stillgraph.faces.packs import FacePack, PackCard

PICTURE = "data/demo/custody/images/N101146_1.jpg"
"""A synthetic face that packs are tried on."""

RESTRICTED = re.compile(r"non-?\s?commercial|research|academic|\bNC\b|not stated|unknown", re.IGNORECASE)


def model_packs() -> list[dict[str, Any]]:
    """Return the face model packs that are here, every file checked against its hash.

    A pack that cannot be used is listed with its ``problem``, and stops no other from being listed.
    """
    from stillgraph.faces import packs

    listed = []
    for name in packs.available():
        try:
            listed.append(_described(packs.describe(name)) | {"problem": None})
        except ModelError as error:
            unknown = dict.fromkeys(("kind", "model", "dimension", "licence", "licence_warning", "files"))
            listed.append({"name": name, **unknown, "problem": str(error)})
    return listed


def check_model(name: str) -> dict[str, Any]:
    """Load a pack and try it on a synthetic face: its hashes, dimension, provider and milliseconds here.

    Raises
    ------
    ModelError
        There is no such pack, or it cannot be used.
    """
    from stillgraph.faces import packs

    return _tried(packs.load(name))


def add_model(path: Path, *, name: str | None = None, licence: str | None = None) -> dict[str, Any]:
    """Check a pack and keep it under a name, by default that of its directory or TOML.

    Raises
    ------
    NotFound
        There is nothing at ``path``.
    WrongUse
        The name is not one, or is taken.
    ModelError
        It is not a pack, or it cannot be used.
    """
    from stillgraph.faces import adding, packs, registry

    chosen = name if name is not None else path.resolve().name.removesuffix(".toml").lower()
    registry.check_free(chosen, packs.available())
    spec = adding.propose(path, licence)
    tried = _tried(packs.assemble(chosen, spec))
    return tried | {"kept": str(registry.write(chosen, spec))}


def _tried(pack: FacePack) -> dict[str, Any]:
    from stillgraph.faces import trial

    tried = trial.try_out(pack, shipped(PICTURE).read_bytes(), Path(PICTURE).name)
    times = {"detect": round(tried.detect_ms, 1), "embed": round(tried.embed_ms, 1)}
    return _described(pack) | {"providers": list(pack.providers), "faces": tried.faces, "milliseconds": times}


def _described(card: PackCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "kind": card.kind,
        "model": card.model,
        "dimension": card.dimension,
        "licence": card.licence,
        "licence_warning": licence_warning(card.licence),
        "files": dict(card.files),
    }


def licence_warning(licence: str) -> str | None:
    """Return what an officer must know of a licence that reads as if it did not cover police work, else ``None``.

    It goes by words such as "non-commercial" and "research"; that it is silent permits nothing.
    """
    if RESTRICTED.search(licence) is None:
        return None
    return "Its licence may not cover police work: ask the owner of the weights for one that does before using it."
