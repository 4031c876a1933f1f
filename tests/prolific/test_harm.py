import csv
from pathlib import Path

import pytest

from stillgraph.errors import ManifestError, NotFound, UnknownOffenceCode
from stillgraph.prolific import HarmTable, harm_table

DEMO = Path(__file__).parents[2] / "data" / "demo"
HEADER = "offence_code,offence,subgroup,harm_days,source,version\n"


def test_the_reference_table_holds_the_published_medians(chi: HarmTable) -> None:
    expected = {"46": 1, "34A": 365, "30C": 183.5, "28E": 273.5, "8N": 365, "105A": 10, "66": 7.5, "92A": 5}
    assert {code: chi.harm_days(code) for code in expected} == expected
    assert "secondary" in chi.source
    assert chi.version == "2026"


def test_every_offence_code_of_the_demonstration_has_a_harm_value(chi: HarmTable) -> None:
    files = [DEMO / "custody" / "arrests.csv", *DEMO.glob("deliveries/*/manifest.csv")]
    assert len(files) == 13
    for file in files:
        with file.open(encoding="utf-8") as stream:
            assert all(chi.harm_days(row["offence_code"]) >= 1 for row in csv.DictReader(stream))


def test_a_code_is_read_without_regard_to_case_and_blanks(chi: HarmTable) -> None:
    assert chi.harm_days(" 34a ") == 365


def test_an_unknown_code_is_named_with_the_file_to_edit(chi: HarmTable) -> None:
    with pytest.raises(UnknownOffenceCode, match=r"code 999Z has none. Add a row for it to cambridge_chi\.csv"):
        chi.harm_days("999Z")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("offence_code,harm_days\n46,1\n", "lacks offence"),
        (HEADER + "46,Shoplifting,s,1,A,2026\n39,Theft,s,2,A,2025\n", "one source and one version"),
        (HEADER + "46,Shoplifting,s,1,,2026\n", "one source and one version"),
        (HEADER + "46,Shoplifting,s,many,A,2026\n", "correct line 2"),
        (HEADER + "46,Shoplifting,s,-1,A,2026\n", "correct line 2"),
        (HEADER + "46,Shoplifting,s,nan,A,2026\n", "correct line 2"),
        (HEADER + "46,Shoplifting,s,1,A,2026\n46 ,Again,s,2,A,2026\n", "see line 3"),
        (HEADER, "one source and one version"),
    ],
)
def test_a_harm_table_that_cannot_be_relied_on_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "harm.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=message):
        harm_table(path)


def test_a_missing_harm_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"harm table absent\.csv is not there"):
        harm_table(tmp_path / "absent.csv")
