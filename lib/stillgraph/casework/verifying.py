"""Measuring how well a face model tells two people from one, on pairs of images. No case is touched."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stillgraph.casework.study import Beside
from stillgraph.decoding.rows import inside, lacking, read_rows
from stillgraph.errors import ManifestError, WrongUse
from stillgraph.records import Face, ModelId, Vector

if TYPE_CHECKING:
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.packs import FacePack

Pair = tuple[str, str, bool]
"""The names of two images, and whether they are of one person."""


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


@dataclass(frozen=True, slots=True)
class VerificationsReport:
    """Several models on the same pairs, and what may be said of each two of them."""

    models: tuple[VerificationReport, ...]
    beside: tuple[Beside, ...]
    insufficient: str | None


@dataclass(frozen=True, slots=True)
class _Scored:
    """What a model makes of pairs: float64 of shape (n,), NaN where an image has no usable face."""

    pack: str
    model: ModelId
    scores: NDArray[np.float64]
    elapsed_s: float


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
    rows = _read_pairs(pairs)
    return _report(_scored(rows, images, pack, workers, show_progress=show_progress), _same(rows))


def side_by_side(
    pairs: Path,
    images: Path,
    packs: Sequence[str],
    *,
    workers: int | None = None,
    show_progress: bool = False,
) -> VerificationsReport:
    """Measure several face models on the same pairs, and compare each two where each is at its own threshold.

    What is compared is which genuine pairs each accepts at a target FAR. Pairs of one person go together
    (:mod:`stillgraph.evaluation.paired`); who is one person, the genuine pairs say: whoever they join.

    Raises
    ------
    WrongUse
        Fewer than two packs, or one named twice.
    ManifestError
        As in :func:`verification`.
    """
    if len(packs) < 2 or len(set(packs)) < len(packs):
        raise WrongUse("Models are compared side by side: name two packs or more, each once.")
    rows = _read_pairs(pairs)
    scored = [_scored(rows, images, pack, workers, show_progress=show_progress) for pack in packs]
    reports = [_report(one, _same(rows)) for one in scored]
    beside = tuple(_beside(rows, scored, reports))
    none = "insufficient: no target FAR has the pairs it takes; see each model's own" if not beside else None
    return VerificationsReport(tuple(reports), beside, none)


def _scored(
    rows: Sequence[Pair], images: Path, pack: str | None, workers: int | None, *, show_progress: bool
) -> _Scored:
    from stillgraph.faces import packs

    began = time.perf_counter()
    named = pack if pack is not None else packs.DEFAULT_PACK
    loaded = packs.load(named)
    faces = _Faces(images, loaded, workers, [(a, b) for a, b, _ in rows], show_progress=show_progress)
    there = np.asarray([faces.has(a, b) for a, b, _ in rows], dtype=bool)
    compared = [row for row, has in zip(rows, there, strict=True) if has]
    left = _stacked([faces.vector(a, b) for a, b, _ in compared], loaded.dimension)
    right = _stacked([faces.vector(b, a) for a, b, _ in compared], loaded.dimension)
    scores = np.full(len(rows), np.nan)
    scores[there] = np.einsum("nd,nd->n", left, right)
    return _Scored(named, loaded.model, scores, time.perf_counter() - began)


def _report(scored: _Scored, same: NDArray[np.bool_]) -> VerificationReport:
    from stillgraph import evaluation

    lost = np.isnan(scored.scores)
    rates = evaluation.verification(
        scored.scores[~lost],
        same[~lost],
        failures_genuine=int((lost & same).sum()),
        failures_impostor=int((lost & ~same).sum()),
    )
    return VerificationReport(
        model=scored.model, pairs=rates.pairs, genuine=rates.genuine, impostor=rates.impostor,
        failures_to_acquire=rates.failures_to_acquire, auc=rates.auc, accuracy=rates.accuracy,
        accuracy_interval=rates.accuracy_interval, tar_at_far=rates.tar_at_far, tar_interval=rates.tar_interval,
        thresholds=rates.thresholds, insufficient=rates.insufficient, eer=rates.eer, eer_threshold=rates.eer_threshold,
        elapsed_s=scored.elapsed_s, det=rates.det,
    )  # fmt: skip


def _beside(rows: Sequence[Pair], scored: Sequence[_Scored], reports: Sequence[VerificationReport]) -> Iterator[Beside]:
    """Compare each two models by which genuine pairs they accept at each target FAR that the pairs bear."""
    from stillgraph.evaluation.paired import paired, sentence

    genuine = _same(rows)
    persons = _persons([(a, b) for a, b, same in rows if same])
    for (one, said), (other, other_said) in combinations(zip(scored, reports, strict=True), 2):
        for far, at in said.thresholds.items():
            other_at = other_said.thresholds[far]
            if at is None or other_at is None:
                continue
            # Not a number is no more than any threshold: a pair that could not be compared is not accepted.
            compared = paired(
                one.scores[genuine] >= at, other.scores[genuine] >= other_at, persons, measure=f"TAR at FAR {far}"
            )
            yield Beside(one.pack, other.pack, "as they are", compared, sentence(compared, one.pack, other.pack))


def _persons(genuine: Sequence[tuple[str, str]]) -> NDArray[np.int64]:
    """Return whose each genuine pair is, codes from 0: images that pairs join are of one person."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names, codes = np.unique(np.asarray(genuine, dtype=object).reshape(-1, 2), return_inverse=True)
    ends = codes.reshape(-1, 2)
    joined = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(names), len(names)))
    _, component = connected_components(joined, directed=False)
    return np.asarray(component[ends[:, 0]], np.int64)


def _same(rows: Sequence[Pair]) -> NDArray[np.bool_]:
    return np.asarray([same for _, _, same in rows], dtype=bool)


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


def _read_pairs(path: Path) -> list[Pair]:
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
