"""What officers' statements make of faces, before anything is said of likeness.

Review names faces; rulings between faces join and part them. What cannot all be true binds nothing: the faces
concerned stand alone, grouped with nobody, until officers settle it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stillgraph.linking.case import Case, Named
from stillgraph.linking.rulings import Pair, Stance
from stillgraph.records import Contradiction, FaceId, NominalId


@dataclass(frozen=True, slots=True)
class Joined:
    """Faces that rulings hold to be one person, ascending, and whom else officers rule them to be.

    ``part_of`` is a nominal, or the first row of another corroborated series, or ``None``.
    """

    rows: tuple[int, ...]
    corroborated: bool
    part_of: NominalId | int | None


@dataclass(slots=True)
class Settled:
    """What officers' statements make of the faces of a case.

    ``alone`` are faces in contradictions; ``apart`` gives for a row those it was ruled not to be the person of.
    """

    named: Named
    joined: list[Joined]
    alone: set[int]
    apart: dict[int, set[int]]
    contradictions: list[Contradiction] = field(default_factory=list)

    @property
    def taken(self) -> set[int]:
        """Every row that officers have placed."""
        placed = {row for rows in self.named.values() for row in rows} | self.alone
        return placed.union(*(one.rows for one in self.joined))


@dataclass(frozen=True, slots=True)
class _Said:
    """The rows of two faces and what officers say of them."""

    one: int
    other: int
    stance: Stance


def settle(case: Case, binding: Mapping[FaceId, NominalId | None], stances: Mapping[Pair, Stance]) -> Settled:
    """Return what the corroborated reviews, ``binding``, and the rulings between faces make of the faces."""
    row_of = {face.face_id: row for row, face in enumerate(case.faces)}
    said = [
        _Said(row_of[one], row_of[other], stance)
        for (one, other), stance in stances.items()
        if one in row_of and other in row_of
    ]
    apart: defaultdict[int, set[int]] = defaultdict(set)
    for pair in said:
        if pair.stance.apart:
            apart[pair.one].add(pair.other)
            apart[pair.other].add(pair.one)
    found = Settled(case.by_nominal(binding), [], set(), dict(apart))
    _leave_names(case, found, said)
    _list_disagreements(case, found, said)
    for rows, links in _components(found, [pair for pair in said if pair.stance.same and not pair.stance.apart]):
        _join(case, found, rows, links)
    return found


def _leave_names(case: Case, found: Settled, said: Sequence[_Said]) -> None:
    """Take out of each nominal the faces that cannot both be them: two of one still, or ruled not to be the same."""
    for nominal, rows in found.named.items():
        for still, twins in case.by_still(rows).items():
            if len(twins) > 1:
                found.alone.update(twins)
                reason = (
                    f"{len(twins)} faces in {still} are each said to be {nominal}, but two faces in one still are two "
                    "persons: none of them counts until officers judge again"
                )
                found.contradictions.append(Contradiction(case.ids(twins), reason))
    for nominal, rows in found.named.items():
        there = set(rows) - found.alone
        inside = [pair for pair in said if pair.stance.apart and {pair.one, pair.other} <= there]
        odd = _oddest(inside)
        if odd:
            numbers = tuple(sorted({number for pair in inside for number in pair.stance.rulings}))
            reason = (
                f"review corroborated these as {nominal}, but {_rulings(numbers)} that they are not the person of "
                f"others of {nominal}: they do not count until officers judge again or take the ruling back"
            )
            found.contradictions.append(Contradiction(case.ids(sorted(odd)), reason, numbers))
            found.alone |= odd
    left = {nominal: [row for row in rows if row not in found.alone] for nominal, rows in found.named.items()}
    found.named = {nominal: rows for nominal, rows in left.items() if rows}


def _oddest(inside: Sequence[_Said]) -> set[int]:
    """Return the fewest faces, of those kept apart from most others first, without which none are kept apart.

    Of faces kept apart from equally many all go, so that one face split off from many goes alone, and of two both go.
    """
    odd: set[int] = set()
    while left := [pair for pair in inside if not {pair.one, pair.other} & odd]:
        apart_from = Counter(row for pair in left for row in (pair.one, pair.other))
        most = max(apart_from.values())
        odd |= {row for row, count in apart_from.items() if count == most}
    return odd


def _list_disagreements(case: Case, found: Settled, said: Sequence[_Said]) -> None:
    """List where one officer says the same and another not; such faces are kept apart."""
    disputed: defaultdict[tuple[int, ...], set[int]] = defaultdict(set)
    for pair in said:
        if pair.stance.same and pair.stance.apart:
            disputed[pair.stance.rulings].update((pair.one, pair.other))
    for rulings, rows in disputed.items():
        reason = "officers disagree whether these are one person: they are kept apart until a ruling is taken back"
        found.contradictions.append(Contradiction(case.ids(sorted(rows)), reason, rulings))


def _components(found: Settled, links: Sequence[_Said]) -> Iterable[tuple[list[int], list[_Said]]]:
    """Return the faces that rulings join, by way of others and of a name too, and the rulings that do."""
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        while parent.setdefault(row, row) != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    links = [link for link in links if not found.alone & {link.one, link.other}]
    for link in links:
        parent[root(link.other)] = root(link.one)
    for rows in found.named.values():
        for row in rows if any(one in parent for one in rows) else ():
            parent[root(row)] = root(rows[0])
    rows_of: defaultdict[int, list[int]] = defaultdict(list)
    for row in sorted(parent):
        rows_of[root(row)].append(row)
    links_of: defaultdict[int, list[_Said]] = defaultdict(list)
    for link in links:
        links_of[root(link.one)].append(link)
    return [(rows_of[at], links_of[at]) for at in sorted(links_of, key=lambda at: rows_of[at][0])]


def _join(case: Case, found: Settled, rows: Sequence[int], links: Sequence[_Said]) -> None:
    """Make persons of what rulings join, or, where it cannot be true, let none of the rulings bind."""
    names = sorted({nominal for nominal, named in found.named.items() if set(named) & set(rows)})
    unnamed = [row for row in rows if not any(row in found.named[nominal] for nominal in names)]
    why = _impossible(case, found, rows, names)
    if why is not None:
        rulings = tuple(sorted({number for link in links for number in link.stance.rulings}))
        concerned = unnamed or sorted({row for link in links for row in (link.one, link.other)})
        reason = (
            f"{_rulings(rulings)} that these are one person, but {why}: none of that counts until one is taken back"
        )
        found.contradictions.append(Contradiction(case.ids(concerned), reason, rulings))
        found.alone.update(unnamed)
        return
    cores = _cores(unnamed, links)
    rest = tuple(row for row in unnamed if not any(row in core for core in cores))
    anchor: NominalId | int | None = names[0] if names else None
    for core in cores:
        found.joined.append(Joined(core, corroborated=True, part_of=anchor))
        anchor = core[0] if anchor is None else anchor
    if rest:
        found.joined.append(Joined(rest, corroborated=False, part_of=anchor))


def _cores(rows: Sequence[int], links: Sequence[_Said]) -> list[tuple[int, ...]]:
    """Return the faces that corroborated rulings alone join, by first row."""
    inside = set(rows)
    sure = [link for link in links if link.stance.corroborated and {link.one, link.other} <= inside]
    return [tuple(members) for members, _ in _components(Settled({}, [], set(), {}), sure)]


def _impossible(case: Case, found: Settled, rows: Sequence[int], names: Sequence[NominalId]) -> str | None:
    """Say why faces cannot be one person, or ``None``."""
    if len(names) > 1:
        return f"review corroborated {' and '.join(names)} among them, who are two persons"
    for still, twins in case.by_still(rows).items():
        if len(twins) > 1:
            return f"two faces of {still} would then be one person"
    inside = set(rows)
    for row in rows:
        others = sorted(found.apart.get(row, set()) & inside)
        if others:
            return f"{case.faces[row].face_id} and {case.faces[others[0]].face_id} were ruled not to be one person"
    return None


def _rulings(sequences: Sequence[int]) -> str:
    if len(sequences) == 1:
        return f"ruling {sequences[0]} says"
    return f"rulings {', '.join(map(str, sequences[:-1]))} and {sequences[-1]} say"
