"""Looks at an ONNX graph without running it: whole in one file, and a detector or a recogniser by its shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stillgraph.errors import ModelError

LANDMARK_SIDE_PX = 192
"""InsightFace's landmark networks take crops of this side; a recogniser of that size would be taken for one."""

DETECTOR_OUTPUTS = (9, 15)
"""Score, box and landmarks for three or five strides: SCRFD and RetinaFace with landmarks."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The shapes of a graph's inputs and outputs; an open axis is ``None``."""

    inputs: tuple[tuple[int | None, ...], ...]
    outputs: tuple[tuple[int | None, ...], ...]

    @property
    def is_detector(self) -> bool:
        """Whether it is a face detector with landmarks as InsightFace knows them."""
        return len(self.inputs) == 1 and len(self.inputs[0]) == 4 and len(self.outputs) in DETECTOR_OUTPUTS

    @property
    def is_recogniser(self) -> bool:
        """Whether InsightFace would take it for an ArcFace-type recogniser: one square crop in, one vector out."""
        if len(self.inputs) != 1 or len(self.outputs) != 1 or len(self.inputs[0]) != 4 or len(self.outputs[0]) != 2:
            return False
        height, width = self.inputs[0][2:]
        if height is None or height != width:
            return False
        return height >= 112 and height % 16 == 0 and height != LANDMARK_SIDE_PX


def look(data: bytes, name: str) -> Graph:
    """Return the shapes of a graph.

    Raises
    ------
    ModelError
        The bytes are not an ONNX graph, or keep weights in other files, which nothing would check.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
        graph = model.graph
    except DecodeError:
        raise ModelError(f"{name} is not an ONNX graph, or was cut off. Get the file again.") from None
    if not graph.node:
        raise ModelError(f"{name} is not an ONNX graph, or was cut off. Get the file again.")
    if any(onnx.external_data_helper.uses_external_data(tensor) for tensor in _tensors(model)):
        raise ModelError(f"{name} keeps weights in other files. Save it as one file with onnx.save, then add it.")
    constants = {tensor.name for tensor in graph.initializer}
    return Graph(
        inputs=tuple(_shape(value) for value in graph.input if value.name not in constants),
        outputs=tuple(_shape(value) for value in graph.output),
    )


def _shape(value: Any) -> tuple[int | None, ...]:
    return tuple(axis.dim_value or None for axis in value.type.tensor_type.shape.dim)


def _tensors(message: Any) -> Iterator[Any]:
    """Yield every constant of a model: of its graphs, of those inside nodes, sparse ones, and of its own functions."""
    waiting = [message]
    while waiting:
        one = waiting.pop()
        if one.DESCRIPTOR.name == "TensorProto":
            yield one
            continue
        for field, value in one.ListFields():
            if field.type == field.TYPE_MESSAGE:
                waiting.extend(value if isinstance(value, Sequence) or hasattr(value, "add") else [value])
