"""What no module of the package does: run text as code, read pickles, start a shell, listen beyond this machine."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from stillgraph.store import CaseFile

LIB = Path(__file__).resolve().parents[2] / "lib" / "stillgraph"
FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load",
    "marshal.loads", "marshal.load", "pickle.loads", "pickle.load", "shelve.open", "tempfile.mktemp",
    "pandas.read_pickle", "pd.read_pickle", "joblib.load", "torch.load", "dill.loads", "jsonpickle.decode",
    "builtins.eval", "builtins.exec", "ssl._create_unverified_context",
}  # fmt: skip
FORBIDDEN_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "jsonpickle",
    "telnetlib",
    "ftplib",
}
PROCESSES = {
    "cli/serving.py": "the servers of pages and lab: our own command line, as a list",
    "store/snapshot.py": "a copy of the case file, checked in a process of its own: our own code, as a list",
}
"""Modules that may start a process by a command line, and why."""


def modules() -> list[Path]:
    return sorted(LIB.rglob("*.py"))


def name_of(node: ast.expr) -> str:
    """Return a dotted name as written, ``""`` of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = name_of(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def faults(source: str, place: str) -> list[str]:
    """Return what a module's source does that none may."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += _imported(node, place)
        elif isinstance(node, ast.Call):
            found += [wrong for given in node.keywords for wrong in _given(given)] + _called(node)
    return found


def _imported(node: ast.Import | ast.ImportFrom, place: str) -> list[str]:
    named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
    roots = {name.partition(".")[0] for name in named}
    starts = ["starts processes"] if "subprocess" in roots and place not in PROCESSES else []
    return [f"imports {root}" for root in sorted(roots & FORBIDDEN_MODULES)] + starts


def _given(given: ast.keyword) -> list[str]:
    value = given.value.value if isinstance(given.value, ast.Constant) else None
    only_false = {"shell": "uses a shell", "allow_pickle": "reads pickles", "trust_remote_code": "runs code of others"}
    if given.arg in only_false and value is not False:
        return [only_false[given.arg]]
    if given.arg == "verify" and value is False:
        return ["trusts any certificate"]
    return ["listens everywhere"] if given.arg in {"host", "ip"} and value in {"0.0.0.0", "::", ""} else []


def _called(node: ast.Call) -> list[str]:
    called = name_of(node.func)
    found = [f"calls {called}"] if called in FORBIDDEN_CALLS else []
    if called.endswith(("np.load", "numpy.load")) and not any(one.arg == "allow_pickle" for one in node.keywords):
        found.append("reads arrays without refusing pickles")
    if called.endswith("onnx.load"):
        found.append("reads a model's other files")
    if called.endswith(".bind") and "0.0.0.0" in ast.unparse(node):
        found.append("listens everywhere")
    return found


def test_no_module_does_what_none_may():
    assert len(modules()) > 300
    found = {
        place: wrong
        for path in modules()
        if (wrong := faults(path.read_text(encoding="utf-8"), place := path.relative_to(LIB).as_posix()))
    }
    assert found == {}


@pytest.mark.parametrize("source", [
    "eval('1')", "exec(text)", "import pickle", "from pickle import loads", "os.system('ls')", "import subprocess",
    "subprocess.run('ls', shell=True)", "np.load(path)", "np.load(path, allow_pickle=True)", "yaml.load(text)",
    "uvicorn.run(app, host='0.0.0.0')", "probe.bind(('0.0.0.0', 1))", "httpx.get(url, verify=False)",
])  # fmt: skip
def test_the_test_sees_it(source):
    assert faults(source, "somewhere.py")


def test_modules_that_start_processes_are_there_and_do():
    for place in PROCESSES:
        assert "import subprocess" in (LIB / place).read_text(encoding="utf-8"), place


def test_no_source_names_another_host():
    named = re.compile(
        r"""["'](?:https?|wss?|ftp)://(?!127\.0\.0\.1|localhost)([a-z0-9.-]+\.[a-z]{2,})""", re.IGNORECASE
    )
    known = {"www.w3.org", "www.gexf.net", "gexf.net", "graphml.graphdrawing.org", "schemas.openxmlformats.org"}
    found = {
        f"{path.relative_to(LIB)}: {host}"
        for path in modules()
        for host in named.findall(path.read_text(encoding="utf-8"))
        if host.lower() not in known
    }
    assert found == set()


def test_nothing_of_a_case_is_spilled_to_the_disk(tmp_path):
    """What does not fit memory fails, and is not written to the working directory in plain."""
    case = CaseFile.create(tmp_path / "case", {"model": "none@0"})
    with case.session(writing=True) as session:
        assert session.one("SELECT current_setting('temp_directory')") == ("",)
