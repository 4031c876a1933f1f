"""A backup through a server: made by it, in its folder, while others work, for who may; and after it was killed."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from stillgraph.casework import analysing, backing_up, governing, restoring
from stillgraph.errors import NotPermitted


@pytest.fixture
def running(serve, small_case, tmp_path):
    (tmp_path / "kept").mkdir()
    return serve(small_case.directory, "--backups", str(tmp_path / "kept"))


def test_a_server_backs_its_case_up_while_others_work(running, tmp_path):
    asked, done = [], threading.Event()
    analyst, keeper = running.seat("ann"), running.seat("administrator")

    def ask():
        while not done.is_set():
            asked.append(len(analysing.query(analyst, "SELECT 1 AS one")))

    others = threading.Thread(target=ask)
    others.start()
    try:
        made = backing_up.backup(keeper, Path("weekly.tar"))
    finally:
        done.set()
        others.join()
    assert asked
    assert set(asked) == {1}
    assert made.check is not None
    kept = tmp_path / "kept" / "weekly.tar"
    assert backing_up.verify(kept).images == made.images
    # A client's path never is the server's: only the name of the file travels.
    backing_up.backup(keeper, Path("../../out.tar"), check=False)
    with pytest.raises(NotPermitted):
        backing_up.backup(running.seat("analyst"), Path("mine.tar"))
    assert {p.name for p in kept.parent.iterdir()} == {"weekly.tar", "out.tar"}
    assert not list(tmp_path.parent.glob("out.tar")) + list(tmp_path.glob("out.tar"))
    running.end()
    restored = restoring.restore(kept, tmp_path / "again", officer="administrator", reason="look")
    assert governing.verify_audit(restored.case).holds


@pytest.mark.chaos
def test_a_server_killed_while_it_backs_up_leaves_the_case_whole(running, tmp_path):
    keeper, made = running.seat("administrator"), []

    def back_up_until_it_is_gone():
        for number in range(200):
            made.append(backing_up.backup(keeper, Path(f"{number}.tar"), check=False).backup_id)
            if number == 2:
                threading.Timer(0.05, running.process.send_signal, [signal.SIGKILL]).start()

    with pytest.raises(Exception, match=r"server|connect|answer"):
        back_up_until_it_is_gone()
    running.process.wait(10)
    assert len(made) >= 3
    assert governing.verify_audit(running.directory).holds
    whole = [path for path in (tmp_path / "kept").iterdir() if not path.name.startswith(".")]
    assert len(whole) >= len(made)
    for file in whole:
        backing_up.verify(file)
