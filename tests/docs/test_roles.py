"""docs/roles.md is made from the table that decides: edit the table, then print it there."""

from __future__ import annotations

from stillgraph.governance import roles_page


def test_the_table_of_the_document_is_the_one_that_decides(root):
    text = (root / "docs" / "roles.md").read_text(encoding="utf-8")
    _, made = text.split("do not edit from here on -->\n\n")
    assert made == roles_page.markdown(), "put there what `stillgraph case roles table` prints"
