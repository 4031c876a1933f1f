"""A pack is whole and unaltered, or it is refused."""

import shutil

import pytest

from stillgraph.errors import ModelError
from stillgraph.faces import packs
from stillgraph.faces.embed import RECIPE


def test_the_default_pack_loads(pack):
    assert packs.available() == (packs.DEFAULT_PACK,)
    assert pack.name == "yunet-sface"
    assert pack.dimension == 128
    assert pack.files == packs.FILES
    assert pack.model == f"yunet-sface@{packs.FILES['sface.onnx'][:12]}.r{RECIPE}"
    assert "Apache-2.0" in pack.licence


def test_an_unknown_pack_is_refused_with_the_ones_there_are():
    with pytest.raises(ModelError, match=r"no face model pack 'buffalo'. Choose one of: yunet-sface"):
        packs.load("buffalo")


@pytest.mark.parametrize("name", sorted(packs.FILES))
def test_a_missing_file_is_refused(monkeypatch, tmp_path, name):
    for other in packs.FILES:
        if other != name:
            shutil.copy(packs.MODELS / other, tmp_path)
    monkeypatch.setattr(packs, "MODELS", tmp_path)
    with pytest.raises(ModelError, match=rf"{name} is missing. Install Stillgraph again; it is never downloaded"):
        packs.load()


@pytest.mark.parametrize("name", sorted(packs.FILES))
def test_an_altered_file_is_refused(monkeypatch, tmp_path, name):
    for other in packs.FILES:
        shutil.copy(packs.MODELS / other, tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(bytes(data))
    monkeypatch.setattr(packs, "MODELS", tmp_path)
    with pytest.raises(ModelError, match=rf"{name} is not the one in the model card"):
        packs.load()
