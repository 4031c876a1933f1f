"""Every relative link of the documents leads to a file, and to a heading where it names one."""

from __future__ import annotations

import re
from pathlib import Path

LINK = re.compile(r"\]\(([^)\s]+)\)")


def _links(path: Path) -> list[str]:
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link)]


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_relative_link_resolves(root, tracked):
    pages = [path for path in tracked if path.suffix == ".md"]
    links = [(page, link) for page in pages for link in _links(page)]
    assert len(links) > 20
    broken = []
    for page, link in links:
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(f"{page.relative_to(root)}: {link}")
    assert broken == []


def test_every_page_is_in_the_index(root, tracked):
    docs = root / "docs"
    pages = {path for path in tracked if path.suffix == ".md" and path.is_relative_to(docs)} - {docs / "README.md"}
    linked = {(docs / link.partition("#")[0]).resolve() for link in _links(docs / "README.md")}
    assert pages <= linked
