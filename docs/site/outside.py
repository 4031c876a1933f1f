"""Links of the documents that lead out of ``docs``: the site has no checkout beside it, and names the files instead."""

from __future__ import annotations

import posixpath
import re

LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)\s#]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page, **_given) -> str:
    """Put the name of the file in the place of a link to outside the documents."""

    def told(found) -> str:
        text, target = found[1], posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), found[2]))
        if not target.startswith("../"):
            return found[0]
        name = target.removeprefix("../")
        return text if name in text else f"{text} (`{name}`)"

    return LINK.sub(told, markdown)
