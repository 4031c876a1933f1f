"""The widgets with code of their own in the browser: the comparison viewer and the checklist. They hold no rule.

Pictures travel as messages and never as part of a widget's state, which JupyterLab would write into the notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
from traitlets import Any as AnyTrait
from traitlets import Dict, List, Unicode

from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.scripts import STATIC, script
from stillgraph.records import Comparable, Portrayed


class Viewer(anywidget.AnyWidget):
    """Two aligned pictures, side by side or one over the other.

    Parameters
    ----------
    fetch : callable
        Returns the picture of a key; what it raises is told in the picture's place.
    """

    _esm = script("viewer.js")
    _css = STATIC / "viewer.css"
    comparison = Unicode("").tag(sync=True)
    """Of whom; changes last, when ``pictures`` are already those of the new comparison."""
    pictures = List(Dict()).tag(sync=True)
    """What can be chosen: ``key``, ``side``, ``caption`` each."""

    def __init__(self, fetch: Callable[[str], Portrayed]) -> None:
        super().__init__()
        self._fetch = fetch
        self._kept: dict[str, Portrayed] = {}
        self.on_msg(self._asked)

    def __repr__(self) -> str:
        return "Viewer()"

    def show(self, comparable: Comparable | None) -> None:
        """Show another comparison, or none; nothing of the last one is kept."""
        self._kept = {}
        found = () if comparable is None else comparable.pictures
        self.pictures = [{"key": one.key, "side": str(one.side), "caption": one.caption} for one in found]
        self.comparison = "" if comparable is None else f"{comparable.face_id} {comparable.nominal_id}"

    def _asked(self, _widget: object, message: Mapping[str, Any], _buffers: Sequence[object]) -> None:
        key = str(message.get("want", ""))
        if message.get("comparison") != self.comparison or key not in {one["key"] for one in self.pictures}:
            return
        answer: dict[str, str] = {"comparison": self.comparison, "picture": key}

        def tell(sentence: str) -> None:
            answer["problem"] = sentence

        found = self._kept.get(key) or attempt(lambda: self._fetch(key), tell)
        if found is None:
            self.send(answer)
            return
        self._kept[key] = found
        self.send({**answer, "note": found.note}, buffers=[found.png])


class Checklist(anywidget.AnyWidget):
    """The checklist of a comparison, from the top of the head down: an observation and a note a characteristic."""

    _esm = script("checklist.js")
    _css = STATIC / "checklist.css"
    components = List(AnyTrait()).tag(sync=True)
    """Pairs of a component and its characteristics, in order."""
    observations = List(Unicode()).tag(sync=True)
    """What can be said of a characteristic."""
    entries = Dict().tag(sync=True)
    """What was said: ``component / characteristic`` to ``{observation, note}``, only of what has an observation."""

    def __repr__(self) -> str:
        return "Checklist()"
