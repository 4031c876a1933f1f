"""Putting a new case in the place of the old one: wherever it is stopped, the case is one or the other, whole."""

import os
import shutil
from pathlib import Path

from stillgraph.store import renewal


class Killed(BaseException):
    pass


STEPS = [(Path, "rename"), (Path, "replace"), (Path, "unlink"), (shutil, "rmtree"), (os, "fsync"), (os, "sync")]


def files(folder):
    kept = ("case.duckdb", "case.duckdb.wal", "keys.json", "images", "gallery", "other")
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] in kept
    }


def put(folder, said):
    for name, text in said.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


OLD = {"case.duckdb": "old", "case.duckdb.wal": "old", "keys.json": "old", "images/aa/1": "old", "images/bb/2": "old",
       "gallery/m/rows": "old", "other": "kept"}  # fmt: skip
NEW = {"case.duckdb": "new", "keys.json": "new", "images/cc/3": "new", "images/dd/4": "new", "other": "kept"}


def a_case(folder):
    folder.mkdir()
    put(folder, OLD)
    put(renewal.begun(folder), {name: text for name, text in NEW.items() if name != "other"})
    return folder


def killed_at(step, monkeypatch, do):
    """Stop at one step, before or after it is done; return whether it came so far."""
    count = [0]

    def counted(module, name):
        plain = getattr(module, name)

        def deadly(*arguments, **options):
            count[0] += 1
            if count[0] == step:
                raise Killed
            done = plain(*arguments, **options)
            count[0] += 1
            if count[0] == step:
                raise Killed
            return done

        return deadly

    with monkeypatch.context() as deadly:
        for module, name in STEPS:
            deadly.setattr(module, name, counted(module, name))
        try:
            do()
        except Killed:
            return True
    return False


def test_stopped_at_each_step_and_again_at_each_of_finishing_it_is_the_old_or_the_new_case(tmp_path, monkeypatch):
    # Where the file system's own steps end: what removes a tree goes on inside, and is tried as a whole.
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    first, seen = 1, set()
    while True:
        place = tmp_path / f"{first}"
        came = killed_at(first, monkeypatch, lambda place=place: renewal.take_over(a_case(place)))
        if not came:
            break
        whole = (place / renewal.WHOLE).exists() or files(place) == NEW
        second = 1
        while True:
            again = tmp_path / f"{first}-{second}"
            shutil.copytree(place, again)
            more = killed_at(second, monkeypatch, lambda again=again: renewal.finish(again))
            renewal.finish(again)
            assert files(again) == (NEW if whole else OLD), (first, second)
            assert not (again / renewal.WHOLE).exists()
            if not more:
                break
            second += 1
        seen.add(whole)
        first += 1
    assert seen == {True, False}
    assert first > 15


def test_what_a_killed_process_began_is_begun_anew(tmp_path):
    place = a_case(tmp_path / "case")
    assert list(renewal.begun(place).iterdir()) == []
    assert files(place) == OLD
    renewal.finish(place)
    assert files(place) == OLD


def test_a_case_without_images_is_taken_over_too(tmp_path):
    place = tmp_path / "case"
    place.mkdir()
    put(place, {"case.duckdb": "old", "keys.json": "old"})
    new = renewal.begun(place)
    put(new, {"case.duckdb": "new", "keys.json": "new"})
    (new / "images").mkdir()
    renewal.take_over(place)
    assert files(place) == {"case.duckdb": "new", "keys.json": "new"}


def test_nothing_to_finish_touches_nothing(tmp_path):
    put(tmp_path, OLD)
    renewal.finish(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "case.duckdb",
        "case.duckdb.wal",
        "gallery",
        "images",
        "keys.json",
        "other",
    ]
