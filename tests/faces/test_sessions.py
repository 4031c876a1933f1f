"""The device asked for is the one used, or the error says what to do; what is used is told."""

import onnxruntime
import pytest

from stillgraph.errors import ModelError, WrongUse
from stillgraph.faces import packs, sessions
from stillgraph.faces.fakes import fake_pack
from stillgraph.faces.recognise import OnnxRecogniser

REAL = onnxruntime.InferenceSession


class Machine:
    """Stands in for onnxruntime on a machine with, or half with, a GPU; ``asked`` is what each session was asked."""

    def __init__(self, monkeypatch, *, there=(sessions.GPU, sessions.CPU), used=sessions.GPU, error=None):
        self.there, self.used, self.error, self.asked = there, used, error, []
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(there))
        monkeypatch.setattr(onnxruntime, "InferenceSession", self.session)

    def session(self, graph, options, *, providers, enable_fallback):
        assert enable_fallback == 0
        names = [one if isinstance(one, str) else one[0] for one in providers]
        self.asked.append(names)
        if sessions.GPU in names and self.error is not None:
            raise self.error
        made = REAL(graph, options, providers=[sessions.CPU])
        real = self.used if sessions.GPU in names else sessions.CPU
        made.get_providers = lambda: list(dict.fromkeys([real, sessions.CPU]))
        return made


@pytest.fixture
def graph(recogniser_graph):
    return recogniser_graph()


@pytest.mark.parametrize("named", ["", "cpu"])
def test_the_processor_is_used_unless_another_device_is_asked_for(monkeypatch, graph, named):
    machine = Machine(monkeypatch)
    monkeypatch.setenv("STILLGRAPH_DEVICE", named)
    made = sessions.session(graph)
    assert sessions.provider(made) == sessions.CPU
    assert machine.asked == [[sessions.CPU]]


@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_a_gpu_that_is_there_is_used_and_told(monkeypatch, device):
    machine = Machine(monkeypatch)
    monkeypatch.setenv("STILLGRAPH_DEVICE", device)
    pack = packs.load()
    assert pack.provider == "CUDAExecutionProvider"
    assert machine.asked == [[sessions.GPU, sessions.CPU]] * 2


def test_a_gpu_is_given_all_crops_of_a_face_at_once(monkeypatch):
    Machine(monkeypatch)
    assert not packs.load().embedder.recogniser.together
    monkeypatch.setenv("STILLGRAPH_DEVICE", "cuda")
    assert packs.load().embedder.recogniser.together


def test_a_gpu_asked_for_here_is_an_error_and_no_slow_success(monkeypatch):
    """The real onnxruntime; where it is one for GPUs there is nothing to see."""
    if sessions.GPU in onnxruntime.get_available_providers():
        pytest.skip("the onnxruntime installed here is one for GPUs")
    monkeypatch.setenv("STILLGRAPH_DEVICE", "cuda")
    with pytest.raises(ModelError, match=r"asks for a GPU, but .* install onnxruntime-gpu instead of onnxruntime"):
        packs.load()
    monkeypatch.setenv("STILLGRAPH_DEVICE", "auto")
    assert packs.load().provider == "CPUExecutionProvider"


@pytest.mark.parametrize(
    ("half", "said"),
    [
        ({"used": sessions.CPU}, r"onnxruntime used CPUExecutionProvider instead: see that its driver works"),
        ({"error": RuntimeError("no device")}, r"could not start it \(RuntimeError\): see that its driver works"),
        ({"there": [sessions.CPU]}, r"has no part for it: install onnxruntime-gpu"),
    ],
)
def test_a_gpu_that_cannot_be_used_is_an_error_or_with_auto_the_processor(monkeypatch, graph, half, said):
    Machine(monkeypatch, **half)
    monkeypatch.setenv("STILLGRAPH_DEVICE", "cuda")
    with pytest.raises(ModelError, match=said):
        sessions.session(graph)
    monkeypatch.setenv("STILLGRAPH_DEVICE", "auto")
    assert sessions.provider(sessions.session(graph)) == sessions.CPU


def test_another_word_is_refused(monkeypatch, graph):
    monkeypatch.setenv("STILLGRAPH_DEVICE", "gpu")
    with pytest.raises(WrongUse, match=r"STILLGRAPH_DEVICE says where .* one of cpu, cuda, auto; not 'gpu'"):
        sessions.session(graph)


def test_a_graph_that_cannot_be_run_is_named(monkeypatch):
    for device in ("cpu", "auto"):
        monkeypatch.setenv("STILLGRAPH_DEVICE", device)
        with pytest.raises(ModelError, match=r"^small.onnx cannot be run by this onnxruntime"):
            sessions.session(b"no graph", "small.onnx")


def test_a_pack_tells_every_provider_it_uses():
    assert fake_pack().provider == "none"
    mixed = packs.FacePack(
        name="x", model="x", dimension=1, licence="", files={}, detector=None, embedder=None, providers=("A", "B")
    )
    assert mixed.provider == "A + B"


@pytest.mark.parametrize("batch", ["N", 1])
def test_crops_together_give_what_they_give_alone(recogniser_graph, batch):
    import numpy as np

    from stillgraph.faces.recognise import Conventions

    session = sessions.session(recogniser_graph(batch=batch))
    crops = np.random.default_rng(1).integers(0, 256, (5, 112, 112, 3), np.uint8)
    together = batch == "N"
    alone = OnnxRecogniser(session, Conventions()).vectors(crops)
    np.testing.assert_allclose(OnnxRecogniser(session, Conventions(), together).vectors(crops), alone, rtol=1e-4)
