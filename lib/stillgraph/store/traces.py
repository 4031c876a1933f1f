"""Looking in the case file's tables for what was deleted from them."""

from __future__ import annotations

from collections.abc import Sequence

from stillgraph.store.casefile import Session
from stillgraph.store.erasing import Gone


def names_held(session: Session, names: Sequence[str]) -> set[str]:
    """Return which of some names nominals of the case have."""
    rows = session.rows(
        "SELECT DISTINCT name FROM held.nominals WHERE name IN (SELECT unnest($names::VARCHAR[]))",
        {"names": list(names)},
    )
    return {row[0] for row in rows}


def names(session: Session, wanted: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return each table and column of text with one of some names in it, whatever its case, and in how many rows."""
    columns = session.rows(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name = 'held' AND data_type IN ('VARCHAR', 'VARCHAR[]') ORDER BY ALL"
    )
    found = []
    for schema, table, column in columns if wanted else ():
        # Names of tables and columns are those of our own schema.
        row = session.one(
            f"SELECT count(*) FROM {schema}.{table} WHERE len(list_filter($names::VARCHAR[], lambda sought_word: "  # noqa: S608
            f'contains(lower("{column}"::VARCHAR), lower(sought_word)))) > 0',
            {"names": list(wanted)},
        )
        if row is not None and row[0]:
            found.append((table, column, int(row[0])))
    return found


def rows(session: Session, gone: Gone) -> list[tuple[str, int]]:
    """Return each table that still has rows of deleted records, and how many."""
    asked = (
        ("custody_images", "custody_image_id", gone.images),
        ("candidates", "custody_image_id", gone.images),
        ("stills", "still_id", gone.stills),
        ("searched_stills", "still_id", gone.stills),
        ("enhancements", "still_id", gone.stills),
        ("faces", "image_id", [*gone.images, *gone.stills]),
        ("templates", "face_id", gone.faces),
        ("enhanced_templates", "face_id", gone.faces),
        ("probes", "face_id", gone.faces),
        ("person_faces", "face_id", gone.faces),
        ("nominals", "nominal_id", gone.nominals),
        ("arrests", "nominal_id", gone.nominals),
        ("candidates", "nominal_id", gone.nominals),
    )
    found = []
    for table, column, ids in asked:
        row = session.one(
            f"SELECT count(*) FROM held.{table} WHERE {column} IN (SELECT unnest($ids::VARCHAR[]))",  # noqa: S608
            {"ids": ids},
        )
        if row is not None and row[0]:
            found.append((table, int(row[0])))
    return found
