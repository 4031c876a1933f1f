"""The harm table: days of imprisonment by offence code, with the source and version every figure rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from stillgraph.errors import ManifestError, UnknownOffenceCode
from stillgraph.prolific import editions

COLUMNS = ("offence_code", "offence", "subgroup", "harm_days", "source", "version")


@dataclass(frozen=True, slots=True)
class HarmTable:
    """Days of harm by offence code. ``file`` is named in messages, so that an officer knows what to edit."""

    source: str
    version: str
    days: Mapping[str, float] = field(repr=False)
    file: str
    offences: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What each code stands for, in words."""
    subgroups: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The kind of offence whose figure each code has; a code without one is a kind by itself."""

    def harm_days(self, offence_code: str) -> float:
        """Return the days of harm of one offence of this code.

        Raises
        ------
        UnknownOffenceCode
            The table does not hold the code; nothing is guessed from a neighbouring one.
        """
        days = self.days.get(_code(offence_code))
        if days is None:
            raise UnknownOffenceCode(
                f"Every offence ranked needs a harm value, and offence code {offence_code} has none. "
                f"Add a row for it to {self.file}, with its source, and rank again."
            )
        return days


def harm_table(path: Path) -> HarmTable:
    """Read a harm table from a CSV file with the columns of :data:`COLUMNS`.

    Parameters
    ----------
    path
        UTF-8 CSV with a header; ``harm_days`` in days, zero or more; one source and one version in the whole
        file.

    Returns
    -------
    HarmTable
        Codes in upper case without surrounding blanks.

    Raises
    ------
    NotFound
        There is no such file.
    ManifestError
        A column is missing, a value is not a number of days, a code stands twice, or the file mixes two
        sources or versions.
    """
    rows, source, version = editions.read(path, COLUMNS, "harm table")
    days: dict[str, float] = {}
    offences: dict[str, str] = {}
    subgroups: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        code = _code(row["offence_code"] or "")
        if not code or code in days:
            raise ManifestError(f"Each row of {path.name} needs an offence code of its own; see line {line}.")
        days[code] = _days(row["harm_days"] or "", path.name, line)
        offences[code] = (row["offence"] or "").strip()
        subgroups[code] = (row["subgroup"] or "").strip() or code
    return HarmTable(
        source, version, MappingProxyType(days), path.name, MappingProxyType(offences), MappingProxyType(subgroups)
    )


def _code(text: str) -> str:
    return text.strip().upper()


def _days(text: str, file: str, line: int) -> float:
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not (math.isfinite(days) and days >= 0):
        raise ManifestError(f"harm_days is a number of days, zero or more; correct line {line} of {file}.")
    return days
