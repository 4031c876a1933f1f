"""Who analyses images in bulk: threads, processes of this machine, or the workers of a Dask cluster.

Each worker gets an image's bytes and gives back what it saw; nobody but the caller touches the case. A worker's
networks and libraries must be the caller's, or it refuses.
"""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from stillgraph.errors import ModelError, WorkerLost, WrongUse
from stillgraph.records import ImageAnalysis, ModelId

if TYPE_CHECKING:
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.packs import FacePack

LOCAL = "local"
"""Instead of a scheduler's address: a cluster of this machine's own, for trying out."""

SOFTWARE = ("stillgraph", "numpy", "onnxruntime", "pillow", "pillow-heif")
"""What makes a template out of bytes, beside the model; a worker with another version of one refuses."""

PATIENCE_S = 20
"""How long a scheduler is waited for."""

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Model:
    """What a worker must have: the pack's name, its model, and the versions of :data:`SOFTWARE`."""

    pack: str
    model: ModelId
    software: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """An image to look at: for its faces, or, with no role, only whether it can be decoded."""

    image_id: str
    data: bytes = field(repr=False)
    role: ImageRole | None = None

    @property
    def pixels(self) -> int:
        """How many pixels it has by its header."""
        from stillgraph.faces.pixels import cost

        return cost(self.data)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an image: its size and faces; or ``problem``, why it is no image; or ``failed``, why no faces.

    ``provider`` is the onnxruntime provider that the worker really used.
    """

    width_px: int = 0
    height_px: int = 0
    analysis: ImageAnalysis | None = None
    problem: str | None = None
    failed: str | None = None
    provider: str | None = None


class Pending(Protocol):
    """An image being looked at elsewhere."""

    def result(self) -> Told:
        """Wait for what comes of it."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers: ``submit`` gives one an image; ``workers`` is how many there are.

    ``pixels_at_once`` bounds the pixels of images in work or waiting for it, unless one alone has more.
    """

    submit: Callable[[Asked], Pending]
    workers: int
    pixels_at_once: float


def needed(pack: FacePack) -> Model:
    """Return what a worker must have to make this pack's templates."""
    return Model(pack.name, pack.model, _software())


def look(pack: FacePack, asked: Asked) -> Told:
    """Look at one image; decoded once where all goes well."""
    from stillgraph.faces.analyse import UnusableImage, analyse_one

    failed = None
    if asked.role is not None:
        try:
            analysis = analyse_one(asked.image_id, asked.data, pack, asked.role)
            return Told(analysis.width_px, analysis.height_px, analysis, provider=pack.provider)
        except UnusableImage as unusable:
            failed = unusable.reason
    from stillgraph import intake

    try:
        width, height = intake.read_image(asked.data)
    except intake.ImageProblem as problem:
        return Told(problem=str(problem))
    return Told(width, height, failed=failed, provider=pack.provider if failed else None)


def in_order(pool: Pool, supply: Iterable[tuple[Key, Asked | None]]) -> Iterator[tuple[Key, Told | None]]:
    """Yield each key with what came of its image, in order; ``supply`` is read only so far ahead as keeps all at work.

    Raises
    ------
    WorkerLost
        A worker is gone, e.g. killed for the memory it took.
    ModelError
        A worker has other weights or software.
    """
    waiting: deque[tuple[Key, Pending | None, int]] = deque()
    coming, pixels, more = iter(supply), 0, True
    while more or waiting:
        while more and len(waiting) < 2 * pool.workers and (pixels < pool.pixels_at_once or not waiting):
            following = next(coming, None)
            if following is None:
                more = False
                break
            key, asked = following
            cost = 0 if asked is None else asked.pixels
            waiting.append((key, None if asked is None else pool.submit(asked), cost))
            pixels += cost
        if waiting:
            key, pending, cost = waiting.popleft()
            told = None if pending is None else pending.result()
            pixels -= cost
            yield key, told


@contextmanager
def threads(pack: FacePack, workers: int | None) -> Iterator[Pool]:
    """Give threads of this process, which share the pack's networks."""
    from stillgraph.faces.analyse import PIXELS_AT_ONCE
    from stillgraph.faces.analyse import threads as count_of

    count = count_of(workers)
    pool = ThreadPoolExecutor(count, thread_name_prefix="faces")
    try:
        yield Pool(lambda asked: pool.submit(look, pack, asked), count, PIXELS_AT_ONCE)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def processes(pack: FacePack, workers: int | None) -> Iterator[Pool]:
    """Give processes of this machine, each with networks of its own and one thread; they end with this process."""
    from stillgraph.faces.analyse import PIXELS_AT_ONCE
    from stillgraph.faces.analyse import threads as count_of

    count, wanted = count_of(workers), needed(pack)
    context = multiprocessing.get_context("spawn")  # a fork would copy onnxruntime's threads half-way through
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin)

    def submit(asked: Asked) -> Pending:
        try:
            return _Local(pool.submit(look_far, wanted, asked))
        except BrokenProcessPool as error:
            raise WorkerLost(GONE) from error

    try:
        yield Pool(submit, count, PIXELS_AT_ONCE)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def dask(pack: FacePack, address: str, workers: int | None) -> Iterator[Pool]:
    """Give the workers of a Dask cluster, by its scheduler's address, or of one made here for trying out.

    Raises
    ------
    WrongUse
        Dask is not installed, the address is none, nobody answers there, or images would cross a network in the clear.
    """
    try:
        import distributed
    except ImportError as error:
        raise WrongUse(
            "Images are analysed on several machines by Dask, which is not installed: pip install 'stillgraph[dask]'."
        ) from error
    check_address(address)
    with ExitStack() as opened:
        client = opened.enter_context(_client(distributed, address, workers))
        count = sum(client.nthreads().values())
        if not count:
            raise WrongUse(f"The scheduler at {address} has no workers; start some with `dask worker`, then go on.")
        wanted = needed(pack)

        def submit(asked: Asked) -> Pending:
            return _Far(client.submit(look_far, wanted, asked, pure=False), distributed)

        yield Pool(submit, count, float("inf"))


def check_address(address: str) -> None:
    """Check that a scheduler's address is one, and that images sent there are encrypted if they leave the machine.

    Raises
    ------
    WrongUse
        It is not, or they would not be.
    """
    if address == LOCAL:
        return
    parts = urlsplit(address)
    if parts.scheme not in {"tcp", "tls"} or not parts.hostname:
        raise WrongUse(
            f"--dask takes a scheduler's address like tls://host:8786, or {LOCAL} for processes of this machine."
        )
    if parts.scheme == "tcp" and not _is_here(parts.hostname):
        raise WrongUse(
            "Custody images cross a network encrypted or not at all: start scheduler and workers with certificates "
            "and give the address as tls://HOST:PORT; docs/scale.md says how."
        )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _client(distributed: Any, address: str, workers: int | None) -> Iterator[Any]:
    if address == LOCAL:
        from stillgraph.faces.analyse import threads as count_of

        with local_cluster(distributed, count_of(workers)) as cluster, distributed.Client(cluster) as client:
            yield client
        return
    try:
        client = distributed.Client(address, timeout=PATIENCE_S)
    except (OSError, TimeoutError) as error:
        raise WrongUse(
            f"No Dask scheduler answers at {address}; start one with `dask scheduler`, or give its address."
        ) from error
    with client:
        yield client


def local_cluster(distributed: Any, workers: int) -> Any:
    """Return a cluster of processes of this machine that listens at 127.0.0.1 only, without a dashboard."""
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False}, silence_logs=40,
    )  # fmt: skip


GONE = (
    "A process that analysed images ended, perhaps for want of memory: it takes up to 1 GB for the largest image. Give "
    "fewer --workers, then begin again."
)


class _Local:
    """An image in a process of this machine."""

    def __init__(self, future: Any) -> None:
        self._future = future

    def result(self) -> Told:
        try:
            told: Told = self._future.result()
        except BrokenProcessPool as error:
            raise WorkerLost(GONE) from error
        return told


class _Far:
    """An image on a Dask worker, let go of once it is told."""

    def __init__(self, future: Any, distributed: Any) -> None:
        self._future = future
        self._distributed = distributed

    def result(self) -> Told:
        try:
            told: Told = self._future.result()
        except (self._distributed.KilledWorker, self._distributed.client.FutureCancelledError, OSError) as error:
            raise WorkerLost(
                "The Dask cluster lost an image more than once or went away; see its workers' logs, then begin again."
            ) from error
        finally:
            self._future.release()
        return told


# --- in the worker ------------------------------------------------------------------------------------------------

_packs: dict[Model, FacePack] = {}
_loading = threading.Lock()


def look_far(wanted: Model, asked: Asked) -> Told:
    """Look at one image in a worker process, which loads the pack once.

    Raises
    ------
    ModelError
        The pack here is of another model than the case's, or the software is another.
    """
    return look(_loaded(wanted), asked)


def _loaded(wanted: Model) -> FacePack:
    from stillgraph.faces import packs

    with _loading:
        if wanted not in _packs:
            _check(dict(wanted.software), dict(_software()))
            pack = packs.load(wanted.pack)
            if pack.model != wanted.model:
                raise ModelError(
                    f"The case is bound to the model {wanted.model}, but a worker has {pack.model} as {wanted.pack}; "
                    "put the case's pack on every worker."
                )
            _packs.clear()
            _packs[wanted] = pack
        return _packs[wanted]


def _check(wanted: Mapping[str, str], here: Mapping[str, str]) -> None:
    other = [f"{name} {here[name]}, not {number}" for name, number in wanted.items() if here[name] != number]
    if other:
        raise ModelError(f"A worker has {'; '.join(other)}: install the same versions on every machine.")


def _software() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in SOFTWARE)


def _begin() -> None:
    """Leave Ctrl-C to the process that began us, and end when it does, even killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
