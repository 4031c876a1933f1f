"""Case files without pixels, for tests of SQL alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stillgraph.store import CaseFile


@pytest.fixture
def case_file(tmp_path: Path) -> CaseFile:
    """Return a new, empty case file."""
    return CaseFile.create(tmp_path / "case", {"pack": "none", "model": "none@0", "kind": "case"})


@pytest.fixture(scope="module")
def open_case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseFile]:
    """Return a case file that stays open for a module; who changes it rolls back."""
    case = CaseFile.create(tmp_path_factory.mktemp("open") / "case", {"model": "none@0"})
    with case.sitting():
        yield case
