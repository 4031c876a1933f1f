"""How reviews are dealt, in the case file: policies, deals, trials and answers, which are only ever appended."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stillgraph.records import (
    CustodyImageId,
    FaceId,
    Judgement,
    NominalId,
    OfficerId,
    ReviewPolicy,
    SearchId,
    StillId,
    Verdict,
)
from stillgraph.store import searches
from stillgraph.store.casefile import Session

_POLICY = "number, blind, shuffled, trial_share, present_share, reserved_minutes, seed"


@dataclass(frozen=True, slots=True)
class Deal:
    """A list put before an officer; ``turn`` 1, 2 or 3 of its face."""

    deal_id: int
    officer: OfficerId
    face_id: FaceId
    search_id: SearchId
    turn: int
    dealt_at: datetime
    reserved_until: datetime


@dataclass(frozen=True, slots=True)
class Trial:
    """A list with a known answer, as one officer is to see it. ``nominal_id`` is whom its face was corroborated as."""

    trial_id: int
    officer: OfficerId
    face_id: FaceId
    kind: str
    still: StillId
    search_id: SearchId
    nominal_id: NominalId
    candidates: tuple[tuple[NominalId, CustodyImageId], ...]
    scores: tuple[float, ...]


def policy(session: Session, number: int | None = None) -> ReviewPolicy:
    """Return the policy that holds, the newest, or the one of this number; the default where none was set."""
    row = session.one(
        f"SELECT {_POLICY} FROM held.review_policies WHERE $number IS NULL OR number = $number "  # noqa: S608
        "ORDER BY number DESC LIMIT 1",
        {"number": number},
    )
    return ReviewPolicy() if row is None else ReviewPolicy(*row)


def set_policy(session: Session, new: ReviewPolicy, *, officer: str, at: datetime) -> None:
    """Append a policy, which holds from now on."""
    session.execute(
        "INSERT INTO held.review_policies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [new.number, new.blind, new.shuffled, new.trial_share, new.present_share, new.reserved_minutes, new.seed,
         officer, at],
    )  # fmt: skip


def open_deals(session: Session, at: datetime) -> list[Deal]:
    """Return the deals that still keep a list for somebody, in their order."""
    rows = session.rows(
        "SELECT deal_id, officer_id, face_id, search_id, turn, dealt_at, reserved_until FROM held.deals "
        "WHERE ended_at IS NULL AND reserved_until > ? ORDER BY deal_id",
        [at],
    )
    return [Deal(*row) for row in rows]


def add_deal(
    session: Session,
    *,
    officer: OfficerId,
    face_id: FaceId,
    search_id: SearchId,
    turn: int,
    policy_number: int,
    shown: Sequence[NominalId],
    at: datetime,
    reserved_until: datetime,
) -> int:
    """Record that a list was put before an officer, in which order; return the deal's number."""
    row = session.one("SELECT coalesce(max(deal_id), 0) + 1 FROM held.deals")
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    session.execute(
        "INSERT INTO held.deals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        [row[0], officer, face_id, search_id, turn, policy_number, list(shown), at, reserved_until],
    )
    return int(row[0])


def end_deal(session: Session, officer: OfficerId, face_id: FaceId, *, by: str, at: datetime) -> bool:
    """End this officer's newest deal of a face, if it is open; say whether there was one."""
    rows = session.rows(
        "UPDATE held.deals SET ended_at = $at, ended_by = $by WHERE ended_at IS NULL AND deal_id = "
        "(SELECT max(deal_id) FROM held.deals WHERE officer_id = $officer AND face_id = $face) RETURNING deal_id",
        {"at": at, "by": by, "officer": officer, "face": face_id},
    )
    return bool(rows)


def dealt_list(session: Session, officer: OfficerId, face_id: FaceId) -> SearchId | None:
    """Return the search whose list of a face was put before this officer last and neither judged nor given back."""
    row = session.one(
        "SELECT search_id, ended_at FROM held.deals WHERE officer_id = ? AND face_id = ? ORDER BY deal_id DESC LIMIT 1",
        [officer, face_id],
    )
    return row[0] if row is not None and row[1] is None else None


def sealed(session: Session) -> list[Judgement]:
    """Return everything the audit chain holds a seal of: judgements and answers in trials, by sequence.

    Cases of an earlier schema version too, which hold less.
    """
    tables = session.rows(
        "SELECT table_name, bool_or(column_name = 'comparison') FROM duckdb_columns() WHERE schema_name = 'held' "
        "AND database_name = current_database() AND table_name IN ('judgements', 'trial_answers') GROUP BY ALL"
    )
    rows: list[tuple[Any, ...]] = []
    for table, compared in tables:
        comparison = "comparison" if compared else "NULL"
        rows += session.rows(f"SELECT {searches.JUDGEMENT}, {comparison} FROM held.{table}")  # noqa: S608
    return [searches.judgement_of(row) for row in sorted(rows, key=lambda row: int(row[0]))]


_TRIAL = (
    "SELECT t.trial_id, t.officer_id, t.face_id, t.kind, f.image_id, l.search_id, l.nominal_id, "
    "l.nominals, l.custody_image_ids, l.scores FROM held.trials AS t JOIN held.trial_lists AS l USING (face_id, kind) "
    "JOIN held.faces AS f USING (face_id) "
)


def _trial(row: Sequence[Any]) -> Trial:
    trial_id, officer, face_id, kind, still, search_id, nominal, nominals, images, scores = row
    listed = tuple(zip(nominals, images, strict=True))
    known = () if scores is None else tuple(scores)
    return Trial(trial_id, officer, face_id, kind, still, search_id, nominal, listed, known)


def trial_of(session: Session, officer: OfficerId, face_id: FaceId) -> Trial | None:
    """Return the trial of this face that was mixed in for this officer, or ``None``."""
    row = session.one(_TRIAL + "WHERE t.officer_id = ? AND t.face_id = ?", [officer, face_id])
    return None if row is None else _trial(row)


def trial_answers(session: Session, officer: OfficerId, face_id: FaceId) -> list[Judgement]:
    """Return what this officer said in the trial of this face, by sequence."""
    rows = session.rows(
        f"SELECT {searches.JUDGEMENT}, comparison FROM held.trial_answers "  # noqa: S608
        "WHERE officer_id = ? AND face_id = ? ORDER BY sequence",
        [officer, face_id],
    )
    return [searches.judgement_of(row) for row in rows]


def add_trial_answer(session: Session, trial: Trial, said: Judgement) -> int:
    """Append an answer in a trial; return its place in the sequence it shares with the judgements."""
    sequence = searches.next_sequence(session)
    session.execute(
        "INSERT INTO held.trial_answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [sequence, trial.trial_id, trial.face_id, trial.search_id, said.officer, str(said.verdict), said.nominal_id,
         said.reason, said.judged_at, said.simulated, secrets.token_hex(16), searches.comparison_said(said.comparison)],
    )  # fmt: skip
    return sequence


def faces_without_trial_lists(session: Session) -> list[tuple[searches.Listed, NominalId]]:
    """Return the corroborated faces of whose newest list and nominal no lists of trials were made, by face id.

    A face that was a trial keeps its lists for good, since they say what its officer was shown.
    """
    rows = session.rows(
        "SELECT r.face_id, r.nominal_id FROM main.reviews AS r WHERE r.outcome = 'corroborated' AND NOT EXISTS "
        "(SELECT 1 FROM held.trial_lists AS l WHERE l.face_id = r.face_id AND l.search_id = r.search_id "
        " AND l.nominal_id = r.nominal_id AND l.scores IS NOT NULL) "
        "AND NOT EXISTS (SELECT 1 FROM held.trials AS t WHERE t.face_id = r.face_id) ORDER BY r.face_id"
    )
    who = dict(rows)
    return (
        [(listed, who[listed.face_id]) for listed in searches.listed(session) if listed.face_id in who] if who else []
    )


def add_trial_list(
    session: Session,
    listed: searches.Listed,
    kind: str,
    nominal: NominalId,
    candidates: Sequence[tuple[NominalId, CustodyImageId, float]],
    *,
    at: datetime,
) -> None:
    """Keep the list of a trial with its scores; an empty one says that this face makes no such trial."""
    nominals, images, scores = ([one[n] for one in candidates] for n in range(3))
    session.execute(
        "INSERT OR REPLACE INTO held.trial_lists VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [listed.face_id, kind, listed.search_id, nominal, nominals, images, at, scores],
    )


# Only while the face is corroborated as the one it was made of is a trial's answer known.
_KNOWN = (
    "JOIN main.reviews AS r ON r.face_id = l.face_id AND r.outcome = 'corroborated' AND r.nominal_id = l.nominal_id "
)


def faces_for_trial(session: Session, officer: OfficerId, kind: str) -> list[FaceId]:
    """Return the faces that may become a trial for this officer: never searched, judged, dealt or tried by them."""
    rows = session.rows(
        f"SELECT l.face_id FROM held.trial_lists AS l {_KNOWN} "  # noqa: S608  (our own text)
        "WHERE l.kind = $kind AND len(l.nominals) > 0 AND l.scores IS NOT NULL AND l.search_id = r.search_id "
        "AND NOT EXISTS (SELECT 1 FROM held.probes AS p JOIN held.searches AS s USING (search_id) "
        "                WHERE p.face_id = l.face_id AND s.officer_id = $officer) "
        "AND NOT EXISTS (SELECT 1 FROM held.judgements AS j WHERE j.face_id = l.face_id AND j.officer_id = $officer) "
        "AND NOT EXISTS (SELECT 1 FROM held.deals AS d WHERE d.face_id = l.face_id AND d.officer_id = $officer) "
        "AND NOT EXISTS (SELECT 1 FROM held.trials AS t WHERE t.face_id = l.face_id AND t.officer_id = $officer) "
        "ORDER BY l.face_id",
        {"kind": kind, "officer": officer},
    )
    return [row[0] for row in rows]


def places_with_trials(session: Session, officer: OfficerId) -> set[str]:
    """Return beside which real lists of this officer there is a trial already."""
    return {row[0] for row in session.rows("SELECT beside FROM held.trials WHERE officer_id = ?", [officer])}


def tried_faces(session: Session, officer: OfficerId) -> set[FaceId]:
    """Return the faces of which a trial was mixed in for this officer."""
    return {row[0] for row in session.rows("SELECT face_id FROM held.trials WHERE officer_id = ?", [officer])}


def add_trial(
    session: Session, officer: OfficerId, face_id: FaceId, kind: str, *, beside: str, policy_number: int, at: datetime
) -> None:
    """Mix a trial in for an officer."""
    session.execute(
        "INSERT INTO held.trials SELECT coalesce(max(trial_id), 0) + 1, ?, ?, ?, ?, ?, ? FROM held.trials",
        [officer, face_id, kind, beside, policy_number, at],
    )


def open_trials(session: Session, officer: OfficerId) -> list[Trial]:
    """Return the trials this officer has not answered and whose answer is still known, by face id."""
    rows = session.rows(
        f"{_TRIAL} {_KNOWN} WHERE t.officer_id = ? AND l.scores IS NOT NULL AND NOT EXISTS "  # noqa: S608  (our own text)
        "(SELECT 1 FROM held.trial_answers AS a WHERE a.trial_id = t.trial_id) ORDER BY t.face_id",
        [officer],
    )
    return [_trial(row) for row in rows]


def given_back(session: Session, officer: OfficerId) -> set[FaceId]:
    """Return the faces this officer has given back."""
    rows = session.rows(
        "SELECT DISTINCT face_id FROM held.deals WHERE officer_id = ? AND ended_by = 'given back'", [officer]
    )
    return {row[0] for row in rows}


def judges(session: Session) -> list[OfficerId]:
    """Return everybody who has judged a list, a trial among them, by id."""
    rows = session.rows(
        "SELECT officer_id FROM held.judgements UNION SELECT officer_id FROM held.trial_answers ORDER BY officer_id"
    )
    return [row[0] for row in rows]


def tried(session: Session, officer: OfficerId) -> list[tuple[str, Verdict, bool]]:
    """Return an officer's first answers in trials whose answer is still known, by trial.

    Each is the kind of trial, the verdict, and whether it supports the one the face is corroborated as. The first
    answer counts: a later one may have been given by somebody who had learned that it was a trial.
    """
    rows = session.rows(
        "SELECT t.kind, first(a.verdict ORDER BY a.sequence), "  # noqa: S608  (our own text)
        "coalesce(first(a.nominal_id = l.nominal_id ORDER BY a.sequence), false) "
        "FROM held.trials AS t JOIN held.trial_answers AS a USING (trial_id) "
        f"JOIN held.trial_lists AS l ON l.face_id = t.face_id AND l.kind = t.kind {_KNOWN} "
        "WHERE t.officer_id = ? GROUP BY t.trial_id, t.kind ORDER BY t.trial_id",
        [officer],
    )
    return [(kind, Verdict(verdict), right) for kind, verdict, right in rows]


def decision_seconds(session: Session, officer: OfficerId) -> list[float]:
    """Return how long this officer took over each list that was dealt to them and that they judged, seconds."""
    rows = session.rows(
        "SELECT epoch(ended_at) - epoch(dealt_at) FROM held.deals WHERE officer_id = ? AND ended_by = 'judged' "
        "ORDER BY deal_id",
        [officer],
    )
    return [float(row[0]) for row in rows]
