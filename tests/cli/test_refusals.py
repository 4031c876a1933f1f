"""Wrong use and refusal: exit 2, one plain sentence on stderr, nothing on stdout, no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

ON_A_CASE = {
    "custody add": ["custody", "add", "CASE", "CUSTODY"],
    "stills receive": ["stills", "receive", "CASE", "STILLS", "--retailer", "R08"],
    "search": ["search", "CASE", "--unsearched"],
    "review queue": ["review", "queue", "CASE"],
    "review statement": ["review", "statement", "CASE", "--face", "R08/R08_0002.jpg#1", "--out", "s.pdf"],
    "review array": ["review", "array", "CASE", "--nominal", "N314959"],
    "review answer": ["review", "answer", "CASE", "--array", "1", "--none", "--words", "nobody"],
    "review accuracy": ["review", "accuracy", "CASE"],
    "review deal": ["review", "deal", "CASE"],
    "review policy": ["review", "policy", "CASE", "--shuffled"],
    "review judge": ["review", "judge", "CASE", "--face", "R08/R08_0002.jpg#1", "--none"],
    "link": ["link", "CASE"],
    "rank": ["rank", "CASE"],
    "quiet": ["quiet", "CASE"],
    "backtest": ["backtest", "CASE"],
    "concentration": ["concentration", "CASE"],
    "why": ["why", "CASE", "unknown 1"],
    "report case": ["report", "case", "CASE", "--out", "pack.pdf"],
    "network": ["network", "CASE"],
    "query": ["query", "CASE", "SELECT 1"],
    "evaluate identification": ["evaluate", "identification", "CASE", "--truth", "TRUTH"],
    "evaluate reviews": ["evaluate", "reviews", "CASE"],
    "evaluate process": ["evaluate", "process", "CASE"],
    "evaluate drift": ["evaluate", "drift", "CASE"],
    "case officer add": ["case", "officer", "add", "CASE", "pc9"],
    "case operation open": ["case", "operation", "open", "CASE", "OP-9"],
    "dashboards": ["dashboards", "CASE"],
    "lab": ["lab", "CASE"],
}
WITHOUT_A_SEAT = {"audit verify": ["audit", "verify", "CASE"]}


def filled(words, case, inputs):
    named = {
        "CASE": case,
        "CUSTODY": inputs / "custody" / "manifest.csv",
        "STILLS": inputs / "deliveries" / "R08" / "manifest.csv",
        "TRUTH": inputs / "truth.csv",
    }
    return [named.get(word, word) for word in words]


def is_one_plain_sentence(text):
    return text.count("\n") == 1 and text.endswith(".\n") and "Traceback" not in text and 'File "' not in text


@pytest.mark.parametrize("option", ["", "--json"])
@pytest.mark.parametrize("command", ON_A_CASE)
def test_without_an_officer_it_refuses(run, small_case, small_inputs, command, option):
    words = filled(ON_A_CASE[command], small_case.directory, small_inputs)
    if option and command in {"dashboards", "lab"}:
        option = "--port=1"
    ran = run(*words, *[o for o in [option] if o], "--operation", "OP-TEST", "--reason", "test")
    assert (ran.code, ran.out) == (2, "")
    assert is_one_plain_sentence(ran.err)
    assert "There is no default officer." in ran.err


@pytest.mark.parametrize("command", ON_A_CASE | WITHOUT_A_SEAT)
def test_on_a_case_that_is_not_there_it_says_so(run, tmp_path, small_inputs, seat, command):
    words = filled((ON_A_CASE | WITHOUT_A_SEAT)[command], tmp_path / "no" / "case", small_inputs)
    ran = run(*words, seat=() if command in WITHOUT_A_SEAT else seat)
    assert (ran.code, ran.out) == (2, "")
    assert is_one_plain_sentence(ran.err)
    assert "There is no case in " in ran.err
    assert list(tmp_path.iterdir()) == [], "and makes nothing there"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["search", "CASE"], "Say what to search: --unsearched, or --still ID"),
        (["search", "CASE", "--unsearched", "--still", "R08/R08_0002.jpg"], "one of them."),
        (["search", "CASE", "--unsearched", "--limit", "0"], "give --limit 1 or more"),
        (["search", "CASE", "--unsearched", "--threshold", "2"], "A threshold is a cosine"),
        (["search", "CASE", "--still", "R08/none.jpg"], "There is no still R08/none.jpg in this case"),
        (["search", "CASE", "--image", "none.jpg"], "There is no file none.jpg"),
        (["review", "judge", "CASE", "--face", "x"], "Give one judgement: --nominal ID, or --none, or --inconclusive."),
        (["review", "judge", "CASE", "--face", "x", "--none", "--inconclusive"], "Give one judgement"),
        (["review", "judge", "CASE", "--face", "x", "--none"], "Face x has no candidate list"),
        (["review", "judge", "CASE", "--face", "R08/R08_0002.jpg#1", "--none"], "may not judge a search they made"),
        (["rank", "CASE", "--by", "luck"], "Persons are ranked by harm, count, value, rfh; choose one of them instead of 'luck'."),
        (["rank", "CASE", "--since", "yesterday"], "--since takes a date like 2026-01-31, not 'yesterday'."),
        (["quiet", "CASE", "--active-days", "-1"], "0 days or more after an offence, not -1."),
        (["backtest", "CASE", "--split", "1999-01-01"], "A back-test needs a split or more, each once and in order"),
        (["backtest", "CASE", "--by", "luck"], "Lists are by harm, count, value, rfh; choose among them."),
        (["concentration", "CASE", "--of", "dogs"], "not of dogs by harm."),
        (["network", "CASE", "--export", "network.doc"], "network.doc"),
        (["report", "case", "CASE", "--out", "pack.doc"], "by the file's ending; name such a file, not pack.doc."),
        (["report", "case", "CASE", "--out", "pack.pdf", "--person", "N0"], "There is no person N0 in the last linking run"),
        (["why", "CASE", "N0"], "There is no person N0 in the last linking run"),
        (["query", "CASE", "SELECT 1", "--format", "xml"], "--format takes table, csv, json or parquet, not 'xml'."),
        (["query", "CASE", "DROP TABLE audit"], "A query is one SELECT statement; this text is DROP."),
        (["evaluate", "identification", "CASE", "--truth", "TRUTH", "--by", "height"], "not by height."),
        (["evaluate", "identification", "CASE", "--truth", "none.csv"], "none.csv"),
        (["custody", "add", "CASE", "none.csv"], "none.csv"),
        (["stills", "receive", "CASE", "none.csv", "--retailer", "R08"], "none.csv"),
        (["case", "officer", "add", "CASE", "pc9", "--role", "king"], "There is no role king; the roles are analyst,"),
        (["case", "officer", "add", "CASE", "first"], "There is an officer first in this case already"),
        (["case", "operation", "open", "CASE", "OP-9", "--until", "2020-01-01"], "2020-01-01 has passed"),
        (["case", "create", "CASE"], "is there already and is not an empty directory"),
        (["demo", "--case", "CASE"], "is there already and is not a demonstration; give another place with --case."),
        (["audit", "verify", "CASE", "--anchor", "none.jsonl"], "There is no anchor file none.jsonl"),
        (["dance", "CASE"], "No such command 'dance'"),
        (["rank"], "Missing argument 'CASE'"),
        (["rank", "CASE", "--sideways"], "No such option: --sideways"),
    ],
)  # fmt: skip
def test_wrong_use_is_said_in_one_sentence(run, small_case, small_inputs, seat, words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seated = words[0] not in {"demo", "audit", "dance"} and words[:2] != ["case", "create"]
    ran = run(*filled(words, small_case.directory, small_inputs), seat=seat if seated else ())
    assert (ran.code, ran.out) == (2, "")
    assert is_one_plain_sentence(ran.err)
    assert sentence in ran.err


def test_a_demonstration_replaces_nobodys_folder(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for options in ([], ["--rebuild"]):
        ran = run("demo", "--case", tmp_path / "mine", *options)
        assert (ran.code, ran.out) == (2, "")
        assert "is not a demonstration; give another place with --case." in ran.err
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_case_in_use_is_said_to_be(run, small_case, seat, monkeypatch):
    from stillgraph.store import casefile

    monkeypatch.setattr(casefile, "PATIENCE_S", 0.1)
    holder = (
        "import sys; from pathlib import Path; from stillgraph.store import CaseFile\n"
        "with CaseFile(Path(sys.argv[1])).sitting():\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(small_case.directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        ran = run("rank", small_case.directory, seat=seat)
        other.stdin.close()
    assert (ran.code, ran.out) == (1, "")
    assert is_one_plain_sentence(ran.err)
    assert "in use by another process" in ran.err


def test_the_console_script_exits_with_the_code_and_the_sentence(small_case):
    ran = subprocess.run(
        [sys.executable, "-c", "from stillgraph.cli import main; main()", "link", str(small_case.directory)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("To link, say who is acting: --officer ID")
    assert is_one_plain_sentence(ran.stderr)


def test_a_reader_that_stops_reading_ends_it_quietly(small_case, seat):
    command = [sys.executable, "-c", "from stillgraph.cli import main; main()", "query", str(small_case.directory),
               "SELECT range FROM range(200000)", "--format", "csv", *seat]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_interruption_is_one_sentence(run, small_case, seat, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("stillgraph.store.links.links", interrupted)
    ran = run("rank", small_case.directory, seat=seat)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "Interrupted; what was not finished has left nothing behind.\n"
