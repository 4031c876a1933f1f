"""Every row of a custody manifest is an image of one nominal or a refusal, and no reason tells a particular."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from stillgraph.records import Nominal, Refusal

DEMO = Path(__file__).parents[2] / "data" / "demo"


def refused(delivery, **others):
    read = delivery.read(**others)
    assert len(read.images) + len(read.refusals) == read.rows_read
    (refusal,) = read.refusals
    return refusal


def test_a_right_row(custody):
    read = custody.write({}).read()
    (image,) = read.images
    data = (custody.images / "a.png").read_bytes()
    assert read.nominals == (Nominal("N1", "Ann Other", date(1990, 1, 2), "F", "White"),)
    assert (image.custody_image_id, image.nominal_id, image.captured_on) == (
        "N1/a.png",
        "N1",
        date(2020, 3, 4),
    )
    assert (image.review_due, image.width_px, image.height_px, image.line) == (date(2027, 1, 1), 12, 8, 2)
    assert read.bytes[image.custody_image_id] == data
    assert image.sha256 == sha256(data).hexdigest()


def test_force_area_and_basis_may_be_there_blank_or_not_at_all(custody):
    said = {"force": "Met", "area": "Camden", "basis": "PACE 1984 s.64A"}
    header = [*custody.template, *said]
    custody.template = custody.template | dict.fromkeys(said, "")
    read = custody.read_custody(
        custody.write(said, {"image": "b.png"}, header=header).manifest,
        known_digests={}, known_images=set(), known_nominals={}, now=custody.now,
    )  # fmt: skip
    assert [(one.force, one.area, one.basis) for one in read.images] == [tuple(said.values()), ("", "", "")]
    assert read.refusals == ()


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"nominal_id": ""}, "nominal_id", "empty, but required"),
        ({"name": ""}, "name", "empty, but required"),
        ({"date_of_birth": "2.1.1990"}, "date_of_birth", "date unreadable: write it like 2026-09-10"),
        ({"date_of_birth": ""}, "date_of_birth", "empty, but required"),
        ({"date_of_birth": "2027-01-01"}, "date_of_birth", "date in the future"),
        ({"captured_on": "2026-11-02"}, "captured_on", "date in the future"),
        ({"captured_on": "1989-12-31"}, "captured_on", "before the date of birth"),
        ({"review_due": "soon"}, "review_due", "date unreadable: write it like 2026-09-10"),
        ({"image": "../b.png"}, "image", "path leaving the folder: only a plain file name is allowed"),
    ],
)
def test_a_wrong_cell(custody, change, field, reason):
    custody.write({}, {"image": "b.png", "nominal_id": "N2"} | change)
    assert refused(custody) == Refusal(3, change.get("image", "b.png"), field, reason)


@pytest.mark.parametrize(
    ("column", "value"),
    [("name", "Other Ann"), ("date_of_birth", "1990-02-01"), ("sex", "M"), ("ethnicity", "Black")],
)
def test_one_nominal_has_one_set_of_particulars(custody, column, value):
    known = {"N1": custody.write({}).read().nominals[0]}
    custody.write({}, {"image": "b.png", column: value})
    refusal = refused(custody)
    assert refusal == Refusal(3, "b.png", column, "not what was given before for the same nominal_id")
    assert refused(custody.write({column: value}), known_nominals=known).field == column


def test_two_particulars_that_differ_are_both_named_and_neither_told(custody):
    refusal = refused(custody.write({}, {"image": "b.png", "name": "Bea", "sex": "M"}))
    assert refusal.reason.count("not what was given before") == 2
    assert "sex: " in refusal.reason
    assert not any(told in refusal.reason for told in ("Ann", "Bea", "1990"))


def test_a_held_nominal_is_not_given_out_again(custody):
    first = custody.write({}).read()
    again = custody.write({"image": "b.png"}).read(known_nominals={one.nominal_id: one for one in first.nominals})
    assert (again.nominals, len(again.images)) == ((), 1)


def test_a_refused_row_registers_no_nominal(custody):
    read = custody.write({"name": "Somebody Else", "review_due": ""}, {}).read()
    assert [one.name for one in read.nominals] == ["Ann Other"]
    assert [one.line for one in read.images] == [3]


def test_the_same_bytes_under_two_nominals(custody):
    custody.image("b.png", custody.picture(1))
    custody.image("c.png", custody.picture(1))
    custody.write({"image": "b.png"}, {"image": "c.png", "nominal_id": "N2"})
    assert refused(custody).reason == "duplicate: byte for byte the same image as N1/b.png"
    held = refused(custody.write({}), known_images={"N1/a.png"})
    assert held.reason == "image name already received: give a new image a new name"


def test_a_spreadsheet_s_dates(custody):
    row = custody.template | {"captured_on": date(2020, 3, 4), "date_of_birth": date(1990, 1, 2)}
    from_csv = custody.write({}).read()
    from_xlsx = custody.write_xlsx(list(row.values())).read()
    assert (from_xlsx.images, from_xlsx.nominals) == (from_csv.images, from_csv.nominals)


def test_the_demonstration(custody):
    custody.manifest = DEMO / "custody" / "manifest.csv"
    read = custody.read()
    assert (len(read.images), len(read.nominals), read.refusals, len(read.bytes)) == (194, 150, (), 194)
    assert "Wray" not in repr(read)
