"""The collection that somebody looks at: by the address, else by the browser's last choice, else the newest that is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pipeline.store import Known, Store, known_collections, main_collection
from pipeline.web.context import web_of
from schemas.errors import KuohaoError
from schemas.form import Form
from schemas.office import Collection

COOKIE, FIELD = "collection", "collection"

LIFE = 400 * 24 * 60 * 60
"""Seconds for which a browser remembers its choice: as long as browsers keep anything."""

LISTS = frozenset(
    ("/", "/queue", "/slots", "/impact", "/second", "/audit", "/totals", "/units", "/files", "/exports", "/collection")
)
"""Pages of which each collection has its own."""


@dataclass(frozen=True)
class Chosen:
    """A collection, its form, and all that there are by id."""

    known: Known
    every: Mapping[int, Known]

    @property
    def collection(self) -> Collection:
        """What is collected."""
        return self.known.collection

    @property
    def form(self) -> Form:
        """By which form."""
        return self.known.form

    @property
    def id(self) -> int:
        """The collection's; 0 before anything has been said or has come."""
        return self.collection.id

    @property
    def others(self) -> tuple[Collection, ...]:
        """All collections, the open ones first and of these the newest; none where there is but this."""
        found = sorted((one.collection for one in self.every.values()), key=lambda one: (not one.is_open, -one.id))
        return tuple(found) if len(found) > 1 else ()


def chosen_of(request: Request) -> Chosen:
    """The collection that a request is about. Raises StoreUnavailable; HTTPException 404 for an address's that is none."""
    held: Chosen | None = getattr(request.state, "chosen", None)
    if held is not None:
        return held
    every = known_collections(web_of(request).store)
    by_text = {str(id): known for id, known in every.items()}
    asked = request.query_params.get(FIELD)
    if asked is not None and asked not in by_text:
        raise HTTPException(404)
    known = by_text.get(asked or request.cookies.get(COOKIE, "")) or main_collection(every)
    return _choose(request, Chosen(known, every), remember=asked is not None)


def choose_for(request: Request, id: int) -> Chosen:
    """Look at this collection from now on: a return of it is on the screen."""
    every = known_collections(web_of(request).store)
    return _choose(request, Chosen(every.get(id) or main_collection(every), every), remember=len(every) > 1)


def chooser(request: Request) -> Chosen | None:
    """What the bar above every page offers; None before signing in, and where the store does not answer."""
    if getattr(request.state, "who", None) is None:
        return None
    try:
        return chosen_of(request)
    except (KuohaoError, HTTPException):
        return None


def address_of(request: Request, collection: Collection) -> str:
    """Where one sees a collection from a page: the same page where it has one, else its overview."""
    path = request.url.path
    return f"{path if path in LISTS else '/'}?{FIELD}={collection.id}"


def remember_choice(request: Request, response: Response) -> None:
    """Let the browser keep what was chosen."""
    if getattr(request.state, "remember", False):
        secure = web_of(request).secure
        response.set_cookie(COOKIE, str(request.state.chosen.id), max_age=LIFE, httponly=True, samesite="lax", secure=secure)


def collection_by(store: Store, text: str | None) -> int | None:
    """A collection's id by its id or its name, as a program says it; None for none. HTTPException 404 for another."""
    if text is None:
        return None
    every = known_collections(store)
    for id, known in every.items():
        if text in (str(id), known.collection.name):
            return id
    raise HTTPException(404, "no such collection")


def _choose(request: Request, chosen: Chosen, *, remember: bool) -> Chosen:
    request.state.chosen, request.state.remember = chosen, remember
    return chosen
