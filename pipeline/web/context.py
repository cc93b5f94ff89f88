"""What every page stands on: the office behind the server, and the person in front of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request

from pipeline.judging.judge import ErrorBudget
from pipeline.meters import Meters, make_meters
from pipeline.settings import Settings
from pipeline.store import Store, people, person, token_owner
from pipeline.web.passwords import token_hash
from pipeline.web.sessions import Session, Sessions
from schemas.office import Person, Role

if TYPE_CHECKING:
    # Its own addresses need a person, and with that this module.
    from pipeline.web.images import Pictures

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""What a browser may call this computer; other names that lead to it are somebody's trick (DNS rebinding)."""

LOCAL_NAME = "本机"
"""Who works where no users have been made: whoever sits at this computer."""


@dataclass(frozen=True, eq=False)
class Web:
    """The office as its pages see it.

    `wake` lets the watcher look into the inbox at once; `reading` says whether there is one at work, where there should be.
    `meters` are this process's. `local`: the server listens on loopback alone, and is called by
    one of `names`. `secure`: browsers come by HTTPS, through a proxy, and send cookies no other way.
    """

    store: Store
    settings: Settings
    inbox: Path
    home: Path
    pictures: Pictures
    budget: ErrorBudget = field(default_factory=ErrorBudget)
    wake: Callable[[], None] = lambda: None
    reading: Callable[[], bool] = lambda: True
    meters: Meters = field(default_factory=make_meters)
    local: bool = True
    names: frozenset[str] = LOOPBACK_NAMES
    secure: bool = False


@dataclass(frozen=True)
class Who:
    """The person at work. `local`: nobody has signed in, for there are no users."""

    name: str
    role: Role
    local: bool = False

    @property
    def is_admin(self) -> bool:
        """Whether this person may make users and say what is collected."""
        return self.role is Role.ADMIN


class NotSignedIn(Exception):
    """Nobody has signed in here, or the session has ended."""


def web_of(request: Request) -> Web:
    """The office behind this server."""
    web: Web = request.app.state.web
    return web


def sessions_of(request: Request) -> Sessions:
    """What knows this server's sessions."""
    sessions: Sessions = request.app.state.sessions
    return sessions


def session_of(request: Request) -> Session:
    """The visit that a request belongs to; a new one where its cookie is none."""
    session: Session = request.state.session
    return session


def reviewer(request: Request) -> Who:
    """The person at work. Raises NotSignedIn, which becomes the way to the login page, or 401 for programs."""
    who = signed_in(request)
    if who is None:
        raise NotSignedIn
    request.state.who = who
    return who


def admin(request: Request) -> Who:
    """The same, an administrator: others are refused."""
    who = reviewer(request)
    if not who.is_admin:
        raise HTTPException(403)
    return who


def signed_in(request: Request) -> Who | None:
    """The person by the request's token where it brings one, else by its session; None where it is nobody's."""
    web = web_of(request)
    given = request.headers.get("authorization")
    if given is not None:
        # A program's: a browser's cookie must not lend it its rights.
        kind, _, token = given.partition(" ")
        known = token_owner(web.store, token_hash(token.strip())) if kind.lower() == "bearer" else None
        return _who(known)
    session = session_of(request)
    if session.name:
        known = person(web.store, session.name)
        return _who(known) if known is not None and known.generation == session.generation else None
    if web.local and not people(web.store):
        return Who(LOCAL_NAME, Role.ADMIN, local=True)
    return None


def _who(known: Person | None) -> Who | None:
    return Who(known.name, known.role) if known is not None and known.active else None
