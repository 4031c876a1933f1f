"""The speed benchmark compares like with like: every contender finds and embeds the same faces."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def speed():
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        pytest.skip(f"OpenCV cannot be imported here: {error}")
    spec = importlib.util.spec_from_file_location("speed", Path(__file__).with_name("speed.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["speed"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["speed"]


def test_every_contender_does_the_same_work_on_every_image(speed, monkeypatch, tmp_path):
    monkeypatch.setattr(speed, "SHARED", tmp_path)
    told = speed.engines(4, 1)
    assert told["images"] == 6
    assert {name: one["faces"] for name, one in told["opencv"].items() if "recipe" not in name} == {
        "ours, same work": 6, "opencv, its threads": 6, "opencv, a pool": 6,
    }  # fmt: skip
    assert told["opencv"]["ours, full recipe"]["faces"] >= 6
    assert told["opencv"]["ours, same work"]["times_slower_by_core_s_1"] == 1
    assert "skipped" in told["insightface"]


def test_the_same_work_gives_the_templates_opencv_gives(speed):
    """Not to the bit, for resampling differs: of each image the nearest template is OpenCV's of the same image."""
    import cv2
    import numpy as np

    images = speed.pictures(4)
    pack = speed.packs.load()
    ours = [a.faces[0].template.vector for a in speed.analyse(images, speed.rivals.restricted(pack))]
    theirs = []
    (detector, recogniser), *_ = speed.rivals.OpenCV(pool=False).models
    for _, data in images:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        detector.setInputSize((image.shape[1], image.shape[0]))
        found = detector.detect(image)[1]
        theirs.append(recogniser.feature(recogniser.alignCrop(image, found[found[:, -1].argmax()]))[0])
    scores = np.array(ours) @ (np.array(theirs) / np.linalg.norm(theirs, axis=1, keepdims=True)).T
    assert (scores.argmax(axis=1) == np.arange(len(images))).all()
    assert np.diag(scores).min() > 0.8
