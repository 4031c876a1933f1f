"""What every gallery engine offers, and the checks they share.

A gallery holds one template per custody image, all of one model. It answers a probe with persons, not images:
each person once, by their best image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import ModelError, WrongUse
from stillgraph.records import (
    Candidate,
    CustodyImageId,
    Filters,
    GalleryInfo,
    GalleryStatistics,
    ModelId,
    NominalId,
    Template,
)

if TYPE_CHECKING:
    from stillgraph.gallery.columns import Attributes

Entry = tuple[CustodyImageId, NominalId]
"""A custody image and whose it is."""

UNIT_TOLERANCE = 1e-3
"""How far a template's length may be from 1: more than float32 rounding makes, less than any real fault."""


class GalleryIndex(Protocol):
    """A searchable gallery of one model's templates."""

    @property
    def engine(self) -> str:
        """The engine's name: ``exact``, ``compressed`` or ``milvus``."""

    @property
    def model(self) -> ModelId:
        """The model all templates are of."""

    @property
    def dimension(self) -> int:
        """The length of a template."""

    @property
    def info(self) -> GalleryInfo:
        """The gallery's size in custody images and its version, which any change of content changes."""

    def search(
        self, probes: Sequence[Template], *, limit: int, threshold: float = -1.0, filters: Filters | None = None
    ) -> list[tuple[Candidate, ...]]:
        """Rank the persons of the gallery for each probe.

        Parameters
        ----------
        probes
            Templates of this gallery's model.
        limit
            The most persons per probe; more than the gallery holds is allowed.
        threshold
            The lowest score, a cosine, that makes a candidate; -1 leaves nobody out.
        filters
            Which custody images to look at. It is applied before anything is ranked: an image left out is on no
            list and pushes nobody off one.

        Returns
        -------
        list of tuple of Candidate
            One tuple per probe, in order: by score, highest first, then by nominal and custody image; each
            person once with their best image; ranks from 1.

        Raises
        ------
        ModelError
            If a probe is of another model, of another length, not finite or not of unit length.
        WrongUse
            If ``limit`` is below 1, ``threshold`` is not from -1 to 1, or a range of ``filters`` ends before it begins.
        """

    def eligible(self, filters: Filters | None = None) -> int:
        """Return how many custody images a filter leaves.

        Raises
        ------
        WrongUse
            If a range of ``filters`` ends before it begins.
        """

    def add(self, entries: Sequence[Entry], vectors: NDArray[np.float32], attributes: Attributes | None = None) -> None:
        """Add custody images, all or none, at a cost in proportion to them.

        Parameters
        ----------
        entries
            Custody images and their nominals, none of them here yet.
        vectors
            float32, shape (n, d): their templates, of unit length.
        attributes
            What is recorded of them, for filters; nothing unless given.

        Raises
        ------
        WrongUse
            If numbers differ, or a custody image comes twice or is here already.
        ModelError
            If a template is of another length, not finite or not of unit length.
        """

    def delete(self, images: Sequence[CustodyImageId]) -> None:
        """Leave custody images out of every later search, all or none, at a cost in proportion to them.

        Raises
        ------
        NotFound
            If one is not here.
        """

    def snapshot(self) -> GalleryIndex:
        """Return an index of exactly what is here now, which later changes of this one do not reach."""

    def statistics(self) -> GalleryStatistics:
        """Return what the index holds and what it costs."""


def check_entries(entries: Sequence[Entry], vectors: NDArray[Any]) -> None:
    """Check that there is one sound template for each custody image.

    Parameters
    ----------
    entries
        Custody images and their nominals.
    vectors
        float32, shape (n, d): their templates, of unit length.

    Raises
    ------
    WrongUse
        If the two differ in number or a custody image comes twice.
    ModelError
        If a template is not finite or not of unit length.
    """
    if vectors.ndim != 2 or len(vectors) != len(entries):
        raise WrongUse(
            f"A gallery needs one template per custody image: {len(entries)} images came with an array of "
            f"shape {vectors.shape}."
        )
    seen: set[CustodyImageId] = set()
    for image, _ in entries:
        if image in seen:
            raise WrongUse(f"A custody image enters a gallery once: {image} came twice.")
        seen.add(image)
    faulty = faulty_rows(vectors)
    if len(faulty):
        raise ModelError(
            f"A template must be finite and of unit length: that of {entries[faulty[0]][0]} is not. "
            "Embed the image again."
        )


def check_probes(probes: Sequence[Template], model: ModelId, dimension: int) -> NDArray[np.float32]:
    """Return the probes' vectors, float32 of shape (n, d), once they are known to belong to this model.

    Raises
    ------
    ModelError
        If a probe is of another model, of another length, not finite or not of unit length.
    """
    for probe in probes:
        if probe.model != model:
            raise ModelError(
                f"Only templates of one model compare: the gallery is of {model}, a probe is of "
                f"{probe.model}. Embed the probe with the gallery's model."
            )
        if probe.vector.shape != (dimension,):
            raise ModelError(
                f"Templates of {model} have {dimension} numbers; a probe has the shape {probe.vector.shape}. "
                "Embed the probe again."
            )
    vectors = np.array([probe.vector for probe in probes], dtype=np.float32).reshape(len(probes), dimension)
    if len(faulty_rows(vectors)):
        raise ModelError("A template must be finite and of unit length: a probe is not. Embed it again.")
    return vectors


def check_request(limit: int, threshold: float) -> None:
    """Check the two numbers of a search.

    Raises
    ------
    WrongUse
        If ``limit`` is below 1 or ``threshold`` is not from -1 to 1.
    """
    if limit < 1:
        raise WrongUse(f"A candidate list holds at least one person: limit {limit} must be 1 or more.")
    if not -1.0 <= threshold <= 1.0:
        raise WrongUse(f"A threshold is a cosine from -1 to 1: {threshold} is not.")


def faulty_rows(vectors: NDArray[Any]) -> NDArray[np.intp]:
    """Return the rows of ``vectors``, shape (n, d), that are not finite or not of unit length."""
    length = np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1))
    return np.flatnonzero(~(np.abs(length - 1.0) <= UNIT_TOLERANCE))
