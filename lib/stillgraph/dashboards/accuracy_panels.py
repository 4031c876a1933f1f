"""The pieces of the accuracy page: widgets over a state, no rule. A rate has its count and interval, or is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from stillgraph.dashboards import markup, review_wording
from stillgraph.dashboards.accuracy_state import AccuracyState
from stillgraph.dashboards.markup import Column
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import button, told
from stillgraph.dashboards.progress import progress
from stillgraph.dashboards.uploads import FileDrop

if TYPE_CHECKING:
    from stillgraph.casework.evaluating import IdentificationReport
    from stillgraph.records import Rate, ReviewerAccuracy

MEASURE_NOTE = (
    "On faces whose person is known, from a truth table: how often the search lists the right person, and how often it "
    "returns anybody for a stranger. A face that was not found counts as an error. Measured on this gallery and these "
    "stills; others give other rates."
)
STORED_NOTE = (
    "What searches of this case are cut and rated by, of its model, the newest first. A threshold belongs to a gallery "
    "of its size; where data were too thin there is none, and it says why."
)
OTHERS_NOTE = (
    "Against each other's best lists, not against the street; below 10 trials of either kind none is corrected."
)
RATE = (Column("What"), Column("Rate", numeric=True), Column("Of", numeric=True), Column("95 % interval"))


def measuring(state: AccuracyState) -> widgets.Widget:
    """Return what measures the search, and what it came to."""
    go = button("Measure on the demonstration's truth", state.measure, state)
    place = Html("")

    def show(_change: object = None) -> None:
        go.layout.display = None if state.has_truth else "none"
        go.disabled = state.work.running
        place.value = "" if state.report is None else _measured(state.report)

    drop = FileDrop(lambda files: state.measure(files[0][1]), label="Choose a truth table", accept=".csv")
    drop.add_class("sg-drop")
    state.observe(show, names="report")
    state.work.observe(show, names="running")
    show()
    return Card(
        Html(markup.heading("Error rates of the search", MEASURE_NOTE)), Card(go, kind="sg-tools"), drop, told(state),
        progress(state.work, "Measuring"), place,
    )  # fmt: skip


def stored(state: AccuracyState) -> widgets.Widget:
    """Return thresholds, calibrations and checks as the case holds them."""
    found = state.stored
    parts = [
        ("Thresholds for a stated FPIR", found.thresholds, "None is set; `stillgraph threshold` sets one."),
        ("Calibrations to likelihood ratios", found.calibrations, "There is none; `stillgraph calibrate` learns one."),
        ("Checks of the gallery's engine", found.checks, "There is none; an exact engine needs none."),
    ]  # fmt: skip
    said = "".join(
        markup.frame(caption, _headed(rows)) if len(rows) else f"<h3>{caption}</h3>{markup.note(none)}"
        for caption, rows, none in parts
    )
    return Card(Html(markup.heading("Thresholds and calibrations", STORED_NOTE) + said))


def reviewers(state: AccuracyState) -> widgets.Widget:
    """Return how the officer did in trials, and others where they may be seen."""
    place = Html("")
    ask = button("How others did", state.ask_for_others, state)

    def show(_change: object = None) -> None:
        said = markup.notice(state.asked) if state.asked else ""
        place.value = said + ("" if state.others is None else _others(state.others))

    state.observe(show, names=["others", "asked"])
    show()
    return Card(Html(review_wording.record(state.own)), Card(ask, kind="sg-tools"), place)


def _measured(report: IdentificationReport) -> str:
    gallery = f"{report.gallery.size:,} custody images of {report.gallery_nominals:,} people"
    facts = [
        ("Model", report.model), ("Gallery", gallery),
        ("Mated searches", f"{report.mated:,}"), ("Non-mated", f"{report.nonmated:,}"),
        ("Not found or unusable", f"{report.failures_to_acquire:,}, counted as errors where mated"),
    ]  # fmt: skip
    rows = [
        (f"Right person within rank {rank}", *_rate(rate, report.mated, report.hit_rate_interval[rank]))
        for rank, rate in report.hit_rate.items()
    ]
    rows += [
        (
            f"Right person missed at FPIR {target}, threshold {_score(report.thresholds[target])}",
            *_rate(rate, report.mated, report.fnir_interval[target], report.insufficient.get(target)),
        )
        for target, rate in report.fnir_at_fpir.items()
    ]
    said = markup.facts(facts) + markup.table("Searches of known faces", RATE, rows)
    for attribute, groups in report.groups.items():
        split = [
            (label, *_rate(one.hit_rate["1"], one.mated, one.hit_rate_interval["1"], one.insufficient))
            for label, one in groups.items()
        ]
        said += markup.table(f"Right person within rank 1, by {attribute} as recorded", RATE, split)
    return said + markup.note("Where intervals overlap, a difference between two groups is not shown by these data.")


def _rate(
    rate: float | None, trials: int, interval: tuple[float, float] | None, why: str | None = None
) -> tuple[str, str, str]:
    if rate is None or interval is None:
        return "insufficient", f"{trials:,}", why or "too few searches to say"
    return f"{100 * rate:.1f} %", f"{trials:,}", f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f} %"


def _score(threshold: float | None) -> str:
    return "none" if threshold is None else f"{threshold:.3f}"


def _others(found: tuple[ReviewerAccuracy, ...]) -> str:
    if not found:
        return markup.note("Nobody has judged a list yet.")
    columns = (
        Column("Officer"),
        Column("Absent"),
        Column("Present"),
        Column("Wrong person"),
        Column("Corrected for chance"),
    )
    rows = [
        (one.officer, _trials(one.absent), _trials(one.present), _trials(one.wrong_person), _corrected(one))
        for one in found
    ]
    return markup.heading("How officers did", OTHERS_NOTE) + markup.table("Trials", columns, rows)


def _trials(rate: Rate) -> str:
    return "no trial yet" if rate.value is None else markup.rate(rate)


def _corrected(one: ReviewerAccuracy) -> str:
    if one.chance_corrected is None:
        return one.insufficient or "insufficient"
    return (
        f"{one.chance_corrected:.2f} (95 % interval {one.chance_corrected_low:.2f} to {one.chance_corrected_high:.2f})"
    )


def _headed(rows: Any) -> Any:
    """Return a frame with headings in words."""
    told = rows.copy()
    told.columns = [str(name).replace("_", " ").capitalize().replace("Fpir", "FPIR") for name in told.columns]
    return told
