"""Human review, as rules: nothing here reads a case or shows anything.

``rules``: who may judge what, and what judgements amount to. ``checklist``: what to compare. ``dealing``: what comes to
whom next, in which order, and when a trial goes with it. ``arrays``: who may stand beside a candidate in a photo array.
"""

from stillgraph.review.checklist import COMPONENTS
from stillgraph.review.rules import OFFICERS_AT_MOST, OFFICERS_NEEDED, blockers, ruling, waiting

__all__ = ["COMPONENTS", "OFFICERS_AT_MOST", "OFFICERS_NEEDED", "blockers", "ruling", "waiting"]
