"""The packs a user added: one ``<name>.toml`` each in a directory outside the installation.

The directory is named by ``STILLGRAPH_MODELS`` or is ``~/.local/share/stillgraph/models``. To take a pack away, delete
its TOML; the files it points at were never copied.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from stillgraph.errors import ModelError, WrongUse
from stillgraph.faces import specs

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
"""A pack's name is part of model ids and a file name."""


def directory() -> Path:
    """Return where the TOMLs are; it need not be there."""
    named = os.environ.get("STILLGRAPH_MODELS")
    return Path(named).expanduser() if named else Path.home() / ".local" / "share" / "stillgraph" / "models"


def place(name: str) -> Path:
    """Return where the TOML of a pack is, or would be."""
    return directory() / f"{name}.toml"


def names() -> tuple[str, ...]:
    """Return the names of the packs that were added, in order."""
    return tuple(sorted(path.stem for path in directory().glob("*.toml") if NAME.fullmatch(path.stem)))


def read(name: str) -> specs.Spec:
    """Return a pack that was added, one of :func:`names`.

    Raises
    ------
    ModelError
        Its TOML cannot be read, or was put there without being added: it lacks the hash of a file.
    """
    spec = specs.read(place(name))
    files = {spec.detector, *(() if isinstance(spec, specs.FusionSpec) else (str(spec.file),))}
    if not files - {specs.SHIPPED_DETECTOR} <= set(spec.sha256):
        raise ModelError(
            f"{place(name)} does not state the SHA-256 of each file. Put it elsewhere and add it (`models add`)."
        )
    return spec


def check_free(name: str, taken: Collection[str]) -> None:
    """Refuse a name that is not one or is taken.

    Raises
    ------
    WrongUse
        The message says which.
    """
    if not NAME.fullmatch(name):
        raise WrongUse(
            f"A pack's name is small letters, digits, dots, hyphens, underscores; not {name!r}. Give one with --name."
        )
    if name in taken:
        raise WrongUse(f"There is a pack {name} already: give another name with --name, or delete {place(name)} first.")


def write(name: str, spec: specs.Spec) -> Path:
    """Keep a pack under a name that is free; return where. A half-written one is never seen."""
    path = place(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_text(specs.write(spec), encoding="utf-8")
    half.replace(path)
    return path
