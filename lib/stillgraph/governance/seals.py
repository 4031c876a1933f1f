"""The seal of a case at rest: what whoever wrote it last left, so that the next one sees what else was changed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from stillgraph.errors import AuditBroken
from stillgraph.governance.log import FOLDER
from stillgraph.governance.sealing import canonical, holds, keyed

FILE = "seal.json"


@dataclass(frozen=True, slots=True)
class Seal:
    """What was left: the state of the case file, the chain's head, and how far the anchors reach.

    ``anchors`` is the size in bytes of the anchors beside the case file, ``noted`` the newest entry whose head this
    directory noted in the second place.
    """

    file: str
    sequence: int
    digest: str
    anchors: int
    noted: int
    mac: str = ""

    def keyed(self, key: bytes) -> Seal:
        """Return the seal with its keyed digest."""
        return replace(self, mac=keyed(key, "seal", self._said()))

    def holds(self, key: bytes) -> bool:
        """Return whether somebody who had the key made it."""
        return holds(key, self.mac, "seal", self._said())

    def written(self) -> bytes:
        """Return the seal as its file holds it."""
        return canonical(asdict(self)).encode() + b"\n"

    def _said(self) -> str:
        return canonical({name: value for name, value in asdict(self).items() if name != "mac"})


def place(case_directory: Path) -> Path:
    """Return where the seal of a case lies, or would."""
    return case_directory / FOLDER / FILE


def read(case_directory: Path) -> Seal | None:
    """Return the seal of a case, ``None`` where there is none.

    Raises
    ------
    AuditBroken
        It cannot be read.
    """
    try:
        said: dict[str, Any] = json.loads(place(case_directory).read_bytes())
        return Seal(
            str(said["file"]), int(said["sequence"]), str(said["digest"]), int(said["anchors"]), int(said["noted"]),
            str(said["mac"]),
        )  # fmt: skip
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AuditBroken("The seal of the case cannot be read: it has been altered.") from error
