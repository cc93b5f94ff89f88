"""The commands of the review pages: the server, and who may sign in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.office import Home
from pipeline.settings import load_settings
from pipeline.words import pick, speaks_chinese
from schemas.errors import ConfigError

web = typer.Typer()
users = typer.Typer(
    name="users",
    help="Who may sign in. 可以登录审核网页的人。",
    no_args_is_help=True,
    add_completion=False,
)
web.add_typer(users)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The person's name, with which they sign in. 姓名。")]


@web.command(
    name="serve",
    epilog="Example: kuohao serve --inbox 收件 --home 办公室 --nightly 02:00",
)
def serve_command(
    inbox: Annotated[Path | None, typer.Option(help="Folder of arriving returns; else HOME/收件. 收件文件夹。")] = None,
    home: Home = None,
    host: Annotated[
        str, typer.Option(help="Where it listens; others than this computer need users. 监听地址，默认只限本机。")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one. 端口。")] = 8560,
    https: Annotated[
        bool | None,
        typer.Option("--https/--no-https", help="A proxy with TLS stands before it. 前面有 HTTPS 代理。"),
    ] = None,
    proxy: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="That proxy, whose word for who calls is taken. 代理的地址。"),
    ] = None,
    nightly: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="Export to HOME/汇总 each day. 每天此时导出汇总（北京时间）。")
    ] = None,
    keep_watching: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Take what arrives in the inbox. 是否收取收件夹中的文件。")
    ] = True,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read; 0 is one a core. 读取进程数。")] = 0,
    max_error: Annotated[
        str, typer.Option("--max-error", metavar="SHARE", help="Error budget among accepted values. 允许的错误率。")
    ] = "1/1000",
) -> None:
    """Watch the inbox, serve the review pages and export by night, until stopped. 收取、审核网页和夜间汇总，直到停止。

    Without users only this computer reaches the pages. For others make users first (kuohao users add), give --host, and put
    a proxy with TLS before it (nginx, Caddy) that keeps the Host header, with --https here (KUOHAO_SECURE_COOKIES):
    passwords would else be sent in the clear.
    """
    from pipeline.commands.desk import Nights, parse_budget, parse_time
    from pipeline.commands.serve import Door, serve

    budget = parse_budget(max_error)
    nights = Nights(parse_time(nightly)) if nightly is not None else None
    settings = load_settings(home=home, secure_cookies=https, trusted_proxy=proxy)
    door = Door(host, port, settings.secure_cookies)
    serve(inbox, settings, door, budget=budget, workers=workers, watching=keep_watching, nights=nights)


@users.command(name="add", epilog="Example: kuohao users add 王芳 --admin")
def add_command(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="May make users and say what is collected. 管理员。")] = False,
    home: Home = None,
) -> None:
    """Let somebody sign in; the password is asked for, or one line of the input. 添加人员，随后输入密码。"""
    from pipeline.commands.accounts import make_person

    settings = load_settings(home=home)
    with _told():
        make_person(settings, name, admin=admin, ask=_ask_password)
    print(pick(f"已添加：{name}", f"Added: {name}"))


@users.command(name="list", epilog="Example: kuohao users list")
def list_command(home: Home = None) -> None:
    """Show who may sign in, and the tokens of their programs. 列出人员和令牌。"""
    from pipeline.commands.accounts import show_people

    show_people(load_settings(home=home))


@users.command(name="password", epilog="Example: kuohao users password 王芳")
def password_command(name: Name, home: Home = None) -> None:
    """Set somebody's password, which ends their sessions. 重设密码。"""
    from pipeline.commands.accounts import change_password

    with _told():
        change_password(load_settings(home=home), name, ask=_ask_password)
    print(pick(f"密码已重设：{name}", f"Password set: {name}"))


@users.command(name="remove", epilog="Example: kuohao users remove 王芳")
def remove_command(name: Name, home: Home = None) -> None:
    """Let somebody in no more; what they decided stays, with their name. 停用人员，其审核记录保留。"""
    from pipeline.commands.accounts import stop_person

    with _told():
        stop_person(load_settings(home=home), name)
    print(pick(f"已停用：{name}", f"Removed: {name}"))


@users.command(name="token", epilog="Example: kuohao users token 王芳 --label 报表程序")
def token_command(name: Name, label: Annotated[str, typer.Option(help="What it is for. 用途。")], home: Home = None) -> None:
    """Make a token for the API, which is shown this once. 生成接口令牌，只显示一次。"""
    from pipeline.commands.accounts import give_token

    with _told():
        print(give_token(load_settings(home=home), name, label))


@users.command(name="revoke", epilog="Example: kuohao users revoke 3")
def revoke_command(
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="As `users list` shows it. 令牌编号。")],
    home: Home = None,
) -> None:
    """Make a token worthless. 作废令牌。"""
    from pipeline.commands.accounts import end_token

    with _told():
        end_token(load_settings(home=home), number)
    print(pick(f"已作废：{number}", f"Revoked: {number}"))


def _ask_password() -> str:
    """Twice and unseen from a terminal; else a line of the input. Raises ConfigError where both differ."""
    from pipeline.web.passwords import DIFFERENT

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass(pick("密码（至少 10 个字符）：", "Password (10 characters or more): "))
    if getpass(pick("再输一次：", "Once more: ")) != first:
        raise ConfigError(DIFFERENT)
    return first


@contextmanager
def _told() -> Iterator[None]:
    """What was entered wrongly, in the person's language."""
    from pipeline.web.texts import CHINESE, ENGLISH, translate

    try:
        yield
    except ConfigError as error:
        raise ConfigError(translate(CHINESE if speaks_chinese() else ENGLISH, error.detail)) from error
