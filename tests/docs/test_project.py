"""The project's own files agree with each other: dependencies, lock, sizes, docstrings."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MOST_LINES = 500


def _project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def _lock(root: Path) -> dict[str, list[tuple[Requirement, list[str]]]]:
    """Return the lock's entries by name: each a requirement and its hashes."""
    text = (root / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    entries: dict[str, list[tuple[Requirement, list[str]]]] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pinned, *hashes = line.split("--hash=")
        requirement = Requirement(pinned.strip())
        entries.setdefault(canonicalize_name(requirement.name), []).append((requirement, [h.strip() for h in hashes]))
    return entries


def test_environment_yml_lists_the_dependencies_of_pyproject(root):
    text = (root / "environment.yml").read_text(encoding="utf-8")
    assert re.findall(r'^ +- "([^"]+)"$', text, re.MULTILINE) == _project(root)["project"]["dependencies"]
    python = _project(root)["project"]["requires-python"]
    assert f"- python{python}\n" in text


def test_the_lock_pins_every_entry_with_hashes(root):
    entries = _lock(root)
    assert len(entries) > 50
    for name, pins in entries.items():
        for requirement, hashes in pins:
            assert re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)), name
            assert hashes, name
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), name


def test_the_lock_names_no_place_to_fetch_from(root):
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|git\+|@ |--(extra-)?index-url|--find-links|--trusted-host", text)


def test_the_lock_satisfies_pyproject(root):
    project = _project(root)
    wanted = [Requirement(text) for text in project["project"]["dependencies"]]
    wanted += [Requirement(text) for text in project["dependency-groups"]["dev"]]
    entries = _lock(root)
    for want in wanted:
        for pin, _ in entries[canonicalize_name(want.name)]:
            (version,) = [s.version for s in pin.specifier]
            assert want.specifier.contains(version, prereleases=True), f"{want} is pinned at {version}"


def test_the_version_is_the_changelogs(root):
    from stillgraph import __version__

    assert _project(root)["project"]["version"] == __version__
    assert f"## [{__version__}]" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def _sources() -> list[Path]:
    return sorted((Path(__file__).resolve().parents[2] / "lib").rglob("*.py"))


def test_no_module_is_longer_than_it_may_be(root):
    long = {
        str(path.relative_to(root / "lib" / "stillgraph")): lines
        for path in _sources()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


@pytest.mark.parametrize("path", _sources(), ids=lambda path: path.stem)
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("package", ["casework", "evaluation", "governance", "store", "team"])
def test_architecture_names_every_module_of_a_package(root, package):
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    if package == "casework":
        part = text.partition("## What an officer can do")[2].partition("\nA module that outgrows")[0]
    else:
        part = next(line for line in text.splitlines() if line.startswith(f"| `{package}`"))
    here = (root / "lib" / "stillgraph" / package).iterdir()
    modules = {path.stem for path in here if path.suffix == ".py" or (path / "__init__.py").is_file()} - {"__init__"}
    assert modules - set(re.findall(r"`([a-z_]+)`", part)) == set()
