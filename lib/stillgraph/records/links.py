"""Links of persons and offences as columns, from which rankings and networks of a million links are computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillgraph.records.identifiers import NominalId, OffenceId, PersonId
from stillgraph.records.persons import LinkStatus

LINK_STATUSES = (LinkStatus.CORROBORATED, LinkStatus.PROPOSED, LinkStatus.UNKNOWN)
"""What the numbers of :attr:`LinkTable.status` stand for, the surest first."""

PROACTIVE = frozenset({"store detective"})
"""Ways of detection, in small letters, that find an offence only because somebody was looking for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of texts of which few differ. ``index`` is int32 of shape (k,), into ``names``, which ascend."""

    names: tuple[str, ...]
    index: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class OffenceTable:
    """Offences as columns of shape (k,), in the order of their ids.

    ``occurred_at`` is datetime64[s], UTC; ``harm_days`` float64, of the harm table, whether proactively detected or
    not; ``value_pence`` int64; ``proactive`` bool, where somebody was looking for it (:data:`PROACTIVE`); ``latitude``
    and ``longitude`` float64, degrees. ``code`` is in capitals; ``retailer`` and ``store`` are ids, ``borough`` a name.
    """

    ids: tuple[OffenceId, ...]
    occurred_at: NDArray[np.datetime64]
    harm_days: NDArray[np.float64]
    value_pence: NDArray[np.int64]
    proactive: NDArray[np.bool_]
    code: Coded
    offence: Coded
    retailer: Coded
    store: Coded
    borough: Coded
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ProposedJoin:
    """A machine's proposal that one person is part of another; ``part`` and ``whole`` index ``LinkTable.persons``.

    Nobody has ruled on it. ``likelihood_ratio`` is ``None`` where scores are not calibrated; ``score`` a cosine.
    """

    part: int
    whole: int
    likelihood_ratio: float | None
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class LinkTable:
    """Links of persons and offences as columns of shape (m,), sorted by person, offence and join.

    ``person`` and ``offence`` (int32) index ``persons`` and ``offences.ids``, which ascend. ``status`` (int8) indexes
    :data:`LINK_STATUSES`. ``join`` (int32) is -1 for a person's own link; else the index in ``joins`` of the proposal
    by which a link of its part would be a link of its whole: such a row repeats the part's own link, and of the two
    only one can be true. Without proposals there are neither joins nor links that are not corroborated.
    """

    persons: tuple[PersonId, ...]
    nominal_ids: tuple[NominalId | None, ...]
    offences: OffenceTable
    person: NDArray[np.int32]
    offence: NDArray[np.int32]
    status: NDArray[np.int8]
    join: NDArray[np.int32]
    joins: tuple[ProposedJoin, ...]

    def __repr__(self) -> str:
        return f"LinkTable({len(self.persons)} persons, {len(self.offences.ids)} offences, {len(self.person)} links)"
