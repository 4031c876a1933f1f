"""Measures what the bands of stillgraph.faces.bands mean, what occlusion sees, and with --fit where both come from.

    python tests/benchmarks/quality.py [--london shared/data/london] [--json]
    python tests/benchmarks/quality.py --fit

Searches are of faces whose person is in the gallery. Of the demonstration: retailers R07 to R12, each still as it came
and made poor twice, against all custody images. Of the London set (DeBruine and Jones, CC BY 4.0, not part of the
project): smiling photographs made poor, against the neutral ones. --fit uses R01 to R06 and second custody images alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stillgraph.evaluation import assign, read_truth, wilson
from stillgraph.faces import bands, packs
from stillgraph.faces.analyse import analyse
from stillgraph.faces.degrade import WIDTHS_PX, Camera, degrade
from stillgraph.faces.embed import ImageRole
from stillgraph.faces.packs import FacePack
from stillgraph.faces.pixels import decode
from stillgraph.gallery import exact
from stillgraph.records import Box, Face, ImageAnalysis

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
POOR_PX = (24, 32)
"""Face widths to which stills are made poor a second and third time; many are hardly wider to begin with."""

COVERED = ("mask", "cap")
TUNING, HELD_OUT = range(1, 7), range(7, 13)


@dataclass(frozen=True)
class Search:
    """A search for a person who is in the gallery; ``rank`` counts people."""

    kind: str
    face: Face
    rank: int
    score: float


class Gallery:
    """Custody images of people, searched for a person's rank and score."""

    def __init__(self, pack: FacePack, analyses: Iterable[tuple[str, ImageAnalysis]]) -> None:
        entries = [(person, one.image_id, largest(one).template) for person, one in analyses if one.faces]
        self.pack = pack
        self.people = [person for person, _, _ in entries]
        self.images = [(image, person) for person, image, _ in entries]
        self.vectors = np.stack([template.vector for _, _, template in entries])
        self.indexes: dict[str, exact.ExactIndex] = {}

    def index(self, without: str) -> exact.ExactIndex:
        """Return the index over every image but one."""
        if without not in self.indexes:
            kept = [n for n, (image, _) in enumerate(self.images) if image != without]
            images = [self.images[n] for n in kept]
            self.indexes[without] = exact.build(self.pack.model, images, self.vectors[kept])
        return self.indexes[without]

    def search(self, kind: str, face: Face, person: str, *, without: str = "") -> Search:
        (found,) = self.index(without).search([face.template], limit=len(set(self.people)))
        one = next(c for c in found if c.nominal_id == person)
        return Search(kind, face, one.rank, one.score)


def largest(analysis: ImageAnalysis) -> Face:
    return max(analysis.faces, key=lambda face: face.box.width * face.box.height)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def custody(pack: FacePack) -> list[tuple[str, ImageAnalysis]]:
    """Return every custody image's person and analysis, images named as in a case."""
    listed = [row for row in rows(DEMO / "custody" / "manifest.csv") if custody_path(row["image"]).is_file()]
    images = [(f"{row['nominal_id']}/{row['image']}", custody_path(row["image"]).read_bytes()) for row in listed]
    return [(one.image_id.split("/")[0], one) for one in analyse(images, pack, role=ImageRole.CUSTODY)]


def custody_path(image: str) -> Path:
    return DEMO / "custody" / "images" / image


def poor(data: bytes, name: str, box: Box, width: float) -> bytes:
    """Return a picture made poor; the noise depends on ``name`` and ``width``."""
    return degrade(decode(data, name), box, Camera(width), name=f"{name}@{width:g}")


def still_path(still: str) -> Path:
    retailer, image = still.split("/")
    return DEMO / "deliveries" / retailer / "stills" / image


def faces_of_stills(pack: FacePack, retailers: range) -> Iterator[tuple[str, Face, str | None, str]]:
    """Yield still, face, who it is where they are in custody records, and accessory, of every face found."""
    wanted = [t for t in read_truth(DEMO / "truth.csv") if int(t.still[1:3]) in retailers]
    accessories = {(f"{r['retailer_id']}/{r['image']}", r["person"]): r["accessory"] for r in rows(DEMO / "truth.csv")}
    stills = sorted({t.still for t in wanted if still_path(t.still).is_file()})
    found = {one.image_id: one for one in analyse(((s, still_path(s).read_bytes()) for s in stills), pack)}
    faces = {face.face_id: face for one in found.values() for face in one.faces}
    wanted = [t for t in wanted if t.still in found]
    there = assign(wanted, {s: one.faces for s, one in found.items()}, {s: one.width_px for s, one in found.items()})
    for truth, face_id in there.items():
        if face_id is not None:
            yield truth.still, faces[face_id], truth.nominal_id, accessories[truth.still, truth.person]


def same(analysis: ImageAnalysis, box: Box, width: float) -> Face | None:
    """Return the face of a picture made poor that is nearest to where it was; ``None`` where it is not found."""
    scale = min(width / box.width, 1.0)
    near = [face for face in analysis.faces if distance(face.box, box, scale) < 0.6 * box.width * scale]
    return min(near, key=lambda face: distance(face.box, box, scale), default=None)


def distance(one: Box, other: Box, scale: float) -> float:
    """Return how far the centre of a box lies from another's at a scale: the longer way of x and y, pixels."""
    across = one.x + one.width / 2 - scale * (other.x + other.width / 2)
    down = one.y + one.height / 2 - scale * (other.y + other.height / 2)
    return max(abs(across), abs(down))


def still_searches(
    pack: FacePack, gallery: Gallery, faces: Iterable[tuple[str, Face, str | None, str]]
) -> Iterator[Search]:
    """Yield a search of each face as it came and of each copy made poor in which it is found."""
    mated = [(still, face, nominal) for still, face, nominal, _ in faces if nominal is not None]
    yield from (gallery.search("as it came", face, nominal) for _, face, nominal in mated)
    copies = [(still, face, nominal, width) for still, face, nominal in mated for width in POOR_PX]
    pictures = (
        (still, poor(still_path(still).read_bytes(), f"{still}#{face.box.x:.0f}", face.box, width))
        for still, face, _, width in copies
    )
    for (_, face, nominal, width), analysis in zip(copies, analyse(pictures, pack), strict=True):
        again = same(analysis, face.box, width)
        if again is not None:
            yield gallery.search("made poor", again, nominal)


def custody_searches(pack: FacePack, gallery: Gallery, enrolled: list[tuple[str, ImageAnalysis]]) -> Iterator[Search]:
    """Yield searches of every person's second custody image made poor, that image not being in the gallery."""
    for person, one in enrolled:
        if one.image_id.endswith("_1.jpg"):
            continue
        data = custody_path(one.image_id.split("/")[1]).read_bytes()
        images = [(f"{w}", poor(data, one.image_id, largest(one).box, w)) for w in WIDTHS_PX]
        for analysis in analyse(images, pack):
            if analysis.faces:
                yield gallery.search("custody", largest(analysis), person, without=one.image_id)


def london_searches(pack: FacePack, folder: Path) -> Iterator[Search]:
    def files(part: str) -> list[tuple[str, bytes]]:
        return [(path.name, path.read_bytes()) for path in sorted((folder / part).glob("*.jpg"))]

    gallery = Gallery(
        pack, ((one.image_id[:3], one) for one in analyse(files("neutral_front"), pack, role=ImageRole.CUSTODY))
    )
    smiling = files("smiling_front")
    boxes = {one.image_id: largest(one).box for one in analyse(smiling, pack)}
    pictures = ((name, poor(data, name, boxes[name], width)) for name, data in smiling for width in WIDTHS_PX)
    for one in analyse(pictures, pack):
        if one.faces:
            yield gallery.search("London", largest(one), one.image_id[:3])


def by_band(searches: Iterable[Search]) -> list[dict[str, object]]:
    """Return one row a band and kind: searches, and how many had the right person not first, not in the first twenty."""
    all_ = list(searches)
    table = []
    for kind in ("both", *sorted({s.kind for s in all_})):
        for band in "ABCD":
            there = [s for s in all_ if s.face.quality.band == band and kind in {"both", s.kind}]
            missed = [sum(s.rank > within for s in there) for within in (1, 20)]
            first, twenty = (wilson(count, len(there)) for count in missed)
            table.append({
                "kind": kind, "band": band, "searches": len(there), "not_first": missed[0], "not_in_twenty": missed[1],
                "fnir_1": (first.value, first.low, first.high), "fnir_20": (twenty.value, twenty.low, twenty.high),
                "mean_score": float(np.mean([s.score for s in there])) if there else None,
            })  # fmt: skip
    return table


def area(faces: list[tuple[str, Face, str | None, str]], accessories: tuple[str, ...]) -> dict[str, object]:
    """Return how well occlusion orders faces with an accessory before those with none: AUC, with DeLong's interval."""
    taken = [(f.quality.occlusion, worn) for _, f, _, worn in faces if f.quality.occlusion is not None]
    covered = np.array([value for value, worn in taken if worn in accessories])
    free = np.array([value for value, worn in taken if not worn])
    above = (covered[:, None] > free) + 0.5 * (covered[:, None] == free)
    error = float(np.sqrt(above.mean(1).var(ddof=1) / len(covered) + above.mean(0).var(ddof=1) / len(free)))
    auc = float(above.mean())
    return {
        "accessories": list(accessories), "worn": len(covered), "none": len(free), "not_taken": len(faces) - len(taken),
        "auc": auc, "low": max(0.0, auc - 1.96 * error), "high": min(1.0, auc + 1.96 * error),
    }  # fmt: skip


def fit(searches: Iterable[Search]) -> dict[str, float]:
    """Return the least-squares weights of the expected score, by their names in stillgraph.faces.bands."""
    all_ = list(searches)
    q = [s.face.quality for s in all_]
    occlusion = [bands.OCCLUSION_NOT_TAKEN if one.occlusion is None else one.occlusion for one in q]
    inputs = np.column_stack([
        np.ones(len(q)), np.log2([one.inter_eye_px for one in q]),
        np.log2([max(one.contrast, bands.LEAST_CONTRAST) for one in q]), occlusion,
        [abs(one.pitch - bands.STRAIGHT) for one in q],
    ])  # fmt: skip
    weights = np.linalg.lstsq(inputs, np.array([s.score for s in all_]), rcond=None)[0]
    names = ("AT_START", "PER_DOUBLING_OF_INTER_EYE", "PER_DOUBLING_OF_CONTRAST", "PER_OCCLUSION", "PER_PITCH")
    return {"searches": len(all_), **dict(zip(names, weights.tolist(), strict=True))}


def measure(*, fitting: bool, london: Path | None) -> dict[str, object]:
    pack = packs.load()
    enrolled = custody(pack)
    gallery = Gallery(pack, enrolled)
    faces = list(faces_of_stills(pack, TUNING if fitting else HELD_OUT))
    searches = list(still_searches(pack, gallery, faces))
    report: dict[str, object] = {"model": pack.model, "people": len(set(gallery.people))}
    if fitting:
        searches += custody_searches(pack, gallery, enrolled)
        report["fit"] = fit(searches)
    report["bands"] = by_band(searches)
    report["occlusion"] = [area(faces, worn) for worn in (COVERED, ("mask", "cap", "hood", "glasses"))]
    if london is not None:
        found = list(london_searches(pack, london))
        report["london"] = by_band(found)
        taken = [s.face.quality.occlusion for s in found if s.face.quality.occlusion is not None]
        report["london_occlusion"] = float(np.mean(taken))
    return report


def lines(report: dict[str, object]) -> Iterator[str]:
    """Yield the report for people to read."""
    yield f"{report['model']}, {report['people']} people in the gallery of the demonstration"
    for name, value in report.get("fit", {}).items():
        yield f"  {name} = {value:.4g}"
    for row in [*report["bands"], *report.get("london", [])]:
        rates = [
            "-" if share is None else f"{100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
            for share, low, high in (row["fnir_1"], row["fnir_20"])
        ]
        score = "-" if row["mean_score"] is None else f"{row['mean_score']:.3f}"
        yield (
            f"  {row['kind']:<10}  {row['band']}  n={row['searches']:<4} not first {row['not_first']:<3} {rates[0]:<22} "
            f"not in 20 {row['not_in_twenty']:<3} {rates[1]:<22} mean score {score}"
        )
    for one in report["occlusion"]:
        yield (
            f"  occlusion: {', '.join(one['accessories'])} (n={one['worn']}) before none (n={one['none']}): "
            f"AUC {one['auc']:.3f} [{one['low']:.3f}, {one['high']:.3f}], not taken of {one['not_taken']}"
        )
    if "london_occlusion" in report:
        yield f"  occlusion of the London set's bare faces: mean {report['london_occlusion']:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="R01 to R06 and custody images, and the weights they give")
    parser.add_argument("--london", type=Path, metavar="DIR", help="the London set's folder")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = measure(fitting=given.fit, london=given.london)
    sys.stdout.write(json.dumps(report) if given.json else "\n".join(lines(report)))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
