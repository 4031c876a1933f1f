"""What an officer can do. The one place that combines the domain modules; everything above calls only this.

Cut by officer role: ``desk`` (who is at work, on what, with what: the one way in), ``receiving``, ``enrolling``,
``searching``, ``unsolved`` (newly enrolled people against open stills), ``alike`` (stills among themselves),
``reviewing`` (``trials``, ``statements``, ``arrays``), ``linking``, ``analysing``,
``networking`` (the graph; ``asking``, questions to it), ``explaining`` (why somebody ranks
where they do), ``packing`` (case packs), ``evaluating``, ``governing``;
``models``, the face model packs, and ``extracting``, stills out of films. One function for each action, and each on a
case has the same three steps inside one transaction: **permit, do, record**.
"""

from stillgraph.casework.desk import Desk, take_seat

__all__ = ["Desk", "take_seat"]
