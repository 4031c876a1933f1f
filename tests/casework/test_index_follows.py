"""The gallery's index learns of a change from the record of changes, and compares everything where that does not reach."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from stillgraph.casework import indexing, searching
from stillgraph.errors import WrongUse
from stillgraph.store import faces as face_store
from stillgraph.store import galleries


def index_of(case):
    desk = case.seat()
    with desk.case.session(writing=True) as session:
        return indexing.current(session, desk.case.directory, desk.model)


def leave_out(case, images):
    """Take custody images out of the case, recorded or not; return what puts them back."""
    with case.seat().case.session(writing=True) as session, session.transaction():
        wanted = {"images": list(images)}
        rows = session.frame("SELECT * FROM held.custody_images WHERE list_contains($images, custody_image_id)", wanted)
        session.execute("DELETE FROM held.custody_images WHERE list_contains($images, custody_image_id)", wanted)
        galleries.changed(session, images)
    return rows.to_dict("records")


def put_back(case, rows):
    with case.seat().case.session(writing=True) as session, session.transaction():
        session.append("custody_images", rows)
        galleries.changed(session, [row["custody_image_id"] for row in rows])


def agrees(case, index):
    desk = case.seat()
    with desk.case.session(writing=False) as session:
        entries, vectors = face_store.gallery(session, desk.model)
    rows = index.contents.locate([image for image, _ in entries])
    return (
        index.info.size == len(entries)
        and (rows >= 0).all()
        and np.array_equal(index.contents.vectors(rows), vectors)
        and index.contents.counted_anew() == index.contents.digest
    )


@pytest.fixture
def images(small_case):
    with small_case.seat().case.session(writing=False) as session:
        return [row[0] for row in session.rows("SELECT custody_image_id FROM held.custody_images ORDER BY 1")]


def test_what_changed_is_brought_along_without_reading_the_rest(small_case, images, monkeypatch):
    first = index_of(small_case)

    def everything(*_):
        raise AssertionError("the whole gallery was read")

    monkeypatch.setattr(galleries, "enrolled", everything)
    rows = leave_out(small_case, images[:3])
    fewer = index_of(small_case)
    assert fewer.contents.locate(images[:4]).tolist()[:3] == [-1] * 3
    assert fewer.info.size == first.info.size - 3
    assert agrees(small_case, fewer)
    put_back(small_case, rows[:2])
    put_back(small_case, rows[2:])
    again = index_of(small_case)
    assert again.info == first.info
    assert agrees(small_case, again)


@pytest.mark.parametrize("reached", [False, True])
def test_a_case_file_put_back_from_a_backup_and_changed_otherwise_is_compared_whole(
    small_case, images, tmp_path, reached
):
    index_of(small_case)
    file = small_case.directory / "case.duckdb"
    shutil.copy(file, tmp_path / "backup")
    leave_out(small_case, images[:1])
    if reached:
        index_of(small_case)
    shutil.copy(tmp_path / "backup", file)
    leave_out(small_case, images[1:2])
    index = index_of(small_case)
    assert index.contents.locate(images[:2]).tolist()[1] == -1
    assert index.contents.locate(images[:1]).tolist() != [-1]
    assert agrees(small_case, index)


def test_what_came_or_went_past_the_record_is_noticed_by_the_counts(small_case, images):
    index_of(small_case)
    with small_case.seat().case.session(writing=True) as session:
        session.execute("DELETE FROM held.custody_images WHERE custody_image_id = ?", [images[0]])
    index = index_of(small_case)
    assert index.contents.locate(images[:1]).tolist() == [-1]
    assert agrees(small_case, index)
    leave_out(small_case, images[1:2])  # a change on record after it: the counts are right again
    assert agrees(small_case, index_of(small_case))


def test_an_index_of_an_earlier_version_is_compared_whole(small_case, images):
    index_of(small_case).remember("30:1234567890")
    leave_out(small_case, images[:1])
    assert agrees(small_case, index_of(small_case))


def test_a_gallery_of_nobody_is_not_searched(small_case, images):
    index_of(small_case)
    leave_out(small_case, images)
    with pytest.raises(WrongUse, match="The gallery is empty: enrol custody images"):
        searching.search(small_case.seat(), unsearched=True)
