"""What long work looks like on a page: a bar with an estimate and a button that stops it. The page stays usable."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from stillgraph.dashboards import markup
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.progress_state import LongWork

STOPPED = "What was not finished has left nothing behind."


def progress(work: LongWork, what: str) -> widgets.Widget:
    """Return the place where work shows how far it is, is stopped, and says how it ended; ``what`` names the work."""
    shown, ended = Html(""), Html("")
    stop = widgets.Button(description="Stop", tooltip=f"Stop: {what}")
    stop.on_click(lambda _button: work.cancel())
    row = Card(Card(shown, stop, kind="sg-progress"), kind="sg-long")

    def show(_change: object = None) -> None:
        row.layout.display = None if work.running else "none"
        stop.disabled = work.cancelling
        shown.value = bar(what, work.share, work.said) if work.running else ""

    def end(_change: object = None) -> None:
        said = markup.notice(work.problem, alert=True) if work.problem else ""
        said += markup.notice(f"{work.ended} {STOPPED}") if work.ended else ""
        ended.value = said
        ended.layout.display = None if said else "none"

    work.observe(show, names=["running", "cancelling", "share", "said"])
    work.observe(end, names=["ended", "problem"])
    show()
    end()
    return Card(row, ended, kind="sg-long")


def bar(what: str, share: float, said: str) -> str:
    """Return a progress bar with its words; without ``value`` where nobody knows how much there is."""
    value = f' value="{share:.3f}"' if share >= 0 else ""
    return (
        f'<progress max="1"{value} aria-label="{escape(what)}"></progress>'
        f'<p class="sg-note" role="status">{escape(said)}</p>'
    )
