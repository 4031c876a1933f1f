"""Where the documents and the sources are that these tests read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def tracked(root: Path) -> tuple[Path, ...]:
    """Return the project's files as version control knows them, new ones included; else every file of its folders."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    told = subprocess.run(asked, cwd=root, capture_output=True, check=False)
    if told.returncode == 0:
        names = [name for name in told.stdout.decode().split("\0") if name]
    else:  # an unpacked sdist has no version control, and no virtual environment or cache either
        names = [str(path.relative_to(root)) for path in root.rglob("*") if "__pycache__" not in path.parts]
    return tuple(path for name in sorted(names) if (path := root / name).is_file())
