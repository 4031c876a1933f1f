"""The model card and the system card of the documentation are those of the demonstration."""

from __future__ import annotations

import shutil

import pytest

from stillgraph import demo
from stillgraph.casework import cards, take_seat
from stillgraph.casework.shipped import shipped


@pytest.fixture(scope="module")
def made(demo_case, tmp_path_factory):
    directory, folder = tmp_path_factory.mktemp("cards") / "demo", tmp_path_factory.mktemp("made")
    shutil.copytree(demo_case, directory)
    desk = take_seat(directory, officer=demo.ANALYST, operation=demo.OPERATION, reason="make the cards")
    cards.write(desk, folder, truth=shipped("data/demo") / "truth.csv", by=("ethnicity", "sex"))
    return folder


@pytest.mark.parametrize("name", [cards.MODEL_CARD, cards.SYSTEM_CARD])
def test_a_card_is_as_the_command_makes_it(root, made, name):
    told = (made / name).read_text(encoding="utf-8")
    assert (root / "docs" / name).read_text(encoding="utf-8") == told, (
        "make them again: stillgraph report cards cases/demo --out docs --truth data/demo/truth.csv --by ethnicity,sex"
    )
    assert told.count("synthetic") >= 1
