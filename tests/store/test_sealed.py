"""An encrypted case file and sealed images: nothing readable without the key, and every alteration found."""

import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import CaseError, KeysDamaged, NotACase, NotFound
from stillgraph.store import CaseFile, engine, keys, keyslots, sealing
from stillgraph.store.images import ImageStore

NAME = "Wilhelmina Quackenbush"
WORDS = {"words": keyslots.passphrase("correct horse battery")}


@pytest.fixture(scope="module")
def made(tmp_path_factory, state_of_the_tests):
    """An encrypted case file with a name in it."""
    case = CaseFile.create(tmp_path_factory.mktemp("sealed") / "case", {"kind": "case"}, encrypt=True)
    with case.session(writing=True) as session:
        session.execute("INSERT INTO held.officers (officer_id, role, name, simulated, added_at) "
                        "VALUES ('one', NULL, ?, false, now())", [NAME])  # fmt: skip
    return case


@pytest.fixture
def case(made, tmp_path):
    shutil.copytree(made.directory, tmp_path / "case")
    return CaseFile.open(tmp_path / "case")


def holding(folder, data):
    """Return the files of a folder that hold some bytes."""
    return [path.name for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]


def test_the_file_and_its_log_of_writes_are_encrypted_by_gcm(case):
    with case.session(writing=True) as session:
        assert session.rows("SELECT encrypted, cipher FROM duckdb_databases() WHERE database_name = 'casefile'") == [
            (True, "GCM")
        ]
        assert session.one("SELECT current_setting('temp_file_encryption')") == (True,)
        assert session.one("SELECT current_setting('force_mbedtls_unsafe')") == (False,)
        session.execute("UPDATE held.officers SET name = ? WHERE officer_id = 'one'", [NAME + " the second"])
        writes = case.path.with_name("case.duckdb.wal")
        assert writes.stat().st_size > 0
        assert holding(case.directory, b"Quackenbush") == []
    assert holding(case.directory, b"Quackenbush") == []
    with case.session(writing=False) as session:
        assert session.rows("SELECT name FROM held.officers") == [(NAME + " the second",)]


def test_without_the_key_no_other_program_opens_it(case):
    with duckdb.connect(":memory:") as other:
        with pytest.raises(duckdb.Error, match="without a key"):
            other.execute(f"ATTACH '{case.path}' AS x (READ_ONLY)")
        with pytest.raises(duckdb.Error, match="Wrong encryption key"):
            other.execute(f"ATTACH '{case.path}' AS x (READ_ONLY, ENCRYPTION_KEY '{'a' * 43}=')")


def test_an_instance_lent_again_has_nothing_of_the_session_before(case):
    with case.session(writing=True) as session:
        session.execute("CREATE TEMP TABLE mine AS SELECT 1 AS one")
        session.execute("SET TimeZone = 'Asia/Tokyo'")
        session.execute("CREATE TEMP MACRO half(x) AS x / 2")
    with case.session(writing=True) as session:
        assert session.one("SELECT current_setting('TimeZone')") == ("UTC",)
        for sql in ("FROM mine", "SELECT half(2)"):
            with pytest.raises(duckdb.CatalogException):
                session.rows(sql)
        session.confine()
    with case.session(writing=True) as session:
        assert session.one("SELECT current_setting('enable_external_access')") == (True,), "nor what confines it"
        assert session.one("SELECT count(*) FROM duckdb_databases() WHERE NOT internal") == (2,), "the file, and memory"


def test_keys_and_a_case_file_that_do_not_belong_together_say_so(case, tmp_path):
    other = CaseFile.create(tmp_path / "other", {"kind": "case"}, encrypt=True)
    plain = CaseFile.create(tmp_path / "plain", {"kind": "case"})
    for one, another in ((case, other), (case, plain), (plain, case)):
        before = (one.directory / "keys.json").read_bytes()
        shutil.copy(another.directory / "keys.json", one.directory / "keys.json")
        with pytest.raises(KeysDamaged, match=r"keys.json and case.duckdb in .* do not belong together. Put it back"):
            CaseFile.open(one.directory)
        (one.directory / "keys.json").write_bytes(before)
        assert CaseFile.open(one.directory).settings()["kind"] == "case"


def test_an_encrypted_file_without_its_keys_is_not_opened(case):
    (case.directory / "keys.json").unlink()
    with pytest.raises(KeysDamaged, match="do not belong together"):
        CaseFile.open(case.directory)


@pytest.mark.parametrize("at", [0, 9, 100, 4096, 4200, 8192, 12288 + 50])
def test_an_altered_file_does_not_open_as_if_nothing_were(case, at):
    data = bytearray(case.path.read_bytes())
    data[at] ^= 1
    case.path.write_bytes(data)
    try:
        names = None
        with CaseFile(case.directory).session(writing=False) as session:
            names = session.rows("SELECT name FROM held.officers")
    except (NotACase, KeysDamaged, duckdb.Error):
        return
    # One of two headers counts, and not every byte of a page says something: what opens is what was written.
    assert names == [(NAME,)]


def test_no_extension_no_encrypted_case(case, monkeypatch):
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    monkeypatch.setattr(engine, "_idle", {False: [], True: []})
    with pytest.raises(CaseError, match="An encrypted case needs the package duckdb-extension-httpfs"):
        CaseFile.open(case.directory)


def test_images_are_sealed_and_named_so_that_nobody_knows_them(case):
    store, data = ImageStore(case.directory), b"\x89PNG\r\n" + b"pixels" * 50
    digest = hashlib.sha256(data).hexdigest()
    with store.incoming("stills").alone():
        incoming = store.incoming("stills")
        assert incoming.put(data) == digest
        assert holding(case.directory, b"pixels") == []
        with incoming.moved([digest]):
            assert holding(case.directory, digest.encode()) == [], "not even while it is moved"
    assert store.get(digest) == data
    assert holding(case.directory, b"pixels") == holding(case.directory, digest.encode()) == []
    assert list(case.directory.rglob(f"*{digest}*")) == []
    assert ImageStore(case.directory).sweep({digest}) == 0, "it knows its own"


@pytest.mark.parametrize("how", ["altered", "cut short", "in another's place", "not sealed", "missing"])
def test_an_image_that_was_touched_is_found(case, how):
    store = ImageStore(case.directory)
    one, two = (hashlib.sha256(data).hexdigest() for data in (b"one", b"two"))
    for digest, data in ((one, b"one"), (two, b"two")):
        store.path(digest).parent.mkdir(parents=True, exist_ok=True)
        store.path(digest).write_bytes(store.sealed(data, digest))
    path = store.path(one)
    kept = path.read_bytes()
    if how == "missing":
        path.unlink()
        with pytest.raises(NotFound, match="is missing"):
            store.get(one)
        return
    path.write_bytes(
        {
            "altered": kept[:-1] + bytes([kept[-1] ^ 1]), "cut short": kept[:10],
            "in another's place": store.path(two).read_bytes(), "not sealed": b"one",
        }[how]
    )  # fmt: skip
    with pytest.raises(CaseError, match=f"The image with SHA-256 {one[:12]}... has been altered"):
        store.get(one)


@given(data=st.binary(max_size=300), name=st.text(max_size=20), other=st.text(max_size=20), at=st.integers(0, 10**6))
@settings(max_examples=100)
def test_what_is_sealed_opens_under_its_name_and_no_other_and_unaltered_only(data, name, other, at):
    vault = sealing.Vault(b"k" * 32)
    kept = vault.seal(data, name)
    assert vault.open(kept, name) == data
    assert data not in kept or len(data) < 4
    if other != name:
        with pytest.raises(sealing.Unsealable):
            vault.open(kept, other)
    spoiled = bytearray(kept)
    spoiled[at % len(kept)] ^= 1 + at % 255
    with pytest.raises(sealing.Unsealable):
        vault.open(bytes(spoiled), name)
    with pytest.raises(sealing.Unsealable):
        sealing.Vault(b"l" * 32).open(kept, name)


def test_a_key_is_in_no_message_of_the_database(case, monkeypatch):
    key = keys.ring(case.directory).subkey("casefile")
    import base64

    said = []
    for wrong in (b"x" * 32, None):
        monkeypatch.setattr(CaseFile, "_key", lambda self, wrong=wrong: wrong)
        with pytest.raises(CaseError) as refused:
            CaseFile.open(case.directory)
        error = refused.value
        while error is not None:
            said.append(str(error))
            error = error.__cause__
    for secret in (key, b"x" * 32):
        assert not any(base64.b64encode(secret).decode() in one or secret.hex() in one for one in said)


def test_a_path_with_an_apostrophe_can_be_encrypted(tmp_path):
    case = CaseFile.create(tmp_path / "O'Neill's", {"kind": "case"}, encrypt=True, secrets=WORDS)
    assert CaseFile.open(case.directory).settings()["encrypted"] == "yes"
    assert isinstance(case.path, Path)
