"""Backups on the command line: what is said, what is refused, and with which exit code."""

from __future__ import annotations

import hashlib


def test_a_case_is_backed_up_listed_tried_restored_and_the_backup_removed(run, seat, small_case, tmp_path):
    case, file = small_case.directory, tmp_path / "b.tar"
    made = run("backup", case, file, "--json", seat=seat)
    assert "The case is not encrypted, and neither is the backup" in made.err
    told = made.document
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told["check"]["images"] == told["images"] == len(list((case / "images").glob("*/*")))
    (listed,) = run("backups", "list", case, "--json", seat=seat).document["backups"]
    assert (listed["backup"]["place"], listed["there"], listed["overdue"]) == (str(file), True, False)
    assert run("backups", "verify", file, "--json").document == told["check"]
    who = ("--officer", "desk", "--reason", "the disk broke")
    restored = run("restore", file, tmp_path / "again", "--json", seat=who).document
    assert (restored["case"], restored["entries"]) == (str(tmp_path / "again"), told["entries"])
    assert run("audit", "verify", tmp_path / "again", "--json").document["holds"]
    assert run("backups", "remove", case, told["backup_id"], "--json", seat=seat).document["removed"] == 1
    assert not file.exists()


def test_for_people_it_says_what_is_to_be_done(run, seat, small_case, tmp_path):
    said = run("backup", small_case.directory, tmp_path / "b.tar", seat=seat).out
    assert "Tried by restoring it:" in said
    assert "It is to be removed after" in said
    assert "overdue" not in run("backups", "list", small_case.directory, seat=seat).out
    who = ("--officer", "desk", "--reason", "the disk broke")
    told = run("restore", tmp_path / "b.tar", tmp_path / "again", seat=who).out
    assert "Whoever was deleted after the backup was made is in the case again" in told
    assert "Removed backup 1" in run("backups", "remove", small_case.directory, 1, seat=seat).out


def test_what_is_no_backup_or_has_no_place_is_refused_in_a_sentence(run, seat, small_case, tmp_path):
    (tmp_path / "taken").write_text("precious")
    for arguments in (
        ("backup", small_case.directory, tmp_path / "taken"),
        ("backups", "verify", tmp_path / "taken"),
        ("backups", "verify", tmp_path / "none"),
        ("restore", tmp_path / "taken", tmp_path / "again"),
        ("restore", tmp_path / "taken", small_case.directory),
    ):
        refused = run(*arguments, seat=seat if arguments[0] == "backup" else ())
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1), arguments
    assert (tmp_path / "taken").read_text() == "precious"
    assert not (tmp_path / "again").exists()
