"""A study of people who are known: folders of the shipped synthetic people's custody images."""

from __future__ import annotations

import csv
import shutil

import pytest

from stillgraph.casework import measured_words, study
from stillgraph.casework.progress import cancelled
from stillgraph.casework.shipped import shipped
from stillgraph.errors import Interrupted, ManifestError, NotFound, WrongUse


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Return a folder of twelve people with two images each, and the file that records their sex."""
    folder = tmp_path_factory.mktemp("study")
    custody = shipped("data/demo") / "custody"
    with (custody / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if (custody / "images" / row["image"]).is_file()]
    by_person: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_person.setdefault(row["nominal_id"], []).append(row)
    chosen = {person: own[:2] for person, own in by_person.items() if len(own) > 1}
    chosen = dict(list(chosen.items())[:12])
    for person, own in chosen.items():
        (folder / "people" / person).mkdir(parents=True)
        for row in own:
            shutil.copy(custody / "images" / row["image"], folder / "people" / person / row["image"])
    with (folder / "groups.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([("person", "sex"), *((person, own[0]["sex"]) for person, own in chosen.items())])
    return folder


@pytest.fixture(scope="module")
def report(people):
    return study.study(people / "people", groups=people / "groups.csv", by=("sex",), widths_px=(28,), workers=2)


def test_everybody_is_searched_twice_under_each_condition(report):
    assert (report.people, report.images, report.conditions) == (12, 24, ("as sent", "28 px"))
    clean, poor = (row.measured for row in report.rows)
    assert (clean.mated, clean.nonmated, clean.gallery, clean.people) == (12, 12, 12, 12)
    assert clean.hit_rate["1"].successes == 12
    assert (poor.hit_rate["1"].value or 0) <= 1
    assert all(point.insufficient and "18 more" in point.insufficient for point in clean.listed[:1])


def test_groups_of_few_people_are_insufficient_and_words_say_so(report):
    lines = measured_words.study_sentences(report)
    assert any("FNIR within rank 20 by sex: insufficient" in line for line in lines)
    assert lines[-1].startswith("Pictures made poor by a program")


def test_the_same_images_give_the_same_report(people, report):
    again = study.study(people / "people", groups=people / "groups.csv", by=("sex",), widths_px=(28,), workers=1)
    assert (again.digest, again.rows, again.models) == (report.digest, report.rows, report.models)


def test_a_model_beside_itself_is_not_better(people, monkeypatch):
    """The same pack by two names: every trial comes out alike."""
    from stillgraph.faces import packs

    shipped = packs.load(packs.DEFAULT_PACK)
    twins = {name: _named(shipped, name) for name in ("one", "two")}
    monkeypatch.setattr(packs, "load", lambda name: twins[name])
    found = study.study(people / "people", models=("one", "two"), workers=2)
    assert [one.compared.says for one in found.beside] == ["neither", "neither"]
    assert found.beside[0].compared.only_first == found.beside[0].compared.only_second == 0


def _named(pack, name):
    from copy import copy
    from dataclasses import is_dataclass, replace

    if is_dataclass(pack):
        return replace(pack, name=name)
    other = copy(pack)
    other.name = name
    return other


def test_what_is_wrong_with_a_study_is_said(people, tmp_path):
    with pytest.raises(NotFound, match="no folder"):
        study.study(tmp_path / "nowhere")
    with pytest.raises(WrongUse, match="2 people or more"):
        study.study(tmp_path)
    with pytest.raises(WrongUse, match="recorded, never guessed"):
        study.study(people / "people", by=("sex",))
    with pytest.raises(WrongUse, match="8 to 512"):
        study.study(people / "people", widths_px=(4,))
    (tmp_path / "groups.csv").write_text("person,sex\nsomebody,F\n")
    with pytest.raises(ManifestError, match="lacks 12 people"):
        study.study(people / "people", groups=tmp_path / "groups.csv", by=("sex",))
    with pytest.raises(ManifestError, match="it lacks ethnicity"):
        study.study(people / "people", groups=people / "groups.csv", by=("ethnicity",))


def test_it_can_be_stopped(people):
    def stop(_step):
        raise cancelled()

    with pytest.raises(Interrupted):
        study.study(people / "people", progress=stop)
