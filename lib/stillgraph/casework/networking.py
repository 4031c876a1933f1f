"""The network of persons and offences of a case: assembled, summed up, drawn, exported."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import exporting
from stillgraph.casework.analysing import is_simulated, review_kind
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.harm import harm_table
from stillgraph.casework.wire import served
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import OPTIONAL_KINDS, LinkStatus, NetworkFilter, NodeKind, PersonId
from stillgraph.store import Session, files, networks, office, persons, receipts

if TYPE_CHECKING:
    import networkx as nx

    from stillgraph.network import NetworkSummary

NOTE = (
    "A link says that a face on a still of the offence counts as the person's, and how that is known. That two persons "
    "are on stills of one offence does not say that they acted together."
)


@served
def offence_network(
    desk: Desk,
    *,
    with_proposals: bool = False,
    kinds: Collection[str] = (),
    wanted: NetworkFilter | None = None,
) -> nx.Graph[str]:
    """Return the two-mode graph of persons and offences with what each link rests on.

    Corroborated links only, unless ``with_proposals`` asks for the others too; then persons that machines propose to be
    one are joined as well, by edges of their own kind.

    Parameters
    ----------
    kinds
        Which of ``store``, ``retailer``, ``borough`` and ``arrest`` shall be nodes too.
    wanted
        Which links; all unless given.

    Raises
    ------
    WrongUse
        A kind there is not, or a status that is in no network without proposals.
    NotFound
        A retailer or borough that no store has.
    """
    asked = tuple(kinds)
    with desk.act(Action.NETWORK, with_proposals=with_proposals, **told(asked, wanted)) as deed:
        graph = assembled(deed.session, with_proposals=with_proposals, kinds=asked, wanted=wanted, reader=deed.officer)
        deed.note(nodes=graph.number_of_nodes(), edges=graph.number_of_edges())
        return graph


def assembled(
    session: Session,
    *,
    with_proposals: bool = False,
    kinds: Collection[str] = (),
    wanted: NetworkFilter | None = None,
    reader: str | None = None,
) -> nx.Graph[str]:
    """Return the graph from an open session, for actions that are permitted and recorded already; see above.

    For a ``reader`` who is a reviewer links say nothing of scores and judgements: who could look a face up here could
    see what the others said of it, and tell a trial.
    """
    from stillgraph import network

    optional = _optional(kinds)
    wanted = wanted or NetworkFilter()
    if not with_proposals and not set(wanted.statuses) <= {LinkStatus.CORROBORATED}:
        raise WrongUse("Links that are not corroborated are in a network with proposals only; ask for those too.")
    offences, stores = receipts.offences(session), receipts.stores(session)
    links = persons.participations(session, with_proposals=with_proposals)
    blind = reader is not None and office.is_reviewer(session, reader)
    graph = network.build(
        network.within(links, offences, stores, wanted),
        offences,
        stores,
        harm_days=harm_table(session).days,
        review=review_kind(simulated=is_simulated(session)),
        evidence={} if blind else networks.face_evidence(session, with_proposals=with_proposals),
        joins=networks.joins(session) if with_proposals else (),
        arrests=receipts.arrests(session),
        kinds=optional,
    )
    # What an exported file is of, and what it does not say, travels in it.
    narrowed = {name: value if isinstance(value, str) else ", ".join(value) for name, value in _told(wanted).items()}
    graph.graph.update(narrowed, with_proposals="yes" if with_proposals else "no", note=NOTE)
    return graph


def _optional(kinds: Collection[str]) -> tuple[NodeKind, ...]:
    names = [kind.value for kind in OPTIONAL_KINDS]
    for kind in kinds:
        if kind not in names:
            raise WrongUse(f"Beside persons and offences, nodes are {', '.join(names)}; {kind} is none of them.")
    return tuple(NodeKind(kind) for kind in kinds)


def told(kinds: Collection[str], wanted: NetworkFilter | None) -> dict[str, object]:
    """Return what the record says of how a network was narrowed."""
    return {**({"kinds": list(kinds)} if kinds else {}), **(_told(wanted) if wanted is not None else {})}


def _told(wanted: NetworkFilter) -> dict[str, str | list[str]]:
    days = {"since": wanted.since, "until": wanted.until}
    lists = {"retailers": wanted.retailers, "boroughs": wanted.boroughs, "statuses": wanted.statuses}
    return {
        **{name: str(day) for name, day in days.items() if day is not None},
        **{name: [str(one) for one in values] for name, values in lists.items() if values},
    }


def network_layout(graph: nx.Graph[str]) -> dict[str, tuple[float, float]]:
    """Return a place for each node, the same for the same graph."""
    from stillgraph import network

    return network.layout(graph)


@served(writes=("export", "gephi"))
@attempted(Action.NETWORK)
def network_summary(
    desk: Desk,
    *,
    with_proposals: bool = False,
    export: Path | None = None,
    gephi: Path | None = None,
    kinds: Collection[str] = (),
    wanted: NetworkFilter | None = None,
    of: Collection[str] = (),
    depth: int = 1,
) -> NetworkSummary:
    """Summarise the offence-offender graph; export it too where a file is named (.graphml, .gexf, .json, .csv).

    The summary is of persons, offences and their links; ``kinds`` are in the export alone.

    Parameters
    ----------
    export
        The file to write.
    gephi
        The folder to write ``nodes.csv`` and ``edges.csv`` in, which Gephi imports.
    of, depth
        Only the neighbourhood of these persons, so many steps deep; everybody unless given.

    Raises
    ------
    WrongUse
        The file cannot be written, or its ending stands for no format.
    NotFound
        One of the persons is not in this network.
    """
    from stillgraph import network

    graph = offence_network(desk, with_proposals=with_proposals, kinds=kinds, wanted=wanted)
    if of:
        persons = [PersonId(one) for one in of]
        graph = network.part_of(graph, network.around(graph, persons, depth=depth, most=len(graph)))
    written: list[Path] = []
    if export is not None:
        with files.writing(export):
            written.append(network.export(graph, export))
    if gephi is not None:
        with files.writing(gephi):
            folder = network.export_gephi(graph, gephi)
            written += [folder / "nodes.csv", folder / "edges.csv"]
    if written:
        with desk.act(Action.NETWORK, files=len(written)) as deed:
            for path in written:
                exporting.on_record(desk, deed, path, path.read_bytes(), kind="network", about=exporting.EVERYBODY)
    return network.summary(network.two_mode(graph))
