"""The command that fetches returns from a mailbox."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pipeline.commands.office import Home
from pipeline.logs import begin_log
from pipeline.mail.fetch import Tally, fetch_mail
from pipeline.mail.settings import MailSettings, load_mail_settings
from pipeline.office.watch import prepare
from pipeline.settings import load_settings
from pipeline.words import pick
from schemas.errors import ConfigError, DocumentError, KuohaoError

mail = typer.Typer()

log = logging.getLogger(__name__)


@mail.command(name="mail", epilog="Example: kuohao mail --inbox 收件 --host imap.example.com --user tongji@example.com")
def mail_command(
    inbox: Annotated[Path, typer.Option(help="Folder that takes the attachments. 收件文件夹。")],
    home: Home = None,
    host: Annotated[str | None, typer.Option(help="IMAP server; else KUOHAO_MAIL_HOST. 收信服务器。")] = None,
    user: Annotated[str | None, typer.Option(help="Name to sign in with; else KUOHAO_MAIL_USER. 邮箱账号。")] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(help="File with the password or authorisation code; else KUOHAO_MAIL_PASSWORD. 密码或授权码文件。"),
    ] = None,
    folder: Annotated[str | None, typer.Option(help="Mailbox folder; else INBOX. 邮箱文件夹。")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Else 993, or 143. 端口。")] = None,
    security: Annotated[
        str | None, typer.Option(metavar="tls|starttls|plain", help="plain only on this machine. 加密方式。")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Certificates to trust besides the system's. 自有证书。")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Leave older messages alone. 只收此日及以后的邮件。")
    ] = None,
    watch: Annotated[
        float | None, typer.Option("--watch", min=1, metavar="SECONDS", help="Again and again. 每隔若干秒收取一次。")
    ] = None,
) -> None:
    """Fetch attachments from a mailbox into the inbox, each message once. 从邮箱收取附件，每封邮件只收一次。

    Nothing is changed on the server. PDF, pictures, Word, Excel and ZIPs of them are taken; what is refused is told in
    无法读取/邮件 of the inbox. Sender and subject are kept in HOME/mail.
    """
    given: dict[str, object] = {"host": host, "user": user, "password_file": password_file, "folder": folder}
    given |= {"port": port, "security": security, "ca_file": ca_file, "since": _day(since)}
    settings, office = load_mail_settings(**given), load_settings(home=home)
    place = office.home
    begin_log(office.log)
    logging.getLogger("pipeline").setLevel(logging.INFO if watch else logging.WARNING)
    stop = Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        refused = _fetch(settings, inbox, place, stop, watch)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    raise typer.Exit(DocumentError.exit_code if refused and watch is None else 0)


def _fetch(settings: MailSettings, inbox: Path, home: Path, stop: Event, watch: float | None) -> int:
    """Fetch once, or until told to stop; how many files were refused. A failure of a later round is told and waited out."""
    prepare(inbox, home)
    total, first = Tally(), True
    while True:
        try:
            with _progress() as told:
                total += fetch_mail(settings, inbox, home, stop=stop, progress=told)
        except KuohaoError as error:
            if first or watch is None:
                raise
            log.warning("%s", error.told(chinese=False))
        first = False
        if watch is None or stop.wait(watch):
            break
    _conclude(total)
    return total.refused


def _conclude(tally: Tally) -> None:
    Console(soft_wrap=True).print(
        pick(
            f"新邮件 {tally.messages} 封，收取文件 {tally.files} 个，未收取 {tally.refused} 个（见“无法读取/邮件”），"
            f"以前收过的邮件 {tally.known} 封。",
            f"{tally.messages} new messages, {tally.files} files taken, {tally.refused} refused (see 无法读取/邮件), "
            f"{tally.known} messages known already.",
        ),
        highlight=False,
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError as error:
        raise ConfigError(f"--since {text}") from error


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar in the terminal while this lasts."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True, soft_wrap=True), transient=True) as bars:
        bar = bars.add_task(pick("收取邮件", "mail"), total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)
