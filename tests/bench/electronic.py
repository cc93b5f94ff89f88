"""Accuracy on freshly made Word and Excel returns, by kind of file and layout; docs/electronic.md tells the figures.

python -m tests.bench.electronic --seed 500801 --count 240
python -m tests.bench.electronic --seed 500901 --count 40 --forms all
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from extractors.glyphs import form_to_alphabet
from extractors.typed import open_typed
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.group import tables_to_returns
from pipeline.reading.typed.tables import find_typed_tables
from samples.electronic import make_electronic_set
from samples.forms import sample_forms
from samples.truth import TruthFile
from schemas.errors import KuohaoError
from schemas.form import Form
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.bench.forms import as_form, form_of_blank
from tests.bench.score import FileScore, Score, count_files, score_file, without_empty_rows

BUILT_IN = SAFETY_MONTH.id

FORMS: Mapping[str, Form] = {BUILT_IN: SAFETY_MONTH, **sample_forms()}


def main(
    seed: Annotated[int, typer.Option(help="Seed of the set.")] = 1,
    count: Annotated[int, typer.Option(help="Files to make, of each form.")] = 60,
    forms: Annotated[str, typer.Option(help="Ids of forms, by comma, or all: the twelve invented ones.")] = BUILT_IN,
    from_blank: Annotated[str, typer.Option(help="Read with the form made from a blank of this kind: docx or xlsx.")] = "",
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the set in.")] = None,
    misses: Annotated[int, typer.Option(help="Wrong slots and fields to list.")] = 20,
) -> None:
    """Make a set, read it, and print what came of it."""
    chosen = list(sample_forms()) if forms == "all" else forms.split(",")
    scores: list[FileScore] = []
    groups: dict[str, list[FileScore]] = defaultdict(list)
    seconds = 0.0
    with tempfile.TemporaryDirectory() if keep is None else nullcontext(str(keep)) as folder:
        for place, name in enumerate(chosen):
            out = Path(folder) / name
            made = make_electronic_set(out, seed=seed + place, count=count, form=FORMS[name])
            start = time.perf_counter()
            form = FORMS[name]
            blank = form_of_blank(form, from_blank, seed + place, out / "blank") if from_blank else form
            own = [_score(out, truth, form, blank) for truth in made]
            seconds += time.perf_counter() - start
            groups[f"form {name}"] += own
            scores += own
    for score in scores:
        groups[score.capture].append(score)
        groups[f"{score.capture} {score.modifiers[0]}"].append(score)
    print(f"## Seed {seed}, {count} files of each form, {seconds / max(len(scores), 1):.2f} s each\n")
    print(
        "| files | n | returns found | extra | slots | right | silent | flagged | fields right | fields silent | flagged |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, group in sorted(groups.items(), key=lambda one: (" " in one[0], one[0])):
        print(_line(name, len(group), count_files(group)))
    _tell_misses(scores, misses)


def read_electronic(path: Path, form: Form = SAFETY_MONTH) -> tuple[Reading, ...]:
    """A file's readings without any engine; none where it cannot be read."""
    alphabet = form_to_alphabet(form)
    try:
        finds = find_typed_tables(open_typed(path), form, alphabet)
    except KuohaoError:
        return ()
    return tables_to_returns(path, [find for find in finds if find.items], form, alphabet, ErrorBudget())


def _score(folder: Path, truth: TruthFile, form: Form, made: Form | None) -> FileScore:
    """A file read as a form, or as the one made from a blank of it."""
    readings = read_electronic(folder / truth.file, made) if made is not None else ()
    return without_empty_rows(score_file(truth.returns, [as_form(one, form, made or form) for one in readings]), form)


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
