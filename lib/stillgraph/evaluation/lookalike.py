"""Whether somebody else on a list looks nearly as alike as the one who stands first."""

from __future__ import annotations

from collections.abc import Sequence

from stillgraph.records import Candidate, ModelId

MEASURED_ON = ModelId("yunet-sface@2456d6f081df.r2")
"""The one model that :data:`MARGIN` is of."""

MARGIN = 0.07
"""Lead of the first candidate's score over the second's under which there is a warning.

Of 0.01, 0.02, ... 0.15 the one that on R01 to R06 of the demonstration parts best the searches whose first candidate
was the person from the others, counting both kinds the same (Youden 1950). What it does is in docs/accuracy.md;
``python tests/benchmarks/scores.py`` measures it.
"""


def look_alike(candidates: Sequence[Candidate], model: ModelId) -> str | None:
    """Return the warning that the second candidate is close to the first, or ``None`` where it is not.

    Of another model than :data:`MEASURED_ON` nothing is said, as no margin is known.
    """
    if model != MEASURED_ON or len(candidates) < 2:
        return None
    lead = candidates[0].score - candidates[1].score
    if lead >= MARGIN:
        return None
    return (
        f"look-alikes: {candidates[1].nominal_id} scores within {MARGIN:g} of {candidates[0].nominal_id}; where the "
        "lead was so small in the measurement, the first was the person in about a third of searches"
    )
