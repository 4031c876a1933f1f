"""A property that is worked out once for each object.

``functools.cached_property`` of CPython 3.11 holds one lock for all objects of a class while it works a value out; 3.12
has none (https://docs.python.org/3/library/functools.html#functools.cached_property). Where working it out takes a turn
at the case file, a thread that has the turn and asks another object for the same property would wait for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801 - it is used as a decorator, as property is
    """Work a value out when it is first asked for, and keep it in the object's ``__dict__``, which may forget it.

    Two threads that ask at once may both work it out; the first to end is kept.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object | None, owner: type) -> Self | Value:
        if instance is None:
            return self
        made = self._make(instance)
        kept: Value = instance.__dict__.setdefault(self._name, made)
        return kept
