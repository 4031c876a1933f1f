"""The case pack: what the case knows of some persons, as a file for people, recorded with the file's SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillgraph.casework import (
    explaining,
    exporting,
    networking,
    pack_html,
    pack_parts,
    pack_pdf,
    pack_sheets,
    receiving,
    statements,
)
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.explaining import Grounds
from stillgraph.casework.wire import served
from stillgraph.casework.worth import concentration_among_persons
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    CasePack,
    Explanation,
    LinkStatus,
    NetworkFilter,
    OfficerId,
    PackNode,
    PackPair,
    PackReport,
    PersonId,
)
from stillgraph.store import office, packs, persons

if TYPE_CHECKING:
    import networkx as nx

TOP = 10
PRINTED = 25
"""Standings that a pack prints at least, where there are so many; its workbook holds all."""

CHIP_PX = 160


@served(writes=("path",))
@attempted(Action.EXPORT_CASE_PACK)
def write(
    desk: Desk,
    path: Path,
    *,
    people: Sequence[PersonId] = (),
    top: int = TOP,
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
) -> PackReport:
    """Write a case pack as PDF, HTML, XLSX or JSON, by the file's ending, and record it with the file's SHA-256.

    The file is whole or not there; only its owner may read it. The same case, arguments and time make the same bytes.

    Parameters
    ----------
    people
        Who gets pages; the first ``top`` of the ranking unless anybody is named.
    by, since, until, with_proposals
        As in :func:`stillgraph.casework.explaining.why`.

    Raises
    ------
    WrongUse
        The ending stands for no form, the file lies inside the case or cannot be written, or ``top`` is below one.
    NotFound
        A person whom the last linking run does not have, or without a link in the period.
    """
    form = path.suffix.lower()
    writer = WRITERS.get(form)
    if writer is None:
        raise WrongUse(
            f"A case pack is written as {', '.join(WRITERS)}, by the file's ending; name such a file, not {path.name}."
        )
    if path.resolve().is_relative_to(desk.case.directory):
        raise WrongUse(f"{path.name} would lie inside the case; name a file in a folder of its own.")
    if top < 1:
        raise WrongUse(f"A case pack has pages of one person or more, not of {top}; give --top a number from 1.")
    with desk.act(
        Action.EXPORT_CASE_PACK, form=form.removeprefix("."), by=by, since=since, until=until,
        with_proposals=with_proposals,
    ) as deed:  # fmt: skip
        made = _pack(desk, deed, people, top, by=by, since=since, until=until, with_proposals=with_proposals)
        data = writer(made)
        told = _report(made, path, data)
        deed.note(persons=list(told.persons), stills=told.stills, pictures=told.pictures, sha256=told.sha256)
        exporting.write(desk, deed, path, data, kind="case pack", about=_about(made))
        return told


def _about(made: CasePack) -> set[str]:
    """Return the ids of the stills, nominals and custody images that a pack shows or names."""
    ranked = [one.nominal_id for one in made.ranking.standings if one.nominal_id is not None]
    named = [page.nominal_id for page in made.persons if page.nominal_id is not None]
    return {*map(str, made.custody_chips), *(one.still for one in made.stills), *ranked, *named}


@served
def case_pack(
    desk: Desk,
    *,
    people: Sequence[PersonId] = (),
    top: int = TOP,
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
) -> CasePack:
    """Return a case pack as a value, for notebooks; asking for it is recorded as :func:`write` is, without a file."""
    with desk.act(
        Action.EXPORT_CASE_PACK, form="value", by=by, since=since, until=until, with_proposals=with_proposals
    ) as deed:
        made = _pack(desk, deed, people, top, by=by, since=since, until=until, with_proposals=with_proposals)
        deed.note(persons=[page.person_id for page in made.persons], stills=len(made.stills))
        return made


def _pack(
    desk: Desk,
    deed: Deed,
    people: Sequence[PersonId],
    top: int,
    *,
    by: str,
    since: date | None,
    until: date | None,
    with_proposals: bool,
) -> CasePack:
    session = deed.session
    grounds = explaining.gather(deed, by=by, since=since, until=until, with_proposals=with_proposals)
    chosen = list(dict.fromkeys(people)) or [s.person_id for s in grounds.ranking.standings[:top]]
    pages = tuple(explaining.explained(grounds, person) for person in chosen)
    chips, custody, missing = _pictures(desk, deed, pages)
    measured = "harm" if by == "rfh" else by
    concentrated, statement, notes = concentration_among_persons(grounds.own, measured, with_proposals=with_proposals)
    nodes, pairs = _network(deed, grounds, pages)
    operation = office.operation(session, deed.operation)
    head = office.chain_head(session)
    assert head is not None  # noqa: S101  (a case begins with an entry)
    return CasePack(
        case=desk.case.directory.name,
        kind=desk.settings.get("kind", "case"),
        made_at=deed.at,
        officer=OfficerId(deed.officer),
        operation=deed.operation,
        purpose="" if operation is None else operation.purpose,
        by=by,
        since=since,
        until=until,
        with_proposals=with_proposals,
        simulated=grounds.ranking.simulated,
        harm_source=grounds.harm.source,
        harm_version=grounds.harm.version,
        model=desk.model,
        linking_threshold=persons.threshold(session),
        software=statements.software(),
        audit_head=head,
        counts=packs.counts(session, since, until),
        ranking=grounds.ranking,
        printed=max(top, PRINTED),
        persons=pages,
        concentrated=concentrated,
        concentration=statement,
        concentration_notes=notes,
        nodes=nodes,
        pairs=pairs,
        stills=tuple(packs.stills(session, _stills(pages), chosen)),
        chips=chips,
        custody_chips=custody,
        missing=missing,
    )


def _stills(pages: Iterable[Explanation]) -> list[Any]:
    return sorted({face.still for page in pages for offence in page.offences for face in offence.faces})


def _pictures(
    desk: Desk, deed: Deed, pages: Sequence[Explanation]
) -> tuple[dict[Any, bytes], dict[Any, bytes], tuple[str, ...]]:
    """Cut out the faces that pages show: of stills, and of custody images of corroborated nominals only."""
    faces = dict.fromkeys(
        chip for page in pages for offence in page.offences if (chip := pack_parts.chip_of(offence)) is not None
    )
    custody = dict.fromkeys(
        face.custody_image
        for page in pages
        if page.status is LinkStatus.CORROBORATED
        for offence in page.offences
        for face in offence.faces
        if face.custody_image is not None
    )
    of_stills, without_still = receiving.cut_faces(desk, deed, faces, size=CHIP_PX)
    of_custody, without_custody = receiving.cut_custody(desk, deed, custody, size=CHIP_PX)
    return of_stills, of_custody, (*without_still, *without_custody)


def _network(
    deed: Deed, grounds: Grounds, pages: Sequence[Explanation]
) -> tuple[tuple[PackNode, ...], tuple[PackPair, ...]]:
    """Return who is on the same stills as somebody with a page, where to draw them, and who shares how many."""
    from stillgraph import network

    ranked = grounds.ranking
    graph = networking.assembled(
        deed.session,
        with_proposals=grounds.with_proposals,
        wanted=NetworkFilter(since=ranked.since, until=ranked.until),
    )
    together = network.co_offending(graph)
    named = {data["person_id"]: node for node, data in together.nodes(data=True)}
    with_page = {named[page.person_id] for page in pages if page.person_id in named}
    kept = with_page | {other for node in with_page for other in together[node]}
    among: nx.Graph[str] = together.subgraph(sorted(kept))
    places = network.layout(among)
    nodes = tuple(
        PackNode(
            person_id=PersonId(among.nodes[node]["person_id"]), status=LinkStatus(among.nodes[node]["status"]),
            x=places[node][0], y=places[node][1], has_page=node in with_page,
        )
        for node in sorted(among)
    )  # fmt: skip
    pairs = [
        PackPair(
            one=PersonId(among.nodes[one]["person_id"]), other=PersonId(among.nodes[other]["person_id"]),
            offences=int(join["weight"]), first_together=datetime.fromisoformat(join["first_together"]).date(),
            last_together=datetime.fromisoformat(join["last_together"]).date(), status=LinkStatus(join["status"]),
        )
        for one, other, join in ((min(a, b), max(a, b), data) for a, b, data in among.edges(data=True))
    ]  # fmt: skip
    return nodes, tuple(sorted(pairs, key=lambda pair: (-pair.offences, pair.one, pair.other)))


def _report(made: CasePack, path: Path, data: bytes) -> PackReport:
    return PackReport(
        file=str(path), form=path.suffix.lower().removeprefix("."), sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data), by=made.by, since=made.since, until=made.until, with_proposals=made.with_proposals,
        persons=tuple(page.person_id for page in made.persons), standings=len(made.ranking.standings),
        stills=len(made.stills), pictures=len(made.chips) + len(made.custody_chips), missing=made.missing,
        simulated=made.simulated,
    )  # fmt: skip


def as_json(pack: CasePack) -> bytes:
    """Return a pack as JSON: every value, and of each picture the SHA-256 of its PNG."""
    return (json.dumps(_plain(pack), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


WRITERS: dict[str, Callable[[CasePack], bytes]] = {
    ".pdf": pack_pdf.pdf,
    ".html": pack_html.html,
    ".xlsx": pack_sheets.xlsx,
    ".json": as_json,
}
"""How case packs are written, by a file's ending."""
