"""The offence-offender graph: who offends with whom, in which groups, and who connects them.

Everything is a plain function of one plain NetworkX graph. A link in it is a record of faces, not a finding
of guilt, and says how it is known.
"""

from stillgraph.network.export import ENDINGS, export
from stillgraph.network.graph import build, co_offending, persons_and_offences, two_mode
from stillgraph.network.naming import offence_node, person_node
from stillgraph.network.paths import paths
from stillgraph.network.questions import (
    NetworkSummary,
    PersonCentrality,
    central,
    communities,
    layout,
    summary,
)
from stillgraph.network.time_order import paths_in_time_order
from stillgraph.network.window import within

__all__ = [
    "ENDINGS",
    "NetworkSummary",
    "PersonCentrality",
    "build",
    "central",
    "co_offending",
    "communities",
    "export",
    "layout",
    "offence_node",
    "paths",
    "paths_in_time_order",
    "person_node",
    "persons_and_offences",
    "summary",
    "two_mode",
    "within",
]
