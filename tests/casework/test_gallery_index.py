"""The index of a case's gallery agrees with the case file, and searches look only at whom the filters leave."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest

from stillgraph.casework import evaluating, indexing, searching
from stillgraph.cli.app import run
from stillgraph.errors import GalleryDamaged, NotFound, WrongUse
from stillgraph.gallery import exact
from stillgraph.records import Filters
from stillgraph.store import faces as face_store
from stillgraph.store import galleries

STILL = "R08/R08_0002.jpg"
FAR = date(2099, 1, 1)


def custody(case, change=None):
    """Run a change of custody records, as an enrolment or a disposal will; return (image, nominal) of all."""
    with case.seat().case.session(writing=True) as session, session.transaction():
        rows = "SELECT custody_image_id, nominal_id FROM held.custody_images ORDER BY 1"
        if change is not None:
            change(session)
            galleries.changed(session, [image for image, _ in session.rows(rows)])
        return session.rows(rows)


def index_of(case):
    desk = case.seat()
    with desk.case.session(writing=True) as session:
        return indexing.current(session, desk.case.directory, desk.model)


def files(case):
    return {path.name: path.stat().st_mtime_ns for path in (case.directory / "gallery").rglob("*") if path.is_file()}


def all_due(session, day=FAR):
    session.execute("UPDATE held.custody_images SET review_due = ?", [day])


def test_the_index_holds_what_the_case_file_holds(small_case):
    index, desk = index_of(small_case), small_case.seat()
    with desk.case.session(writing=False) as session:
        entries, vectors = face_store.gallery(session, desk.model)
    rows = index.contents.locate([image for image, _ in entries])
    assert (rows >= 0).all()
    assert index.info.size == len(entries)
    assert index.contents.entries(rows) == entries
    assert np.array_equal(index.contents.vectors(rows), vectors)


def test_a_second_search_writes_nothing(small_case):
    index_of(small_case)
    before = files(small_case)
    searching.search(small_case.seat(), stills=[STILL], past_review=True)
    assert files(small_case) == before


def test_what_left_the_case_is_erased_and_what_came_is_added(small_case):
    before = index_of(small_case)
    (gone, nominal), *_ = custody(small_case)
    with small_case.seat().case.session(writing=True) as session:
        held = session.rows(
            "SELECT t.vector FROM held.templates AS t JOIN held.faces AS f USING (face_id) WHERE f.image_id = ?", [gone]
        )[0][0]
        rows = session.frame("SELECT * FROM held.custody_images WHERE custody_image_id = ?", [gone])
        session.execute("DELETE FROM held.custody_images WHERE custody_image_id = ?", [gone])
    after = index_of(small_case)
    assert after.info.size == before.info.size - 1
    assert after.contents.locate([gone]).tolist() == [-1]
    written = b"".join(path.read_bytes() for path in (small_case.directory / "gallery").rglob("rows-*"))
    assert np.array(held, "<f4").tobytes() not in written
    report = searching.search(small_case.seat(), stills=[STILL], past_review=True, limit=1000)
    assert gone not in {c.custody_image for p in report.probes for c in p.candidates}
    with small_case.seat().case.session(writing=True) as session:
        session.append("custody_images", rows.to_dict("records"))
    again = index_of(small_case)
    assert again.info == before.info
    assert nominal in {one for _, one in again.contents.entries(again.contents.locate([gone]))}


def test_a_review_date_set_anew_reaches_the_search(small_case):
    custody(small_case, all_due)
    report = searching.search(small_case.seat(), stills=[STILL], limit=1000)
    first = report.probes[0].candidates[0]
    today = date.today()  # noqa: DTZ011
    assert report.images_searched == report.gallery.size
    custody(small_case, lambda s: s.execute(
        "UPDATE held.custody_images SET review_due = ? WHERE nominal_id = ?", [today - timedelta(days=2), first.nominal_id],
    ))  # fmt: skip
    later = searching.search(small_case.seat(), stills=[STILL], limit=1000)
    assert later.gallery.size == report.gallery.size
    assert later.gallery.version != report.gallery.version
    assert later.images_searched < report.images_searched
    assert first.nominal_id not in {c.nominal_id for p in later.probes for c in p.candidates}
    asked = searching.search(small_case.seat(), stills=[STILL], limit=1000, past_review=True)
    assert asked.probes[0].candidates[0] == first


def test_a_search_says_what_it_looked_at_wherever_it_is_recorded(small_case):
    custody(small_case, all_due)
    filters = Filters(captured_since=date(2000, 1, 1), sex=("F", "M"), age_from=10)
    report = searching.search(small_case.seat(), stills=[STILL], filters=filters)
    assert report.filters.review_on is not None
    assert searching.candidate_lists(small_case.seat(), STILL).filters == report.filters
    assert searching.candidate_lists(small_case.seat(), STILL).images_searched == report.images_searched
    with small_case.seat().case.session(writing=False) as session:
        ((stored, count),) = session.rows(
            "SELECT filters, images_searched FROM searches WHERE search_id = ?", [report.search_id]
        )
        ((details,),) = session.rows(
            "SELECT details FROM held.audit WHERE action = 'search' ORDER BY sequence DESC LIMIT 1"
        )
    said = {
        "captured_since": "2000-01-01",
        "sex": ["F", "M"],
        "age_from": 10,
        "review_on": str(report.filters.review_on),
    }
    assert json.loads(stored) == said
    assert count == report.images_searched == json.loads(details)["images_searched"]
    assert json.loads(details)["filters"] == said


def test_somebody_left_out_is_on_no_list_and_a_slip_of_the_pen_is_told(small_case):
    custody(small_case, all_due)
    first = searching.search(small_case.seat(), stills=[STILL]).probes[0].candidates[0].nominal_id
    report = searching.search(small_case.seat(), stills=[STILL], filters=Filters(exclude=(first,)))
    assert first not in {c.nominal_id for p in report.probes for c in p.candidates}
    with pytest.raises(NotFound, match="no nominal N0 in this case"):
        searching.search(small_case.seat(), stills=[STILL], filters=Filters(exclude=("N0",)))


def test_a_search_of_nobody_is_refused(small_case):
    custody(small_case, lambda session: all_due(session, date(2001, 1, 1)))
    with pytest.raises(WrongUse, match=r"leave none of \d+ custody images.*--past-review"):
        searching.search(small_case.seat(), stills=[STILL])
    searching.search(small_case.seat(), stills=[STILL], past_review=True)


def test_faces_searched_together_and_images_from_outside_are_filtered_too(small_case, small_inputs):
    custody(small_case, lambda session: all_due(session, date(2001, 1, 1)))
    image = small_inputs / "deliveries" / "R08" / "stills" / "R08_0002.jpg"
    with pytest.raises(WrongUse, match="leave none"):
        searching.search(small_case.seat(), image=image)
    report = searching.search(small_case.seat(), image=image, past_review=True)
    assert report.images_searched == report.gallery.size
    with small_case.seat().case.session(writing=False) as session:
        rows = session.rows("SELECT min(face_id) FROM faces WHERE usable GROUP BY still_id ORDER BY 1 LIMIT 2")
    with pytest.raises(WrongUse, match="leave none"):
        searching.search_together(small_case.seat(), [row[0] for row in rows])
    together = searching.search_together(small_case.seat(), [row[0] for row in rows], past_review=True)
    assert together.images_searched == together.gallery.size


def test_evaluation_measures_the_whole_gallery(small_case, small_inputs):
    custody(small_case, lambda session: all_due(session, date(2001, 1, 1)))
    report = evaluating.identification(small_case.seat(), small_inputs / "truth.csv")
    assert report.gallery.size == len(custody(small_case))
    assert report.mated > 0
    assert report.hit_rate["20"]


def test_the_index_of_a_model_the_case_has_left_is_removed(small_case):
    index_of(small_case)
    exact.opened(small_case.directory / "gallery" / ("0" * 16), "other@1", 4)
    index_of(small_case)
    assert len(list((small_case.directory / "gallery").iterdir())) == 1


def test_an_index_lost_or_damaged_is_made_anew(small_case):
    import shutil

    before = index_of(small_case).info
    (rows,) = (small_case.directory / "gallery").rglob("rows-*")
    rows.write_bytes(b"")
    with pytest.raises(GalleryDamaged, match="the next search makes it anew"):
        searching.search(small_case.seat(), stills=[STILL], past_review=True)
    shutil.rmtree(small_case.directory / "gallery")
    assert index_of(small_case).info == before


def test_the_command_takes_every_filter(small_case, capsys):
    custody(small_case, all_due)
    custody(
        small_case,
        lambda session: session.execute(
            "UPDATE held.custody_images SET force = 'Met', area = 'Camden', basis = 'PACE 1984 s.64A'"
        ),
    )
    seat = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "test"]
    search = ["search", str(small_case.directory), "--still", STILL, *seat]
    everybody = custody(small_case)[0][1]
    narrow = ["--captured-since", "2001-01-01", "--captured-until", "2098-01-01", "--sex", "F", "--sex", "M", "--age",
              "5-99", "--conviction", "convicted", "--conviction", "not convicted", "--force", "Met", "--area", "Camden", "--basis", "PACE 1984 s.64A",
              "--exclude", everybody]  # fmt: skip
    assert run([*search, *narrow]) == 0
    assert " of " in capsys.readouterr().out.split("searched against")[1].split("custody images")[0]
    assert run([*search, *narrow, "--past-review", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["filters"] == {
        "captured_since": "2001-01-01", "captured_until": "2098-01-01", "sex": ["F", "M"], "age_from": 5, "age_to": 99,
        "conviction_status": ["convicted", "not convicted"], "area": ["Camden"], "force": ["Met"],
        "basis": ["PACE 1984 s.64A"], "exclude": [everybody], "review_on": None,
    }  # fmt: skip
    for wrong, said in (["twenty"], "20-30"), (["-"], "20-30"), (["30-20"], "ages goes up"):
        assert run([*search, "--age", *wrong]) == 2
        assert said in capsys.readouterr().err
    for ages in ("20-", "-90"):
        assert run([*search, f"--age={ages}"]) in {0, 2}
        assert "whole years" not in capsys.readouterr().err
