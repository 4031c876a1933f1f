"""Files come in parts and whole, or not at all with the reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stillgraph.dashboards.uploads import FileDrop
from stillgraph.errors import WrongUse


class Browser:
    """Sends files as the page does, a part a message, and hears the answers."""

    def __init__(self, drop: FileDrop, part: int) -> None:
        self.drop, self.part, self.heard = drop, part, []
        drop.send = lambda content, buffers=None: self.heard.append(content)

    def send(self, files: list[tuple[str, bytes]]) -> None:
        for index, (name, content) in enumerate(files):
            parts = [content[i : i + self.part] for i in range(0, len(content), self.part)] or [b""]
            for number, part in enumerate(parts):
                ends = number == len(parts) - 1
                message = {"name": name, "ends": ends, "last": ends and index == len(files) - 1}
                self.drop._came(self.drop, message, [memoryview(part)])


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=8), st.binary(max_size=50)), min_size=1, max_size=5),
    st.integers(1, 20),
)
def test_files_come_whole_however_they_are_cut(files, part):
    taken = []
    browser = Browser(FileDrop(taken.append), part)
    browser.send(files)
    browser.send(files)
    assert taken == [files, files]
    assert not any(browser.heard)


def test_more_than_the_limit_is_refused_with_the_reason_and_the_next_is_taken():
    taken = []
    browser = Browser(FileDrop(taken.append, limit_mb=1), 300_000)
    browser.send([("a", b"x" * 600_000), ("b", b"x" * 600_000)])
    assert taken == []
    said = [answer["problem"] for answer in browser.heard if answer]
    assert said == ["The files are larger than 1 MB together; send them in several parts."]


def test_what_refuses_the_files_is_told():
    def refuse(_files):
        raise WrongUse("A delivery needs its manifest.")

    browser = Browser(FileDrop(refuse), 10)
    browser.send([("a", b"1")])
    assert browser.heard == [{"problem": "A delivery needs its manifest."}]


def test_it_does_not_show_what_it_holds():
    drop = FileDrop(lambda _files: None)
    drop._came(drop, {"name": "somebody.jpg", "ends": True}, [memoryview(b"x")])
    assert repr(drop) == "FileDrop()"
