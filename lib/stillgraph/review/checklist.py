"""The morphological checklist: what to compare in two faces, from the top of the head down.

The components and their order follow FISWG, *Facial Image Comparison Feature List for Morphological Analysis* (version
2.0, 2018, https://fiswg.org/FISWG_Morph_Analysis_Feature_List_v2.0_20180911.pdf), which ASTM E3149 took over; the
characteristics are a selection of its own, in its words. What is written down is what is seen: a form, a place, a mark.
No distance, angle or ratio between landmarks is asked for or computed anywhere: FISWG advises against
photo-anthropometry, which does not tell people apart in pictures like these.

An empty checklist is allowed, as is any part of it: a line without observation says nothing. Two entries on one
characteristic would be two observations of one thing, and are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from stillgraph.records import ChecklistEntry

COMPONENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("skin", ("texture", "tone", "lustre", "evenness of colour")),
    ("face and head outline", ("shape of the cranial vault", "shape of the face", "symmetry")),
    ("hairline", ("shape", "symmetry", "baldness pattern", "hair texture", "parting")),
    ("forehead", ("shape", "height as seen", "brow ridges")),
    ("eyebrows", ("shape", "thickness", "density", "symmetry", "asymmetric hairs or gaps")),
    ("eyes", ("shape of the opening", "upper eyelid fold", "lower eyelid", "inner corner", "outer corner", "iris",
              "asymmetry")),
    ("cheeks", ("prominence of the cheekbones", "fullness", "dimples")),
    ("nose", ("root", "bridge", "tip", "wings", "nostrils", "base and septum", "deviation")),
    ("ears", ("size as seen", "protrusion", "helix", "antihelix", "tragus and antitragus", "concha", "lobe",
              "piercings or damage")),
    ("mouth", ("upper lip", "lower lip", "philtrum", "corners", "fissure", "teeth", "asymmetry")),
    ("chin and jawline", ("shape of the chin", "cleft or dimple", "shape of the jawline", "corner of the jaw",
                          "double chin")),
    ("neck", ("length as seen", "width as seen", "larynx")),
    ("facial hair", ("distribution", "density", "style")),
    ("lines", ("of the forehead", "between the eyebrows", "around the eyes", "nose to mouth", "around the mouth",
               "of the neck")),
    ("scars", ("place", "shape", "number")),
    ("marks", ("moles", "freckles", "pigmentation", "acne scarring", "birthmarks")),
    ("tattoos", ("place", "design")),
)  # fmt: skip
"""Component and characteristics, head downwards."""

_KNOWN = {(component, characteristic) for component, several in COMPONENTS for characteristic in several}


def problems(entries: Sequence[ChecklistEntry]) -> tuple[str, ...]:
    """Return what is wrong with a checklist, as sentences for the officer; empty if nothing is."""
    named = [(entry.component, entry.characteristic) for entry in entries]
    unknown = sorted({pair for pair in named if pair not in _KNOWN})
    twice = sorted({pair for pair in named if named.count(pair) > 1})
    sentences = [
        f"The checklist has no characteristic “{characteristic}” of “{component}”: use those of docs/review.md."
        for component, characteristic in unknown
    ]
    sentences += [
        f"“{characteristic}” of “{component}” stands in the checklist more than once: keep one entry, with a note."
        for component, characteristic in twice
    ]
    return tuple(sentences)
