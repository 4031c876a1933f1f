"""Commands that say what scores mean: calibration to likelihood ratios, thresholds for a stated FPIR."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.records import Checked, Curve

Truth = Annotated[Path, typer.Option("--truth", metavar="FILE", help="Who is on each still, left to right.")]
Retailers = Annotated[
    list[str] | None, typer.Option("--retailer", metavar="ID", help="Use this retailer's stills only; repeatable.")
]


NONE = ("none", "")
"""What tables show where data are too thin; a sentence below says why."""


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command(
        "calibrate",
        epilog="Example: stillgraph calibrate cases/demo --truth data/demo/truth.csv --retailer R01 --measure-on R07",
    )(calibrate)
    app.command("threshold", epilog="Example: stillgraph threshold cases/demo --truth data/demo/truth.csv --fpir 0.1")(
        threshold
    )


def calibrate(
    case: Case,
    truth: Truth,
    retailer: Retailers = None,
    measure_on: Annotated[
        list[str] | None,
        typer.Option("--measure-on", metavar="ID", help="Measure on this retailer's stills instead; repeatable."),
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Learn likelihood ratios from faces of known truth, for later searches; bands with too few people get none.

    A ratio says how much more likely such a score is if the first candidate is the person than if they are the best of
    all others. It is not how likely it is that they are the person.
    """
    from stillgraph.casework import calibrating

    desk = common.seat(case, officer, operation, reason)
    report = calibrating.calibrate(desk, truth, retailers=retailer or (), measured_on=measure_on or ())
    if as_json:
        common.print_json(report)
        return
    made = report.calibration
    print(
        f"Calibration {made.calibration_id}: {made.model}, {made.gallery} persons, {made.method} ({made.software}), "
        f"learned from {', '.join(made.retailers)}; {report.failures_to_acquire} faces had no score to learn from"
    )
    if made.synthetic:
        print("The people are synthetic: what was learned says nothing about real ones.")
    common.print_table(
        ["band", "persons", "is (people)", "is not (people)", "ratio from", "to", "Cllr", "least"],
        [_row(curve) for curve in made.curves],
    )
    for curve in made.curves:
        if curve.insufficient is not None and curve.gallery == made.gallery:
            print(f"  band {curve.band}: {curve.insufficient}")
    for name, found in (("", report.held_out), (", people learned from left out", report.held_out_others)):
        if found:
            print(f"Measured on {', '.join(report.measured_on)}{name}:")
            common.print_table(
                ["band", "is (people)", "is not (people)", "Cllr", "least"],
                [(band, *_counts(one), *_costs(one)) for band, one in found.items()],
            )
    print("Cllr is the cost of the ratios: 0 perfect, 1 no better than saying nothing; least, if calibrated perfectly.")


def _row(curve: Curve) -> tuple[object, ...]:
    said = (curve.band, curve.gallery, *_counts(curve))
    if curve.checked is None or curve.lower is None or curve.upper is None:
        return (*said, *NONE, *NONE)
    return (*said, f"{10**curve.lower:.2f}", f"{10**curve.upper:.2f}", *_costs(curve.checked))


def _counts(one: Curve | Checked) -> tuple[str, str]:
    return f"{one.same} ({one.same_people})", f"{one.different} ({one.different_people})"


def _costs(checked: Checked) -> tuple[str, str]:
    if checked.cllr is None:
        return NONE
    return f"{checked.cllr:.2f} ({checked.cllr_low:.2f} to {checked.cllr_high:.2f})", f"{checked.cllr_min:.2f}"


def threshold(
    case: Case,
    truth: Truth,
    fpir: Annotated[float, typer.Option("--fpir", metavar="X", help="The target FPIR, e.g. 0.01.")],
    gallery: Annotated[
        int | None, typer.Option("--gallery", metavar="N", help="For a gallery of so many persons; default: this one.")
    ] = None,
    retailer: Retailers = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Set the threshold at which at most a share X of searches for a stranger return anybody (search --fpir X)."""
    from stillgraph.casework import calibrating

    desk = common.seat(case, officer, operation, reason)
    policy = calibrating.set_threshold(desk, truth, fpir=fpir, retailers=retailer or (), gallery=gallery)
    if as_json:
        common.print_json(policy)
        return
    print(
        f"Policy {policy.policy_id}: FPIR {policy.fpir:g} in a gallery of {policy.gallery} persons, {policy.model}, "
        f"measured with {policy.measured_gallery} persons"
    )
    if policy.synthetic:
        print("The people are synthetic: what was measured says nothing about real ones.")
    common.print_table(
        ["band", "searches (people)", "threshold", "95 %", "returned"],
        [
            (one.band, f"{one.searches} ({one.people})", *_bounds(one.threshold, one.low, one.high), one.returned)
            if one.threshold is not None
            else (one.band, f"{one.searches} ({one.people})", *NONE, "")
            for one in policy.thresholds
        ],
    )
    for one in policy.thresholds:
        if one.insufficient is not None:
            print(f"  band {one.band}: {one.insufficient}")
    print("Searches use the threshold over all bands.")


def _bounds(at: float, low: float | None, high: float | None) -> tuple[str, str]:
    return f"{at:.3f}", f"{low:.3f} to {high:.3f}"
