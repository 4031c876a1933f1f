"""Queries kept by a name: an officer's own, or shared with everybody who works on the case.

A saved query is kept as it was written, values and all, because whoever saves it wants it to run again: whoever saves a
name saves a name. What is recorded of saving and running it has ``?`` in their places, as of any query.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import analysing
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, NotPermitted, WrongUse
from stillgraph.governance import roles
from stillgraph.governance.permits import Action
from stillgraph.records import OfficerId, Role, SavedQuery
from stillgraph.store import office, queries, saved

if TYPE_CHECKING:
    import pyarrow as pa

MOST_NAME, MOST_SQL = 80, 20_000
"""Characters of a name, and of a query that is kept."""

TIDIES = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Who may delete what another officer shared."""


@served
def save_query(desk: Desk, name: str, sql: str, *, shared: bool = False) -> SavedQuery:
    """Keep a query by a name, in place of the officer's own of that name; it is checked, and not run.

    Parameters
    ----------
    name : str
        What it is called by, at most 80 characters. The name is recorded: put nobody's in it.
    sql : str
        The query, kept with every value as it is written.
    shared : bool
        Whether everybody who works on the case has it too.

    Raises
    ------
    QueryRefused
        It is not one read-only SELECT over the documented views.
    WrongUse
        The name is none, the text is too long, or another officer shares a query of that name.
    """
    called = " ".join(name.split())
    with desk.act(Action.SAVE_QUERY, name=called[:MOST_NAME], shared=shared) as deed:
        if not called or len(called) > MOST_NAME or not called.isprintable():
            raise WrongUse(f"A saved query has a name of 1 to {MOST_NAME} characters on one line: give it one.")
        if len(sql) > MOST_SQL:
            raise WrongUse(f"A saved query has at most {MOST_SQL:,} characters: keep this one in a file.")
        deed.note(sql=queries.without_values(sql))
        queries.bound(deed.session, sql, only=deed.reads)
        taken = [one for one in saved.there_for(deed.session, _me(deed)) if one.name == called and one.shared]
        if shared and any(one.officer != deed.officer for one in taken):
            raise WrongUse("Another officer shares a query of that name: choose another, or save it for yourself.")
        kept = saved.save(
            deed.session, called, sql, officer=_me(deed), operation=deed.operation, shared=shared, at=deed.at
        )
        deed.note(saved=kept.saved_id)
        return kept


@served
def saved_queries(desk: Desk) -> tuple[SavedQuery, ...]:
    """Return the officer's own saved queries and those that are shared, by name.

    A query may have a name in it, so a shared one is shown to who may query what it reads. Who may only delete it has
    it without its text.
    """
    with desk.act(Action.VIEW, what="saved queries") as deed:
        found = (_as_shown(deed, one) for one in saved.there_for(deed.session, _me(deed)))
        return tuple(one for one in found if one is not None)


@served(writes=("out",))
def run_saved(desk: Desk, name: str, *, out: Path | None = None) -> pa.Table:
    """Run a saved query, the officer's own before a shared one of that name; return its rows as an Arrow table.

    ``out`` is a file to write them to as well, as Parquet.

    Raises
    ------
    NotFound
        There is none of that name for this officer.
    QueryRefused
        It is not what may be run any more, e.g. a view has changed.
    WrongUse
        The file cannot be written.
    """
    with desk.act(Action.QUERY) as deed:
        found = _named(deed, name)
        deed.note(sql=queries.without_values(found.sql), saved=found.saved_id, name=found.name)
        return analysing.with_file(desk, deed, queries.run(deed.session, found.sql, only=deed.reads), out)


@served
def delete_query(desk: Desk, name: str) -> None:
    """Delete a saved query: the officer's own, or, for a supervisor or administrator, one that another shared.

    Raises
    ------
    NotFound
        There is none of that name for this officer.
    NotPermitted
        It is another officer's, and this one is neither.
    """
    with desk.act(Action.DELETE_QUERY) as deed:
        found = _named(deed, name)
        deed.note(saved=found.saved_id, name=found.name, of=found.officer)
        officer = office.officer(deed.session, deed.officer)
        if found.officer != deed.officer and (officer is None or officer.role not in TIDIES):
            raise NotPermitted(
                "A shared query is deleted by whoever saved it, a supervisor or an administrator: ask one of them."
            )
        saved.delete(deed.session, found.saved_id)


@served
def view_columns(desk: Desk) -> dict[str, tuple[str, ...]]:
    """Return the documented views with their columns, which a query may name."""
    with desk.act(Action.VIEW, what="documented views") as deed:
        return queries.columns(deed.session, only=deed.reads)


def _as_shown(deed: Deed, one: SavedQuery) -> SavedQuery | None:
    """Return a saved query as whoever acts may see it, ``None`` where they may not."""
    if one.officer == deed.officer:
        return one
    if deed.by is not None and roles.refusal(Action.QUERY, deed.by, enforced=deed.enforced) is not None:
        return replace(one, sql="") if deed.by.role in TIDIES else None
    return one if deed.reads is None or queries.reads_only(deed.session, one.sql, deed.reads) else None


def _named(deed: Deed, name: str) -> SavedQuery:
    called = " ".join(name.split())
    found = next((one for one in saved.there_for(deed.session, _me(deed)) if one.name == called), None)
    if found is None:
        raise NotFound(
            "You have no saved query of that name, and nobody shares one; `stillgraph queries list` lists them."
        )
    return found


def _me(deed: Deed) -> OfficerId:
    return OfficerId(deed.officer)
