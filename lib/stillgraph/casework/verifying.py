"""Measuring how well a face model tells two people from one, on pairs of images. No case is touched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.decoding.rows import inside, lacking, read_rows
from stillgraph.errors import ManifestError
from stillgraph.records import Face, ModelId, Vector

if TYPE_CHECKING:
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.packs import FacePack


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """1:1 error rates of a face model on pairs of images."""

    model: ModelId
    pairs: int
    genuine: int
    impostor: int
    failures_to_acquire: int
    auc: float | None
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    tar_at_far: dict[str, float | None]
    tar_interval: dict[str, tuple[float, float] | None]
    thresholds: dict[str, float | None]
    insufficient: dict[str, str]
    eer: float | None
    eer_threshold: float | None
    elapsed_s: float
    det: tuple[tuple[float, float, float], ...]


def verification(
    pairs: Path,
    images: Path,
    *,
    pack: str | None = None,
    workers: int | None = None,
    show_progress: bool = False,
) -> VerificationReport:
    """Measure a face model on pairs of images, each of one person or of two.

    Images are compared as a search would compare them: where one face is sharp and the other is not, the
    one is taken for a custody image and the other for a still; else both for stills. Of several faces in an image the
    foremost is compared, by size and place (:mod:`stillgraph.faces.foremost`). A pair with an image in which no face
    was found counts as an error.

    Raises
    ------
    ManifestError
        The pairs cannot be read, or name an image that is not there or leads out of ``images``.
    """
    from stillgraph import evaluation
    from stillgraph.faces import packs

    began = time.perf_counter()
    loaded = packs.load(pack if pack is not None else packs.DEFAULT_PACK)
    rows = _read_pairs(pairs)
    faces = _Faces(images, loaded, workers, [(a, b) for a, b, _ in rows], show_progress=show_progress)
    compared = [row for row in rows if faces.has(*row[:2])]
    lost = [same for a, b, same in rows if not faces.has(a, b)]
    left = _stacked([faces.vector(a, b) for a, b, _ in compared], loaded.dimension)
    right = _stacked([faces.vector(b, a) for a, b, _ in compared], loaded.dimension)
    rates = evaluation.verification(
        np.einsum("nd,nd->n", left, right),
        np.asarray([same for _, _, same in compared], dtype=bool),
        failures_genuine=sum(lost),
        failures_impostor=len(lost) - sum(lost),
    )
    return VerificationReport(
        model=loaded.model, pairs=rates.pairs, genuine=rates.genuine, impostor=rates.impostor,
        failures_to_acquire=rates.failures_to_acquire, auc=rates.auc, accuracy=rates.accuracy,
        accuracy_interval=rates.accuracy_interval, tar_at_far=rates.tar_at_far, tar_interval=rates.tar_interval,
        thresholds=rates.thresholds, insufficient=rates.insufficient, eer=rates.eer, eer_threshold=rates.eer_threshold,
        elapsed_s=time.perf_counter() - began, det=rates.det,
    )  # fmt: skip


class _Faces:
    """The foremost face of each image of some pairs, as a still, and as a custody image where a pair needs that."""

    def __init__(
        self,
        images: Path,
        pack: FacePack,
        workers: int | None,
        pairs: Sequence[tuple[str, str]],
        *,
        show_progress: bool,
    ) -> None:
        from stillgraph.faces.embed import ImageRole, sharp

        def made(names: set[str], role: ImageRole) -> dict[str, Face]:
            return _foremost_faces(sorted(names), images, pack, role, workers, show_progress=show_progress)

        self.stills = made({name for pair in pairs for name in pair}, ImageRole.STILL)
        self.sharp = {
            name for name, face in self.stills.items() if sharp(face.quality.inter_eye_px, face.quality.detail)
        }
        unlike = [pair for pair in pairs if self.has(*pair) and len(self.sharp.intersection(pair)) == 1]
        self.custody = made(self.sharp & {name for pair in unlike for name in pair}, ImageRole.CUSTODY)

    def has(self, a: str, b: str) -> bool:
        """Say whether both images have a face that can be compared."""
        return a in self.stills and b in self.stills

    def vector(self, name: str, other: str) -> Vector:
        """Return the template of an image for comparing it with another."""
        as_custody = name in self.sharp and other not in self.sharp
        template = (self.custody if as_custody else self.stills)[name].template
        assert template is not None  # noqa: S101  (only faces with one were kept)
        return template.vector


def _stacked(vectors: Sequence[Vector], dimension: int) -> Vector:
    return np.asarray(vectors, dtype=np.float32).reshape(len(vectors), dimension)


def _read_pairs(path: Path) -> list[tuple[str, str, bool]]:
    said = {
        "1": True,
        "true": True,
        "yes": True,
        "same": True,
        "0": False,
        "false": False,
        "no": False,
        "different": False,
    }
    if not path.is_file():
        raise ManifestError(f"There is no pairs file {path}; it is a CSV with the columns image_a, image_b and same.")
    there, told = read_rows(path)
    if lacking(("image_a", "image_b", "same"), there):
        raise ManifestError(f"A pairs file has the columns image_a, image_b and same; {path.name} has not.")
    rows = []
    for line, row in told:
        same = said.get(row["same"].strip().lower())
        if same is None:
            raise ManifestError(f"In the column same stands 1 or 0; correct line {line} of {path.name}.")
        rows.append((row["image_a"].strip(), row["image_b"].strip(), same))
    if not rows:
        raise ManifestError(f"The pairs file {path.name} holds no pairs.")
    return rows


def _foremost_faces(
    names: Sequence[str], images: Path, pack: FacePack, role: ImageRole, workers: int | None, *, show_progress: bool
) -> dict[str, Face]:
    """Return the foremost usable face of each image that has one."""
    from tqdm import tqdm

    from stillgraph import intake
    from stillgraph.faces.analyse import analyse
    from stillgraph.faces.foremost import foremost

    root = images.resolve()

    def read(name: str) -> tuple[str, bytes]:
        path = inside(root, name)
        if path is None:
            raise ManifestError(f"The pairs file names {name}, which is not an image in {images.name}.")
        data = path.read_bytes()
        intake.check_image(name, data)
        return name, data

    found: dict[str, Face] = {}
    analyses = analyse(map(read, names), pack, role=role, workers=workers)
    for analysis in tqdm(analyses, total=len(names), unit="image", disable=not show_progress, leave=False):
        face = foremost(analysis)
        if face is not None:
            found[analysis.image_id] = face
    return found
