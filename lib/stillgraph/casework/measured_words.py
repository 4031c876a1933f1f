"""What was measured in sentences for people: every rate with its count of trials and interval, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillgraph.casework.study import StudyReport
    from stillgraph.evaluation.drift import Chart
    from stillgraph.evaluation.measured import Measured, Part
    from stillgraph.evaluation.mitigations import Mitigation
    from stillgraph.evaluation.searches import OperatingPoint
    from stillgraph.records import Rate

SYNTHETIC = "The people are synthetic: these figures say nothing about real people, of any group."


def share(rate: Rate | None) -> str:
    """Return a rate in per cent with its counts and interval."""
    if rate is None or rate.value is None:
        return f"no rate ({0 if rate is None else rate.trials} trials)"
    low, high = 100 * (rate.low or 0.0), 100 * (rate.high or 0.0)
    return f"{100 * rate.value:.1f} % ({rate.successes} of {rate.trials}; 95 %: {low:.1f} to {high:.1f})"


def sentences(found: Measured) -> list[str]:
    """Return all that is stated of a set of searches, a line each."""
    return [*_counts(found), *_points(found), *_parts(found), *_groups(found)]


def study_sentences(report: StudyReport) -> list[str]:
    """Return a study in lines: each model and condition, then the models side by side, then the limits."""
    lines = []
    for row in report.rows:
        lines += [f"== {row.pack} ({report.models[row.pack]}), {row.condition}", *sentences(row.measured)]
    if report.beside:
        lines += ["== Side by side", *(one.sentence for one in report.beside)]
    return [*lines, "== Limits", *report.limits]


def _counts(found: Measured) -> Iterator[str]:
    yield (
        f"{found.mated} mated and {found.nonmated} non-mated searches of {found.people} people in a gallery of "
        f"{found.gallery}; {found.failures_to_acquire} and {found.failures_to_acquire_nonmated} without a usable face, "
        "which count as misses and as searches that return nobody"
    )
    for rank, rate in found.hit_rate.items():
        if rate.value is not None:
            yield f"The person within rank {rank}: {share(rate)}"


def _points(found: Measured) -> Iterator[str]:
    for mode, points in (("investigation", found.listed), ("identification", found.alone)):
        for point in points:
            yield f"{mode} mode, within rank {point.within_rank}: {point_said(point)}"


def point_said(point: OperatingPoint) -> str:
    """Return what a target FPIR costs."""
    if point.threshold is None:
        return point.insufficient or ""
    between = f"{point.threshold_low:.3f} to {point.threshold_high:.3f}"
    cost = point.insufficient if point.fnir is None else f"FNIR {share(point.fnir)}"
    return f"FPIR {point.target:g} at threshold {point.threshold:.3f} (95 %: {between}): {cost}"


def _parts(found: Measured) -> Iterator[str]:
    for name, parts in found.parts.items():
        for label, part in parts.items():
            yield f"{name} {label}: {part_said(part)}"


def part_said(part: Part) -> str:
    """Return the rates of a part of the searches, at the threshold of all."""
    if not part.hit_rate:
        return part.insufficient or ""
    said = [f"first {share(part.hit_rate['1'])}"]
    if part.fnir is not None and part.target is not None:
        said.append(f"FNIR at FPIR {part.target:g} {share(part.fnir)}")
        said.append(f"FPIR {share(part.fpir)}" if part.fpir is not None else part.insufficient or "")
    return "; ".join(said)


def _groups(found: Measured) -> Iterator[str]:
    for one in found.differentials:
        yield one.sentence
    for attribute, ways in found.mitigations.items():
        for way in ways:
            yield f"{attribute}, {way_said(way)}"


def way_said(way: Mitigation) -> str:
    """Return what a way to lower errors would cost each group."""
    if way.insufficient is not None:
        return f"{way.name}: {way.insufficient}"
    costs = "; ".join(f"{one.group} FPIR {short(one.fpir)}, FNIR {short(one.fnir)}" for one in way.groups)
    return f"{way.name} ({way.meaning}): {costs}"


def short(rate: Rate) -> str:
    """Return a rate in per cent with its counts alone."""
    return f"insufficient ({rate.trials})" if rate.value is None else f"{100 * rate.value:.1f} % of {rate.trials}"


def months(chart: Chart) -> list[tuple[str, str, int, str, str]]:
    """Return the rows of a chart: month, share, trials, limits, and what stands out."""
    return [
        (
            one.month,
            "" if one.rate.value is None else f"{100 * one.rate.value:.1f} %",
            one.rate.trials,
            "" if one.low is None or one.high is None else f"{100 * one.low:.1f} to {100 * one.high:.1f}",
            one.sign or "",
        )
        for one in chart.months
    ]
