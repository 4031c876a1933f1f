"""The application: gathers the commands and turns errors into exit codes and plain sentences."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from stillgraph import __version__
from stillgraph.cli import (
    accuracy,
    alike,
    analyse,
    asking,
    asking_measures,
    auditing,
    bench,
    bench_network,
    cases,
    common,
    enhancing,
    explaining,
    extracting,
    gallery,
    hosting,
    keeping_safe,
    keying,
    looking,
    models,
    offices,
    persons,
    querying,
    ranking,
    reporting,
    retaining,
    reviewing,
    scores,
    series,
    serving,
    work,
    worth,
)
from stillgraph.errors import BackupDamaged, CaseExists, NotACase, OutdatedCase, Refused, StillgraphError, WrongUse

KEY_FILE = "STILLGRAPH_KEY_FILE"
TOKEN, TOKEN_FILE = "STILLGRAPH_TOKEN", "STILLGRAPH_TOKEN_FILE"
INTERRUPTED = 130
"""What Typer returns for a Ctrl-C."""

app = typer.Typer(
    name="stillgraph",
    help="Investigative analytics for retail crime: CCTV stills to reviewed leads, linked persons, prolific offenders.",
    epilog="Start with: stillgraph demo",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="FILE", help="A key file that opens the case (STILLGRAPH_KEY_FILE)."),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="With any command: the file your token stands in."),
    ] = None,
) -> None:
    if key_file is not None:
        # In the environment, so that what this command starts finds it too; it names the file and is no secret.
        context.with_resource(_named(KEY_FILE, str(key_file.absolute())))
    if token_file is not None:
        context.with_resource(_named(TOKEN, ""))
        context.with_resource(_named(TOKEN_FILE, str(token_file.absolute())))
    if version:
        print(f"stillgraph {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


@contextmanager
def _named(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


for module in (
    cases, auditing, offices, keying, keeping_safe, work, alike, reviewing, persons, looking, enhancing, extracting,
    gallery, ranking, analyse, querying, asking, asking_measures, explaining, scores, series, models, bench,
    bench_network, serving, worth, reporting, hosting, retaining, accuracy,
):  # fmt: skip
    module.register(app)


def main() -> None:
    """Run the command line; end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; return its exit code.

    A closed pipe (``| head``) ends quietly; an error raised on purpose prints its one sentence; any other prints what
    kind it was, and its traceback only where ``STILLGRAPH_DEBUG`` is set, since a traceback can carry data.
    """
    try:
        code = app(args=_with_token(arguments), prog_name="stillgraph", standalone_mode=False)
    except (Refused, WrongUse, CaseExists, NotACase, OutdatedCase, BackupDamaged) as error:
        return _say(str(error), 2)
    except StillgraphError as error:
        return _say(str(error), 1)
    except TyperException as error:
        return _say(f"{error.format_message().rstrip('.')}. See `stillgraph --help`.", 2)
    except Abort:
        code = INTERRUPTED
    except SystemExit:
        # So Typer ends where whoever read its output has gone.
        return 0
    except Exception as error:
        if os.environ.get("STILLGRAPH_DEBUG"):
            raise
        return _say(
            f"Something went wrong inside Stillgraph ({type(error).__name__}); STILLGRAPH_DEBUG=1 shows where.",
            1,
        )
    if code == INTERRUPTED:
        return _say("Interrupted; what was not finished has left nothing behind.", 1)
    return code if isinstance(code, int) else 0


def _with_token(arguments: list[str]) -> list[str]:
    """Return the arguments with ``--token-file FILE`` in front, since any command takes it, wherever it stands."""
    front: list[str] = []
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--token-file":
            file = next(rest, None)
            if file is None:
                return [argument]
            front += [argument, file]
        else:
            (front if argument.startswith("--token-file=") else kept).append(argument)
    return [*front, *kept]


def _say(sentence: str, code: int) -> int:
    # A file's name, or a word of a query, may hold what a terminal obeys.
    print(common.printable(" ".join(sentence.split())), file=sys.stderr)
    return code
