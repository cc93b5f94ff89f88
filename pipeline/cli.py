"""Commands. Exit codes: 0 done, 2 wrong setting, 3 some file could not be read, 4 try again later."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from extractors.cells import find_cells
from extractors.lines import region_to_source
from extractors.pages import open_pages
from extractors.rectify import rectify
from pipeline.commands.desk import Nights, parse_budget, parse_time, run_office
from pipeline.commands.form_option import FormName, find_form
from pipeline.commands.forms import forms
from pipeline.commands.mail import mail
from pipeline.commands.notice import notice
from pipeline.commands.office import Home, Roster, office
from pipeline.commands.run import run
from pipeline.commands.run_text import show_summary
from pipeline.commands.web import web
from pipeline.reading.overlay import slot_mark
from pipeline.reading.roster import read_roster
from pipeline.reading.units import read_units
from pipeline.reading.work import Job, read_all
from pipeline.settings import load_settings
from pipeline.words import pick as _pick
from pipeline.words import speaks_chinese
from schemas.errors import ConfigError, DocumentError, KuohaoError, NoTable
from schemas.flow import Page
from schemas.form import Form
from schemas.reading import CONTRACT_VERSION, Problem, Reading

Item = TypeVar("Item")

app = typer.Typer(
    name="kuohao",
    help="括号: reads the numbers written between a form's parentheses. 读取统计表括号中的数字。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)
app.add_typer(office)
app.add_typer(mail)
app.add_typer(forms)
app.add_typer(notice)
app.add_typer(web)

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Scans, PDFs, Word or Excel files. 扫描件、照片、PDF、Word 或 Excel。"),
]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON for each return. 每份报表输出一行 JSON。")]
MaxError = Annotated[
    str, typer.Option("--max-error", metavar="SHARE", help="Error budget among accepted values. 允许的错误率。")
]
Workers = Annotated[int, typer.Option(min=0, help="Processes; 0 is one a core. 并行进程数，0 为每核一个。")]


@app.command(name="read", epilog="Example: kuohao read 修武县.pdf 山阳区.jpg --json")
def read_command(
    files: Files,
    as_json: AsJson = False,
    max_error: MaxError = "1/1000",
    roster: Roster = None,
    workers: Workers = 0,
    form: FormName = None,
) -> None:
    """Read returns and show what stands in them. 读取报表并显示结果。"""
    budget, names = parse_budget(max_error), read_roster(roster)
    asked = find_form(form)
    jobs = [Job(path, asked, budget, names) for path in files]
    failed: list[KuohaoError] = []
    told_alone = False
    outcomes = {outcome.path: outcome for outcome in _watched(read_all(jobs, workers=workers), len(jobs))}
    for path in dict.fromkeys(files):
        outcome = outcomes[path]
        if outcome.error is not None:
            failed.append(outcome.error)
            _tell_failure(path.name, outcome.error, as_json=as_json)
        for reading in outcome.read.readings if outcome.read else ():
            if Problem.NO_SECOND_READER in reading.problems and not told_alone:
                told_alone = True
                _say(Problem.NO_SECOND_READER.chinese, "Tesseract is not installed: one reader only, more is flagged")
            print(reading.model_dump_json()) if as_json else _show(reading, asked)
    _leave(failed)


@app.command(name="run", epilog="Example: kuohao run --inbox 收件 --output output --roster 名单.csv")
def run_command(
    inbox: Annotated[Path, typer.Option(help="Folder of returns. 报表所在文件夹。")],
    output: Annotated[
        Path | None,
        typer.Option(help="Where tables and pictures go; else output, with --nightly HOME/汇总. 结果文件夹。"),
    ] = None,
    max_error: MaxError = "1/1000",
    roster: Roster = None,
    workers: Workers = 0,
    keep_watching: Annotated[
        bool, typer.Option("--watch", help="Take what arrives, until stopped. 持续收取，直到停止。")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Take what is there, then end (cron). 收取一次后结束。")] = False,
    nightly: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="With --watch: export each day. 每天此时导出汇总（北京时间）。")
    ] = None,
    home: Home = None,
    form: FormName = None,
) -> None:
    """Read a folder: as it lies, to tables and pictures; or, with --watch or --once, take its files. 读取或收取整个文件夹。

    As it lies: returns.csv, slots.csv, review.csv, failed.csv, overlays and crops; files stay where they are.
    With --watch or --once files move to HOME/archive, and 已收, 重复 and 无法读取 in the inbox tell what became of each.
    """
    budget = parse_budget(max_error)
    if keep_watching or once:
        if nightly is not None and not keep_watching:
            raise ConfigError("--nightly needs --watch")
        if form is not None:
            # What an office collects is its collection's to say.
            raise ConfigError("--form is for neither --watch nor --once")
        nights = None if nightly is None else Nights(parse_time(nightly), output)
        units = read_units(roster) if roster is not None else None
        settings = load_settings(home=home)
        failed = run_office(inbox, settings, budget=budget, units=units, workers=workers, once=once, nights=nights)
        raise typer.Exit(DocumentError.exit_code if once and failed else 0)
    output, names, asked = output or Path("output"), read_roster(roster), find_form(form)
    with _progress() as bars:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_pick({"read": "读取", "draw": "绘图"}[stage], stage), total=total)
            bars.update(tasks[stage], completed=done)

        summary = run(
            inbox,
            output,
            form=asked,
            budget=budget,
            roster=names,
            workers=workers,
            chinese=speaks_chinese(),
            progress=advance,
        )
    show_summary(summary, output)
    _leave(summary.failed.values())


@app.command(name="cells", epilog="Example: kuohao cells 任意表格.pdf --json")
def cells_command(files: Files, as_json: AsJson = False) -> None:
    """Show the ruled tables of any document: pages, tables, cells. 显示任意文档中的表格线框。"""
    failed: list[KuohaoError] = []
    for path in files:
        try:
            found = 0
            for page in open_pages(path):
                cells = page_to_cells(page)
                found += len(cells)
                report = {"source": path.name, "page": page.number, "tables": cells}
                print(json.dumps(report, ensure_ascii=False)) if as_json else _show_cells(path.name, page.number, cells)
            if not found:
                raise NoTable()
        except KuohaoError as error:
            failed.append(error)
            _tell_failure(path.name, error, as_json=as_json)
    _leave(failed)


def main() -> None:
    """Run a command; our own errors end in one line and their documented exit code."""
    try:
        app(standalone_mode=True)
    except KuohaoError as error:
        _errors().print(f"kuohao: {escape(error.told(chinese=speaks_chinese()))}", style="red", highlight=False)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output (head, less) left: no failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def page_to_cells(page: Page) -> list[list[dict[str, object]]]:
    """The tables of a page, each a list of cells with row, column, spans and box (fractions of the page as it came in)."""
    upright = rectify(page)
    height, width = page.pixels.shape[:2]
    tables: dict[int, list[dict[str, object]]] = {}
    for cell in find_cells(upright):
        points = region_to_source(upright, cell.corners) / (width, height)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        tables.setdefault(cell.table, []).append(
            {
                "row": cell.row,
                "column": cell.column,
                "row_span": cell.row_span,
                "column_span": cell.column_span,
                "box": [round(float(value), 5) for value in (left, top, right, bottom)],
            }
        )
    return list(tables.values())


def _say(chinese: str, english: str) -> None:
    _errors().print(_pick(chinese, english), style="yellow", highlight=False)


def _errors() -> Console:
    return Console(stderr=True, soft_wrap=True)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=_errors(), transient=True)


def _watched(items: Iterable[Item], total: int) -> Iterable[Item]:
    with _progress() as bars:
        yield from bars.track(items, total=total, description=_pick("读取", "read"))


def _tell_failure(name: str, error: KuohaoError, *, as_json: bool) -> None:
    message = error.told(chinese=speaks_chinese())
    if as_json:
        failure = {"code": error.code, "message": message}
        print(json.dumps({"version": CONTRACT_VERSION, "source": name, "error": failure}, ensure_ascii=False))
    _errors().print(f"{escape(name)}: {escape(message)}", style="red", highlight=False)


def _show(reading: Reading, form: Form) -> None:
    """A return as a table for people: flagged slots in another colour, with their reasons."""
    console = Console()
    header = "  ".join(f"{field.label} {reading.header[field.key].value or '—'}" for field in form.header)
    console.print(f"[bold]{escape(reading.source)}[/] p.{reading.first_page}  {escape(header)}", highlight=False)
    for problem in reading.problems:
        console.print(_pick(problem.chinese, problem.value), style="yellow")
    table = Table(box=None, pad_edge=False)
    for title in (_pick("项目", "slot"), _pick("数值", "value"), _pick("可信度", "confidence"), _pick("待审核", "review")):
        table.add_column(title)
    for slot in reading.slots:
        reasons = "；".join(_pick(reason.chinese, reason.value) for reason in slot.reasons) or ("？" if slot.review else "")
        style = "red" if slot.review else ""
        table.add_row(slot.label, slot_mark(slot), f"{slot.confidence:.4f}", reasons, style=style)
    console.print(table, highlight=False)


def _show_cells(name: str, page: int, tables: Sequence[Sequence[dict[str, object]]]) -> None:
    for number, table in enumerate(tables, 1):
        print(f"{name} p.{page} table {number}: {len(table)} cells")
        for cell in table:
            print("  r{row} c{column} {row_span}×{column_span} {box}".format(**cell))


def _leave(failed: Iterable[KuohaoError]) -> None:
    """Exit with the gravest code among failures: a document's 3 before a passing 4."""
    codes = {error.exit_code if not isinstance(error, DocumentError) else 3 for error in failed}
    if codes:
        raise typer.Exit(min(codes))


if __name__ == "__main__":
    main()
