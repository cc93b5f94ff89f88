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
Output = Annotated[
    Path | None, typer.Option(help="Folder of the tables; else HOME/汇总. 结果文件夹，默认为 HOME/汇总。", file_okay=False)
]


@office.command(name="status", epilog="Example: kuohao status --json")
def status_command(home: Home = None, as_json: AsJson = False) -> None:
    """Show what became of every file that ever arrived. 显示每个文件的处理状态。"""
    from pipeline.desk import show_status

    show_status(load_settings(home=home), as_json=as_json)


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
    home: Home = None,
) -> None:
    """Say what is collected, from whom, until when; without options show it. 设置或显示收集任务：名称、名单、期限。"""
    from pipeline.collecting import change_collection, parse_deadline, show_collection
    from pipeline.units import read_units

    due = parse_deadline(deadline) if deadline is not None else None
    units = read_units(roster) if roster is not None else None
    settings = load_settings(home=home)
    if name is not None or units is not None or deadline is not None:
        change_collection(settings, name=name, units=units, deadline=due, set_deadline=deadline is not None)
    show_collection(settings)


@office.command(name="ledger", epilog="Example: kuohao ledger --missing")
def ledger_command(
    home: Home = None,
    as_json: AsJson = False,
    missing: Annotated[bool, typer.Option("--missing", help="Only units to remind (催报). 只列未报和缺页的单位。")] = False,
) -> None:
    """Show who has returned, in part, late or not at all. 显示各单位的填报情况。"""
    from pipeline.collecting import show_ledger

    show_ledger(load_settings(home=home), as_json=as_json, missing=missing)


@office.command(name="calibrate", epilog="Example: kuohao calibrate --home 办公室")
def calibrate_command(
    home: Home = None,
    who: Annotated[str | None, typer.Option(help="Who does it; else this computer's user. 校准人。")] = None,
) -> None:
    """Let reviewed and audited slots correct how sure is sure. 用已审核和已抽查的括号校准置信度，重新启动后生效。"""
    from getpass import getuser

    from pipeline.collecting import known_office
    from pipeline.recalibrating import recalibrate, save, show

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
) -> None:
    """Write 汇总.xlsx, returns.csv, slots.csv, missing.csv and what changed. 导出汇总表、明细、催报名单和变化情况。"""
    from datetime import date

    from pipeline.collecting import export_office, show_export

    try:
        as_of = date.fromisoformat(day) if day is not None else None
    except ValueError as error:
        raise ConfigError(f"--day {day}") from error
    settings = load_settings(home=home)
    show_export(export_office(settings, output, as_of=as_of))
