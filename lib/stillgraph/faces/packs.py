"""Face model packs: a detector and a recogniser that belong together, checked before use.

Nothing is ever downloaded: a pack is there, whole and unaltered, or it is refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillgraph.errors import ModelError
from stillgraph.faces.detect import Detector, YuNet
from stillgraph.faces.embed import RECIPE, Embedder, SFace
from stillgraph.records import ModelId

DEFAULT_PACK = "yunet-sface"

MODELS = Path(__file__).with_name("models")

FILES = {
    "yunet.onnx": "6752006d1314f31a071d972a581dea291e2ec55d96a2b5f121aa91299f617219",
    "sface.onnx": "2456d6f081df8603cdfc3cda72d2d4e4cec1ff3259096be69f1378e10d8350f2",
}
"""The shipped graphs and their SHA-256, as in the model card."""


@dataclass(frozen=True, slots=True)
class FacePack:
    """A detector and an embedder, ready to run; ``files`` gives the SHA-256 of each file behind them."""

    name: str
    model: ModelId
    dimension: int
    detector: Detector = field(repr=False)
    embedder: Embedder = field(repr=False)
    licence: str
    files: dict[str, str]


def available() -> tuple[str, ...]:
    """Return the names of the packs that can be loaded."""
    return (DEFAULT_PACK,)


def load(name: str = DEFAULT_PACK) -> FacePack:
    """Return a pack, its files checked against their hashes.

    Parameters
    ----------
    name
        One of :func:`available`.

    Raises
    ------
    ModelError
        There is no pack of that name, or one of its files is missing or altered.
    """
    if name not in available():
        raise ModelError(f"There is no face model pack {name!r}. Choose one of: {', '.join(available())}.")
    contents = {file: checked(MODELS / file, digest) for file, digest in FILES.items()}
    return build(name, contents)


def checked(path: Path, sha256: str) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    ModelError
        The file is missing, or its SHA-256 is another.
    """
    if not path.is_file():
        raise ModelError(f"The model file {path.name} is missing. Install Stillgraph again; it is never downloaded.")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(
            f"The model file {path.name} is not the one in the model card: it was altered or cut off. "
            "Install Stillgraph again."
        )
    return data


def build(name: str, contents: dict[str, bytes]) -> FacePack:
    """Return the pack made of checked bytes."""
    return FacePack(
        name=name,
        model=ModelId(f"{name}@{FILES['sface.onnx'][:12]}.r{RECIPE}"),
        dimension=128,
        detector=YuNet(session(contents["yunet.onnx"])),
        embedder=SFace(session(contents["sface.onnx"])),
        licence="YuNet: MIT. SFace: Apache-2.0.",
        files=dict(FILES),
    )


def session(graph: bytes) -> Any:
    """Return an onnxruntime session on the CPU with one thread a run, to be shared by a pool of workers.

    More threads inside a run only get in each other's way once several runs go on at the same time.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # stills differ in size: a plan made for one would not serve the next
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
