"""The office's commands: what became of files, what is collected, who has returned, the tables of it all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.settings import load_settings
from schemas.errors import ConfigError

office = typer.Typer()

Home = Annotated[
    Path | None,
    typer.Option(help="Originals and store; else KUOHAO_HOME, else output. 原件和数据库所在文件夹。", file_okay=False),
]
Roster = Annotated[
    Path | None,
    typer.Option(help="CSV of units: name, aliases, parent. 单位名单（CSV：名称、别名、上级）。", dir_okay=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON for each. 每项输出一行 JSON。")]
Named = Annotated[
    str | None,
    typer.Option("--collection", metavar="NAME", help="Which of several, by name; else all open ones. 收集任务名称。"),
]
Output = Annotated[
    Path | None, typer.Option(help="Folder of the tables; else HOME/汇总. 结果文件夹，默认为 HOME/汇总。", file_okay=False)
]


@office.command(name="status", epilog="Example: kuohao status --json")
def status_command(home: Home = None, as_json: AsJson = False, collection: Named = None) -> None:
    """Show what became of every file that ever arrived. 显示每个文件的处理状态。"""
    from pipeline.commands.desk import show_status

    show_status(load_settings(home=home), as_json=as_json, collection=collection)


@office.command(name="collection", epilog="Example: kuohao collection --roster 名单.csv --deadline 2026-12-01T18:00")
def collection_command(
    name: Annotated[str | None, typer.Option(help="What people call it; else the form's title. 名称。")] = None,
    roster: Roster = None,
    deadline: Annotated[
        str | None,
        typer.Option(
            metavar="DAY[THH:MM]",
            help="By China's clock, a day to its end; none for none. 填报期限，none 为无。",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--form", metavar="FILE|ID", help="Open another collection, of this form. 新建收集任务：表样文件或表样编号。"
        ),
    ] = None,
    notice: Annotated[
        Path | None,
        typer.Option(
            help="Open the collection that a notice asks for: name, deadline, form, roster. 按通知新建收集任务。",
            dir_okay=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --notice: only show what it would be. 只显示，不新建。")
    ] = False,
    title: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="What its returns' titles say, as 2027年; else its name's year. 标题中的字样。"),
    ] = None,
    collection: Named = None,
    listed: Annotated[bool, typer.Option("--list", help="Show all, open and closed. 列出全部收集任务。")] = False,
    close: Annotated[
        str | None, typer.Option(metavar="NAME", help="Take no more returns for it. 结束收集任务，不再接收。")
    ] = None,
    reopen: Annotated[str | None, typer.Option(metavar="NAME", help="Take them again. 重新开始。")] = None,
    home: Home = None,
) -> None:
    """Say what is collected, from whom, until when; without options show it. 设置或显示收集任务：名称、名单、期限。

    With --form or --notice it is another collection beside those there are; else the only open one is changed, or the one
    of --collection. 用 --form 或 --notice 新建另一个任务；否则修改现有的（有几个时用 --collection 指明）。
    """
    from pipeline.commands.collecting import (
        Change,
        change_collection,
        close_collection,
        parse_deadline,
        show_collection,
        show_collections,
    )
    from pipeline.reading.units import read_units

    if (form or notice) is not None and collection is not None:
        raise ConfigError("--collection: --form, --notice")
    if dry_run and notice is None:
        raise ConfigError("--dry-run: --notice")
    due = parse_deadline(deadline) if deadline is not None else None
    units = read_units(roster) if roster is not None else None
    change = Change(name, title, units, due, deadline is not None)
    settings, shown = load_settings(home=home), collection
    if notice is not None:
        from pipeline.commands.opening import found_collection

        shown = found_collection(settings, notice, form, change, dry_run=dry_run)
        if shown is None:
            return
    elif form is not None:
        from pipeline.commands.opening import begin_collection

        shown = begin_collection(settings, form, change)
    elif change != Change():
        shown = change_collection(settings, change, collection=collection)
    for named, closed in ((close, True), (reopen, False)):
        if named is not None:
            shown = close_collection(settings, named, closed=closed)
    if listed or close is not None or reopen is not None:
        show_collections(settings)
    else:
        show_collection(settings, shown)


@office.command(name="ledger", epilog="Example: kuohao ledger --missing")
def ledger_command(
    home: Home = None,
    as_json: AsJson = False,
    missing: Annotated[bool, typer.Option("--missing", help="Only units to remind (催报). 只列未报和缺页的单位。")] = False,
    collection: Named = None,
) -> None:
    """Show who has returned, in part, late or not at all. 显示各单位的填报情况。"""
    from pipeline.commands.collecting import show_ledger

    show_ledger(load_settings(home=home), as_json=as_json, missing=missing, collection=collection)


@office.command(name="calibrate", epilog="Example: kuohao calibrate --home 办公室")
def calibrate_command(
    home: Home = None,
    who: Annotated[str | None, typer.Option(help="Who does it; else this computer's user. 校准人。")] = None,
) -> None:
    """Let reviewed and audited slots correct how sure is sure. 用已审核和已抽查的括号校准置信度，重新启动后生效。"""
    from getpass import getuser

    from pipeline.commands.collecting import known_office
    from pipeline.commands.recalibrating import recalibrate, save, show

    settings = load_settings(home=home)
    with known_office(settings) as store:
        made = recalibrate(store, who=who or getuser())
    show(made, save(made, settings.home))


@office.command(name="export", epilog="Example: kuohao export --output 汇总")
def export_command(
    home: Home = None,
    output: Output = None,
    day: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The day it is made for; else today in China. 汇总日期，默认为今天。"),
    ] = None,
    collection: Named = None,
) -> None:
    """Write 汇总.xlsx, returns.csv, slots.csv, missing.csv and what changed. 导出汇总表、明细、催报名单和变化情况。"""
    from datetime import date

    from pipeline.commands.collecting import export_office, show_exports

    try:
        as_of = date.fromisoformat(day) if day is not None else None
    except ValueError as error:
        raise ConfigError(f"--day {day}") from error
    settings = load_settings(home=home)
    show_exports(export_office(settings, output, as_of=as_of, collection=collection))
