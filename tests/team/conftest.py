"""A case that a real server keeps, in a process of its own, and officers with tokens of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stillgraph.casework import Desk, governing, signing_in, take_seat
from stillgraph.records import Role

OPERATION, REASON = "OP-TEST", "test the workbench"
MAIN = "from stillgraph.cli import main; main()"
ROLES = {"ann": Role.ANALYST, "rev": Role.REVIEWER, "lee": None, **{role.value: role for role in Role}}


@dataclass
class Served:
    """A running server, and the token of each officer."""

    process: subprocess.Popen[str]
    url: str
    directory: Path
    tokens: dict[str, str] = field(repr=False)

    def seat(self, officer: str, *, named: str | None = None, operation: str = OPERATION, reason: str = REASON) -> Desk:
        """Return the desk of an officer at this server; ``named`` is whom they say they are."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STILLGRAPH_TOKEN", self.tokens[officer])
            return take_seat(self.url, officer=named, operation=operation, reason=reason)

    def environment(self, officer: str) -> dict[str, str]:
        """Return the environment of an officer's process: no case, no key, nobody else's state."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STILLGRAPH_")}
        return {
            **kept, "STILLGRAPH_TOKEN": self.tokens[officer], "STILLGRAPH_OPERATION": OPERATION,
            "STILLGRAPH_REASON": REASON, "STILLGRAPH_STATE": str(self.directory.parent / f"state-{officer}"),
        }  # fmt: skip

    def run(self, officer: str, *arguments: str, case: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command as an officer; ``CASE`` among its arguments is the server's address, unless given."""
        named = [(case or self.url) if argument == "CASE" else argument for argument in arguments]
        return subprocess.run(
            [sys.executable, "-c", MAIN, *named], env=self.environment(officer), capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    def end(self) -> int:
        """End the server as a service manager does; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def start(directory: Path, tokens: dict[str, str], *options: str, **environment: str) -> Served:
    """Start a server and wait until it says where it is."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", str(directory), "--json", *options],
        env={**os.environ, "STILLGRAPH_LOG": str(directory.parent / "server.log"), **environment},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        pytest.fail(f"the server ended before it listened: exit code {process.wait(10)}")
    return Served(process, json.loads(line)["url"], directory, tokens)


def with_tokens(directory: Path) -> dict[str, str]:
    """Add officers of several roles and issue each a token."""
    tokens, admin = {}, take_seat(directory, officer="desk", operation=OPERATION, reason=REASON)
    for officer, role in {"desk": None, **ROLES}.items():
        if officer != "desk":
            governing.add_officer(admin, officer, role=role)
        tokens[officer] = signing_in.issue_token(admin, officer).token
    return tokens


@pytest.fixture(scope="module")
def served(_small_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server that a module's tests share."""
    directory = tmp_path_factory.mktemp("served") / "case"
    shutil.copytree(_small_case, directory)
    running = start(directory, with_tokens(directory))
    yield running
    assert running.end() == 0


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Return a function that starts a server of a case; all of them end with the test."""
    running: list[Served] = []

    def begin(directory: Path, *options: str, **environment: str) -> Served:
        running.append(start(directory, with_tokens(directory), *options, **environment))
        return running[-1]

    yield begin
    for one in running:
        one.end()


@pytest.fixture(scope="session")
def prepare() -> Callable[[Path], dict[str, str]]:
    """Return a function that adds officers of several roles to a case and issues each a token."""
    return with_tokens


@pytest.fixture(scope="module")
def serve_module() -> Iterator[Callable[..., Served]]:
    """Return a function that starts a server of a case for the tests of a module."""
    running: list[Served] = []

    def begin(directory: Path, *options: str, tokens: dict[str, str], **environment: str) -> Served:
        running.append(start(directory, tokens, *options, **environment))
        return running[-1]

    yield begin
    for one in running:
        one.end()
