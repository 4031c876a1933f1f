"""How each table stands, in a few characters: how many rows, and a keyed digest of them that no order changes.

A row's digest is keyed BLAKE2b (RFC 7693) of all its columns, and a table's is the sum of its rows' in two lanes of 64
bits: MSet-Add-Hash of Clarke et al., "Incremental Multiset Hash Functions", Asiacrypt 2003, which holds as long as the
key is not known. So rows that were only added cost in proportion to them, and not to the table.

Rows are taken as Arrow lays them out, not as DuckDB writes them: that would be slower, 25 times with templates, and
another version could write a number otherwise.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Any

import numpy as np

from stillgraph.store.engine import ALIAS
from stillgraph.store.sessions import STRUCTURE, Session

OWN = frozenset({"audit", "table_marks"})
"""The tables that are not said of: the chain itself, and what is read off it."""
_ADDED = 36028797018960000
"""DuckDB numbers the rows that the open transaction added from here on."""
_ROWS = 10_000
_LANES = 1 << 64
_BEGUN = "tables are said of"
_NONE = 0x7FC0DEAD
_DEFINED = f"""
SELECT 'table' AS kind, schema_name || '.' || table_name AS name, sql FROM duckdb_tables()
          WHERE database_name = '{ALIAS}'
UNION ALL SELECT 'view', schema_name || '.' || view_name, sql FROM duckdb_views()
          WHERE database_name = '{ALIAS}' AND NOT internal
UNION ALL SELECT 'index', schema_name || '.' || index_name, sql FROM duckdb_indexes() WHERE database_name = '{ALIAS}'
UNION ALL SELECT 'macro', schema_name || '.' || function_name, macro_definition FROM duckdb_functions()
          WHERE database_name = '{ALIAS}' AND NOT internal
UNION ALL SELECT 'sequence', schema_name || '.' || sequence_name, '' FROM duckdb_sequences()
          WHERE database_name = '{ALIAS}'
"""  # noqa: S608  (our own alias)


@dataclass(frozen=True, slots=True)
class TableState:
    """How many rows a table holds, and the digest of them, in hex."""

    rows: int
    digest: str

    def __add__(self, other: TableState) -> TableState:
        """Return the state of a table of the rows of both."""
        lanes = [(int(self.digest[at : at + 16], 16) + int(other.digest[at : at + 16], 16)) % _LANES for at in (0, 16)]
        return TableState(self.rows + other.rows, "".join(f"{lane:016x}" for lane in lanes))


GONE = -1
NOT_THERE = TableState(GONE, "0" * 32)
"""The state of a table that is gone."""
NOT_SAID = TableState(GONE, "")
"""The state of a table that no entry says of."""


def names(session: Session) -> list[str]:
    """Return all that a state can be said of: the tables, but for the audit's own, and their structure."""
    rows = session.rows(
        f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{ALIAS}' AND schema_name = 'held' "  # noqa: S608
        "ORDER BY table_name"
    )
    return [STRUCTURE, *(name for (name,) in rows if name not in OWN)]


def state(session: Session, name: str, key: bytes, *, added: bool = False) -> TableState:
    """Return how one table stands, or, of what the open transaction ``added`` to it, how that does.

    The name is one of :func:`names`: our own, and not anybody's input.
    """
    own = hmac.digest(key, f"table {name}".encode(), sha256)
    if name == STRUCTURE:
        # DuckDB writes a view's types with quotes before it has read the view back, and without them after.
        plain = f"SELECT kind, name, lower(replace(sql, '\"', '')) FROM ({_DEFINED})"  # noqa: S608  (our own text)
        return _summed(session.batches(plain, _ROWS), own)
    only = f" WHERE rowid >= {_ADDED}" if added else ""
    return _summed(session.batches(f'SELECT * FROM held."{name}"{only}', _ROWS), own)  # noqa: S608


def said(states: Mapping[str, tuple[TableState, int]]) -> str:
    """Return states as an entry says them, each with the entry that said the one before (0: none did)."""
    return json.dumps(
        {name: [one.rows, one.digest, since] for name, (one, since) in sorted(states.items())}, separators=(",", ":")
    )


def read(tables: str) -> dict[str, tuple[TableState, int]]:
    """Return the states an entry says; none where it says none."""
    known = json.loads(tables) if tables else {}
    return {name: (TableState(int(rows), str(digest)), int(since)) for name, (rows, digest, since) in known.items()}


def marks(session: Session) -> dict[str, int]:
    """Return the newest entry that says how each table stands."""
    return dict(session.rows("SELECT name, sequence FROM held.table_marks"))


def left(session: Session, key: bytes, written: Mapping[str, bool], sequence: int) -> str:
    """Return, as the entry ``sequence`` says it, what the open transaction leaves in the tables.

    Parameters
    ----------
    written
        The tables it wrote, and of each whether rows were only added. A table that no entry has said of yet is said of
        too, as it stands.
    """
    if not written and _BEGUN in session.memory:
        return ""
    known = marks(session)
    if known:
        session.memory[_BEGUN] = b""
        if not written:
            return ""
    there = names(session)
    first = [] if known and STRUCTURE not in written else [name for name in there if name not in known]
    found = {}
    for name in {*written, *first} - OWN:
        since = known.get(name, 0)
        before = _said_in(session, since).get(name) if since and written.get(name) else None
        now = state(session, name, key, added=before is not None) if name in there else NOT_THERE
        found[name] = (now if before is None else before[0] + now, since)
    for name in found:
        session.execute("INSERT OR REPLACE INTO held.table_marks VALUES (?, ?)", [name, sequence])
    return said(found) if found else ""


def differences(session: Session, key: bytes) -> dict[str, tuple[TableState, TableState]]:
    """Return the tables that are not as the newest entry that says of them left them: how they were, and are.

    A table that is gone has :data:`GONE` rows; where no entry says of any yet, there is nothing to compare.
    """
    known, there = marks(session), names(session)
    if not known:
        return {}
    found = {}
    for name in sorted({*known, *there}):
        before = _said_in(session, known.get(name, 0)).get(name, (NOT_SAID, 0))[0]
        now = state(session, name, key) if name in there else NOT_THERE
        if now != before:
            found[name] = (before, now)
    return found


def _said_in(session: Session, sequence: int) -> dict[str, tuple[TableState, int]]:
    row = session.one("SELECT tables FROM held.audit WHERE sequence = ?", [sequence])
    return {} if row is None else read(row[0] or "")


def _summed(batches: Iterable[Any], key: bytes) -> TableState:
    rows, lanes = 0, np.zeros(2, dtype=np.uint64)
    for batch in batches:
        digests = b"".join(blake2b(row, key=key, digest_size=16).digest() for row in _rows(batch))
        # Sums of unsigned integers wrap around, as the lanes are to.
        lanes += np.frombuffer(digests, dtype="<u8").reshape(-1, 2).sum(axis=0, dtype=np.uint64)
        rows += batch.num_rows
    return TableState(rows, "".join(f"{int(lane):016x}" for lane in lanes))


def _rows(batch: Any) -> Iterator[bytes]:
    """Yield each row as bytes that no other row of the same columns has."""
    fixed: list[np.ndarray] = []
    varying: list[Sequence[bytes | memoryview]] = []
    for column in batch.columns:
        there = np.asarray(column.is_valid())
        fixed.append(there.astype(np.uint8)[:, None])
        block = _fixed(column, there)
        if block is None:
            varying.append(_varying(column))
        else:
            fixed.append(block)
    whole = np.concatenate(fixed, axis=1)
    width, data = whole.shape[1], _flat(whole)
    for at in range(batch.num_rows):
        parts: list[bytes | memoryview] = [data[at * width : (at + 1) * width]]
        for column in varying:
            parts += [len(column[at]).to_bytes(8, "little"), column[at]]
        yield b"".join(parts)


def _flat(block: np.ndarray) -> memoryview:
    """Return all bytes of a block, row after row, without copying them."""
    return np.ascontiguousarray(block).reshape(-1).data


def _fixed(column: Any, there: np.ndarray) -> np.ndarray | None:
    """Return a column whose values are of one width as (rows, bytes); ``None`` where they are not."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_fixed_size_list(kind) and _plain(kind.value_type):
        of = column.values.slice(column.offset * kind.list_size, len(column) * kind.list_size)
        bits = _bits(of)
        values = bits.reshape(len(column), kind.list_size * bits.shape[1])
        return np.where(there[:, None], values, np.uint8(0))
    return _bits(column) if _plain(kind) else None


def _plain(kind: Any) -> bool:
    import pyarrow as pa

    is_a = pa.types
    return bool(
        is_a.is_boolean(kind) or is_a.is_integer(kind) or is_a.is_floating(kind) or is_a.is_date32(kind)
        or is_a.is_timestamp(kind) or is_a.is_time64(kind)
    )  # fmt: skip


def _bits(column: Any) -> np.ndarray:
    """Return plain values as (values, bytes), those that are null as a number nobody writes."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.uint8())
    elif pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        column = column.cast(pa.int64())
    values = np.ascontiguousarray(column.fill_null(0).to_numpy(zero_copy_only=False))
    width = values.dtype.itemsize
    block = values.astype(values.dtype.newbyteorder("<"), copy=False).view(np.uint8).reshape(len(values), width)
    if column.null_count:
        block = block.copy()
        mark = np.frombuffer(_NONE.to_bytes(8, "little"), dtype=np.uint8)
        block[~np.asarray(column.is_valid())] = mark[: block.shape[1]]
    return block


def _varying(column: Any) -> Sequence[bytes | memoryview]:
    """Return a column's values as bytes; what is null as none, as whether it is there is said beside it."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        return [b"" if value is None else value for value in column.cast(pa.large_binary()).to_pylist()]
    if pa.types.is_list(kind) and _plain(kind.value_type):
        block, ends = _bits(column.values), column.offsets.to_numpy()
        width, data = block.shape[1], _flat(block)
        there = column.is_valid().to_pylist()
        return [data[a * width : b * width] if held else b"" for a, b, held in zip(ends, ends[1:], there, strict=False)]
    return [b"" if value is None else json.dumps(value, default=str).encode() for value in column.to_pylist()]
