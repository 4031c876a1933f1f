"""Loads what an officer's first action would wait for, as a kernel started ahead does before anybody opens its page."""

from __future__ import annotations


def load() -> None:
    """Import what casework imports where it is first used, so that nobody waits for it. Nothing of a case is read."""
    import stillgraph.evaluation
    import stillgraph.faces.analyse
    import stillgraph.network
    import stillgraph.prolific
    import stillgraph.review  # noqa: F401 - loaded, not used
