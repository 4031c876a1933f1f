"""Choosing the engine of a case's gallery, and checking what a search by codes loses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stillgraph.casework import analysing, galleries, searching, self_checking
from stillgraph.cli.app import run
from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.gallery import choice, compressed, loss
from stillgraph.records import EngineChoice, GalleryInfo, LossCheck
from stillgraph.store import galleries as gallery_store

STILL = "R08/R08_0002.jpg"
SEAT = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "test"]


@pytest.fixture
def coded(small_case, monkeypatch):
    """Return a case whose few images are enough to make codes of, and its few rows enough to be searched by them."""
    for module in (compressed, choice):
        monkeypatch.setattr(module, "TRAINED_FROM", 10)
    monkeypatch.setattr(compressed, "FACTOR", 1)
    monkeypatch.setattr(compressed, "IMAGES_PER_PERSON", 1)
    random = np.random.default_rng(0)
    with small_case.seat().case.session(writing=True) as session, session.transaction():
        made = session.rows(
            "SELECT t.face_id || '-' || n.range, t.model, len(t.vector) FROM held.templates AS t JOIN held.faces AS f "
            "USING (face_id), range(5) AS n WHERE f.image_kind = 'custody'"
        )
        session.execute(
            "INSERT INTO held.custody_images SELECT c.* REPLACE (custody_image_id || '-' || n.range AS custody_image_id, "
            "sha256 || n.range AS sha256) FROM held.custody_images AS c, range(5) AS n"
        )
        session.execute(
            "INSERT INTO held.faces SELECT f.* REPLACE (face_id || '-' || n.range AS face_id, image_id || '-' || n.range "
            "AS image_id) FROM held.faces AS f, range(5) AS n WHERE image_kind = 'custody'"
        )
        rows = random.normal(size=(len(made), made[0][2]))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        session.append("templates", [{"face_id": face, "model": model, "vector": row.astype(np.float32)}
                                     for (face, model, _), row in zip(made, rows, strict=True)])  # fmt: skip
    return small_case


def search(case, **options):
    return searching.search(case.seat(), stills=[STILL], past_review=True, limit=2, **options)


@pytest.mark.parametrize(
    ("asked", "templates", "share", "engine", "why"),
    [
        (EngineChoice.AUTO, 19_999, 0.9, "exact", "fewer than 20,000 templates"),
        (EngineChoice.COMPRESSED, 19_999, 0.9, "exact", "of which no codes are made"),
        (EngineChoice.AUTO, 20_000, 0.5, "exact", "at most half of this machine's memory"),
        (EngineChoice.AUTO, 20_000, 0.51, "compressed", "more than half of this machine's memory"),
        (EngineChoice.AUTO, 4_999_999, 0.1, "exact", "fewer than 5,000,000"),
        (EngineChoice.AUTO, 5_000_000, 0.1, "compressed", "5,000,000 templates or more"),
        (EngineChoice.EXACT, 50_000_000, 0.9, "exact", "set for this case"),
        (EngineChoice.COMPRESSED, 20_000, 0.1, "compressed", "set for this case"),
    ],
)
def test_the_rule(monkeypatch, asked, templates, share, engine, why):
    monkeypatch.setattr(choice, "memory_bytes", lambda: 1000)
    found = choice.engine_for(asked, templates, int(1000 * share))
    assert found[0] == engine
    assert why in found[1]


def test_the_machine_has_memory():
    assert choice.memory_bytes() > 1 << 28


def test_a_case_is_searched_with_the_engine_that_is_set_for_it(coded):
    exactly = search(coded)
    assert (exactly.engine, exactly.check) == ("exact", None)
    assert "loses nobody" in exactly.said
    assert galleries.status(coded.seat()).choice is EngineChoice.AUTO
    assert galleries.choose_engine(coded.seat(), EngineChoice.COMPRESSED).engine == "compressed"
    by_codes = search(coded)
    assert by_codes.engine == "compressed"
    assert by_codes.gallery == exactly.gallery
    assert by_codes.check is not None, "it measures itself"
    assert by_codes.check.gallery == by_codes.gallery
    assert by_codes.probes[0].candidates[0] == exactly.probes[0].candidates[0], "scores are exact whichever it is"
    stored = searching.candidate_lists(coded.seat(), STILL)
    assert (stored.engine, stored.check, stored.said) == (by_codes.engine, by_codes.check, by_codes.said)
    assert galleries.choose_engine(coded.seat(), EngineChoice.AUTO).engine == "exact"
    assert search(coded).engine == "exact"
    frame = analysing.query(
        coded.seat(), "SELECT engine, gallery_check_id FROM searches ORDER BY search_id DESC LIMIT 2"
    )
    assert frame.engine.tolist() == ["exact", "compressed"]
    said = analysing.query(
        coded.seat(), "SELECT details FROM audit WHERE action = 'choose gallery engine' ORDER BY sequence"
    )
    assert [json.loads(one) for one in said.details] == [
        {"engine": "compressed", "before": "auto"}, {"engine": "auto", "before": "compressed"},
    ]  # fmt: skip


def test_status_says_what_the_gallery_holds_and_costs(coded):
    exactly = galleries.status(coded.seat())
    assert (exactly.engine, exactly.code_bytes, exactly.check) == ("exact", 0, None)
    assert exactly.disk_bytes > exactly.vector_bytes == exactly.gallery.size * exactly.dimension * 4
    found = galleries.choose_engine(coded.seat(), EngineChoice.COMPRESSED)
    assert found.code_bytes > 0
    assert (found.gallery, found.persons) == (exactly.gallery, exactly.persons)


def test_a_check_counts_what_the_codes_lose_and_every_search_by_them_says_so(coded):
    found = galleries.check(coded.seat(), limit=2)
    assert found.probes > 1
    assert found.lost <= found.differing <= found.probes
    assert galleries.status(coded.seat()).check == found
    assert galleries.choose_engine(coded.seat(), EngineChoice.COMPRESSED).said.endswith(
        f"on this gallery: {galleries.sentence(found)}."
    )
    assert f"not shown to be below {100 * found.bound:.1f} %" in galleries.sentence(found), "so few show nothing"
    report = search(coded)
    assert report.check == found
    assert galleries.sentence(found) in report.said
    again = galleries.check(coded.seat(), limit=2)
    assert again.check_id > found.check_id
    assert (again.lost, again.differing) == (found.lost, found.differing)
    assert searching.candidate_lists(coded.seat(), STILL).check == found, "a search keeps the check of its time"
    frame = analysing.query(
        coded.seat(), "SELECT probes, lost, holds FROM gallery_checks WHERE NOT by_search ORDER BY check_id"
    )
    assert frame.probes.tolist() == [found.probes] * 2
    assert not frame.holds.any()


def tallies(case):
    return analysing.query(case.seat(), "SELECT probes, lost FROM gallery_checks WHERE by_search ORDER BY check_id")


def test_searches_by_codes_check_a_few_faces_more_each_and_each_face_once(coded, monkeypatch):
    monkeypatch.setattr(self_checking, "AT_A_SEARCH", 2)
    search(coded)
    assert tallies(coded).empty, "an exact search loses nobody"
    galleries.choose_engine(coded.seat(), EngineChoice.COMPRESSED)
    usable = int(analysing.query(coded.seat(), "SELECT count(*) AS n FROM faces WHERE usable").n[0])
    assert usable > 4
    reports = [search(coded) for _ in range(usable)]
    assert tallies(coded).probes.tolist() == sorted({min(2 * n, usable) for n in range(1, usable)} | {usable})
    assert reports[0].check.probes == 2
    assert f"of {usable} mates lost" in reports[-1].said
    assert reports[-1].check.probes == usable, "nothing is left to check until the gallery changes"
    whole = galleries.check(coded.seat(), limit=self_checking.LIMIT)
    assert (whole.probes, whole.lost) == (usable, int(tallies(coded).lost.iloc[-1])), "a tally is a check in pieces"
    assert search(coded).check == whole, "what an officer checked tells more, as neither bears out the bound"


def test_a_tally_stops_at_enough_and_starts_anew_when_the_gallery_changes(coded, monkeypatch):
    monkeypatch.setattr(self_checking, "AT_A_SEARCH", 2)
    monkeypatch.setattr(self_checking, "ENOUGH", 3)
    galleries.choose_engine(coded.seat(), EngineChoice.COMPRESSED)
    for _ in range(3):
        search(coded)
    assert tallies(coded).probes.tolist() == [2, 3]
    with coded.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.custody_images SET review_due = '2099-01-01'")
        rows = session.rows("SELECT custody_image_id FROM held.custody_images")
        gallery_store.changed(session, [image for (image,) in rows])
    search(coded)
    assert tallies(coded).probes.tolist() == [2, 3, 2]


def test_a_tally_that_bears_out_the_bound_tells_more_than_a_check_that_does_not(coded, monkeypatch):
    galleries.check(coded.seat())
    monkeypatch.setitem(loss.measure.__kwdefaults__, "bound", 1.0)
    galleries.choose_engine(coded.seat(), EngineChoice.COMPRESSED)
    report = search(coded)
    assert report.check.upper_bound <= report.check.bound
    assert "not shown" not in report.said


def test_a_check_of_a_gallery_that_has_changed_since_says_so(coded):
    galleries.check(coded.seat(), probes=2)
    galleries.choose_engine(coded.seat(), EngineChoice.COMPRESSED)
    with coded.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.custody_images SET review_due = '2099-01-01'")
        rows = session.rows("SELECT custody_image_id FROM held.custody_images")
        gallery_store.changed(session, [image for (image,) in rows])
    assert "images, which has changed since: " in search(coded).said


def test_codes_that_lose_somebody_are_found_out(coded, monkeypatch):
    """An engine that leaves out whom the exact one lists first is counted, probe by probe."""
    theirs = compressed.CompressedIndex._searched
    monkeypatch.setattr(
        compressed.CompressedIndex, "_searched", lambda *a: [one[1:] for one in theirs(*a)]
    )  # fmt: skip
    found = galleries.check(coded.seat(), limit=2)
    assert found.lost == found.probes
    assert found.upper_bound == 1.0


def test_the_sample_is_the_same_for_a_seed_and_another_for_another(coded):
    from stillgraph.store import checks

    with coded.seat().case.session(writing=False) as session:
        model = coded.seat().model
        samples = [checks.sample(session, model, 2, seed) for seed in (0, 0, 1, 2, 3)]
        every = checks.sample(session, model, 10_000, 0)
    taken = [sorted(one.vector.tobytes() for one in some) for some in samples]
    assert taken[0] == taken[1]
    assert len(set(map(tuple, taken))) > 1
    assert len(every) > len(samples[0]) == 2


def test_nobody_unknown_checks_a_gallery(coded):
    for lacking in ({"officer": None}, {"operation": None}, {"reason": None}):
        with pytest.raises(NotPermitted, match="To check gallery"):
            galleries.check(coded.seat(**lacking))
    assert galleries.status(coded.seat()).check is None


def test_what_cannot_be_checked_is_refused(small_case, monkeypatch):
    for wrong in ({"probes": 0}, {"limit": 0}, {"seed": -1}):
        with pytest.raises(WrongUse, match="one face or more"):
            galleries.check(small_case.seat(), **wrong)
    with pytest.raises(WrongUse, match=r"fewer than 20,000 custody images is always compared whole"):
        galleries.check(small_case.seat())
    monkeypatch.setattr(compressed, "TRAINED_FROM", 10)
    with small_case.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.faces SET usable = false WHERE image_kind = 'still'")
    with pytest.raises(WrongUse, match="No face of a still can be searched"):
        galleries.check(small_case.seat())


def test_a_sample_that_bears_the_bound_out_is_said_plainly(coded):
    from datetime import UTC, datetime

    check = LossCheck(
        1, datetime(2026, 11, 25, tzinfo=UTC), "m", GalleryInfo(9, "v"), 20, 0, 1000, 0, 2, 0.00299, 0.005
    )
    assert galleries.sentence(check) == "0 of 1,000 mates lost (95 % upper bound 0.3 %)"
    assert choice.said("compressed", GalleryInfo(9, "v"), check) == (
        "Codes were compared first and the best scored exactly. Checked on 2026-11-25 on this gallery: "
        "0 of 1,000 mates lost (95 % upper bound 0.3 %)."
    )


def test_the_commands(coded, capsys):
    case = str(coded.directory)
    assert run(["gallery", "engine", case, "--set", "compressed", *SEAT]) == 0
    assert "Searched with: compressed, since set for this case (set: compressed)" in capsys.readouterr().out
    assert run(["gallery", "check", case, "--probes", "5", *SEAT]) == 0
    assert "of 5 mates lost" in capsys.readouterr().out
    assert run(["search", case, "--still", STILL, "--past-review", "--limit", "2", *SEAT]) == 0
    assert "of 5 mates lost" in capsys.readouterr().out
    assert run(["gallery", "status", case, "--json", *SEAT]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["choice"], told["engine"], told["check"]["probes"]) == ("compressed", "compressed", 5)
    assert run(["gallery", "engine", case, "--set", "hnsw", *SEAT]) == 2
    assert "a case is searched with auto, exact, compressed" in capsys.readouterr().err
