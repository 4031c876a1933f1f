"""What the query page shows and what its officer asks: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from traitlets import Any as AnyTrait
from traitlets import HasTraits, Unicode

from stillgraph.casework import analysing, saving
from stillgraph.dashboards.guard import attempt

if TYPE_CHECKING:
    import pandas as pd

    from stillgraph.casework.desk import Desk
    from stillgraph.dashboards.completion import Views
    from stillgraph.records import SavedQuery


class QuerySource(Protocol):
    """The questions; :class:`CaseQueries` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseQueries

    @property
    def officer(self) -> str: ...
    def views(self) -> Views: ...
    def run(self, sql: str) -> pd.DataFrame: ...
    def saved(self) -> tuple[SavedQuery, ...]: ...
    def run_saved(self, name: str) -> pd.DataFrame: ...
    def save(self, name: str, sql: str, *, shared: bool) -> SavedQuery: ...
    def delete(self, name: str) -> None: ...


class CaseQueries:
    """A case as its officer asks it; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseQueries()"

    @property
    def officer(self) -> str:
        """Who asks."""
        return self._desk.claim.officer or ""

    def views(self) -> Views:
        """Return the documented views with their columns."""
        return saving.view_columns(self._desk)

    def run(self, sql: str) -> pd.DataFrame:
        """Run a query."""
        return analysing.query(self._desk, sql)

    def saved(self) -> tuple[SavedQuery, ...]:
        """Return the officer's own saved queries and those that are shared."""
        return saving.saved_queries(self._desk)

    def run_saved(self, name: str) -> pd.DataFrame:
        """Run a saved query."""
        rows: pd.DataFrame = saving.run_saved(self._desk, name).to_pandas()
        return rows

    def save(self, name: str, sql: str, *, shared: bool) -> SavedQuery:
        """Keep a query by a name."""
        return saving.save_query(self._desk, name, sql, shared=shared)

    def delete(self, name: str) -> None:
        """Delete a saved query."""
        saving.delete_query(self._desk, name)


class QueryState(HasTraits):
    """Saved queries, one of them chosen, and the rows that the last one gave.

    ``rows`` is ``None`` while nothing was run; ``said`` is what was saved or deleted; ``problem`` the sentence of the
    last failure, empty after a success.
    """

    saved = AnyTrait(default_value=())
    name = Unicode("")
    rows = AnyTrait(default_value=None)
    said = Unicode("")
    problem = Unicode("")

    def __init__(self, source: QuerySource) -> None:
        super().__init__()
        self._source = source
        self.officer = source.officer
        self._look()

    def __repr__(self) -> str:
        return "QueryState()"

    @property
    def chosen(self) -> SavedQuery | None:
        """The saved query that is chosen."""
        return next((one for one in self.saved if one.name == self.name), None)

    def choose(self, name: str) -> None:
        """Choose a saved query; the rows of the last one go."""
        with self.hold_trait_notifications():
            self.name, self.rows, self.said, self.problem = name, None, "", ""

    def run(self) -> None:
        """Run the chosen query."""

        def act() -> None:
            self.rows = self._source.run_saved(self.name)

        if self.chosen is not None:
            self._try(act)

    def save(self, name: str, sql: str, *, shared: bool) -> None:
        """Keep a query by a name, and choose it."""

        def act() -> None:
            kept = self._source.save(name, sql, shared=shared)
            self._look(kept.name)
            self.said = f"Saved as {kept.name}{', shared' if kept.shared else ''}."

        self._try(act)

    def delete(self) -> None:
        """Delete the chosen query."""

        def act() -> None:
            gone = self.name
            self._source.delete(gone)
            self._look()
            self.said = f"Deleted {gone}."

        if self.chosen is not None:
            self._try(act)

    def _look(self, name: str = "") -> None:
        found = self._source.saved()
        first = name or next((one.name for one in found), "")
        with self.hold_trait_notifications():
            self.saved, self.name, self.rows = found, first, None

    def _try(self, act: Callable[[], None]) -> None:
        with self.hold_trait_notifications():
            self.problem = self.said = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
