"""Which faces are one person.

The governing rule: **rulings bind, similarity proposes, contradictions are shown, nothing is transitive.**

* Faces that two officers corroborated as one nominal are that person. Nothing else ever joins them.
* Officers rule in the open that faces are, or are not, one person (:mod:`~stillgraph.linking.rulings`): one officer's
  ruling proposes a person, two officers' corroborate a series. Naming anybody takes review.
* A face under review is like any other: what one officer said of it is not known here, and shows nowhere, since the
  second officer judges blind.
* Every other usable face belongs to exactly one unknown person, alone or in a group of average linkage
  (:mod:`~stillgraph.linking.groups`). Over-merged people are worse than split ones; the threshold is chosen so.
* Two faces in one still are two persons. No person holds both, by whatever way.
* Where officers' statements cannot all be true, a statement is wrong and nothing here can know which, so none binds:
  the faces stand alone as unknown persons, grouped with nobody, until officers settle it
  (:mod:`~stillgraph.linking.settled`).
"""

from stillgraph.linking.behaviour import FaceTable, OffenceTable, offence_table, propose
from stillgraph.linking.case import LinkableFace
from stillgraph.linking.persons import DEFAULT_THRESHOLD, contradictions, link
from stillgraph.linking.proposals import PROPOSAL_THRESHOLD, Proposing
from stillgraph.linking.rulings import blockers, may_take_back, stances, standing
from stillgraph.linking.series import learn, measure

__all__ = [
    "DEFAULT_THRESHOLD",
    "PROPOSAL_THRESHOLD",
    "FaceTable",
    "LinkableFace",
    "OffenceTable",
    "Proposing",
    "blockers",
    "contradictions",
    "learn",
    "link",
    "may_take_back",
    "measure",
    "offence_table",
    "propose",
    "stances",
    "standing",
]
