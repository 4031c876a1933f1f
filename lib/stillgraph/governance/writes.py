"""Which tables each action may write: declared here, once.

What an action left in the tables it wrote is said in its audit entry. So a change to any other table, made at the same
time or at another, is of no entry, and shows; and code that writes more than its action says does not get through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stillgraph.errors import CaseError
from stillgraph.governance.actions import CHANGE_FOUND, Action

_ANALYSIS = frozenset({"analysis_runs", "faces", "templates", "refusals", "deliveries"})
_SEARCH = frozenset({
    "searches", "searched_stills", "probes", "candidates", "custody_images", "alike_searches", "analysis_runs",
    "gallery_checks",
})  # fmt: skip
_GALLERY = frozenset({"gallery_revisions", "gallery_changes"})
_LINKING = frozenset({"persons", "person_faces", "proposals", "contradictions", "linking_run"})
_SEATS = frozenset({"officers", "officer_changes", "sign_in_tokens", "revoked_tokens"})
_OPERATIONS = frozenset({"operations", "operation_changes"})

ALL: frozenset[str] = frozenset({
    Action.CREATE_CASE, Action.UPGRADE_CASE,
    # What is deleted of somebody may lie in any table.
    Action.APPLY_RETENTION, Action.DECIDE_APPLICATION,
    # What it found was written by somebody else, anywhere.
    CHANGE_FOUND,
})  # fmt: skip
"""The actions that may write every table."""

WRITES: Mapping[str, frozenset[str]] = {
    Action.ADD_OFFICER: _SEATS,
    Action.CHANGE_OFFICER: _SEATS,
    Action.OPEN_OPERATION: _OPERATIONS,
    Action.EXTEND_OPERATION: _OPERATIONS,
    Action.CLOSE_OPERATION: _OPERATIONS,
    Action.ENFORCE_ROLES: frozenset({"settings"}),
    Action.REQUIRE_SIGN_IN: frozenset({"settings"}),
    Action.ROTATE_KEY: frozenset({"settings"}),
    Action.ENCRYPT_CASE: frozenset({"settings"}),
    Action.SET_RETENTION: _GALLERY | {"retention_rules", "custody_images", "stills"},
    Action.LIST_RETENTION: frozenset({"stills"}),
    Action.KEEP_ON: _GALLERY | {"retention_reviews", "custody_images", "stills"},
    Action.TAKE_APPLICATION: frozenset({"retention_applications"}),
    Action.HOLD: frozenset({"retention_holds"}),
    Action.SUBJECT_ACCESS: frozenset({"exports"}),
    Action.EXPORT_STATEMENT: frozenset({"exports"}),
    Action.EXPORT_CASE_PACK: frozenset({"exports"}),
    Action.VIEW_FACES: frozenset({"exports"}),
    Action.MIGRATE_MODEL: _ANALYSIS | _GALLERY | {"enhanced_templates", "settings", "custody_images"},
    Action.BACK_UP: frozenset({"backups"}),
    Action.REMOVE_BACKUP: frozenset({"backups"}),
    Action.ENROL_CUSTODY: _ANALYSIS | _GALLERY | {"nominals", "custody_images", "arrests"},
    Action.RECEIVE_STILLS: _ANALYSIS | {"stores", "offences", "stills"},
    Action.ENHANCE: frozenset({"enhancements", "enhanced_templates", "faces", "templates", "analysis_runs"}),
    Action.SEARCH: _SEARCH,
    Action.CHOOSE_ENGINE: frozenset({"settings"}),
    Action.CHECK_GALLERY: frozenset({"gallery_checks"}),
    Action.VIEW_QUEUE: frozenset({"trials", "trial_lists"}),
    Action.DEAL: frozenset({"deals", "trials", "trial_lists"}),
    Action.GIVE_BACK: frozenset({"deals"}),
    Action.JUDGE: frozenset({"judgements", "deals", "trial_answers"}),
    Action.SET_POLICY: frozenset({"review_policies", "settings"}),
    Action.MAKE_ARRAY: frozenset({"arrays", "array_positions"}),
    Action.RECORD_ANSWER: frozenset({"array_answers"}),
    Action.LINK: _LINKING,
    Action.RULE: frozenset({"rulings"}),
    Action.TAKE_BACK: frozenset({"rulings"}),
    Action.SET_HARM: frozenset({"harm_values"}),
    Action.RANK: frozenset({"rankings", "standings", "exports"}),
    Action.NETWORK: frozenset({"exports"}),
    Action.QUERY: frozenset({"exports"}),
    Action.SAVE_QUERY: frozenset({"saved_queries"}),
    Action.DELETE_QUERY: frozenset({"saved_queries"}),
    Action.CALIBRATE: frozenset({"calibrations", "calibration_curves"}),
    Action.SET_THRESHOLD: frozenset({"fpir_policies", "fpir_thresholds"}),
    Action.RECORD_TIMES: frozenset({"stage_times"}),
    Action.ISSUE_TOKEN: frozenset({"sign_in_tokens"}),
    Action.REVOKE_TOKEN: frozenset({"revoked_tokens", "sign_in_tokens"}),
}
"""What may be written; an action that is not named writes nothing but its entry."""


def may_write(action: str) -> frozenset[str] | None:
    """Return the tables an action may write, ``None`` for all."""
    return None if action in ALL else WRITES.get(action, frozenset())


def check(action: str, written: Iterable[str]) -> None:
    """Return if an action may write these tables.

    Raises
    ------
    CaseError
        It may not; nothing of it is kept.
    """
    may = may_write(action)
    more = set() if may is None else set(written) - may
    if more:
        raise CaseError(
            f"To {action} does not write {', '.join(sorted(more))}, and nothing was kept. Whoever develops Stillgraph "
            "declares what an action writes in governance/writes.py."
        )
