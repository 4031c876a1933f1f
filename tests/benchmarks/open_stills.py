"""What comparing newly enrolled images with open stills costs, beside searching every open still anew.

    python tests/benchmarks/open_stills.py cases/demo --gallery 100000 --open 2000 --new 100

A copy of a case is filled up with random templates: custody images of so many people, so many faces of stills, which are
searched, and then the new people. Random templates are nobody, so every lead is false: their number is beside the bound.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from stillgraph.casework import alike, searching, take_seat, unsolved
from stillgraph.records import FaceId, StillId
from stillgraph.store import Session, galleries

Came = TypeVar("Came")


class Filler:
    """Fills a case with rows like those it has, and random templates."""

    def __init__(self, session: Session, model: str, seed: int = 0) -> None:
        def one(sql: str) -> dict[str, object]:
            return session.frame(f"{sql} LIMIT 1").to_dict("records")[0]

        self.session, self.model, self.rng = session, model, np.random.default_rng(seed)
        self.custody_face = one("SELECT * FROM held.faces WHERE image_kind = 'custody'")
        self.still_face = one("SELECT * FROM held.faces WHERE image_kind = 'still' AND usable")
        self.image, self.still = one("SELECT * FROM held.custody_images"), one("SELECT * FROM held.stills")
        self.nominal = one("SELECT * FROM held.nominals")
        self.dimension = galleries.dimension(session, model)

    def people(self, numbers: Sequence[int], *, new: bool) -> None:
        """Add people with one custody image each."""
        compared = None if new else datetime.now(UTC)
        images = [
            self.image
            | {"custody_image_id": f"X{n}/a.jpg", "nominal_id": f"X{n}", "sha256": f"x{n}", "compared_at": compared,
               "review_due": date(2099, 1, 1), "captured_on": date(2020, 1, 1)}
            for n in numbers
        ]  # fmt: skip
        self.session.append("nominals", [self.nominal | {"nominal_id": f"X{n}"} for n in numbers])
        self.session.append("custody_images", images)
        self._faces(self.custody_face, [f"X{n}/a.jpg" for n in numbers])
        galleries.changed(self.session, [image["custody_image_id"] for image in images])

    def stills(self, names: Sequence[StillId]) -> None:
        """Add stills with one face each."""
        self.session.append(
            "stills", [self.still | {"still_id": name, "image": name, "sha256": name} for name in names]
        )
        self._faces(self.still_face, names)

    def _faces(self, like: dict[str, object], images: Sequence[str]) -> None:
        vectors = self.rng.standard_normal((len(images), self.dimension)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self.session.append("faces", [like | {"face_id": f"{image}#1", "image_id": image} for image in images])
        self.session.append(
            "templates",
            [{"face_id": f"{i}#1", "model": self.model, "vector": v} for i, v in zip(images, vectors, strict=True)],
        )


def timed(what: str, do: Callable[[], Came]) -> Came:
    """Do something and print how long it took."""
    began = time.perf_counter()
    came = do()
    print(f"  {what}: {time.perf_counter() - began:.2f} s", flush=True)
    return came


def main() -> None:
    """Print the seconds of each step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    for name, default in (("gallery", 100_000), ("open", 2000), ("new", 100)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        case = shutil.copytree(given.case, Path(folder) / "case")
        desk = take_seat(case, officer="analyst-1", operation="OP-DEMO", reason="measure the cost of open stills")
        stills = [StillId(f"R01/x{n}.jpg") for n in range(given.open)]
        with desk.case.session(writing=True) as session, session.transaction():
            session.execute("UPDATE held.custody_images SET compared_at = now()")
            filler = Filler(session, desk.model)
            filler.people(range(given.gallery), new=False)
            filler.stills(stills)
        timed("every open still searched at first, the index made", lambda: searching.search(desk, stills=stills))
        with desk.case.session(writing=True) as session, session.transaction():
            Filler(session, desk.model, seed=1).people(range(given.gallery, given.gallery + given.new), new=True)
        found = timed("new images compared with open stills", lambda: unsolved.search_open_stills(desk))
        timed("every open still searched anew", lambda: searching.search(desk, stills=stills))
        bound = found.open_faces * found.places * found.newcomers / (given.gallery + given.new)
        print(
            f"  {found.open_faces} open faces, {found.places} places: {len(found.leads)} leads, by chance {bound:.1f} at most"
        )
        face = FaceId(f"{stills[0]}#1")
        timed("one face among the stills, the index made", lambda: alike.alike(desk, [face]))
        timed("one face among the stills again", lambda: alike.alike(desk, [face]))


if __name__ == "__main__":
    main()
