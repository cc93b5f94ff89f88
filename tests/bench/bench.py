"""Accuracy, calibration and time on freshly made returns, beside rivals on the same pages; docs/bench.md explains all.

python -m tests.bench.bench --seed 500001 --count 24
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from samples.make import make_set
from samples.oddities import ODD_SHARE
from samples.styles import parse_styles
from samples.truth import Truth
from tests.bench.clock import missing_stages
from tests.bench.figures import measure_accuracy, measure_reliability, measure_speed, rows_of
from tests.bench.record import origin_of, write_figures, write_slots
from tests.bench.runs import Beside, Outcome, Task, read_beside, read_many, scans_first, spread
from tests.bench.score import FileScore, score_file
from tests.bench.sheets import draw_hardest, draw_worst
from tests.bench.tables import accuracy_tables, miss_lines, reliability_tables, speed_tables

TYPED_CAPTURES = "digital,flatbed,camscanner,photo,wechat,fax,curled"

# What the pipeline promises when it is told nothing: deciles of accepted slots are held against it.
DEFAULT_BUDGET = 1000


def main(
    seed: Annotated[int, typer.Option(help="Seed of the set; for figures never one that anything was tuned on.")] = 1,
    count: Annotated[int, typer.Option(help="Returns to make.")] = 24,
    captures: Annotated[str, typer.Option(help="Kinds of capture, by comma.")] = TYPED_CAPTURES,
    fillings: Annotated[str, typer.Option(help="typed, font, digits; by comma.")] = "typed",
    digits: Annotated[str, typer.Option(help="Bank of handwritten digits for filling digits: .npz or .zip.")] = "",
    hands: Annotated[str, typer.Option(help="Styles of the pen (samples.styles.STYLES, or all), by comma.")] = "",
    odd: Annotated[float, typer.Option(help="Share of counts with an oddity (samples.oddities), with --hands.")] = ODD_SHARE,
    hard: Annotated[str, typer.Option(help="Hard kinds (samples.hard.KINDS, or none), by comma.")] = "",
    budget: Annotated[int | None, typer.Option(help="Read with a budget of 1 wrong in so many, not the default.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that make returns, and read those that are not timed.")] = 2,
    threads: Annotated[int, typer.Option(help="Threads of each reader while it is timed.")] = 2,
    timed: Annotated[int, typer.Option(help="Returns read one by one for time; 0 for accuracy alone.")] = 12,
    rivals: Annotated[int, typer.Option(help="Of those, returns that RapidOCR reads whole.")] = 6,
    tesseract: Annotated[int, typer.Option(help="Of those, returns that Tesseract reads whole; it is slow.")] = 1,
    no_rivals: Annotated[bool, typer.Option("--no-rivals", help="Neither RapidOCR nor Tesseract.")] = False,
    misses: Annotated[int, typer.Option(help="Wrong slots to list.")] = 20,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the set and pictures in.")] = None,
    overlays: Annotated[int, typer.Option(help="Hardest pages to draw into KEEP/overlays.")] = 0,
    worst: Annotated[int, typer.Option(help="Worst slots to show in KEEP/worst.png.")] = 0,
    json: Annotated[Path | None, typer.Option(help="File to save all figures in.")] = None,
    out_slots: Annotated[Path | None, typer.Option(help="CSV file to save a row a slot in.")] = None,
) -> None:
    """Make a set, read it, and print what came of it."""
    origin = origin_of(locals())
    if (overlays or worst) and keep is None:
        raise typer.BadParameter("--overlays and --worst need --keep, the folder they are drawn into")
    if timed and (missing := missing_stages()):
        raise typer.BadParameter(
            f"nothing to time at {', '.join(missing)}: bring CLOCKED in tests/bench/clock.py up to date, or use --timed 0"
        )
    share = Fraction(1, budget) if budget else None
    rivals, tesseract = (0, 0) if no_rivals or not timed else (rivals, tesseract)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() if keep is None else nullcontext(str(keep)) as folder:
        out = Path(folder)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            making = progress.add_task("making returns", total=None)
            truths = make_set(
                out,
                seed=seed,
                count=count,
                captures=captures.split(","),
                fillings=fillings.split(","),
                digits=digits or None,
                workers=workers,
                hard=hard.split(",") if hard else (),
                hands=parse_styles(hands),
                odd=odd,
            )
            progress.update(making, total=1, completed=1)
            tasks = {truth.file: Task(out / truth.file, threads, share) for truth in truths}
            first = spread(truths)[: max(timed, rivals, tesseract)]
            asked = {"RapidOCR": first[:rivals], "Tesseract": scans_first(first)[:tesseract]}
            beside = _read_timed(progress, {truth.file: tasks[truth.file] for truth in first}, asked)
            rest = _read_rest(progress, {file: task for file, task in tasks.items() if file not in beside}, workers)
        outcomes = {file: both.ours for file, both in beside.items()} | rest
        files = [score_file([truth], outcomes[truth.file].readings, outcomes[truth.file].failure) for truth in truths]
        rows = rows_of(files)
        figures = _tell(f"Seed {seed}", truths, files, beside, share or Fraction(1, DEFAULT_BUDGET), threads, load)
        if misses and (lines := miss_lines(rows, misses)):
            _say("### Misses, silent ones first", lines)
        if json:
            write_figures(json, origin, figures)
        if out_slots:
            write_slots(out_slots, rows)
        if overlays:
            draw_hardest(out, outcomes, rows, overlays, out / "overlays")
        if worst:
            draw_worst(out, rows, worst, out / "worst.png")


def _read_timed(progress: Progress, tasks: Mapping[str, Task], rivals: Mapping[str, Sequence[Truth]]) -> dict[str, Beside]:
    """Files read one by one, and by each rival those that are its."""
    if not tasks:
        return {}
    asked = {file: [name for name, few in rivals.items() if file in {truth.file for truth in few}] for file in tasks}
    bar = progress.add_task("reading beside rivals" if any(asked.values()) else "reading for time", total=len(tasks))
    found = {}
    for file, both in read_beside(tasks, asked):
        found[file] = both
        progress.advance(bar)
    return found


def _read_rest(progress: Progress, tasks: Mapping[str, Task], workers: int) -> dict[str, Outcome]:
    if not tasks:
        return {}
    bar = progress.add_task("reading", total=len(tasks))
    found = {}
    for file, outcome in read_many(tasks, workers):
        found[file] = outcome
        progress.advance(bar)
    return found


def _tell(
    title: str,
    truths: Sequence[Truth],
    files: Sequence[FileScore],
    beside: Mapping[str, Beside],
    budget: Fraction,
    threads: int,
    load: float,
) -> dict[str, Any]:
    """Print the tables; gives the figures in them."""
    rows = rows_of(files)
    figures: dict[str, Any] = {"accuracy": measure_accuracy(files), "reliability": measure_reliability(rows)}
    _say(f"## {title}, {len(truths)} returns, {len(rows)} slots", accuracy_tables(figures["accuracy"]))
    figures["failures"] = {file.file: file.failure for file in files if file.failure}
    if figures["failures"]:
        _say("\n".join(f"{file} was not read: {failure}" for file, failure in figures["failures"].items()))
    _say(reliability_tables(figures["reliability"], budget))
    if beside:
        read = [(truth, beside[truth.file]) for truth in truths if truth.file in beside]
        figures["speed"] = measure_speed(read, {file.file: file for file in files}, load)
        _say(speed_tables(figures["speed"], threads))
    return figures


def _say(*texts: str) -> None:
    """Tables go to the standard output as they are: a terminal's width must not break them."""
    for text in texts:
        print(text, end="\n\n")


if __name__ == "__main__":
    typer.run(main)
