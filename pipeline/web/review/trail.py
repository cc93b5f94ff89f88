"""The audit trail: who said what about which slot or return, when, and what counted before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from pipeline.collection.corrections import Worth
from pipeline.store import Event, Known, history, known_collections, main_collection, people
from pipeline.times import local_text
from pipeline.web.context import Web, Who, reviewer, web_of
from pipeline.web.pages import page
from pipeline.web.review.decisions import KINDS, VALUES
from pipeline.web.review.office import parse_key, tell_of
from pipeline.web.review.views import key_of, slot_name
from pipeline.web.review.words import Tell, worth_text
from schemas.flow import State
from schemas.form import SlotKind
from schemas.office import DecisionKind
from schemas.paths import form_path

router = APIRouter()

ROWS = 100


@dataclass(frozen=True)
class TrailLine:
    """An event as a line. `before_state` and `after_state` are "" for decisions about a whole return."""

    turn: int
    when: str
    who: str
    key: str
    path: str
    name: str
    what: str
    before: str
    before_state: str
    after: str
    after_state: str
    why: str
    undone: bool
    undoes: bool


@router.get("/history")
def trail(
    request: Request,
    web: Annotated[Web, Depends(web_of)],
    who: Annotated[Who, Depends(reviewer)],
    of: Annotated[str, Query(max_length=30)] = "",
    by: Annotated[str, Query(max_length=100)] = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """What was said, the newest first: all of it, or of one return (`of` "12" or "12-1"), or by one person."""
    tell, known = tell_of(request), known_collections(web.store)
    order, number = _parsed(of.strip())
    found = history(web.store, order=order, number=number, who=by or None, offset=(page_number - 1) * ROWS, limit=ROWS)
    pages = max(1, -(-found.total // ROWS))
    return page(
        request,
        "review/history.html",
        active="history",
        lines=[trail_line(event, known, tell) for event in found.rows],
        total=found.total,
        of=of.strip(),
        by=by,
        names=sorted({person.name for person in people(web.store)} | {event.who for event in found.rows} | ({by} - {""})),
        page_number=page_number,
        pages=pages,
        links=[_link(of, by, each) for each in (page_number - 1, page_number + 1)],
    )


def trail_line(event: Event, known: Mapping[int, Known], tell: Tell) -> TrailLine:
    """An event in words; `known` are the collections by id."""
    form = (known.get(event.collection) or main_collection(known)).form
    kind = next((slot.kind for slot in form.slots if slot.path == form_path(event.path)), None)
    before, before_state = _told(event, event.before, known, tell, kind)
    after, after_state = _told(event, event.after, known, tell, kind)
    return TrailLine(
        event.turn,
        local_text(event.when),
        event.who,
        key_of(event.order, event.number),
        event.path,
        event.name,
        tell(KINDS[event.kind]) if event.kind is not None else slot_name(event.path, form),
        before,
        before_state,
        after,
        after_state,
        event.why,
        event.undone,
        event.undoes is not None,
    )


def _told(
    event: Event, worth: Worth | str, known: Mapping[int, Known], tell: Tell, kind: SlotKind | None
) -> tuple[str, str]:
    if event.kind is DecisionKind.COLLECTION and isinstance(worth, str) and worth:
        of = known.get(int(worth))
        return (worth if of is None else of.collection.name, "")
    if isinstance(worth, str):
        usual = VALUES.get(worth) if event.kind is not None else None
        return (tell(usual) if usual else worth or tell("未决定"), "")
    state, value = worth
    return worth_text(state, value, tell, kind), State(state).value


def _parsed(text: str) -> tuple[int | None, int | None]:
    key = parse_key(text)
    if key is not None:
        return key
    return (int(text), None) if text.isascii() and text.isdecimal() and len(text) < 10 else (None, None)


def _link(of: str, by: str, number: int) -> str:
    given = {name: value for name, value in {"of": of, "by": by, "page": number}.items() if value and value != 1}
    return "/history" + (f"?{urlencode(given)}" if given else "")
