"""Face model packs: a detector and a recogniser that belong together, checked before use.

Nothing is ever downloaded: a pack is there, whole and unaltered, or it is refused. One pack is shipped; others are
those a user added (:mod:`stillgraph.faces.registry`), of the kinds in :mod:`stillgraph.faces.specs`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from stillgraph.errors import ModelError
from stillgraph.faces import insight, registry, sessions
from stillgraph.faces.detect import Detector, YuNet
from stillgraph.faces.embed import RECIPE, Embedder, FusionEmbedder, ViewEmbedder
from stillgraph.faces.recognise import Conventions, OnnxRecogniser
from stillgraph.faces.specs import SHIPPED_DETECTOR, FusionSpec, OnnxSpec, Spec
from stillgraph.records import ModelId

DEFAULT_PACK = SHIPPED_DETECTOR

MODELS = Path(__file__).with_name("models")

FILES = {
    "yunet.onnx": "6752006d1314f31a071d972a581dea291e2ec55d96a2b5f121aa91299f617219",
    "sface.onnx": "2456d6f081df8603cdfc3cda72d2d4e4cec1ff3259096be69f1378e10d8350f2",
}
"""The shipped graphs and their SHA-256, as in the model card."""

DETECTOR_FILE, RECOGNISER_FILE = FILES

SHIPPED = OnnxSpec(
    kind="onnx",
    licence="YuNet: MIT. SFace: Apache-2.0.",
    sha256={RECOGNISER_FILE: FILES[RECOGNISER_FILE]},
    file=Path(RECOGNISER_FILE),
    colour="rgb",
    mean=(0.0,),
    std=(1.0,),
    dimension=128,
)
"""The shipped pack, said as the added ones are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackCard:
    """What a pack is, without its networks; ``files`` gives the SHA-256 of each file behind it.

    ``kind`` is ``shipped``, ``onnx``, ``insightface`` or ``fusion``.
    """

    name: str
    model: ModelId
    dimension: int
    licence: str
    files: dict[str, str]
    kind: str = "shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePack(PackCard):
    """A detector and an embedder, ready to run; ``providers`` are the onnxruntime providers really used."""

    detector: Detector = field(repr=False)
    embedder: Embedder = field(repr=False)
    providers: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """The providers really used as one text, most often one name."""
        return " + ".join(self.providers) or "none"


def available() -> tuple[str, ...]:
    """Return the names of the packs that are here: the shipped one, then those added."""
    return (DEFAULT_PACK, *(name for name in registry.names() if name != DEFAULT_PACK))


def load(name: str = DEFAULT_PACK) -> FacePack:
    """Return a pack, its files checked against their hashes.

    Parameters
    ----------
    name
        One of :func:`available`.

    Raises
    ------
    ModelError
        There is no pack of that name, or one of its files is missing, altered or cannot be run here.
    """
    return assemble(name, _spec(name))


def describe(name: str) -> PackCard:
    """Return what a pack is, its files checked against their hashes, its networks not loaded.

    Raises
    ------
    ModelError
        There is no pack of that name, or one of its files is missing or altered.
    """
    spec = _spec(name)
    _contents(spec)
    return _card(name, spec, [describe(member) for member in _members(spec)])


def assemble(name: str, spec: Spec) -> FacePack:
    """Return the pack of a spec that has absolute paths and the hash of every file.

    Raises
    ------
    ModelError
        As :func:`load`.
    """
    members = [load(member) for member in _members(spec)]
    card = _card(name, spec, members)
    made = {file: sessions.session(data, Path(file).name) for file, data in _contents(spec).items()}
    used = {sessions.provider(one) for one in made.values()}.union(*(member.providers for member in members))
    return FacePack(
        **{one.name: getattr(card, one.name) for one in fields(card)},
        detector=_detector(spec, made),
        embedder=_embedder(spec, made, members),
        providers=tuple(sorted(used)),
    )


def files_of(spec: Spec) -> dict[str, str]:
    """Return the SHA-256 of each file that a pack itself needs, by absolute path, or by name for a shipped one."""
    shipped = {DETECTOR_FILE: FILES[DETECTOR_FILE]} if spec.detector == SHIPPED_DETECTOR else {}
    return spec.sha256 | shipped


def checked(path: Path, sha256: str) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    ModelError
        The file is missing, or its SHA-256 is another.
    """
    ours = path.parent == MODELS
    if not path.is_file():
        way_out = "Install Stillgraph again" if ours else f"Put it back at {path}, or add its pack again"
        raise ModelError(f"The model file {path.name} is missing. {way_out}; it is never downloaded.")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        which = "in the model card" if ours else "that was added"
        way_out = "Install Stillgraph again" if ours else f"Put the right one back at {path}, or add its pack anew"
        raise ModelError(f"The model file {path.name} is not the one {which}: it was altered or cut off. {way_out}.")
    return data


def _spec(name: str) -> Spec:
    if name == DEFAULT_PACK:
        return SHIPPED
    if name not in available():
        raise ModelError(f"There is no face model pack {name!r}. Choose one of: {', '.join(available())}.")
    return registry.read(name)


def _members(spec: Spec) -> list[str]:
    """Return the names of a fusion's packs, none of them a fusion; of another pack none."""
    names = [member.pack for member in spec.recognisers] if isinstance(spec, FusionSpec) else []
    if any(isinstance(_spec(name), FusionSpec) for name in names):
        raise ModelError("A fusion is made of packs that are no fusions themselves; name their members instead.")
    return names


def _contents(spec: Spec) -> dict[str, bytes]:
    """Return the bytes of a pack's own files, each checked; a name alone is that of a shipped file."""
    return {file: checked(MODELS / file, digest) for file, digest in files_of(spec).items()}


def _card(name: str, spec: Spec, members: Sequence[PackCard]) -> PackCard:
    if isinstance(spec, FusionSpec):
        for recorded, member in zip(spec.recognisers, members, strict=True):
            if recorded.model != member.model:
                raise ModelError(
                    f"The fusion {name} was made of {recorded.model}, but the pack here is {member.model}. "
                    "Put that pack back as it was, or add the fusion again."
                )
    return PackCard(
        name=name,
        model=model_id(name, spec),
        dimension=sum(m.dimension for m in members) if isinstance(spec, FusionSpec) else spec.dimension,
        licence=spec.licence,
        files=files_of(spec) | {file: digest for member in members for file, digest in member.files.items()},
        kind="shipped" if name == DEFAULT_PACK else spec.kind,
    )


def model_id(name: str, spec: Spec) -> ModelId:
    """Return the id of a pack's templates: its name, twelve hex digits of a SHA-256, the recipe's number.

    The shipped pack's digits are those of its recogniser's weights. An added one's are of the weights' digests and of
    all else it states that makes other templates: the recogniser's conventions, the detector, a fusion's weights.
    """
    if name == DEFAULT_PACK:
        digest = FILES[RECOGNISER_FILE]
    else:
        stated = spec.model_dump(mode="json", exclude={"licence", "file", "detector", "sha256"})
        made_of = [stated, sorted(files_of(spec).values())]
        digest = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
    return ModelId(f"{name}@{digest[:12]}.r{RECIPE}")


def _detector(spec: Spec, made: dict[str, Any]) -> Detector:
    if spec.detector == SHIPPED_DETECTOR:
        return YuNet(made[DETECTOR_FILE])
    return insight.detector(Path(spec.detector), made[spec.detector])


def _embedder(spec: Spec, made: dict[str, Any], members: Sequence[FacePack]) -> Embedder:
    if isinstance(spec, FusionSpec):
        weights = tuple(member.weight for member in spec.recognisers)
        return FusionEmbedder(tuple(member.embedder for member in members), weights)
    own = made[str(spec.file)]
    if isinstance(spec, OnnxSpec):
        return ViewEmbedder(
            OnnxRecogniser(
                own, Conventions(spec.size_px, spec.colour, spec.mean, spec.std), together=_together(spec, own)
            )
        )
    return ViewEmbedder(insight.recogniser(spec.file, own))


def _together(spec: Spec, session: Any) -> bool:
    """Return whether a face's crops are given to its recogniser at once.

    On a GPU, and with small networks on a processor too, that is faster (EdgeFace-XS by a third). The shipped one on a
    processor is slower so: what its layers hand on no longer fits the processor's cache.
    """
    if isinstance(session.get_inputs()[0].shape[0], int):
        return False
    return FILES[RECOGNISER_FILE] not in spec.sha256.values() or sessions.provider(session) != sessions.CPU
