"""A small delivery on disk that each test spoils in its own way."""

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import openpyxl
import pytest
from PIL import Image

from stillgraph.intake import (
    ImageProblem,
    Seen,
    custody_table,
    image_of,
    open_image,
    read_image,
    read_stills,
    take_custody,
)
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


@dataclass
class ReadCustody:
    """A custody manifest taken in as one batch, with what a test asks of it."""

    rows_read: int
    nominals: tuple
    images: tuple
    refusals: tuple
    bytes: dict = field(repr=False)


def read_custody(manifest, **known):
    """Take in a whole custody manifest as casework does a batch of it."""
    rows = custody_table(manifest).rows
    looked, files = {}, {}
    for row in rows:
        image, name = image_of(row)
        if name is None:
            continue
        try:
            path, data = open_image(manifest.parent, name)
            looked[name] = Seen(path, sha256(data).hexdigest(), *read_image(data))
            files[image] = data
        except ImageProblem as problem:
            looked[name] = problem
    taken = take_custody(rows, looked, **known)
    wanted = {image.custody_image_id for image in taken.images}
    return ReadCustody(
        len(rows), taken.nominals, taken.images, taken.refusals, {i: d for i, d in files.items() if i in wanted}
    )


class Delivery:
    """A folder with a manifest and its images."""

    now = NOW
    stores = STORES
    picture = staticmethod(picture)
    read_custody = staticmethod(read_custody)

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
