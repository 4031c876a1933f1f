"""Searches and reviews in the case file: probes, candidates, judgements. Judgements are only ever appended."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from stillgraph.records import (
    AppliedThreshold,
    Candidate,
    ChecklistEntry,
    Combined,
    Comparison,
    CustodyImageId,
    FaceId,
    Filters,
    GalleryInfo,
    Judgement,
    NominalId,
    Observation,
    OfficerId,
    SearchId,
    SearchOutcome,
    SearchReport,
    StillId,
    Strength,
    Verdict,
)
from stillgraph.store import checks
from stillgraph.store.casefile import Session

DAYS = ("captured_since", "captured_until", "review_on")
"""The filters that are days."""

JUDGEMENT = "sequence, face_id, search_id, officer_id, verdict, nominal_id, reason, judged_at, simulated, salt"
"""The columns of a judgement, or of an answer in a trial, since before comparisons were kept."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A face whose latest search gave candidates: everybody who has searched it, and the list in rank order."""

    face_id: FaceId
    still: StillId
    search_id: SearchId
    searched_by: frozenset[OfficerId]
    candidates: tuple[tuple[NominalId, CustodyImageId], ...]
    scores: tuple[float, ...]
    """Of the candidates, in their order: nothing for a reviewer's eyes while the policy is blind."""


def add(
    session: Session,
    report: SearchReport,
    stills: Sequence[StillId],
    *,
    officer: str,
    operation: str,
    reason: str,
    searched_at: datetime,
) -> SearchId:
    """Store a search with everything it covered and returned; return its number."""
    row = session.one(
        "INSERT INTO held.searches (officer_id, operation_id, reason, searched_at, model, gallery_size, "
        "gallery_version, threshold, list_limit, elapsed_s, enhancement_id, together, filters, images_searched, "
        "occasion, combined, engine, gallery_check_id, calibration_id, policy_id, without_ratio) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING search_id",
        [officer, operation, reason, searched_at, report.model, report.gallery.size, report.gallery.version,
         report.threshold, report.limit, report.elapsed_s, report.enhancement, report.together,
         json.dumps(filters_said(report.filters)), report.images_searched, report.occasion,
         None if report.combined is None else str(report.combined), report.engine,
         None if report.check is None else report.check.check_id, report.calibration,
         None if report.fpir is None else report.fpir.policy_id, json.dumps(report.without_ratio)],
    )  # fmt: skip
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    search_id = SearchId(int(row[0]))
    session.append("searched_stills", [{"search_id": search_id, "still_id": still} for still in stills])
    session.append(
        "probes",
        [
            {"search_id": search_id, "face_id": p.face_id, "outcome": str(p.outcome), "look_alike": p.look_alike}
            for p in report.probes
        ],
    )
    session.append(
        "candidates",
        [
            {
                "search_id": search_id,
                "face_id": probe.face_id,
                "rank": candidate.rank,
                "nominal_id": candidate.nominal_id,
                "custody_image_id": candidate.custody_image,
                "score": candidate.score,
                "likelihood_ratio": candidate.likelihood_ratio,
            }
            for probe in report.probes
            for candidate in probe.candidates
        ],
    )
    return search_id


def latest(session: Session) -> tuple[int, str, float, str] | None:
    """Return gallery size, gallery version, threshold and model of the newest search, or ``None``."""
    row = session.one(
        "SELECT gallery_size, gallery_version, threshold, model FROM held.searches ORDER BY search_id DESC LIMIT 1"
    )
    return None if row is None else (row[0], row[1], row[2], row[3])


def of_still(
    session: Session, still: StillId
) -> tuple[SearchId, dict[FaceId, tuple[SearchOutcome, tuple[Candidate, ...], str | None]]] | None:
    """Return the latest search of a still and, for each face it covered, outcome, candidates and look-alike warning."""
    row = session.one("SELECT max(search_id) FROM held.searched_stills WHERE still_id = ?", [still])
    if row is None or row[0] is None:
        return None
    search_id = SearchId(row[0])
    rows = session.rows(
        "SELECT p.face_id, p.outcome, p.look_alike, c.rank, c.nominal_id, c.custody_image_id, c.score, "
        "c.likelihood_ratio FROM held.probes AS p JOIN held.faces AS f USING (face_id) "
        "LEFT JOIN held.candidates AS c USING (search_id, face_id) "
        "WHERE p.search_id = ? AND f.image_id = ? ORDER BY p.face_id, c.rank",
        [search_id, still],
    )
    found: dict[FaceId, tuple[SearchOutcome, tuple[Candidate, ...], str | None]] = {}
    for face_id, outcome, look_alike, rank, *rest in rows:
        before = found[face_id][1] if face_id in found else ()
        found[face_id] = (
            SearchOutcome(outcome),
            before if rank is None else (*before, Candidate(rank, *rest)),
            look_alike,
        )
    return search_id, found


def report_of(session: Session, search_id: SearchId) -> SearchReport:
    """Return a search as stored, without its probes."""
    row = session.one(
        "SELECT gallery_size, gallery_version, model, threshold, list_limit, elapsed_s, enhancement_id, together, "
        "filters, images_searched, occasion, coalesce(engine, 'exact'), gallery_check_id, calibration_id, policy_id, "
        "without_ratio, combined FROM held.searches "
        "WHERE search_id = ?",
        [search_id],
    )
    assert row is not None  # noqa: S101  (search ids come from this table)
    size, version, model, threshold, limit, elapsed, enhancement, together, filters, searched, *rest = row
    occasion, engine, check, calibration, policy, without, combined = rest
    return SearchReport(
        search_id, GalleryInfo(size, version), model, threshold, limit, elapsed, probes=(), enhancement=enhancement,
        together=bool(together), filters=_filters(filters), images_searched=searched, occasion=occasion,
        engine=engine, check=None if check is None else checks.numbered(session, check),
        calibration=calibration, without_ratio=() if without is None else tuple(json.loads(without)),
        fpir=None if policy is None else _applied(session, policy),
        combined=None if combined is None else Combined(combined),
    )  # fmt: skip


def _applied(session: Session, policy: int) -> AppliedThreshold:
    row = session.one(
        "SELECT p.policy_id, p.fpir, p.gallery, t.threshold, t.low, t.high, t.searches FROM held.fpir_policies AS p "
        "JOIN held.fpir_thresholds AS t USING (policy_id) WHERE p.policy_id = ? AND t.band = 'all'",
        [policy],
    )
    assert row is not None  # noqa: S101  (a policy is never removed)
    return AppliedThreshold(*row)


def filters_said(filters: Filters) -> dict[str, object]:
    """Return the filters that filter something, by name, as JSON and the audit chain know them."""
    said = {name: value for name, value in asdict(filters).items() if value not in {None, ()}}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in said.items()}


def _filters(stored: str | None) -> Filters:
    said = {} if stored is None else json.loads(stored)
    days = {name: date.fromisoformat(said[name]) for name in DAYS if name in said}
    lists = {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
    return Filters(**said | days | lists)


def likelihood_ratios(session: Session) -> dict[tuple[FaceId, NominalId], float]:
    """Return the calibrated likelihood ratio of each face and candidate whose newest list states one."""
    rows = session.rows(
        "SELECT r.face_id, c.nominal_id, c.likelihood_ratio FROM main.reviews AS r JOIN held.candidates AS c "
        "ON c.search_id = r.search_id AND c.face_id = r.face_id WHERE c.likelihood_ratio IS NOT NULL"
    )
    return {(FaceId(face), NominalId(nominal)): ratio for face, nominal, ratio in rows}


def listed(session: Session, face_id: FaceId | None = None, *, still_open: bool = False) -> list[Listed]:
    """Return every face with candidates from its latest search, or only ``face_id``, in the order of face ids.

    With ``still_open`` only those whose review is pending or disputed.
    """
    rows = session.rows(
        "SELECT r.face_id, r.still_id, r.search_id, "
        "(SELECT list(DISTINCT officer_id) FROM (SELECT s.officer_id FROM held.probes AS p JOIN held.searches AS s "
        " USING (search_id) WHERE p.face_id = r.face_id "
        " UNION SELECT a.officer_id FROM held.alike_searches AS a WHERE a.face_id = r.face_id)), "
        "list(c.nominal_id ORDER BY c.rank), list(c.custody_image_id ORDER BY c.rank), list(c.score ORDER BY c.rank) "
        "FROM main.reviews AS r "
        "JOIN held.candidates AS c ON c.search_id = r.search_id AND c.face_id = r.face_id "
        "WHERE ($face IS NULL OR r.face_id = $face) AND (NOT $open OR r.outcome IN ('pending', 'disputed')) "
        "GROUP BY ALL ORDER BY r.face_id",
        {"face": face_id, "open": still_open},
    )
    return [
        Listed(face, still, search, frozenset(searched_by), tuple(zip(nominals, images, strict=True)), tuple(scores))
        for face, still, search, searched_by, nominals, images, scores in rows
    ]


def judgements(session: Session, face_id: FaceId | None = None) -> list[Judgement]:
    """Return all judgements, or those of one face, in their sequence."""
    return _judgements(session, "held.judgements", face_id)


def counting(session: Session, face_id: FaceId | None = None) -> list[Judgement]:
    """Return the judgements that count, or those of one face: of its lists since an enrolment put somebody on one."""
    return _judgements(session, "held.judgements_counting", face_id)


def _judgements(session: Session, table: str, face_id: FaceId | None) -> list[Judgement]:
    rows = session.rows(
        f"SELECT {JUDGEMENT}, comparison FROM {table} "  # noqa: S608  (our own names)
        "WHERE $face IS NULL OR face_id = $face ORDER BY sequence",
        {"face": face_id},
    )
    return [judgement_of(row) for row in rows]


def judgement_of(row: Sequence[Any]) -> Judgement:
    """Return a judgement from a row of :data:`JUDGEMENT` and the comparison's JSON."""
    sequence, face, search, officer, verdict, nominal, reason, judged_at, simulated, salt, comparison = row
    return Judgement(
        sequence, face, search, officer, Verdict(verdict), nominal, reason, judged_at, simulated, salt,
        _comparison(comparison),
    )  # fmt: skip


def _comparison(stored: str | None) -> Comparison | None:
    if stored is None:
        return None
    said = json.loads(stored)
    entries = (ChecklistEntry(**line | {"observation": Observation(line["observation"])}) for line in said["checklist"])
    strength = None if said["strength"] is None else Strength(said["strength"])
    return Comparison(said["still"], said["custody"], tuple(entries), strength)


def comparison_said(comparison: Comparison | None) -> str | None:
    """Return a comparison as the case file keeps it, JSON."""
    return None if comparison is None else json.dumps(asdict(comparison), ensure_ascii=False)


def judgements_by_face(session: Session) -> dict[FaceId, list[Judgement]]:
    """Return the judgements that count of each face, in their sequence."""
    by_face: dict[FaceId, list[Judgement]] = {}
    for judgement in counting(session):
        by_face.setdefault(judgement.face_id, []).append(judgement)
    return by_face


def add_judgement(session: Session, said: Judgement) -> int:
    """Append one judgement; return its place in the sequence, which it is given here, as its salt is."""
    sequence = next_sequence(session)
    session.execute(
        "INSERT INTO held.judgements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [sequence, said.face_id, said.search_id, said.officer, str(said.verdict), said.nominal_id, said.reason,
         said.judged_at, said.simulated, secrets.token_hex(16), comparison_said(said.comparison)],
    )  # fmt: skip
    return sequence


def next_sequence(session: Session) -> int:
    """Return the next number of the one sequence in which judgements and answers in trials are numbered."""
    row = session.one(
        "SELECT greatest((SELECT coalesce(max(sequence), 0) FROM held.judgements), "
        "(SELECT coalesce(max(sequence), 0) FROM held.trial_answers)) + 1"
    )
    assert row is not None  # noqa: S101  (aggregates return one row)
    return int(row[0])
