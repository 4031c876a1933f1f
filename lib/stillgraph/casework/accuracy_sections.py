"""What was measured as sections of a report: rates, what targets cost, splits, groups, ways out, the whole process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from stillgraph.casework import measured_words
from stillgraph.records.reports import ReportRate, ReportRow, ReportSection, ReportTable

if TYPE_CHECKING:
    from stillgraph.evaluation.differentials import Apart, Differential
    from stillgraph.evaluation.drift import Chart
    from stillgraph.evaluation.measured import Measured, Part
    from stillgraph.evaluation.mitigations import Mitigation
    from stillgraph.evaluation.paired import Paired
    from stillgraph.evaluation.process import Process
    from stillgraph.evaluation.reviewed import Reviewed
    from stillgraph.evaluation.searches import OperatingPoint
    from stillgraph.records import Rate

RATE = (("share", "share"), ("low", "95 % from"), ("high", "to"), ("events", "count"), ("trials", "of"))
INSUFFICIENT = "insufficient"
TERMS = (
    "Terms follow ISO/IEC 19795-1 and NIST's FRTE 1:N. A mated search is of somebody in the gallery, a non-mated one "
    "of somebody who is not, or whose own images are left out. A face that was not found counts: as a miss, or as a "
    "search that returns nobody."
)
INTERVALS = (
    "Intervals are Wilson's, 95 %, for as many independent trials as the searches are worth, given that those of one "
    "person go together. FNIR at a target takes in that the threshold is an estimate (bootstrap over people)."
)
FINDINGS = (
    "A differential is called found where shuffling people between the groups brings rates so far apart in fewer than "
    "one of five thousand such reports. Alike is said only where the interval of the highest rate over the lowest lies "
    "within 1.25. Groups are recorded, never guessed."
)
METHOD = (TERMS, INTERVALS, FINDINGS)
TARGETS = (
    "FNIR at the lowest threshold whose FPIR on these searches is within a target; the FPIR reached is of the same "
    "searches and flatters a little."
)
WAYS = (
    "Thresholds are chosen on half of the people, rates are counted on the other half. A threshold for each group is "
    "not among them: it would decide by who somebody is."
)
APART = (
    "95 % intervals in brackets. Max/Min, Max/GeoMean and the Gini coefficient as in NIST IR 8429, half an error added "
    "to each group; they and the highest and lowest describe all groups, and which pairs are found is said above. What "
    "would be found is with a power of 80 %: a ratio of the highest to the lowest."
)
COMPARED = (
    "On the same trials. Better is said where chance alone would bring such a difference in fewer than one of twenty "
    "comparisons."
)


def rate(key: str, label: str, of: Rate) -> ReportRate:
    """Return a rate for a report."""
    return ReportRate(key, label, of.successes, of.trials, of.value, of.low, of.high)


def percent(value: float | None) -> str:
    """Return a share as a cell, or that there is none."""
    return INSUFFICIENT if value is None else f"{100 * value:.1f} %"


def searched(found: Measured, name: str = "") -> list[ReportSection]:
    """Return the sections of a set of searches; ``name`` sets one of several sets apart."""
    key = f"{name}-".replace(",", "").replace(" ", "-").lower() if name else ""
    title = f"{name}: " if name else ""
    lost, lost_strangers = found.failures_to_acquire, found.failures_to_acquire_nonmated
    return [
        ReportSection(
            f"{key}listed", f"{title}How often the person is on the list",
            facts=(
                ("people", f"{found.people:,}"), ("persons in the gallery", f"{found.gallery:,}"),
                ("mated searches", f"{found.mated:,}, {lost:,} without a usable face"),
                ("non-mated searches", f"{found.nonmated:,}, {lost_strangers:,} without a usable face"),
            ),
            rates=tuple(rate(f"rank-{rank}", f"within rank {rank}", one) for rank, one in found.hit_rate.items()),
        ),
        ReportSection(
            f"{key}targets", f"{title}What a threshold costs",
            (TARGETS,),
            tables=(_points("investigation", "Investigation mode: with a list", found.listed),
                    _points("identification", "Identification mode: the first alone", found.alone)),
        ),
        ReportSection(
            f"{key}parts", f"{title}By quality, condition and group",
            ("At the threshold of all. A part with too few searches has no rate, and says how many more it takes.",),
            tables=tuple(_parts(attribute, parts) for attribute, parts in found.parts.items()),
        ),
        ReportSection(
            f"{key}groups", f"{title}Whether groups meet different error rates",
            tuple(one.sentence for one in found.differentials) or ("No groups were asked for, or none are recorded.",),
            tables=_apart(found.differentials),
        ),
        ReportSection(
            f"{key}mitigations", f"{title}What ways to lower errors would cost each group",
            (WAYS if found.mitigations else "No groups were asked for, or the searches bear no target.",),
            tables=tuple(_ways(attribute, ways) for attribute, ways in found.mitigations.items()),
        ),
    ]  # fmt: skip


def _points(key: str, heading: str, points: Sequence[OperatingPoint]) -> ReportTable:
    columns = (("threshold", "threshold"), ("threshold_95", "95 %"), ("fpir", "FPIR reached"), ("fnir", "FNIR"),
               ("fnir_95", "95 %"), ("mated", "of"))  # fmt: skip
    note = " ".join(_sentence(point.insufficient) for point in points if point.insufficient)
    return ReportTable(key, heading, "target FPIR", columns, tuple(_point(point) for point in points), note)


def _point(point: OperatingPoint) -> ReportRow:
    name = f"{point.target:g}"
    if point.threshold is None:
        return ReportRow(name, name, (INSUFFICIENT, "", "", "", "", ""))
    fnir = point.fnir
    return ReportRow(
        name, name,
        (
            f"{point.threshold:.3f}", f"{point.threshold_low:.3f} to {point.threshold_high:.3f}",
            percent(None if point.fpir is None else point.fpir.value), percent(None if fnir is None else fnir.value),
            _interval(fnir), "" if fnir is None else fnir.trials,
        ),
    )  # fmt: skip


def _interval(of: Rate | None) -> str:
    return "" if of is None or of.low is None or of.high is None else f"{100 * of.low:.1f} to {100 * of.high:.1f}"


def _sentence(why: str) -> str:
    return f"{why[0].upper()}{why[1:]}."


def _parts(attribute: str, parts: Mapping[str, Part]) -> ReportTable:
    columns = (("mated", "mated"), ("first", "first"), ("first_95", "95 %"), ("target", "at FPIR"), ("fnir", "FNIR"),
               ("fnir_95", "95 %"), ("fpir", "FPIR"), ("fpir_95", "95 %"))  # fmt: skip
    note = " ".join(f"{label}: {part.insufficient}." for label, part in parts.items() if part.insufficient)
    rows = tuple(_part(label, part) for label, part in parts.items())
    return ReportTable(attribute, f"By {attribute}", attribute, columns, rows, note)


def _part(label: str, part: Part) -> ReportRow:
    first = part.hit_rate.get("1")
    if first is None:
        return ReportRow(label, label, (part.mated, INSUFFICIENT, "", "", "", "", "", ""))
    borne = part.fnir is not None and part.target is not None
    return ReportRow(
        label, label,
        (
            part.mated, percent(first.value), _interval(first), f"{part.target:g}" if borne else "",
            percent(part.fnir.value) if part.fnir is not None else "", _interval(part.fnir),
            "" if not borne else percent(None if part.fpir is None else part.fpir.value), _interval(part.fpir),
        ),
    )  # fmt: skip


def _apart(found: Sequence[Differential]) -> tuple[ReportTable, ...]:
    columns = (("says", "what may be said"), ("highest", "highest"), ("lowest", "lowest"), ("max_min", "Max/Min"),
               ("max_geomean", "Max/GeoMean"), ("gini", "Gini"), ("chance", "chance"),
               ("detectable", "would be found"))  # fmt: skip
    return tuple(
        ReportTable(
            f"apart-{attribute}", f"How far rates lie apart, by {attribute}", "rate", columns,
            tuple(_distance(one) for one in found if one.attribute == attribute), APART,
        )
        for attribute in dict.fromkeys(one.attribute for one in found)
    )  # fmt: skip


def _distance(one: Differential) -> ReportRow:
    return ReportRow(
        one.measure, one.measure,
        (
            str(one.says), one.highest or "", one.lowest or "", _far(one.max_min), _far(one.max_geomean),
            _far(one.gini), "" if one.chance is None else f"{one.chance:.2g}",
            "" if one.detectable is None else f"{one.detectable:.1f} times",
        ),
    )  # fmt: skip


def _far(one: Apart | None) -> str:
    if one is None:
        return ""
    return f"{one.value:.2f} [{one.low:.2f}, {'no bound' if one.high is None else f'{one.high:.2f}'}]"


def _ways(attribute: str, ways: Iterable[Mitigation]) -> ReportTable:
    columns = (("meaning", "meaning"), ("cost", "FPIR and FNIR of each group"))
    rows = tuple(ReportRow(way.name, way.name, (way.meaning, _cost(way))) for way in ways)
    return ReportTable(attribute, f"By {attribute}", "way", columns, rows)


def _cost(way: Mitigation) -> str:
    if way.insufficient is not None:
        return way.insufficient
    return "; ".join(
        f"{one.group}: {measured_words.short(one.fpir)}, {measured_words.short(one.fnir)}" for one in way.groups
    )


def compared(found: Iterable[tuple[str, Paired]]) -> ReportSection:
    """Return models side by side, each pair with the sentence that may be said of it."""
    told = list(found)
    columns = (("difference", "difference"), ("interval", "95 %"), ("first_only", "only the first"),
               ("second_only", "only the second"), ("chance", "chance"))  # fmt: skip
    rows = tuple(
        ReportRow(
            f"{n}", sentence,
            (f"{100 * one.difference:+.1f} points", f"{100 * one.low:+.1f} to {100 * one.high:+.1f}", one.only_first,
             one.only_second, f"{one.chance:.2g}"),
        )
        for n, (sentence, one) in enumerate(told, start=1)
    )  # fmt: skip
    return ReportSection(
        "compared", "Models side by side",
        (COMPARED,),
        tables=(ReportTable("pairs", "Each two models", "what may be said", columns, rows),),
    )  # fmt: skip


PLACES_UNKNOWN = (
    "Of {} corroborated lists it is no longer held where the person stood: corroborated all the same, and in no count "
    "of ranks."
)


def reviews(found: Reviewed) -> ReportSection:
    """Return what completed reviews say, and what they cannot."""
    rates = () if found.insufficient else (
        rate("corroborated", "settled lists that are corroborated", found.corroborated),
        rate("disputed", "lists on which the first two officers differed", found.disputed),
        *(rate(f"rank-{r}", f"corroborated, within rank {r}", one) for r, one in found.first_of_corroborated.items()),
    )  # fmt: skip
    said = (found.insufficient,) if found.insufficient else ()
    if found.places_unknown:
        said = (PLACES_UNKNOWN.format(found.places_unknown),)
    return ReportSection(
        "reviews", "What completed reviews tell, and what they cannot", said, rates=rates, points=found.cannot
    )


def process(found: Process) -> ReportSection:
    """Return the whole process as a fault tree."""
    rests = found.measured
    rates = (
        rate("listed", "person in the gallery and on the list", rests.listed),
        rate("supports-absent", "somebody supported, the person being on no list", rests.supports_absent),
        rate("supports-present", "right person supported, where on the list", rests.supports_present),
        rate("wrong-present", "somebody else supported there", rests.wrong_present),
    )
    columns = (
        ("wrong", "of 100 leads wrong"),
        ("wrong_95", "95 %"),
        ("found", "of the people found"),
        ("branches", "how it comes about, of 100 lists"),
    )
    rows = tuple(
        ReportRow(
            f"{n}", f"errors shared: {100 * one.shared:.0f} %; in the gallery: {percent(one.in_gallery)}",
            (
                f"{100 * one.wrong.value:.1f}", f"{100 * one.wrong.low:.1f} to {100 * one.wrong.high:.1f}",
                percent(one.found.value),
                "; ".join(f"{name} {100 * part.value:.1f}" for name, part in one.branches.items()),
            ),
        )
        for n, one in enumerate(found.scenarios, start=1)
    )  # fmt: skip
    tables = (ReportTable("tree", "The fault tree", "where", columns, rows),) if rows else ()
    said = found.sentences or ((found.insufficient,) if found.insufficient else ())
    return ReportSection("process", "Search and two blind reviewers together", said, rates=rates, tables=tables)


def drift(charts: Iterable[Chart]) -> ReportSection:
    """Return shares by month with their limits."""
    columns = (("share", "share"), ("of", "of"), ("limits", "limits"), ("sign", "what stands out"))
    tables = tuple(
        ReportTable(
            f"month-{n}", chart.measure, "month", columns,
            tuple(ReportRow(month[0], month[0], month[1:]) for month in measured_words.months(chart)),
            chart.insufficient or "",
        )
        for n, chart in enumerate(charts, start=1)
    )  # fmt: skip
    return ReportSection(
        "drift",
        "By month",
        ("A month that stands out is a sign that something changed; it is no error rate.",),
        tables=tables,
    )


TEXTS = frozenset({"says", "highest", "lowest", "meaning", "cost", "branches", "sign"})
"""Columns that are set to the left."""
