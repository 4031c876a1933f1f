"""Who does most harm, how concentrated it is, and how sure the ranking is.

Count, harm, value and a recency-frequency-harm score stand side by side: one robbery weighs as much as 365
thefts in days of harm, so no single figure is the answer.
"""

from stillgraph.prolific.concentration import concentration
from stillgraph.prolific.harm import HarmTable, harm_table
from stillgraph.prolific.ranking import MEASURES, PROACTIVE, rank
from stillgraph.prolific.rfh import RfhPoints

__all__ = ["MEASURES", "PROACTIVE", "HarmTable", "RfhPoints", "concentration", "harm_table", "rank"]
