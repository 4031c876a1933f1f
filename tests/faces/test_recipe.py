"""A template made today compares with one made before, or the recipe has another number."""

import json
from pathlib import Path

import numpy as np
import pytest

from stillgraph.faces import packs
from stillgraph.faces.analyse import analyse
from stillgraph.faces.embed import RECIPE, ImageRole

DEMO = Path(__file__).parents[2] / "data/demo"
IMAGES = {
    "custody": (DEMO / "custody/images/N101146_1.jpg", ImageRole.CUSTODY),
    "still": (DEMO / "deliveries/R01/stills/R01_0001.jpg", ImageRole.STILL),
    "sharp still": (DEMO / "custody/images/N101146_1.jpg", ImageRole.STILL),
}
KEPT = Path(__file__).parent / f"recipe_{RECIPE}.json"


@pytest.mark.parametrize("name", IMAGES)
def test_templates_are_those_of_the_recipes_number(name):
    """If this fails, the change made other templates: raise RECIPE and keep them as recipe_N.json."""
    path, role = IMAGES[name]
    (analysis,) = analyse([(path.name, path.read_bytes())], packs.load(), role=role)
    (face,) = analysis.faces
    kept = np.asarray(json.loads(KEPT.read_text())[name], dtype=np.float32)
    assert float(kept @ face.template.vector) > 0.9999
