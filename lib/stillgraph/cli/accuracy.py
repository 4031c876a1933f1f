"""Commands that measure without a truth table of a case, and search and review together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.analyse import evaluate_app
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason
from stillgraph.errors import WrongUse


@evaluate_app.command(
    "people", epilog="Example: stillgraph evaluate people study/ --groups people.csv --by ethnicity,sex --widths 28"
)
def evaluate_people(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder for each person, with their images.")],
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="PACK", help="A pack; again for more, side by side.")
    ] = None,
    groups: Annotated[
        Path | None, typer.Option("--groups", metavar="FILE", help="CSV: person and what is recorded of each.")
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="GROUPS", help="Columns of that file, e.g. ethnicity,sex.")] = "",
    widths: Annotated[
        str, typer.Option("--widths", metavar="PIXELS", help="Face widths to make searched images poor to, e.g. 28,48.")
    ] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of noise and intervals.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the report too: .html, .pdf or .json")
    ] = None,
    workers: common.Workers = None,
    as_json: AsJson = False,
) -> None:
    """Measure 1:N search on people who are known: first images enrolled, the others searched. No case is involved."""
    from stillgraph.casework import accuracy_report, measured_words, progress, study

    with progress.bar(shown=sys.stderr.isatty()) as tell:
        report = study.study(
            folder, models=model or (), groups=groups, by=common.names(by), widths_px=_pixels(widths), workers=workers,
            seed=seed, progress=tell,
        )  # fmt: skip
    if out is not None:
        accuracy_report.write_study(report, out)
    if as_json:
        common.print_json(report)
        return
    for line in measured_words.study_sentences(report):
        print(line)


@evaluate_app.command("reviews", epilog="Example: stillgraph evaluate reviews cases/autumn")
def evaluate_reviews(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Say what completed reviews tell of the search where nobody knows the truth, and what they cannot tell."""
    from stillgraph.casework import evaluating_review
    from stillgraph.casework.measured_words import share

    report = evaluating_review.reviews(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json(report)
        return
    found = report.reviewed
    _simulated(simulated=report.simulated)
    if found.insufficient is not None:
        print(found.insufficient)
    else:
        print(f"Settled lists that are corroborated: {share(found.corroborated)}")
        print(f"Lists on which the first two officers differed: {share(found.disputed)}")
        for rank, rate in found.first_of_corroborated.items():
            print(f"Corroborated people who stood within rank {rank}: {share(rate)}")
        if found.places_unknown:
            print(f"Corroborated people of whom it is no longer held where they stood: {found.places_unknown}")
        for band, rate in found.by_band.items():
            print(f"Corroborated of band {band or 'none'}: {share(rate)}")
    print("What reviews cannot tell:")
    for line in found.cannot:
        print(f"  {line}")


@evaluate_app.command("process", epilog="Example: stillgraph evaluate process cases/demo --truth data/demo/truth.csv")
def evaluate_process(
    case: Case,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="Who is on each still, left to right.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Reckon how many of 100 corroborated leads are wrong, from the search's hit rate and officers' trials."""
    from stillgraph.casework import evaluating_review
    from stillgraph.casework.measured_words import share

    report = evaluating_review.process(common.seat(case, officer, operation, reason), truth=truth)
    if as_json:
        common.print_json(report)
        return
    told = report.process
    _simulated(simulated=report.simulated)
    rests = told.measured
    print(f"Person in the gallery and on the list: {share(rests.listed)}")
    print(f"Somebody supported, the person being on no list: {share(rests.supports_absent)}")
    print(f"Right person supported, where they are on the list: {share(rests.supports_present)}")
    print(f"Somebody else supported there: {share(rests.wrong_present)}")
    for line in told.sentences or (told.insufficient,):
        print(line)


@evaluate_app.command("drift", epilog="Example: stillgraph evaluate drift cases/autumn --baseline 12")
def evaluate_drift(
    case: Case,
    months_of: Annotated[
        str, typer.Option("--months-of", metavar="searched|captured", help="Which month a face counts in.")
    ] = "searched",
    baseline: Annotated[
        int | None, typer.Option("--baseline", min=1, help="Learn limits from so many first months; default: all.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show by month whether review and faces still are what they were, with control limits."""
    from stillgraph.casework import evaluating_review, measured_words

    seat = common.seat(case, officer, operation, reason)
    report = evaluating_review.drift(seat, months_of=months_of, baseline=baseline)
    if as_json:
        common.print_json(report)
        return
    _simulated(simulated=report.simulated)
    for chart in report.charts:
        print(chart.insufficient or chart.measure)
        common.print_table(["month", "share", "of", "limits", "sign"], measured_words.months(chart))


def _simulated(*, simulated: bool) -> None:
    if simulated:
        from stillgraph.casework.wording import SIMULATED

        print(SIMULATED)


def _pixels(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in common.names(text))
    except ValueError:
        raise WrongUse(f"Face widths are whole numbers of pixels, e.g. 28,48; not {text}.") from None


def register(_app: typer.Typer) -> None:
    """Add these commands to the application: importing this module has added them to ``evaluate``."""
