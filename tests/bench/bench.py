"""Accuracy, silent errors and time on freshly made returns, by capture and filling, beside rivals on the same pages.

python -m tests.bench.bench --seed 7 --count 24
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from pipeline.read import Readers, load_readers, read
from samples.make import make_set
from samples.truth import Truth
from schemas.errors import DocumentError
from schemas.form import Form
from schemas.safety_month import SAFETY_MONTH
from tests.bench.rivals import PageReader, load_rapidocr, read_by_tesseract, read_whole_pages
from tests.bench.score import Score, score_file, score_slots

TYPED_CAPTURES = "digital,flatbed,camscanner,photo,wechat,fax,curled"


def main(
    seed: Annotated[int, typer.Option(help="Seed of the set; never one that anything was tuned on.")] = 1,
    count: Annotated[int, typer.Option(help="Returns to make.")] = 24,
    captures: Annotated[str, typer.Option(help="Kinds of capture, by comma.")] = TYPED_CAPTURES,
    fillings: Annotated[str, typer.Option(help="typed, font, digits; by comma.")] = "typed",
    digits: Annotated[Path | None, typer.Option(help=".npz of handwritten digits, for filling digits.")] = None,
    tesseract: Annotated[int, typer.Option(help="Returns that Tesseract reads whole; it is slow.")] = 2,
    rivals: Annotated[bool, typer.Option(help="Read the pages with whole-page rivals too.")] = True,
    misses: Annotated[int, typer.Option(help="Wrong slots to list.")] = 20,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the set in.")] = None,
) -> None:
    """Make a set, read it, and print what came of it."""
    console = Console(width=140)
    with tempfile.TemporaryDirectory() if keep is None else nullcontext(str(keep)) as folder:
        out = Path(folder)
        sets = make_set(
            out,
            seed=seed,
            count=count,
            captures=tuple(captures.split(",")),
            fillings=tuple(fillings.split(",")),
            digits=digits,
            workers=2,
        )
        readers = load_readers(SAFETY_MONTH)
        # Compilation and first use are start-up, not reading.
        _read_ours(out, sets[0], SAFETY_MONTH, readers)
        ours = _measure(sets, lambda truth: _read_ours(out, truth, SAFETY_MONTH, readers), "kuohao")
        _print(console, f"kuohao, seed {seed}", ours)
        if rivals:
            rapid = load_rapidocr()
            _print(
                console,
                "RapidOCR whole page + difflib",
                _measure(sets, lambda truth: _read_rival(out, truth, SAFETY_MONTH, rapid), "RapidOCR"),
                against=ours,
            )
            few = sets[:tesseract]
            _print(
                console,
                "Tesseract chi_sim whole page + difflib",
                _measure(few, lambda truth: _read_rival(out, truth, SAFETY_MONTH, read_by_tesseract), "Tesseract"),
                against={key: score for key, score in ours.items() if key in {truth.file for truth in few}},
            )
    wrong = [miss for score in ours.values() for miss in score.misses]
    for miss in sorted(wrong, key=lambda miss: miss.flagged)[:misses]:
        console.print(
            f"{'flagged' if miss.flagged else 'SILENT '} {miss.file} {miss.path}: {miss.truth} read as {miss.read}",
            highlight=False,
            markup=False,
        )


Scores = dict[str, Score]
"""Scores by file; the kinds are looked up in `_KINDS`."""

_KINDS: dict[str, tuple[str, str]] = {}


def _measure(sets: Sequence[Truth], read_one: Callable[[Truth], Score], name: str) -> Scores:
    scores = {}
    for truth in track(sets, description=name, console=Console(stderr=True), transient=True):
        _KINDS[truth.file] = (truth.capture, truth.filling)
        scores[truth.file] = read_one(truth)
    return scores


def _read_ours(out: Path, truth: Truth, form: Form, readers: Readers) -> Score:
    start = time.perf_counter()
    try:
        readings = read(out / truth.file, form=form, readers=readers).readings
    except DocumentError:
        readings = ()
    return score_file([truth], readings, time.perf_counter() - start)


def _read_rival(out: Path, truth: Truth, form: Form, reader: PageReader) -> Score:
    start = time.perf_counter()
    found = read_whole_pages(out / truth.file, form, reader)
    seconds = time.perf_counter() - start
    return score_slots(truth, found) + Score(seconds=seconds)


def _print(console: Console, title: str, scores: Scores, against: Scores | None = None) -> None:
    """A Markdown table by capture and filling, with n, and the whole."""
    groups: dict[tuple[str, str], Score] = defaultdict(Score)
    for file, score in scores.items():
        groups[_KINDS[file]] += score
    groups["all", ""] = sum(scores.values(), Score())
    console.print(f"\n### {title}\n", highlight=False)
    console.print("| capture | filling | returns | slots | right % | silent / 1,000 | flagged % | header % | s / return |")
    console.print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for (capture, filling), score in groups.items():
        n = max(score.slots, 1)
        console.print(
            f"| {capture} | {filling} | {score.returns} | {score.slots} | {100 * score.right / n:.2f} "
            f"| {1000 * score.silent / n:.1f} | {100 * score.flagged / n:.1f} "
            f"| {25 * score.headers / max(score.returns, 1):.0f} | {score.seconds / max(score.returns, 1):.2f} |",
            highlight=False,
        )
    if against:
        ratio = groups["all", ""].seconds / max(sum(score.seconds for score in against.values()), 1e-9)
        console.print(f"\ntime against kuohao on the same pages in this run: {ratio:.1f} ×", highlight=False)


if __name__ == "__main__":
    typer.run(main)
