"""Nobody's name or date of birth is in the audit chain, on stderr, in an error or in a repr."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from stillgraph.casework import analysing, desk, enhancing, evaluating, linking, receiving, searching, take_seat
from stillgraph.casework import ranking as rankings
from stillgraph.cli.app import run
from stillgraph.errors import StillgraphError
from stillgraph.records import Nominal, Officer, Template
from stillgraph.store import faces, receipts

STILL = "R08/R08_0002.jpg"


@pytest.fixture(scope="module")
def personal(small_inputs) -> re.Pattern[str]:
    """Return a pattern of every name, surname and date of birth in the custody manifest."""
    with (small_inputs / "custody" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    words = {part for row in rows for part in row["name"].split()} | {row["date_of_birth"] for row in rows}
    assert len(words) > 15
    return re.compile("|".join(rf"\b{re.escape(word)}\b" for word in sorted(words)))


def somebody(inputs) -> dict[str, str]:
    with (inputs / "custody" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return next(csv.DictReader(stream))


def written(case):
    with case.seat().case.session(writing=False) as session:
        rows = session.rows("SELECT * FROM held.audit")
    return "\n".join(str(row) for row in rows) + (case.directory / "audit.anchors.jsonl").read_text()


def test_the_audit_chain_of_the_whole_operation_holds_none(small_case, small_inputs, personal):
    name = somebody(small_inputs)["name"]
    seat = small_case.seat()
    linking.link(seat)
    rankings.ranking(seat)
    analysing.query(seat, f"SELECT nominal_id FROM nominals WHERE name = '{name}' -- {name}")
    receiving.custody_chips(seat, [f"{somebody(small_inputs)['nominal_id']}/{somebody(small_inputs)['image']}"])
    evaluating.identification(seat, small_inputs / "truth.csv", by=("ethnicity", "sex"))
    kept = enhancing.enhance(seat, STILL, enhancing.steps_of(["gamma 1.6", "upscale 2"]))
    searching.search(seat, stills=[STILL], enhancement=kept.enhancement_id)
    for sql in ("SELECT error(name) FROM nominals", f"SELECT '{name}' FROM nowhere", "SELECT name::INT FROM nominals"):
        with pytest.raises(StillgraphError):
            analysing.query(seat, sql)
    assert not personal.search(written(small_case))


def bad_custody(inputs, folder: Path):
    """Write a custody manifest in which every row is refused, each for another field; every row holds a name."""
    with (inputs / "custody" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:7]
    wrong = [("date_of_birth", "2999-01-01"), ("sex", ""), ("image", "none.jpg"), ("captured_on", "soon"),
             ("nominal_id", ""), ("review_due", "x"), ("conviction_status", "")]  # fmt: skip
    for row, (column, value) in zip(rows, wrong, strict=True):
        row[column] = value
    (folder / "images").mkdir(parents=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


def test_refused_custody_rows_name_nobody(small_case, small_inputs, personal, tmp_path, capfd):
    manifest = bad_custody(small_inputs, tmp_path / "bad")
    seat = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "enrol"]
    assert run(["custody", "add", str(small_case.directory), str(manifest), *seat]) == 0
    out, err = capfd.readouterr()
    assert "0 accepted, 7 refused" in out
    assert not personal.search(out + err)
    refusals = analysing.query(small_case.seat(), "SELECT * FROM refusals").to_string()
    assert len(refusals.splitlines()) > 7
    assert not personal.search(refusals)
    assert not personal.search(written(small_case))


@pytest.mark.parametrize(
    "command",
    [
        ["query", "CASE", "SELECT name::INTEGER FROM nominals"],
        ["query", "CASE", "SELECT error(name) FROM nominals"],
        ["query", "CASE", "SELECT * FROM held.nominals"],
        ["search", "CASE", "--still", "R08/none.jpg"],
        ["search", "CASE", "--unsearched"],
        ["link", "CASE"],
        ["network", "CASE"],
    ],
)
def test_stderr_names_nobody(small_case, personal, capfd, command):
    seat = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "test"]
    code = run([str(small_case.directory) if word == "CASE" else word for word in command] + seat)
    assert code in {0, 2}
    assert not personal.search(capfd.readouterr().err)


def test_an_unexpected_error_shows_its_kind_and_not_what_it_says(
    small_case, personal, small_inputs, capfd, monkeypatch
):
    name = somebody(small_inputs)["name"]

    def breaks(*_, **__):
        raise ValueError(name)

    monkeypatch.setattr("stillgraph.store.links.links", breaks)
    seat = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "test"]
    assert run(["rank", str(small_case.directory), *seat]) == 1
    out, err = capfd.readouterr()
    assert (out, err) == ("", "Something went wrong inside Stillgraph (ValueError); STILLGRAPH_DEBUG=1 shows where.\n")
    assert not personal.search(written(small_case))
    monkeypatch.setenv("STILLGRAPH_DEBUG", "1")
    with pytest.raises(ValueError, match=name):
        run(["rank", str(small_case.directory), *seat])


def test_no_repr_shows_a_person_or_a_template(small_case, small_inputs, personal):
    seat = small_case.seat()
    with seat.case.session(writing=True) as session:
        nominals = list(receipts.nominals(session).values())
        stills = faces.of_stills(session, seat.model)
        shown = [
            session,
            seat,
            seat.case,
            seat.claim,
            nominals,
            stills,
            desk.Deed(session, datetime.now(UTC), "a", "b", "c"),
        ]
    shown += [searching.candidate_lists(seat, STILL), linking.link(seat), analysing.at_a_glance(seat)]
    text = "\n".join(map(repr, shown))
    assert nominals
    assert not personal.search(text)
    assert "array(" not in text
    assert "vector" not in text


def test_particulars_are_left_out_of_each_repr():
    nominal = Nominal("N1", "Ada Quillfeather", date(1990, 2, 3), "female", "W1")
    assert repr(nominal) == "Nominal(nominal_id='N1')"
    assert "Ada" not in repr(Officer("pc1", None, "Ada Quillfeather"))
    assert repr(Template("m@1", [1.0])) == "Template(model='m@1')"


def test_an_officers_name_is_kept_and_never_recorded(small_case):
    assert run(["case", "officer", "add", str(small_case.directory), "pc7", "--name", "Ada Quillfeather", "--officer",
                "desk", "--reason", "cover"]) == 0  # fmt: skip
    assert "Quillfeather" not in written(small_case)
    frame = analysing.query(
        take_seat(small_case.directory, officer="pc7", operation="OP-TEST", reason="x"), "FROM officers"
    )
    assert "Quillfeather" not in frame.to_string()


def test_the_record_of_the_demonstration_holds_none(demo_case):
    from stillgraph.store import CaseFile

    with CaseFile(demo_case).session(writing=False) as session:
        people = session.rows("SELECT name, date_of_birth FROM held.nominals")
        audit = "\n".join(str(row) for row in session.rows("SELECT reason, details FROM held.audit"))
        refusals = "\n".join(row[0] for row in session.rows("SELECT reason FROM held.refusals"))
    assert len(people) > 20
    words = {part for name, _ in people for part in name.split()} | {str(born) for _, born in people}
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words))
    assert not pattern.search(audit + refusals)
