"""How fast the face pipeline is, as ratios to others in the same run on the same images and weights.

    python tests/benchmarks/speed.py engines     # OpenCV's FaceDetectorYN + FaceRecognizerSF, InsightFace's FaceAnalysis
    python tests/benchmarks/speed.py workers     # threads against processes, with their memory
    python tests/benchmarks/speed.py memory      # memory along 10,000 images

Each takes image files in memory to templates, on one core and on two. Every contender has one round after the other,
``--repeats`` times; medians are reported, of wall time (``_s``) and of processor time (``_core_s``): on a machine that
does other things as well, only the second is worth anything. **Same work** is one detection pass at one resolution and one embedding a face
without views or mirror images, in every contender; **full recipe** is what Stillgraph does. One JSON document comes out.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from stillgraph import decoding
from stillgraph.faces import adding, packs, rivals
from stillgraph.faces.analyse import analyse
from stillgraph.faces.embed import ImageRole, align
from stillgraph.faces.rivals import CORES, Images, OnePass, ours, race

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
SHARED = Path(os.environ.get("STILLGRAPH_SHARED", ROOT.parent / "shared"))


def pictures(count: int) -> Images:
    """Return stills of the demonstration and half as many custody images, spread over all; only those that decode."""
    stills = sorted(DEMO.glob("deliveries/*/stills/*.jpg"))
    custody = sorted(DEMO.glob("custody/images/*.jpg"))
    wanted = (
        stills[:: max(len(stills) // count, 1)][:count] + custody[:: max(2 * len(custody) // count, 1)][: count // 2]
    )
    return [(path.name, path.read_bytes()) for path in wanted if _decodes(path)]


def _decodes(path: Path) -> bool:
    try:
        decoding.decode(path.read_bytes())
    except decoding.ImageProblem:
        return False
    return True


def engines(count: int, repeats: int) -> dict[str, object]:
    """Race the pipeline against OpenCV, and against InsightFace where its test models are there."""
    images, pack = pictures(count), packs.load()
    result: dict[str, object] = {"images": len(images), "repeats": repeats}
    result["opencv"] = rivals.against_opencv(pack, images, repeats)
    files = [SHARED / "models/scrfd/scrfd_2.5g_bnkps.onnx", SHARED / "models/edgeface/edgeface_xs.onnx"]
    if not all(file.is_file() for file in files):
        return result | {"insightface": "skipped: the developers' shared models are not here"}
    with TemporaryDirectory() as folder:
        for file in files:
            (Path(folder) / file.name).symlink_to(file)
        same = packs.assemble("same", adding.propose(Path(folder), "for tests"))
        result["insightface"] = rivals.against_insightface(same, images, repeats)
    return result


# --- threads or processes ---------------------------------------------------------------------------------------------
_own: list[packs.FacePack] = []


def _load_own() -> None:
    _own.append(packs.load())


def _one(image: tuple[str, bytes]) -> int:
    return sum(len(a.faces) for a in analyse([image], _own[0], workers=1))


def _private_mib(process: psutil.Process) -> float:
    return process.memory_full_info().uss / 2**20


def workers(count: int, repeats: int) -> dict[str, object]:
    """Race threads with shared sessions against processes with sessions of their own, the full recipe in both."""
    images, pack = pictures(count), packs.load()
    context, me = multiprocessing.get_context("spawn"), psutil.Process()
    pools = {cores: context.Pool(cores, _load_own) for cores in CORES}

    def processes(images: Images, cores: int) -> int:
        return sum(pools[cores].imap(_one, images))

    try:
        for pool in pools.values():
            pool.map(_one, images[:4], chunksize=1)
        raced = race({"threads": ours(pack), "processes": processes}, images, repeats, everybody)
        # Pools' processes are our children, with one of multiprocessing's own that tracks resources.
        large = [m for child in me.children() if (m := _private_mib(child)) > 50]
        memory = {"this_process": round(_private_mib(me)), "each_process_of_a_pool": [round(m) for m in large]}
        return {"images": len(images), "repeats": repeats, "raced": raced, "private_mib": memory}
    finally:
        for pool in pools.values():
            pool.terminate()
            pool.join()


def everybody() -> float:
    """Return the processor time of this process and its children so far, in seconds."""
    me = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (me, *me.children()))


# --- memory ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class NoVector:
    """Stands in for the embedder, whose input never varies in size, so that many images take little time."""

    def embed(self, pixels, landmarks, role):
        """Return a fixed vector; the crop is made."""
        align(pixels, landmarks)
        return np.eye(1, 128, dtype=np.float32)[0]


def memory(count: int, repeats: int) -> dict[str, object]:
    """Return the resident memory along 10,000 images, one pass and no embedding, and ``count`` times ten in full."""
    del repeats
    images, pack = pictures(100), packs.load()
    light = replace(pack, detector=OnePass(pack.detector), embedder=NoVector())
    return {"one pass, no embedding": _along(images, light, 10_000), "full recipe": _along(images, pack, 10 * count)}


def _along(images: Images, pack: packs.FacePack, total: int) -> dict[str, object]:
    def supply() -> Iterator[tuple[str, bytes]]:
        for n in range(total):
            name, data = images[n % len(images)]
            yield f"{n} {name}", bytes(bytearray(data))  # bytes of its own, as from a disk

    me, seen = psutil.Process(), {}
    for done, _ in enumerate(analyse(supply(), pack, workers=2, role=ImageRole.STILL), start=1):
        if done * 10 % total == 0:
            seen[done] = round(me.memory_info().rss / 2**20)
            sys.stderr.write(f"{done:,} of {total:,} images: {seen[done]} MiB\n")
    return {"images": total, "resident_mib": seen}


PARTS = {"engines": engines, "workers": workers, "memory": memory}


def main() -> None:
    """Run one part and print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--images", type=int, default=40, help="stills, and half as many custody images")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    json.dump(PARTS[given.part](given.images, given.repeats), sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
