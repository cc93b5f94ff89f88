"""Who may sign in, from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.desk import open_office
from pipeline.settings import Settings
from pipeline.store import (
    Store,
    add_person,
    add_token,
    people,
    person,
    revoke_token,
    set_active,
    set_password,
    tokens,
)
from pipeline.times import local_text
from pipeline.web.passwords import (
    ALREADY,
    NOBODY,
    check_label,
    check_name,
    check_password,
    hash_password,
    make_token,
    token_hash,
)
from pipeline.words import pick
from schemas.errors import ConfigError
from schemas.office import Person, Role

NO_TOKEN = "没有这个令牌。"

Ask = Callable[[], str]
"""Asks for a password; raises ConfigError."""


def make_person(settings: Settings, name: str, *, admin: bool, ask: Ask) -> None:
    """Let somebody sign in. Raises ConfigError for a name that is taken, before the password is asked for."""
    name = check_name(name)
    with _office(settings) as store:
        if person(store, name) is not None:
            raise ConfigError(ALREADY)
        add_person(store, name, hash_password(check_password(ask())), Role.ADMIN if admin else Role.REVIEWER)
        if not any(one.active and one.role is Role.ADMIN for one in people(store)):
            hint = pick("还没有管理员：可用 --admin 再添加一位", "there is no administrator yet: add one with --admin")
            Console(stderr=True).print(hint, style="yellow", highlight=False)


def change_password(settings: Settings, name: str, *, ask: Ask) -> None:
    """Set a password; one's sessions end. Raises ConfigError."""
    with _office(settings) as store:
        known = _known(store, name)
        set_password(store, known.name, hash_password(check_password(ask())))


def stop_person(settings: Settings, name: str) -> None:
    """Let somebody in no more. Raises ConfigError."""
    with _office(settings) as store:
        set_active(store, _known(store, name).name, False)


def give_token(settings: Settings, name: str, label: str) -> str:
    """A new token, which is kept as its hash alone. Raises ConfigError."""
    with _office(settings) as store:
        known = _known(store, name)
        token = make_token()
        add_token(store, known.name, check_label(label), token_hash(token))
        return token


def end_token(settings: Settings, number: int) -> None:
    """Make a token worthless. Raises ConfigError."""
    with _office(settings) as store:
        if all(one.id != number for one in tokens(store)):
            raise ConfigError(NO_TOKEN)
        revoke_token(store, number)


def show_people(settings: Settings) -> None:
    """Print everybody, and the tokens."""
    with _office(settings) as store:
        known, given = people(store), tokens(store)
    console = Console()
    table = _table(pick("姓名", "name"), pick("角色", "role"), pick("状态", "state"), pick("添加时间", "added"))
    for one in known:
        role = pick("管理员", "admin") if one.role is Role.ADMIN else pick("审核员", "reviewer")
        state = pick("可登录", "active") if one.active else pick("已停用", "removed")
        table.add_row(*map(Text, (one.name, role, state, local_text(one.added))), style="" if one.active else "dim")
    console.print(table, highlight=False)
    if given:
        table = _table(
            pick("令牌", "token"),
            pick("用途", "label"),
            pick("所属", "owner"),
            pick("生成时间", "made"),
            pick("状态", "state"),
        )
        for held in given:
            state = pick("已作废", "revoked") if held.revoked else pick("有效", "valid")
            table.add_row(*map(Text, (str(held.id), held.label, held.name, local_text(held.added), state)))
        console.print(table, highlight=False)


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _known(store: Store, name: str) -> Person:
    known = person(store, check_name(name))
    if known is None:
        raise ConfigError(NOBODY)
    return known


@contextmanager
def _office(settings: Settings) -> Iterator[Store]:
    store = open_office(settings)
    try:
        yield store
    finally:
        store.close()
