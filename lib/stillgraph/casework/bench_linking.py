"""Measuring linking on made-up faces, beside what one would use otherwise; no case is touched and nothing is kept."""

from __future__ import annotations

import resource
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillgraph.errors import WrongUse
from stillgraph.records import Linkage, Proposal, Rate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stillgraph.evaluation import LinkageMeasure, Share  # noqa: TC004  (named again for those above)
    from stillgraph.linking.benchmark import MadeUp

__all__ = ["LinkingBenchmark", "Share", "bench_linking"]

LEAST_FACES = 100
DRAWS = 200


@dataclass(frozen=True, slots=True)
class Made:
    """What was made up; ``named``: faces that review has named."""

    faces: int
    people: int
    stills: int
    named: int
    dimension: int
    seed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of putting faces together: wall-clock and processor's time, and how right it is."""

    faces: int
    elapsed_s: float
    cpu_s: float
    merged: int
    wrongly_merged: int
    precision: Share
    recall: Share
    bcubed_precision: Share
    bcubed_recall: Share


@dataclass(frozen=True, slots=True)
class LinkingBenchmark:
    """Linking of many made-up faces, and of fewer beside others.

    ``peak_mb``: the most memory the process had, in MB, once the many were linked. ``with_proposals``: as if every
    proposal were accepted; B-cubed takes no account of them. ``beside``: ours, free of rulings and of stills with
    several faces, as the others are. ``agrees``: ours and scikit-learn's average linkage put the same faces together.
    """

    made: Made
    cores: int
    ours: Measured
    peak_mb: float
    with_proposals: Measured
    proposals: Rate
    beside: dict[str, Measured]
    times_faster: dict[str, float]
    agrees: bool


def bench_linking(
    *, faces: int = 100_000, baseline_faces: int = 10_000, dimension: int = 128, seed: int = 0
) -> LinkingBenchmark:
    """Link made-up faces, and fewer of them beside scikit-learn's agglomerative clustering and DBSCAN.

    Those hold all distances, 8 n² bytes, and know of no stills; all see templates alone, at the same threshold.

    Parameters
    ----------
    faces, baseline_faces : int
        How many faces to link, and how many beside the others.
    dimension : int
        Numbers of a template.
    seed : int
        Of the faces.

    Raises
    ------
    WrongUse
        There are too few faces.
    """
    from stillgraph import evaluation
    from stillgraph.gallery.scan import cores
    from stillgraph.linking.benchmark import made_up

    if min(faces, baseline_faces) < LEAST_FACES:
        raise WrongUse(f"The benchmark needs {LEAST_FACES} faces at least: give more with --faces.")
    many = made_up(faces, dimension=dimension, seed=seed)
    linkage, elapsed, cpu = _timed(many, free=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    truth = _truth(many)
    joins = [one for one in linkage.proposals if len(one.persons) == 2]
    right = sum(len({truth[face] for face in one.faces}) == 1 for one in joins)
    few = made_up(baseline_faces, dimension=dimension, seed=seed)
    beside, agrees = _beside(few)
    return LinkingBenchmark(
        made=Made(faces, int(many.person[-1]) + 1, len({one.still for one in many.faces}), len(many.rulings), dimension,
                  seed),
        cores=cores(),
        ours=_measured(truth, _held(linkage), elapsed, cpu),
        peak_mb=peak,
        with_proposals=_measured(truth, _held(linkage), elapsed, cpu, _added(linkage, joins)),
        proposals=evaluation.wilson(right, len(joins)),
        beside=beside,
        times_faster={name: one.elapsed_s / beside["ours"].elapsed_s for name, one in beside.items() if name != "ours"},
        agrees=agrees,
    )  # fmt: skip


def _timed(made: MadeUp, *, free: bool) -> tuple[Linkage, float, float]:
    """Link; return the wall-clock and processor's seconds it took. ``free``: of rulings, and of stills with several."""
    from dataclasses import replace

    from stillgraph import linking
    from stillgraph.gallery.neighbours import neighbours
    from stillgraph.records import StillId

    faces = [replace(one, still=StillId(one.face_id)) for one in made.faces] if free else made.faces
    began, cpu = time.perf_counter(), time.process_time()
    linkage = linking.link(
        faces, made.templates, rulings={} if free else made.rulings, neighbours=neighbours,
        proposing=linking.Proposing(centre=made.centre, threshold=linking.PROPOSAL_THRESHOLD),
    )  # fmt: skip
    return linkage, time.perf_counter() - began, time.process_time() - cpu


def _beside(made: MadeUp) -> tuple[dict[str, Measured], bool]:
    """Return ours and the others on the same templates, and whether ours agrees with average linkage."""
    from sklearn.cluster import DBSCAN, AgglomerativeClustering

    from stillgraph.linking import DEFAULT_THRESHOLD

    truth = _truth(made)
    linkage, elapsed, cpu = _timed(made, free=True)
    held = _held(linkage)
    found = {"ours": _measured(truth, held, elapsed, cpu)}
    parts = {"ours": set(_parts(held))}
    for name, clustering in {
        "agglomerative": AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - DEFAULT_THRESHOLD
        ),
        "dbscan": DBSCAN(eps=1 - DEFAULT_THRESHOLD, min_samples=1, metric="cosine"),
    }.items():
        began, cpu = time.perf_counter(), time.process_time()
        labels: NDArray[np.int64] = clustering.fit_predict(made.templates)
        elapsed, cpu = time.perf_counter() - began, time.process_time() - cpu
        held = {face.face_id: str(label) for face, label in zip(made.faces, labels.tolist(), strict=True)}
        found[name] = _measured(truth, held, elapsed, cpu)
        parts[name] = set(_parts(held))
    return found, parts["ours"] == parts["agglomerative"]


def _parts(held: Mapping[Hashable, str]) -> list[frozenset[Hashable]]:
    faces: dict[str, list[Hashable]] = {}
    for face, person in held.items():
        faces.setdefault(person, []).append(face)
    return [frozenset(one) for one in faces.values()]


def _truth(made: MadeUp) -> dict[Hashable, str]:
    return {face.face_id: str(person) for face, person in zip(made.faces, made.person.tolist(), strict=True)}


def _held(linkage: Linkage) -> dict[Hashable, str]:
    return {face.face_id: one.person_id for one in linkage.persons for face in one.faces}


def _added(linkage: Linkage, joins: Sequence[Proposal]) -> list[tuple[Hashable, Hashable]]:
    """Return the pairs of faces that proposals would put together."""
    faces = {one.person_id: [face.face_id for face in one.faces] for one in linkage.persons}
    return [(a, b) for one in joins for a in faces[one.persons[0]] for b in faces[one.persons[1]]]


def _measured(
    truth: Mapping[Hashable, str],
    held: Mapping[Hashable, str],
    elapsed_s: float,
    cpu_s: float,
    beside: Sequence[tuple[Hashable, Hashable]] = (),
) -> Measured:
    from stillgraph import evaluation

    one: LinkageMeasure = evaluation.linkage(truth, held, beside=beside, draws=DRAWS)
    return Measured(
        len(truth), elapsed_s, cpu_s, one.merged, one.wrongly_merged, one.precision, one.recall, one.bcubed_precision,
        one.bcubed_recall,
    )  # fmt: skip
