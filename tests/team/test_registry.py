"""What pages and commands do at a desk, a server does for its clients; what is left out is left out for a reason."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import stillgraph
from stillgraph.casework import registry
from stillgraph.casework.wire import SERVED

PACKAGE = Path(stillgraph.__file__).parent
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def sources() -> Iterator[tuple[str, ast.AST]]:
    for path in (*PACKAGE.glob("cli/*.py"), *PACKAGE.glob("dashboards/*.py")):
        yield path.name, ast.parse(path.read_text(encoding="utf-8"))
    for path in NOTEBOOKS.rglob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            code = "".join(cell["source"])
            if cell["cell_type"] == "code" and not code.startswith("%"):
                yield path.name, ast.parse(code)


def named(tree: ast.AST) -> set[tuple[str, str]]:
    """Return the functions of casework that a source names, by module."""
    modules, found = {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "stillgraph.casework":
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stillgraph.casework."):
            found |= {(node.module.removeprefix("stillgraph.casework."), alias.name) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add((modules[node.value.id], node.attr))
    return found


def takes_a_desk(module: str, name: str) -> bool:
    function = getattr(importlib.import_module(f"stillgraph.casework.{module}"), name, None)
    first = next(iter(inspect.signature(function).parameters.values()), None) if inspect.isfunction(function) else None
    return first is not None and str(first.annotation) == "Desk"


def own_name(module: str, name: str) -> str:
    """Return the name of a function where it is written, though it may be called as of another module too."""
    function = getattr(importlib.import_module(f"stillgraph.casework.{module}"), name)
    return f"{function.__module__.removeprefix('stillgraph.casework.')}.{function.__name__}"


def test_all_that_pages_commands_and_notebooks_do_at_a_desk_is_served():
    registry.load()
    used = {
        own_name(module, name) for _, tree in sources() for module, name in named(tree) if takes_a_desk(module, name)
    }
    assert len(used) > 100
    assert used - set(SERVED) == used & set(registry.LOCAL_ONLY), "mark it with @served, or say in LOCAL_ONLY why not"


def test_nothing_is_left_out_that_is_served_or_is_not_there():
    registry.load()
    assert not set(registry.LOCAL_ONLY) & set(SERVED)
    for name in registry.LOCAL_ONLY:
        module, _, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(f"stillgraph.casework.{module}"), function))


@pytest.mark.parametrize("name", sorted(registry.load()))
def test_what_names_files_says_what_becomes_of_them(name):
    one = SERVED[name]
    paths = {p.name for p in one.signature.parameters.values() if "Path" in str(p.annotation)} - {one.first}
    said = one.writes | one.keeps | one.manifests
    assert said <= paths
    # A server would write beside its own files what was meant to be written at the client.
    read = name.endswith(".replace")
    assert read or not (paths - said) & {"path", "export", "gephi", "out"}


def test_no_class_and_no_session_is_what_a_client_may_give():
    for one in registry.load().values():
        for parameter in list(one.signature.parameters.values())[1:]:
            assert not any(word in str(parameter.annotation) for word in ("Session", "Deed", "CaseFile", "Desk"))
