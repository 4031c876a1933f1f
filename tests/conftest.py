"""Fixtures shared by the tests: a small case of real pixels, and the whole demonstration, each built once a session."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stillgraph.casework import Desk, enrolling, governing, receiving, recording, reviewing, searching, take_seat
from stillgraph.records import Comparison, FaceId, NominalId, RetailerId, Ruling, Strength, Verdict
from stillgraph.store.casefile import SCHEMA_VERSION

# What a property says must not depend on how busy the machine is.
settings.register_profile("stillgraph", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stillgraph")

DATA = Path(__file__).resolve().parents[1] / "data" / "demo"

OFFICERS = ("desk", "first", "second", "third")
OPERATION = "OP-TEST"
REASON = "test the workbench"


@dataclass(frozen=True)
class SmallCase:
    """A searched case of a few stills and custody images, not yet reviewed; each test has its own copy."""

    directory: Path

    def seat(
        self, officer: str | None = "desk", operation: str | None = OPERATION, reason: str | None = REASON
    ) -> Desk:
        """Return the desk of an officer, whatever the environment says."""
        return take_seat(self.directory, officer=officer or "", operation=operation or "", reason=reason or "")

    def judge(self, officer: str, face: str, says: str | Verdict, reason: str | None = None) -> Ruling:
        """Judge a list, both images assessed: ``says`` is the nominal supported, or a verdict that supports nobody."""
        supports = not isinstance(says, Verdict)
        return reviewing.judge(
            self.seat(officer), FaceId(face), Verdict.SUPPORTS if supports else says,
            nominal_id=NominalId(says) if supports else None, reason=reason,
            comparison=Comparison("in focus", "frontal", strength=Strength.MODERATE if supports else None),
        )  # fmt: skip


@pytest.fixture(autouse=True)
def no_seat_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test pass because of what the shell it runs in happens to name: a case, an officer, an operation, a device."""
    names = ("CASE", "OFFICER", "OPERATION", "REASON", "DEVICE", "KEY", "KEY_FILE", "PASSPHRASE", "TOKEN", "TOKEN_FILE")
    for name in names:
        monkeypatch.delenv(f"STILLGRAPH_{name}", raising=False)


@pytest.fixture(scope="session", autouse=True)
def state_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests away from the user's keys and records' heads; yield the directory that stands in for theirs."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STILLGRAPH_STATE", str(folder))
        yield folder
        # Nobody asks for the heads of all these cases in the second place.
        recording.forget()


@pytest.fixture(autouse=True)
def no_packs_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the tests away from packs the user added; return the directory that stands in for theirs, still empty."""
    folder = tmp_path_factory.mktemp("packs") / "models"
    monkeypatch.setenv("STILLGRAPH_MODELS", str(folder))
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the developers' shared data, beside the checkout or where ``STILLGRAPH_SHARED`` says."""
    folder = Path(os.environ.get("STILLGRAPH_SHARED", DATA.parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip("the shared data are not beside the checkout; STILLGRAPH_SHARED may name them")
    return folder


@pytest.fixture(scope="session")
def small_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder like ``data/demo`` with one retailer's first stills and the custody images that go with them."""
    folder = tmp_path_factory.mktemp("inputs")
    stills = _first_rows(DATA / "deliveries" / "R08" / "manifest.csv", 6)
    truth = {row["image"]: row["nominal_id"] for row in _rows(DATA / "truth.csv") if row["nominal_id"]}
    wanted = {truth[row["image"]] for row in stills if row["image"] in truth}
    custody_rows = _rows(DATA / "custody" / "manifest.csv")
    custody = [r for r in custody_rows if r["nominal_id"] in wanted] + custody_rows[:8]
    # Not due for review on any day a test may run: images past it are not searched.
    custody = list({row["image"]: row | {"review_due": "2099-12-31"} for row in custody}.values())
    _write(folder / "deliveries" / "R08", "stills", stills, DATA / "deliveries" / "R08" / "stills")
    _write(folder / "custody", "images", custody, DATA / "custody" / "images")
    for name in ("stores.csv", "truth.csv"):
        shutil.copy(DATA / name, folder / name)
    enrolled = {row["nominal_id"] for row in custody}
    arrests = [row for row in _rows(DATA / "custody" / "arrests.csv") if row["nominal_id"] in enrolled]
    _write_csv(folder / "custody" / "arrests.csv", arrests)
    return folder


@pytest.fixture(scope="session")
def _small_case(small_inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("small") / "case"
    governing.create_case(directory, encrypt=False)
    case = SmallCase(directory)
    for officer in OFFICERS:
        governing.add_officer(case.seat(), officer)
    governing.open_operation(case.seat(), OPERATION, purpose="tests")
    enrolling.enrol(
        case.seat(),
        small_inputs / "custody" / "manifest.csv",
        arrests=small_inputs / "custody" / "arrests.csv",
    )
    receiving.receive(
        case.seat(), small_inputs / "deliveries" / "R08" / "manifest.csv", retailer_id=RetailerId("R08"),
        stores=small_inputs / "stores.csv",
    )  # fmt: skip
    searching.search(case.seat(), unsearched=True)
    return directory


@pytest.fixture(scope="module")
def modules_case(_small_case: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallCase:
    """Return a copy of the small case that a module's tests share, and may change."""
    directory = tmp_path_factory.mktemp("shared") / "case"
    shutil.copytree(_small_case, directory)
    return SmallCase(directory)


@pytest.fixture
def small_case(_small_case: Path, tmp_path: Path) -> SmallCase:
    """Return a copy of the small case that the test may change."""
    shutil.copytree(_small_case, tmp_path / "case")
    return SmallCase(tmp_path / "case")


@pytest.fixture(scope="session")
def demo_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the demonstration case, built once; tests that change it copy it first.

    While developing, ``STILLGRAPH_TEST_DEMO`` may name a built one, of which a copy is used.
    """
    from stillgraph import demo

    directory = tmp_path_factory.mktemp("demo") / "demo"
    built = os.environ.get("STILLGRAPH_TEST_DEMO")
    if built:
        shutil.copytree(built, directory)
        seat = take_seat(directory, officer=demo.ANALYST, reason="made by an earlier version", outdated=True)
        if seat.case.version() < SCHEMA_VERSION:
            governing.upgrade_case(seat)
    else:
        demo.build(directory)
    return directory


@pytest.fixture
def demo_seat(demo_case: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Seat this test's processes and kernels at the demonstration, by the environment; return what was set."""
    from stillgraph import demo

    seat = {
        "STILLGRAPH_CASE": str(demo_case),
        "STILLGRAPH_OFFICER": demo.ANALYST,
        "STILLGRAPH_OPERATION": demo.OPERATION,
        "STILLGRAPH_REASON": REASON,
    }
    for name, value in seat.items():
        monkeypatch.setenv(name, value)
    return seat


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _first_rows(path: Path, count: int) -> list[dict[str, str]]:
    return _rows(path)[:count]


def _write(folder: Path, images: str, rows: list[dict[str, str]], source: Path) -> None:
    (folder / images).mkdir(parents=True)
    for row in rows:
        shutil.copy(source / row["image"], folder / images / row["image"])
    _write_csv(folder / "manifest.csv", rows)


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="session")
def make_film():
    """Return a function that writes pictures of one size into a film, 25 a second; ``several`` streams of it if asked."""
    import av

    def make(
        path: Path, images, codec="mpeg4", *, form=None, pix_fmt="yuv420p", several=1, aspect=None, **options
    ) -> Path:
        with av.open(str(path), "w", format=form) as container:
            streams = [container.add_stream(codec, rate=25, options=options) for _ in range(several)]
            for stream in streams:
                stream.width, stream.height = images[0].size
                stream.pix_fmt = pix_fmt
                stream.bit_rate = 4_000_000
                if aspect is not None:
                    stream.codec_context.sample_aspect_ratio = aspect
            for image in images:
                for stream in streams:
                    container.mux(stream.encode(av.VideoFrame.from_image(image)))
            for stream in streams:
                container.mux(stream.encode(None))
        return path

    return make
