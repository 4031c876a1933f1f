"""Who does most harm, how concentrated it is, and how sure the ranking is.

Count, harm, value and a recency-frequency-harm score stand side by side: one robbery weighs as much as 365
thefts in days of harm, so no single figure is the answer.
"""

from stillgraph.prolific.backtest import BACKTEST_MEASURES, back_test, rolling_splits
from stillgraph.prolific.concentration import LEAST, concentrated, concentration, concentration_coverage
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
from stillgraph.prolific.ranking import MEASURES, PROACTIVE, rank
from stillgraph.prolific.rfh import RfhPoints
from stillgraph.prolific.units import UNIT_MEASURES, UNITS, unit_totals

__all__ = [
    "BACKTEST_MEASURES",
    "LEAST",
    "MEASURES",
    "PROACTIVE",
    "UNITS",
    "UNIT_MEASURES",
    "HarmTable",
    "RfhPoints",
    "back_test",
    "concentrated",
    "concentration",
    "concentration_coverage",
    "contradictions",
    "custody_table",
    "day_number",
    "days_at_liberty",
    "exposures",
    "harm_table",
    "in_custody",
    "rank",
    "rolling_splits",
    "silences",
    "unit_totals",
]
