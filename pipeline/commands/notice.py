"""The command that reads a notice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.words import pick, speaks_chinese
from schemas.errors import ConfigError, DocumentError, KuohaoError, TransientError
from schemas.notice import NOTICE_VERSION, FieldState, Notice, NoticeField, path_label

notice = typer.Typer()


@notice.command(name="notice", epilog="Example: kuohao notice 通知.pdf --output 结果")
def notice_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Notices: scans, photographs, PDF, Word. 通知的扫描件、照片、PDF 或 Word。"),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each. 每份通知输出一行 JSON。")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Markdown. 输出 Markdown。")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for NAME.json and NAME.md. 结果文件夹。", file_okay=False)
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Keep it in this office. 存入此办公室，供网页核对。", file_okay=False)
    ] = None,
) -> None:
    """Read what a notice says: number, deadline, addressees, contacts. 读取通知：文号、期限、主送单位、联系人等。

    With --home the office keeps it, and people confirm doubtful fields on the page /notices.
    """
    if as_json and as_markdown:
        raise ConfigError("--json --markdown")
    failed: list[KuohaoError] = []
    for path in files:
        try:
            read = _read(path)
        except KuohaoError as error:
            failed.append(error)
            _tell_failure(path.name, error, as_json=as_json)
            continue
        if output is not None:
            _write(read, path, output)
        if home is not None:
            _keep(read, path, home)
        _show(read, as_json=as_json, as_markdown=as_markdown)
    codes = {error.exit_code if not isinstance(error, DocumentError) else 3 for error in failed}
    if codes:
        raise typer.Exit(min(codes))


def _read(path: Path) -> Notice:
    # Heavy libraries are loaded where a notice needs them.
    from pipeline.notice.reading import read_notice

    console = Console(stderr=True, soft_wrap=True)
    with console.status(pick(f"读取 {escape(path.name)}", f"reading {escape(path.name)}")) as told:

        def tell(page: int) -> None:
            told.update(pick(f"读取 {escape(path.name)} 第 {page} 页", f"reading {escape(path.name)}, page {page} done"))

        return read_notice(path, on_page=tell)


def _write(read: Notice, path: Path, output: Path) -> None:
    from pipeline.notice.markdown import to_markdown

    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / f"{path.stem}.json").write_text(read.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (output / f"{path.stem}.md").write_text(to_markdown(read), encoding="utf-8")
    except OSError as error:
        raise TransientError(f"{output}: {error.strerror}") from error


def _keep(read: Notice, path: Path, home: Path) -> None:
    from getpass import getuser

    from pipeline.commands.desk import open_office
    from pipeline.notice.record import keep_notice
    from pipeline.office.archive import office_archive
    from pipeline.settings import load_settings

    settings = load_settings(home=home)
    store = open_office(settings)
    try:
        number = keep_notice(store, office_archive(settings), path, read, who=getuser())
    finally:
        store.close()
    told = pick(f"已存入：通知 {number}，网页 /notices/{number}", f"kept as notice {number}: page /notices/{number}")
    Console(stderr=True, soft_wrap=True).print(told, highlight=False)


def _show(read: Notice, *, as_json: bool, as_markdown: bool) -> None:
    if as_json:
        print(read.model_dump_json())
    elif as_markdown:
        from pipeline.notice.markdown import to_markdown

        print(to_markdown(read), end="")
    else:
        _show_table(read)


def _show_table(read: Notice) -> None:
    """A notice as a table for people: what they should look at in another colour, with the reason."""
    console = Console()
    count = sum(field.review for _, field in read.fields())
    told = pick(f"{read.pages} 页，待审核 {count} 项", f"{read.pages} pages, {count} fields to review")
    console.print(f"[bold]{escape(read.source)}[/]  {told}", highlight=False)
    table = Table(box=None, pad_edge=False)
    for title in (pick("项目", "field"), pick("内容", "value"), pick("页", "page"), pick("可信度", "confidence")):
        table.add_column(title, overflow="fold")
    table.add_column(pick("待审核", "review"))
    for path, field in read.fields():
        found = field.state is FieldState.FOUND
        reasons = "；".join(pick(reason.chinese, reason.value) for reason in field.reasons) or ("？" if field.review else "")
        table.add_row(
            path_label(path) if speaks_chinese() else path,
            escape(_said(path, field)),
            str(field.page or ""),
            f"{field.confidence:.3f}" if found else "",
            reasons,
            style="red" if field.review else "" if found else "dim",
        )
    console.print(table, highlight=False)
    for number in read.unread:
        console.print(pick(f"第 {number} 页没有读清，请核对", f"page {number} could hardly be read"), style="yellow")
    if read.cut_short:
        console.print(pick("文件不完整，后面的页打不开", "the file is cut short"), style="yellow")
    if read.deadline.sentence:
        console.print(f"{pick('期限原文', 'deadline')}：{escape(read.deadline.sentence)}", highlight=False)


def _said(path: str, field: NoticeField) -> str:
    if field.value is None:
        return pick("没有找到", "not found")
    level = getattr(field, "level", None)
    mark = getattr(field, "mark", "")
    return f"{'  ' * (level - 1)}{mark}{field.value}" if path.startswith("sections") and level else field.value


def _tell_failure(name: str, error: KuohaoError, *, as_json: bool) -> None:
    message = error.told(chinese=speaks_chinese())
    if as_json:
        failure = {"code": error.code, "message": message}
        print(json.dumps({"version": NOTICE_VERSION, "source": name, "error": failure}, ensure_ascii=False))
    Console(stderr=True, soft_wrap=True).print(f"{escape(name)}: {escape(message)}", style="red", highlight=False)
