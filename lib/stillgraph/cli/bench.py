"""Commands that measure: the face core on photographs made poor, and the gallery's engines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson

if TYPE_CHECKING:
    from stillgraph.casework.bench_linking import LinkingBenchmark, Share
    from stillgraph.casework.bench_operation import OperationBenchmark
    from stillgraph.casework.bench_search import SearchBenchmark
    from stillgraph.casework.benching import FacesBenchmark
    from stillgraph.records import Rate

bench_app = typer.Typer(help="Benchmarks, as ratios to what one would use otherwise.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(bench_app, name="bench")


@bench_app.command("faces", epilog="Example: stillgraph bench faces --pack yunet-sface --widths 28,48 --json")
def bench_faces(
    people: Annotated[
        Path | None, typer.Option("--people", metavar="FILE", help="CSV: image,person,use (gallery or probe).")
    ] = None,
    pack: Annotated[list[str] | None, typer.Option("--pack", metavar="PACK", help="A pack; again for more.")] = None,
    widths: Annotated[
        str | None, typer.Option("--widths", metavar="PIXELS", help="Face widths, e.g. 24,28,32,48,64.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the noise.")] = 0,
    no_speed: Annotated[
        bool, typer.Option("--no-speed", help="Leave out the races against OpenCV and InsightFace.")
    ] = False,
    workers: common.Workers = None,
    as_json: AsJson = False,
) -> None:
    """Measure recognition of faces made small, blurred, noisy and compressed: the plain model and the whole recipe."""
    from stillgraph.casework import benching

    result = benching.bench_faces(
        people=people, packs=pack or (), widths_px=None if widths is None else _widths(widths), workers=workers,
        seed=seed, speed=not no_speed, show_progress=sys.stderr.isatty(),
    )  # fmt: skip
    if as_json:
        common.print_json(result)
    else:
        _show(result)


@bench_app.command("search", epilog="Example: stillgraph bench search --entries 1000000 --dimension 512 --json")
def bench_search(
    entries: Annotated[int, typer.Option("--entries", metavar="N", help="Custody images in the gallery.")] = 200_000,
    dimension: Annotated[int, typer.Option("--dimension", metavar="D", help="Numbers of a template.")] = 128,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where the galleries are put meanwhile.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the templates.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure the gallery's engines on random templates, beside plain FAISS, NumPy and the memory's own speed."""
    from stillgraph.casework import bench_search as benching

    result = benching.bench_search(
        entries=entries, dimension=dimension, folder=folder, seed=seed, show_progress=sys.stderr.isatty()
    )
    if as_json:
        common.print_json(result)
    else:
        _show_search(result)


@bench_app.command("linking", epilog="Example: stillgraph bench linking --faces 100000 --json")
def bench_linking(
    faces: Annotated[int, typer.Option("--faces", metavar="N", help="Made-up faces to link.")] = 100_000,
    baseline_faces: Annotated[
        int, typer.Option("--baseline-faces", metavar="N", help="Of them, to link beside scikit-learn's clustering.")
    ] = 10_000,
    dimension: Annotated[int, typer.Option("--dimension", metavar="D", help="Numbers of a template.")] = 128,
    seed: Annotated[int, typer.Option("--seed", help="Of the faces.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure linking on made-up faces: time, memory and how right it is, beside scikit-learn's clustering."""
    from stillgraph.casework import bench_linking as benching

    result = benching.bench_linking(faces=faces, baseline_faces=baseline_faces, dimension=dimension, seed=seed)
    if as_json:
        common.print_json(result)
    else:
        _show_linking(result)


def _show_linking(result: LinkingBenchmark) -> None:
    made = result.made
    print(f"{made.faces:,} made-up faces of {made.people:,} people on {made.stills:,} stills; {result.cores} cores.")
    rows = [("ours", result.ours), ("with proposals", result.with_proposals), *result.beside.items()]
    common.print_table(
        ["linked by", "faces", "s", "processor's s", "precision", "recall", "B-cubed precision", "B-cubed recall",
         "wrongly merged"],
        [
            [
                name, f"{one.faces:,}", f"{one.elapsed_s:.1f}", f"{one.cpu_s:.1f}",
                *(percent(share) for share in (one.precision, one.recall, one.bcubed_precision, one.bcubed_recall)),
                f"{one.wrongly_merged:,} of {one.merged:,}",
            ]
            for name, one in rows
        ],
    )  # fmt: skip
    print(f"At most {result.peak_mb:,.0f} MB.")
    print(f"Proposals right, of {result.proposals.trials:,}: {percent(result.proposals)} %.")
    print(", ".join(f"{ratio:.1f} times as fast as {name}" for name, ratio in result.times_faster.items()) + ".")
    print(f"The same groups as scikit-learn's average linkage: {'yes' if result.agrees else 'no'}.")


@bench_app.command("operation", epilog="Example: stillgraph bench operation --entries 1000000 --json")
def bench_operation(
    entries: Annotated[int, typer.Option("--entries", min=1, metavar="N", help="Made-up custody images.")] = 100_000,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where the case is put meanwhile.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the templates.")] = 0,
    workers: common.Workers = None,
    as_json: AsJson = False,
) -> None:
    """Measure a whole operation: the demonstration's stills from the disk to stored candidates, in a large gallery."""
    from stillgraph.casework import bench_operation as benching
    from stillgraph.casework import progress

    with progress.bar(shown=sys.stderr.isatty()) as shown:
        result = benching.bench_operation(entries=entries, folder=folder, workers=workers, seed=seed, progress=shown)
    if as_json:
        common.print_json(result)
    else:
        _show_operation(result)


def _show_operation(result: OperationBenchmark) -> None:
    print(
        f"{result.stills} stills from the disk to {result.candidates:,} stored candidates in {result.elapsed_s:.1f} s "
        f"({result.core_s:.1f} s of the {result.cores} cores' time): {result.searched} of {result.faces} faces against "
        f"{result.entries:,} custody images."
    )
    common.print_table(["stage", "seconds"], [(name, f"{spent:.2f}") for name, spent in result.seconds.items()])
    said = ", ".join(f"{name} {spent:.1f} s" for name, spent in result.prepare_s.items())
    print(f"Before it: {said}. One custody image more: enrolled in {result.one_more['enrol']:.2f} s, ", end="")
    print(f"one still searched after it in {result.one_more['search']:.2f} s.")


def _show_search(result: SearchBenchmark) -> None:
    print(f"{result.entries:,} random templates of {result.dimension} numbers, {result.cores} cores, ", end="")
    print(f"which read {result.read_gb_s:.0f} GB/s.")
    common.print_table(
        ["searched by", "one probe, p50 ms", "p95 ms", "302 probes, s", *(f"times {name}" for name in result.others),
         "of memory's speed"],
        [
            [
                name, f"{timing.p50_ms:.1f}", f"{timing.p95_ms:.1f}", f"{timing.batch_s:.2f}",
                *(f"{result.times_faster.get(name, {}).get(other, slow.p50_ms / timing.p50_ms):.1f}"
                  for other, slow in result.others.items()),
                f"{result.share_of_read[name]:.2f}" if name in result.share_of_read else "",
            ]
            for name, timing in (result.engines | result.others).items()
        ],
    )  # fmt: skip
    print(
        f"{result.changed:,} added in {result.add_s:.3f} s, deleted in {result.delete_s:.3f} s; with codes in "
        f"{result.compressed_add_s:.3f} and {result.compressed_delete_s:.3f} s."
    )
    common.print_table(
        ["in a process alone", "built a second", "one probe, p50 ms", "p95 ms", "own, MB", "mapped, MB", "peak, MB"],
        [
            [
                name, f"{result.built_per_s[name]:,.0f}", f"{found.p50_ms:.1f}", f"{found.p95_ms:.1f}",
                *("" if size is None else f"{size / 1e6:,.0f}"
                  for size in (found.anonymous_bytes, found.mapped_bytes, found.peak_bytes)),
            ]
            for name, found in result.alone.items()
        ],
    )  # fmt: skip
    mates = result.mates
    print(
        f"Compressed ({result.code_bytes / 1e6:,.0f} MB of codes): of {mates.probes:,} noisy probes (cosine "
        f"{mates.cosine:g} to their mate) {mates.on_exact_list:,} have it on the exact list; {mates.said}."
    )


def _widths(text: str) -> list[int]:
    from stillgraph.errors import WrongUse

    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise WrongUse(f"--widths takes whole pixels like 24,28,32, not {text!r}.") from None


def _show(result: FacesBenchmark) -> None:
    first = result.rows[0].result
    print(f"{result.people}: gallery of {first.gallery}, {common.count(first.probes, 'probe')} a condition; ", end="")
    print(f"{first.impostor_pairs:,} impostor pairs. Brackets: Wilson 95 % interval.")
    headers = ["pack", "faces", "stage", "not found", "TAR at FAR 0.01", "at 0.001", "rank 1", "rank 5", "rank 20"]
    common.print_table(
        headers,
        [
            [
                row.pack, row.condition, row.stage, row.result.failures_to_acquire,
                *(percent(row.result.tar_at_far[far]) for far in ("0.01", "0.001")),
                *(percent(row.result.rank[rank]) for rank in ("1", "5", "20")),
            ]
            for row in result.rows
        ],
    )  # fmt: skip
    for pack, ratios in result.ratios.items():
        said = ", ".join(f"{condition} {ratio:.2f}" for condition, ratio in ratios.items())
        print(f"{pack}: TAR at FAR 0.001 of the full recipe, in times the plain model's: {said}.")

    _show_race("OpenCV", result.speed)
    for name, race in result.speed_insightface.items():
        _show_race(f"InsightFace with the pack {name}", race)
    for rival, reason in result.not_raced.items():
        print(f"No race against {rival}: {reason}.")


def _show_race(rival: str, race: dict[str, dict[str, float]]) -> None:
    if race:
        print(f"Against {rival}, on the same weights, images a second of a core's time (times slower than the first):")
        common.print_table(["contender", "on 1 core", "on 2 cores"], [[n, *_pace(told)] for n, told in race.items()])


def _pace(told: dict[str, float]) -> list[str]:
    return [f"{told[f'images_per_core_s_{n}']:.1f} ({told[f'times_slower_by_core_s_{n}']:.2f})" for n in (1, 2)]


def percent(rate: Rate | Share | None) -> str:
    """Return a rate in per cent with its interval."""
    if rate is None or rate.value is None or rate.low is None or rate.high is None:
        return "insufficient"
    return f"{100 * rate.value:.1f} [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"
