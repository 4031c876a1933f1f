"""An independent look for what was deleted: it knows files and bytes, and nothing of how Stillgraph deletes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np


@dataclass(frozen=True)
class Traces:
    """What is to be nowhere: bytes of images, templates, names and ids."""

    images: tuple[bytes, ...]
    templates: tuple[np.ndarray, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, case: Path, *, images=(), stills=(), nominals=()) -> Traces:
        """Read them from a case that is not encrypted and that nobody has open."""
        with duckdb.connect(str(case / "case.duckdb"), read_only=True) as held:
            digests = held.execute(
                "SELECT sha256 FROM held.custody_images WHERE list_contains($i, custody_image_id) UNION "
                "SELECT sha256 FROM held.stills WHERE list_contains($s, still_id)", {"i": list(images), "s": list(stills)},
            ).fetchall()  # fmt: skip
            vectors = held.execute(
                "SELECT vector FROM held.templates JOIN held.faces USING (face_id) WHERE list_contains($ids, image_id)",
                {"ids": [*images, *stills]},
            ).fetchall()
            names = held.execute(
                "SELECT name FROM held.nominals WHERE list_contains($n, nominal_id)", {"n": list(nominals)}
            ).fetchall()
        data = tuple((case / "images" / row[0][:2] / row[0]).read_bytes() for row in digests)
        assert data
        return cls(data, tuple(np.array(row[0], np.float32) for row in vectors), tuple(row[0] for row in names))

    def needles(self) -> dict[bytes, str]:
        found = {}
        for data in self.images:
            for at in range(len(data) // 4, len(data) - 64, max(64, len(data) // 7)):
                piece = data[at : at + 40]
                found[piece] = "image"
                for shift in range(3):
                    found[base64.b64encode(piece[shift : shift + 33])] = "image in base64"
        for vector in self.templates:
            for at in (0, len(vector) // 3, len(vector) - 16):
                found[vector[at : at + 8].astype("<f4").tobytes()] = "template, float32"
                found[vector[at : at + 16].astype("<f2").tobytes()] = "template, float16"
                found[np.clip(np.round(vector[at : at + 16] * 127), -127, 127).astype(np.int8).tobytes()] = (
                    "template, int8"
                )
        for name in self.names:
            found |= {name.encode(): "name", name.encode("utf-16-le"): "name, UTF-16"}
        return found

    def left(self, folder: Path) -> list[tuple[str, str]]:
        """Return where in the files of a folder something is found."""
        wanted = self.needles()
        return [
            (str(path.relative_to(folder)), what)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            for data in [path.read_bytes()]
            for needle, what in wanted.items()
            if needle in data
        ]


def left_in_tables(case: Path, words: list[str]) -> list[tuple[str, str, str]]:
    """Return the tables and columns whose text has one of some words in it."""
    found = []
    with duckdb.connect(str(case / "case.duckdb"), read_only=True) as held:
        columns = held.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'held' AND data_type LIKE 'VARCHAR%'"
        ).fetchall()
        for table, column in columns:
            for word in words:
                row = held.execute(
                    f'SELECT count(*) FROM held.{table} WHERE contains("{column}"::VARCHAR, ?)', [word]
                ).fetchone()
                if row[0]:
                    found.append((table, column, word))
    return found
