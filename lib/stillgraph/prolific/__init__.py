"""Who does most harm, how concentrated it is, and how sure the ranking is.

Count, harm, value and a recency-frequency-harm score stand side by side: one robbery weighs as much as 365
thefts in days of harm, so no single figure is the answer.
"""

from stillgraph.prolific.backtest import BACKTEST_MEASURES, back_test, rolling_splits, total_draws
from stillgraph.prolific.chances import Chance, WorldSettings
from stillgraph.prolific.concentration import LEAST, concentrated, concentration, concentration_coverage
from stillgraph.prolific.coverage import Coverage, coverage, simulated
from stillgraph.prolific.exposure import (
    contradictions,
    custody_table,
    day_number,
    days_at_liberty,
    exposures,
    in_custody,
    silences,
)
from stillgraph.prolific.harm import HarmTable, harm_table
from stillgraph.prolific.profiles import Profiles, profiles
from stillgraph.prolific.ranking import rank
from stillgraph.prolific.rfh import RfhPoints, rfh_points
from stillgraph.prolific.tables import corroborated, within
from stillgraph.prolific.units import UNIT_MEASURES, UNITS, unit_totals
from stillgraph.prolific.worlds import MEASURES

__all__ = [
    "BACKTEST_MEASURES",
    "LEAST",
    "MEASURES",
    "UNITS",
    "UNIT_MEASURES",
    "Chance",
    "Coverage",
    "HarmTable",
    "Profiles",
    "RfhPoints",
    "WorldSettings",
    "back_test",
    "concentrated",
    "concentration",
    "concentration_coverage",
    "contradictions",
    "corroborated",
    "coverage",
    "custody_table",
    "day_number",
    "days_at_liberty",
    "exposures",
    "harm_table",
    "in_custody",
    "profiles",
    "rank",
    "rfh_points",
    "rolling_splits",
    "silences",
    "simulated",
    "total_draws",
    "unit_totals",
    "within",
]
