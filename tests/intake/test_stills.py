"""Every row of a delivery is a still or a refusal with its reason; none is dropped."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillgraph.errors import ManifestError
from stillgraph.intake import ImageLimits, read_stills, read_stores
from stillgraph.records import Offence, Refusal

DEMO = Path(__file__).parents[2] / "data" / "demo"


def refused(delivery, **others):
    """The one refusal of a delivery whose other rows are all right."""
    read = delivery.read(**others)
    assert len(read.stills) + len(read.refusals) == read.rows_read
    (refusal,) = read.refusals
    return refusal


def test_a_right_row(stills):
    read = stills.write({"value_gbp": "12.5", "note": "two\nlines"}).read()
    (still,) = read.stills
    data = (stills.images / "a.png").read_bytes()
    assert read.refusals == ()
    assert read.manifest_sha256 == sha256(stills.manifest.read_bytes()).hexdigest()
    assert (still.still_id, still.retailer_id, still.offence_id) == ("R01/a.png", "R01", "R01/26/1")
    assert still.captured_at == datetime(2026, 9, 10, 17, 55, 48, tzinfo=UTC)
    assert (still.width_px, still.height_px, still.line, still.note) == (12, 8, 2, "two\nlines")
    assert still.sha256 == sha256(data).hexdigest()
    assert read.images[still.still_id] == data
    assert read.offences == (
        Offence(
            "R01/26/1",
            "R01",
            "R01-S1",
            still.captured_at,
            "46",
            "Shoplifting",
            1250,
            "none",
            "tag removal",
            "alarm",
        ),
    )


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"image": ""}, "image", "empty, but required"),
        ({"image": "../a.png"}, "image", "path leaving the folder: only a plain file name is allowed"),
        ({"image": "/etc/hostname"}, "image", "path leaving the folder: only a plain file name is allowed"),
        ({"image": "..\\a.png"}, "image", "path leaving the folder: only a plain file name is allowed"),
        ({"image": ".."}, "image", "path leaving the folder: only a plain file name is allowed"),
        ({"image": "a\nb.png"}, "image", "line breaks or control characters in an identifier"),
        ({"offence_ref": " "}, "offence_ref", "empty, but required"),
        (
            {"store_id": "R99-S1"},
            "store_id",
            "unknown store: correct it, or add it to the table of stores",
        ),
        ({"store_id": "R02-S1"}, "store_id", "store of another retailer: R02-S1 belongs to R02"),
        ({"captured_at": "2031-01-01T10:00:00"}, "captured_at", "date in the future"),
        ({"captured_at": "2026-11-01T13:30:00+01:00"}, "captured_at", "date in the future"),
        (
            {"captured_at": "10/09/2026"},
            "captured_at",
            "date unreadable: write date and time like 2026-09-10T17:55:48",
        ),
        (
            {"captured_at": "0001-01-01T00:00+02:00"},
            "captured_at",
            "date unreadable: write date and time like 2026-09-10T17:55:48",
        ),
        (
            {"captured_at": "2026-09-10"},
            "captured_at",
            "date without a time: write both like 2026-09-10T17:55:48",
        ),
        ({"captured_at": ""}, "captured_at", "empty, but required"),
        ({"offence": ""}, "offence", "empty, but required"),
        ({"note": "a\0b"}, "note", "control characters in a text"),
        ({"value_gbp": "-12.00"}, "value_gbp", "negative value"),
        ({"value_gbp": "-0.01"}, "value_gbp", "negative value"),
        ({"value_gbp": "1.005"}, "value_gbp", "value with more than two decimals"),
        ({"value_gbp": "-1.005"}, "value_gbp", "negative value; value with more than two decimals"),
        ({"value_gbp": "9" * 5000}, "value_gbp", "value over a thousand million pounds"),
        ({"value_gbp": "NaN"}, "value_gbp", "value unreadable: write pounds and pence like 12.50"),
        ({"value_gbp": "£5"}, "value_gbp", "value unreadable: write pounds and pence like 12.50"),
        ({"value_gbp": "1,50"}, "value_gbp", "value unreadable: write pounds and pence like 12.50"),
        ({"value_gbp": ""}, "value_gbp", "empty, but required"),
    ],
)
def test_a_wrong_cell(stills, change, field, reason):
    refusal = refused(stills.write({}, {"image": "b.png"} | change))
    image = (change.get("image", "b.png")).strip()
    assert refusal == Refusal(3, image, field, reason)


@pytest.mark.parametrize(
    "value",
    [("0", 0), ("12", 1200), ("12.", 1200), ("0.5", 50), ("-0.00", 0), ("1.500", 150), ("007.10", 710)],
)
def test_money_becomes_pence(stills, value):
    assert stills.write({"value_gbp": value[0]}).read().offences[0].value_pence == value[1]


def test_times_without_offset_are_utc_and_others_are_converted(stills):
    read = stills.write({"captured_at": "2026-11-01T12:30:00+01:00"}).read()
    assert read.stills[0].captured_at == datetime(2026, 11, 1, 11, 30, tzinfo=UTC)
    assert read.stills[0].captured_at.tzinfo is UTC


def test_a_missing_file_and_others_that_are_none(stills):
    stills.write({}, {"image": "missing.png"}, images=False)
    stills.image("a.png")
    assert refused(stills).reason == "missing file: it is not in images or stills beside the manifest"
    (stills.images / "missing.png").mkdir()
    assert refused(stills).reason == "not a file: put the image itself beside the manifest"


def test_a_name_too_long_for_a_file_is_a_missing_file(stills):
    stills.write({}, {"image": "x" * 300 + ".png"}, images=False)
    stills.image("a.png")
    assert "missing file" in refused(stills).reason


def test_a_link_that_leaves_the_folder(stills, tmp_path):
    (tmp_path / "secret.png").write_bytes(stills.picture(1))
    (stills.images / "b.png").symlink_to(tmp_path / "secret.png")
    assert "path leaving the folder" in refused(stills.write({}, {"image": "b.png"})).reason


def test_a_link_in_a_circle(stills):
    stills.write({}, {"image": "b.png"}, images=False)
    stills.image("a.png")
    (stills.images / "b.png").symlink_to(stills.images / "b.png")
    assert "missing file" in refused(stills).reason


def test_a_file_that_fails_while_read(stills, monkeypatch):
    stills.write({}, {"image": "b.png"})
    opened = Path.open

    def failing(path, *arguments, **options):
        if path.name == "b.png":
            raise OSError(5, "Input/output error")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", failing)
    assert refused(stills).reason == "file that cannot be read (Input/output error): check its permissions"


def test_images_may_lie_in_stills(stills):
    stills.write({})
    stills.images.rename(stills.folder / "stills")
    assert len(stills.read().stills) == 1


def test_bad_images(stills):
    whole = stills.picture(9, form="JPEG")
    stills.image("text.png", b"a text")
    stills.image("short.jpg", whole[: len(whole) // 2])
    stills.image("large.png", stills.picture(9, size=(40, 40)))
    read = stills.write({}, {"image": "text.png"}, {"image": "short.jpg"}, {"image": "large.png"}).read(
        limits=ImageLimits(max_pixels=1000)
    )
    assert [one.image for one in read.stills] == ["a.png"]
    beginnings = ("not an image", "truncated image", "image too large: 40 x 40 pixels")
    for refusal, beginning in zip(read.refusals, beginnings, strict=True):
        assert (refusal.field, refusal.reason[: len(beginning)]) == ("image", beginning)


def test_duplicate_bytes_within_the_delivery_and_already_held(stills):
    stills.image("b.png", stills.picture(1))
    stills.image("c.png", stills.picture(1))
    held = {sha256(stills.picture(1)).hexdigest(): "R07/x.jpg"}
    rows = ({}, {"image": "b.png"}, {"image": "c.png"})
    refusal = refused(stills.write(*rows))
    assert refusal == Refusal(4, "c.png", "image", "duplicate: byte for byte the same image as R01/b.png")
    reasons = {one.reason for one in stills.read(known_digests=held).refusals}
    assert reasons == {"duplicate: byte for byte the same image as R07/x.jpg"}


def test_an_image_name_already_received(stills):
    stills.write({}, {"image": "b.png"})
    reason = "image name already received: give a new image a new name"
    assert refused(stills, known_stills={"R01/b.png"}).reason == reason
    assert refused(stills, known_stills={"R01/b.png", "R02/a.png"}).image == "b.png"
    assert refused(stills.write({}, {})).reason.startswith(reason + "; duplicate")


def test_several_problems_are_all_named_in_the_order_of_the_columns(stills):
    stills.write({}, {"image": "gone.png", "store_id": "R99-S1", "value_gbp": "-1"}, images=False)
    stills.image("a.png")
    refusal = refused(stills)
    assert refusal.field == "image"
    assert refusal.reason == (
        "missing file: it is not in images or stills beside the manifest; "
        "store_id: unknown store: correct it, or add it to the table of stores; "
        "value_gbp: negative value"
    )


@pytest.mark.parametrize(
    "column", ["store_id", "offence_code", "offence", "value_gbp", "violence", "method", "how_detected"]
)
def test_an_offence_s_stills_agree_on_its_particulars(stills, column):
    stores = stills.stores | {"7": stills.stores["R01-S1"]}
    stills.write({}, {"image": "b.png", column: "7"})
    refusal = refused(stills, stores=stores)
    assert refusal == Refusal(3, "b.png", column, "not what was given before for the same offence_ref")
    known = {"R01/26/1": stills.write({}).read().offences[0]}
    assert refused(stills.write({column: "7"}), stores=stores, known_offences=known).field == column


def test_an_offence_is_dated_by_its_earliest_still(stills):
    rows = (
        {"captured_at": "2026-09-10T12:00"},
        {"image": "b.png", "captured_at": "2026-09-10T11:00"},
        {"image": "c.png"},
    )
    (offence,) = stills.write(*rows).read().offences
    assert offence.occurred_at == datetime(2026, 9, 10, 11, tzinfo=UTC)
    held = {offence.offence_id: offence}
    assert stills.write({"image": "d.png"}).read(known_offences=held).offences == ()
    earlier = stills.write({"image": "d.png", "captured_at": "2026-09-10T10:00"}).read(known_offences=held).offences
    assert [one.occurred_at.hour for one in earlier] == [10]


def test_a_reference_is_prefixed_unless_it_is_already(stills):
    read = stills.write({"offence_ref": "26/7"}, {"image": "b.png", "offence_ref": "R01/26/7"}).read()
    assert [one.offence_id for one in read.stills] == ["R01/26/7", "R01/26/7"]
    assert [one.offence_id for one in read.offences] == ["R01/26/7"]


def test_a_refused_row_registers_nothing(stills):
    bad = {"violence": "", "captured_at": "2020-01-01T00:00"}
    read = stills.write(bad | {"method": "other"}, {}).read()
    assert [one.line for one in read.refusals] == [2]
    assert [one.line for one in read.stills] == [3]
    assert read.offences[0].occurred_at.year == 2026
    assert list(read.images) == ["R01/a.png"]


def test_the_same_delivery_again_is_refused_row_by_row(stills):
    first = stills.write({}, {"image": "b.png"}).read()
    again = stills.read(
        known_digests={one.sha256: one.still_id for one in first.stills},
        known_stills={one.still_id for one in first.stills},
        known_offences={one.offence_id: one for one in first.offences},
    )
    assert (again.stills, again.offences, len(again.refusals)) == ((), (), 2)


cell = st.one_of(
    st.sampled_from(["", "a.png", "b.png", "R01-S1", "46", "-1", "2026-09-10T17:55", "=1+1", "\0"]),
    st.text(max_size=8),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["image", "offence_ref", "store_id", "captured_at", "value_gbp", "note"]), cell
        ),
        min_size=1,
        max_size=6,
    )
)
def test_accepted_and_refused_are_all_rows(stills, changes):
    read = stills.write(*changes, encoding="utf-8", images=False).read()
    assert read.rows_read == len(changes)
    assert len(read.stills) + len(read.refusals) == read.rows_read
    assert sorted([one.line for one in read.stills] + [one.line for one in read.refusals]) == sorted(
        {one.line for one in read.stills} | {one.line for one in read.refusals}
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"header"]))
def test_random_bytes_never_crash(stills, data, head):
    if head == b"header":
        head = ",".join(stills.template).encode() + b"\r\n"
    stills.manifest.write_bytes(head + data)
    try:
        read = stills.read()
    except ManifestError:
        pass
    else:
        assert len(read.stills) + len(read.refusals) == read.rows_read > 0


def test_the_demonstration(stills):
    stores = {store.store_id: store for store in read_stores(DEMO / "stores.csv")}
    digests, ids, offences, refusals, rows = {}, set(), {}, [], 0
    for manifest in sorted(DEMO.glob("deliveries/*/manifest.csv")):
        read = read_stills(
            manifest,
            retailer_id=manifest.parent.name,
            stores=stores,
            known_digests=digests,
            known_stills=ids,
            known_offences=offences,
            now=stills.now,
        )
        digests |= {one.sha256: one.still_id for one in read.stills}
        ids |= {one.still_id for one in read.stills}
        offences |= {one.offence_id: one for one in read.offences}
        refusals += read.refusals
        rows += read.rows_read
        assert len(read.stills) + len(read.refusals) == read.rows_read
    assert (rows, len(ids), len(digests)) == (310, 303, 303)
    assert [(one.image, one.field, one.reason.split(":")[0]) for one in refusals] == [
        ("R01_bad0.jpg", "image", "missing file"),
        ("R02_bad1.jpg", "image", "not an image"),
        ("R03_bad2.jpg", "image", "truncated image"),
        ("R04_bad3.jpg", "captured_at", "date in the future"),
        ("R05_bad4.jpg", "store_id", "unknown store"),
        ("R06_bad5.jpg", "value_gbp", "negative value"),
        ("R07_bad6.jpg", "image", "duplicate"),
    ]
