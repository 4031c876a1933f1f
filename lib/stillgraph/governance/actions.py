"""What an officer can do, by the names the audit chain knows it by. Who may is told by :mod:`.roles`."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What an officer can do, as the audit chain names it."""

    CREATE_CASE = "create case"
    UPGRADE_CASE = "upgrade case"
    ADD_OFFICER = "add officer"
    CHANGE_OFFICER = "change officer"
    OPEN_OPERATION = "open operation"
    EXTEND_OPERATION = "extend operation"
    CLOSE_OPERATION = "close operation"
    LIST_OFFICES = "list officers and operations"
    ENFORCE_ROLES = "enforce roles"
    REQUIRE_SIGN_IN = "require sign-in"
    MIGRATE_MODEL = "migrate face model"
    ENROL_CUSTODY = "enrol custody images"
    UPLOAD = "upload delivery"
    RECEIVE_STILLS = "receive stills"
    ENHANCE = "enhance"
    SEARCH = "search"
    CHOOSE_ENGINE = "choose gallery engine"
    CHECK_GALLERY = "check gallery"
    VIEW = "view"
    VIEW_DETAIL = "view detail"
    VIEW_FACES = "view faces"
    VIEW_QUEUE = "view review queue"
    DEAL = "deal review"
    GIVE_BACK = "give back review"
    JUDGE = "judge"
    SET_POLICY = "set review policy"
    VIEW_ACCURACY = "view reviewer accuracy"
    EXPORT_STATEMENT = "export statement"
    MAKE_ARRAY = "make photo array"
    RECORD_ANSWER = "record array answer"
    LINK = "link"
    PROPOSE_SERIES = "propose series"
    RULE = "rule between faces"
    TAKE_BACK = "take back ruling"
    SET_HARM = "set harm table"
    RANK = "rank"
    NETWORK = "network"
    EXPLAIN = "explain"
    EXPORT_CASE_PACK = "export case pack"
    QUERY = "query"
    SAVE_QUERY = "save query"
    DELETE_QUERY = "delete saved query"
    EVALUATE = "evaluate"
    CALIBRATE = "calibrate scores"
    SET_THRESHOLD = "set threshold"
    RECORD_TIMES = "record stage times"
    OPEN_WORKBENCH = "open workbench"
    OPEN_LAB = "open lab"
    ISSUE_TOKEN = "issue sign-in token"  # noqa: S105 - the name of an action
    REVOKE_TOKEN = "revoke sign-in token"  # noqa: S105 - likewise
    SIGN_IN = "sign in"
    LIST_RETENTION = "list retention"
    APPLY_RETENTION = "apply retention"
    SET_RETENTION = "set retention rules"
    KEEP_ON = "keep on review"
    TAKE_APPLICATION = "take application to delete"
    HOLD = "legal hold"
    DECIDE_APPLICATION = "decide application to delete"
    SUBJECT_ACCESS = "subject access report"
    REPORT_TRANSPARENCY = "report transparency"
    SEARCH_AUDIT = "search audit"
    EXPORT_AUDIT = "export audit"
    BACK_UP = "back up case"
    RESTORE = "restore case"
    REMOVE_BACKUP = "remove backup"
    LIST_BACKUPS = "list backups"
    LIST_KEYS = "list keys"
    ADD_KEY = "add key"
    REMOVE_KEY = "remove key"
    ROTATE_KEY = "rotate key"
    ENCRYPT_CASE = "encrypt case"
    SERVE = "serve"


SETTING_UP = frozenset({
    Action.ADD_OFFICER, Action.CHANGE_OFFICER, Action.OPEN_OPERATION, Action.EXTEND_OPERATION, Action.CLOSE_OPERATION,
    Action.LIST_OFFICES, Action.ENFORCE_ROLES, Action.REQUIRE_SIGN_IN, Action.UPGRADE_CASE, Action.ISSUE_TOKEN,
    Action.REVOKE_TOKEN, Action.BACK_UP, Action.RESTORE, Action.REMOVE_BACKUP, Action.LIST_BACKUPS,
    Action.LIST_KEYS, Action.ADD_KEY, Action.REMOVE_KEY, Action.ROTATE_KEY, Action.ENCRYPT_CASE, Action.SERVE,
})  # fmt: skip
"""Actions on the case itself, which come before any operation, so need none."""

CHANGE_FOUND = "change from outside"
"""What the chain calls an entry that nobody made by acting: an opening found that somebody wrote the case file."""
