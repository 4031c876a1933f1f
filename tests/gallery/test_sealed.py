"""A gallery whose files are sealed: the same lists, nothing to be read in its files, and every alteration found."""

import numpy as np
import pytest

from stillgraph.errors import GalleryDamaged
from stillgraph.gallery import compressed, exact
from stillgraph.records import Template
from stillgraph.store.sealing import Vault

MODEL, ROWS = "pack@0123456789ab", 900
VAULT = Vault(b"k" * 32)


@pytest.fixture(scope="module")
def vectors():
    made = np.random.default_rng(5).standard_normal((ROWS, 8)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def filled(folder, vectors, vault, module=exact, **options):
    index = module.opened(folder, MODEL, 8, number="float32", vault=vault, **options)
    index.add([(f"CUSTODY{n}", f"NOMINAL{n % 700}") for n in range(ROWS)], vectors)
    index.delete(["CUSTODY5"])
    return index


@pytest.mark.parametrize(("module", "options"), [(exact, {}), (compressed, {"trained_from": 500})])
def test_sealed_and_plain_say_the_same_and_only_the_plain_can_be_read(tmp_path, vectors, module, options):
    plain = filled(tmp_path / "plain", vectors, None, module, **options)
    filled(tmp_path / "sealed", vectors, VAULT, module, **options)
    sealed = module.opened(tmp_path / "sealed", MODEL, 8, vault=VAULT, **options)
    probes = [Template(MODEL, vectors[n]) for n in (0, 5, 600)]
    assert sealed.search(probes, limit=10) == plain.search(probes, limit=10)
    assert (sealed.info, sealed.contents.counted_anew()) == (plain.info, plain.contents.counted_anew())
    for secret in (b"CUSTODY7", b"NOMINAL7", vectors[7].tobytes(), MODEL.encode()):
        assert [p.name for p in (tmp_path / "sealed").iterdir() if secret in p.read_bytes()] == []
        assert [p.name for p in (tmp_path / "plain").iterdir() if secret in p.read_bytes()] != []
    if module is compressed:
        again = module.opened(tmp_path / "sealed", MODEL, 8, vault=VAULT, **options)
        again.prepare()
        assert again.search(probes, limit=10) == plain.search(probes, limit=10), "with the codes that are on the disk"
        assert any(p.name.startswith("codes-") for p in (tmp_path / "sealed").iterdir())


@pytest.mark.parametrize("which", ["manifest.json", "rows-", "deleted-"])
@pytest.mark.parametrize("how", ["altered", "of another key", "plain", "swapped"])
def test_a_file_that_was_touched_is_found(tmp_path, vectors, which, how):
    filled(tmp_path / "g", vectors, VAULT)
    filled(tmp_path / "plain", vectors, None)
    filled(tmp_path / "other", vectors, VAULT)
    path = next(p for p in (tmp_path / "g").iterdir() if p.name.startswith(which))
    kept = path.read_bytes()
    path.write_bytes(
        {
            "altered": kept[:-3] + bytes([kept[-3] ^ 4]) + kept[-2:],
            "of another key": Vault(b"l" * 32).seal(VAULT.open(kept, f"g/{path.name}"), f"g/{path.name}"),
            "plain": (tmp_path / "plain" / path.name).read_bytes(),
            "swapped": (tmp_path / "other" / path.name).read_bytes(),
        }[how]
    )  # fmt: skip
    with pytest.raises(
        GalleryDamaged, match=r"cannot be opened: remove the index at .*, and the next search makes it anew"
    ):
        exact.opened(tmp_path / "g", MODEL, 8, vault=VAULT)


def test_a_sealed_gallery_is_not_taken_for_a_plain_one(tmp_path, vectors):
    filled(tmp_path / "g", vectors, VAULT)
    with pytest.raises(GalleryDamaged, match=r"manifest of the gallery's index cannot be read: remove"):
        exact.opened(tmp_path / "g", MODEL, 8)
