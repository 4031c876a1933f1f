"""Other programs doing the same work on the same weights, and a race against them: images to templates, in one run.

**Same work** is one detection pass at one resolution and one embedding of each image's best face, without views or
mirror images; the **full recipe** is what Stillgraph does with every face.
"""

from __future__ import annotations

import io
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from stillgraph.errors import ModelError
from stillgraph.faces.analyse import analyse
from stillgraph.faces.detect import Detection, Detector, YuNet, merge
from stillgraph.faces.embed import ImageRole, Recogniser, ViewEmbedder, align, unit
from stillgraph.faces.insight import InsightDetector
from stillgraph.faces.packs import MODELS, FacePack
from stillgraph.faces.pixels import Pixels
from stillgraph.faces.sessions import CPU
from stillgraph.records import Vector

CORES = (1, 2)

SIDE_PX = 640
"""InsightFace's customary detection size: images are brought to it."""

Images = list[tuple[str, bytes]]
Run = Callable[[Images, int], int]
Pace = dict[str, float]
"""``faces`` found, and for each number of cores images a second and how many times slower than the first contender:
``images_per_s_1`` by the clock, ``images_per_core_s_1`` by processor time, ``times_slower_by_s_1``, ..."""


@dataclass(frozen=True, slots=True)
class OnePass:
    """A detector of ours in one pass: at the image's size, or at ``side_px`` for the longer side."""

    detector: Detector
    side_px: int | None = None

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Return the faces of one pass."""
        assert isinstance(self.detector, YuNet | InsightDetector)  # noqa: S101  (packs hold nothing else)
        factor = self.side_px / max(pixels.shape[:2]) if self.side_px else 1.0
        return merge({"1x": self.detector.single_pass(pixels, factor)})


@dataclass(frozen=True, slots=True)
class OneView:
    """A recogniser of ours on the plain crop only."""

    recogniser: Recogniser

    def embed(self, pixels: Pixels, landmarks: Vector, role: ImageRole) -> Vector:
        """Return the template of the plain crop, whatever the role."""
        del role
        crop = align(pixels, landmarks, size_px=self.recogniser.size_px)
        return unit(self.recogniser.vectors(np.asarray(crop)[None])[0])


@dataclass(frozen=True, slots=True)
class BestFace:
    """A detector that gives its best face only, so that all contenders embed as many."""

    detector: Detector

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Return the best face, if any."""
        return sorted(self.detector.detect(pixels), key=lambda found: -found.score)[:1]


def ours(pack: FacePack) -> Run:
    """Return our pipeline with a pack, one worker a core."""

    def run(images: Images, cores: int) -> int:
        return sum(len(a.faces) for a in analyse(images, pack, workers=cores))

    return run


def restricted(pack: FacePack, side_px: int | None = None) -> FacePack:
    """Return a pack that does the same work as the others, on each image's best face."""
    assert isinstance(pack.embedder, ViewEmbedder)  # noqa: S101  (fusions have no rival)
    detector = BestFace(OnePass(pack.detector, side_px))
    return replace(pack, detector=detector, embedder=OneView(pack.embedder.recogniser))


class OpenCV:
    """OpenCV's own classes, spread over cores by OpenCV itself or by a pool of threads, each with models of its own."""

    def __init__(self, *, pool: bool) -> None:
        cv2 = opencv()
        self.pool = pool
        self.models: list[tuple[Any, Any]] = [
            (
                cv2.FaceDetectorYN.create(str(MODELS / "yunet.onnx"), "", (320, 320), 0.55, 0.4),
                cv2.FaceRecognizerSF.create(str(MODELS / "sface.onnx"), ""),
            )
            for _ in range(max(CORES) if pool else 1)
        ]

    def __call__(self, images: Images, cores: int) -> int:
        """Run every image through it, its best face each."""
        cv2 = opencv()
        cv2.setNumThreads(1 if self.pool else cores)
        if not self.pool:
            return self.work(images, 0)
        with ThreadPoolExecutor(cores) as threads:
            return sum(threads.map(self.work, [images[n::cores] for n in range(cores)], range(cores)))

    def work(self, part: Images, which: int) -> int:
        """Run a part of the images with one pair of models."""
        cv2 = opencv()
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
    """InsightFace's FaceAnalysis, spread over cores by onnxruntime or by a pool of threads with one each.

    ``folder`` holds a detector and a recogniser, and nothing else.
    """

    def __init__(self, folder: Path, *, pool: bool) -> None:
        from insightface.app import FaceAnalysis

        self.pool = pool
        self.apps: list[Any] = []
        with redirect_stdout(io.StringIO()):  # it says there which files it found
            for cores in [1] * max(CORES) if pool else CORES:
                app = FaceAnalysis(name=str(folder), sess_options=_options(cores), providers=[CPU])
                app.prepare(ctx_id=-1, det_thresh=0.55, det_size=(SIDE_PX, SIDE_PX))
                self.apps.append(app)

    def __call__(self, images: Images, cores: int) -> int:
        """Run every image through it, its best face each."""
        cv2 = opencv()
        cv2.setNumThreads(1 if self.pool else cores)
        if not self.pool:
            return self.work(images, CORES.index(cores))
        with ThreadPoolExecutor(cores) as threads:
            return sum(threads.map(self.work, [images[n::cores] for n in range(cores)], range(cores)))

    def work(self, part: Images, which: int) -> int:
        """Run a part of the images through one of the apps."""
        cv2 = opencv()
        decoded = (cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for _, data in part)
        return sum(len(self.apps[which].get(image, max_num=1)) for image in decoded)


def _options(cores: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    options.log_severity_level = 3
    return options


def opencv() -> Any:
    """Return OpenCV, which from then on tells errors only and no more warnings.

    Raises
    ------
    ModelError
        It cannot be imported here.
    """
    try:
        import cv2
    except ImportError as error:
        raise ModelError(
            "A race against OpenCV needs a system library that is missing here, most often libGL (on Debian and "
            "Ubuntu: apt-get install libgl1 libglib2.0-0). Measure without it: --no-speed."
        ) from error
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    return cv2


def against_opencv(pack: FacePack, images: Images, repeats: int) -> dict[str, Pace]:
    """Race the shipped pack against OpenCV's FaceDetectorYN and FaceRecognizerSF on the same graphs.

    OpenCV runs SFace faster from the graph as published, a fifth less time; docs/speed.md gives both.
    """
    contenders: dict[str, Run] = {
        "ours, same work": ours(restricted(pack)),
        "ours, full recipe": ours(pack),
        "opencv, its threads": OpenCV(pool=False),
        "opencv, a pool": OpenCV(pool=True),
    }
    return race(contenders, images, repeats)


def against_insightface(pack: FacePack, images: Images, repeats: int) -> dict[str, Pace]:
    """Race a pack in InsightFace's format against InsightFace's FaceAnalysis on the same two files."""
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="insightface")
        for n, file in enumerate(pack.files):
            (Path(folder) / f"{n}.onnx").symlink_to(file)
        contenders: dict[str, Run] = {
            "ours, same work": ours(restricted(pack, SIDE_PX)),
            "ours, one pass at the image's size": ours(restricted(pack)),
            "ours, full recipe": ours(pack),
            "insightface, its threads": InsightFace(Path(folder), pool=False),
            "insightface, a pool": InsightFace(Path(folder), pool=True),
        }
        return race(contenders, images, repeats)


def race(
    contenders: dict[str, Run], images: Images, repeats: int, clock: Callable[[], float] = time.process_time
) -> dict[str, Pace]:
    """Return images a second of wall time and of a core's time, by contender and cores; medians of rounds in turn."""
    seen: dict[tuple[str, int], list[tuple[float, float]]] = {(n, c): [] for n in contenders for c in CORES}
    faces: dict[str, float] = {}
    for run in contenders.values():
        run(images[:3], 1)
    for _ in range(repeats):
        for (name, cores), times in seen.items():
            wall, used = time.perf_counter(), clock()
            faces[name] = contenders[name](images, cores)
            times.append((time.perf_counter() - wall, clock() - used))
    return {name: {"faces": faces[name]} | _told(name, seen, len(images)) for name in contenders}


def _told(name: str, seen: dict[tuple[str, int], list[tuple[float, float]]], images: int) -> Pace:
    """Return a contender's medians, and how many times faster the first one was: the median of the rounds' ratios."""
    told: Pace = {}
    first = next(iter(seen))[0]
    for cores in CORES:
        for at, kind in enumerate(("s", "core_s")):
            mine = [t[at] for t in seen[name, cores]]
            ratios = [m / t[at] for m, t in zip(mine, seen[first, cores], strict=True)]
            told[f"images_per_{kind}_{cores}"] = round(images / statistics.median(mine), 2)
            told[f"times_slower_by_{kind}_{cores}"] = round(statistics.median(ratios), 2)
    return told
