"""What calibrate, threshold and search print for people to read."""

from __future__ import annotations

import shutil
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"


def test_a_calibration_too_thin_and_a_threshold_are_said_in_words(run, seat, small_case, small_inputs):
    case, truth = small_case.directory, ("--truth", small_inputs / "truth.csv", "--retailer", "R08")
    ran = run("calibrate", case, *truth, seat=seat)
    assert (ran.code, ran.err) == (0, "")
    assert "learned from R08" in ran.out
    assert ": insufficient: needs first candidates of 20 people who are the person" in ran.out
    assert "Cllr is the cost of the ratios" in ran.out
    refused = run("threshold", case, *truth, "--fpir", "0.1", seat=seat)
    assert refused.code == 2
    assert refused.err.startswith(
        "No threshold is set. insufficient: FPIR 0.1 needs at least 30 searches for strangers"
    )
    ran = run("threshold", case, *truth, "--fpir", "0.5", seat=seat)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Policy 1: FPIR 0.5 in a gallery of ")
    assert "needs at least 6 searches for strangers" in ran.out, "single bands have too few"
    ran = run("search", case, "--still", "R08/R08_0002.jpg", "--fpir", "0.5", seat=seat)
    assert (ran.code, ran.err) == (0, "")
    assert " for FPIR 0.5 at " in ran.out


def test_a_search_says_why_there_is_no_ratio(run, seat, small_case):
    ran = run("search", small_case.directory, "--still", "R08/R08_0002.jpg", seat=seat)
    assert "no likelihood ratio: scores are not calibrated in this case: `stillgraph calibrate`" in ran.out
    refused = run("search", small_case.directory, "--together", "a", "--fpir", "0.1", seat=seat)
    assert refused.code == 2
    assert "--together names all faces of the search; leave out --still, --fpir and the like." in refused.err


def test_series_are_proposed_in_words_or_not_at_all(run, seat, small_case, demo_case, tmp_path):
    ran = run("series", small_case.directory, seat=seat)
    assert (ran.code, ran.err) == (0, "")
    assert "Nothing is proposed. insufficient: needs 20 people with at least two solved offences" in ran.out
    case = tmp_path / "demo"
    shutil.copytree(demo_case, case)
    ran = run(
        "series", case, "--truth", DATA / "truth.csv", "--measure-on", "R12", "--most", "3",
        seat=("--officer", "analyst-1", "--operation", "OP-DEMO", "--reason", "test"),
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert "; simulated review" in ran.out
    for said in ("cross-validated", "others only", " km and ", "by chance alone about ", "no link is made"):
        assert said in ran.out
    refused = run(
        "series", case, "--most", "0", seat=("--officer", "analyst-1", "--operation", "OP-DEMO", "--reason", "x")
    )
    assert refused.code == 2
    assert "the most proposals are 1 or more" in refused.err
