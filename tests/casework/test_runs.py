"""With what, and how fast, images were analysed is shown and stored; a GPU that is not there is refused."""

from __future__ import annotations

import json

import pytest

from stillgraph.casework import analysing, receiving, searching
from stillgraph.cli.app import run
from stillgraph.errors import ModelError
from stillgraph.records import RetailerId

CPU = "CPUExecutionProvider"


@pytest.fixture(autouse=True)
def kept_open(small_case):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    with small_case.seat().sitting():
        yield


def runs(small_case):
    return analysing.query(small_case.seat(), "SELECT * FROM analysis_runs ORDER BY run_id")


def test_a_run_is_stored_for_each_delivery_with_what_really_ran(small_case):
    stored = runs(small_case)
    assert stored.purpose.tolist() == ["custody", "stills"]
    assert stored.delivery_id.tolist() == [1, 3]  # 2 is the arrests
    assert set(stored.provider) == {CPU}
    assert set(stored.pack) == {"yunet-sface"}
    assert set(stored.model) == {small_case.seat().model}
    counted = analysing.query(
        small_case.seat(), "SELECT (SELECT count(*) FROM custody_images) AS custody, (SELECT count(*) FROM stills) AS s"
    )
    assert stored.images.tolist() == [counted.custody[0], counted.s[0]]
    assert (stored.images_per_s * stored.elapsed_s).tolist() == pytest.approx(stored.images.tolist())
    assert (stored.workers >= 1).all()


def test_an_image_from_outside_is_a_run_of_its_own(small_case, small_inputs):
    image = small_inputs / "deliveries" / "R08" / "stills" / "R08_0002.jpg"
    report = searching.search(small_case.seat(), image=image)
    last = runs(small_case).iloc[-1]
    assert (last.purpose, last.images, last.workers) == ("search", 1, 1)
    assert last.delivery_id is None or last.delivery_id != last.delivery_id
    assert (report.provider, report.images_per_s) == (last.provider, pytest.approx(last.images_per_s))


def test_a_search_of_stills_analyses_nothing(small_case):
    report = searching.search(small_case.seat(), stills=["R08/R08_0002.jpg"])
    assert (report.provider, report.images_per_s) == (None, None)
    assert len(runs(small_case)) == 2


def test_a_delivery_of_which_nothing_is_new_has_no_rate(small_case, small_inputs):
    manifest = small_inputs / "deliveries" / "R08" / "manifest.csv"
    report = receiving.receive(small_case.seat(), manifest, retailer_id=RetailerId("R08"), workers=3)
    assert (report.accepted, report.provider, report.images_per_s) == (0, CPU, None)
    last = runs(small_case).iloc[-1]
    assert (last.images, last.workers) == (0, 3)
    assert last.images_per_s != last.images_per_s


def test_a_gpu_that_is_not_there_is_refused_and_nothing_taken_in(small_case, small_inputs, monkeypatch):
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    monkeypatch.setenv("STILLGRAPH_DEVICE", "cuda")
    image = small_inputs / "deliveries" / "R08" / "stills" / "R08_0002.jpg"
    with pytest.raises(ModelError, match="install onnxruntime-gpu instead"):
        searching.search(small_case.seat(), image=image)
    assert len(runs(small_case)) == 2


def test_commands_print_the_rate_and_the_provider(small_case, small_inputs, capsys):
    image = small_inputs / "deliveries" / "R08" / "stills" / "R08_0002.jpg"
    command = ["search", str(small_case.directory), "--image", str(image)]
    seat = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "test"]
    assert run([*command, *seat]) == 0
    assert f" images a second on {CPU})" in capsys.readouterr().out
    assert run([*command, *seat, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["provider"] == CPU
    assert told["images_per_s"] > 0
