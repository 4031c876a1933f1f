"""How a case's gallery is to be searched, and what was measured of what its codes lose. Checks are only appended."""

from __future__ import annotations

import numpy as np

from stillgraph.records import EngineChoice, GalleryInfo, LossCheck, ModelId, Template
from stillgraph.store.casefile import Session

_SETTING = "gallery_engine"
_COLUMNS = (
    "check_id, checked_at, model, gallery_size, gallery_version, list_limit, seed, probes, lost, differing, "
    "upper_bound, bound"
)


def choice(session: Session) -> EngineChoice:
    """Return how the case's gallery is to be searched: by the rule unless an officer has set it."""
    row = session.one("SELECT value FROM held.settings WHERE key = ?", [_SETTING])
    return EngineChoice.AUTO if row is None else EngineChoice(row[0])


def choose(session: Session, wanted: EngineChoice) -> None:
    """Set how the case's gallery is to be searched from now on."""
    session.execute("INSERT OR REPLACE INTO held.settings VALUES (?, ?)", [_SETTING, str(wanted)])


def add(session: Session, check: LossCheck, *, officer: str, operation: str, reason: str) -> int:
    """Append a check; return its number."""
    row = session.one(
        "INSERT INTO held.gallery_checks (officer_id, operation_id, reason, checked_at, model, gallery_size, "
        "gallery_version, list_limit, seed, probes, lost, differing, upper_bound, bound) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING check_id",
        [officer, operation, reason, check.checked_at, check.model, check.gallery.size, check.gallery.version,
         check.limit, check.seed, check.probes, check.lost, check.differing, check.upper_bound, check.bound],
    )  # fmt: skip
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    return int(row[0])


def latest(session: Session, model: ModelId) -> LossCheck | None:
    """Return the newest check of the gallery of a model, or ``None``."""
    return _check(session, "model = ? ORDER BY check_id DESC LIMIT 1", model)


def numbered(session: Session, check_id: int) -> LossCheck | None:
    """Return the check of a number, or ``None``."""
    return _check(session, "check_id = ?", check_id)


def _check(session: Session, where: str, value: object) -> LossCheck | None:
    row = session.one(f"SELECT {_COLUMNS} FROM held.gallery_checks WHERE {where}", [value])  # noqa: S608
    if row is None:
        return None
    check_id, checked_at, model, size, version, *rest = row
    return LossCheck(check_id, checked_at, model, GalleryInfo(size, version), *rest)


def sample(session: Session, model: ModelId, count: int, seed: int) -> list[Template]:
    """Return the templates of up to ``count`` usable faces of stills, the same for the same faces and seed."""
    rows = session.rows(
        "SELECT t.vector FROM held.templates AS t JOIN held.faces AS f USING (face_id) "
        "WHERE f.image_kind = 'still' AND f.usable AND t.model = $model "
        "ORDER BY md5(f.face_id || ':' || $seed), f.face_id LIMIT $count",
        {"model": model, "seed": str(seed), "count": count},
    )
    return [Template(model, np.array(vector, dtype=np.float32)) for (vector,) in rows]
