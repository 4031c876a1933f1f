"""Pages for managers, panels for analysts: ``state`` has no widget, ``panels`` no rule, a page is a function.

Nothing is imported until it is asked for, so that serving a page does not wait for the widgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stillgraph.dashboards.analysis_pages import network, prolific
    from stillgraph.dashboards.drift_pages import drift
    from stillgraph.dashboards.outward_pages import retailer
    from stillgraph.dashboards.pages import (
        candidates,
        dossier,
        enhance,
        glance,
        overview,
        persons,
        photo_array,
        prepare,
        query,
        review,
    )
    from stillgraph.dashboards.retention_page import retention
    from stillgraph.dashboards.transparency_page import transparency
    from stillgraph.dashboards.work_pages import accuracy, intake, queries, search, start

WORK = frozenset({"accuracy", "intake", "queries", "search", "start"})
"""The pages of :mod:`stillgraph.dashboards.work_pages`; the others are of :mod:`stillgraph.dashboards.pages`."""
ANALYSIS = frozenset({"network", "prolific"})
"""Those of :mod:`stillgraph.dashboards.analysis_pages`."""
DRIFT = frozenset({"drift"})
"""That of :mod:`stillgraph.dashboards.drift_pages`."""
OUTWARD, TRANSPARENCY = frozenset({"retailer"}), frozenset({"transparency"})
"""Those of :mod:`stillgraph.dashboards.outward_pages` and :mod:`stillgraph.dashboards.transparency_page`."""
RETENTION = frozenset({"retention"})
"""That of :mod:`stillgraph.dashboards.retention_page`."""

__all__ = [
    "accuracy",
    "candidates",
    "dossier",
    "drift",
    "enhance",
    "glance",
    "intake",
    "network",
    "overview",
    "persons",
    "photo_array",
    "prepare",
    "prolific",
    "queries",
    "query",
    "retailer",
    "retention",
    "review",
    "search",
    "start",
    "transparency",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    homes = {
        "work_pages": WORK, "analysis_pages": ANALYSIS, "drift_pages": DRIFT, "outward_pages": OUTWARD,
        "transparency_page": TRANSPARENCY, "retention_page": RETENTION,
    }  # fmt: skip
    module = next((home for home, names in homes.items() if name in names), "pages")
    return getattr(import_module(f"stillgraph.dashboards.{module}"), name)
