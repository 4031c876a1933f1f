"""``%%case``: SQL in a notebook's cell, over the documented views, with completion of their names.

Small on purpose: the cell's text is asked of the case as ``stillgraph query`` would, as the officer at the desk.
Nothing is sent anywhere, and no text is put together from values.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from stillgraph.dashboards import completion, panels, query_panels
from stillgraph.dashboards.guard import attempt
from stillgraph.errors import WrongUse

if TYPE_CHECKING:
    import pandas as pd

    from stillgraph.dashboards.query_state import QuerySource, QueryState

NAME = "case"
USAGE = "%%case [VARIABLE] [--save NAME [--shared]] with SQL below it, or %case --saved NAME [VARIABLE]"
LAST = "rows"
"""The variable that always holds the rows of the last query."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands behind ``%%case``."""

    variable: str | None = None
    save: str | None = None
    shared: bool = False
    saved: str | None = None


def asked(line: str) -> Asked:
    """Read what stands behind ``%%case``.

    Raises
    ------
    WrongUse
        It is not as :data:`USAGE` says.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        raise WrongUse(f"A quote is not closed: {USAGE}.") from None
    found: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word in {"--save", "--saved"} and words and word[2:] not in found:
            found[word[2:]] = words.pop(0)
        elif word == "--shared":
            found["shared"] = True
        elif word.isidentifier() and "variable" not in found:
            found["variable"] = word
        else:
            raise WrongUse(f"{word!r} is not understood there: {USAGE}.")
    given = Asked(**found)
    if (given.shared and given.save is None) or (given.save is not None and given.saved is not None):
        raise WrongUse(f"--shared goes with --save, and --save without --saved: {USAGE}.")
    return given


class Magic:
    """The magic of one notebook."""

    def __init__(self, source: QuerySource, state: QueryState, shell: Any) -> None:
        self._source, self._state, self._shell = source, state, shell
        self._views: completion.Views | None = None

    def __repr__(self) -> str:
        return "Magic()"

    def load(self) -> None:
        """Let the notebook know it, and complete names in its cells."""
        self._shell.register_magic_function(self.ask, "line_cell", NAME)
        completer = self._shell.Completer
        completer.custom_matchers = [
            one for one in completer.custom_matchers if getattr(one, "__name__", "") != "stillgraph_names"
        ]
        completer.custom_matchers.append(self._matcher())

    def ask(self, line: str, cell: str | None = None) -> widgets.Widget:
        """Ask the case, and show the rows, or the sentence why not; they are in the variable named, too."""
        told: list[str] = []
        found = attempt(lambda: self._asked(line, cell), told.append)
        return panels.problem(told[0]) if found is None else found

    def _asked(self, line: str, cell: str | None) -> widgets.Widget:
        given = asked(line)
        sql = "" if cell is None else cell.strip()
        if (given.saved is None) == (not sql):
            raise WrongUse(f"Give the SQL, or a saved query: {USAGE}.")
        rows = self._source.run(sql) if given.saved is None else self._source.run_saved(given.saved)
        self._keep(rows, given.variable)
        if given.save is not None:
            self._state.save(given.save, sql, shared=given.shared)
            if self._state.problem:
                raise WrongUse(self._state.problem)
        title = given.saved or given.save or given.variable or "rows"
        return panels.page(panels.Card(query_panels.result(rows, title)))

    def _keep(self, rows: pd.DataFrame, variable: str | None) -> None:
        self._shell.push({name: rows for name in (LAST, variable) if name is not None})

    def _matcher(self) -> Any:
        from IPython.core.completer import SimpleCompletion, context_matcher

        @context_matcher(identifier="stillgraph.names")  # type: ignore[untyped-decorator]
        def stillgraph_names(context: Any) -> dict[str, Any]:
            first, *lines = context.full_text.split("\n")
            at = context.cursor_line - 1
            if not first.startswith(f"%%{NAME}") or at < 0:
                return {"completions": []}
            before = "\n".join([*lines[:at], lines[at][: context.cursor_position]])
            word, offered = completion.complete("\n".join(lines), len(before), self._named())
            return {
                "completions": [SimpleCompletion(text=name, type=kind) for name, kind in offered],
                "matched_fragment": word, "suppress": True, "ordered": True,
            }  # fmt: skip

        return stillgraph_names

    def _named(self) -> completion.Views:
        if self._views is None:
            self._views = attempt(self._source.views, lambda _sentence: None) or {}
        return self._views
