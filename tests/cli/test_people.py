"""What people read: counts in words, times to the second, what was taken in, and why a file was not written."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from PIL import Image

from stillgraph.casework import wording
from stillgraph.cli import common

STILL, FACE, RIGHT = "R08/R08_0002.jpg", "R08/R08_0002.jpg#1", "N314959"
COMPARED = ("--still-assessment", "in focus", "--custody-assessment", "frontal")
SUPPORT = ("--nominal", RIGHT, "--strength", "moderate", *COMPARED)

WRITERS = {
    "rank": ("rank", "CASE", "--csv", "ranking.csv"),
    "network graphml": ("network", "CASE", "--export", "network.graphml"),
    "network gexf": ("network", "CASE", "--export", "network.gexf"),
    "network json": ("network", "CASE", "--export", "network.json"),
    "network csv": ("network", "CASE", "--export", "network.csv"),
    "query": ("query", "CASE", "SELECT 1 AS one", "--format", "parquet", "--out", "one.parquet"),
}


def filled(words, case, folder):
    *most, name = [case.directory if word == "CASE" else word for word in words]
    return [*most, folder / name]


def refuses(ran, path, why):
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"{path} cannot be written ({why}): name a file in a folder that you can write in.\n"


@pytest.mark.parametrize("command", WRITERS)
def test_a_file_in_a_folder_that_is_not_there_is_said_in_one_sentence(run, small_case, seat, tmp_path, command):
    words = filled(WRITERS[command], small_case, tmp_path / "none")
    refuses(run(*words, seat=seat), words[-1], "No such file or directory")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", WRITERS)
def test_a_place_that_cannot_be_written_is_said_in_one_sentence(run, small_case, seat, tmp_path, command):
    words = filled(WRITERS[command], small_case, tmp_path)
    words[-1].mkdir()
    refuses(run(*words, seat=seat), words[-1], "Is a directory")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_closed_to_this_account_is_said_in_one_sentence(run, small_case, seat, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    words = filled(WRITERS["rank"], small_case, tmp_path / "closed")
    refuses(run(*words, seat=seat), words[-1], "Permission denied")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_only_parquet_goes_to_a_file(run, small_case, seat, tmp_path, form):
    ran = run("query", small_case.directory, "SELECT 1", "--format", form, "--out", tmp_path / "rows", seat=seat)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"--out is where Parquet goes; {form} is printed: add --format parquet, or use > rows.\n"


# --- times and counts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("TIMESTAMPTZ '2026-05-01 18:50:25.123456+00'", "2026-05-01T18:50:25Z"),
        ("TIMESTAMPTZ '2026-05-01 19:50:25+01'", "2026-05-01T18:50:25Z"),
        ("TIMESTAMP '2026-05-01 18:50:25.5'", "2026-05-01T18:50:25"),
        ("DATE '2026-05-01'", "2026-05-01"),
    ],
)
def test_a_table_shows_times_in_utc_to_the_second(run, small_case, seat, sql, shown):
    assert run("query", small_case.directory, f"SELECT {sql} AS at", seat=seat).out.split() == ["at", shown, "1", "row"]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_time_without_a_zone_is_the_same_on_every_machine(monkeypatch, zone):
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert common.plain(datetime(2026, 5, 1, 18, 50)) == "2026-05-01T18:50:00"  # noqa: DTZ001 - on purpose
    assert common.plain(datetime(2026, 5, 1, 18, 50, tzinfo=UTC)) == "2026-05-01T18:50:00Z"
    assert common.plain(datetime(2026, 5, 1, 18, 50, tzinfo=timezone(timedelta(hours=1)))) == "2026-05-01T17:50:00Z"
    monkeypatch.undo()
    time.tzset()


def test_one_of_something_is_singular():
    assert [wording.count(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert [common.count(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


@pytest.mark.parametrize(("rows", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
def test_a_query_counts_its_rows(run, small_case, seat, rows, said):
    asked = f"SELECT still_id FROM stills LIMIT {rows}"
    assert run("query", small_case.directory, asked, seat=seat).out.splitlines()[-1] == said


def test_link_counts_persons(run, small_case, seat):
    for name in ("first", "second"):
        judged = ("--officer", name, "--operation", "OP-TEST", "--reason", "ears")
        assert run("review", "judge", small_case.directory, "--face", FACE, *SUPPORT, seat=judged).code == 0
    out = run("link", small_case.directory, seat=seat).out
    assert "corroborated: 1 person, 0 on several stills\n" in out
    assert "proposed: 0 persons, 0 on several stills\n" in out, "nobody has ruled on faces"
    assert "0 contradictions\n" in out


def test_the_queue_counts_its_lists(run, small_case, seat):
    first = ("--officer", "first", *seat[2:])
    waiting = run("review", "queue", small_case.directory, "--json", seat=first).document["reviews"]
    for item in waiting[1:]:
        run("review", "judge", small_case.directory, "--face", item["face_id"], "--none", *COMPARED, seat=first)
    out = run("review", "queue", small_case.directory, seat=first).out
    assert out.startswith("1 candidate list waits for your judgement.\n")


# --- custody -------------------------------------------------------------------------------------------------------


def test_custody_says_what_became_of_the_arrests(run, small_case, small_inputs, seat, tmp_path):
    with (small_inputs / "custody" / "arrests.csv").open(encoding="utf-8", newline="") as stream:
        arrests = list(csv.DictReader(stream))[:3]
    arrests[1]["nominal_id"] = "N000000"
    (tmp_path / "arrests.csv").write_text(
        "\n".join([",".join(arrests[0]), *(",".join(row.values()) for row in arrests)]) + "\n", encoding="utf-8"
    )
    words = ("custody", "add", small_case.directory, small_inputs / "custody" / "manifest.csv")
    out = run(*words, "--arrests", tmp_path / "arrests.csv", seat=seat).out
    assert "\n2 arrests accepted, 1 refused\n" in out
    refused = [line.split() for line in out.splitlines() if "nominal_id" in line]
    assert [row[0] for row in refused] == ["3"], "the line of the arrest of nobody known"
    assert "arrest" not in run(*words, seat=seat).out


# --- search --------------------------------------------------------------------------------------------------------


def test_a_search_with_nothing_left_to_search_says_so(run, small_case, seat):
    ran = run("search", small_case.directory, "--unsearched", seat=seat)
    assert (ran.code, ran.out) == (0, "Nothing to search: every still has been searched.\n")
    assert run("search", small_case.directory, "--unsearched", "--json", seat=seat).document["probes"] == []


def test_one_face_is_searched(run, small_case, seat):
    out = run("search", small_case.directory, "--still", STILL, seat=seat).out
    assert out.startswith("1 of 1 face usable and searched against 15 custody images (gallery ")
    assert out.endswith("Two officers decide: stillgraph review queue\n")


@pytest.fixture
def empty_image(tmp_path):
    """Return an image of even grey, in which there is no face."""
    path = tmp_path / "wall.png"
    Image.fromarray(np.full((200, 200, 3), 128, dtype=np.uint8)).save(path)
    return path


def test_an_image_from_outside_is_not_said_to_be_kept_or_to_wait_for_review(
    run, small_case, small_inputs, seat, empty_image
):
    out = run("search", small_case.directory, "--image", empty_image, seat=seat).out
    assert out.splitlines()[1:] == ["  wall.png: no face found"]
    image = small_inputs / "deliveries" / "R08" / "stills" / "R08_0002.jpg"
    out = run("search", small_case.directory, "--image", image, seat=seat).out
    assert RIGHT in out
    assert "review queue" not in out
    assert out.endswith("Nothing of this is kept: for officers to decide, receive it with a delivery.\n")
