"""What custody records besides of an image, from the manifest to the filter of a search."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.casework import enrolling, governing, indexing, take_seat
from stillgraph.cli.app import run
from stillgraph.gallery import directory, exact
from stillgraph.records import Filters, Template

FORCES, AREAS, BASES = ("Met", "Kent", ""), ("Camden", "", "Hackney", "O'Connell"), ("PACE 1984 s.64A", "")
SEAT = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "test"]


@pytest.fixture(scope="module")
def recorded_case(small_inputs, tmp_path_factory):
    """A case whose custody images have a force, an area and a basis, or not."""
    folder, case = tmp_path_factory.mktemp("custody"), tmp_path_factory.mktemp("recorded") / "case"
    shutil.copytree(small_inputs / "custody" / "images", folder / "images")
    with (small_inputs / "custody" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    said = zip(rows, cycle(FORCES), cycle(AREAS), cycle(BASES))
    rows = [row | {"force": force, "area": area, "basis": basis} for row, force, area, basis in said]
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    governing.create_case(case, encrypt=False)
    desk = take_seat(case, officer="desk", operation="OP-TEST", reason="test")
    governing.add_officer(desk, "desk")
    governing.open_operation(desk, "OP-TEST", purpose="tests")
    assert enrolling.enrol(desk, folder / "manifest.csv").refused == ()
    return case


def rows_of(case):
    with take_seat(case).case.session(writing=False) as session:
        return session.rows(
            "SELECT custody_image_id, c.nominal_id, captured_on, review_due, sex, date_of_birth, conviction_status, force, "
            "area, basis FROM custody_images AS c JOIN nominals USING (nominal_id) ORDER BY 1"
        )


def test_what_the_manifest_says_is_in_the_view_and_blank_is_null(recorded_case):
    found = {row[7:] for row in rows_of(recorded_case)}
    assert {force for force, _, _ in found} == {"Met", "Kent", None}
    assert {area for _, area, _ in found} == {"Camden", "Hackney", "O'Connell", None}
    assert {basis for _, _, basis in found} == {"PACE 1984 s.64A", None}


def some(*values):
    return st.lists(st.sampled_from(values), unique=True, max_size=2).map(tuple)


filter_ = st.builds(
    Filters,
    captured_since=st.none() | st.dates(date(2012, 1, 1), date(2018, 1, 1)),
    captured_until=st.none() | st.dates(date(2018, 1, 1), date(2026, 1, 1)),
    sex=some("F", "M"),
    age_from=st.none() | st.integers(15, 30),
    age_to=st.none() | st.integers(30, 60),
    conviction_status=some("convicted", "not convicted"),
    force=some("Met", "Kent", "Essex"),
    area=some("Camden", "O'Connell"),
    basis=some("PACE 1984 s.64A", "consent"),
    review_on=st.none() | st.dates(date(2026, 1, 1), date(2110, 1, 1)),
)


def years(born, day):
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def left(row, asked):
    """Say of one row of the view whether a filter leaves it."""
    _, _, captured, due, sex, born, status, force, area, basis = row
    chosen = ((sex, asked.sex), (status, asked.conviction_status), (force, asked.force), (area, asked.area),
              (basis, asked.basis))  # fmt: skip
    return (
        (asked.captured_since is None or captured >= asked.captured_since)
        and (asked.captured_until is None or captured <= asked.captured_until)
        and (asked.age_from is None or years(born, captured) >= asked.age_from)
        and (asked.age_to is None or years(born, captured) <= asked.age_to)
        and (asked.review_on is None or due >= asked.review_on)
        and all(not wanted or value in wanted for value, wanted in chosen)
    )


@settings(max_examples=60)
@given(asked=filter_)
def test_a_filtered_search_is_one_of_a_gallery_of_those_it_leaves(recorded_case, asked):
    """Oracle: a gallery of only the images whose row in the view the filter leaves, read one by one."""
    rows = rows_of(recorded_case)
    desk = take_seat(recorded_case)
    with desk.case.session(writing=True) as session:
        index = indexing.current(session, recorded_case, desk.model)
    everything = index.contents.locate([row[0] for row in rows])
    vectors = index.contents.vectors(everything)
    kept = [at for at, row in enumerate(rows) if left(row, asked)]
    wanted = exact.build(desk.model, [(rows[at][0], rows[at][1]) for at in kept], vectors[kept])
    probes = [Template(desk.model, vector) for vector in vectors[:3]]
    assert index.eligible(asked) == len(kept)
    assert index.search(probes, limit=5, filters=asked) == wanted.search(probes, limit=5)


def test_an_index_of_an_earlier_format_is_made_anew(recorded_case, tmp_path):
    case = shutil.copytree(recorded_case, tmp_path / "case")
    desk = take_seat(case)
    with desk.case.session(writing=True) as session:
        before = indexing.current(session, case, desk.model).info
        (manifest,) = (case / "gallery").rglob(directory.MANIFEST)
        said = json.loads(manifest.read_text())
        for made_by, earlier in ((1, True), (directory.FORMAT, False), ("x", False)):
            manifest.write_text(json.dumps(said | {"format": made_by}))
            assert directory.of_earlier_format(manifest.parent) is earlier
        manifest.write_text(json.dumps(said | {"format": 1, "parts": "of another kind"}))
        assert indexing.current(session, case, desk.model).info == before
    assert not directory.of_earlier_format(tmp_path)


def test_an_image_of_which_it_is_not_recorded_is_left_out(recorded_case, small_inputs, capsys):
    image = next(iter(sorted((small_inputs / "deliveries" / "R08" / "stills").iterdir())))
    search = ["search", str(recorded_case), "--image", str(image), "--json", *SEAT]
    counts = {}
    for force in ("Met", "Kent"):
        assert run([*search, "--force", force]) == 0
        counts[force] = json.loads(capsys.readouterr().out)["images_searched"]
    rows = rows_of(recorded_case)
    assert counts == {force: sum(row[7] == force for row in rows) for force in ("Met", "Kent")}
    assert sum(counts.values()) < len(rows), "there are images of which no force is recorded"
    assert run([*search, "--force", "Essex"]) == 2
    assert "loosen them" in capsys.readouterr().err
