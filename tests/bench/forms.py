"""Accuracy on returns of the twelve invented forms, beside the built-in form in the same run.

python -m tests.bench.forms --seed 500601 --count 6
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

from samples.forms import sample_forms
from samples.make import make_set
from samples.truth import Truth
from schemas.form import Form, Mark, Slot
from schemas.safety_month import SAFETY_MONTH
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
        for place, name in enumerate(track(chosen, "forms", console=Console(stderr=True), transient=True)):
            out = Path(folder) / name
            truths = make_set(
                out, seed=seed + place, count=count, captures=captures.split(","), fillings=fillings.split(","),
                workers=workers, form=FORMS[name],
            )  # fmt: skip
            found[name] = read_set(out, truths, FORMS[name], workers)
    print(f"## Seed {seed}, {count} returns of each form\n")
    print(tell(found))
    rows = [row for files in found.values() for file in files for row in file.slots]
    if misses and (lines := miss_lines(rows, misses)):
        print(f"\n### Misses, silent ones first\n\n{lines}")


def read_set(folder: Path, truths: Sequence[Truth], form: Form, workers: int) -> list[FileScore]:
    """Returns of one form, read as that form and scored."""
    outcomes = dict(read_many({truth.file: Task(folder / truth.file, 1, form=form) for truth in truths}, workers))
    scores = (score_file([truth], outcomes[truth.file].readings, outcomes[truth.file].failure) for truth in truths)
    return [without_empty_rows(score, form) for score in scores]


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


def slot_kind(form: Form, path: str) -> str:
    """What a slot holds and what is printed for it: count （）, money cell, tick □."""
    slot = {slot.path: slot for slot in form.slots}.get(_plain_path(path))
    return "unknown" if slot is None else f"{slot.kind.value} {_mark(slot)}"


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
