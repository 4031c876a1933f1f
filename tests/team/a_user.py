"""One user at work, in a process of their own: does so many actions at the case named, and prints how long each took.

Run by tests of many users: ``python a_user.py NAME ACTIONS HOW``, where HOW is ``calls``, ``commands`` or ``notebook``.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

MAIN = "from stillgraph.cli import main; main()"
IN_A_KERNEL = """
import importlib.util, json
spec = importlib.util.spec_from_file_location("a_user", {file!r})
user = importlib.util.module_from_spec(spec)
spec.loader.exec_module(user)
print(json.dumps(user.timed(user.calls({name!r}), {actions})))
"""


def calls(name: str) -> list[Callable[[int], object]]:
    """Return actions as a page or notebook does them."""
    from stillgraph.casework import analysing, picturing, receiving, saving, searching, take_seat

    desk = take_seat()
    stills = [one.still for one in picturing.stills(desk)]
    return [
        lambda _: analysing.query(desk, "SELECT still_id, faces FROM stills ORDER BY 1"),
        lambda at: receiving.still_image(desk, stills[at % len(stills)]),
        lambda at: saving.save_query(desk, f"{name} {at}", "SELECT 1"),
        lambda at: searching.search(desk, stills=[stills[at % len(stills)]], limit=5),
    ]


def commands(name: str) -> list[Callable[[int], object]]:
    """Return actions as an officer's commands do them, each a process."""
    case = os.environ["STILLGRAPH_CASE"]

    def command(*arguments: str) -> None:
        done = subprocess.run([sys.executable, "-c", MAIN, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)

    return [
        lambda _: command("query", case, "SELECT count(*) FROM stills", "--json"),
        lambda _: command("queries", "list", case, "--json"),
        lambda at: command("queries", "save", case, f"{name} {at}", "SELECT 1", "--json"),
        lambda _: command("query", case, "SELECT count(*) FROM faces", "--json"),
    ]


def timed(actions: list[Callable[[int], object]], number: int) -> list[float]:
    """Do actions in turn; return the seconds each took."""
    took = []
    for at in range(number):
        began = time.perf_counter()
        actions[at % len(actions)](at)
        took.append(time.perf_counter() - began)
    return took


def notebook(name: str, number: int) -> list[float]:
    """Do actions in the kernel of a notebook."""
    import nbformat
    from nbclient import NotebookClient

    source = IN_A_KERNEL.format(file=str(Path(__file__)), name=name, actions=number)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(book, timeout=3600).execute()
    return json.loads(book.cells[0].outputs[0]["text"])


if __name__ == "__main__":
    who, count, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with contextlib.redirect_stdout(io.StringIO()):
        if how == "notebook":
            seconds = notebook(who, count)
        else:
            seconds = timed(calls(who) if how == "calls" else commands(who), count)
    sys.stdout.write(json.dumps(seconds))
