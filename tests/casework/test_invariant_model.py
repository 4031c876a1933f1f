"""Invariant 4: a template belongs to a model, and templates of two models never meet in one index or one score."""

from __future__ import annotations

import pytest

from stillgraph.casework import analysing, evaluating, governing, linking, searching, take_seat
from stillgraph.errors import ModelError, WrongUse

STILL = "R08/R08_0002.jpg"


def change(case, *statements):
    with case.seat().case.session(writing=True) as session:
        for statement in statements:
            session.execute(statement)


def candidates(case):
    (probe,) = searching.search(case.seat(), stills=[STILL]).probes
    return probe.candidates


def test_custody_templates_of_another_model_are_in_no_index(small_case):
    before = searching.search(small_case.seat(), stills=[STILL])
    assert before.gallery.size == 15
    # Another model's template of the very face that ranks first, equal to the probe's own: it would score 1.
    change(
        small_case,
        f"INSERT INTO held.templates SELECT c.face_id, 'other@000000000000', p.vector "
        f"FROM held.faces AS c, held.templates AS p WHERE c.image_kind = 'custody' AND p.face_id = '{STILL}#1'",
    )
    after = searching.search(small_case.seat(), stills=[STILL])
    assert after.gallery == before.gallery
    assert after.probes == before.probes
    change(small_case, "DELETE FROM held.templates WHERE model <> 'other@000000000000'")
    with pytest.raises(WrongUse, match=r"The gallery is empty: enrol custody images with `stillgraph custody add`"):
        searching.search(small_case.seat(), stills=[STILL])


def test_a_probe_with_a_template_of_another_model_only_is_not_searched(small_case):
    assert candidates(small_case)
    change(small_case, f"UPDATE held.templates SET model = 'other@000000000000' WHERE face_id = '{STILL}#1'")
    (probe,) = searching.search(small_case.seat(), stills=[STILL]).probes
    assert (probe.candidates, probe.outcome) == ((), "not searched: unusable face")


def test_linking_compares_templates_of_the_cases_model_only(small_case):
    plain = linking.link(small_case.seat(), threshold=0.99)
    change(
        small_case,
        "INSERT INTO held.templates SELECT t.face_id, 'other@000000000000', (SELECT vector FROM held.templates LIMIT 1) "
        "FROM held.templates AS t",
    )
    assert linking.link(small_case.seat(), threshold=0.99) == plain


def test_rates_are_measured_on_the_cases_model_only(small_case, small_inputs):
    before = evaluating.identification(small_case.seat(), small_inputs / "truth.csv")
    change(
        small_case,
        "INSERT INTO held.templates SELECT t.face_id, 'other@000000000000', (SELECT vector FROM held.templates LIMIT 1) "
        "FROM held.templates AS t",
    )
    after = evaluating.identification(small_case.seat(), small_inputs / "truth.csv")
    assert (after.gallery, after.hit_rate, after.mated) == (before.gallery, before.hit_rate, before.mated)


def test_a_case_is_bound_to_its_model(small_case, small_inputs, tmp_path):
    from stillgraph.casework import receiving

    settings = small_case.seat().settings
    assert settings["model"].startswith(f"{settings['pack']}@")
    change(small_case, f"UPDATE held.settings SET value = '{settings['pack']}@000000000000' WHERE key = 'model'")
    with pytest.raises(ModelError, match=r"bound to the model .*@000000000000, but the pack here is .*; install the"):
        receiving.receive(
            small_case.seat(), small_inputs / "deliveries" / "R08" / "manifest.csv", retailer_id="R08", workers=1
        )


def test_a_case_of_no_pack_is_not_made(tmp_path):
    with pytest.raises(ModelError):
        governing.create_case(tmp_path / "case", pack="no-such-pack")
    assert not (tmp_path / "case").exists()


def test_a_face_has_one_template_a_model(small_case):
    import duckdb

    with pytest.raises(duckdb.ConstraintException, match="Duplicate key"):
        change(small_case, "INSERT INTO held.templates FROM held.templates")


def test_the_model_is_stored_with_every_search(small_case):
    desk = take_seat(small_case.directory, officer="desk", operation="OP-TEST", reason="look")
    rows = analysing.query_table(
        desk, "SELECT model, gallery_size, gallery_version, threshold FROM searches"
    ).to_pylist()
    report = searching.candidate_lists(desk, STILL)
    assert rows == [
        {"model": desk.model, "gallery_size": 15, "gallery_version": report.gallery.version, "threshold": -1.0}
    ]
