"""A template made today compares with one made before, or the recipe has another number."""

import json
from pathlib import Path

import numpy as np
import pytest

from stillgraph.faces import packs
from stillgraph.faces.analyse import analyse
from stillgraph.faces.embed import RECIPE, ImageRole

IMAGE = Path(__file__).parents[2] / "data/demo/custody/images/N101146_1.jpg"
KEPT = Path(__file__).parent / f"recipe_{RECIPE}.json"


@pytest.mark.parametrize("role", list(ImageRole))
def test_templates_are_those_of_the_recipes_number(role):
    """If this fails, the change made other templates: raise RECIPE and keep them as recipe_N.json."""
    (analysis,) = analyse([("N101146/N101146_1.jpg", IMAGE.read_bytes())], packs.load(), role=role)
    (face,) = analysis.faces
    kept = np.asarray(json.loads(KEPT.read_text())[role], dtype=np.float32)
    assert float(kept @ face.template.vector) > 0.9999
