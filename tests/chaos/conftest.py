"""What the tests of faults share: inputs for actions that change a case."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"


@pytest.fixture(scope="module")
def inputs(small_inputs, tmp_path_factory):
    """Return a folder with a delivery, a custody manifest of two more images, and the stores."""
    folder = tmp_path_factory.mktemp("inputs")
    some(DATA / "deliveries" / "R09", folder / "R09", "stills", lambda rows: rows[:3])
    enrolled = {row["image"] for row in rows_of(small_inputs / "custody" / "manifest.csv")}
    some(
        DATA / "custody", folder / "more", "images",
        lambda rows: [row | {"review_due": "2099-12-31"} for row in rows if row["image"] not in enrolled][:2],
    )  # fmt: skip
    shutil.copy(small_inputs / "stores.csv", folder / "stores.csv")
    return folder


def rows_of(manifest):
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def some(source, folder, images, chosen):
    (folder / images).mkdir(parents=True)
    rows = chosen(rows_of(source / "manifest.csv"))
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        shutil.copy(source / images / row["image"], folder / images)
