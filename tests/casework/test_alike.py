"""Faces of stills against those of other stills: the oracle's order, nobody of the same still, nothing linked by it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest

from stillgraph.casework import alike, linking, reviewing
from stillgraph.cli.app import run
from stillgraph.errors import NotFound, ReviewBlocked, WrongUse
from stillgraph.records import StillFilters, Verdict
from stillgraph.store import CaseFile

SEAT = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "who else"]


def rows(case, sql, *values):
    with CaseFile(case.directory).session(writing=False) as session:
        return session.rows(sql, list(values))


@pytest.fixture
def faces(small_case):
    """Every usable face, with its still and template."""
    found = rows(
        small_case,
        "SELECT f.face_id, f.still_id, t.vector FROM faces AS f JOIN held.templates AS t USING (face_id) "
        "WHERE usable ORDER BY 1",
    )
    return {face: (still, np.array(vector, np.float32).astype(np.float64)) for face, still, vector in found}


def oracle(faces, probe, keep=lambda face: True):
    """Return the faces of other stills by score, each by itself."""
    still, vector = faces[probe]
    scored = [(-float((vector * v).sum()), face) for face, (s, v) in faces.items() if s != still and keep(face)]
    return [face for _, face in sorted(scored)]


def listed(report):
    return {one.face_id: [found.face_id for found in one.alike] for one in report.lists}


def two_stills(faces):
    """Two faces of two stills."""
    first = next(iter(faces))
    return first, next(face for face in faces if faces[face][0] != faces[first][0])


def corroborate(case, face, nominal):
    for officer in ("first", "second"):
        case.judge(officer, face, nominal)


def test_every_face_of_another_still_stands_in_the_order_of_its_score(small_case, faces):
    report = alike.alike(small_case.seat(), list(faces), limit=100)
    assert listed(report) == {face: oracle(faces, face) for face in faces}
    assert (report.gallery.size, report.faces_searched) == (len(faces), len(faces))
    for one in report.lists:
        for found in one.alike:
            score = float((faces[one.face_id][1] * faces[found.face_id][1]).sum())
            assert found.score == pytest.approx(score, abs=1e-6)
            assert (found.nominal_id, found.person_id, found.faces) == (None, None, 1)
            assert found.still != one.still
    short = alike.alike(small_case.seat(), [next(iter(faces))], limit=2, threshold=0.1)
    assert len(short.lists[0].alike) <= 2
    assert all(found.score >= 0.1 for found in short.lists[0].alike)


def test_a_still_stands_for_its_usable_faces(small_case, faces):
    still = next(s for s, _ in faces.values() if sum(other == s for other, _ in faces.values()) > 1)
    report = alike.alike(small_case.seat(), still=still)
    assert list(listed(report)) == [face for face, (s, _) in faces.items() if s == still]
    assert not {still} & {found.still for one in report.lists for found in one.alike}


def test_a_known_person_is_listed_once_and_named(small_case, faces):
    first, second = two_stills(faces)
    ((nominal,),) = rows(small_case, "SELECT nominal_id FROM candidates WHERE face_id = ? AND rank = 1", first)
    probe = next(f for f, (s, _) in faces.items() if s not in {faces[first][0], faces[second][0]})
    alike.alike(small_case.seat(), [probe], limit=100)
    for face in (first, second):
        corroborate(small_case, face, nominal)
    (one,) = alike.alike(small_case.seat(), [probe], limit=100).lists
    (known,) = [found for found in one.alike if found.nominal_id is not None]
    assert (known.nominal_id, known.person_id, known.faces) == (nominal, nominal, 2)
    better = next(face for face in oracle(faces, probe) if face in {first, second})
    assert known.face_id == better
    assert [f.face_id for f in one.alike] == [
        f for f in oracle(faces, probe) if f == better or f not in {first, second}
    ]


def test_nobody_known_to_be_on_the_same_still_is_listed_by_another(small_case, faces):
    """Two faces of one still are two persons, on whatever other still one of them is."""
    still = next(s for s, _ in faces.values() if sum(other == s for other, _ in faces.values()) > 1)
    probe, beside = [face for face, (s, _) in faces.items() if s == still][:2]
    elsewhere = next(face for face, (s, _) in faces.items() if s != still)
    ((nominal,),) = rows(small_case, "SELECT nominal_id FROM candidates WHERE face_id = ? AND rank = 1", beside)
    for face in (beside, elsewhere):
        corroborate(small_case, face, nominal)
    (one,) = alike.alike(small_case.seat(), [probe], limit=100).lists
    assert elsewhere not in {found.face_id for found in one.alike}
    assert len(one.alike) == len(oracle(faces, probe)) - 1


def test_what_two_officers_ruled_one_person_is_one_without_a_nominal(small_case, faces):
    first, second = two_stills(faces)
    probe = next(f for f, (s, _) in faces.items() if s not in {faces[first][0], faces[second][0]})
    for officer in ("second", "third"):
        linking.rule(small_case.seat(officer), [first, second], "same", reason="the same scar")
    linking.link(small_case.seat())
    (one,) = alike.alike(small_case.seat(), [probe], limit=100).lists
    (known,) = [found for found in one.alike if found.person_id is not None]
    assert (known.nominal_id, known.faces) == (None, 2)
    assert known.face_id in {first, second}


@pytest.mark.parametrize(
    "asked",
    [
        lambda days, boroughs: StillFilters(since=days[1]),
        lambda days, boroughs: StillFilters(until=days[-2]),
        lambda days, boroughs: StillFilters(borough=(boroughs[0],)),
        lambda days, boroughs: StillFilters(
            retailer=("R08",), borough=tuple(boroughs[:2]), since=days[0], until=days[-1]
        ),
    ],
)
def test_filters_say_which_stills_are_looked_at(small_case, faces, asked):
    recorded = {
        face: (retailer, borough, captured.date())
        for face, retailer, borough, captured in rows(
            small_case,
            "SELECT face_id, s.retailer_id, borough, captured_at FROM faces JOIN stills AS s USING (still_id) "
            "JOIN offences USING (offence_id)",
        )
    }
    filters = asked(
        sorted({day for _, _, day in recorded.values()}), sorted({place for _, place, _ in recorded.values()})
    )

    def keep(face):
        retailer, borough, day = recorded[face]
        return (
            (not filters.retailer or retailer in filters.retailer)
            and (not filters.borough or borough in filters.borough)
            and (filters.since is None or day >= filters.since)
            and (filters.until is None or day <= filters.until)
        )

    report = alike.alike(small_case.seat(), list(faces), limit=100, filters=filters)
    assert report.faces_searched == sum(map(keep, faces)) > 0
    assert listed(report) == {face: oracle(faces, face, keep) for face in faces}


def test_the_index_follows_the_case_and_forgets_what_left_it(small_case, faces):
    folder = small_case.directory / alike.FOLDER
    first, second = two_stills(faces)
    before = alike.alike(small_case.seat(), [first]).gallery
    written = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert alike.alike(small_case.seat(), [first]).gallery == before
    assert {path: path.stat().st_mtime_ns for path in written} == written, "nothing changed, so nothing is written"
    with CaseFile(small_case.directory).session(writing=True) as session:
        session.execute("DELETE FROM held.templates WHERE face_id = ?", [second])
    after = alike.alike(small_case.seat(), [first], limit=100)
    assert after.gallery.size == before.size - 1
    assert second not in {found.face_id for found in after.lists[0].alike}
    kept = b"".join(path.read_bytes() for path in folder.rglob("rows-*"))
    assert faces[second][1].astype("<f4").tobytes() not in kept
    stray = folder / "of another model"
    stray.mkdir()
    alike.alike(small_case.seat(), [first])
    assert not stray.exists()


def test_it_is_a_search_on_record_and_links_nothing(small_case, faces):
    first, second = two_stills(faces)
    before = linking.link(small_case.seat())
    report = alike.alike(small_case.seat("third"), [first], filters=StillFilters(since=date(2020, 1, 1)))
    assert linking.link(small_case.seat()) == before
    assert rows(
        small_case, "SELECT face_id, officer_id, reason, faces, gallery_version, filters FROM alike_searches"
    ) == [
        (first, "third", "test the workbench", report.gallery.size, report.gallery.version, '{"since": "2020-01-01"}')
    ]
    details = json.loads(
        rows(small_case, "SELECT details FROM audit WHERE action = 'search' ORDER BY sequence DESC LIMIT 1")[0][0]
    )
    assert details["faces"] == [first]
    assert details["among_stills"] is True
    assert first not in {item.face_id for item in reviewing.queue(small_case.seat("third"))}
    with pytest.raises(ReviewBlocked, match="may not judge a search they made"):
        small_case.judge("third", first, Verdict.NO_CANDIDATE)
    assert small_case.judge("first", first, Verdict.NO_CANDIDATE).outcome == "pending", "others may"
    assert small_case.judge("third", second, Verdict.NO_CANDIDATE).outcome == "pending", "and they another face"


def test_what_makes_no_sense_is_refused(small_case, faces, capsys):
    desk, face = small_case.seat(), next(iter(faces))
    with pytest.raises(WrongUse, match="one of the two"):
        alike.alike(desk)
    with pytest.raises(WrongUse, match="one of the two"):
        alike.alike(desk, [face], still=faces[face][0])
    with pytest.raises(NotFound, match=r"no still R99/x\.jpg with a usable face"):
        alike.alike(desk, still="R99/x.jpg")
    with pytest.raises(NotFound, match=r"no face R99/x\.jpg#1"):
        alike.alike(desk, ["R99/x.jpg#1"])
    with pytest.raises(WrongUse, match="filters leave none of"):
        alike.alike(desk, [face], filters=StillFilters(retailer=("R99",)))
    with pytest.raises(WrongUse, match="ends on or after its beginning"):
        alike.alike(desk, [face], filters=StillFilters(since=date(2026, 2, 2), until=date(2026, 2, 2) - timedelta(1)))
    with CaseFile(small_case.directory).session(writing=True) as session:
        session.execute(
            "UPDATE held.faces SET usable = false, unusable_reason = 'Too small.' WHERE face_id = ?", [face]
        )
    with pytest.raises(WrongUse, match=r"cannot be searched\. Too small"):
        alike.alike(desk, [face])
    with CaseFile(small_case.directory).session(writing=True) as session:
        session.execute("UPDATE held.faces SET usable = false")
        with pytest.raises(WrongUse, match="No still in this case has a usable face"):
            alike.current(session, small_case.directory, desk.model)


def test_the_command_shows_and_prints_it(small_case, faces, capsys):
    face = next(iter(faces))
    assert run(["alike", str(small_case.directory), "--face", face, *SEAT]) == 0
    out = capsys.readouterr().out
    assert f"1 face compared with {len(faces)} usable faces of stills" in out
    assert "Nothing is linked by it" in out
    assert (
        run(["alike", str(small_case.directory), "--still", faces[face][0], "--retailer", "R08", "--json", *SEAT]) == 0
    )
    document = json.loads(capsys.readouterr().out)
    assert document["filters"]["retailer"] == ["R08"]
    assert document["lists"][0]["alike"][0]["face_id"] == oracle(faces, face)[0]
    assert run(["alike", str(small_case.directory), *SEAT]) == 2
    assert "one of the two" in capsys.readouterr().err
