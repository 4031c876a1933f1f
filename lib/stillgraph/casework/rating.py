"""What stored calibrations and policies say of a search: likelihood ratios, and the threshold for an FPIR."""

from __future__ import annotations

from dataclasses import replace

from stillgraph.errors import WrongUse
from stillgraph.records import AppliedThreshold, Calibration, ModelId, Probe, ProbeTemplate, SearchOutcome, SearchReport
from stillgraph.store import Session, galleries, scores


def threshold_for(session: Session, model: ModelId, fpir: float) -> AppliedThreshold:
    """Return the threshold that was set for a target FPIR, for a search of the gallery as it is now.

    Raises
    ------
    WrongUse
        None was set, it is of another model, or the gallery has outgrown it.
    """
    from stillgraph import evaluation

    policy = scores.latest_policy(session, fpir, model)
    if policy is None:
        raise WrongUse(
            f"No threshold was set for FPIR {fpir:g} in this case: `stillgraph threshold CASE --fpir {fpir:g} --truth "
            "FILE` measures and sets one."
        )
    found = evaluation.applicable(policy, model=model, gallery=galleries.persons(session))
    assert policy.policy_id is not None  # noqa: S101  (a stored policy has a number, and a threshold over all bands)
    assert found.threshold is not None  # noqa: S101
    return AppliedThreshold(
        policy.policy_id, policy.fpir, policy.gallery, found.threshold, found.low, found.high, found.searches
    )


def rated(session: Session, report: SearchReport) -> SearchReport:
    """Give each probe's first candidate their likelihood ratio, and say why ratios are missing.

    Where the threshold of a policy let nobody through, that is the probe's outcome.
    """
    if report.fpir is not None:
        probes = tuple(
            replace(probe, outcome=SearchOutcome.NOBODY_AT_FPIR)
            if probe.outcome is SearchOutcome.NO_CANDIDATE
            else probe
            for probe in report.probes
        )
        report = replace(report, probes=probes)
    calibration = scores.latest_calibration(session, report.model)
    if calibration is None:
        return replace(report, without_ratio=("scores are not calibrated in this case: `stillgraph calibrate`",))
    if calibration.model != report.model:
        why = (
            f"scores were calibrated for {calibration.model}, and the case is bound to {report.model}: "
            "`stillgraph calibrate`"
        )
        return replace(report, without_ratio=(why,))
    gallery, missing, done = galleries.persons(session), set[str](), list[Probe]()
    for probe in report.probes:
        ratio = _ratio(calibration, probe, gallery)
        if isinstance(ratio, float):
            first, *others = probe.candidates
            done.append(replace(probe, candidates=(replace(first, likelihood_ratio=ratio), *others)))
            continue
        done.append(probe)
        if ratio is not None:
            missing.add(ratio)
    return replace(
        report, probes=tuple(done), calibration=calibration.calibration_id, without_ratio=tuple(sorted(missing))
    )


def _ratio(calibration: Calibration, probe: Probe, gallery: int) -> float | str | None:
    from stillgraph import evaluation

    if not probe.candidates:
        return None
    if probe.template is not ProbeTemplate.ORIGINAL:
        return f"scores of templates of {probe.template} are not calibrated"
    return evaluation.ratio(
        calibration, probe.candidates[0].score, model=calibration.model, band=probe.quality.band, gallery=gallery
    )


def said_of_ratio(likelihood_ratio: float | None) -> str:
    """Return a likelihood ratio with its words, as tables show it; nothing where there is none."""
    from stillgraph import evaluation

    return "" if likelihood_ratio is None else evaluation.shown(likelihood_ratio)
