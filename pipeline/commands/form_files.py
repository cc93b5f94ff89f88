"""What the form commands print: the form file with what to look at, and slots as a table for people."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.commands.form_option import find_form
from pipeline.forms.checking import Odd, Oddity, check_form
from pipeline.forms.comments import ID, with_comments
from pipeline.forms.compose import FoundForm
from pipeline.forms.finding import find_blank_form
from pipeline.forms.places import PAPER, Places, draw_places, find_places
from pipeline.words import pick
from schemas.errors import ConfigError, DocumentError, NoTable
from schemas.form import Form, Slot, SlotKind
from schemas.form_file import form_to_toml

KINDS = {
    SlotKind.COUNT: "整数",
    SlotKind.TEXT: "文字",
    SlotKind.MONEY: "金额",
    SlotKind.DATE: "日期",
    SlotKind.TICK: "打勾",
}


def new_form(file: Path, output: Path | None, form_id: str, *, as_json: bool, chinese: bool) -> None:
    """Make the form file of a blank; what is doubtful is told, and stands in it as comments.

    Raises ConfigError for an id that cannot be and for an output that is there already; what `find_blank_form` raises.
    """
    if form_id and not ID.fullmatch(form_id):
        raise ConfigError(f"--id {form_id}: a-z 0-9 -")
    if output is not None and output.exists():
        raise ConfigError(f"--output {output}: {pick('文件已存在', 'is there already')}")
    found = find_blank_form(file, form_id=form_id)
    text = with_comments(form_to_toml(found.form), found.doubts, chinese=chinese)
    if output is not None:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"--output {output}: {error.strerror}") from error
    if as_json:
        doubts = [{"code": doubt.why.value, "words": doubt.words} for doubt in found.doubts]
        print(json.dumps({"form": tomllib.loads(text), "doubts": doubts}, ensure_ascii=False))
    elif output is None:
        print(text, end="")
    _tell(found, output, as_json=as_json, chinese=chinese)


def check_file(file: Path, against: Path | None, picture: Path | None, *, as_json: bool, chinese: bool) -> None:
    """Show a form file's slots and what is odd about them; with a blank, whether each is found on it.

    Raises FormFileError for a file that is no form, ConfigError, and typer.Exit with 3 where a slot is not found.
    """
    form = find_form(str(file))
    if picture is not None and against is None:
        raise ConfigError("--picture needs --against")
    oddities = list(check_form(form))
    places = find_places(form, against) if against is not None else None
    missing = places.missing(form) if places is not None else []
    labels = {slot.path: slot.label for slot in form.slots}
    oddities += [Oddity(Odd.NOT_FOUND, labels[path]) for path in missing]
    if picture is not None and against is not None:
        save_picture(form, against, places, picture)
    if as_json:
        told = [{"code": one.odd.value, "words": one.words} for one in oddities]
        print(json.dumps({"id": form.id, "slots": len(form.slots), "missing": missing, "odd": told}, ensure_ascii=False))
    else:
        show_form(form, oddities, None if places is None else frozenset(places.found), chinese=chinese)
    if missing:
        raise typer.Exit(DocumentError.exit_code)


def save_picture(form: Form, blank: Path, places: Places | None, picture: Path) -> None:
    """Write the blank's pages with their slots numbered, one below the other."""
    pages = [page for _, page in draw_places(form, blank, places)]
    width = max((page.shape[1] for page in pages), default=1)
    padded = [cv2.copyMakeBorder(one, 0, 8, 0, width - one.shape[1], cv2.BORDER_CONSTANT, value=PAPER) for one in pages]
    if not padded:
        raise NoTable()
    written, encoded = cv2.imencode(picture.suffix or ".png", np.vstack(padded))
    if not written:
        raise ConfigError(f"--picture {picture}")
    try:
        picture.write_bytes(encoded.tobytes())
    except OSError as error:
        raise ConfigError(f"--picture {picture}: {error.strerror}") from error


def show_form(form: Form, oddities: Sequence[Oddity], found: Container[str] | None, *, chinese: bool) -> None:
    """A form's slots as a table: number, words, kind, unit, rule, and whether each is `found` on a blank."""
    console = Console()
    fields = "  ".join(field.label for field in form.header)
    console.print(f"[bold]{escape(form.title)}[/]  {escape(form.id)}\n{escape(fields)}", highlight=False)
    table = Table(box=None, pad_edge=False)
    for title in (
        pick("序号", "no."), pick("填写处", "slot"), pick("类型", "kind"), pick("单位", "unit"), pick("规则", "rule"),
        *((pick("空白表", "blank"),) if found is not None else ()),
    ):  # fmt: skip
        table.add_column(title)
    numbers = {slot.path: number for number, slot in enumerate(form.slots, 1)}
    for item in form.items:
        table.add_row("", f"[bold]{escape(item.heading)}[/]")
        for slot in item.slots:
            cells = [str(numbers[slot.path]), escape(slot.label), kind_told(slot.kind), slot.unit, rule_told(slot, numbers)]
            if found is not None:
                cells.append("✓" if slot.path in found else "[red]✗[/]")
            table.add_row(*cells)
    console.print(table, highlight=False)
    for one in oddities:
        console.print(escape(one.told(chinese=chinese)), style="yellow", highlight=False)
    if not oddities:
        console.print(pick("没有发现问题。", "Nothing odd."), style="green", highlight=False)


def kind_told(kind: SlotKind) -> str:
    """What a slot holds, for people."""
    return pick(KINDS[kind], kind.value)


def rule_told(slot: Slot, numbers: Mapping[str, int]) -> str:
    """Which other slots a slot has to do with, by their numbers."""
    parts = []
    if slot.events:
        parts.append(pick(f"对应场次 {numbers[slot.events]}", f"events {numbers[slot.events]}"))
    if slot.sums:
        summed = " ".join(str(numbers[path]) for path in slot.sums)
        parts.append(pick(f"合计 {summed}", f"sums {summed}"))
    if slot.choice:
        parts.append(pick(f"单选 {slot.choice}", f"choice {slot.choice}"))
    if slot.repeats:
        parts.append(pick("可多行", "repeats"))
    return " ".join(parts)


def _tell(found: FoundForm, output: Path | None, *, as_json: bool, chinese: bool) -> None:
    """What was found, in a line, and what to look at, on stderr: the form itself may go into a pipe."""
    console = Console(stderr=True, soft_wrap=True)
    form = found.form
    console.print(
        pick(
            f"{form.title}：{len(form.items)} 项，{len(form.slots)} 个填写处，表头 {len(form.header)} 项。",
            f"{form.title}: {len(form.items)} items, {len(form.slots)} slots, {len(form.header)} header fields.",
        ),
        highlight=False,
        markup=False,
    )
    for doubt in () if as_json else found.doubts:
        console.print(f"  {escape(doubt.told(chinese=chinese))}", style="yellow", highlight=False)
    if output is not None:
        console.print(pick(f"已写入 {output}", f"Written: {output}"), highlight=False, markup=False)
