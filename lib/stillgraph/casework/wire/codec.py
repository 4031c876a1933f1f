"""Values as bytes and back, between a client and the server of a case: msgpack, and nothing that could run code.

What msgpack knows stays as it is. Everything else is a list that begins with a tag. Decoding makes plain values, and
dataclasses and enums that this project declares, found by name and checked to be such; it never calls anything else.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import msgpack

from stillgraph.casework.wire import columnar
from stillgraph.errors import StillgraphError

if TYPE_CHECKING:
    from types import ModuleType

OWN = "stillgraph."
DEPTH = 60
"""How deep values may lie in one another."""
MOST_ITEMS = 20_000_000
"""Items of the longest list, so that a few bytes never stand for much memory."""
MOST_ASKED = 2_000_000
"""Items of all lists together in what a client sends, which is read before anybody knows whether they may ask."""
_PLAIN = (type(None), bool, int, float, str, bytes)
_SMALL = 1 << 63

Aliases = Sequence[tuple[Path, str]]
"""Folders that are another one on the other side, each with the word that stands for it."""


class Unreadable(StillgraphError):
    """What came over the wire is not what the other side may send."""


def dumps(value: object, aliases: Aliases = ()) -> bytes:
    """Return a value as bytes.

    Raises
    ------
    Unreadable
        It is, or holds, something that does not travel.
    """
    data: bytes = msgpack.packb(_Encoder(aliases).tree(value, 0))
    return data


def loads(data: bytes, aliases: Aliases = (), *, asked: bool = False) -> Any:
    """Return the value that :func:`dumps` made these bytes of.

    Parameters
    ----------
    asked : bool
        Whether a client sent it, who is not known to be permitted anything: it names no files, holds no table or graph,
        which compressed can stand for any amount of memory, and :data:`MOST_ASKED` items at most.

    Raises
    ------
    Unreadable
        They are anything else.
    """
    try:
        most, count = (MOST_ASKED, _Count()) if asked else (MOST_ITEMS, None)
        tree = msgpack.unpackb(
            data, strict_map_key=True, max_array_len=most, max_map_len=most, list_hook=count, object_hook=count
        )
        return _Decoder(aliases, asked=asked).value(tree, 0)
    except Unreadable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it
        # Its content stays out of the message.
        raise Unreadable(f"A message could not be read ({type(error).__name__}).") from None


class _Count:
    """Counts what lists and mappings hold as they are read, and reads no further where it is too much."""

    def __init__(self) -> None:
        self._items = 0

    def __call__(self, held: Any) -> Any:
        self._items += 1 + len(held)
        if self._items > MOST_ASKED:
            raise Unreadable("A message holds more values than what is taken; ask for less at a time.")
        return held


class _Encoder:
    """Turns values into what msgpack knows."""

    def __init__(self, aliases: Aliases) -> None:
        self._aliases = aliases

    def tree(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is int:
            return value if -_SMALL <= value < _SMALL else ["int", str(value)]
        if kind is str and value.startswith("/"):
            return self._text(value)
        if kind in _PLAIN:
            return value
        if depth > DEPTH:
            raise Unreadable("A message holds values too deep in one another.")
        if kind is list or kind is tuple:
            return ["list" if kind is list else "tuple", self._items(value, depth)]
        if kind is dict:
            return self._mapping(value, depth)
        return self._other(value, depth)

    def _items(self, values: Iterable[Any], depth: int) -> list[Any]:
        return [self.tree(item, depth + 1) for item in values]

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if all(type(key) is str for key in value):
            return {key: self.tree(item, depth + 1) for key, item in value.items()}
        return ["dict", self._items(value, depth), self._items(value.values(), depth)]

    def _other(self, value: Any, depth: int) -> Any:
        """Return what has a tag of its own; each of these is tried in turn, the rarest last."""
        for way in (self._declared, _moment, self._columns, self._simple):
            made = way(value, depth)
            if made is not None:
                return made
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, Collection | Iterator):
            return ["tuple", self._items(value, depth)]
        raise Unreadable(f"A {type(value).__name__} does not travel between a client and a server.")

    def _declared(self, value: Any, depth: int) -> list[Any] | None:
        if isinstance(value, Enum):
            return ["enum", _name(type(value)), value.name]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            own = {f.name: self.tree(getattr(value, f.name), depth + 1) for f in dataclasses.fields(value) if f.init}
            return ["data", _name(type(value)), own]
        if _is_model(type(value)):
            own = {name: self.tree(getattr(value, name), depth + 1) for name in type(value).model_fields}
            return ["model", _name(type(value)), own]
        return None

    def _columns(self, value: Any, depth: int) -> list[Any] | None:
        return columnar.packed(value, lambda item: self.tree(item, depth + 1))

    def _simple(self, value: Any, depth: int) -> Any:
        if isinstance(value, PurePath):
            return self._path(value)
        if isinstance(value, Decimal):
            return ["decimal", str(value)]
        if isinstance(value, bytearray | memoryview):
            return bytes(value)
        if isinstance(value, str):
            return str(value)
        if isinstance(value, set | frozenset):
            return ["frozenset" if isinstance(value, frozenset) else "set", self._items(value, depth)]
        return None

    def _text(self, value: str) -> str | list[str]:
        """Return a text, which may be the path of a file that is another one on the other side."""
        for folder, word in self._aliases:
            if value == str(folder):
                return ["place", word]
        return value

    def _path(self, value: PurePath) -> list[str]:
        for folder, word in self._aliases:
            if value.is_relative_to(folder):
                return ["path", word, str(value.relative_to(folder))]
        return ["path", "", str(value)]


class _Decoder:
    """Turns what msgpack knows into values."""

    def __init__(self, aliases: Aliases, *, asked: bool) -> None:
        self._folders = {word: folder for folder, word in aliases}
        self._asked = asked

    def value(self, tree: Any, depth: int) -> Any:
        if type(tree) is dict:
            self._check(depth)
            return {key: self.value(item, depth + 1) for key, item in tree.items()}
        if type(tree) is not list:
            return tree
        self._check(depth)
        tag, *rest = tree
        made = getattr(self, f"_{tag}_", None) if type(tag) is str and tag.isidentifier() else None
        if made is not None:
            return made(*rest, depth=depth + 1)
        if self._asked and tag in columnar.ANSWERED:
            raise Unreadable("A message holds a table or a graph, which it may not.")
        return columnar.unpacked(tag, rest, lambda item: self.value(item, depth + 1))

    def _check(self, depth: int) -> None:
        # Twice what is written, as each tagged value is a list that holds a list.
        if depth > 2 * DEPTH:
            raise Unreadable("A message holds values too deep in one another.")

    def _items(self, items: list[Any], depth: int) -> list[Any]:
        return [item if type(item) in _PLAIN else self.value(item, depth) for item in items]

    def _list_(self, items: list[Any], *, depth: int) -> list[Any]:
        return self._items(items, depth)

    def _tuple_(self, items: list[Any], *, depth: int) -> tuple[Any, ...]:
        return tuple(self._items(items, depth))

    def _set_(self, items: list[Any], *, depth: int) -> set[Any]:
        return set(self._items(items, depth))

    def _frozenset_(self, items: list[Any], *, depth: int) -> frozenset[Any]:
        return frozenset(self._items(items, depth))

    def _dict_(self, keys: list[Any], values: list[Any], *, depth: int) -> dict[Any, Any]:
        return dict(zip(self._items(keys, depth), self._items(values, depth), strict=True))

    def _int_(self, written: str, *, depth: int) -> int:  # noqa: ARG002 - all are called alike
        return int(written)

    def _decimal_(self, written: str, *, depth: int) -> Decimal:  # noqa: ARG002
        return Decimal(written)

    def _datetime_(self, written: str, *, depth: int) -> datetime:  # noqa: ARG002
        return datetime.fromisoformat(written)

    def _date_(self, written: str, *, depth: int) -> date:  # noqa: ARG002
        return date.fromisoformat(written)

    def _time_(self, written: str, *, depth: int) -> time:  # noqa: ARG002
        return time.fromisoformat(written)

    def _timedelta_(self, days: int, seconds: int, microseconds: int, *, depth: int) -> timedelta:  # noqa: ARG002
        return timedelta(days, seconds, microseconds)

    def _path_(self, word: str, written: str, *, depth: int) -> Path:  # noqa: ARG002
        if self._asked:
            # A client names no file of the server's; its own come along with the call.
            raise Unreadable("A message names a file, which it may not.")
        if not word:
            return Path(written)
        inside = Path(written)
        if word not in self._folders or inside.is_absolute() or ".." in inside.parts:
            raise Unreadable("A message names a place that is not there.")
        return self._folders[word] / inside

    def _place_(self, word: str, *, depth: int) -> str:  # noqa: ARG002
        if self._asked or word not in self._folders:
            raise Unreadable("A message names a place that is not there.")
        return str(self._folders[word])

    def _enum_(self, name: str, member: str, *, depth: int) -> Enum:  # noqa: ARG002
        kind = _declared(name, lambda found: issubclass(found, Enum))
        return kind[member]  # type: ignore[index, no-any-return]  # an enum, as was checked

    def _data_(self, name: str, own: dict[str, Any], *, depth: int) -> Any:
        kind = _declared(name, dataclasses.is_dataclass)
        return kind(**{str(key): self.value(item, depth) for key, item in own.items()})

    def _model_(self, name: str, own: dict[str, Any], *, depth: int) -> Any:
        kind = _declared(name, _is_model)
        return kind(**{str(key): self.value(item, depth) for key, item in own.items()})


def _is_model(kind: type) -> bool:
    """Return whether a class is one of pydantic, which is not imported to look."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(kind, pydantic.BaseModel)


def _moment(value: Any, _depth: int) -> list[Any] | None:
    """Return a point or length of time as it travels; ``None`` for anything else, and for those of pandas."""
    if type(value) is datetime:
        return ["datetime", value.isoformat()]
    if type(value) is date:
        return ["date", value.isoformat()]
    if type(value) is time:
        return ["time", value.isoformat()]
    if type(value) is timedelta:
        return ["timedelta", value.days, value.seconds, value.microseconds]
    return None


def _name(kind: type) -> str:
    if not kind.__module__.startswith(OWN) or "<" in kind.__qualname__:
        raise Unreadable(f"A {kind.__name__} does not travel between a client and a server.")
    return f"{kind.__module__}:{kind.__qualname__}"


def _declared(name: str, fits: Callable[[type], bool]) -> Callable[..., Any]:
    """Return the class of ours that has this name.

    Raises
    ------
    Unreadable
        There is none in our modules, it was declared elsewhere, or it is not of the kind that is asked for.
    """
    place, _, qualified = name.partition(":")
    if not place.startswith(OWN) or not all(part.isidentifier() for part in (*place.split("."), *qualified.split("."))):
        raise Unreadable("A message names a kind of value that is not ours.")
    found: Any = _module(place)
    for part in qualified.split("."):
        found = vars(found).get(part) if found is not None else None
    if not isinstance(found, type) or found.__module__ != place or not fits(found):
        raise Unreadable("A message names a kind of value that is not ours.")
    return found


_MODULES = tuple(
    f"{OWN}{layer}"
    for layer in (
        "casework", "records", "governance", "review", "linking", "network", "prolific", "evaluation", "gallery",
        "faces", "intake", "decoding", "store",
    )
)  # fmt: skip
"""Where values are declared. No command, page or script is ever imported for a message."""


def _module(place: str) -> ModuleType | None:
    if not any(place == own or place.startswith(f"{own}.") for own in _MODULES) or place.endswith("__main__"):
        return None
    try:
        return importlib.import_module(place)
    except ImportError:
        return None
