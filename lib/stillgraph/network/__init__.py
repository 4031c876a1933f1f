"""The offence-offender graph: who offends with whom, in which groups, and who connects them.

Everything is a plain function of one plain NetworkX graph. A link in it is a record of faces, not a finding
of guilt, and says how it is known.
"""

from stillgraph.network.brokers import brokers, constraint, participation, recruiters
from stillgraph.network.centrality import centrality, coreness, eigenvector, pagerank
from stillgraph.network.communities import ENGINES, communities, louvain, modularity, rand_index
from stillgraph.network.export import ENDINGS, export
from stillgraph.network.graph import build, persons_and_offences, two_mode
from stillgraph.network.naming import offence_node, person_node
from stillgraph.network.paths import paths
from stillgraph.network.projection import adjacency, co_offending, pairs, project, project_graph
from stillgraph.network.questions import NetworkSummary, PersonCentrality, layout, summary
from stillgraph.network.time_order import paths_in_time_order
from stillgraph.network.window import within
from stillgraph.network.without import without

__all__ = [
    "ENDINGS",
    "ENGINES",
    "NetworkSummary",
    "PersonCentrality",
    "adjacency",
    "brokers",
    "build",
    "centrality",
    "co_offending",
    "communities",
    "constraint",
    "coreness",
    "eigenvector",
    "export",
    "layout",
    "louvain",
    "modularity",
    "offence_node",
    "pagerank",
    "pairs",
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
    "two_mode",
    "within",
    "without",
]
