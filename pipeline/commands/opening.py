"""The commands' way to another collection: of a form, or as a notice asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.collecting import Change, is_office, opened
from pipeline.commands.form_option import form_text_of
from pipeline.settings import Settings
from pipeline.store import Store, add_collection, add_form, collections, forms, set_collection
from pipeline.words import pick
from schemas.errors import ConfigError
from schemas.form import Form
from schemas.form_file import toml_to_form
from schemas.forms import FORMS
from schemas.office import Collection

if TYPE_CHECKING:
    from pipeline.notice.founding import Taken

HEADINGS = ("项目 内容 出处 请核对", "what words source to look at")


def begin_collection(settings: Settings, form: str, change: Change) -> str:
    """Open a collection of a form (a form file, or the id of a form that is known), beside those there are; its name.

    Raises ConfigError for a form that there is not, FormFileError, FormInUse.
    """
    with opened(settings) as store:
        asked, text = _form_of(forms(store), form)
        if text is not None:
            add_form(store, text, who=getuser())
        wanted = change.of(Collection(asked.title, asked.id, ()))
        open_collection(store, wanted)
    return wanted.name


def found_collection(
    settings: Settings, notice: Path, form: str | None, change: Change, *, dry_run: bool = False
) -> str | None:
    """Open the collection that a notice asks for, but for what is said otherwise; its name, None for a `dry_run`.

    What was taken from where, and what is doubtful or missing, is shown. Raises a DocumentError where the notice cannot be
    read; ConfigError where it holds no blank and no form is given, or no name is found and none given.
    """
    from pipeline.forms.shelf import put_blank, save_form
    from pipeline.notice.founding import read_founding

    # Asking makes no office where there is none.
    with nullcontext() if dry_run and not is_office(settings) else opened(settings) as store:
        known = FORMS if store is None else forms(store)
        asked, text = _form_of(known, form) if form is not None else (None, None)
        made = read_founding(notice, known, asked)
        wanted, text = change.of(made.wanted), text or made.text
        said = {"名称": change.name, "填报期限": change.set_deadline, "单位名单": change.units}
        _show([replace(one, doubts=()) if said.get(one.what) else one for one in made.taken])
        if made.form is None:
            raise ConfigError(pick("通知中没有空白表：请用 --form 指定表样", "no blank in the notice: --form"))
        if not wanted.name:
            raise ConfigError(pick("没有从通知中得出名称：请用 --name 指定", "no name in the notice: --name"))
        if dry_run or store is None:
            return None
        if text is not None:
            save_form(store, settings.home, text, who=getuser(), blank=notice if made.text is not None else None)
        elif made.form.id not in FORMS and asked is None:
            put_blank(settings.home, made.form.id, notice)
        open_collection(store, wanted)
    if not wanted.units:
        _point_to_roster(wanted.name)
    return wanted.name


def open_collection(store: Store, wanted: Collection) -> int:
    """Put another collection on record; before anything has been said or has come, it is the only one. Its id."""
    return add_collection(store, wanted) if collections(store)[0].id else set_collection(store, replace(wanted, id=0))


def _form_of(known: Mapping[str, Form], name: str) -> tuple[Form, str | None]:
    """A form that the office has, or the one of a file with the file's text."""
    if name in known:
        return known[name], None
    text = form_text_of(Path(name))
    return toml_to_form(text), text


def _show(taken: Sequence[Taken]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in pick(*HEADINGS).split(" ", 3):
        table.add_column(heading, overflow="fold")
    for one in taken:
        cells = (one.what, one.words or "—", one.source, "\n".join(one.doubts))
        table.add_row(*map(Text, cells), style="yellow" if one.doubts else "")
    Console().print(table, highlight=False)


def _point_to_roster(name: str) -> None:
    Console(stderr=True, soft_wrap=True).print(
        pick(
            f"还没有单位名单：请运行 kuohao collection --collection {name} --roster 名单.csv",
            f"No roster: kuohao collection --collection {name} --roster FILE",
        ),
        style="yellow",
        highlight=False,
        markup=False,
    )
