"""The two collections a gallery in Milvus consists of, and how Milvus is reached.

Milvus has no transactions, so every row says from which generation and until which it counts, and a change counts from
the moment the one row of the state collection names its generation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.gallery.columns import CATEGORIES, digest_of
from stillgraph.records import CustodyImageId, GalleryInfo, ModelId

MOST_FETCHED = 16_384
"""The most rows one search or query of a Milvus server returns."""

BYTES_AT_ONCE = 16 << 20
"""Templates sent or fetched in one call; a server takes messages of 64 MB."""

PATIENCE = 10
"""Seconds a server has to answer at first."""

KEYS_AT_ONCE = 1000
"""Images named in one expression."""

STILL_THERE = (1 << 63) - 1
"""The generation until which a row counts that nobody deleted."""

IDS_BYTES = 1024
"""The longest id or recorded value, in bytes of UTF-8."""

NUMBERS = ("key", "image_key", "nominal_key", "added", "removed", "captured_on", "review_due", "age",
           *(f"{name}_key" for name in CATEGORIES))  # fmt: skip
TEXTS = ("image", "nominal", *CATEGORIES)
FIELDS = [*NUMBERS, *TEXTS, "vector"]

LOSSY = (
    "Inverted files and neighbour graphs lose people on identity templates, and some versions of Milvus accept types "
    "they do not have. Use FLAT."
)

Row = dict[str, Any]


@dataclass(frozen=True)
class State:
    """Which generation of the rows counts, and what it holds."""

    model: ModelId
    dimension: int
    generation: int = 0
    size: int = 0
    digest: int = 0
    """The sum of a SHA-256 for each entry; see :mod:`stillgraph.gallery.contents`."""
    oldest: int = 0
    """The first generation of which no row is erased."""

    @property
    def info(self) -> GalleryInfo:
        """Size and version: the version the exact engine gives the same entries."""
        said = f"{self.model}\0{self.dimension}\0float32\0{self.size}\0{self.digest:064x}"
        return GalleryInfo(self.size, sha256(said.encode()).hexdigest()[:12])

    @property
    def counts(self) -> str:
        """The expression that leaves the rows of this generation."""
        return f"added <= {self.generation} and removed > {self.generation}"


class Collections:
    """Two Milvus collections: the rows of a gallery, and the one row that says which of them count."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._rows, self._state = client, name, f"{name}_state"

    def make(self, model: ModelId, dimension: int) -> None:
        """Make the collections unless they are there, and load them."""
        with asking():
            if not self._client.has_collection(self._rows):
                self._create(self._rows, NUMBERS, TEXTS, dimension)
            if not self._client.has_collection(self._state):
                self._create(self._state, ("key", "dimension", "generation", "size", "oldest"), ("model", "digest"), 2)
                self.save(State(model, dimension))
            for name in (self._rows, self._state):
                self._client.load_collection(name)
                self._check_index(name)

    def _create(self, name: str, numbers: Sequence[str], texts: Sequence[str], dimension: int) -> None:
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        for field in numbers:
            schema.add_field(field, DataType.INT64, is_primary=field == "key")
        for field in texts:
            schema.add_field(field, DataType.VARCHAR, max_length=IDS_BYTES)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        index = self._client.prepare_index_params()
        index.add_index("vector", index_type="FLAT", metric_type="IP")
        self._client.create_collection(name, schema=schema, consistency_level="Strong")
        self._client.create_index(name, index, sync=False)  # loading waits for it; waiting here takes half a second

    def _check_index(self, name: str) -> None:
        for one in self._client.list_indexes(name):
            made = self._client.describe_index(name, one)
            if (made.get("index_type"), made.get("metric_type")) != ("FLAT", "IP"):
                raise WrongUse(f"The collection {name} has an index other than FLAT with metric IP. {LOSSY}")

    def save(self, state: State) -> None:
        """Make a generation count."""
        row = {
            "key": 0, "dimension": state.dimension, "generation": state.generation, "size": state.size,
            "oldest": state.oldest, "model": state.model, "digest": f"{state.digest:064x}", "vector": [1.0, 0.0],
        }  # fmt: skip
        with asking():
            self._client.upsert(self._state, [row])

    def load(self) -> State:
        """Return the generation that counts."""
        names = ["model", "dimension", "generation", "size", "digest", "oldest"]
        with asking():
            (row,) = self._client.query(
                self._state, filter="key == 0", output_fields=names, consistency_level="Strong"
            ) or [None]
        if row is None:
            raise WrongUse(f"The collection {self._state} is empty: delete both collections and build the gallery.")
        return State(**{name: row[name] for name in names} | {"digest": int(row["digest"], 16)})

    def write(self, rows: Sequence[Row], dimension: int) -> None:
        """Write rows, those of a key that is there in its place."""
        most = max(1, BYTES_AT_ONCE // (4 * dimension + 512))
        with asking():
            for at in range(0, len(rows), most):
                self._client.upsert(self._rows, list(rows[at : at + most]))

    def erase(self, expression: str) -> None:
        """Erase rows for good."""
        with asking():
            self._client.delete(self._rows, filter=expression)

    def count(self, expression: str) -> int:
        """Return how many rows an expression leaves."""
        with asking():
            (row,) = self._client.query(
                self._rows, filter=expression, output_fields=["count(*)"], consistency_level="Strong"
            )
        return int(row["count(*)"])

    def read(self, expression: str, fields: Sequence[str], batch: int) -> Iterator[list[Row]]:
        """Yield the rows an expression leaves, at most ``batch`` at once."""
        with asking():
            found = self._client.query_iterator(
                self._rows, filter=expression, output_fields=list(fields), batch_size=batch, consistency_level="Strong"
            )
            try:
                while rows := found.next():
                    yield [dict(row) for row in rows]
            finally:
                found.close()

    def named(self, state: State, images: Sequence[CustodyImageId], fields: Sequence[str]) -> dict[str, Row]:
        """Return the row of each image that is there."""
        found: dict[str, Row] = {}
        wanted = set(images)
        for at in range(0, len(images), KEYS_AT_ONCE):
            keys = [key_of(image) for image in images[at : at + KEYS_AT_ONCE]]
            expression = f"{state.counts} and image_key in {keys}"
            for rows in self.read(expression, [*fields, "image"], KEYS_AT_ONCE):
                found |= {row["image"]: row for row in rows if row["image"] in wanted}
        return found

    def nearest(self, probes: NDArray[np.float32], fetch: int, expression: str) -> Iterator[list[Any]]:
        """Yield, for each probe, the best rows with distance, image, nominal and template."""
        most = max(1, BYTES_AT_ONCE // (fetch * 4 * probes.shape[1]))
        for at in range(0, len(probes), most):
            with asking():
                found = self._client.search(
                    self._rows, data=probes[at : at + most].tolist(), anns_field="vector", limit=fetch,
                    filter=expression, output_fields=["image", "nominal", "vector"], consistency_level="Strong",
                    search_params={"metric_type": "IP"},
                )  # fmt: skip
            yield from found


_NO_PINGS: Final = {"grpc_options": {"grpc.keepalive_time_ms": 2**31 - 1, "grpc.keepalive_permit_without_calls": False}}
"""Milvus' client asks every ten seconds whether a server still lives. That of a file is this process: it takes such
questions for an attack after half a minute, ends the connection, and both say so on stderr."""


def connect(uri: str, token: str) -> Any:
    """Return a client of Milvus in a file that ends in ``.db``, or of a server."""
    local = "://" not in uri
    missing = [name for name in ("pymilvus", *(["milvus_lite"] if local else [])) if find_spec(name) is None]
    if missing:
        raise WrongUse(f"{missing[0]} is not installed. Install it with: pip install 'stillgraph[milvus]'")
    if local and not uri.endswith(".db"):
        raise WrongUse("A gallery of Milvus in a file ends in .db; a server's address begins with http:// or https://.")
    from pymilvus import MilvusClient

    with asking():
        return MilvusClient(uri, token=token, timeout=PATIENCE, **(_NO_PINGS if local else {}))


@contextmanager
def asking() -> Iterator[None]:
    """Turn what Milvus says went wrong into one sentence; addresses and data stay out of it."""
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except MilvusException as error:
        raise WrongUse(
            f"Milvus did not do as asked (its code {error.code}). Check that the server runs and is reached under this "
            "address with this token, and look into its log."
        ) from error


def key_of(text: str) -> int:
    """Return 63 bits of an id or value: Milvus has no unsigned numbers."""
    return digest_of(text) >> 1
