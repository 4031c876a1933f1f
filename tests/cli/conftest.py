"""Runs a command in this process, as the console script does, and keeps what it printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from stillgraph.cli.app import run as run_command

SEAT = ("--officer", "desk", "--operation", "OP-TEST", "--reason", "test the commands")


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; an error where there is anything else."""
        assert self.code == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Return a function that runs one command line."""

    def runs(*arguments: object, seat: tuple[str, ...] = ()) -> Ran:
        capfd.readouterr()
        code = run_command([str(argument) for argument in arguments] + list(seat))
        return Ran(code, *capfd.readouterr())

    return runs


@pytest.fixture
def seat() -> tuple[str, ...]:
    """Return the options that seat the officer who searched the small case."""
    return SEAT
