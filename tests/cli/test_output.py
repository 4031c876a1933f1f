"""What commands print: one JSON document with the keys of docs/interface.md, tables for people, files for tools."""

from __future__ import annotations

import csv
import io
import json
import re

import networkx as nx
import pyarrow.parquet as pq
import pytest

STILL, FACE = "R08/R08_0002.jpg", "R08/R08_0002.jpg#1"
RIGHT = "N314959"
COMPARED = ("--still-assessment", "in focus", "--custody-assessment", "frontal")
SUPPORT = ("--nominal", RIGHT, "--strength", "moderate", *COMPARED)


@pytest.fixture(autouse=True)
def kept_open(small_case):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    with small_case.seat().sitting():
        yield


def keys(document, *expected):
    assert set(expected) <= set(document), set(expected) - set(document)


def officer(name):
    return ("--officer", name, "--operation", "OP-TEST", "--reason", "compared ears")


@pytest.fixture
def reviewed(run, small_case):
    """Return the small case with one corroborated person, linked."""
    for face in (FACE, "R08/R08_0088.jpg#1"):
        for name in ("first", "second"):
            ran = run("review", "judge", small_case.directory, "--face", face, *SUPPORT, seat=officer(name))
            assert ran.code == 0, ran.err
    assert run("link", small_case.directory, seat=officer("desk")).code == 0
    return small_case


def test_a_whole_case_through_the_commands_alone(run, small_inputs, tmp_path):
    case = tmp_path / "new"
    made = run("case", "create", case, "--json").document
    keys(made, "case", "model", "pack")
    assert (case / "case.duckdb").is_file()
    assert run("case", "officer", "add", case, "pc1", "--json").document == {"officer": "pc1", "role": "administrator"}
    pc1 = ("--officer", "pc1", "--operation", "OP-1", "--reason", "shop theft")
    for name in ("pc2", "pc3"):
        assert (
            run("case", "officer", "add", case, name, "--role", "reviewer", "--json", seat=pc1).document["role"]
            == "reviewer"
        )
    opened = run(
        "case", "operation", "open", case, "OP-1", "--purpose", "p", "--until", "2099-01-01", "--json", seat=pc1
    )
    assert opened.document == {"operation": "OP-1", "from": None, "until": "2099-01-01"}
    custody = run("custody", "add", case, small_inputs / "custody" / "manifest.csv", "--arrests",
                  small_inputs / "custody" / "arrests.csv", "--json", seat=pc1).document  # fmt: skip
    manifest = small_inputs / "deliveries" / "R08" / "manifest.csv"
    stills = run("stills", "receive", case, manifest, "--retailer", "R08", "--stores", small_inputs / "stores.csv",
                 "--json", seat=pc1).document  # fmt: skip
    for report in (custody, stills):
        keys(report, "accepted", "refused", "faces", "without_face", "elapsed_s")
        assert report["refused"] == []
    assert (custody["accepted"], stills["accepted"]) == (15, 6)
    again = run("stills", "receive", case, manifest, "--retailer", "R08", "--json", seat=pc1).document
    assert again["accepted"] == 0
    assert {tuple(sorted(row)) for row in again["refused"]} == {("field", "image", "line", "reason")}
    assert [row["line"] for row in again["refused"]] == [2, 3, 4, 5, 6, 7]
    search = run("search", case, "--unsearched", "--limit", "3", "--json", seat=pc1).document
    assert len(search["probes"]) == stills["faces"]
    judged = ("--officer", "pc2", "--operation", "OP-1", "--reason", "scar")
    queue = run("review", "queue", case, "--json", seat=judged).document
    assert queue["waiting"] == len(queue["reviews"]) > 0
    keys(queue["reviews"][0], "face_id", "still", "search_id", "candidates")
    assert all(one["score"] is None for review in queue["reviews"] for one in review["candidates"]), "reviews are blind"
    verdict = run("review", "judge", case, "--face", FACE, "--inconclusive", *COMPARED, "--json", seat=judged).document
    assert verdict == {"face_id": FACE, "verdict": "inconclusive", "outcome": "pending", "nominal_id": None}
    report = run("audit", "verify", case, "--json").document
    assert (report["holds"], report["unanchored"]) == (True, 0)


def test_search_json(run, small_case, seat):
    document = run("search", small_case.directory, "--still", STILL, "--limit", "5", "--json", seat=seat).document
    keys(document, "gallery", "model", "threshold", "limit", "elapsed_s", "probes")
    keys(document["gallery"], "size", "version")
    (probe,) = document["probes"]
    keys(probe, "face_id", "still", "box", "quality", "usable", "outcome", "candidates")
    assert (probe["face_id"], probe["still"], probe["usable"]) == (FACE, STILL, True)
    assert [type(side) for side in probe["box"]] == [float] * 4
    assert [c["rank"] for c in probe["candidates"]] == [1, 2, 3, 4, 5]
    for candidate in probe["candidates"]:
        assert set(candidate) == {"rank", "nominal_id", "custody_image", "score", "likelihood_ratio"}
        assert candidate["custody_image"].startswith(f"{candidate['nominal_id']}/")


def test_search_of_an_image_from_outside(run, small_case, small_inputs, seat):
    image = small_inputs / "deliveries" / "R08" / "stills" / "R08_0002.jpg"
    inside = run("search", small_case.directory, "--still", STILL, "--json", seat=seat).document["probes"][0]
    document = run("search", small_case.directory, "--image", image, "--json", seat=seat).document
    (probe,) = document["probes"]
    assert (probe["face_id"], probe["still"]) == ("R08_0002.jpg#1", "R08_0002.jpg")
    assert probe["candidates"] == inside["candidates"]
    assert document["search_id"] is None
    waiting = run("review", "queue", small_case.directory, "--json", seat=officer("first")).document
    assert "R08_0002.jpg#1" not in {item["face_id"] for item in waiting["reviews"]}, "nothing of it is kept"


def test_search_with_a_threshold_says_when_nobody_is_above_it(run, small_case, seat):
    document = run(
        "search", small_case.directory, "--still", STILL, "--threshold", "0.99", "--json", seat=seat
    ).document
    assert [(p["outcome"], p["candidates"]) for p in document["probes"]] == [("no candidate above threshold", [])]
    assert document["threshold"] == 0.99


def test_link_json(run, reviewed, seat):
    document = run("link", reviewed.directory, "--json", seat=seat).document
    keys(document, "persons", "proposals", "contradictions")
    person = next(p for p in document["persons"] if p["nominal_id"] == RIGHT)
    keys(person, "person_id", "nominal_id", "status", "faces", "stills", "offences")
    assert person["status"] == "corroborated"
    assert person["stills"] == [STILL, "R08/R08_0088.jpg"]
    assert set(person["faces"][0]) == {"face_id", "still", "box"}
    unknown = [p for p in document["persons"] if p["status"] == "unknown"]
    assert unknown
    assert {p["nominal_id"] for p in unknown} == {None}
    for proposal in document["proposals"]:
        keys(proposal, "faces", "likelihood_ratio", "reason")


def test_rank_json_and_csv(run, reviewed, seat, tmp_path):
    out = tmp_path / "rank.csv"
    document = run("rank", reviewed.directory, "--with-proposals", "--csv", out, "--json", seat=seat).document
    keys(document, "by", "since", "until", "scale", "standings", "concentration")
    keys(document["concentration"], "gini", "gini_low", "gini_high", "top_10_percent_share")
    assert len(document["standings"]) > 3
    for standing in document["standings"]:
        keys(
            standing,
            "rank",
            "rank_low",
            "rank_high",
            "person_id",
            "nominal_id",
            "offences",
            "harm_days",
            "value_pence",
            "rfh",
        )
        assert standing["rank_low"] <= standing["rank"] <= standing["rank_high"]
        assert isinstance(standing["value_pence"], int)
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["person_id"] for row in rows] == [s["person_id"] for s in document["standings"]]
    assert {row["scale"] for row in rows} == {document["scale"]}
    assert {row["review"] for row in rows} == {"human review"}


@pytest.mark.parametrize("by", ["harm", "count", "value", "rfh"])
def test_rank_by_each_measure_within_a_period(run, reviewed, seat, by):
    document = run(
        "rank", reviewed.directory, "--by", by, "--since", "2026-01-01", "--until", "2026-12-31", "--with-proposals",
        "--json", seat=seat,
    ).document  # fmt: skip
    assert (document["by"], document["since"], document["until"]) == (by, "2026-01-01", "2026-12-31")
    measure = {"harm": "harm_days", "count": "offences", "value": "value_pence", "rfh": "rfh"}[by]
    values = [standing[measure] for standing in document["standings"]]
    assert values == sorted(values, reverse=True)
    everything = run("rank", reviewed.directory, "--by", by, "--with-proposals", "--json", seat=seat).document
    assert len(everything["standings"]) > len(values), "an offence of 2025 is outside the period"


@pytest.mark.parametrize("ending", [".graphml", ".gexf", ".json", ".csv"])
def test_network_exports_every_format(run, reviewed, seat, tmp_path, ending):
    out = tmp_path / f"network{ending}"
    document = run("network", reviewed.directory, "--export", out, "--json", seat=seat).document
    text = out.read_text(encoding="utf-8")
    assert RIGHT in text
    if ending == ".graphml":
        graph = nx.read_graphml(out)
    elif ending == ".gexf":
        graph = nx.read_gexf(out)
    elif ending == ".json":
        graph = nx.node_link_graph(json.loads(text), edges="edges" if "edges" in json.loads(text) else "links")
    else:
        assert len(list(csv.DictReader(io.StringIO(text)))) >= 1
        return
    assert graph.number_of_nodes() >= 2
    assert document


def test_evaluate_identification_json_and_sentences(run, small_case, small_inputs, seat):
    words = (
        "evaluate",
        "identification",
        small_case.directory,
        "--truth",
        small_inputs / "truth.csv",
        "--by",
        "ethnicity,sex",
    )
    document = run(*words, "--json", seat=seat).document
    keys(document, "model", "gallery", "mated", "nonmated", "hit_rate", "fnir_at_fpir", "groups")
    assert set(document["hit_rate"]) == {"1", "5", "20"}
    assert set(document["groups"]) == {"ethnicity", "sex"}
    # By truth.csv: 0002, 0033, 0047 left, 0074, 0088 and 0171 right are people in this gallery.
    assert document["mated"] == 6
    assert document["nonmated"] == 2
    text = run(*words, seat=seat).out
    assert re.search(r"Within rank 1: \d+\.\d % of 6 mated searches \(95 %: \d+\.\d to \d+\.\d\)", text)


def test_evaluate_verification_json(run, small_inputs, tmp_path):
    pairs = tmp_path / "pairs.csv"
    images = small_inputs / "custody" / "images"
    (a1, a2), (b1, *_) = (sorted(p.name for p in images.glob(f"{n}_*"))[:2] for n in ("N819008", "N196174"))
    (tmp_path / "blank.png").write_bytes(b"")
    pairs.write_text(f"image_a,image_b,same\n{a1},{a2},1\n{a1},{b1},0\n{a2},{b1},no\n{a1},{a1},true\n")
    document = run("evaluate", "verification", pairs, "--images", images, "--json").document
    keys(document, "model", "pairs", "failures_to_acquire", "auc", "accuracy", "tar_at_far", "elapsed_s")
    assert set(document["tar_at_far"]) == {"0.01", "0.001"}
    assert (document["pairs"], document["auc"], document["failures_to_acquire"]) == (4, 1.0, 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "There is no pairs file "),
        ("a,b\n1,2\n", "A pairs file has the columns image_a, image_b and same; pairs.csv has not."),
        ("image_a,image_b,same\n", "The pairs file pairs.csv holds no pairs."),
        ("image_a,image_b,same\na,b,perhaps\n", "In the column same stands 1 or 0; correct line 2 of pairs.csv."),
        ("image_a,image_b,same\nnone.png,none.png,1\n", "The pairs file names none.png, which is not an image in"),
        (
            "image_a,image_b,same\n../pairs.csv,../pairs.csv,1\n",
            "The pairs file names ../pairs.csv, which is not an image",
        ),
    ],
)
def test_pairs_that_cannot_be_read_are_refused_as_a_whole(run, tmp_path, text, sentence):
    (tmp_path / "images").mkdir()
    if text is not None:
        (tmp_path / "pairs.csv").write_text(text)
    ran = run("evaluate", "verification", tmp_path / "pairs.csv", "--images", tmp_path / "images")
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err


# --- query ---------------------------------------------------------------------------------------------------------

ASKED = "SELECT still_id, faces FROM stills ORDER BY still_id LIMIT 2"
TOLD = [{"still_id": STILL, "faces": 1}, {"still_id": "R08/R08_0033.jpg", "faces": 1}]


def test_query_prints_a_table_for_people(run, small_case, seat):
    assert run("query", small_case.directory, ASKED, seat=seat).out.splitlines() == [
        "  still_id          faces",
        "  R08/R08_0002.jpg      1",
        "  R08/R08_0033.jpg      1",
        "2 rows",
    ]


def test_query_prints_csv(run, small_case, seat):
    out = run("query", small_case.directory, ASKED, "--format", "csv", seat=seat).out
    assert list(csv.DictReader(io.StringIO(out))) == [{**row, "faces": str(row["faces"])} for row in TOLD]


@pytest.mark.parametrize("options", [("--format", "json"), ("--json",)])
def test_query_prints_json(run, small_case, seat, options):
    assert run("query", small_case.directory, ASKED, *options, seat=seat).document == TOLD


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("sum(value_pence) FROM offences", 54851),
        ("1.5::DECIMAL(5, 2)", 1.5),
        ("'nan'::DOUBLE", None),
        ("'inf'::DOUBLE", None),
        ("NULL", None),
        ("true", True),
        ("DATE '2026-01-31'", "2026-01-31"),
        ("TIMESTAMPTZ '2026-01-31 12:00:00+01'", "2026-01-31T11:00:00Z"),
        ("TIME '12:30:00'", "12:30:00"),
        ("[1, 2]", [1, 2]),
        ("{'a': 1.5, 'b': ['x']}", {"a": 1.5, "b": ["x"]}),
        ("'O''Neill – ü'", "O'Neill – ü"),
    ],
)
def test_query_json_holds_every_kind_of_value(run, small_case, seat, sql, value):
    head, _, tail = sql.partition(" FROM ")
    asked = f"SELECT {head} AS v" + (f" FROM {tail}" if tail else "")
    ((name, found),) = run("query", small_case.directory, asked, "--json", seat=seat).document[0].items()
    assert (name, found) == ("v", value)
    assert type(found) is type(value)


def test_query_writes_parquet(run, small_case, seat, tmp_path):
    out = tmp_path / "stills.parquet"
    assert run("query", small_case.directory, ASKED, "--format", "parquet", "--out", out, seat=seat).out == ""
    assert pq.read_table(out).to_pylist() == TOLD


def test_values_with_apostrophes_go_in_and_come_out(run, small_case, seat):
    nasty = "O'Neill's; DROP TABLE held.audit --"
    opened = run("case", "operation", "open", small_case.directory, nasty, "--purpose", nasty, "--json", seat=seat)
    assert opened.document["operation"] == nasty
    own = ("--officer", "desk", "--operation", nasty, "--reason", nasty)
    ran = run("query", small_case.directory, "SELECT purpose FROM operations WHERE purpose = 'O''Neill''s; DROP TABLE held.audit --'",
              "--json", seat=own)  # fmt: skip
    assert ran.document == [{"purpose": nasty}]
    for words in (("search", "--still", nasty), ("review", "judge", "--face", nasty, "--none")):
        at = 2 if words[0] == "review" else 1
        failed = run(*words[:at], small_case.directory, *words[at:], seat=own)
        assert failed.code == 2
        assert nasty in failed.err
    assert run("audit", "verify", small_case.directory, "--json").document["holds"]


# --- what people read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["search", "CASE", "--still", STILL], "Two officers decide: stillgraph review queue"),
        (["rank", "CASE", "--with-proposals"], "Concentration: "),
        (["link", "CASE"], "proposals for review"),
        (["network", "CASE"], "co offending pairs: 0"),
        (["review", "queue", "CASE"], "0 candidate lists wait for your judgement."),
        (["audit", "verify", "CASE"], "The audit chain holds: "),
        (["models", "list"], "licence"),
    ],
)
def test_people_are_told_in_plain_words(run, small_case, seat, words, said):
    filled = [small_case.directory if word == "CASE" else word for word in words]
    ran = run(*filled, seat=() if words[0] in {"audit", "models"} else seat)
    assert ran.code == 0, ran.err
    assert said in ran.out
    assert not re.search(r"\b(match|hit|verified|confidence)\b", ran.out)


def test_a_judgement_says_what_it_amounts_to(run, small_case):
    words = ("review", "judge", small_case.directory, "--face", FACE, *SUPPORT)
    assert run(*words, seat=officer("first")).out == f"Recorded. {FACE}: pending.\n"
    assert run(*words, seat=officer("second")).out == f"Recorded. {FACE}: corroborated ({RIGHT}).\n"


def test_the_environment_seats_an_officer(run, small_case, monkeypatch):
    for name, value in {"OFFICER": "desk", "OPERATION": "OP-TEST", "REASON": "by the environment"}.items():
        monkeypatch.setenv(f"STILLGRAPH_{name}", value)
    assert run("query", small_case.directory, "SELECT 1 AS one", "--json").document == [{"one": 1}]
    reasons = run("query", small_case.directory, "SELECT DISTINCT reason FROM audit", "--json").document
    assert {"reason": "by the environment"} in reasons
