"""The keys of nodes: kinds are told apart by prefix, as file formats want text for a node."""

from __future__ import annotations

from stillgraph.records import NodeKind, NominalId, OffenceId, PersonId, RetailerId, StoreId


def person_node(person_id: PersonId) -> str:
    """Return the node of a person."""
    return f"person:{person_id}"


def offence_node(offence_id: OffenceId) -> str:
    """Return the node of an offence."""
    return f"offence:{offence_id}"


def store_node(store_id: StoreId) -> str:
    """Return the node of a store."""
    return f"{NodeKind.STORE}:{store_id}"


def retailer_node(retailer_id: RetailerId) -> str:
    """Return the node of a retailer."""
    return f"{NodeKind.RETAILER}:{retailer_id}"


def borough_node(borough: str) -> str:
    """Return the node of a borough."""
    return f"{NodeKind.BOROUGH}:{borough}"


def arrest_node(nominal_id: NominalId, number: int) -> str:
    """Return the node of a nominal's n-th arrest on record, counted from 1."""
    return f"{NodeKind.ARREST}:{nominal_id}:{number}"
