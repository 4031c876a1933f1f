"""What the links of persons and offences rest on, as the case file holds it; read only."""

from __future__ import annotations

import json
from collections import defaultdict

from stillgraph.records import (
    Basis,
    FaceEvidence,
    FaceId,
    OfficerId,
    Opinion,
    Outcome,
    PersonJoin,
    Strength,
    Verdict,
)
from stillgraph.store.casefile import Session

_FACES = """
SELECT f.face_id, r.review_kind, max(c.score), max(c.likelihood_ratio)
FROM main.person_faces AS f
LEFT JOIN main.reviews AS r
  ON r.face_id = f.face_id AND r.outcome = 'corroborated' AND r.nominal_id = f.nominal_id
LEFT JOIN held.candidates AS c
  ON c.search_id = r.search_id AND c.face_id = f.face_id AND c.nominal_id = r.nominal_id
WHERE $all OR f.status = 'corroborated'
GROUP BY f.face_id, r.review_kind ORDER BY f.face_id
"""

_JUDGEMENTS = """
SELECT j.face_id, j.officer_id, j.verdict, j.comparison, coalesce(j.nominal_id = r.nominal_id, false)
FROM held.judgements_counting AS j JOIN main.reviews AS r ON r.face_id = j.face_id AND r.outcome = 'corroborated'
QUALIFY row_number() OVER (PARTITION BY j.face_id, j.officer_id ORDER BY j.sequence DESC) = 1
ORDER BY j.face_id, j.officer_id
"""

_RULINGS = """
SELECT unnest(r.faces || r.others), r.sequence, r.officer_id, r.review_kind
FROM main.rulings AS r WHERE r.stands AND r.says = 'same' ORDER BY r.sequence
"""

_LIKENESS = "SELECT unnest(faces), likelihood_ratio, score FROM held.proposals WHERE len(persons) = 1 ORDER BY position"

# A person that officers propose to be a corroborated one is that one in a network with proposals.
_JOINS = """
SELECT coalesce(a.proposed_as, a.person_id), coalesce(b.proposed_as, b.person_id), p.faces, p.likelihood_ratio,
       p.score, p.reason
FROM held.proposals AS p
JOIN held.persons AS a ON a.person_id = p.persons[1]
JOIN held.persons AS b ON b.person_id = p.persons[2]
WHERE len(p.persons) = 2 ORDER BY p.position
"""


def face_evidence(session: Session, *, with_proposals: bool = False) -> dict[FaceId, FaceEvidence]:
    """Return why each face of the last linking run counts as its person's, of corroborated persons or of all.

    Of reviews only settled ones: what an officer said of a list that others have still to judge stays blind.
    """
    opinions: dict[str, list[Opinion]] = defaultdict(list)
    for face, officer, verdict, comparison, agrees in session.rows(_JUDGEMENTS):
        opinions[face].append(Opinion(officer, Verdict(verdict), _strength(comparison), agrees))
    ruled: dict[str, list[tuple[int, OfficerId, str]]] = defaultdict(list)
    for face, sequence, officer, kind in session.rows(_RULINGS):
        ruled[face].append((sequence, officer, kind))
    alike = {face: (ratio, score) for face, ratio, score in session.rows(_LIKENESS)}
    found = {}
    for face, kind, score, ratio in session.rows(_FACES, {"all": with_proposals}):
        rulings = ruled.get(face, [])
        kinds = sorted({*([] if kind is None else [kind]), *(one[2] for one in rulings)})
        basis = Basis.REVIEW if kind is not None else Basis.RULING if rulings else Basis.LIKENESS
        ratio_alike, score_alike = alike.get(face, (None, None)) if basis is Basis.LIKENESS else (None, None)
        found[FaceId(face)] = FaceEvidence(
            face_id=FaceId(face),
            basis=basis,
            outcome=Outcome.CORROBORATED if kind is not None else None,
            # The weaker word where both had a part: "simulated review" is last in the order of the alphabet.
            review=kinds[-1] if kinds else "",
            judgements=tuple(opinions[face]) if kind is not None else (),
            rulings=tuple(one[0] for one in rulings),
            ruled_by=tuple(dict.fromkeys(one[1] for one in rulings)),
            likelihood_ratio=ratio if kind is not None else ratio_alike,
            score=score if kind is not None else score_alike,
        )
    return found


def _strength(comparison: str | None) -> Strength | None:
    said = None if comparison is None else json.loads(comparison)["strength"]
    return None if said is None else Strength(said)


def joins(session: Session) -> list[PersonJoin]:
    """Return what machines propose in the last linking run to be one person and is two in it."""
    return [
        PersonJoin(part, whole, tuple(FaceId(face) for face in faces), ratio, score, reason)
        for part, whole, faces, ratio, score, reason in session.rows(_JOINS)
        if part != whole
    ]
