"""The report says what the entries say, no more, and gives no small count away."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import binomtest

from stillgraph.casework import transparency_pages as forms
from stillgraph.errors import AuditBroken, WrongUse
from stillgraph.governance import chain, periods, transparency
from stillgraph.governance.accounts import OUTSIDE
from stillgraph.governance.actions import Action
from stillgraph.records.transparency import NOT_RECORDED, WITHHELD

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)


def record(*told, start=START):
    """Return a chain of entries of actions told as (days after the start, action, details[, result[, officer]])."""
    entries, previous = [], chain.GENESIS
    for sequence, (days, action, details, *more) in enumerate(((0, Action.CREATE_CASE, {"model": "m@1"}), *told), 1):
        result, officer = (*more, "done", "amy")[:2] if len(more) < 2 else more
        entries.append(chain.entry(
            sequence=sequence, previous=previous, recorded_at=start + timedelta(days=days), officer=officer,
            operation="OP-1", reason="r", action=str(action), result=result, details=dict(details),
        ))  # fmt: skip
        previous = entries[-1].digest
    return entries


def search(days, *, faces=10, usable=9, lists=8, places=None, first=None, **more):
    places = {"Camden": 6, "Brent": 7} if places is None else places
    return (days, Action.SEARCH, {
        "limit": 20, "threshold": -1.0, "model": "m@1", "gallery": "g", "gallery_size": 194,
        "filters": {"review_on": "2026-01-05"},
        "account": {"images": sum(places.values()), "faces": faces, "usable": usable, "lists": lists, "listed": lists,
                    "bands": {"A": usable}, "places": places, "first": {"sex": first or {"F": lists}},
                    "people": {"sex": {"F": 40, "M": 110}}},
        "software": {"stillgraph": "0.1.0"}, "pack_files": {"one.onnx": "ab" * 32},
    } | more)  # fmt: skip


def judged(days, face, outcome, officer="bob", **more):
    return days, Action.JUDGE, {"face": face, "outcome": outcome, **more}, "done", officer


def made(entries, **options):
    return forms.document(transparency.compiled(entries, made_at=NOW, **{"public": False} | options))


def rows(document, section, table):
    return document["sections"][section]["tables"][table]["rows"]


# --- what it counts ------------------------------------------------------------------------------------------------


def test_it_counts_what_the_entries_of_the_period_say_and_no_others():
    entries = record(search(1), search(40, places={"Camden": 3}), search(100, from_outside=True))
    whole = made(entries)
    assert rows(whole, "searches", "by_kind")["all"] == {"label": "all", "searches": 3, "images": 29, "faces": 30}
    assert rows(whole, "places", "by_place")["Camden"]["images"] == 15
    february = made(entries, since=date(2026, 2, 1), until=date(2026, 2, 28))
    assert rows(february, "searches", "by_kind")["all"]["searches"] == 1
    assert february["seal"]["first"] == february["seal"]["last"] == 3
    assert february["seal"]["sequence"] == 4


@pytest.mark.parametrize("public", [True, False])
def test_a_period_in_which_nothing_was_done_is_of_zeros(public):
    quarter = made(record(search(1)), public=public, since=date(2026, 4, 1), until=date(2026, 6, 30))
    assert quarter["seal"]["last"] == (None if public else 0)
    assert quarter["seal"]["last_digest"] == ""
    assert rows(quarter, "searches", "by_kind")["all"]["searches"] == 0
    assert quarter["sections"]["review"]["rates"]["corroborated"]["rate"] is None
    assert quarter["sections"]["review"]["rates"]["corroborated"]["trials"] == 0


def test_a_period_before_the_record_began_is_of_zeros():
    before = made(record(search(1)), since=date(2025, 1, 1), until=date(2025, 3, 31))
    assert rows(before, "gallery", "by_month") == {
        "all": {"label": "all", "size": "", "version": "", "enrolled": 0, "refused": 0}
    }


def test_outcomes_are_those_that_stand_at_the_end_of_the_period():
    entries = record(
        judged(1, "f1", "pending"), judged(2, "f1", "corroborated", "cyd", verdicts={"supports": 2}),
        judged(3, "f2", "pending"), judged(4, "f3", "pending"), judged(5, "f3", "disputed", "cyd"),
        judged(60, "f1", "pending", "dee"),  # a trial looks so; the face stays what it was
        (70, Action.SEARCH, {"open_stills": True, "reopened": ["f1"], "open_faces": 3, "leads": 1}),
    )  # fmt: skip
    first = made(entries, until=date(2026, 1, 31))
    assert {key: row["lists"] for key, row in rows(first, "review", "outcomes").items()} == {
        "corroborated": 1, "not_supported": 0, "disputed": 1, "pending": 1, "all": 3,
    }  # fmt: skip
    assert rows(first, "review", "judgements")["supports"]["count"] == 2
    later = made(entries, since=date(2026, 3, 1), until=date(2026, 3, 31))
    assert (
        rows(later, "review", "outcomes")["all"]["lists"] == 0
        or rows(later, "review", "outcomes")["pending"]["lists"] == 1
    )
    assert rows(later, "review", "reopened")["enrolment"]["lists"] == 1


def test_a_trial_adds_to_no_outcome():
    entries = record(judged(1, "f1", "pending"), judged(2, "f1", "corroborated"), judged(40, "f1", "pending", "dee"))
    assert rows(made(entries, since=date(2026, 2, 1)), "review", "outcomes")["all"]["lists"] == 0


def test_rates_are_of_counts_with_intervals_by_wilson():
    rates = made(record(search(1, faces=371, usable=370, lists=370)))["sections"]["yield"]["rates"]
    assert (rates["usable"]["successes"], rates["usable"]["trials"]) == (370, 371)
    oracle = binomtest(370, 371).proportion_ci(method="wilson")
    assert (rates["usable"]["low"], rates["usable"]["high"]) == (pytest.approx(oracle.low), pytest.approx(oracle.high))


def test_error_rates_are_those_that_entries_say_and_else_not_measured():
    assert "Not measured" in " ".join(made(record(search(1)))["sections"]["error_rates"]["paragraphs"])
    measured = {"model": "m@1", "gallery": 150, "mated": 263, "nonmated": 111, "within": {"1": 202, "20": 248},
                "missed": {"0.1": 158}, "groups": {"sex": {"F": {"mated": 90, "within": {"1": 60}}}}}  # fmt: skip
    entries = record(
        (1, Action.EVALUATE, {"what": "identification", "measured": measured}),
        (2, Action.SET_THRESHOLD, {"fpir": 0.1, "threshold": 0.5, "searches": 111, "returned": 11}),
    )
    rates = made(entries)["sections"]["error_rates"]["rates"]
    assert rates["within_1"]["rate"] == 202 / 263
    assert rates["sex_F_within_1"]["trials"] == 90
    assert (rates["fpir_0.1"]["successes"], rates["fpir_0.1"]["trials"]) == (11, 111)


def test_the_public_is_told_neither_the_gallerys_size_nor_the_number_of_acts_exactly():
    measured = {"model": "m@1", "gallery": 1237, "mated": 263, "nonmated": 111, "within": {"1": 202}, "missed": {}}
    entries = record((1, Action.EVALUATE, {"what": "identification", "measured": measured}), search(2), search(100))
    quarter = {"since": date(2026, 1, 1), "until": date(2026, 3, 31)}
    outside, inside = (
        transparency.compiled(entries, made_at=NOW, public=public, **quarter) for public in (True, False)
    )
    told, exact = forms.document(outside), forms.document(inside)
    assert dict(told["sections"]["error_rates"]["facts"])["gallery"] == "about 1,240 people"
    assert dict(exact["sections"]["error_rates"]["facts"])["gallery"] == "1,237 people"
    assert (told["seal"]["first"], told["seal"]["last"]) == (None, None)
    assert (exact["seal"]["first"], exact["seal"]["last"]) == (1, 3)
    assert dict(forms.facts(outside))["entries of the period"] == f"the last of SHA-256 {entries[2].digest}"
    assert dict(forms.facts(inside))["entries of the period"].startswith("1 to 3, the last of")


def test_what_older_entries_do_not_say_is_not_recorded_and_never_a_zero():
    old = (1, Action.SEARCH, {"stills": 303, "probes": 371, "limit": 20, "threshold": -1.0, "model": "m@1"})
    told = made(record(old, (2, Action.JUDGE, {"face": "f1"})))
    assert told["sections"]["yield"]["rates"]["usable"]["successes"] == NOT_RECORDED
    assert rows(told, "review", "outcomes")["corroborated"]["lists"] == NOT_RECORDED
    assert rows(told, "places", "by_place")["place not recorded"]["images"] == 303
    both = made(record(old, search(2)))
    assert both["sections"]["yield"]["rates"]["usable"]["trials"] == 10
    assert any("before the record held" in text for text in both["sections"]["yield"]["paragraphs"])


def test_deletions_are_counted_by_kind_and_rule_and_once():
    gone = [["custody image", "N1/a.jpg", "custody image, convicted"], ["nominal record", "N1", "nominal record"]]
    told = made(record(
        (1, Action.APPLY_RETENTION, {"records": gone}), (1, Action.APPLY_RETENTION, {"step": "files removed"}),
        (2, Action.HOLD, {}), (3, Action.DECIDE_APPLICATION, {"records": gone[:1]}),
    ))  # fmt: skip
    assert rows(told, "retention", "acts")["apply_retention"]["count"] == 1
    assert rows(told, "retention", "by_kind")["custody image"]["records"] == 2
    assert rows(told, "retention", "by_rule")["all"]["records"] == 3
    assert "N1" not in json.dumps(told)


def test_attempts_refused_are_counted_and_told_inside_only():
    entries = record(*((n, Action.SEARCH, {"why": "no such officer"}, "refused", "mallory") for n in range(6)))
    inside, outside = made(entries), made(entries, public=True, since=date(2026, 1, 1))
    assert len(rows(inside, "refusals", "attempts")) == 6
    assert rows(outside, "refusals", "by_action")["search"]["count"] == 6
    assert "mallory" not in json.dumps(outside)
    assert "OP-1" not in json.dumps(outside)
    assert "people" not in outside["sections"]


# --- when it is made, of what --------------------------------------------------------------------------------------


def test_the_same_record_and_time_make_the_same_bytes_and_another_time_the_same_numbers():
    entries = record(search(1), search(40))
    one, same = (transparency.compiled(entries, made_at=NOW, public=False) for _ in range(2))
    for writer in forms.WRITERS.values():
        assert writer(one) == writer(same)
    first = made(entries, public=True, since=date(2026, 1, 1))
    grown = made([*record(search(1), search(40), search(150))], public=True, since=date(2026, 1, 1))
    assert first["sections"] == grown["sections"], "what came after the quarter changes nothing of it"
    assert first["seal"]["last_digest"] == grown["seal"]["last_digest"]


@pytest.mark.parametrize("harm", ["altered", "removed", "moved", "inserted"])
def test_nothing_is_made_of_a_record_that_does_not_hold(harm):
    entries = record(search(1), search(2), search(3))
    tampered = {
        "altered": [*entries[:2], replace(entries[2], details="{}"), entries[3]],
        "removed": [entries[0], *entries[2:]],
        "moved": [entries[0], entries[2], entries[1], entries[3]],
        "inserted": [*entries[:2], entries[1], *entries[2:]],
    }[harm]
    with pytest.raises(AuditBroken, match="is missing, altered or out of its place, so no report is made"):
        made(tampered)


def test_nothing_is_made_of_no_record():
    with pytest.raises(AuditBroken, match="no entry"):
        made([])


@pytest.mark.parametrize(
    ("since", "until", "public", "said"),
    [
        (date(2026, 1, 1), date(2026, 2, 28), True, "one calendar quarter"),
        (date(2026, 1, 2), None, True, "give --since 2026-01-01 --until 2026-03-31"),
        (date(2026, 1, 1), date(2026, 6, 30), True, "one calendar quarter"),
        (date(2026, 3, 1), date(2026, 2, 1), False, "ends before it begins"),
        (date(2027, 1, 1), None, True, "yet to come"),
        (date(2027, 1, 1), None, False, "yet to come"),
    ],
)
def test_periods_that_make_no_sense_or_would_give_counts_away_are_refused(since, until, public, said):
    with pytest.raises(WrongUse, match=said):
        made(record(search(1)), since=since, until=until, public=public)


def test_the_publics_period_is_the_last_quarter_that_has_ended_or_the_first():
    assert made(record(search(1)), public=True)["period"] == {"since": "2026-04-01", "until": "2026-06-30"}
    young = record(search(1), start=NOW - timedelta(days=3))
    assert made(young, public=True)["period"] == {"since": "2026-07-01", "until": "2026-09-30"}
    assert made(young, public=True)["provisional"]
    assert not made(record(search(1)), public=True)["provisional"]


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 2000))
def test_quarters_follow_each_other_and_miss_no_day(first, days):
    found = periods.quarters(first, first + timedelta(days=days))
    assert found[0][0] <= first <= found[0][1]
    assert found[-1][0] <= first + timedelta(days=days) <= found[-1][1]
    for (_, end), (begin, _) in pairwise(found):
        assert begin == end + timedelta(days=1)


# --- small counts --------------------------------------------------------------------------------------------------


def _random_record(seed):
    chance = random.Random(seed)
    told = []
    for _ in range(chance.randint(1, 9)):
        faces = chance.randint(0, 12)
        usable = chance.randint(0, faces)
        lists = chance.randint(0, usable)
        women = chance.randint(0, lists)
        places = {name: chance.randint(0, 6) for name in ("Camden", "Brent", "Ealing")[: chance.randint(1, 3)]}
        more = chance.choice([
            {}, {"from_outside": True}, {"open_stills": True}, {"fpir": 0.1, "threshold": 0.5}, {"together": ["f1"]},
        ])  # fmt: skip
        if "from_outside" in more:
            places = {OUTSIDE: chance.randint(1, 6)}
        if "together" in more:
            places = {"Camden": faces}
        told.append(search(chance.randint(1, 85), faces=faces, usable=usable, lists=lists, places=places,
                           first={"F": women, "M": lists - women}, **more))  # fmt: skip
    for n in range(chance.randint(0, 14)):
        outcome = chance.choice(["pending", "corroborated", "not supported", "disputed"])
        told.append(judged(chance.randint(1, 85), f"f{n}", outcome))
    tried = [Action.QUERY, Action.LINK, Action.RULE]
    told += [(chance.randint(1, 85), chance.choice(tried), {}, "refused") for _ in range(chance.randint(0, 9))]
    for _ in range(chance.randint(0, 3)):
        gone = [one for one, most in GONE.items() for _ in range(chance.randint(0, most))]
        action = chance.choice([Action.APPLY_RETENTION, Action.DECIDE_APPLICATION])
        told.append((chance.randint(1, 85), action, {"records": [[kind, "id", rule] for kind, rule in gone]}))
    return record(*sorted(told, key=lambda one: one[0]))


GONE = {
    ("custody image", "custody image, convicted, MoPI group 3"): 6, ("custody image", "custody image, no action"): 4,
    ("custody image", "application 7"): 2, ("nominal record", "nominal record"): 3, ("still", "still, no face"): 2,
    ("still", "still, unknown"): 3, ("search", "search"): 6,
}  # fmt: skip
"""What deletions are of, by kind and rule, and how many of each one may delete at most."""


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_the_publics_report_has_no_small_count_in_any_form_and_its_sums_add_up(seed):
    entries = _random_record(seed)
    quarter = {"since": date(2026, 1, 1), "until": date(2026, 3, 31)}
    outside = transparency.compiled(entries, made_at=NOW, public=True, **quarter)
    inside = transparency.compiled(entries, made_at=NOW, public=False, **quarter)
    exact = {section.key: {table.key: table for table in section.tables} for section in inside.sections}
    for section in outside.sections:
        for table in section.tables:
            for row, true in zip(table.rows, exact[section.key][table.key].rows, strict=True):
                for cell, number in zip(row.cells, true.cells, strict=True):
                    if isinstance(cell, int):
                        assert cell == number
                        assert cell == 0 or cell >= 5
                    elif cell == WITHHELD:
                        assert number > 0
        for rate in section.rates:
            assert section.key == "error_rates" or WITHHELD not in (rate.successes, rate.trials) or rate.value is None


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_a_reader_who_adds_and_takes_away_over_all_tables_learns_no_small_count(seed):
    """Write down what adds up from the tables as printed, not from the program, and look for what only one value fits."""
    entries = _random_record(seed)
    quarter = {"since": date(2026, 1, 1), "until": date(2026, 3, 31)}
    outside, inside = (made(entries, public=public, **quarter) for public in (True, False))
    seen, true = _named(outside), _named(inside)
    names = sorted(true, key=str)
    unknown = {name: at for at, name in enumerate(n for n in names if seen.get(n, WITHHELD) == WITHHELD)}
    if not unknown:
        return
    sums = _what_adds_up(true)
    left, right = [], []
    for whole, parts in sums:
        row, rest = [0.0] * len(unknown), 0.0
        for name, sign in ((whole, 1), *((part, -1) for part in parts)):
            if name in unknown:
                row[unknown[name]] += sign
            else:
                rest -= sign * seen[name]
        left.append(row)
        right.append(rest)
    bounds = [(1 if name in seen else 0, None) for name in unknown]
    for name, at in unknown.items():
        if not 0 < true[name] < 5:
            continue
        ends = []
        for sign in (1, -1):
            goal = [0.0] * len(unknown)
            goal[at] = sign
            found = linprog(goal, A_eq=left, b_eq=right, bounds=bounds)
            ends.append(float("inf") if found.status == 3 else sign * found.fun)
        assert abs(ends[1] - ends[0]) > 0.5, (name, ends)


def test_what_two_tables_print_under_two_names_gives_no_small_count_away():
    quarter = {"public": True, "since": date(2026, 1, 1), "until": date(2026, 3, 31)}
    stills = search(1, places={"Camden": 100, "Brent": 100}, faces=200, usable=200, lists=200)
    outside = search(2, places={OUTSIDE: 12}, faces=12, usable=12, lists=12, from_outside=True)
    told = made(record(stills, outside, search(3, places={"Camden": 3}, faces=3, usable=3, lists=3, together=["f"])),
                **quarter)  # fmt: skip
    kinds, place = rows(told, "searches", "by_kind"), rows(told, "places", "by_place")[OUTSIDE]["images"]
    assert kinds["together"]["images"] == kinds["outside"]["images"] == WITHHELD
    assert place == WITHHELD, "which is the other of the two that are withheld, under another name"
    gone = [("custody image", "custody image, convicted", 50), ("nominal record", "nominal record", 7),
            ("still", "still, no face", 3)]  # fmt: skip
    records = [[kind, "id", rule] for kind, rule, count in gone for _ in range(count)]
    told = made(record((1, Action.APPLY_RETENTION, {"records": records})), **quarter)
    shown = [(rows(told, "retention", "by_kind")[kind]["records"], rows(told, "retention", "by_rule")[rule]["records"])
             for kind, rule, _ in gone]  # fmt: skip
    assert shown == [(50, 50), (WITHHELD, WITHHELD), (WITHHELD, WITHHELD)]


def _named(document):
    """Return every count of a report by name; one that several tables print has one name. Rates' counts too."""
    counts = {}
    for section, told in document["sections"].items():
        for table, held in told["tables"].items():
            for row, cells in held["rows"].items():
                for column, cell in cells.items():
                    if column in {"label", "size", "version", "people"} or table in {
                        "judgements",
                        "attempts",
                        "filters",
                    }:
                        continue
                    total = section in {"searches", "places", "thresholds"} and row == "all"
                    counts[("all", column) if total else (section, table, row, column)] = cell
    rates = document["sections"]["yield"]["rates"]
    counts["faces"], counts["usable"] = rates["usable"]["trials"], rates["usable"]["successes"]
    counts["lists"] = rates["lists"]["successes"]
    counts["ended"] = document["sections"]["review"]["rates"]["disputed"]["trials"]
    counts["judged"] = counts.pop(("review", "outcomes", "all", "lists"))
    if all(isinstance(counts[name], int) for name in ("faces", "usable", "lists")):
        counts["unusable"], counts["no list"] = counts["faces"] - counts["usable"], counts["usable"] - counts["lists"]
    counts.pop(("yield", "by_band", "all", "faces"), None)
    return {name: cell for name, cell in counts.items() if name not in {"unusable", "no list"} or isinstance(cell, int)}


def _what_adds_up(counts):
    columns = defaultdict(list)
    for name in counts:
        if isinstance(name, tuple) and len(name) == 4 and name[1] not in {"outcomes", "reopened", "acts", "failures"}:
            columns[name[0], name[1], name[3]].append(name)
    sums = []
    for (section, table, column), names in columns.items():
        whole = ("all", column) if section in {"searches", "places", "thresholds"} else (section, table, "all", column)
        whole = {("groups", "sex"): "lists"}.get((section, table), whole)
        parts = [name for name in names if name[2] != "all"]
        if whole in counts and table != "by_band" and sum(counts[part] for part in parts) == counts[whole]:
            sums.append((whole, parts))
    decided = [("review", "outcomes", key, "lists") for key in ("corroborated", "not_supported", "disputed")]
    sums += [("ended", decided), ("judged", ["ended", ("review", "outcomes", "pending", "lists")])]
    sums += [("faces", ["usable", "unusable"]), ("usable", ["lists", "no list"]), (("all", "faces"), ["faces"])]
    kinds = [name for name in counts if name[:2] == ("retention", "by_kind") and name[2] != "all"]
    rules = [name for name in counts if name[:2] == ("retention", "by_rule") and name[2] != "all"]
    for kind in kinds:  # a rule's name begins with what it is of, and what people apply for are custody images
        of_kind = [rule for rule in rules if rule[2].split(",")[0] == kind[2]]
        if kind[2] == "custody image":
            of_kind += [rule for rule in rules if rule[2] == "on application"]
        sums.append((kind, of_kind))
    if kinds:
        sums.append((("retention", "by_kind", "all", "records"), [("retention", "by_rule", "all", "records")]))
    same = [
        (("searches", "by_kind", "outside", "images"), ("places", "by_place", OUTSIDE, "images")),
        (("searches", "by_kind", "together", "images"), ("searches", "by_kind", "together", "faces")),
    ]
    sums += [(one, [other]) for one, other in same if {one, other} <= set(counts)]
    for whole, parts in sums:
        assert counts[whole] == sum(counts[part] for part in parts), whole
    return sums
