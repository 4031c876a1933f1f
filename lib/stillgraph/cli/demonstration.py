"""Prints the summary of the demonstration for people."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.cli import common
from stillgraph.cli.common import count

if TYPE_CHECKING:
    from stillgraph.demo import Summary
    from stillgraph.records import Rate

SIMULATED = "simulated review"


def show(summary: Summary) -> None:
    """Print what came of the demonstration: counts, yield beside its conditions, errors, the top ten, times."""
    _show_counts(summary)
    _show_yield(summary)
    _show_top_ten(summary)
    print("\nSeconds per stage")
    common.print_table(["stage", "seconds"], [(stage, f"{seconds:.1f}") for stage, seconds in summary.seconds])
    _show_way_in(summary)


def _show_counts(summary: Summary) -> None:
    glance = summary.glance
    print(f"\nThe demonstration in {summary.case}")
    print(
        f"  {count(glance.stills_received, 'still')} of {count(glance.offences, 'offence')} from "
        f"{count(glance.retailers, 'retailer')}; {count(glance.rows_refused, 'row')} refused; "
        f"{count(glance.faces_found, 'face')}; {count(glance.stills_without_face, 'still')} without one"
    )
    print(
        f"  {count(glance.leads, 'candidate list')}: {glance.reviews_corroborated} corroborated, "
        f"{glance.reviews_not_supported} not supported, {glance.reviews_disputed} disputed, "
        f"{glance.reviews_pending} pending ({SIMULATED})"
    )
    print(
        f"  {count(glance.nominals_corroborated, 'person', 'people')} in custody records linked to "
        f"{count(glance.offences_with_corroborated, 'offence')}; {glance.unknown_series} unknown series"
    )
    if glance.gallery_past_review:
        overdue = count(glance.gallery_past_review, "custody image")
        print(f"  {overdue} among those searched past the review date: have the review done")


def _show_yield(summary: Summary) -> None:
    from stillgraph.casework import evaluating

    glance = summary.glance
    cut = glance.threshold is not None and glance.threshold > -1
    threshold = f"{glance.threshold:.3f}" if cut else "none (investigation mode: candidates by rank)"
    error = f"{100 * summary.reviewer_error:.0f} %"
    images = count(glance.gallery_size, "image")
    print("\nYield, and what it is worth")
    print(f"  Stills with a corroborated lead: {_rate(glance.yield_rate)} ({SIMULATED}, stated reviewer error {error})")
    print(f"  Threshold: {threshold}. Gallery: {images} of {count(glance.nominals, 'person', 'people')}.")
    print("  Against truth:")
    print(f"  Corroborated leads that are wrong: {_rate(summary.leads.wrong)}. The two simulated reviewers err")
    print("  independently; two people shown the same look-alike do not, so expect more wrong leads from people.")
    print(f"  Faces of people in the gallery without a right corroborated lead: {_rate(summary.leads.missed)}.")
    for line in evaluating.sentences(summary.identification):
        print(f"  {line}")
    print("  These people are synthetic: the figures say nothing about accuracy on real ones.")


def _show_top_ten(summary: Summary) -> None:
    from stillgraph.casework import ranking as rankings

    print(f"\nThe top ten by harm ({SIMULATED}; corroborated links only)")
    common.print_table(
        ["rank", "95 %", "person", "offences", "retailers", "harm (days)", "value", "prior arrests"],
        [
            (s.rank, f"{s.rank_low}-{s.rank_high}", s.person_id, s.offences, s.retailers, f"{s.harm_days:,.1f}",
             common.pounds(s.value_pence), s.prior_arrests)
            for s in summary.ranking.standings[:10]
        ],
    )  # fmt: skip
    print(f"  {summary.ranking.scale}")
    print(f"  {rankings.concentration_sentence(summary.ranking)}")


def _show_way_in(summary: Summary) -> None:
    from stillgraph.demo import ANALYST, OPERATION

    options = f'--officer {ANALYST} --operation {OPERATION} --reason "look at the demonstration"'
    print("\nOpen the workbench:")
    print(f"  {_own_name()} dashboards {summary.case} {options}")
    print(f"  {_own_name()} lab {summary.case} {options}")


def _own_name() -> str:
    """Return how this very command was called, so that what is printed can be pasted."""
    called = Path(sys.argv[0])
    if called.name != "stillgraph" or not called.is_absolute() or not called.is_relative_to(Path.cwd()):
        return sys.argv[0] if called.name == "stillgraph" else "stillgraph"
    return os.path.relpath(called)


def _rate(rate: Rate) -> str:
    if rate.value is None or rate.low is None or rate.high is None:
        return "no trials"
    within = f"95 %: {100 * rate.low:.1f} to {100 * rate.high:.1f}"
    return f"{rate.successes} of {rate.trials}, {100 * rate.value:.1f} % ({within})"
