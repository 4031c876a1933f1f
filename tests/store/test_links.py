"""Links as columns say what links as records say."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from stillgraph.errors import UnknownOffenceCode, WrongUse
from stillgraph.records import LINK_STATUSES, LinkStatus
from stillgraph.store import links, persons

HARM = {"46": 1.0, "34A": 365.0}
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def session(open_case):
    """Return a session whose changes are undone."""
    with open_case.session(writing=True) as session:
        session.execute("BEGIN TRANSACTION")
        yield session
        session.execute("ROLLBACK")


def fill(session, seed: int, *, offences: int = 30, people: int = 12, faces: int = 60) -> None:
    """Make up a linking run: faces on stills of offences, persons of every status, proposals of every form."""
    draw = random.Random(seed)
    stores = ["R1-S1", "R1-S2", "R2-S1"]
    session.append(
        "stores",
        [
            {"store_id": s, "retailer_id": s[:2], "retailer": f"Shop {s[:2]}", "store": s, "borough": draw.choice("AB"),
             "latitude": 51.5, "longitude": -0.1}
            for s in stores
        ],
    )  # fmt: skip
    of = [draw.choice(stores) for _ in range(offences)]
    session.append(
        "offences",
        [
            {"offence_id": f"R/{n:02}", "retailer_id": of[n][:2], "store_id": of[n],
             "occurred_at": START + timedelta(hours=draw.randrange(24 * 60)),
             "offence_code": draw.choice(["46", " 34a"]), "offence": "shop theft", "value_pence": draw.randrange(9000),
             "violence": "none", "method": "", "how_detected": draw.choice(["CCTV", "Store Detective "])}
            for n in draw.sample(range(offences), offences)
        ],
    )  # fmt: skip
    statuses = [draw.choice(list(LinkStatus)) for _ in range(people)]
    named = [n for n, status in enumerate(statuses) if status is LinkStatus.CORROBORATED]
    session.append(
        "persons",
        [
            {"person_id": f"P{n:02}", "position": n, "nominal_id": f"P{n:02}" if n in named and n % 2 else None,
             "status": str(statuses[n]),
             "proposed_as": f"P{draw.choice(named):02}" if named and n not in named and draw.random() < 0.4 else None}
            for n in range(people)
        ],
    )  # fmt: skip
    stills = [f"R/{n}.jpg" for n in range(faces)]
    session.append(
        "stills",
        [
            {"still_id": s, "delivery_id": 1, "retailer_id": "R1", "offence_id": f"R/{draw.randrange(offences):02}",
             "image": s, "camera": "", "captured_at": START, "width_px": 1, "height_px": 1, "sha256": s, "line": 2,
             "note": ""}
            for s in stills
        ],
    )  # fmt: skip
    session.append(
        "faces",
        [
            {"face_id": f"{s}#1", "image_kind": "still", "image_id": s, "x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0,
             "landmarks": [0.0] * 10, "inter_eye_px": 1.0, "sharpness": 1.0, "brightness": 1.0, "contrast": 1.0,
             "frontality": 1.0, "detection_score": 1.0, "found_by": "", "usable": True}
            for s in stills
        ],
    )  # fmt: skip
    session.append(
        "person_faces", [{"face_id": f"{s}#1", "person_id": f"P{draw.randrange(people):02}"} for s in stills]
    )
    pairs = [draw.sample(range(people), 2) for _ in range(8)]
    session.append(
        "proposals",
        [
            {"position": n, "faces": [], "score": n / 10, "reason": "",
             "persons": [f"P{a:02}", f"P{b:02}"] if n % 4 else [f"P{a:02}"],
             "likelihood_ratio": 40.0 if n % 3 == 0 else None}
            for n, (a, b) in enumerate(pairs)
        ],
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("with_proposals", [False, True])
def test_columns_say_what_records_say(session, seed, with_proposals):
    fill(session, seed)
    table = links.links(session, HARM, with_proposals=with_proposals)

    surest: dict[tuple[str, str], int] = {}
    nominals = {}
    for part in persons.participations(session, with_proposals=with_proposals):
        key = (part.person_id, part.offence_id)
        status = LINK_STATUSES.index(part.status)
        surest[key] = min(status, surest.get(key, status))
        nominals[part.person_id] = part.nominal_id
    own = table.join == -1
    read = {
        (table.persons[p], table.offences.ids[o]): int(s)
        for p, o, s in zip(table.person[own], table.offence[own], table.status[own], strict=True)
    }
    assert read == surest
    assert int(own.sum()) == len(surest)
    assert {p: n for p, n in zip(table.persons, table.nominal_ids, strict=True) if p in nominals} == nominals

    order = np.lexsort((table.join, table.offence, table.person))
    assert (order == np.arange(len(order))).all()
    assert list(table.persons) == sorted(table.persons)
    assert list(table.offences.ids) == sorted(table.offences.ids)

    run = persons.linkage(session)
    as_known = dict(session.rows("SELECT person_id, coalesce(proposed_as, person_id) FROM held.persons"))
    there = {person for person, _ in surest}
    wanted = {}
    for proposal in run.proposals if with_proposals else ():
        if len(proposal.persons) == 2:
            part, whole = (as_known[p] for p in proposal.persons)
            if part != whole and part in there:
                wanted.setdefault((part, whole), (proposal.likelihood_ratio, proposal.score))
    assert [
        (table.persons[j.part], table.persons[j.whole], j.likelihood_ratio, j.score) for j in table.joins
    ] == [(*pair, *told) for pair, told in wanted.items()]  # fmt: skip
    for number, join in enumerate(table.joins):
        of_join = table.join == number
        assert set(table.person[of_join]) == {join.whole}
        assert list(table.offence[of_join]) == list(table.offence[own & (table.person == join.part)])
        assert {LINK_STATUSES[s] for s in table.status[of_join]} == {LinkStatus.UNKNOWN}
    assert len(table.person) == len(table.offence) == len(table.status) == len(table.join)


def test_offences_come_whole_and_in_order(session):
    fill(session, 1)
    table = links.links(session, HARM).offences
    rows = session.rows(
        "SELECT offence_id, occurred_at, value_pence, how_detected, offence_code, retailer_id, store_id, borough "
        "FROM main.offences ORDER BY offence_id"
    )
    assert table.ids == tuple(row[0] for row in rows)
    assert table.occurred_at.tolist() == [row[1].astimezone(UTC).replace(tzinfo=None) for row in rows]
    assert table.value_pence.tolist() == [row[2] for row in rows]
    assert table.proactive.tolist() == [row[3] == "Store Detective " for row in rows]
    assert table.harm_days.tolist() == [HARM[row[4].strip().upper()] for row in rows]
    for column, at in ((table.code, 4), (table.retailer, 5), (table.store, 6), (table.borough, 7)):
        assert list(column.names) == sorted(column.names)
        assert column.index.dtype == np.int32
        assert [column.names[n] for n in column.index] == [row[at].strip().upper() for row in rows]


def test_a_period_holds_its_first_and_its_last_day(session):
    fill(session, 2)
    since, until = date(2026, 3, 10), date(2026, 3, 20)
    table = links.links(session, HARM, with_proposals=True, since=since, until=until)
    inside = {
        row[0]
        for row in session.rows("SELECT offence_id, occurred_at FROM held.offences")
        if since <= row[1].astimezone(UTC).date() <= until
    }
    assert set(table.offences.ids) == inside
    every = persons.participations(session, with_proposals=True)
    own = table.join == -1
    assert {(table.persons[p], table.offences.ids[o]) for p, o in zip(table.person[own], table.offence[own], strict=True)} == {
        (part.person_id, part.offence_id) for part in every if part.offence_id in inside
    }  # fmt: skip
    assert set(range(len(table.persons))) == set(table.person.tolist())
    assert {join.part for join in table.joins} <= set(table.person[own].tolist())


def test_a_case_without_links_has_an_empty_table(session):
    table = links.links(session, HARM, with_proposals=True)
    assert (table.persons, table.joins, table.offences.ids, len(table.person)) == ((), (), (), 0)
    assert table.offences.code.names == ()


def test_an_offence_code_without_harm_is_an_error(session):
    fill(session, 3)
    with pytest.raises(UnknownOffenceCode, match=r"offence code 34A has none.*`stillgraph case harm CASE FILE`"):
        links.links(session, {"46": 1.0})


def test_a_period_that_ends_before_it_begins_is_refused(session):
    with pytest.raises(WrongUse, match="Exchange the two dates"):
        links.links(session, HARM, since=date(2026, 2, 2), until=date(2026, 2, 1))
