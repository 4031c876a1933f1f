"""The JSON that commands print has the keys docs/interface.md gives, no more and no fewer."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from stillgraph.cli.app import run
from stillgraph.governance.permits import Action
from stillgraph.records import Verdict

FACE, SETTLED = "R08/R08_0002.jpg#1", "R08/R08_0088.jpg#1"
SEAT = ["--operation", "OP-TEST", "--reason", "test"]
COMPARED = ["--still-assessment", "in focus", "--custody-assessment", "frontal"]
BY_DESK, BY_FIRST = ["--officer", "desk", *SEAT], ["--officer", "first", *SEAT]
ATTRIBUTES = {"sex", "attribute", "label", "F", "M", "not recorded", "file", "sha256", "yunet.onnx", "sface.onnx",
              "A", "B", "C", "D"}  # fmt: skip


def _documented(root: Path, command: str) -> set[str]:
    """Return the keys in the JSON section's entry of a command."""
    section = (root / "docs" / "interface.md").read_text(encoding="utf-8").split("## JSON")[1].split("\n## ")[0]
    entries = re.split(r"^    (?=[a-z])", section, flags=re.MULTILINE)[1:]
    (said,) = [e for e in entries if command in [name.strip() for name in re.split(r"[{\[]", e)[0].split(" / ")]]
    keys = said[said.index("{") :].split("\n\n")[0]
    return set(re.findall(r"[a-z_][a-z0-9_]*|\d+(?:\.\d+)?", keys)) - ATTRIBUTES


def _keys(document: object) -> set[str]:
    if isinstance(document, dict):
        return set(document).union(*map(_keys, document.values()))
    return set().union(*map(_keys, document)) if isinstance(document, list) else set()


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> set[str]:
    capsys.readouterr()
    assert run([*map(str, arguments), "--json"]) == 0
    keys = _keys(json.loads(capsys.readouterr().out)) - ATTRIBUTES
    return {key for key in keys if not key.endswith(".onnx")}


@pytest.fixture
def pack_toml(root: Path, tmp_path: Path) -> Path:
    """Return the TOML of a pack that can be added: the shipped recogniser under another name."""
    shipped = root / "lib" / "stillgraph" / "faces" / "models" / "sface.onnx"
    path = tmp_path / "again.toml"
    path.write_text(
        f'kind = "onnx"\nfile = "{shipped}"\ncolour = "rgb"\nmean = 0\nstd = 1\ndimension = 128\nlicence = "Apache-2.0"'
    )
    return path


@pytest.fixture
def film(make_film, small_inputs: Path, tmp_path: Path) -> Path:
    """Return a film in which somebody is seen."""
    face = Image.open(next(iter(sorted((small_inputs / "custody" / "images").iterdir())))).convert("RGB")
    return make_film(tmp_path / "film.mp4", [face.resize((160, 160))] * 5)


def test_the_keys_of_every_command_on_a_case_are_documented(
    root, small_case, small_inputs, capsys, tmp_path, pack_toml, film
):
    case = small_case.directory
    for officer in ("first", "second"):
        small_case.judge(officer, SETTLED, Verdict.NO_CANDIDATE)
    with small_case.seat().found(Action.UPGRADE_CASE) as deed:
        # So that there are enough people for a photo array.
        deed.session.execute("UPDATE held.nominals SET sex = 'F', ethnicity = 'White', date_of_birth = '1990-05-01'")
        deed.session.execute("UPDATE held.custody_images SET captured_on = '2024-03-02'")
    printed = {
        "search": ("search", case, "--still", "R08/R08_0002.jpg", *BY_DESK),
        "search --open-stills": ("search", case, "--open-stills", *BY_DESK),
        "alike": ("alike", case, "--still", "R08/R08_0002.jpg", *BY_DESK),
        "gallery status": ("gallery", "status", case, *BY_DESK),
        "gallery engine": ("gallery", "engine", case, "--set", "auto", *BY_DESK),
        "quality": ("quality", case, "--still", "R08/R08_0002.jpg", *BY_DESK),
        "enhance": ("enhance", case, "--still", "R08/R08_0002.jpg", "--step", "gamma 1.6", *BY_DESK),
        "enhance --preview": (
            "enhance", case, "--still", "R08/R08_0002.jpg", "--step", "gamma 1.6", "--preview", "--out",
            tmp_path / "two.png", *BY_DESK,
        ),
        "enhance --list": ("enhance", case, "--still", "R08/R08_0002.jpg", "--list", *BY_DESK),
        "enhance --reproduce": ("enhance", case, "--reproduce", "R08/R08_0002.jpg~1", *BY_DESK),
        "review queue": ("review", "queue", case, *BY_FIRST),
        "review deal": ("review", "deal", case, *BY_FIRST),
        "review accuracy": ("review", "accuracy", case, *BY_FIRST),
        "review array": ("review", "array", case, "--nominal", "N314959", "--size", "6", *BY_DESK),
        "review answer": ("review", "answer", case, "--array", "1", "--none", "--words", "none of them", *BY_DESK),
        "review policy": ("review", "policy", case, "--trial-share", "0.1", *BY_DESK),
        "review judge": ("review", "judge", case, "--face", FACE, "--none", *COMPARED, *BY_FIRST),
        "persons rule": ("persons", "rule", case, "--face", FACE, "--face", "R08/R08_0033.jpg#1", "--same", *BY_DESK),
        "review statement": ("review", "statement", case, "--face", SETTLED, "--out", tmp_path / "s.html", *BY_DESK),
        "link": ("link", case, *BY_DESK),
        "persons rulings": ("persons", "rulings", case, *BY_DESK),
        "persons groups": ("persons", "groups", case, *BY_DESK),
        "persons undo": ("persons", "undo", case, "--ruling", "1", *BY_DESK),
        "rank": ("rank", case, "--with-proposals", *BY_DESK),
        "quiet": ("quiet", case, "--with-proposals", *BY_DESK),
        "concentration": ("concentration", case, "--of", "stores", *BY_DESK),
        "network": ("network", case, "--with-proposals", *BY_DESK),
        "why": ("why", case, "unknown 1", "--with-proposals", *BY_DESK),
        "report case": ("report", "case", case, "--out", tmp_path / "pack.json", *BY_DESK),
        "report transparency": ("report", "transparency", case, "--out", tmp_path / "transparency.json", *BY_DESK),
        "evaluate identification": (
            "evaluate", "identification", case, "--truth", small_inputs / "truth.csv", "--by", "sex", *BY_DESK,
        ),
        "calibrate": ("calibrate", case, "--truth", small_inputs / "truth.csv", "--retailer", "R08", *BY_DESK),
        "series": ("series", case, *BY_DESK),
        "threshold": (
            "threshold", case, "--truth", small_inputs / "truth.csv", "--retailer", "R08", "--fpir", "0.5", *BY_DESK,
        ),
        "evaluate linking": ("evaluate", "linking", case, "--truth", small_inputs / "truth.csv", *BY_DESK),
        "queries save": ("queries", "save", case, "one", "SELECT 1", *BY_DESK),
        "queries list": ("queries", "list", case, *BY_DESK),
        "queries delete": ("queries", "delete", case, "one", *BY_DESK),
        "audit verify": ("audit", "verify", case),
        "audit phrase": ("audit", "phrase", case),
        "audit search": ("audit", "search", case, "--by-officer", "nobody", *BY_DESK),
        "audit export": ("audit", "export", case, "--out", tmp_path / "audit.csv", *BY_DESK),
        "stills extract": ("stills", "extract", film, "--out", tmp_path / "extracted"),
        "models list": ("models", "list"),
        "models check": ("models", "check", "yunet-sface"),
        "models add": ("models", "add", pack_toml),
        "case create": ("case", "create", tmp_path / "new"),
        "case key list": ("case", "key", "list", case, *BY_DESK),
        "case key add": ("case", "key", "add", case, "--key-file", tmp_path / "new.key", *BY_DESK),
        "case key remove": ("case", "key", "remove", case, "key-file", *BY_DESK),
        "case encrypt": ("case", "encrypt", case, *BY_DESK),
        "case key rotate": ("case", "key", "rotate", case, *BY_DESK),
        "case harm": ("case", "harm", case, *BY_DESK),
        "retention rules": ("retention", "rules", case, *BY_DESK),
        "case officer add": ("case", "officer", "add", case, "new", *BY_DESK),
        "case officer token": ("case", "officer", "token", case, "first", *BY_DESK),
        "case officer token --revoke": ("case", "officer", "token", case, "first", "--revoke", *BY_DESK),
        "case operation open": ("case", "operation", "open", case, "OP-NEW", "--purpose", "more", *BY_DESK),
        "stills receive": (
            "stills", "receive", case, small_inputs / "deliveries" / "R08" / "manifest.csv", "--retailer", "R08",
            *BY_DESK,
        ),
        # Last, since it leaves nothing.
        "retention due": ("retention", case, "--on", "2100-01-01", "--apply", *BY_DESK),
    }  # fmt: skip
    check = {"check_id", "checked_at", "model", "gallery", "limit", "seed", "probes", "lost", "differing", "upper_bound",
             "bound"}  # fmt: skip
    maybe_empty = {
        "retention due": {"place", "what", "erasure_id", "files_removed", "found", "outside"},
        "search --open-stills": {"face_id", "still", "rank", "nominal_id", "custody_image", "score", "judged_before"},
        "quiet": {"offence_id", "occurred_on", "custody_from", "released_on"},
        "why": {
            "kind",
            "other",
            "sentence",
            "first_together",
            "last_together",
            "arrested_on",
            "disposal",
            "disposed_on",
            "custody_from",
            "released_on",
            "between",
            "occurred_on",
            "verdict",
            "strength",
            "agrees",
            "officer",
            "reason",
        },
        "network": {"person_id", "nominal_id", "status", "co_offenders", "betweenness", "harm_days", "value_pence"},
        "link": {"likelihood_ratio", "score", "reason", "rulings"},
        "persons groups": {"likelihood_ratio", "score", "reason", "persons"},
        "search": {"image", "reason", "policy_id", "low", "high", "searches"} | check,
        "gallery status": check,
        "gallery engine": check,
        "review accuracy": {"a", "is", "rate"},
        "series": {
            "features",
            "weights",
            "intercept",
            "groups",
            "auc",
            "auc_low",
            "auc_high",
            "cllr",
            "cllr_min",
            "reached",
            "ratio",
            "offences",
            "likelihood_ratio",
            "behaviour_ratio",
            "face_ratio",
            "score",
            "known",
            "reason",
            "both",
        },
        "calibrate": {"cllr", "cllr_low", "cllr_high", "cllr_min", "devpav", "support"},
        "audit verify": {"entry", "says"},
        # The keys of an entry's details are those of its action.
        "audit search": {
            "sequence",
            "recorded_at",
            "officer",
            "operation",
            "reason",
            "action",
            "result",
            "details",
            "carried",
        },
        "evaluate identification": {
            "mated",
            "nonmated",
            "by",
            "is",
            "meaning",
            "name",
            "rank",
            "reviewed",
            "a",
            "higher",
            "lower",
            "ratio",
        },
    }
    wrong = {}
    for command, arguments in printed.items():
        keys, documented = _printed(capsys, *arguments), _documented(root, command)
        missing = documented - keys - maybe_empty.get(command, set())
        if keys - documented or missing:
            wrong[command] = {"undocumented": keys - documented, "not printed": missing}
    assert wrong == {}


def test_the_keys_of_a_back_test_are_documented(root, demo_case, capsys):
    by = ("--officer", "analyst-1", "--operation", "OP-DEMO", "--reason", "test")
    assert _printed(capsys, "backtest", demo_case, *by) == _documented(root, "backtest")


def test_the_keys_of_a_calibration_that_has_enough_to_learn_from_are_documented(root, demo_case, capsys, tmp_path):
    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    learned = [word for n in range(1, 7) for word in ("--retailer", f"R{n:02}")]
    by = ("--officer", "analyst-1", "--operation", "OP-DEMO", "--reason", "test")
    truth = ("--truth", root / "data" / "demo" / "truth.csv")
    printed = _printed(capsys, "calibrate", case, *truth, *learned, "--measure-on", "R07", *by)
    assert printed == _documented(root, "calibrate")
    assert run([*map(str, ("threshold", case, *truth, "--fpir", "0.1", *by))]) == 0
    series = _printed(capsys, "series", case, *learned, *truth, "--measure-on", "R07", *by)
    assert series == _documented(root, "series")
    still = ("--still", "R08/R08_0002.jpg", "--past-review")
    assert _printed(capsys, "search", case, *still, "--fpir", "0.1", *by) >= {"policy_id", "searches", "low", "high"}


def test_the_keys_of_answers_of_the_network_are_documented(root, demo_case, capsys):
    by = ("--officer", "analyst-1", "--operation", "OP-DEMO", "--reason", "test", "--with-proposals")
    asked = {
        "ask together": (),
        "ask central": (),
        "ask communities": (),
        "ask brokers": (),
        "ask recruiters": (),
        "ask without": ("--first", "3", "--worlds", "20"),
        "ask path": ("--from", "N204093", "--to", "N354554"),
        "ask connect": ("--of", "N314959", "--of", "N116984", "--of", "N409987"),
        "ask around": ("--of", "N314959"),
        "ask timeline": ("--of", "N314959"),
        "ask travel": (),
    }
    # The demonstration's groups are apart from each other, so that nobody is between them.
    between_groups = {"person_id", "nominal_id", "group", "groups_reached", "co_offenders", "participation",
                      "constraint", "betweenness", "betweenness_low", "betweenness_high"}  # fmt: skip
    for question, options in asked.items():
        empty = between_groups if question == "ask brokers" else set()
        printed = _printed(capsys, *question.split(), demo_case, *options, *by)
        assert printed == _documented(root, question) - empty, question


def test_the_keys_of_what_the_network_finds_again_are_documented(root, demo_case, capsys):
    by = ("--officer", "analyst-1", "--operation", "OP-DEMO", "--reason", "test")
    truth = [root / "data" / "demo" / name for name in ("truth.csv", "truth_circles.csv")]
    printed = _printed(capsys, "evaluate", "network", demo_case, "--truth", truth[0], "--circles", truth[1], *by)
    assert printed == _documented(root, "evaluate network")
