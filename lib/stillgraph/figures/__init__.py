"""Results to Plotly figures; no query, no widget.

Every figure carries its title and, under it, the period, filter and count it rests on, so that it still says
them when it is copied out of its page. A status has a colour of Okabe and Ito's colour-blind-safe palette
and, where there are marks, a shape of its own.
"""

from stillgraph.figures.backtest import list_worth
from stillgraph.figures.bundle import bundle
from stillgraph.figures.control import control_chart
from stillgraph.figures.journeys import journeys
from stillgraph.figures.lorenz import lorenz_curves
from stillgraph.figures.matrix import co_offending_matrix
from stillgraph.figures.months import retailer_months
from stillgraph.figures.network import offence_network
from stillgraph.figures.places import offence_places
from stillgraph.figures.ranking import MEASURES, ranking_bars
from stillgraph.figures.removal import what_if
from stillgraph.figures.stages import stage_times
from stillgraph.figures.standings import rank_intervals
from stillgraph.figures.theme import description
from stillgraph.figures.timeline import Lane, lanes_of, timeline

__all__ = [
    "MEASURES",
    "Lane",
    "bundle",
    "co_offending_matrix",
    "control_chart",
    "description",
    "journeys",
    "lanes_of",
    "list_worth",
    "lorenz_curves",
    "offence_network",
    "offence_places",
    "rank_intervals",
    "ranking_bars",
    "retailer_months",
    "stage_times",
    "timeline",
    "what_if",
]
