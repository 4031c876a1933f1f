"""What a server takes as an argument: of the kind that the function says, and a file only where one belongs.

A client is any program that has somebody's token, so nothing is left to what a client of ours would send.
"""

from __future__ import annotations

import numbers
import sys
import types
from collections import abc
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from stillgraph import records
from stillgraph.casework.wire import SERVED, Served
from stillgraph.casework.wire.parts import Kept, Sent, Told, Wanted
from stillgraph.errors import WrongUse

ODD = "This server does no such thing in that way; use the same Stillgraph as it."
_STANDS = (Sent, Wanted, Kept, Told)
"""What stands for something else and is never handed to a function as it came."""
_PLAIN: dict[Any, Any] = {
    str: str, bytes: bytes, bool: bool, int: numbers.Integral, float: numbers.Real, date: date, datetime: datetime,
}  # fmt: skip

_NAMES = {**vars(abc), **vars(records), "date": date, "datetime": datetime}
"""What a module may import for its annotations alone, by the names they have there."""


def standing(one: Served, name: str) -> type | None:
    """Return what alone stands for an argument: a file of one of three kinds or who is told, ``None`` for a value."""
    if name in one.keeps:
        return Kept
    if name in one.writes:
        return Wanted
    annotation = str(one.signature.parameters[name].annotation)
    if "Path" in annotation:
        return Sent
    return Told if "Progress" in annotation else None


def checked(one: Served, name: str, value: object) -> object:
    """Return an argument if it is one that the function takes; a member of an enum in the place of its value.

    Raises
    ------
    WrongUse
        It is of another kind, or stands for a file of another kind than belongs there.
    """
    stands = standing(one, name)
    if stands is not None:
        # Nothing that a function writes, keeps or reads is named by a text.
        if value is None or (isinstance(value, stands) and getattr(value, "key", name) == name):
            return value
        raise WrongUse(ODD)
    if isinstance(value, _STANDS):
        raise WrongUse(ODD)
    hint = _hint(one.name, name)
    if hint is None or _fits(value, hint):
        return value
    for kind in _kinds(hint):
        if isinstance(kind, type) and issubclass(kind, Enum):
            with suppress(ValueError):
                return kind(value)
            known = ", ".join(str(member.value) for member in kind)
            raise WrongUse(f"This server takes no such {name.replace('_', ' ')}; it is one of: {known}.")
    raise WrongUse(f"This server takes no such {name.replace('_', ' ')}; use the same Stillgraph as it.")


@cache
def _hint(function: str, name: str) -> Any:
    """Return what kind of value a parameter is of, ``None`` where its annotation names what is imported for it only."""
    one = SERVED[function]
    asked = types.SimpleNamespace(__annotations__={name: one.signature.parameters[name].annotation})
    with suppress(NameError):
        return get_type_hints(asked, globalns={**_NAMES, **one.function.__globals__})[name]
    return None


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Return the kinds a value may be of: those of a union, and of a name for another kind that one."""
    if get_origin(hint) in {Union, types.UnionType}:
        return tuple(kind for part in get_args(hint) for kind in _kinds(part))
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return (hint,)


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a value is of one of the kinds that a hint names, and all that it holds of theirs."""
    return any(_is_of(value, kind) for kind in _kinds(hint))


def _is_of(value: Any, kind: Any) -> bool:
    if not isinstance(kind, type):
        return _holds(value, get_origin(kind), get_args(kind))
    if kind in {int, float} and isinstance(value, bool):
        return False
    if not isinstance(value, _PLAIN.get(kind, kind)):
        return False
    hints = _fields(kind)
    return all(_is_value(getattr(value, name), hint) for name, hint in hints.items())


def _is_value(value: Any, hint: Any) -> bool:
    """Return whether what a record holds fits; the text of an enum's member, which it is kept as, does so too."""
    texts = (kind for kind in _kinds(hint) if isinstance(kind, type) and issubclass(kind, Enum))
    return _fits(value, hint) or (
        isinstance(value, str) and any(value in {one.value for one in kind} for kind in texts)
    )


def _holds(value: Any, origin: Any, parts: tuple[Any, ...]) -> bool:
    """Return whether all that a list or mapping holds is of its kinds; a text is no list of texts."""
    if not isinstance(origin, type) or isinstance(value, str | bytes):
        return not isinstance(origin, type)
    if isinstance(value, abc.Mapping):
        return issubclass(origin, abc.Mapping) and all(
            _is_value(key, parts[0]) and _is_value(item, parts[1]) for key, item in value.items()
        )
    if not isinstance(value, abc.Iterable) or issubclass(origin, abc.Mapping):
        return False
    items = list(value)
    if origin is tuple and parts[-1] is not ...:
        return len(items) == len(parts) and all(map(_is_value, items, parts))
    return all(_is_value(item, parts[0]) for item in items)


@cache
def _fields(kind: type) -> dict[str, Any]:
    """Return the kinds of a record's fields, of those that can be told when it runs; nothing of what is no record."""
    if not is_dataclass(kind):
        return {}
    names = {**_NAMES, **vars(sys.modules[kind.__module__])}
    found: dict[str, Any] = {}
    for one in fields(kind):
        with suppress(NameError):
            found |= get_type_hints(types.SimpleNamespace(__annotations__={one.name: one.type}), globalns=names)
    return found
