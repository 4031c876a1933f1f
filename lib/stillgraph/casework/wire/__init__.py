"""Which functions of ``casework`` travel to a server of a case, and how a client calls them there.

A function marked :func:`served` does nothing but its work where it is given a desk of its own. Given the desk of a
client, whose case a server keeps (:mod:`stillgraph.casework.wire.client`), it sends its name and arguments there and
returns what came back. What is marked is all that a server does for anybody: :data:`SERVED` is its registry.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast, overload

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Served:
    """A function that a server does for its clients.

    ``writes`` are parameters that name a file or folder to be written, ``keeps`` those that name one which stays with
    the server, in its folder of backups, and ``manifests`` those that name a manifest whose images lie beside it; every
    other path is read. ``of_case`` says that its first argument is the case's place and not a desk.
    """

    name: str
    function: Callable[..., Any]
    signature: inspect.Signature
    writes: frozenset[str] = frozenset()
    keeps: frozenset[str] = frozenset()
    manifests: frozenset[str] = frozenset()
    of_case: bool = False

    @property
    def first(self) -> str:
        """The name of the first parameter, which never travels."""
        return next(iter(self.signature.parameters))


SERVED: dict[str, Served] = {}
"""What a server does for its clients, by module and name, e.g. ``searching.search``."""


@overload
def served(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def served(
    *,
    writes: Collection[str] = (),
    keeps: Collection[str] = (),
    manifests: Collection[str] = (),
    of_case: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def served(
    function: Callable[..., Any] | None = None,
    /,
    *,
    writes: Collection[str] = (),
    keeps: Collection[str] = (),
    manifests: Collection[str] = (),
    of_case: bool = False,
) -> Any:
    """Mark a function of ``casework`` as one that a server does for its clients; see :class:`Served`."""

    def mark(marked: Callable[P, R]) -> Callable[P, R]:
        name = f"{marked.__module__.removeprefix('stillgraph.casework.')}.{marked.__name__}"
        one = Served(
            name, marked, inspect.signature(marked), frozenset(writes), frozenset(keeps), frozenset(manifests), of_case
        )  # fmt: skip
        SERVED[name] = one

        @functools.wraps(marked)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            connection = _connection(one, args[0] if args else kwargs.get(one.first))
            if connection is None:
                return marked(*args, **kwargs)
            return cast("R", connection.call(one, args, kwargs))

        return call

    return mark if function is None else mark(function)


def _connection(one: Served, first: object) -> Any:
    """Return the connection to the server that keeps the case, ``None`` where the case is here."""
    if not one.of_case:
        return getattr(first, "connection", None)
    from stillgraph.casework.wire import client

    return client.connection_of(cast("Any", first))
