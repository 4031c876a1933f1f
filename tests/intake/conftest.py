"""A small delivery on disk that each test spoils in its own way."""

import csv
import io
from datetime import UTC, datetime

import numpy as np
import openpyxl
import pytest
from PIL import Image

from stillgraph.intake import read_custody, read_stills
from stillgraph.records import Store

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
STORES = {
    "R01-S1": Store("R01-S1", "R01", "Acme", "Acme Camden", "Camden", 51.5, -0.1),
    "R02-S1": Store("R02-S1", "R02", "Bolt", "Bolt Camden", "Camden", 51.5, -0.1),
}
STILL = {
    "image": "a.png",
    "offence_ref": "R01/26/1",
    "store_id": "R01-S1",
    "camera": "CAM1",
    "captured_at": "2026-09-10T17:55:48",
    "offence_code": "46",
    "offence": "Shoplifting",
    "value_gbp": "12.50",
    "violence": "none",
    "method": "tag removal",
    "how_detected": "alarm",
    "note": "",
}
CUSTODY = {
    "image": "a.png",
    "nominal_id": "N1",
    "name": "Ann Other",
    "date_of_birth": "1990-01-02",
    "sex": "F",
    "ethnicity": "White",
    "captured_on": "2020-03-04",
    "custody_ref": "CU/20/1",
    "conviction_status": "convicted",
    "review_due": "2027-01-01",
}


def picture(seed, size=(12, 8), form="PNG", **options):
    """An image file's bytes, different for every seed."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


class Delivery:
    """A folder with a manifest and its images."""

    now = NOW
    stores = STORES
    picture = staticmethod(picture)

    def __init__(self, folder, template):
        self.folder = folder
        self.template = template
        self.images = folder / "images"
        self.images.mkdir(parents=True)
        self.manifest = folder / "manifest.csv"

    def image(self, name, data=None):
        (self.images / name).write_bytes(picture(list(name.encode())) if data is None else data)

    def write(self, *changes, header=None, encoding="utf-8", images=True):
        """Write the manifest, one row per change of the template, and an image for each that can have one."""
        rows = [self.template | change for change in changes]
        for row in rows:
            name = row["image"]
            if images and name and "/" not in name and "\\" not in name and not (self.images / name).exists():
                self.image(name)
        text = io.StringIO()
        writer = csv.DictWriter(text, header or list(self.template), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        self.manifest.write_bytes(text.getvalue().encode(encoding))
        return self

    def write_xlsx(self, *rows, header=None):
        self.manifest = self.folder / "manifest.xlsx"
        book = openpyxl.Workbook()
        book.active.append(header or list(self.template))
        for row in rows:
            book.active.append(row)
        book.save(self.manifest)
        return self

    def read(self, **others):
        """Read it as R01's stills, or as custody images."""
        if self.template is CUSTODY:
            known = {"known_digests": {}, "known_images": set(), "known_nominals": {}, "now": NOW}
            return read_custody(self.manifest, **(known | others))
        known = {
            "retailer_id": "R01",
            "stores": STORES,
            "known_digests": {},
            "known_stills": set(),
            "known_offences": {},
        }
        return read_stills(self.manifest, **(known | {"now": NOW} | others))


@pytest.fixture
def stills(tmp_path):
    return Delivery(tmp_path / "R01", STILL)


@pytest.fixture
def custody(tmp_path):
    return Delivery(tmp_path / "custody", CUSTODY)
