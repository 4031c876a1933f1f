"""Who did most, as the case knows it: the links that rankings and networks are made of."""

from __future__ import annotations

from datetime import date

from stillgraph.casework.analysing import harm_table
from stillgraph.records import LinkTable
from stillgraph.store import Session, links


def link_table(
    session: Session, *, with_proposals: bool = False, since: date | None = None, until: date | None = None
) -> LinkTable:
    """Return the links of persons and offences of the last linking run, with the harm that the case counts.

    For use inside an action (``deed.session``), which permits and records it.

    Raises
    ------
    UnknownOffenceCode
        An offence of the period has a code that the case's harm table does not hold.
    WrongUse
        The period ends before it begins.
    """
    return links.links(session, harm_table().days, with_proposals=with_proposals, since=since, until=until)
