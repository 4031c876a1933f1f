"""The offence-offender graph: who offends with whom, in which groups, and who connects them.

Everything is a plain function of one plain NetworkX graph. A link in it is a record of faces, not a finding
of guilt, and says how it is known.
"""

from stillgraph.network.around import around, part_of
from stillgraph.network.brokers import brokers, constraint, participation, recruiters
from stillgraph.network.centrality import Ways, centrality, coreness, eigenvector, pagerank, ways
from stillgraph.network.communities import ENGINES, communities, louvain, modularity, rand_index
from stillgraph.network.connecting import connect
from stillgraph.network.export import ENDINGS, export, export_gephi
from stillgraph.network.graph import build, persons_and_offences, two_mode
from stillgraph.network.naming import offence_node, person_node
from stillgraph.network.narrowing import narrowed
from stillgraph.network.paths import paths
from stillgraph.network.projection import adjacency, co_offending, pairs, project, project_graph
from stillgraph.network.questions import NetworkSummary, PersonCentrality, layout, summary
from stillgraph.network.time_order import paths_in_time_order
from stillgraph.network.timeline import timeline
from stillgraph.network.travel import travel
from stillgraph.network.window import arrests_within, within
from stillgraph.network.without import without

__all__ = [
    "ENDINGS",
    "ENGINES",
    "NetworkSummary",
    "PersonCentrality",
    "Ways",
    "adjacency",
    "around",
    "arrests_within",
    "brokers",
    "build",
    "centrality",
    "co_offending",
    "communities",
    "connect",
    "constraint",
    "coreness",
    "eigenvector",
    "export",
    "export_gephi",
    "layout",
    "louvain",
    "modularity",
    "narrowed",
    "offence_node",
    "pagerank",
    "pairs",
    "part_of",
    "participation",
    "paths",
    "paths_in_time_order",
    "person_node",
    "persons_and_offences",
    "project",
    "project_graph",
    "rand_index",
    "recruiters",
    "summary",
    "timeline",
    "travel",
    "two_mode",
    "ways",
    "within",
    "without",
]
