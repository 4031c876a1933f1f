"""Which faces are one person: rulings bind, similarity proposes, contradictions are shown, nothing is transitive."""

from stillgraph.linking.persons import DEFAULT_THRESHOLD, LinkableFace, link

__all__ = ["DEFAULT_THRESHOLD", "LinkableFace", "link"]
