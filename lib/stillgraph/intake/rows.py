"""What a right row is, column by column; and what is wrong with one, in plain words.

No message repeats what a cell holds: it may be a name or a date of birth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from stillgraph.intake.table import Row
from stillgraph.records import Refusal

MAX_POUNDS = 1_000_000_000
"""More than this for one offence is a slip of the keyboard."""

_AMOUNT = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?", re.ASCII)


def problem(text: str) -> PydanticCustomError:
    """Return a validation error that says exactly this."""
    return PydanticCustomError("intake", "{text}", {"text": text})


def _identifier(text: str) -> str:
    if not text:
        raise problem("empty, but required")
    if not text.isprintable():
        raise problem("line breaks or control characters in an identifier")
    return text


def _file_name(text: str) -> str:
    if _identifier(text) in {".", ".."} or "/" in text or "\\" in text:
        raise problem("path leaving the folder: only a plain file name is allowed")
    return text


def is_file_name(text: str) -> bool:
    """Return whether a text is the plain name of a file."""
    try:
        return _file_name(text) == text
    except PydanticCustomError:
        return False


def _words(text: str) -> str:
    if not text:
        raise problem("empty, but required")
    return _note(text)


def _note(text: str) -> str:
    if "\0" in text:
        raise problem("control characters in a text")
    return text


def pence(text: str) -> int:
    """Turn an amount in pounds, such as ``12.50``, into integer pence."""
    if not text:
        raise problem("empty, but required")
    amount = _AMOUNT.fullmatch(text)
    if amount is None:
        raise problem("value unreadable: write pounds and pence like 12.50")
    sign, pounds, decimals = amount[1], amount[2], (amount[3] or "").rstrip("0")
    wrong = []
    if sign == "-" and (int(decimals or "0") or pounds.strip("0")):
        wrong.append("negative value")
    if len(decimals) > 2:
        wrong.append("value with more than two decimals")
    if len(pounds.lstrip("0")) > len(str(MAX_POUNDS)) or int(pounds) > MAX_POUNDS:
        wrong.append("value over a thousand million pounds")
    if wrong:
        raise problem("; ".join(wrong))
    return int(pounds) * 100 + int(decimals.ljust(2, "0"))


def _now(info: ValidationInfo) -> datetime:
    """Return the time now, UTC, that the row is validated against."""
    now: datetime = (info.context or {})["now"]
    return now


def moment(text: str, info: ValidationInfo) -> datetime:
    """Turn an ISO 8601 date and time into UTC; without an offset it is UTC. Not after ``context['now']``."""
    if not text:
        raise problem("empty, but required")
    try:
        read = datetime.fromisoformat(text)
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise problem("date unreadable: write date and time like 2026-09-10T17:55:48") from None
    if len(text) <= len("2026-09-10"):
        raise problem("date without a time: write both like 2026-09-10T17:55:48")
    if read > _now(info):
        raise problem("date in the future")
    return read


def day(text: str) -> date:
    """Turn an ISO 8601 date into a date; a spreadsheet's midnight counts as its day."""
    if not text:
        raise problem("empty, but required")
    try:
        return date.fromisoformat(text.removesuffix("T00:00:00"))
    except ValueError:
        raise problem("date unreadable: write it like 2026-09-10") from None


def past_day(text: str, info: ValidationInfo) -> date:
    """Turn an ISO 8601 date into a date that is not after the day of ``context['now']``."""
    read = day(text)
    if read > _now(info).date():
        raise problem("date in the future")
    return read


def _given_past_day(text: str, info: ValidationInfo) -> date | None:
    return past_day(text, info) if text else None


def _within(limit: float, text: str) -> float:
    if not re.fullmatch(r"[+-]?\d{1,3}(\.\d*)?", text, re.ASCII) or abs(float(text)) > limit:
        raise problem(f"not degrees between -{limit:g} and {limit:g}")
    return float(text)


Identifier = Annotated[str, AfterValidator(_identifier)]
FileName = Annotated[str, AfterValidator(_file_name)]
Words = Annotated[str, AfterValidator(_words)]
Note = Annotated[str, AfterValidator(_note)]
Pence = Annotated[int, BeforeValidator(pence)]
Moment = Annotated[datetime, BeforeValidator(moment)]
Day = Annotated[date, BeforeValidator(day)]
PastDay = Annotated[date, BeforeValidator(past_day)]
GivenPastDay = Annotated[date | None, BeforeValidator(_given_past_day)]
Latitude = Annotated[float, BeforeValidator(lambda text: _within(90, text))]
Longitude = Annotated[float, BeforeValidator(lambda text: _within(180, text))]


class _Row(BaseModel):
    """A right row. Field names are column names; a field with a default is a column that may be missing."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def required(cls) -> list[str]:
        """Return the columns a manifest must have."""
        return [name for name, field in cls.model_fields.items() if field.is_required()]

    @classmethod
    def optional(cls) -> list[str]:
        """Return the columns a manifest may lack."""
        return [name for name, field in cls.model_fields.items() if not field.is_required()]


class StillRow(_Row):
    """A row of a retailer's manifest. ``value_gbp`` becomes pence."""

    image: FileName
    offence_ref: Identifier
    store_id: Identifier
    camera: Note
    captured_at: Moment
    offence_code: Identifier
    offence: Words
    value_gbp: Pence
    violence: Words
    method: Words
    how_detected: Words
    note: Note = ""


class CustodyRow(_Row):
    """A row of a custody manifest."""

    image: FileName
    nominal_id: Identifier
    name: Words = Field(repr=False)
    date_of_birth: PastDay = Field(repr=False)
    sex: Words = Field(repr=False)
    ethnicity: Words = Field(repr=False)
    captured_on: PastDay
    custody_ref: Identifier
    conviction_status: Words
    review_due: Day
    force: Note = ""
    area: Note = ""
    basis: Note = ""


class StoreRow(_Row):
    """A row of a table of stores."""

    store_id: Identifier
    retailer_id: Identifier
    retailer: Words
    store: Words
    borough: Words
    latitude: Latitude
    longitude: Longitude


class ArrestRow(_Row):
    """A row of a table of arrests."""

    nominal_id: Identifier
    arrested_on: PastDay
    offence_code: Identifier
    offence: Words
    disposal: Words
    disposed_on: GivenPastDay = None
    custody_from: GivenPastDay = None
    released_on: GivenPastDay = None


AnyRow = TypeVar("AnyRow", bound=_Row)

Problems = dict[str, list[str]]
"""What is wrong, by column."""


def validate(model: type[AnyRow], row: Row, now: datetime | None = None) -> tuple[AnyRow | None, Problems]:
    """Return the row, if every cell is right by itself, and everything that is not.

    Parameters
    ----------
    model
        What a right row is.
    row
        The row as read.
    now
        What counts as the future, with its offset; needed where the model has dates that lie in the past.
    """
    problems: Problems = {}
    if row.surplus:
        problems["row"] = ["more fields than the header: a comma inside a field needs quotes around it"]
    context = {"now": now.astimezone(UTC)} if now is not None else None
    try:
        return model.model_validate(row.cells, context=context), problems
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_input=False):
            problems.setdefault(str(wrong["loc"][0]), []).append(wrong["msg"])
        return None, problems


def refusal(row: Row, problems: Mapping[str, list[str]]) -> Refusal:
    """Refuse a row: its first wrong column, and every problem; those of further columns with the column."""
    first, *further = (column for column in ("row", *row.cells) if column in problems)
    reasons = problems[first] + [f"{column}: {text}" for column in further for text in problems[column]]
    return Refusal(row.line, row.cells.get("image", ""), first, "; ".join(reasons))


def late_refusal(line: int, image: str, why: str) -> Refusal:
    """Refuse a row whose image was accepted and could then not be analysed."""
    return refusal(Row(line, {"image": image}, surplus=False), {"image": [f"cannot be analysed: {why}"]})
