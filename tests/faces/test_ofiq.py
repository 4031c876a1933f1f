"""OFIQ beside our own measures: a stand-in of the package, with its calls and errors as python-ofiq 0.3.1 has them."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from stillgraph.errors import ModelError
from stillgraph.faces import ofiq
from stillgraph.records import Box

PIXELS = np.arange(60 * 80 * 3, dtype=np.uint32).astype(np.uint8).reshape(60, 80, 3)


class OFIQError(Exception):
    pass


class ConfigError(OFIQError):
    pass


class QualityError(OFIQError):
    pass


class FaceDetectionError(QualityError):
    pass


class Engine:
    def __init__(self, config_dir="", config_file="ofiq_config.jaxn"):
        if "broken" in config_dir:
            raise ConfigError("Initialization failed: MissingConfigParamError")
        self.made_with = (config_dir, config_file)

    def vector_quality(self, image_rgb, include_raw=False):
        if image_rgb.max() == 0:
            raise FaceDetectionError("no face")
        if image_rgb.max() == 1:
            raise OFIQError("anything else")
        assert image_rgb.dtype == np.uint8
        assert image_rgb.flags["C_CONTIGUOUS"]
        return {"UnifiedQualityScore": 41.0, "Sharpness": 12.5, "EyesVisible": None}


@pytest.fixture
def package(monkeypatch):
    names = (OFIQError, ConfigError, QualityError, FaceDetectionError)
    monkeypatch.setitem(sys.modules, "ofiq", SimpleNamespace(OFIQ=Engine, **{error.__name__: error for error in names}))
    ofiq._engine.cache_clear()
    yield
    ofiq._engine.cache_clear()


@pytest.fixture
def models(tmp_path, monkeypatch):
    (tmp_path / "ofiq_config.jaxn").write_text("{}")
    monkeypatch.setenv("STILLGRAPH_OFIQ", str(tmp_path))
    return tmp_path


def test_its_components_come_by_its_own_names(package, models):
    assert ofiq.components(PIXELS) == {"UnifiedQualityScore": 41.0, "Sharpness": 12.5, "EyesVisible": None}
    assert ofiq._engine(models) is ofiq._engine(models)
    assert ofiq._engine(models).made_with == (str(models), "ofiq_config.jaxn")


def test_where_it_finds_no_face_there_is_nothing(package, models):
    assert ofiq.components(np.zeros((8, 8, 3), np.uint8)) == {}


def test_any_other_failure_is_said(package, models):
    with pytest.raises(ModelError, match=r"OFIQ failed \(OFIQError\); leave --ofiq out"):
        ofiq.components(np.ones((8, 8, 3), np.uint8))


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch, models):
    monkeypatch.setitem(sys.modules, "ofiq", None)
    with pytest.raises(ModelError, match=r"OFIQ is not installed here: `pip install stillgraph\[ofiq\]`"):
        ofiq.components(PIXELS)


def test_without_its_models_it_is_said_where_they_belong(package, monkeypatch, tmp_path):
    monkeypatch.delenv("STILLGRAPH_OFIQ", raising=False)
    with pytest.raises(ModelError, match=r"OFIQ's models are not here.*STILLGRAPH_OFIQ.*never downloaded"):
        ofiq.components(PIXELS)
    monkeypatch.setenv("STILLGRAPH_OFIQ", str(tmp_path))
    with pytest.raises(ModelError, match=r"no ofiq_config\.jaxn in the directory that STILLGRAPH_OFIQ names"):
        ofiq.components(PIXELS)


def test_models_that_do_not_belong_are_refused(package, monkeypatch, tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "ofiq_config.jaxn").write_text("{}")
    monkeypatch.setenv("STILLGRAPH_OFIQ", str(folder))
    with pytest.raises(ModelError, match=r"OFIQ cannot use what is in the directory .*\(ConfigError\)"):
        ofiq.components(PIXELS)


def test_it_is_shown_a_face_with_its_surroundings_as_far_as_the_picture_goes():
    assert np.array_equal(ofiq.around(PIXELS, Box(30, 20, 10, 8)), PIXELS[10:38, 20:50])
    assert ofiq.around(PIXELS, Box(-5, -5, 30, 30)).shape == (55, 55, 3)
    assert ofiq.around(PIXELS, Box(70, 50, 30, 30)).shape == (40, 40, 3)
