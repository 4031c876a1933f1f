"""What a killed delivery leaves: cleared away by whoever opens the case next, unless a delivery is under way."""

from __future__ import annotations

import hashlib

import pytest

from stillgraph.store.images import INCOMING, MOVING, ImageStore

MOVED, WAITING = b"moved beside the case file", b"not moved yet"


@pytest.fixture(params=INCOMING)
def left(request, small_case):
    """Return what a delivery killed as it moved its images in leaves: one is moved, one is not."""
    store = ImageStore(small_case.directory)
    incoming = store.incoming(request.param)
    with incoming.alone():
        digests = [incoming.put(data) for data in (MOVED, WAITING)]
        moving = small_case.directory / "incoming" / request.param / MOVING
        moving.write_bytes(store.sealed("\n".join(digests).encode(), MOVING))
        place = store.path(digests[0])
        place.parent.mkdir(parents=True, exist_ok=True)
        moving.with_name(place.name).replace(place)
    return small_case, incoming, place


def test_the_next_opening_clears_away_what_a_killed_delivery_left(left):
    case, incoming, place = left
    held = {path for path in (case.directory / "images").glob("*/*") if path != place}
    assert place.exists()
    case.seat()
    assert incoming.is_empty()
    assert set((case.directory / "images").glob("*/*")) == held
    assert all(path.name == hashlib.sha256(path.read_bytes()).hexdigest() for path in held)


def test_a_delivery_under_way_is_left_alone(left):
    case, incoming, place = left
    with incoming.alone():
        case.seat()
        assert place.exists()
        assert not incoming.is_empty()
    case.seat()
    assert not place.exists()


def test_a_delivery_that_is_done_while_it_is_looked_for_moves_nothing(left, monkeypatch):
    case, _incoming, _place = left
    store, found = ImageStore(case.directory), type(case.directory).glob
    assert len(store.moving()) == 2

    def gone(path, pattern):
        for one in list(found(path, pattern)):
            one.unlink()
            yield one

    monkeypatch.setattr(type(case.directory), "glob", gone)
    assert store.moving() == set()
