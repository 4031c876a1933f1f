"""Asks for known weaknesses of what the lock installs, and says so plainly where nobody could be asked.

``make audit-dependencies`` runs it. pip-audit ends well where it was told nothing of any package; here that is said, and
the exit code is 2: nothing is known, which is not the same as nothing being wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COULD_NOT = (
    "Nobody could be asked about known weaknesses: pip-audit needs to reach its source of advisories. Run "
    "`make audit-dependencies` again on a machine that can, before a release."
)


def judged(report: dict[str, list[dict[str, object]]]) -> tuple[int, str]:
    """Return the exit code and what is to be said of pip-audit's report."""
    packages = report.get("dependencies", [])
    asked = [one for one in packages if "skip_reason" not in one]
    weak = [one for one in asked if one.get("vulns")]
    if not asked:
        return 2, COULD_NOT
    lines = [
        f"{one['name']} {one['version']}: {vuln['id']}, mended in {', '.join(vuln.get('fix_versions') or ['none yet'])}"
        for one in weak for vuln in one["vulns"]  # type: ignore[attr-defined]
    ]  # fmt: skip
    skipped = len(packages) - len(asked)
    lines.append(
        f"{len(asked)} packages asked about, {len(weak)} with known weaknesses"
        + (f"; {skipped} could not be asked about" if skipped else "")
        + "."
    )
    return int(bool(weak)), "\n".join(lines)


def main() -> int:
    """Ask, and return the exit code: 0 nothing known, 1 weaknesses known, 2 nobody could be asked."""
    asked = subprocess.run(
        [
            sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "requirements.lock"), "--no-deps",
            "--disable-pip", "--progress-spinner", "off", "--format", "json",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        code, said = judged(json.loads(asked.stdout))
    except ValueError:
        code, said = 2, COULD_NOT
    sys.stdout.write(said + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
