"""The time each stage of a case took, as bars in the order of the stages."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from stillgraph.figures.theme import LINE, STATUS, counted, finish, room
from stillgraph.records import LinkStatus


def stage_times(times: Sequence[tuple[str, float]]) -> go.Figure:
    """Draw stages and their wall-clock seconds, the first stage on top."""
    stages = [stage for stage, _ in times]
    seconds = [elapsed for _, elapsed in times]
    figure = go.Figure(
        go.Bar(
            y=stages,
            x=seconds,
            text=[f"{elapsed:,.1f} s" for elapsed in seconds],
            orientation="h",
            marker={"color": STATUS[LinkStatus.CORROBORATED].colour},
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(title="seconds", gridcolor=LINE, zeroline=False, range=[0, room(seconds)], fixedrange=True)
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ", fixedrange=True)
    figure.update_layout(bargap=0.35)
    total = sum(seconds)
    return finish(
        figure,
        title="Time per stage",
        rests_on=f"the last run, wall clock · {counted(len(stages), 'stage')} · {total:,.0f} s in all",
        alt="Bar chart of seconds per stage: "
        + ", ".join(f"{stage} {elapsed:.1f}" for stage, elapsed in times)
        + f"; {total:.0f} in all.",
        height=170 + 26 * max(len(stages), 3),
    )
