"""What encryption costs: sessions, queries, images and the gallery of an encrypted case beside a plain one.

``python tests/benchmarks/encryption.py [--images 1000] [--entries 100000] [--repeats 20]`` prints JSON; ratios are to be
compared, not seconds, and the two kinds take turns so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

os.environ["STILLGRAPH_STATE"] = tempfile.mkdtemp(prefix="stillgraph-bench-state-")

from stillgraph.gallery import exact
from stillgraph.records import Template
from stillgraph.store import CaseFile
from stillgraph.store.images import ImageStore
from stillgraph.store.sealing import vault

MODEL, DIMENSION = "bench@0123456789ab", 128
ROWS = 300_000
IMAGE_BYTES = 60_000
"""As large as a still, of 640 by 360 pixels, in JPEG."""


def timed(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, object]:
    """Time each kind, in turns; return the median milliseconds of each and the ratio of the second to the first."""
    spent: dict[str, list[float]] = {name: [] for name in work}
    for one in work.values():
        one()
    for _ in range(repeats):
        for name, one in work.items():
            began = time.perf_counter()
            one()
            spent[name].append(1000 * (time.perf_counter() - began))
    plain, sealed = (float(np.median(spent[name])) for name in ("plain", "encrypted"))
    return {"plain_ms": round(plain, 2), "encrypted_ms": round(sealed, 2), "ratio": round(sealed / plain, 2)}


def of_case_file(cases: dict[str, CaseFile], repeats: int) -> dict[str, object]:
    def opened(case: CaseFile, *, writing: bool) -> None:
        with case.session(writing=writing) as session:
            session.one("SELECT count(*) FROM held.settings")

    def queried(case: CaseFile) -> None:
        with case.session(writing=False) as session:
            session.rows("SELECT role, count(*), sum(length(name)) FROM held.officers GROUP BY role ORDER BY ALL")

    def written(case: CaseFile) -> None:
        with case.session(writing=True) as session, session.transaction():
            session.execute("INSERT OR REPLACE INTO held.settings VALUES ('bench', ?)", [str(time.time())])

    for case in cases.values():
        with case.session(writing=True) as session:
            session.execute(
                "INSERT INTO held.officers (officer_id, role, name, simulated, added_at) "
                "SELECT 'o' || i, NULL, 'somebody number ' || hash(i), false, now() FROM range(?) AS r(i)", [ROWS],
            )  # fmt: skip
    return {
        "open to read": timed({k: lambda c=c: opened(c, writing=False) for k, c in cases.items()}, repeats),
        "open to write": timed({k: lambda c=c: opened(c, writing=True) for k, c in cases.items()}, repeats),
        "open and write one row": timed({k: lambda c=c: written(c) for k, c in cases.items()}, repeats),
        f"open and read {ROWS:,} rows": timed({k: lambda c=c: queried(c) for k, c in cases.items()}, repeats),
        "size_ratio": round(cases["encrypted"].path.stat().st_size / cases["plain"].path.stat().st_size, 3),
    }


def of_images(cases: dict[str, CaseFile], count: int, repeats: int) -> dict[str, object]:
    random = np.random.default_rng(1)
    pictures = [random.bytes(IMAGE_BYTES) for _ in range(count)]
    digests = [hashlib.sha256(picture).hexdigest() for picture in pictures]

    def read(store: ImageStore) -> None:
        for digest in digests:
            store.get(digest)

    took = {}
    for kind, case in cases.items():
        store = ImageStore(case.directory)
        began = time.perf_counter()
        with store.incoming("stills").alone():
            incoming = store.incoming("stills")
            for picture in pictures:
                incoming.put(picture)
            with incoming.moved(digests):
                pass
        took[kind] = 1000 * (time.perf_counter() - began)
    stores = {kind: ImageStore(case.directory) for kind, case in cases.items()}
    return {
        f"write {count:,} images, brought to the disk": {
            "plain_ms": round(took["plain"]), "encrypted_ms": round(took["encrypted"]),
            "ratio": round(took["encrypted"] / took["plain"], 2),
        },
        f"read {count:,} images": timed({k: lambda s=s: read(s) for k, s in stores.items()}, max(3, repeats // 4)),
    }  # fmt: skip


def of_gallery(cases: dict[str, CaseFile], entries: int, repeats: int) -> dict[str, object]:
    vectors = np.random.default_rng(2).standard_normal((entries, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    places = {
        kind: (case.directory / "gallery" / "m", vault(case.directory, "gallery")) for kind, case in cases.items()
    }
    names = [(f"C{n}", f"N{n}") for n in range(entries)]
    for path, sealing in places.values():
        path.parent.mkdir(exist_ok=True)
        exact.opened(path, MODEL, DIMENSION, vault=sealing).add(names, vectors)
    probe = [Template(MODEL, vectors[0])]

    def fresh(kind: str) -> exact.ExactIndex:
        return exact.opened(places[kind][0], MODEL, DIMENSION, vault=places[kind][1])

    own = {}
    for kind in places:
        before = psutil.Process().memory_info().rss
        held = fresh(kind)
        own[kind] = round((psutil.Process().memory_info().rss - before) / 1e6)
        del held
    indexes = {kind: fresh(kind) for kind in places}
    return {
        f"open a gallery of {entries:,}": timed({k: lambda k=k: fresh(k) for k in places}, repeats),
        "open it and search once": timed({k: lambda k=k: fresh(k).search(probe, limit=20) for k in places}, repeats),
        "search once it is open": timed(
            {k: lambda i=i: i.search(probe, limit=20) for k, i in indexes.items()}, repeats
        ),
        "resident_mb_after_opening": own,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stillgraph-bench-") as folder:
        cases = {
            kind: CaseFile.create(Path(folder) / kind, {"kind": "case"}, encrypt=kind == "encrypted")
            for kind in ("plain", "encrypted")
        }
        told = of_case_file(cases, asked.repeats) | of_images(cases, asked.images, asked.repeats)
        told |= of_gallery(cases, asked.entries, asked.repeats)
    json.dump(told, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
