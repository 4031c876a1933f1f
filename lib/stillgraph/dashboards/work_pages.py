"""The analysts' own pages, one function each: what their notebooks show beside the pages that managers see too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from stillgraph.dashboards import intake_panels, panels, wording
from stillgraph.dashboards.intake_state import CaseIntake, IntakeState
from stillgraph.dashboards.pages import shown

if TYPE_CHECKING:
    from stillgraph.casework.desk import Desk
    from stillgraph.dashboards.intake_state import IntakeSource


def intake(desk: Desk) -> widgets.Widget:
    """Return the page that takes deliveries in: what is dropped, how far it is, what was refused and why."""
    return shown(lambda: intake_of(CaseIntake(desk)))


def intake_of(source: IntakeSource) -> widgets.Widget:
    """Return the intake page over any source."""
    state = IntakeState(source)
    return panels.page(
        intake_panels.head(state), intake_panels.waiting(state), intake_panels.came_of_it(state),
        panels.Html(wording.FOOT),
    )  # fmt: skip
