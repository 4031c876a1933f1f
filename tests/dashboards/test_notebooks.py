"""The notebooks are thin, stored without outputs, and run."""

from __future__ import annotations

import ast
import csv
import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
SHOWN = {
    "accuracy": ("Error rates of the search", "<code>stillgraph calibrate</code> learns one.", "Your trials"),
    "array": ("Photo array", "you need not choose anybody"),
    "enhance": ("<figcaption>original</figcaption>", "<figcaption>enhanced: nothing yet</figcaption>", "Add step"),
    "intake": ("Waiting to be taken in", "No delivery waits.", "Choose files"),
    "network": ("160 persons, 265 offences, 350 of 350 links", "Find the way", "Who is chosen"),
    "persons": ("sg-chooser", "These are one person", "Link anew"),
    "prolific": ("15 of 69 persons", "corroborated links only", "account for 50 % of the harm", "Nobody is chosen."),
    "queries": ("No query is saved yet", "19 rows", "Southwark"),
    "retention": ("Overdue", "Legal holds", "Applications to decide"),
    "retailer": ("choose a retailer", "names nobody"),
    "drift": ("Settled lists that are corroborated", "insufficient", "no error rate"),
    "transparency": ("What the searches gave", "What is not known", "withheld"),
    "review": ("0 lists wait for you", "Nothing waits for you now"),
    "search": ("Pick a still of the case", "Every still has been searched.", "Search them all"),
    "start": ("What is in the case", "Candidate lists to judge", "Since I last looked"),
}
"""What a notebook shows to who made all the searches; those not named show a case at a glance."""
FORBIDDEN = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try, ast.With,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def test_the_notebooks_are_those():
    assert [str(path.relative_to(ROOT / "notebooks")) for path in NOTEBOOKS] == [
        "accuracy.ipynb",
        "array.ipynb",
        "dashboards/drift.ipynb",
        "dashboards/overview.ipynb",
        "dashboards/prolific.ipynb",
        "dashboards/retailer.ipynb",
        "dashboards/retention.ipynb",
        "dashboards/review.ipynb",
        "dashboards/transparency.ipynb",
        "enhance.ipynb",
        "intake.ipynb",
        "network.ipynb",
        "persons.ipynb",
        "prolific.ipynb",
        "queries.ipynb",
        "review.ipynb",
        "search.ipynb",
        "start.ipynb",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_thin(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 8, cell.source
            if cell.source.startswith("%%case"):
                continue  # SQL, which loops over nothing
            tree = ast.parse(cell.source)
            assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)], cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_imports_casework_and_dashboards_only(path):
    for cell in read(path).cells:
        if cell.cell_type != "code" or cell.source.startswith("%%case"):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                assert (node.module, {a.name for a in node.names}) in [
                    ("stillgraph", {"dashboards"}), ("stillgraph.casework", {"take_seat"}),
                ]  # fmt: skip
            assert not isinstance(node, ast.Import)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_holds_no_output(path):
    notebook = read(path)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_no_name(path, demo_seat, tmp_path):
    notebook = read(path)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert {output.output_type for output in outputs} == {"execute_result"}
    state = json.dumps(notebook.metadata["widgets"]) + json.dumps(outputs)
    assert "sg-alert" not in state.replace(".sg-alert", "")
    for shown in SHOWN.get(path.stem, ("Stills received", "simulated review")):
        assert shown in state
    for name in names():
        assert name not in state


def names() -> list[str]:
    """Return the names in the demonstration's custody records."""
    with (ROOT / "data" / "demo" / "custody" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        found = sorted({row["name"] for row in csv.DictReader(stream)})
    assert len(found) > 100
    return found


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.parent.name == "dashboards"], ids=lambda p: p.stem)
def test_a_page_is_made_ready_before_it_is_read_and_says_what_it_does(path):
    notebook = read(path)
    ready, page = (cell for cell in notebook.cells if cell.cell_type == "code")
    assert ready.source == "from stillgraph import dashboards\n\ndashboards.prepare()"
    assert page.source == f"dashboards.{path.stem}()"
    assert all(cell.metadata.doing for cell in (ready, page))
    assert notebook.metadata.stillgraph.place < 99


def test_only_the_reader_takes_a_seat_for_a_page():
    home = ROOT / "lib" / "stillgraph" / "dashboards"
    assert [path.stem for path in sorted(home.glob("*.py")) if "take_seat(" in path.read_text(encoding="utf-8")] == [
        "reader"
    ]
