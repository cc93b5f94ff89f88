"""Accuracy on freshly made Word and Excel returns, by kind of file and layout; docs/electronic.md tells the figures.

python -m tests.bench.electronic --seed 500801 --count 240
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from extractors.glyphs import form_to_alphabet
from extractors.typed import open_typed
from pipeline.group import tables_to_returns
from pipeline.judge import ErrorBudget
from pipeline.typed import find_typed_tables
from samples.electronic import make_electronic_set
from samples.truth import TruthFile
from schemas.errors import KuohaoError
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.bench.score import FileScore, Score, count_files, score_file

ALPHABET = form_to_alphabet(SAFETY_MONTH)


def main(
    seed: Annotated[int, typer.Option(help="Seed of the set.")] = 1,
    count: Annotated[int, typer.Option(help="Files to make.")] = 60,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the set in.")] = None,
    misses: Annotated[int, typer.Option(help="Wrong slots and fields to list.")] = 20,
) -> None:
    """Make a set, read it, and print what came of it."""
    with tempfile.TemporaryDirectory() if keep is None else nullcontext(str(keep)) as folder:
        made = make_electronic_set(Path(folder), seed=seed, count=count)
        start = time.perf_counter()
        scores = [_score(Path(folder), truth) for truth in made]
        seconds = time.perf_counter() - start
    groups: dict[str, list[FileScore]] = defaultdict(list)
    for score in scores:
        groups[score.capture].append(score)
        groups[f"{score.capture} {score.modifiers[0]}"].append(score)
    print(f"## Seed {seed}, {count} files, {seconds / max(count, 1):.2f} s each\n")
    print(
        "| files | n | returns found | extra | slots | right | silent | flagged | fields right | fields silent | flagged |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, group in sorted(groups.items(), key=lambda one: (" " in one[0], one[0])):
        print(_line(name, len(group), count_files(group)))
    _tell_misses(scores, misses)


def read_electronic(path: Path) -> tuple[Reading, ...]:
    """A file's readings without any engine; none where it cannot be read."""
    try:
        finds = find_typed_tables(open_typed(path), SAFETY_MONTH, ALPHABET)
    except KuohaoError:
        return ()
    return tables_to_returns(path, [find for find in finds if find.items], SAFETY_MONTH, ALPHABET, ErrorBudget())


def _score(folder: Path, truth: TruthFile) -> FileScore:
    return score_file(truth.returns, read_electronic(folder / truth.file))


def _line(name: str, files: int, score: Score) -> str:
    cells = [name, files, f"{score.found} of {score.returns}", score.extra, score.slots]
    cells += [f"{100 * score.right / score.slots:.2f} %", score.silent, f"{100 * score.flagged / score.slots:.1f} %"]
    cells += [f"{100 * score.headers_right / score.headers:.1f} %", score.headers_silent]
    cells += [f"{100 * score.headers_flagged / score.headers:.1f} %"]
    return f"| {' | '.join(map(str, cells))} |"


def _tell_misses(scores: list[FileScore], most: int) -> None:
    lines = []
    for score in scores:
        for row in score.slots:
            if not row.right:
                wanted = (row.truth.state.value, row.truth.value) if row.truth else None
                found = (row.read.state.value, row.read.value, row.read.reasons) if row.read else None
                lines.append(f"{'SILENT ' if row.silent else ''}{row.file} {row.path}: {wanted} read {found}")
        lines += [
            f"{'' if field.flagged else 'SILENT '}{field.file} {field.field}: {field.truth} read {field.read}"
            for field in score.headers
            if not field.right
        ]
    lines.sort(key=lambda line: not line.startswith("SILENT"))
    print("\n" + "\n".join(lines[:most]))


if __name__ == "__main__":
    typer.run(main)
