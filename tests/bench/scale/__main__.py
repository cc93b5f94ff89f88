"""What one machine reads, what the store costs as it grows, and a province's day; docs/scale.md explains all.

python -m tests.bench.scale --parts workers,store,day
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from json import dumps, loads
from pathlib import Path
from typing import Annotated, Any

import typer

from samples.make import make_set
from tests.bench.record import origin_of
from tests.bench.scale.day import Day, replay_day
from tests.bench.scale.report import day_lines, store_table, workers_table
from tests.bench.scale.stored import measure_sizes
from tests.bench.scale.workers import measure_workers, paces

CAPTURES = ("flatbed", "camscanner", "photo")

SERVICE_SECONDS = 0.65
"""What reading a return takes where this run has not measured it (README)."""

BYTES_EACH = 25_000
"""Of the disk, a return: 18 kB of the database, and its journal while it is filled."""


def main(
    parts: Annotated[str, typer.Option(help="workers, store, day; by comma.")] = "workers,store,day",
    seed: Annotated[int, typer.Option(help="Seed of the returns that workers read.")] = 510001,
    count: Annotated[int, typer.Option(help="Returns that workers read, again and again.")] = 48,
    workers: Annotated[str, typer.Option(help="Numbers of worker processes, by comma.")] = "1,2,4",
    repeats: Annotated[int, typer.Option(help="Times that each number of workers has its turn.")] = 3,
    roster: Annotated[int, typer.Option(help="Units on the roster while workers read.")] = 1000,
    sizes: Annotated[str, typer.Option(help="Stored returns, by comma.")] = "10000,100000,1000000",
    largest: Annotated[int, typer.Option(help="Returns of the largest collection.")] = 10_000,
    tries: Annotated[int, typer.Option(help="Times that the store is asked each question.")] = 30,
    returns: Annotated[int, typer.Option(help="Returns of the day.")] = 20_000,
    speed: Annotated[float, typer.Option(help="How much faster the day goes by.")] = 100.0,
    readers: Annotated[int, typer.Option(help="Worker processes of the day.")] = 2,
    kill_every: Annotated[float, typer.Option(help="Seconds between two kills of a worker; 0 for none.")] = 20.0,
    folder: Annotated[Path, typer.Option(help="Where databases lie while they are measured.")] = Path("/var/tmp"),
    json: Annotated[Path, typer.Option(help="File of the figures; parts not measured now stay in it.")] = Path(
        "output/bench/scale.json"
    ),
) -> None:
    """Measure, print a report, and keep the figures."""
    origin = origin_of(locals())
    # What is filled is large: it goes away when the bench is told to end, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked = parts.split(",")
    figures = _load(json)
    if "workers" in asked:
        with tempfile.TemporaryDirectory(prefix="kuohao-set-") as place:
            _say(f"making {count} returns")
            truths = make_set(Path(place), seed=seed, count=count, captures=CAPTURES, workers=2)
            files = [Path(place) / truth.file for truth in truths]
            numbers = [int(number) for number in workers.split(",")]
            runs = measure_workers(files, numbers, repeats=repeats, roster=roster, folder=folder, say=_say)
            figures["workers"] = {
                "bytes_each": sum(path.stat().st_size for path in files) / count,
                "pages_each": sum(max(cell.page for cell in truth.cells) for truth in truths) / count,
                "roster": roster,
                "paces": [asdict(pace) for pace in paces(runs, os.cpu_count() or 1)],
                "runs": [asdict(run) for run in runs],
            }
        _keep(json, figures, origin, "workers")
        print(workers_table(figures["workers"]), end="\n\n", flush=True)
    if "store" in asked:
        wanted = [int(size) for size in sizes.split(",")]
        _check_room(folder, max(wanted))
        figures["store"] = []
        for stored in measure_sizes(wanted, largest, folder=folder, tries=tries, say=_say):
            figures["store"].append(asdict(stored))
            _keep(json, figures, origin, "store")
        print(store_table(figures["store"]), end="\n\n", flush=True)
    if "day" in asked:
        service = _service(figures)
        day = replay_day(
            returns, speed=speed, service=service, workers=readers, kill_every=kill_every, folder=folder, say=_say
        )
        figures["day"] = asdict(day)
        _keep(json, figures, origin, "day")
        print("\n".join(day_lines(figures["day"])), flush=True)
        sys.exit(_is_wrong(day))


def _service(figures: Mapping[str, Any]) -> float:
    """Processor seconds of a worker a return, as measured; else as told."""
    measured = figures.get("workers", {}).get("paces", [])
    return float(measured[0]["busy"]["workers"]) if measured else SERVICE_SECONDS


def _is_wrong(day: Day) -> bool:
    return day.done != day.returns or bool(day.twice or day.lost)


def _load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _keep(path: Path, figures: dict[str, Any], origin: Mapping[str, Any], part: str) -> None:
    """Save after each part: the next one may take long."""
    figures.setdefault("origin", {})[part] = origin
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dumps(figures, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")


def _check_room(folder: Path, most: int) -> None:
    free, needed = shutil.disk_usage(folder).free, most * BYTES_EACH
    if free < 1.2 * needed:
        raise typer.BadParameter(
            f"{most} returns take {needed / 1e9:.0f} GB, {folder} has {free / 1e9:.0f}: another --folder, or smaller --sizes"
        )


def _say(line: str) -> None:
    """Progress goes to standard error; the report is what standard output holds."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)
