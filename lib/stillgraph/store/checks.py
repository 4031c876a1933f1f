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


def add(
    session: Session, check: LossCheck, *, officer: str, operation: str, reason: str, by_search: bool = False
) -> int:
    """Append a check, or the tally of those that searches made; return its number."""
    row = session.one(
        "INSERT INTO held.gallery_checks (officer_id, operation_id, reason, checked_at, model, gallery_size, "
        "gallery_version, list_limit, seed, probes, lost, differing, upper_bound, bound, by_search) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING check_id",
        [officer, operation, reason, check.checked_at, check.model, check.gallery.size, check.gallery.version,
         check.limit, check.seed, check.probes, check.lost, check.differing, check.upper_bound, check.bound,
         by_search],
    )  # fmt: skip
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    return int(row[0])


def telling(session: Session, model: ModelId, gallery: GalleryInfo) -> LossCheck | None:
    """Return the check that tells most of a gallery, or ``None``.

    The newest that bears out the bound in the gallery as it is; else the newest an officer made; else what searches
    have tallied.
    """
    return _check(
        session,
        "model = $model ORDER BY gallery_version = $version AND upper_bound <= bound DESC, by_search, check_id DESC",
        {"model": model, "version": gallery.version},
    )


def tally(session: Session, model: ModelId, gallery: GalleryInfo) -> LossCheck | None:
    """Return what searches have checked of a gallery as it is, or ``None``."""
    return _check(
        session,
        "model = $model AND gallery_version = $version AND by_search ORDER BY check_id DESC",
        {"model": model, "version": gallery.version},
    )


def numbered(session: Session, check_id: int) -> LossCheck | None:
    """Return the check of a number, or ``None``."""
    return _check(session, "check_id = $number", {"number": check_id})


def _check(session: Session, where: str, values: dict[str, object]) -> LossCheck | None:
    row = session.one(f"SELECT {_COLUMNS} FROM held.gallery_checks WHERE {where} LIMIT 1", values)  # noqa: S608
    if row is None:
        return None
    check_id, checked_at, model, size, version, *rest = row
    return LossCheck(check_id, checked_at, model, GalleryInfo(size, version), *rest)


def sample(session: Session, model: ModelId, count: int, seed: int, *, skip: int = 0) -> list[Template]:
    """Return the templates of up to ``count`` usable faces of stills, the same for the same faces and seed.

    ``skip`` leaves out those that come first.
    """
    rows = session.rows(
        "SELECT t.vector FROM held.templates AS t JOIN held.faces AS f USING (face_id) "
        "WHERE f.image_kind = 'still' AND f.usable AND t.model = $model "
        "ORDER BY md5(f.face_id || ':' || $seed), f.face_id LIMIT $count OFFSET $skip",
        {"model": model, "seed": str(seed), "count": count, "skip": skip},
    )
    return [Template(model, np.array(vector, dtype=np.float32)) for (vector,) in rows]
