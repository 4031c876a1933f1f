"""What a day begins with: what waits, what is new since a time, counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stillgraph.casework import Desk, beginning, governing, linking, picturing, searching, waiting
from stillgraph.casework.progress import Step, cancelled
from stillgraph.errors import Interrupted, NotFound, WrongUse
from stillgraph.records import Filters, Role, Verdict

FACE = "R08/R08_0002.jpg#1"


def seat_at(case, when, officer="desk"):
    desk = case.seat(officer)
    return Desk(desk.case, desk.claim, lambda: when)


def test_it_counts_what_came_since_the_last_look_and_not_ones_own_look(small_case):
    now = datetime.now(UTC)
    first = beginning.begin(seat_at(small_case, now + timedelta(hours=1)))
    assert (first.last_looked, first.since) == (None, now + timedelta(hours=1) - timedelta(days=1))
    assert (first.held.stills, first.held.unsearched, first.held.lists > 0) == (6, 0, True)
    assert (first.new.deliveries, first.new.stills, first.new.searches) == (3, 6, 1)
    assert first.new.lists == first.held.lists
    assert (first.new.judgements, first.new.refusals, first.simulated) == (0, 0, False)
    later = beginning.begin(seat_at(small_case, now + timedelta(hours=2)))
    assert later.last_looked == later.since == now + timedelta(hours=1)
    assert set(beginning.New.__slots__) == {name for name in beginning.New.__slots__ if getattr(later.new, name) == 0}
    small_case.judge("first", FACE, Verdict.NO_CANDIDATE)
    linking.link(small_case.seat())
    again = beginning.begin(small_case.seat("second"), since=now)
    assert (again.new.judgements, again.new.linking_runs, again.new.searches) == (1, 1, 0)
    assert again.last_looked is None, "another officer's looks are their own"


def test_a_reviewer_is_told_no_proposals(small_case):
    governing.add_officer(small_case.seat(), "blind", role=Role.REVIEWER)
    assert beginning.begin(small_case.seat("blind")).proposals is None
    assert beginning.begin(small_case.seat()).proposals == 0


def test_stills_are_found_by_their_bytes_and_shown_as_they_are(small_case):
    desk = small_case.seat()
    listed = picturing.stills(desk)
    assert len(listed) == 6
    assert all(one.searched for one in listed)
    assert [one.still for one in listed] == sorted(one.still for one in listed)
    from stillgraph.casework import receiving

    data = receiving.still_image(desk, "R08/R08_0002.jpg")
    assert picturing.still_of(desk, data) == "R08/R08_0002.jpg"
    assert picturing.still_of(desk, data + b"x") is None
    picture = picturing.picture(desk, "R08/R08_0002.jpg")
    assert picture.jpeg.startswith(b"\xff\xd8")
    assert picture.jpeg not in repr(picture).encode()
    with desk.case.session(writing=False) as session:
        size = session.one("SELECT width_px, height_px FROM stills WHERE still_id = 'R08/R08_0002.jpg'")
    assert (picture.width_px, picture.height_px) == size
    with pytest.raises(NotFound, match=r"There is no still R08/none\.jpg in this case\."):
        picturing.picture(desk, "R08/none.jpg")
    with pytest.raises(WrongUse, match="not an image"):
        picturing.shown(b"no image", "x.jpg")


def test_a_dropped_picture_is_searched_and_not_kept(small_case):
    from stillgraph.casework import receiving

    desk = small_case.seat()
    data = receiving.still_image(desk, "R08/R08_0002.jpg")
    with desk.case.session(writing=False) as session:
        before = session.one("SELECT count(*) FROM searches")
    found = picturing.search_dropped(desk, "../x/y.j p g", data, limit=5, filters=Filters(), past_review=False)
    wanted = searching.search(desk, stills=["R08/R08_0002.jpg"], limit=5)
    assert [p.candidates for p in found.probes] == [p.candidates for p in wanted.probes]
    assert found.search_id is None
    with desk.case.session(writing=False) as session:
        assert session.one("SELECT count(*) FROM searches")[0] == before[0] + 1


def test_custody_histories_are_what_is_recorded_without_a_name(small_case):
    desk = small_case.seat()
    with desk.case.session(writing=False) as session:
        nominal, images, arrests = session.one(
            "SELECT nominal_id, custody_images, arrests FROM nominals ORDER BY arrests DESC, nominal_id LIMIT 1"
        )
        names = [row[0] for row in session.rows("SELECT name FROM nominals")]
    found = picturing.histories(desk, [nominal, "N-none"])
    assert set(found) == {nominal}
    history = found[nominal]
    assert (history.images, len(history.arrests)) == (images, arrests)
    assert list(history.arrests) == sorted(history.arrests, key=lambda one: (-one.arrested_on.toordinal(), one.offence))
    assert not [name for name in names if name in repr(found)]
    assert picturing.recorded(desk)["sex"] == ("F", "M")


def test_reviewers_are_shown_no_scores(small_case):
    governing.add_officer(small_case.seat(), "blind", role=Role.REVIEWER)
    assert picturing.shows_scores(small_case.seat())
    assert not picturing.shows_scores(small_case.seat("blind"))


def test_all_that_wait_are_searched_some_at_a_time_and_what_was_searched_stays(small_case):
    desk = small_case.seat()
    with desk.case.session(writing=True) as session:
        session.execute("DELETE FROM held.searched_stills")
    told = []

    def stop(step):
        told.append(step)
        if step.done == 4:
            raise cancelled()

    with pytest.raises(Interrupted, match=r"^Cancelled\. 4 of 6 stills are searched; the others wait\.$"):
        waiting.search_waiting(desk, at_once=2, progress=stop)
    assert told == [Step("stills searched", n, 6, "still") for n in (0, 2, 4)]
    rest = waiting.search_waiting(desk, at_once=2)
    assert (rest.stills, rest.searches) == (2, 1)
    assert waiting.search_waiting(desk) == waiting.SearchedAll(0, 0, 0, 0)
    assert all(one.searched for one in picturing.stills(desk))
