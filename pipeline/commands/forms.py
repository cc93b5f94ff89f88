"""The commands about forms: made from a blank, checked, and filled with the totals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.office import Home, Named
from pipeline.settings import load_settings
from pipeline.words import speaks_chinese
from schemas.form import FieldKind

forms = typer.Typer()
form = typer.Typer(
    name="form",
    help="Forms: from a blank to a form file, and back. 表样：由空白表生成、检查、填回。",
    no_args_is_help=True,
    add_completion=False,
)
forms.add_typer(form)

Blank = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A notice or a blank form: scan, photo, PDF, Word, Excel. 通知或空白表。"),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of TOML or a table. 输出 JSON。")]


@form.command(name="new", epilog="Example: kuohao form new 通知.pdf --output 统计表.toml")
def new_command(
    file: Blank,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FORM.toml", help="Form file to write; else shown. 表样文件。", dir_okay=False),
    ] = None,
    form_id: Annotated[str, typer.Option("--id", help="The form's id; else made from its words. 表样编号。")] = "",
    as_json: AsJson = False,
) -> None:
    """Find the blank table in a file and write its form file. 在通知或空白表中找出统计表，生成表样文件。"""
    from pipeline.commands.form_files import new_form

    new_form(file, output, form_id, as_json=as_json, chinese=speaks_chinese())


@form.command(name="check", epilog="Example: kuohao form check 统计表.toml --against 通知.pdf --picture 表样.png")
def check_command(
    file: Annotated[Path, typer.Argument(metavar="FORM.toml", help="Form file. 表样文件。")],
    against: Annotated[
        Path | None, typer.Option(metavar="BLANK", help="See that every slot is found on it. 用空白表核对。")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="OUT.png", help="The blank with its slots numbered. 标出填写处的图。", dir_okay=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a form file, and show what it says is filled in where. 检查表样文件，列出填写处。"""
    from pipeline.commands.form_files import check_file

    check_file(file, against, picture, as_json=as_json, chinese=speaks_chinese())


@form.command(name="fill", epilog="Example: kuohao form fill --home 办公室 --output 上报.docx --unit 云川市总工会")
def fill_command(
    home: Home = None,
    form_id: Annotated[
        str | None, typer.Option("--form", metavar="ID", help="Which form; else what is collected. 表样编号。")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A .docx or .pdf; else HOME/汇总/上报表.docx. 输出文件。", dir_okay=False),
    ] = None,
    unit: Annotated[str, typer.Option(help="Who reports. 填报单位。")] = "",
    contact: Annotated[str, typer.Option(help="Whom to ask. 联系人。")] = "",
    phone: Annotated[str, typer.Option(help="By which telephone. 电话。")] = "",
    date: Annotated[str, typer.Option(help="On which day; else today in China. 填报日期，默认为今天。")] = "",
    provisional: Annotated[
        bool, typer.Option("--provisional", help="Also while slots are open; marked ※. 尚有待审核项时先填暂定数。")
    ] = False,
    collection: Named = None,
) -> None:
    """Write the totals into the form itself, ready to stamp and report upwards. 把合计填回统计表，盖章后上报。"""
    from pipeline.commands.form_filling import fill_office

    said = {FieldKind.UNIT: unit, FieldKind.NAME: contact, FieldKind.PHONE: phone, FieldKind.DATE: date}
    settings = load_settings(home=home)
    made = fill_office(settings, form_id, output, said, provisional=provisional, collection=collection)
    print(made)
