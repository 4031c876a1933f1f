"""Several faces searched as one: the mean of their templates, nothing linked by it, two faces of a still never."""

from __future__ import annotations

import numpy as np
import pytest

from stillgraph.casework import reviewing, searching
from stillgraph.casework.searching import gallery_index
from stillgraph.cli.app import run
from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import Combined, FaceId, Template
from stillgraph.store import CaseFile
from stillgraph.store import faces as face_store

SEAT = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "the same coat on both days"]


@pytest.fixture
def faces(small_case):
    """One usable face of each of the stills that have one, and two of one still."""
    with CaseFile(small_case.directory).session(writing=False) as session:
        rows = session.rows(
            "SELECT still_id, list(face_id ORDER BY face_id) FROM faces WHERE usable GROUP BY ALL ORDER BY 1"
        )
    return [FaceId(found[0]) for _, found in rows], next((found for _, found in rows if len(found) > 1), None)


def test_each_gets_the_list_of_their_mean(small_case, faces):
    desk, chosen = small_case.seat(), faces[0][:3]
    report = searching.search_together(desk, [*chosen, chosen[0]])
    with CaseFile(small_case.directory).session(writing=False) as session:
        found = [face_store.one(session, desk.model, face) for face in chosen]
        mean = sum(one.quality.inter_eye_px * one.template.vector.astype(np.float64) for one in found)
        wanted = Template(desk.model, (mean / np.linalg.norm(mean)).astype(np.float32))
        (expected,) = gallery_index(session, desk).search([wanted], limit=20)
        stored = session.rows(
            "SELECT face_id, list(nominal_id ORDER BY rank) FROM candidates WHERE search_id = $id GROUP BY 1 ORDER BY 1",
            {"id": report.search_id},
        )
        assert session.one("SELECT together, stills FROM searches WHERE search_id = ?", [report.search_id]) == (True, 0)
    assert [p.face_id for p in report.probes] == chosen
    assert all(p.candidates == expected and p.template == "several faces together" for p in report.probes)
    assert stored == [(face, [c.nominal_id for c in expected]) for face in sorted(chosen)]


def test_by_the_best_score_each_person_stands_by_the_face_most_alike(small_case, faces):
    """Oracle: every custody image against every face, each person once by their best."""
    desk, chosen = small_case.seat(), faces[0][:3]
    report = searching.search_together(desk, chosen, combine=Combined.BEST)
    with CaseFile(small_case.directory).session(writing=False) as session:
        entries, vectors = face_store.gallery(session, desk.model)
        probes = np.stack([face_store.one(session, desk.model, face).template.vector for face in chosen])
        assert session.rows("SELECT together, combined FROM searches ORDER BY search_id DESC LIMIT 1") == [
            (True, "best")
        ]
    scored = sorted(
        (-float((vector.astype(np.float64) * probe.astype(np.float64)).sum()), nominal, image)
        for (image, nominal), vector in zip(entries, vectors, strict=True)
        for probe in probes
    )
    best = {}
    for score, nominal, image in scored:
        best.setdefault(nominal, (nominal, image, pytest.approx(-score)))
    expected = [(rank, *one) for rank, one in enumerate(list(best.values())[:20], start=1)]
    for probe in report.probes:
        assert [(c.rank, c.nominal_id, c.custody_image, c.score) for c in probe.candidates] == expected
        assert probe.template == "several faces together"
    short = searching.search_together(desk, chosen, combine=Combined.BEST, limit=3)
    assert short.probes[0].candidates == report.probes[0].candidates[:3], "of short lists the same is first"


def test_the_list_is_reviewed_blind_by_others_than_who_searched(small_case, faces):
    chosen = faces[0][:2]
    report = searching.search_together(small_case.seat(), chosen)
    assert not {item.face_id for item in reviewing.queue(small_case.seat("desk"))} & set(chosen)
    waiting = {item.face_id: item for item in reviewing.queue(small_case.seat("first"))}
    assert all(waiting[face].search_id == report.search_id for face in chosen)


def test_what_cannot_be_one_person_or_be_searched_is_refused(small_case, faces):
    singles, pair = faces
    desk = small_case.seat()
    assert pair is not None, "the small case has a still of two people"
    with pytest.raises(WrongUse, match="Two faces in one still are two persons"):
        searching.search_together(desk, pair)
    with pytest.raises(WrongUse, match="two or more"):
        searching.search_together(desk, [singles[0], singles[0]])
    with pytest.raises(NotFound, match=r"no face R99/x\.jpg#1"):
        searching.search_together(desk, [singles[0], FaceId("R99/x.jpg#1")])
    with CaseFile(small_case.directory).session(writing=True) as session:
        session.execute(
            "UPDATE held.faces SET usable = false, unusable_reason = 'Too small.' WHERE face_id = ?", [singles[0]]
        )
    with pytest.raises(WrongUse, match=r"cannot be searched\. Too small"):
        searching.search_together(desk, singles[:2])


def test_the_command_says_what_it_rests_on(small_case, faces, capsys):
    named = [part for face in faces[0][:2] for part in ("--together", face)]
    assert run(["search", str(small_case.directory), *named, *SEAT]) == 0
    assert "that they are one person is the officer's reason" in capsys.readouterr().out
    assert run(["search", str(small_case.directory), *named, "--unsearched", *SEAT]) == 2
    assert "leave out --still" in capsys.readouterr().err
    assert run(["search", str(small_case.directory), *named, "--combine", "best", *SEAT]) == 0
    assert "each person by the face most alike" in capsys.readouterr().out
    assert run(["search", str(small_case.directory), *named, "--combine", "worst", *SEAT]) == 2
    assert "takes mean or best, not 'worst'" in capsys.readouterr().err
    assert run(["search", str(small_case.directory), "--unsearched", "--combine", "best", *SEAT]) == 2
    assert "give both or neither" in capsys.readouterr().err
