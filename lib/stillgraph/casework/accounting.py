"""What the record says of a search or an enrolment beside what it names: counts, and with which software and model.

The transparency report is made from these alone (:mod:`stillgraph.governance.accounts` reads them), so an entry says
all that the report is to say; it holds counts and ids, and of nobody who they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cache

from stillgraph.casework import statements
from stillgraph.casework.desk import Deed, Desk
from stillgraph.records import NominalId, Probe, StillId
from stillgraph.store import recorded

OUTSIDE = "image from outside the case"
"""The place of an image that no retailer delivered."""


def made_with(deed: Deed, desk: Desk) -> None:
    """Record the versions of the software, and the SHA-256 of the face model's files."""
    deed.note(software=_software(), pack_files=_files(desk.settings["pack"]))


def search(
    deed: Deed,
    desk: Desk,
    probes: Sequence[Probe],
    *,
    stills: Collection[StillId] | None = None,
    images: int = 0,
) -> None:
    """Record what a search looked at and what came of it, in counts.

    Parameters
    ----------
    stills
        The stills of the case whose faces were searched; ``None`` for ``images`` from outside.
    """
    lists = [probe.candidates for probe in probes if probe.candidates]
    bands = Counter(probe.quality.band for probe in probes if probe.quality.band is not None)
    account(
        deed, desk, stills=stills, images=images, faces=len(probes), usable=sum(probe.usable for probe in probes),
        lists=len(lists), listed=sum(map(len, lists)), bands=bands, first=[one[0].nominal_id for one in lists],
    )  # fmt: skip


def account(
    deed: Deed,
    desk: Desk,
    *,
    stills: Collection[StillId] | None,
    faces: int,
    usable: int,
    lists: int,
    images: int = 0,
    listed: int = 0,
    bands: Counter[str] | None = None,
    first: Sequence[NominalId] = (),
) -> None:
    """Record these counts of a search; ``first`` is whoever stands first on each list, counted by group."""
    places = {OUTSIDE: images} if stills is None else recorded.boroughs(deed.session, stills)
    deed.note(
        account={
            "images": images if stills is None else len(stills), "faces": faces, "usable": usable, "lists": lists,
            "listed": listed, "bands": dict(sorted((bands or Counter()).items())),
            "places": {place: count for place, count in places.items() if count},
            "first": recorded.of_people(deed.session, first), "people": recorded.people(deed.session),
        }
    )  # fmt: skip
    made_with(deed, desk)


def enrolment(deed: Deed, desk: Desk, statuses: Iterable[str]) -> None:
    """Record the conviction status of each custody image enrolled, counted, and who is in custody records by group."""
    deed.note(statuses=dict(sorted(Counter(statuses).items())), people=recorded.people(deed.session))
    made_with(deed, desk)


@cache
def _software() -> dict[str, str]:
    return dict(statements.software())


@cache
def _files(pack: str) -> dict[str, str]:
    """Return the SHA-256 of a pack's files, as they were checked once in this process."""
    from stillgraph.faces import packs

    return dict(packs.describe(pack).files)
