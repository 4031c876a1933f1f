"""A server that a command started ends with it, is announced once it answers, and shows its token to nobody else."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from stillgraph.cli import serving
from stillgraph.errors import StillgraphError, WrongUse

SEAT = ("--officer", "desk", "--operation", "OP-TEST", "--reason", "test the servers")


@contextmanager
def started(*words: object) -> Iterator[subprocess.Popen[str]]:
    """Start a command on a case as a shell does, and leave nothing behind."""
    command = [sys.executable, "-c", "from stillgraph.cli import main; main()", *map(str, words), *SEAT]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        for orphan in seated_at(words[1]):
            orphan.kill()
        process.communicate()


def seated_at(case: object) -> list[psutil.Process]:
    """Return the processes that a command has seated at a case: its server and the server's kernels."""
    found = psutil.process_iter(["environ"])
    return [one for one in found if (one.info["environ"] or {}).get("STILLGRAPH_CASE") == str(case)]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_and_its_server(small_case, which):
    with started("dashboards", small_case.directory) as command:
        url = command.stdout.readline()
        (port, token) = re.fullmatch(r"Dashboards: http://127\.0\.0\.1:(\d+)/\S+\?token=(\S+)\n", url).groups()
        assert answers(int(port)), "the URL is printed once the port is open"
        family = [psutil.Process(command.pid), *seated_at(small_case.directory)]
        lines = [" ".join(member.cmdline()) for member in family]
        assert any("stillgraph.dashboards.serve pages" in line for line in lines)
        assert not any(token in line for line in lines)
        command.send_signal(which)
        command.wait(timeout=30)
        assert command.returncode == 0
        assert not answers(int(port))
        # Kernels that were just being started see their server gone, and go.
        until = time.monotonic() + 15
        while seated_at(small_case.directory) and time.monotonic() < until:
            time.sleep(0.2)
        assert seated_at(small_case.directory) == []
        assert "Traceback" not in command.stderr.read()


def test_a_port_that_is_taken_is_said_in_one_sentence(small_case):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with started("dashboards", small_case.directory, "--port", port) as command:
            out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (2, "")
    assert err == f"Port {port} is taken; give another with --port, or none for a free one.\n"


def test_a_port_that_is_not_for_this_account_is_said_so(monkeypatch):
    def forbid(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", forbid, raising=False)
    with pytest.raises(WrongUse, match=r"^Port 80 cannot be opened by this account; give another with --port"):
        serving._open_port(80)


def test_a_proxy_is_not_trusted_without_a_secret(monkeypatch):
    with pytest.raises(
        WrongUse, match=r"^--proxy-header needs STILLGRAPH_PROXY_SECRET, of at least 32 characters, which"
    ):
        serving._how(False, "X-Remote-User")
    monkeypatch.setenv("STILLGRAPH_PROXY_SECRET", "s" * 32)
    assert serving._how(False, "X-Remote-User")["STILLGRAPH_SIGN_IN"] == "proxy"
    with pytest.raises(WrongUse, match=r"^Officers sign in with tokens or by way of a proxy: give --sign-in or"):
        serving._how(True, "X-Remote-User")
    # The pages act as their readers: a token of whoever starts them reaches no kernel.
    assert serving._how(True, None) == {
        "STILLGRAPH_SIGN_IN": "token",
        "STILLGRAPH_TOKEN": "",
        "STILLGRAPH_TOKEN_FILE": "",
    }
    assert serving._how(False, None) == {}


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_server_that_ends_before_it_answers_is_an_error(capfd):
    port = serving._open_port(None)
    with pytest.raises(StillgraphError, match=r"^The server ended before it answered; what it printed above may say"):
        serving._serve(python("raise SystemExit(3)"), {}, port, "ready")
    assert capfd.readouterr().out == ""


LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep({seconds})"


def test_a_server_that_ends_by_itself_later_is_an_error_too(capfd):
    port = serving._open_port(None)
    with pytest.raises(StillgraphError, match=r"^The server has ended by itself; what it printed above may say why"):
        serving._serve(python(LISTEN.format(port=port, seconds=1.5)), {}, port, "ready")
    assert capfd.readouterr().out == "ready\n"


def test_a_server_that_never_answers_is_ended(monkeypatch, capfd):
    monkeypatch.setattr(serving, "START_S", 0.5)
    before = set(psutil.Process().children())
    with pytest.raises(StillgraphError, match=r"^The server did not answer within 0 seconds; start it again\.$"):
        serving._serve(python("import time; time.sleep(60)"), {}, serving._open_port(None), "ready")
    assert capfd.readouterr().out == ""
    assert set(psutil.Process().children()) <= before


def test_a_server_that_does_not_listen_to_reason_is_killed(monkeypatch):
    monkeypatch.setattr(serving, "END_S", 0.5)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(python(deaf), stdout=subprocess.PIPE) as server:
        assert server.stdout.readline() == b"deaf\n"
        serving._end(server)
        assert server.returncode == -signal.SIGKILL


def test_the_signals_are_as_before_once_the_server_has_ended():
    before = [signal.getsignal(which) for which in serving.ENDING]
    with serving._asked_to_end() as asked:
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked == [signal.SIGTERM]
    assert [signal.getsignal(which) for which in serving.ENDING] == before
