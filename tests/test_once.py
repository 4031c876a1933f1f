"""A property worked out once: kept, forgotten, and no lock between objects."""

from __future__ import annotations

import threading

import pytest

from stillgraph.once import once


class Counted:
    """Counts how often its value was worked out."""

    def __init__(self):
        self.made = 0

    @once
    def value(self):
        """What it is."""
        self.made += 1
        return [self.made]


def test_it_is_worked_out_once_and_can_be_forgotten():
    one, other = Counted(), Counted()
    assert one.value is one.value
    assert (one.made, other.made) == (1, 0)
    one.__dict__.pop("value")
    assert one.value == [2]
    assert Counted.value.__doc__ == "What it is."


def test_what_fails_is_not_kept():
    class Fails:
        tries = 0

        @once
        def value(self):
            self.tries += 1
            if self.tries == 1:
                raise ValueError("not yet")
            return self.tries

    fails = Fails()
    with pytest.raises(ValueError, match="not yet"):
        _ = fails.value
    assert fails.value == 2


def test_an_object_that_waits_while_it_works_its_value_out_holds_up_no_other():
    begun, free = threading.Event(), threading.Event()

    class Waits:
        def __init__(self, waits):
            self.waits = waits

        @once
        def value(self):
            if self.waits:
                begun.set()
                free.wait(30)
            return self.waits

    slow, quick = Waits(True), Waits(False)
    waiting = threading.Thread(target=lambda: slow.value)
    waiting.start()
    assert begun.wait(30)
    told = []
    asked = threading.Thread(target=lambda: told.append(quick.value), daemon=True)
    asked.start()
    asked.join(10)
    free.set()
    waiting.join(30)
    assert told == [False]
