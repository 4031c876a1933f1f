"""The network of a case as a page needs it: columns and places once, then narrowed without asking the case again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.asking import asked
from stillgraph.casework.desk import Desk
from stillgraph.casework.ranking import link_table
from stillgraph.casework.wire import served
from stillgraph.governance.permits import Action
from stillgraph.records import LINK_STATUSES, FaceId, LinkTable, NetworkFilter

if TYPE_CHECKING:
    import pandas as pd

_FACES = """
SELECT p.person_id, p.face_id, p.still_id, p.offence_id, s.captured_at, p.status
FROM person_faces AS p JOIN stills AS s USING (still_id)
WHERE list_contains($persons, p.person_id) OR list_contains($offences, p.offence_id)
ORDER BY p.person_id, s.captured_at, p.face_id
"""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkView:
    """A network to draw. Nodes are numbered persons first, then offences.

    ``places`` (float32, shape (nodes, 2)) lie between -1 and 1 across; ``surest`` (uint8) is each person's surest
    status, an index of ``LINK_STATUSES``; ``retailers`` and ``stores`` are names by their ids.
    """

    table: LinkTable
    places: NDArray[np.float32]
    surest: NDArray[np.uint8]
    retailers: dict[str, str]
    simulated: bool
    stores: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"NetworkView({self.table!r})"

    @property
    def own(self) -> NDArray[np.bool_]:
        """Which links are a person's own and not a machine's proposed join; shape (m,)."""
        return np.asarray(self.table.join < 0)


@served
def network_view(desk: Desk, *, with_proposals: bool = True) -> NetworkView:
    """Return the network with a place for every node, which its filters do not move."""
    from stillgraph.network import columns

    with desk.act(Action.NETWORK, with_proposals=with_proposals, what="drawing") as deed:
        table = link_table(deed.session, with_proposals=with_proposals)
        named = deed.session.rows("SELECT retailer_id, retailer FROM retailers ORDER BY retailer_id")
        stores = deed.session.rows("SELECT store_id, store FROM stores ORDER BY store_id")
        simulated = is_simulated(deed.session)
        deed.note(persons=len(table.persons), links=len(table.person))
    return NetworkView(
        table=table,
        places=columns.places(table).astype(np.float32),
        surest=columns.surest(table),
        retailers={str(one): str(name) for one, name in named},
        simulated=simulated,
        stores={str(one): str(name) for one, name in stores},
    )


def kept(view: NetworkView, wanted: NetworkFilter) -> NDArray[np.bool_]:
    """Return which links a filter leaves; nothing is asked of the case, so nothing is recorded.

    Raises
    ------
    WrongUse
        The first day is after the last.
    """
    from stillgraph.network import columns

    return columns.kept(view.table, wanted)


def persons_table(view: NetworkView, mask: NDArray[np.bool_], persons: Sequence[int] = ()) -> pd.DataFrame:
    """Return persons' sums over the links of a mask, most harm first: of those given by number, or of all with a link.

    Columns: person_id, status (the surest), offences, co_offenders, harm_days, value_pence, retailers, boroughs.
    """
    import pandas as pd

    from stillgraph.network import columns

    table = view.table
    frame = pd.DataFrame({"person_id": list(table.persons), **columns.sums(table, mask)})
    frame.insert(1, "status", [LINK_STATUSES[at].value for at in view.surest])
    frame = frame.iloc[list(persons)] if len(persons) else frame
    return (
        frame[frame["offences"] > 0]
        .sort_values(["harm_days", "offences", "person_id"], ascending=[False, False, True])
        .reset_index(drop=True)
    )


def offences_table(view: NetworkView, mask: NDArray[np.bool_], nodes: Collection[int] = ()) -> pd.DataFrame:
    """Return the links of a mask, a row each, in the order of time: of the nodes given, or all.

    Columns: offence_id, person_id, status, occurred_at (UTC), offence, retailer, store_id, borough, value_pence,
    harm_days.
    """
    import pandas as pd

    table = view.table
    rows = np.flatnonzero(mask)
    if nodes:
        some = np.array(sorted(nodes))
        rows = rows[np.isin(table.person[rows], some) | np.isin(table.offence[rows] + len(table.persons), some)]
    person, offence, of = table.person[rows], table.offence[rows], table.offences
    names = np.array([view.retailers.get(name, name) for name in of.retailer.names], dtype=object)
    frame = pd.DataFrame(
        {
            "offence_id": np.array(of.ids, dtype=object)[offence],
            "person_id": np.array(table.persons, dtype=object)[person],
            "status": np.array([status.value for status in LINK_STATUSES], dtype=object)[table.status[rows]],
            "occurred_at": pd.to_datetime(of.occurred_at[offence], utc=True),
            "offence": np.array(of.offence.names, dtype=object)[of.offence.index[offence]],
            "retailer": names[of.retailer.index[offence]],
            "store_id": np.array(of.store.names, dtype=object)[of.store.index[offence]],
            "borough": np.array(of.borough.names, dtype=object)[of.borough.index[offence]],
            "value_pence": of.value_pence[offence],
            "harm_days": of.harm_days[offence],
        }
    )
    return frame.sort_values(["occurred_at", "offence_id", "person_id"]).reset_index(drop=True)


def visits(view: NetworkView, mask: NDArray[np.bool_], persons: Sequence[int]) -> pd.DataFrame:
    """Return where persons, given by number, were seen over the links of a mask: a row a link, in the order of time.

    Columns: person_id, offence_id, occurred_at (UTC), offence, retailer, store, borough, latitude, longitude
    (degrees).
    """
    import pandas as pd

    table, of = view.table, view.table.offences
    rows = np.flatnonzero(mask & view.own & np.isin(table.person, np.array(persons, dtype=np.int64)))
    offence = table.offence[rows]
    retailers = np.array([view.retailers.get(name, name) for name in of.retailer.names], dtype=object)
    stores = np.array([view.stores.get(name, name) for name in of.store.names], dtype=object)
    frame = pd.DataFrame(
        {
            "person_id": np.array(table.persons, dtype=object)[table.person[rows]],
            "offence_id": np.array(of.ids, dtype=object)[offence],
            "occurred_at": pd.to_datetime(of.occurred_at[offence], utc=True),
            "offence": np.array(of.offence.names, dtype=object)[of.offence.index[offence]],
            "retailer": retailers[of.retailer.index[offence]],
            "store": stores[of.store.index[offence]],
            "borough": np.array(of.borough.names, dtype=object)[of.borough.index[offence]],
            "latitude": of.latitude[offence],
            "longitude": of.longitude[offence],
        }
    )
    return frame.sort_values(["person_id", "occurred_at", "offence_id"]).reset_index(drop=True)


@served
def faces_of(desk: Desk, *, persons: Collection[str] = (), offences: Collection[str] = ()) -> pd.DataFrame:
    """Return the faces of persons, and of whoever is linked to offences, with their stills; looking is recorded.

    Columns: person_id, face_id, still_id, offence_id, captured_at (UTC), status.
    """
    asked = {"persons": sorted(map(str, persons)), "offences": sorted(map(str, offences))}
    with desk.act(Action.VIEW_DETAIL, what="stills of a network", **asked) as deed:
        frame = deed.session.frame(_FACES, asked)
        deed.note(faces=len(frame))
    return frame.assign(face_id=frame["face_id"].map(FaceId))


@served
def network_file(desk: Desk, kind: str, wanted: NetworkFilter) -> bytes:
    """Return the network that a filter leaves as the bytes of a ``graphml``, ``gexf``, ``json`` or ``csv`` file.

    Links that are not corroborated are in it and say so.

    Raises
    ------
    WrongUse
        Another kind of file.
    NotFound
        A retailer or borough that no store has.
    """
    from stillgraph import network

    with (
        asked(desk, f"file {kind}", with_proposals=True, wanted=wanted) as (graph, _),
        TemporaryDirectory() as folder,
    ):
        return network.export(graph, Path(folder) / "network", kind).read_bytes()
