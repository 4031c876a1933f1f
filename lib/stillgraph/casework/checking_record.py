"""Checks a case's record as a whole: reads all there is of it, and says from which entry on it does not hold, and why.

Anybody who can read the case may check it; nothing of the case is shown, and nothing is written, so that what is broken
stays as it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from stillgraph.casework import recording
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import served
from stillgraph.errors import AuditBroken, CaseError, KeysDamaged, MissingKey, NotFound, WrongKey, WrongUse
from stillgraph.governance import anchors, chain, checking, log, phrases, seals
from stillgraph.governance.checking import Evidence, Problem
from stillgraph.records import AuditEntry
from stillgraph.store import CaseFile, Session, keys, office, receipts, reviews, rulings, tablestates
from stillgraph.store.casefile import UNREADABLE
from stillgraph.store.images import ImageStore

T = TypeVar("T")
MOST_PROBLEMS = 50
"""How many problems a report lists; what one hand changed may show at every entry after."""
UNFINISHED = "a deletion was cut short: its files are removed when the case is next opened"


@dataclass(frozen=True, slots=True)
class RecordReport:
    """Whether a case's record holds; if not, the first entry from which it does not, and why.

    ``unanchored`` counts entries newer than the newest anchor: a crash between an action's commit and its anchor leaves
    one at most for each crash, and the next action anchors it. ``not_carried`` counts those not in the log yet for the
    same reason. ``keyed`` says whether what is keyed was checked, ``tables`` how many tables were compared, ``images``
    how many images are held, of which ``images_read`` were read. ``phrase`` stands for the head.
    """

    holds: bool
    entries: int
    head: str
    anchors: int
    unanchored: int
    first_broken: int | None
    problem: str | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    log_entries: int
    not_carried: int
    second_place: int
    keyed: bool
    tables: int
    images: int
    images_read: int
    phrase: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """The words that stand for the record up to an entry, and how many bits they say."""

    sequence: int
    phrase: str
    bits: int


def verify(
    directory: Path, *, anchor_file: Path | None = None, phrase: str | None = None, deep: bool = False
) -> RecordReport:
    """Check the record of a case.

    Parameters
    ----------
    anchor_file : Path, optional
        A copy of the anchors kept elsewhere, to hold the chain to instead of those beside the case file.
    phrase : str, optional
        The phrase of a head, as it was said or printed at some time: an entry must have it.
    deep : bool
        Whether the bytes of every image are read; whether every image is there is looked at in any case.

    Raises
    ------
    WrongUse
        There is no such anchor file, or the phrase is none.
    """
    if anchor_file is not None and not anchor_file.is_file():
        raise WrongUse(f"There is no anchor file {anchor_file}; give the file kept as --anchor FILE.")
    said = None if phrase is None else phrases.read(phrase, _words())
    case = CaseFile.open(directory, outdated=True)
    with case.session(writing=False) as session:
        read = _Read(case.directory, session)
        held = read.held
        plain = chain.verify(
            held, read.beside if anchor_file is None else chain.read_anchors(anchor_file),
            read.sealed(reviews.sealed), read.sealed(rulings.sealed),
        )  # fmt: skip
        read.look_at_images(deep=deep)
        evidence = read.evidence()
    found = [*read.unread]
    if plain.problem is not None and plain.first_broken is not None:
        found.append(Problem(plain.first_broken, plain.problem))
    found += [*checking.problems(evidence), *_phrase_problems(said, held)]
    # Of what begins at one entry, the plainest first: what cannot be read, then the chain itself, then the rest.
    found = sorted(found, key=lambda one: one.entry)
    return RecordReport(
        holds=not found, entries=plain.entries, head=plain.head, anchors=plain.anchors, unanchored=plain.unanchored,
        first_broken=found[0].entry if found else None, problem=found[0].says if found else None,
        problems=tuple(found[:MOST_PROBLEMS]), notes=(*checking.notes(evidence), *read.notes),
        log_entries=len(evidence.lines), not_carried=checking.not_carried(evidence),
        second_place=sum(one.place == evidence.place for one in evidence.noted or ()),
        keyed=evidence.key is not None and evidence.keyed,
        tables=0 if evidence.tables is None else len(evidence.tables), images=read.images, images_read=read.images_read,
        phrase=phrases.phrase_of(held[-1], _words()) if held else "",
    )  # fmt: skip


@served(of_case=True)
def phrase(directory: Path) -> Phrase:
    """Return the newest entry's number and the phrase that stands for all the record up to it.

    Raises
    ------
    AuditBroken
        There is no entry.
    """
    with CaseFile.open(directory, outdated=True).session(writing=False) as session:
        head = office.chain_head(session)
        newest = list(office.entries_since(session, head[0] - 1)) if head is not None else []
    if not newest:
        raise AuditBroken("The record has no entry, though every case begins with one.")
    return Phrase(newest[-1].sequence, phrases.phrase_of(newest[-1], _words()), phrases.BITS)


def phrase_of(entries: Sequence[AuditEntry]) -> str:
    """Return the phrase that stands for a record by its newest entry; none where there is no entry."""
    return phrases.phrase_of(entries[-1], _words()) if entries else ""


@cache
def _words() -> tuple[str, ...]:
    return tuple(shipped("data/reference/phrase-words.txt").read_text(encoding="utf-8").split())


def _phrase_problems(said: str | None, held: list[AuditEntry]) -> list[Problem]:
    if said is None or any(phrases.phrase_of(entry, _words()) == said for entry in held):
        return []
    return [Problem(1, "no entry has that phrase: the record has been rewritten, or the phrase is another case's")]


class _Read:
    """What is read of one case, and what could not be."""

    def __init__(self, directory: Path, session: Session) -> None:
        self.directory, self.session = directory, session
        self.unread: list[Problem] = []
        self.notes: list[str] = []
        self.images = self.images_read = 0
        try:
            self.held = office.chain(session)
        except UNREADABLE as error:
            raise AuditBroken("The audit table of the case file cannot be read: it has been altered.") from error
        self._after = len(self.held) + 1
        self.beside: list[chain.Anchor] = self._read(lambda: chain.read_anchors(self._anchors), 1, [])

    @property
    def _anchors(self) -> Path:
        return self.directory / chain.ANCHOR_FILE_NAME

    def sealed(self, read: Callable[[Session], list[T]]) -> list[T]:
        """Return what entries seal one by one; what cannot be read is a problem."""
        return self._read(lambda: read(self.session), self._after, [])

    def evidence(self) -> Evidence:
        """Return all that there is of the record."""
        key, case_id = self._key()
        seal = self._read(lambda: seals.read(self.directory), self._after, None)
        return Evidence(
            held=self.held, lines=self._lines(), beside=self.beside,
            beside_bytes=self._anchors.stat().st_size if self._anchors.exists() else 0,
            noted=self._noted(None if case_id is None else recording.second_place(case_id)),
            place=anchors.place_of(self.directory), seal=seal, key=key, tables=self._tables(key),
            marks=self._read(lambda: tablestates.marks(self.session), self._after, None) if key is not None else None,
            file=self.session.found,
        )  # fmt: skip

    def look_at_images(self, *, deep: bool) -> None:
        """Look whether every image is there and no other, and, if asked, whether each is as it was received."""
        from stillgraph.casework import erasing

        store = ImageStore(self.directory)
        held = self._read(lambda: receipts.all_digests(self.session), self._after, set[str]())
        there, called = store.names(), {digest: store.named(digest) for digest in held}
        self.images = len(held)
        missing = sorted(digest for digest, name in called.items() if name not in there)
        going = self._read(lambda: erasing.left(self.session, self.directory), self._after, None)
        if going is not None:
            self.notes.append(UNFINISHED)
        _, leaving = going or (0, [])
        more = sorted(there.difference(called.values(), map(store.named, (*store.moving(), *leaving))))
        if missing:
            self._problem(f"{len(missing)} of {len(held)} images are missing, first {missing[0][:12]}...")
        if more:
            self._problem(f"{len(more)} files lie among the images that no entry took in, first {more[0][:12]}...")
        for digest in sorted(held.difference(missing)) if deep else []:
            self._read(lambda digest=digest: store.get(digest), self._after, b"")  # type: ignore[misc]
            self.images_read += 1

    def _problem(self, says: str) -> None:
        self.unread.append(Problem(self._after, says))

    def _read(self, read: Callable[[], T], entry: int, otherwise: T) -> T:
        try:
            return read()
        except (AuditBroken, CaseError, NotFound) as error:
            self.unread.append(Problem(entry, str(error).rstrip(".")))
        except (ValueError, KeyError, TypeError):
            self.unread.append(Problem(entry, "the case file holds a row that Stillgraph never writes"))
        except UNREADABLE:
            self.unread.append(Problem(entry, "the case file is damaged: a table or view of it cannot be read"))
        return otherwise

    def _lines(self) -> list[log.Line]:
        lines: list[log.Line] = []
        try:
            lines.extend(log.lines(self.directory))
        except AuditBroken as error:
            self.unread.append(Problem(len(lines) + 1, str(error).rstrip(".")))
        return lines

    def _noted(self, second: Path | None) -> list[anchors.Noted] | None:
        if second is None or not second.is_file():
            return None
        return self._read(lambda: anchors.read(second), 1, list[anchors.Noted]())

    def _key(self) -> tuple[bytes | None, str | None]:
        if not office.is_keyed(self.session):
            return None, None
        try:
            ring = keys.ring(self.directory)
            return ring.subkey("audit"), ring.case_id
        except (MissingKey, WrongKey):
            return None, None
        except KeysDamaged as error:
            self._problem(str(error).rstrip("."))
            return None, None

    def _tables(self, key: bytes | None) -> dict[str, checking.TableSaid] | None:
        if key is None:
            return None
        found = {}
        for name in tablestates.names(self.session):
            now = self._read(lambda name=name: tablestates.state(self.session, name, key), self._after, None)  # type: ignore[misc]
            found[name] = (now.rows, now.digest) if now is not None else (0, "unread")
        return found
