"""Accuracy on returns of the twelve invented forms, beside the built-in form in the same run.

python -m tests.bench.forms --seed 500601 --count 6
python -m tests.bench.forms --seed 500602 --count 6 --from-blank flatbed
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from pipeline.forms.finding import find_blank_form
from pipeline.forms.paper import load_blank_readers
from samples.forms import sample_forms
from samples.make import make_set
from samples.truth import Truth
from schemas.errors import KuohaoError
from schemas.form import Form, Mark, Slot
from schemas.reading import Reading
from schemas.safety_month import SAFETY_MONTH
from tests.bench.blanks import SOURCES, make_blank, pair
from tests.bench.runs import Task, read_many
from tests.bench.score import FileScore, Score, SlotRow, count_files, count_slots, score_file, without_empty_rows
from tests.bench.tables import file_table, miss_lines, slot_table

CAPTURES = "digital,flatbed,camscanner,photo,wechat,fax"

FORMS: Mapping[str, Form] = {SAFETY_MONTH.id: SAFETY_MONTH, **sample_forms()}


def main(
    seed: Annotated[int, typer.Option(help="Seed of the sets; for figures never one that anything was tuned on.")] = 1,
    count: Annotated[int, typer.Option(help="Returns of each form.")] = 6,
    forms: Annotated[str, typer.Option(help="Ids of forms, by comma; all, and the built-in one, if empty.")] = "",
    captures: Annotated[str, typer.Option(help="Kinds of capture, by comma.")] = CAPTURES,
    fillings: Annotated[str, typer.Option(help="typed, font; by comma.")] = "typed",
    from_blank: Annotated[
        str, typer.Option(help=f"Read with the form made from a blank taken so: {', '.join(SOURCES)}.")
    ] = "",
    workers: Annotated[int, typer.Option(help="Processes that make returns and read them.")] = 2,
    misses: Annotated[int, typer.Option(help="Wrong slots to list.")] = 30,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the sets in.")] = None,
) -> None:
    """Make returns of each form, read them as that form, and print what came of it."""
    chosen = forms.split(",") if forms else list(FORMS)
    if unknown := [name for name in chosen if name not in FORMS]:
        raise typer.BadParameter(f"no such form: {', '.join(unknown)}; choose from {', '.join(FORMS)}")
    found: dict[str, list[FileScore]] = {}
    with tempfile.TemporaryDirectory() if keep is None else nullcontext(str(keep)) as folder:
        sets = {}
        # All are made before any engine is loaded: a process with threads must not fork.
        for place, name in enumerate(track(chosen, "making", console=Console(stderr=True), transient=True)):
            sets[name] = make_set(
                Path(folder) / name, seed=seed + place, count=count, captures=captures.split(","),
                fillings=fillings.split(","), workers=workers, form=FORMS[name],
            )  # fmt: skip
        for place, name in enumerate(track(chosen, "reading", console=Console(stderr=True), transient=True)):
            out, form = Path(folder) / name, FORMS[name]
            made = form_of_blank(form, from_blank, seed + place, out / "blank") if from_blank else form
            found[name] = read_set(out, sets[name], form, workers, made=made)
    how = f", read with forms made from blanks ({from_blank})" if from_blank else ""
    print(f"## Seed {seed}, {count} returns of each form{how}\n")
    print(tell(found))
    rows = [row for files in found.values() for file in files for row in file.slots]
    if misses and (lines := miss_lines(rows, misses)):
        print(f"\n### Misses, silent ones first\n\n{lines}")


def read_set(folder: Path, truths: Sequence[Truth], form: Form, workers: int, *, made: Form | None) -> list[FileScore]:
    """Returns of one form, read as that form, or as the one `made` from a blank of it, and scored.

    None is read where no form could be made.
    """
    tasks = {truth.file: Task(folder / truth.file, 1, form=made) for truth in truths if made is not None}
    outcomes = dict(read_many(tasks, workers))
    scores = []
    for truth in truths:
        outcome = outcomes.get(truth.file)
        readings = [] if outcome is None else [as_form(reading, form, made or form) for reading in outcome.readings]
        scores.append(score_file([truth], readings, "no form found in the blank" if outcome is None else outcome.failure))
    return [without_empty_rows(score, form) for score in scores]


def form_of_blank(form: Form, source: str, seed: int, stem: Path) -> Form | None:
    """The form that is made from a blank of a form, printed and taken or typed; None where none is found."""
    try:
        return find_blank_form(make_blank(form, source, seed, stem), readers=load_blank_readers()).form
    except KuohaoError:
        return None


def tell(found: Mapping[str, Sequence[FileScore]]) -> str:
    """What came of it as Markdown: by form, by kind of slot and by capture, the built-in form's slots in neither."""
    others = [file for name, files in found.items() if name != SAFETY_MONTH.id for file in files]
    by_form = {name: count_files(files) for name, files in found.items()}
    if len(found) > 1:
        by_form["all others than the built-in"] = count_files(others)
    kinds: dict[str, list[SlotRow]] = defaultdict(list)
    for name, files in found.items():
        if name != SAFETY_MONTH.id:
            for file in files:
                for row in file.slots:
                    kinds[slot_kind(FORMS[name], row.path)].append(row)
    parts = [file_table("form", by_form)]
    if others:
        parts += [slot_table("kind of slot", {name: count_slots(rows) for name, rows in sorted(kinds.items())})]
        parts += [file_table("capture", _by_capture(others))]
    failed = [f"{file.file}: {file.failure}" for files in found.values() for file in files if file.failure]
    return "\n\n".join((*parts, *(["### Not read\n\n" + "\n".join(failed)] if failed else [])))


def as_form(reading: Reading, form: Form, made: Form) -> Reading:
    """A reading by the form made from a blank, its slots and fields named as in the form itself: by words and by kinds."""
    if made == form:
        return reading
    paths = {own.path: true.path for true, own in pair(form.slots, made.slots)}
    keys = {own.key: true.key for true in form.header for own in made.header if own.label == true.label}
    slots = tuple(slot.model_copy(update={"path": _renamed(slot.path, paths)}) for slot in reading.slots)
    header = {keys.get(key, f"made {key}"): field for key, field in reading.header.items()}
    return reading.model_copy(update={"slots": slots, "header": header})


def slot_kind(form: Form, path: str) -> str:
    """What a slot holds and what is printed for it: count （）, money cell, tick □."""
    slot = {slot.path: slot for slot in form.slots}.get(_plain_path(path))
    return "unknown" if slot is None else f"{slot.kind.value} {_mark(slot)}"


def _renamed(path: str, paths: Mapping[str, str]) -> str:
    """A slot's path in the form itself; one that the form does not have keeps its own."""
    true = paths.get(_plain_path(path))
    if true is None:
        return f"made {path}"
    turn = path.partition(".")[0].partition("[")[2]
    item, _, name = true.partition(".")
    return f"{item}[{turn}.{name}" if turn else true


def _mark(slot: Slot) -> str:
    if slot.mark is not Mark.CELL:
        return slot.mark.value
    return "cell of a totals row" if slot.sums else "cell of a unit's row" if slot.repeats else "cell"


def _plain_path(path: str) -> str:
    """The path of a slot in the form: units[3].teams is units.teams."""
    item, _, slot = path.partition(".")
    return f"{item.partition('[')[0]}.{slot}"


def _by_capture(files: Iterable[FileScore]) -> dict[str, Score]:
    groups: dict[str, list[FileScore]] = defaultdict(list)
    for file in files:
        groups[f"{file.capture}, {file.filling}"].append(file)
    return {name: count_files(group) for name, group in groups.items()}


if __name__ == "__main__":
    typer.run(main)
