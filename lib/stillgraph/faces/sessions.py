"""Sessions of onnxruntime: made of a graph's bytes, on the device asked for, to be shared by threads.

``STILLGRAPH_DEVICE`` says where networks run: ``cpu`` (the default), ``cuda`` (an NVIDIA GPU, or an error), or ``auto``
(the GPU where onnxruntime can use one, else the processor). What is really used is in :func:`provider`; it is stored
with each run, and nothing falls back in silence.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Any

from stillgraph.errors import ModelError, WrongUse

CPU, GPU = "CPUExecutionProvider", "CUDAExecutionProvider"
"""onnxruntime's names for the processor and for an NVIDIA GPU."""

GPU_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
"""Products in full float32, so that templates are those of the processor but for rounding; and no trial of every
algorithm for each new size of image, which stills would have all the time."""


class Device(StrEnum):
    """Where networks run."""

    CPU = "cpu"
    CUDA = "cuda"
    AUTO = "auto"


def wanted() -> Device:
    """Return the device that ``STILLGRAPH_DEVICE`` asks for.

    Raises
    ------
    WrongUse
        It names none.
    """
    named = os.environ.get("STILLGRAPH_DEVICE", "") or Device.CPU
    try:
        return Device(named)
    except ValueError:
        choice = ", ".join(Device)
        raise WrongUse(f"STILLGRAPH_DEVICE says where networks run and is one of {choice}; not {named!r}.") from None


def session(graph: bytes, name: str = "The model file") -> Any:
    """Return a session on the device asked for, with one thread a run, to be shared by a pool of workers.

    More threads inside a run only get in each other's way once several runs go on at the same time.

    Raises
    ------
    WrongUse
        As :func:`wanted`.
    ModelError
        A GPU was asked for and cannot be used, or the graph cannot be run here; the message calls it ``name``.
    """
    device = wanted()
    if device is not Device.CPU:
        made, why_not = _on_gpu(graph)
        if made is not None:
            return made
        if device is Device.CUDA:
            raise ModelError(f"STILLGRAPH_DEVICE asks for a GPU, but {why_not}; or set it to cpu or auto.")
    try:
        return _made(graph, [CPU])
    except Exception as error:  # onnxruntime's own errors have no other base
        kind = type(error).__name__
        raise ModelError(
            f"{name} cannot be run by this onnxruntime ({kind}). Export it again with an operator set that it knows."
        ) from error


def provider(made: Any) -> str:
    """Return onnxruntime's name of the provider that a session really uses."""
    return str(made.get_providers()[0])


def _on_gpu(graph: bytes) -> tuple[Any, str]:
    """Return a session on the GPU and no reason, or none and the reason why not, which ends in what to do."""
    import onnxruntime

    if GPU not in onnxruntime.get_available_providers():
        way_out = "install onnxruntime-gpu instead of onnxruntime (uninstall that first)"
        return None, f"the onnxruntime installed here has no part for it: {way_out}"
    way_out = "see that its driver works (nvidia-smi) and that CUDA and cuDNN are those this onnxruntime-gpu needs"
    try:
        made = _made(graph, [(GPU, GPU_OPTIONS), CPU])
    except Exception as error:  # noqa: BLE001  (onnxruntime's own errors have no other base)
        return None, f"onnxruntime could not start it ({type(error).__name__}): {way_out}"
    if provider(made) != GPU:
        return None, f"onnxruntime used {provider(made)} instead: {way_out}"
    return made, ""


def _made(graph: bytes, providers: list[Any]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # stills differ in size: a plan made for one would not serve the next
    options.log_severity_level = 3
    # Without the fallback: it would go on with another provider, saying so on stdout, and only there.
    return onnxruntime.InferenceSession(graph, options, providers=providers, enable_fallback=0)
