"""What a case holds on how far scores can be trusted: calibrations, thresholds, checks of the gallery's engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework.desk import Desk
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import served
from stillgraph.governance.permits import Action

if TYPE_CHECKING:
    import pandas as pd

_THRESHOLDS = """
SELECT policy_id, fpir, band, gallery, measured_gallery, threshold, low, high, searches, people, returned, insufficient,
       made_at
FROM fpir_thresholds WHERE model = $model ORDER BY policy_id DESC, band
"""

_CALIBRATIONS = """
SELECT calibration_id, band, gallery, same, same_people, different, different_people,
       json_extract(checked, '$.cllr')::DOUBLE AS cllr, insufficient, made_at
FROM calibrations WHERE model = $model ORDER BY calibration_id DESC, band, gallery
"""

_CHECKS = """
SELECT check_id, gallery_size, probes, lost, upper_bound, bound, holds, checked_at
FROM gallery_checks WHERE model = $model ORDER BY check_id DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True, eq=False)
class StoredScores:
    """As the views have them, of the case's model, the newest first."""

    model: str
    thresholds: pd.DataFrame
    calibrations: pd.DataFrame
    checks: pd.DataFrame


@served
def stored(desk: Desk) -> StoredScores:
    """Return the case's thresholds, calibrations and checks of its gallery's engine."""
    with desk.act(Action.VIEW, what="thresholds and calibrations") as deed:
        asked = {"model": desk.model}
        return StoredScores(
            desk.model, deed.session.frame(_THRESHOLDS, asked), deed.session.frame(_CALIBRATIONS, asked),
            deed.session.frame(_CHECKS, asked),
        )  # fmt: skip


@served
def known_truth(desk: Desk) -> Path | None:
    """Return the truth table that comes with a demonstration; of a case of one's own there is none to be found."""
    return shipped("data/demo") / "truth.csv" if desk.settings.get("kind") == "demonstration" else None
