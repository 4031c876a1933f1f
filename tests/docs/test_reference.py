"""Commands, environment variables, views and refusal reasons are documented, and nothing is that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer.main

from stillgraph.cli.app import app
from stillgraph.decoding.apart import DAMAGED
from stillgraph.records import OfficerId
from stillgraph.store import CaseFile

PLANNED = re.compile(r"\*\*Planned and not there yet:\*\*.*?(?=\n\n)", re.DOTALL)
OPTION = re.compile(r"--[a-z-]+")
OF_FILMS = ("apart", "film", "pages")
"""Modules of decoding that read no delivery: their reasons have a table of their own."""

UNIVERSAL = {"--help", "--json", "--officer", "--operation", "--reason"}


def _commands(group, name: str) -> Iterator[tuple[str, click.Command]]:
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


COMMANDS = dict(_commands(typer.main.get_command(app), "stillgraph"))


def _rows(root: Path) -> dict[str, str]:
    """Return the usage that docs/interface.md gives of each command, by command."""
    text = (root / "docs" / "interface.md").read_text(encoding="utf-8")
    usages = re.findall(r"^\| `(stillgraph [^`]*)` \|", text, re.MULTILINE)
    rows = {}
    for usage in usages:
        words = usage.split()
        beginnings = [" ".join(words[:count]) for count in (4, 3, 2)]
        rows[next((name for name in beginnings if name in COMMANDS), usage)] = usage
    return rows


def test_every_command_is_documented_and_every_documented_command_is_there(root):
    assert set(_rows(root)) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_documented_and_every_documented_option_is_there(root, name):
    there = {option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("--")}
    opposites = {option for parameter in COMMANDS[name].params for option in parameter.secondary_opts}
    assert set(OPTION.findall(_rows(root)[name])) - UNIVERSAL - opposites == there - UNIVERSAL


def test_no_planned_command_is_there_already(root):
    text = (root / "docs" / "interface.md").read_text(encoding="utf-8")
    planned = " ".join(PLANNED.findall(text))
    named = {f"stillgraph {usage.split('|')[0]}" for usage in re.findall(r"`([^`]+)`", planned) if "--" not in usage}
    assert not named & set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_an_example_that_is_that_command(name):
    assert (COMMANDS[name].epilog or "").startswith(f"Example: {name} ")


def test_every_environment_variable_is_documented(root, tracked):
    used = {
        name
        for path in tracked
        if path.suffix in {".py", ".ipynb"} and path.relative_to(root).parts[0] in {"lib", "notebooks", "tests"}
        for name in re.findall(r"\bSTILLGRAPH_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    documented = set(
        re.findall(r"`(STILLGRAPH_[A-Z_]+)`", (root / "docs" / "interface.md").read_text(encoding="utf-8"))
    )
    assert {"STILLGRAPH_OFFICER", "STILLGRAPH_CASE"} <= used
    assert documented == used


def _documented_views(root: Path) -> dict[str, list[str]]:
    text = (root / "docs" / "views.md").read_text(encoding="utf-8")
    sections = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    return {
        section.split("`")[1]: re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", section, re.MULTILINE) for section in sections
    }


def test_every_view_and_column_is_documented_in_order_and_nothing_else(root, tmp_path):
    case = CaseFile.create(tmp_path / "case", {"model": "none", "pack": "none"})
    with case.session(writing=False) as session:
        rows = session.rows(
            "SELECT c.table_name, c.column_name FROM duckdb_columns() AS c "
            "JOIN duckdb_views() AS v ON v.view_name = c.table_name AND v.schema_name = c.schema_name "
            "AND v.database_name = c.database_name "
            "WHERE c.database_name = current_database() AND c.schema_name = 'main' AND NOT v.internal "
            "ORDER BY c.table_name, c.column_index"
        )
    held: dict[str, list[str]] = {}
    for view, column in rows:
        held.setdefault(view, []).append(column)
    assert len(held) > 15
    assert _documented_views(root) == held


def _said_by_intake(root: Path) -> set[str]:
    """Return how every reason begins that intake can give for refusing a row, read off its source."""
    texts: list[str] = []
    package = root / "lib" / "stillgraph"
    single = [path for path in package.glob("decoding/[!_]*.py") if path.stem not in OF_FILMS]
    for path in sorted([*package.glob("intake/[!_]*.py"), *single]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            texts += _reasons(node)
    return {_stem(text) for text in texts}


def _reasons(node: ast.AST) -> list[str]:
    """Return the texts a node gives as reasons: problem(...), ImageProblem(...), and lists of what is wrong."""
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in {"problem", "ImageProblem", "append"}:
            return [text for given in node.args if (text := _text(given))]
    if isinstance(node, ast.List) and isinstance(node.ctx, ast.Load):
        return [text for given in node.elts if (text := _text(given))]
    return []


def _text(node: ast.AST) -> str | None:
    """Return a literal text; of an f-string, what stands before its first value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr) and isinstance(first := node.values[0], ast.Constant):
        return str(first.value)
    return None


def _stem(text: str) -> str:
    return re.split(r"[:(]", text)[0].strip()


def test_every_reason_for_a_refusal_is_documented(root):
    text = (root / "docs" / "data.md").read_text(encoding="utf-8")
    table = text.split("## Why a row is refused")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    said = _said_by_intake(root)
    assert {"missing file", "negative value", "unknown store", "duplicate"} <= said
    undocumented = [stem for stem in said if not any(stem.startswith(begin) for begin in documented)]
    invented = [begin for begin in documented if not any(stem.startswith(begin) for stem in said)]
    assert (undocumented, invented) == ([], [])


def test_every_seeded_refusal_of_the_demonstration_is_documented(root, demo_case):
    from stillgraph import demo
    from stillgraph.casework import analysing

    desk = demo.seat(demo_case, OfficerId(demo.ANALYST))
    reasons = analysing.query(desk, "SELECT reason FROM refusals").reason
    text = (root / "docs" / "data.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([^`]+)` \|", text.split("## Why a row is refused")[1], re.MULTILINE)
    assert len(reasons) == 7
    assert [r for r in reasons if not r.startswith(tuple(documented))] == []


def test_every_reason_a_film_is_refused_for_is_documented(root):
    package = root / "lib" / "stillgraph" / "decoding"
    texts = [
        text
        for name in OF_FILMS
        for node in ast.walk(ast.parse((package / f"{name}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "FilmProblem"
        for given in node.args
        if (text := _text(given))
    ]
    texts.append(DAMAGED)
    section = (
        (root / "docs" / "data.md").read_text(encoding="utf-8").split("## Stills out of films")[1].split("\n## ")[0]
    )
    documented = set(re.findall(r"^\| `([^`]+)` \|", section.split("| refused |")[1], re.MULTILINE))
    said = {_stem(text) for text in texts}
    assert len(said) > 10
    assert [stem for stem in said if not any(stem.startswith(begin) for begin in documented)] == []
    assert [begin for begin in documented if not any(stem.startswith(begin) for stem in said)] == []
