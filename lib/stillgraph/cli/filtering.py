"""The options of a search that say which custody images it looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common

if TYPE_CHECKING:
    from stillgraph.records import Combined, Filters

CapturedSince = Annotated[
    str | None, typer.Option("--captured-since", metavar="DATE", help="Custody images captured from this day on.")
]
CapturedUntil = Annotated[
    str | None, typer.Option("--captured-until", metavar="DATE", help="Those captured up to and with this day.")
]
Sex = Annotated[list[str] | None, typer.Option("--sex", metavar="SEX", help="As recorded, e.g. F; again for more.")]
Age = Annotated[
    str | None, typer.Option("--age", metavar="YEARS", help="At capture by the recorded birth date, e.g. 20-30.")
]
Conviction = Annotated[
    list[str] | None, typer.Option("--conviction", metavar="STATUS", help="As recorded; again for more.")
]
Force = Annotated[
    list[str] | None, typer.Option("--force", metavar="NAME", help="Whose image it is, as recorded; again for more.")
]
Area = Annotated[
    list[str] | None, typer.Option("--area", metavar="NAME", help="Where in custody, as recorded; again for more.")
]
Basis = Annotated[
    list[str] | None, typer.Option("--basis", metavar="TEXT", help="Lawful basis, as recorded; again for more.")
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="ID", help="A nominal to leave out; again for more.")
]
Combine = Annotated[
    str | None, typer.Option("--combine", metavar="WAY", help="With --together: by mean of templates, or best score.")
]
PastReview = Annotated[
    bool, typer.Option("--past-review", help="Search images past their review date too; left out otherwise.")
]

AGES = re.compile(r"(\d{1,3})?-(\d{1,3})?")


def filters(
    since: str | None,
    until: str | None,
    *,
    sex: list[str] | None,
    age: str | None,
    conviction: list[str] | None,
    force: list[str] | None,
    area: list[str] | None,
    basis: list[str] | None,
    exclude: list[str] | None,
) -> Filters:
    """Return the filters that the options say."""
    from stillgraph.records import Filters, NominalId

    youngest, oldest = _ages(age)
    return Filters(
        captured_since=common.day(since, "--captured-since"),
        captured_until=common.day(until, "--captured-until"),
        sex=tuple(sex or ()),
        age_from=youngest,
        age_to=oldest,
        conviction_status=tuple(conviction or ()),
        area=tuple(area or ()),
        force=tuple(force or ()),
        basis=tuple(basis or ()),
        exclude=tuple(NominalId(one) for one in exclude or ()),
    )


def combined(way: str | None) -> Combined:
    """Return how several faces are taken as one."""
    from stillgraph.errors import WrongUse
    from stillgraph.records import Combined

    if way not in {None, *Combined}:
        raise WrongUse(f"--combine takes mean or best, not {way!r}.")
    return Combined.MEAN if way is None else Combined(way)


def _ages(text: str | None) -> tuple[int | None, int | None]:
    from stillgraph.errors import WrongUse

    if text is None:
        return None, None
    found = AGES.fullmatch(text)
    if found is None or found.group(0) == "-":
        raise WrongUse(f"--age takes whole years like 20-30, 20- or -30, not {text!r}.")
    youngest, oldest = found.groups()
    return None if youngest is None else int(youngest), None if oldest is None else int(oldest)
