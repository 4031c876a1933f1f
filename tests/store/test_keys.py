"""A case's keys: wrapped once for each way to open them, sealed against change, and shown nowhere."""

import base64
import json
import os
import pickle
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import KeysDamaged, MissingKey, WrongKey, WrongUse
from stillgraph.store import keys, keyslots

AT = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = "correct horse battery"


@pytest.fixture(autouse=True)
def no_keys_given(monkeypatch):
    for name in (keys.SECRET, keys.KEY_FILE, keys.PASSPHRASE):
        monkeypatch.delenv(name, raising=False)
    yield
    keys.ask_by(None)


def made(folder, **secrets):
    folder.mkdir(exist_ok=True)
    case_id = str(uuid4())
    secrets = secrets or {"words": keyslots.passphrase(WORDS)}
    return keys.made(folder, case_id, secrets, AT, encrypted=True)


def afresh(folder):
    """Return the ring as a new process would open it."""
    keys.forget(folder)
    return keys.ring(folder)


def test_each_way_opens_the_same_keys(tmp_path, monkeypatch):
    secret = base64.b64encode(os.urandom(32)).decode()
    file = tmp_path / "case.key"
    ring = made(
        tmp_path / "case", words=keyslots.passphrase(WORDS), secret=keyslots.key(secret.encode(), "test"),
        file=keys.new_key_file(file),
    )  # fmt: skip
    for name, value in ((keys.SECRET, secret), (keys.KEY_FILE, str(file)), (keys.PASSPHRASE, WORDS)):
        with monkeypatch.context() as only:
            only.setenv(name, value)
            assert afresh(tmp_path / "case").subkey("images") == ring.subkey("images"), name
    keys.ask_by(lambda said: WORDS)
    assert afresh(tmp_path / "case").subkey("audit") == ring.subkey("audit")
    assert len({ring.subkey(label) for label in ("audit", "images", "gallery", "casefile")}) == 4
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE((tmp_path / "case" / "keys.json").stat().st_mode) == 0o600


def test_a_case_that_is_not_encrypted_is_opened_by_a_file_in_the_state_directory(tmp_path, state_of_the_tests):
    case_id = str(uuid4())
    ring = keys.given_to_plain(tmp_path, case_id, AT)
    place = state_of_the_tests / "keys" / f"{case_id}.key"
    assert not ring.encrypted
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert afresh(tmp_path).subkey("audit") == ring.subkey("audit")
    assert keys.given_to_plain(tmp_path, case_id, AT).subkey("audit") == ring.subkey("audit"), "it keeps what it has"
    place.unlink()
    with pytest.raises(MissingKey, match=rf"The key of this case's record is not here: bring .*{case_id}.key"):
        afresh(tmp_path)


def test_the_wrong_key_and_no_key_say_what_to_do_and_no_key(tmp_path, monkeypatch):
    made(tmp_path / "case")
    with pytest.raises(
        MissingKey, match=r"encrypted and no key was given: `stillgraph --key-file FILE ...` or STILLGRAPH_KEY_FILE"
    ):
        afresh(tmp_path / "case")
    monkeypatch.setenv(keys.PASSPHRASE, "quite another one")
    with pytest.raises(WrongKey, match="The key given by STILLGRAPH_PASSPHRASE does not open this case") as refused:
        afresh(tmp_path / "case")
    assert "quite another one" not in str(refused.value)
    monkeypatch.setenv(keys.SECRET, "bm90IDMyIGJ5dGVz")
    with pytest.raises(WrongUse, match=r"A key is 32 random bytes.*STILLGRAPH_KEY holds something else") as refused:
        afresh(tmp_path / "case")
    assert "bm90IDMyIGJ5dGVz" not in str(refused.value)


def test_a_key_meant_for_another_case_hides_no_other_way(tmp_path, monkeypatch):
    ring = made(tmp_path / "case")
    monkeypatch.setenv(keys.SECRET, base64.b64encode(os.urandom(32)).decode())
    monkeypatch.setenv(keys.PASSPHRASE, WORDS)
    assert afresh(tmp_path / "case").subkey("images") == ring.subkey("images")


def test_a_key_file_that_everybody_reads_is_refused(tmp_path, monkeypatch):
    made(tmp_path / "case", file=keys.new_key_file(tmp_path / "key"))
    (tmp_path / "key").chmod(0o644)
    monkeypatch.setenv(keys.KEY_FILE, str(tmp_path / "key"))
    with pytest.raises(WrongUse, match=r"Everybody on this machine can read the key file .*: run `chmod 600"):
        afresh(tmp_path / "case")
    with pytest.raises(WrongUse, match=r"No key file can be made at .*File exists"):
        keys.new_key_file(tmp_path / "key")
    monkeypatch.setenv(keys.KEY_FILE, str(tmp_path / "none"))
    with pytest.raises(MissingKey, match=r"The key file .*none cannot be read"):
        afresh(tmp_path / "case")


def test_a_key_is_shown_nowhere_and_goes_nowhere(tmp_path):
    ring = made(tmp_path / "case")
    shown = repr(ring) + str(ring) + repr(keys.document(tmp_path / "case")) + repr(keyslots.passphrase(WORDS))
    for secret in (WORDS.encode(), ring._master, ring._record):
        assert secret.hex() not in shown
        assert repr(secret) not in shown
        assert base64.b64encode(secret).decode() not in shown
        assert secret not in (tmp_path / "case" / "keys.json").read_bytes()
    with pytest.raises(TypeError, match="Keys stay in the process that opened them"):
        pickle.dumps(ring)


def test_keys_are_added_and_removed_but_the_last(tmp_path, monkeypatch):
    folder = tmp_path / "case"
    ring = made(folder)
    file = keys.new_key_file(tmp_path / "key")
    keys.put(folder, ring.slot(keys.document(folder), file, "file", AT))
    monkeypatch.setenv(keys.KEY_FILE, str(tmp_path / "key"))
    with pytest.raises(WrongUse, match="There is a key named file already"):
        ring.slot(keys.document(folder), file, "file", AT)
    with pytest.raises(WrongUse, match="A key's name has up to 40 small letters"):
        ring.slot(keys.document(folder), file, "../file", AT)
    with pytest.raises(WrongUse, match="A passphrase has at least 12 characters"):
        ring.slot(keys.document(folder), keyslots.passphrase("short"), "words2", AT)
    keys.put(folder, ring.without(keys.document(folder), "words"))
    assert afresh(folder).subkey("images") == ring.subkey("images")
    with pytest.raises(WrongUse, match="The last key of a case is not removed"):
        ring.without(keys.document(folder), "file")
    with pytest.raises(WrongUse, match="There is no key named words on this case; there are: file"):
        ring.without(keys.document(folder), "words")
    monkeypatch.delenv(keys.KEY_FILE)
    monkeypatch.setenv(keys.PASSPHRASE, WORDS)
    with pytest.raises(MissingKey):
        afresh(folder)


def test_a_new_master_key_changes_every_key_but_that_of_the_record(tmp_path):
    folder = tmp_path / "case"
    before = made(folder)
    words = keyslots.passphrase(WORDS)
    keys.put(folder, before.anew(keys.document(folder), {"words": words}, AT, encrypted=True))
    after = keys.opened_by(folder, words)
    assert after.subkey("audit") == before.subkey("audit")
    assert after.subkey("images") != before.subkey("images")
    assert (before.generation, after.generation) == (1, 2)


@pytest.mark.parametrize("what", ["encrypted", "generation", "slots", "case_id", "record", "mac", "argon2id"])
def test_a_changed_document_is_found(tmp_path, monkeypatch, what):
    folder = tmp_path / "case"
    ring = made(folder, words=keyslots.passphrase(WORDS), file=keys.new_key_file(tmp_path / "key"))
    said = json.loads((folder / "keys.json").read_text())
    other = {
        "encrypted": False, "generation": 7, "slots": said["slots"][:1], "case_id": str(uuid4()),
        "record": base64.b64encode(os.urandom(60)).decode(), "mac": base64.b64encode(os.urandom(32)).decode(),
        "argon2id": None,
    }  # fmt: skip
    if what == "argon2id":
        said["slots"][1]["argon2id"]["passes"] = 1
    else:
        said[what] = other[what]
    (folder / "keys.json").write_text(json.dumps(said))
    monkeypatch.setenv(keys.PASSPHRASE, WORDS)
    with pytest.raises((KeysDamaged, WrongKey), match=r"somebody changed it|does not open|does not hold"):
        afresh(folder)
    assert ring.subkey("images")


SPOILED = st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode))


@given(spoiled=SPOILED, at=st.integers(0, 2000))
@settings(max_examples=60)
def test_a_spoiled_document_is_refused_and_nothing_else(tmp_path_factory, spoiled, at):
    good = keyslots.written(
        keyslots.sealed(keyslots.Document(str(uuid4()), encrypted=True, generation=1, slots=(), record=b"x"), b"k" * 32)
    )
    for data in (spoiled, good[: at % len(good)] + spoiled + good[at % len(good) + len(spoiled) :]):
        try:
            keyslots.read(data)
        except KeysDamaged:
            continue


def test_a_document_that_asks_for_the_whole_machine_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "case"
    made(folder)
    said = json.loads((folder / "keys.json").read_text())
    said["slots"][0]["argon2id"]["memory_kib"] = 2**40
    (folder / "keys.json").write_text(json.dumps(said))
    monkeypatch.setenv(keys.PASSPHRASE, WORDS)
    with pytest.raises(KeysDamaged, match="says what no Stillgraph wrote"):
        afresh(folder)
    (folder / "keys.json").unlink()
    with pytest.raises(KeysDamaged, match=r"There is no keys.json .* Put it back from a copy"):
        afresh(folder)
    (folder / "keys.json").write_text(json.dumps(said | {"format": 99}))
    with pytest.raises(KeysDamaged, match="made by a newer Stillgraph"):
        afresh(folder)
    (folder / "keys.json").write_text("{")
    with pytest.raises(KeysDamaged, match=r"keys.json cannot be read"):
        afresh(folder)


def test_opened_keys_are_handed_to_processes_by_a_file_and_in_no_environment(tmp_path):
    folder = tmp_path / "case"
    ring = made(folder)
    code = (
        "import sys; from pathlib import Path; from stillgraph.store import keys;"
        "print(keys.ring(Path(sys.argv[1])).subkey('images').hex())"
    )
    with keys.handed_over(folder) as environment:
        held = {**os.environ, **environment}
        told = subprocess.run(
            [sys.executable, "-c", code, folder], env=held, capture_output=True, text=True, check=True
        )
        place = Path(environment[keys.KEY_FILE])
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        master = base64.b64encode(ring._master).decode()
        assert not any(master in value for value in environment.values())
    assert told.stdout.strip() == ring.subkey("images").hex()
    assert not place.exists()


def test_handed_keys_of_before_a_change_say_to_start_again(tmp_path, monkeypatch):
    folder = tmp_path / "case"
    ring = made(folder)
    with keys.handed_over(folder) as environment:
        keys.put(folder, ring.anew(keys.document(folder), {"w": keyslots.passphrase(WORDS)}, AT, encrypted=True))
        monkeypatch.setenv(keys.KEY_FILE, environment[keys.KEY_FILE])
        with pytest.raises(WrongKey, match="keys were changed since this was started; start it again"):
            afresh(folder)
