"""Calibrations and threshold policies in the case file. Both are only ever appended; the newest counts."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from stillgraph.records import Calibration, Checked, Curve, FpirPolicy, FpirThreshold, ModelId, OfficerId, SupportCount
from stillgraph.store.casefile import Session

PARAMETERS = ("slope", "intercept", "lower", "upper")


def add_calibration(session: Session, calibration: Calibration, *, operation: str, reason: str) -> Calibration:
    """Store a calibration; return it with its number."""
    c = calibration
    row = session.one(
        "INSERT INTO held.calibrations (model, gallery, gallery_version, source, digest, retailers, method, software, "
        "seed, synthetic, officer_id, operation_id, reason, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "RETURNING calibration_id",
        [c.model, c.gallery, c.gallery_version, c.source, c.digest, json.dumps(c.retailers), c.method, c.software,
         c.seed, c.synthetic, c.officer, operation, reason, c.made_at],
    )  # fmt: skip
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    session.append(
        "calibration_curves",
        [
            {
                "calibration_id": row[0], "band": v.band, "gallery": v.gallery, "same": v.same,
                "same_people": v.same_people, "different": v.different, "different_people": v.different_people,
                "parameters": _parameters(v), "checked": None if v.checked is None else json.dumps(asdict(v.checked)),
                "insufficient": v.insufficient,
            }
            for v in c.curves
        ],
    )  # fmt: skip
    return replace(c, calibration_id=int(row[0]))


def latest_calibration(session: Session, model: ModelId) -> Calibration | None:
    """Return the newest calibration of a model; where it has none, the newest of another; or ``None``."""
    row = session.one(
        "SELECT calibration_id, model, gallery, gallery_version, source, digest, retailers, method, software, seed, "
        "synthetic, officer_id, made_at FROM held.calibrations ORDER BY model = ? DESC, calibration_id DESC LIMIT 1",
        [model],
    )
    if row is None:
        return None
    number, made_with, gallery, version, source, digest, retailers, method, software, seed, synthetic, officer, at = row
    curves = session.rows(
        "SELECT band, gallery, same, same_people, different, different_people, parameters, checked, insufficient "
        "FROM held.calibration_curves WHERE calibration_id = ? ORDER BY band, gallery DESC",
        [number],
    )
    return Calibration(
        number, ModelId(made_with), gallery, version, source, digest, tuple(json.loads(retailers)), method, software,
        seed, synthetic, tuple(_curve(curve) for curve in curves), OfficerId(officer), at,
    )  # fmt: skip


def add_policy(session: Session, policy: FpirPolicy, *, operation: str, reason: str) -> FpirPolicy:
    """Store a policy; return it with its number."""
    p = policy
    row = session.one(
        "INSERT INTO held.fpir_policies (model, fpir, gallery, measured_gallery, gallery_version, source, digest, "
        "retailers, seed, synthetic, officer_id, operation_id, reason, made_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING policy_id",
        [p.model, p.fpir, p.gallery, p.measured_gallery, p.gallery_version, p.source, p.digest,
         json.dumps(p.retailers), p.seed, p.synthetic, p.officer, operation, reason, p.made_at],
    )  # fmt: skip
    assert row is not None  # noqa: S101  (as above)
    session.append(
        "fpir_thresholds",
        [
            {
                "policy_id": row[0], "band": t.band, "threshold": t.threshold, "low": t.low, "high": t.high,
                "searches": t.searches, "people": t.people, "returned": t.returned, "insufficient": t.insufficient,
            }
            for t in p.thresholds
        ],
    )  # fmt: skip
    return replace(p, policy_id=int(row[0]))


def latest_policy(session: Session, fpir: float, model: ModelId) -> FpirPolicy | None:
    """Return the newest policy for a target and model; where there is none, the newest of any model; or ``None``."""
    row = session.one(
        "SELECT policy_id, model, fpir, gallery, measured_gallery, gallery_version, source, digest, retailers, seed, "
        "synthetic, officer_id, made_at FROM held.fpir_policies WHERE fpir = ? "
        "ORDER BY model = ? DESC, policy_id DESC LIMIT 1",
        [fpir, model],
    )
    if row is None:
        return None
    number, made_with, target, gallery, measured, version, source, digest, retailers, seed, synthetic, officer, at = row
    thresholds = session.rows(
        "SELECT band, searches, people, threshold, low, high, returned, insufficient FROM held.fpir_thresholds "
        "WHERE policy_id = ? ORDER BY band = 'all' DESC, band",
        [number],
    )
    return FpirPolicy(
        number, ModelId(made_with), target, gallery, measured, version, source, digest, tuple(json.loads(retailers)),
        seed, synthetic,
        tuple(FpirThreshold(band, target, gallery, measured, *rest) for band, *rest in thresholds),
        OfficerId(officer), at,
    )  # fmt: skip


def _parameters(curve: Curve) -> str | None:
    return None if curve.slope is None else json.dumps({name: getattr(curve, name) for name in PARAMETERS})


def _curve(row: tuple[Any, ...]) -> Curve:
    *counts, parameters, checked, insufficient = row
    return replace(
        Curve(*counts), insufficient=insufficient, checked=None if checked is None else _checked(checked),
        **({} if parameters is None else json.loads(parameters)),
    )  # fmt: skip


def _checked(stored: str) -> Checked:
    said = json.loads(stored)
    return Checked(**said | {"support": tuple(SupportCount(**count) for count in said["support"])})
