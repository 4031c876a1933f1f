"""Writes docs/licences.md: what is installed with Stillgraph, in which version, under which licence, as each says itself.

``make licences`` runs it. A licence that a package does not state is ``unknown`` here, never guessed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "licences.md"
UNKNOWN = "unknown"
STATED_ELSEWHERE = {
    "axe-playwright-python": "MIT (package's repository; the axe-core in it is MPL-2.0)",
    "insightface": "MIT (package's repository, for the code; its models are not shipped, and are for research only)",
}
"""Licences that the installed metadata leave out, with where they are stated."""
HEAD = """# Licences

Everything that `requirements.lock` installs on the machine this page was made on, with the licence that each package
states of itself. `make licences` writes it anew; a test holds it to the lock. `make sbom` writes the same as a
CycloneDX 1.6 document, hashes included, to `build/sbom.json`.

*run* is what Stillgraph needs at work, itself or through another; *develop* is only for tests, documents and builds.
No package that is needed at work is under the GPL or AGPL. One wheel, `pillow-heif`, carries a GPL encoder that is
never called ([decision 0007](decisions/0007-one-decoder.md)); `igraph`, under the GPL, is used only where somebody
installs it themselves.

| package | version | licence | for |
|---|---|---|---|
"""


def locked() -> dict[str, str]:
    """Return the versions of the lock by canonical name, those for other systems and Pythons too."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            one = Requirement(line.split("--hash=")[0].strip())
            if one.marker is None or one.marker.evaluate():
                found[canonicalize_name(one.name)] = next(iter(one.specifier)).version
    return found


def needed_at_work() -> set[str]:
    """Return the canonical names of what Stillgraph needs at work, itself or through another."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting, found = [Requirement(text) for text in project["dependencies"]], set()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in found or (one.marker is not None and not one.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        try:
            further = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for text in further:
            wanted = Requirement(text)
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
                waiting.append(wanted)
    return found


def licence_of(name: str) -> str:
    """Return the licence that an installed package states: its expression, else its classifiers, else its words."""
    said = metadata.metadata(name)
    classifiers = [one.split("::")[-1].strip() for one in said.get_all("Classifier") or [] if one.startswith("License")]
    words = (said.get("License") or "").strip().splitlines()
    told = (
        said.get("License-Expression")
        or "; ".join(one for one in classifiers if one != "OSI Approved")
        or (words[0][:60] if words else "")
    )
    return re.sub(r"\s+", " ", told).replace("|", "/") or STATED_ELSEWHERE.get(name, UNKNOWN)


def rows() -> list[tuple[str, str, str, str]]:
    """Return name, version, licence and purpose of each package of the lock that is installed here."""
    work = needed_at_work()
    told = []
    for name, version in sorted(locked().items()):
        try:
            licence = licence_of(name)
        except metadata.PackageNotFoundError:
            continue
        told.append((name, version, licence, "run" if name in work else "develop"))
    return told


def page() -> str:
    """Return the page."""
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {len(rows())} packages\n")
