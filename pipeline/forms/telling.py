"""What the form commands print: the form file with what to look at, and slots as a table for people."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from pipeline.forms.compose import FoundForm
from pipeline.forms.doubts import Doubt
from pipeline.forms.finding import find_blank_form
from pipeline.words import pick
from schemas.errors import ConfigError
from schemas.form_file import form_to_toml

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


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


def with_comments(text: str, doubts: Sequence[Doubt], *, chinese: bool) -> str:
    """A form file with what a person should look at as comments at its top."""
    if not doubts:
        return text
    told = [doubt.told(chinese=chinese).replace("\n", " ") for doubt in doubts]
    lines = [pick("请核对：", "Please look at:"), *(f"- {line}" for line in told)]
    return "".join(f"# {line}\n" for line in lines) + "\n" + text


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
