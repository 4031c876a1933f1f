"""Attempts that end before an action begins: what a rule refuses of the request itself is on record all the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from stillgraph.casework.desk import Desk
from stillgraph.errors import StillgraphError
from stillgraph.governance.permits import Action

P = ParamSpec("P")
R = TypeVar("R")


def attempted(action: Action) -> Callable[[Callable[Concatenate[Desk, P], R]], Callable[Concatenate[Desk, P], R]]:
    """Record what a function raises on purpose and no action of it has recorded, as an attempt at ``action``.

    Whoever may not do the action at all is told so, and nothing of what else was wrong.
    """

    def mark(function: Callable[Concatenate[Desk, P], R]) -> Callable[Concatenate[Desk, P], R]:
        @functools.wraps(function)
        def call(desk: Desk, /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(desk, *args, **kwargs)
            except StillgraphError as error:
                if _on_record(error):
                    raise
                with desk.ahead(action):
                    raise

        return call

    return mark


def _on_record(error: BaseException) -> bool:
    """Say whether the record has an error already, or what it was made of on its way out."""
    at: BaseException | None = error
    while at is not None:
        if getattr(at, "recorded", False):
            return True
        at = at.__cause__
    return False
