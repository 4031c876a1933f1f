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
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from stillgraph import decoding
from stillgraph.faces import adding, packs
from stillgraph.faces.analyse import analyse
from stillgraph.faces.detect import merge
from stillgraph.faces.embed import ImageRole, align, unit

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
SHARED = Path(os.environ.get("STILLGRAPH_SHARED", ROOT.parent / "shared"))
CORES = (1, 2)
SIDE_PX = 640
"""InsightFace's customary detection size: images are brought to it."""

Images = list[tuple[str, bytes]]
Run = Callable[[Images, int], object]


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


# --- contenders ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class OnePass:
    """A detector of ours in one pass: at the image's size, or at ``side`` for the longer side."""

    detector: object
    side: int | None = None

    def detect(self, pixels):
        """Return the faces of one pass."""
        return merge({"1x": self.detector.single_pass(pixels, self.side / max(pixels.shape[:2]) if self.side else 1.0)})


@dataclass(frozen=True)
class OneView:
    """A recogniser of ours on the plain crop only."""

    recogniser: object

    def embed(self, pixels, landmarks, role):
        """Return the template of the plain crop."""
        crop = align(pixels, landmarks, size_px=self.recogniser.size_px)
        return unit(self.recogniser.vectors(np.asarray(crop)[None])[0])


@dataclass(frozen=True)
class FewFaces:
    """A detector that gives its best face only, so that all contenders embed as many."""

    detector: object

    def detect(self, pixels):
        """Return the best face, if any."""
        return sorted(self.detector.detect(pixels), key=lambda found: -found.score)[:1]


def ours(pack: packs.FacePack) -> Run:
    """Return our pipeline with a pack, one worker a core."""

    def run(images: Images, cores: int) -> int:
        return sum(len(a.faces) for a in analyse(images, pack, workers=cores))

    return run


def restricted(pack: packs.FacePack, side: int | None = None) -> packs.FacePack:
    """Return a pack that does the same work as the others, on each image's best face."""
    return replace(pack, detector=FewFaces(OnePass(pack.detector, side)), embedder=OneView(pack.embedder.recogniser))


class OpenCV:
    """OpenCV's own classes, spread over cores by OpenCV itself or by a pool of threads, each with models of its own."""

    def __init__(self, *, pool: bool) -> None:
        import cv2

        self.pool = pool
        self.models = [
            (
                cv2.FaceDetectorYN.create(str(packs.MODELS / "yunet.onnx"), "", (320, 320), 0.55, 0.4),
                cv2.FaceRecognizerSF.create(str(packs.MODELS / "sface.onnx"), ""),
            )
            for _ in range(max(CORES) if pool else 1)
        ]

    def __call__(self, images: Images, cores: int) -> int:
        """Run every image through it, its best face each."""
        import cv2

        cv2.setNumThreads(1 if self.pool else cores)
        if not self.pool:
            return self.work(images, 0)
        with ThreadPoolExecutor(cores) as threads:
            return sum(threads.map(self.work, [images[n::cores] for n in range(cores)], range(cores)))

    def work(self, part: Images, which: int) -> int:
        """Run a part of the images with one pair of models."""
        import cv2

        (detector, recogniser), faces = self.models[which], 0
        for _, data in part:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            detector.setInputSize((image.shape[1], image.shape[0]))
            found = detector.detect(image)[1]
            if found is not None:
                best = found[found[:, -1].argmax()]
                recogniser.feature(recogniser.alignCrop(image, best))
                faces += 1
        return faces


class InsightFace:
    """InsightFace's FaceAnalysis, spread over cores by onnxruntime or by a pool of threads, each with one of its own."""

    def __init__(self, folder: Path, *, pool: bool) -> None:
        import onnxruntime
        from insightface.app import FaceAnalysis

        self.pool, self.apps = pool, []
        for cores in [1] * max(CORES) if pool else CORES:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = cores
            options.log_severity_level = 3
            app = FaceAnalysis(name=str(folder), sess_options=options, providers=["CPUExecutionProvider"])
            app.prepare(ctx_id=-1, det_thresh=0.55, det_size=(SIDE_PX, SIDE_PX))
            self.apps.append(app)

    def __call__(self, images: Images, cores: int) -> int:
        """Run every image through it, its best face each."""
        import cv2

        cv2.setNumThreads(1 if self.pool else cores)
        if not self.pool:
            return self.work(images, CORES.index(cores))
        with ThreadPoolExecutor(cores) as threads:
            return sum(threads.map(self.work, [images[n::cores] for n in range(cores)], range(cores)))

    def work(self, part: Images, which: int) -> int:
        """Run a part of the images through one of the apps."""
        import cv2

        decoded = (cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for _, data in part)
        return sum(len(self.apps[which].get(image, max_num=1)) for image in decoded)


# --- measuring -------------------------------------------------------------------------------------------------------
def race(
    contenders: dict[str, Run], images: Images, repeats: int, clock: Callable[[], float] = time.process_time
) -> dict[str, dict[str, object]]:
    """Return images a second of wall time and of a core's time, by contender and cores; medians of rounds in turn."""
    seen: dict[tuple[str, int], list[tuple[float, float]]] = {(n, c): [] for n in contenders for c in CORES}
    faces = {}
    for run in contenders.values():
        run(images[:3], 1)
    for _ in range(repeats):
        for (name, cores), times in seen.items():
            wall, used = time.perf_counter(), clock()
            faces[name] = contenders[name](images, cores)
            times.append((time.perf_counter() - wall, clock() - used))
    return {name: {"faces": faces[name]} | _told(name, seen, len(images)) for name in contenders}


def _told(name: str, seen: dict[tuple[str, int], list[tuple[float, float]]], images: int) -> dict[str, float]:
    """Return a contender's medians, and how many times faster the first one was: the median of the rounds' ratios."""
    told = {}
    first = next(iter(seen))[0]
    for cores in CORES:
        for at, kind in enumerate(("s", "core_s")):
            mine = [t[at] for t in seen[name, cores]]
            ratios = [m / t[at] for m, t in zip(mine, seen[first, cores], strict=True)]
            told[f"images_per_{kind}_{cores}"] = round(images / statistics.median(mine), 2)
            told[f"times_slower_by_{kind}_{cores}"] = round(statistics.median(ratios), 2)
    return told


def engines(count: int, repeats: int) -> dict[str, object]:
    """Race the pipeline against OpenCV, and against InsightFace where its test models are there."""
    images, pack = pictures(count), packs.load()
    result: dict[str, object] = {"images": len(images), "repeats": repeats}
    result["opencv"] = race(
        {
            "ours, same work": ours(restricted(pack)),
            "ours, full recipe": ours(pack),
            "opencv, its threads": OpenCV(pool=False),
            "opencv, a pool": OpenCV(pool=True),
        },
        images, repeats,
    )  # fmt: skip
    files = [SHARED / "models/scrfd/scrfd_2.5g_bnkps.onnx", SHARED / "models/edgeface/edgeface_xs.onnx"]
    if not all(file.is_file() for file in files):
        return result | {"insightface": "skipped: the developers' shared models are not here"}
    with TemporaryDirectory() as folder:
        for file in files:
            (Path(folder) / file.name).symlink_to(file)
        same = packs.assemble("same", adding.propose(Path(folder), "for tests"))
        result["insightface"] = race(
            {
                "ours, same work": ours(restricted(same, SIDE_PX)),
                "ours, one pass at the image's size": ours(restricted(same)),
                "ours, full recipe": ours(same),
                "insightface, its threads": InsightFace(Path(folder), pool=False),
                "insightface, a pool": InsightFace(Path(folder), pool=True),
            },
            images, repeats,
        )  # fmt: skip
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
    warnings.filterwarnings("ignore", module="insightface")
    json.dump(PARTS[given.part](given.images, given.repeats), sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
