"""What Stillgraph is built on: its licences are listed, none of them binds its users to the GPL, and its audit is honest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GPL = re.compile(r"(?<!L)\bA?GPL|(?<!Lesser )General Public License|Affero", re.IGNORECASE)
KNOWN_UNKNOWN: set[str] = set()
"""Packages whose licence nobody states; each is to be asked about before it is added here."""


def test_no_package_needed_at_work_is_under_the_gpl(licences):
    told = licences.rows()
    assert len(told) > 100
    assert [row for row in told if row[3] == "run" and GPL.search(row[2])] == []
    assert {name for name, _, licence, _ in told if licence == licences.UNKNOWN} == KNOWN_UNKNOWN
    work = licences.needed_at_work()
    assert {"duckdb", "numpy", "pillow-heif", "cryptography"} <= work
    assert "igraph" not in work
    assert "pytest" not in work


@pytest.mark.parametrize(("licence", "binds"), [
    ("GPL-3.0-or-later", True), ("GNU General Public License v2 (GPLv2)", True), ("AGPL-3.0", True),
    ("LGPL-2.1", False), ("GNU Lesser General Public License v3", False), ("MIT", False),
])  # fmt: skip
def test_the_test_knows_a_gpl(licence, binds):
    assert bool(GPL.search(licence)) is binds


@pytest.mark.skipif(sys.platform != "linux", reason="the page is made on Linux; other systems install others")
def test_the_page_of_licences_lists_what_the_lock_installs(licences):
    there = re.findall(
        r"^\| ([a-z0-9.-]+) \| ([^|]+) \| ([^|]+) \| (run|develop) \|$", licences.PAGE.read_text(), re.MULTILINE
    )
    assert sorted(there) == sorted(licences.rows()), "make licences"


@pytest.mark.parametrize(("report", "code", "says"), [
    ({"dependencies": [{"name": "a", "skip_reason": "not found"}]}, 2, "Nobody could be asked"),
    ({"dependencies": []}, 2, "Nobody could be asked"),
    ({}, 2, "Nobody could be asked"),
    ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, "1 packages asked about, 0 with known"),
    ({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]},
                       {"name": "b", "skip_reason": "not found"}]}, 1, "a 1: X-1, mended in 2"),
])  # fmt: skip
def test_an_audit_that_could_not_ask_does_not_pass_for_a_good_one(audit, report, code, says):
    told = audit.judged(report)
    assert told[0] == code
    assert says in told[1]


def test_the_bill_of_materials_is_made_from_the_lock_in_a_form_that_is_checked():
    recipe = re.search(r"^sbom:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    for part in ("requirements.lock", "--spec-version 1.6", "--validate", "build/sbom.json"):
        assert part in recipe


@pytest.mark.chaos
def test_the_bill_of_materials_holds_every_package_of_the_lock_with_its_hashes(licences, tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "requirements", str(ROOT / "requirements.lock"), "--pyproject",
         str(ROOT / "pyproject.toml"), "--spec-version", "1.6", "--validate", "-o", str(tmp_path / "sbom.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    bill = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    held = {one["name"].lower().replace("_", "-"): one for one in bill["components"]}
    assert bill["specVersion"] == "1.6"
    assert set(licences.locked()) <= set(held)
    assert all(held[name]["externalReferences"][0]["hashes"] for name in licences.locked())


def test_no_file_of_the_project_installs_without_hashes():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in text.splitlines() if re.search(r"pip (install|download|sync)", line)]
    assert installs
    assert all(
        "--require-hashes" in line or "--no-deps --no-build-isolation --editable ." in line or "--no-index" in line
        for line in installs
    ), installs
