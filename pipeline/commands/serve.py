"""The whole office in one process: the inbox watched, the review pages served, the night's tables written."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import uvicorn

from pipeline.commands.desk import Nights, by_night, make_office, open_office
from pipeline.judging.judge import ErrorBudget
from pipeline.logs import begin_log
from pipeline.office.archive import office_archive
from pipeline.office.watch import Office, prepare, watch
from pipeline.settings import Settings
from pipeline.store import Store, people
from pipeline.web.app import make_app
from pipeline.web.context import LOOPBACK_NAMES, Web
from pipeline.web.images import Pictures
from pipeline.web.intake import clear_drafts
from pipeline.web.security import Broken
from pipeline.words import pick
from schemas.errors import ConfigError

INBOX = "收件"
"""The inbox's name in the home folder, where no other one is said."""

PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between a page's tries to reach the store: the watcher waits half a minute, a person is told to try again."""

LAST_SECONDS = 10
"""For which answers under way may go on when the server is stopped."""

KEEP_ALIVE_SECONDS = 30

IN_THE_CLEAR = "passwords travel in the clear: put a proxy with TLS before it, then say --https"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Door:
    """Where the pages are: a host's name or address and a port, 0 for any free one; `secure` behind a proxy with TLS."""

    host: str = "127.0.0.1"
    port: int = 8560
    secure: bool = False


def serve(
    inbox: Path | None,
    settings: Settings,
    door: Door,
    *,
    budget: ErrorBudget,
    workers: int = 0,
    watching: bool = True,
    nights: Nights | None = None,
) -> None:
    """Serve until told to stop (Ctrl+C, SIGTERM); what is under way is finished first, and what is read is stored.

    Raises ConfigError before anything is taken: a port that is in use, a host that others reach while there are no users.
    """
    inbox = _inbox(inbox, settings.home)
    prepare(inbox, settings.home)
    begin_log(settings.log)
    with ExitStack() as stack:
        opened = stack.enter_context(_listening(door))
        store = open_office(settings)
        stack.callback(store.close)
        local = _is_local(door.host)
        _check_people(store, door, local)
        office = make_office(inbox, settings, store, budget=budget, workers=workers)
        pictures = Pictures(office_archive(settings), settings.home / "cache")
        stack.callback(pictures.close)
        clear_drafts(inbox)
        failures: list[Exception] = []
        web = Web(
            store=replace(store, pauses=PAUSES),
            settings=settings,
            inbox=inbox,
            home=settings.home,
            pictures=pictures,
            budget=budget,
            wake=office.wake.set,
            reading=lambda: not failures,
            meters=office.meters,
            local=local,
            names=LOOPBACK_NAMES | {_as_name(door.host)},
            secure=door.secure,
        )
        server = uvicorn.Server(_config(web))
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        stack.enter_context(_signals(server, office))
        if watching:
            stack.enter_context(_watching(office, server, failures))
        stack.enter_context(by_night(store, settings, nights))
        if not (local or door.secure):
            log.warning(IN_THE_CLEAR)
        print(pick("网页：", "Pages: ") + address_of(door, opened), flush=True)
        server.run(sockets=[opened])
    if failures:
        raise failures[0]


def address_of(door: Door, opened: socket.socket) -> str:
    """What to type into a browser."""
    host = f"[{door.host}]" if ":" in door.host else door.host
    return f"http://{host}:{opened.getsockname()[1]}/"


def _inbox(inbox: Path | None, home: Path) -> Path:
    if inbox is not None:
        return inbox
    inbox = home / INBOX
    try:
        inbox.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--home {home}: {error.strerror}") from error
    return inbox


@contextmanager
def _listening(door: Door) -> Iterator[socket.socket]:
    """A socket that listens. Raises ConfigError where the port is taken or the host is not this computer's."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            door.host, door.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        opened = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"--host {door.host}") from error
    with opened:
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(place)
            opened.listen(128)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = pick("端口已被占用，请换一个", "the port is in use, take another") if taken else error.strerror
            raise ConfigError(f"--host {door.host} --port {door.port}: {why}") from error
        opened.set_inheritable(False)
        yield opened


def _is_local(host: str) -> bool:
    """Whether only this computer reaches it."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    return all(ipaddress.ip_address(str(place[0]).partition("%")[0]).is_loopback for *_, place in found)


def _check_people(store: Store, door: Door, local: bool) -> None:
    if not local and not people(store):
        raise ConfigError(
            f"--host {door.host}: "
            + pick(
                "还没有用户，只能在本机打开；请先运行 kuohao users add 姓名 --admin",
                "there are no users, so it listens on this computer alone; run kuohao users add NAME --admin first",
            )
        )


def _as_name(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()


def _config(web: Web) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(web),
        # Addresses hold units' names and what was searched for: no line of them is kept.
        access_log=False,
        log_config=None,
        log_level="warning",
        # Whoever sends X-Forwarded-For could else be anybody for the limit of logins.
        proxy_headers=bool(web.settings.trusted_proxy),
        forwarded_allow_ips=web.settings.trusted_proxy,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_SECONDS,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Not what the guard has told already, nor that an answer ended with the server."""
    return record.exc_info is None or not isinstance(record.exc_info[1], (Broken, asyncio.CancelledError))


@contextmanager
def _signals(server: uvicorn.Server, office: Office) -> Iterator[None]:
    """Ctrl+C and SIGTERM end the server, and the office after it. While it runs, uvicorn's own handlers do the former."""

    def end(number: int, frame: object) -> None:
        server.should_exit = True
        office.stop.set()
        office.wake.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _watching(office: Office, server: uvicorn.Server, failures: list[Exception]) -> Iterator[None]:
    """While this lasts, the inbox is watched; reads under way are finished and stored before it ends."""

    def work() -> None:
        try:
            watch(office)
        except Exception as error:
            # Pages without what reads the files would only look alive.
            failures.append(error)
            server.should_exit = True

    thread = Thread(target=work, name="office")
    thread.start()
    try:
        yield
    finally:
        office.stop.set()
        office.wake.set()
        thread.join()
