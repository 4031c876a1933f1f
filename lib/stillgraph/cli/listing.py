"""A search for people to read: what was searched, the first candidates, and what their scores say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillgraph.cli import common

if TYPE_CHECKING:
    from stillgraph.records import Candidate, IntakeReport, SearchReport

SHOWN = 3
"""Candidates of each face; JSON always holds all."""

HEADERS = ("face", "band", "outcome", "candidate", "score", "likelihood ratio", "best custody image")


def print_search(report: SearchReport, *, from_outside: bool) -> None:
    """Print a search: how it was made, the first candidates of each face, and what to know of them."""
    _print_how(report)
    rows = [
        (probe.face_id, probe.quality.band, probe.outcome, *_cells(candidate))
        for probe in report.probes
        for candidate in (probe.candidates[:SHOWN] or (None,))
    ]
    if rows:
        common.print_table(HEADERS, rows)
    _print_notes(report, from_outside=from_outside)
    if not rows:
        return
    print(
        "A score says how alike two templates are, not who somebody is"
        + (". " if report.calibration is None else "; a likelihood ratio, how far it speaks for the first candidate. ")
        + (
            "Nothing of this is kept: for officers to decide, receive it with a delivery."
            if from_outside
            else "Two officers decide: stillgraph review queue"
        )
    )


def rate(report: IntakeReport | SearchReport) -> str:
    """Return how fast images were analysed, and on what; nothing where none were."""
    if report.images_per_s is None:
        return ""
    return f" ({report.images_per_s:.1f} images a second on {report.provider})"


def _print_how(report: SearchReport) -> None:
    searched = sum(probe.usable for probe in report.probes)
    print(
        f"{searched} of {common.count(len(report.probes), 'face')} usable and searched against "
        f"{_looked_at(report)}{common.count(report.gallery.size, 'custody image')} "
        f"(gallery {report.gallery.version}, {report.model}, threshold {_threshold(report)}) "
        f"in {report.elapsed_s:.1f} s{rate(report)}"
    )
    if report.engine != "exact":
        print(report.said)
    if report.together:
        way = "by the mean of their templates" if report.combined == "mean" else "each person by the face most alike"
        print(f"Searched as one, {way}; that they are one person is the officer's reason.")
    if report.enhancement is not None:
        print(f"With enhancement {report.enhancement}:")
    for probe in report.probes:
        if probe.template != "original":
            print(f"  {probe.face_id}: template from {probe.template}")


def _print_notes(report: SearchReport, *, from_outside: bool) -> None:
    from stillgraph.casework.looking import band_sentences

    notes = [f"{probe.face_id}: {probe.look_alike}" for probe in report.probes if probe.look_alike is not None]
    notes += [f"no likelihood ratio: {why}" for why in report.without_ratio if report.probes]
    notes += band_sentences(probe.quality.band for probe in report.probes)
    notes += [
        f"{still}: no face found" + ("" if from_outside else "; kept, not searched") for still in report.without_face
    ]
    notes += [f"{refused.image}: refused: {refused.reason}" for refused in report.refused]
    for note in notes:
        print(f"  {note}")


def _cells(candidate: Candidate | None) -> tuple[str, ...]:
    from stillgraph.casework.rating import said_of_ratio

    if candidate is None:
        return ("",) * 4
    ratio = said_of_ratio(candidate.likelihood_ratio)
    return candidate.nominal_id, f"{candidate.score:.3f}", ratio, candidate.custody_image


def _looked_at(report: SearchReport) -> str:
    """Return how many of the custody images the filters left, where they did not leave all."""
    return "" if report.images_searched in {None, report.gallery.size} else f"{report.images_searched} of "


def _threshold(report: SearchReport) -> str:
    if report.threshold <= -1:
        return "none (investigation mode)"
    target = "" if report.fpir is None else f" for FPIR {report.fpir.fpir:g} at {report.fpir.gallery} persons"
    return f"{report.threshold:.3f}{target}"
