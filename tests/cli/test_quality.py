"""The measures of a face as the command prints them, and the band beside a candidate list."""

from __future__ import annotations

from stillgraph.faces import bands, ofiq, quality

STILL = "R08/R08_0002.jpg"
FACE = f"{STILL}#1"


def test_each_measure_is_printed_with_its_rule_and_the_band_with_what_it_means(run, small_case, seat):
    shown = run("quality", small_case.directory, "--still", STILL, seat=seat)
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert lines[0] == f"{FACE}: usable"
    for measure, rule in quality.RULES.items():
        assert any(line.split()[:1] == [measure] and line.endswith(rule) for line in lines), measure
    band = run("quality", small_case.directory, "--still", STILL, "--json", seat=seat).document["faces"][0]["quality"][
        "band"
    ]
    assert f"  {bands.sentence(band)}" in lines
    assert "OFIQ" not in shown.out


def test_a_measure_that_was_not_taken_is_said_not_to_be(run, small_case, seat):
    with small_case.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.faces SET occlusion = NULL, band = NULL")
    shown = run("quality", small_case.directory, "--still", STILL, seat=seat)
    assert shown.out.count("not taken") == 2
    assert "such faces in the measurement" not in shown.out


def test_ofiqs_components_stand_under_our_own(run, small_case, seat, monkeypatch):
    monkeypatch.setattr(ofiq, "components", lambda pixels: {"Sharpness": 12.5, "EyesVisible": None})
    shown = run("quality", small_case.directory, "--still", STILL, "--ofiq", seat=seat)
    below = shown.out.split("OFIQ (ISO/IEC 29794-5)")[1].split()
    assert below[below.index("Sharpness") + 1] == "12.5"
    assert below[below.index("EyesVisible") + 1 :] == ["not", "taken"]
    monkeypatch.setattr(ofiq, "components", lambda pixels: {})
    assert "OFIQ finds no face here." in run("quality", small_case.directory, "--still", STILL, "--ofiq", seat=seat).out


def test_without_ofiq_the_command_says_how_to_get_it(run, small_case, seat, monkeypatch):
    monkeypatch.delenv("STILLGRAPH_OFIQ", raising=False)
    monkeypatch.setattr(ofiq, "_package", lambda: None)
    refused = run("quality", small_case.directory, "--still", STILL, "--ofiq", seat=seat)
    assert (refused.code, refused.out) == (1, "")
    assert "OFIQ's models are not here" in refused.err


def test_a_candidate_list_shows_its_faces_band(run, small_case, seat):
    probe = run("search", small_case.directory, "--still", STILL, "--json", seat=seat).document["probes"][0]
    shown = run("search", small_case.directory, "--still", STILL, seat=seat).out
    line = next(line for line in shown.splitlines() if line.split()[:1] == [FACE])
    assert line.split()[1] == probe["quality"]["band"]
    assert bands.sentence(probe["quality"]["band"]) in shown
