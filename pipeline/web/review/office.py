"""What the review pages need of the office on every request: a return with its form, the reader's language."""

from __future__ import annotations

from functools import partial

from fastapi import Request
from starlette.exceptions import HTTPException

from pipeline.store import ReturnInHand, Store, load_return
from pipeline.web.pages import lang_of
from pipeline.web.review.words import Tell
from pipeline.web.texts import translate
from schemas.form import Form


def tell_of(request: Request) -> Tell:
    """Chinese texts in the reader's language."""
    return partial(translate, lang_of(request))


def in_hand(store: Store, order: int, number: int) -> tuple[ReturnInHand, Form]:
    """A return and its form. Raises NoSuchReturn; HTTPException 404 for a form that the store does not have."""
    held = load_return(store, order, number)
    if held.form is None:
        raise HTTPException(404)
    return held, held.form


def parse_key(text: str) -> tuple[int, int] | None:
    """A return's order and number from "12-1"; None where it is none."""
    order, dash, number = text.partition("-")
    digits = all(part.isascii() and part.isdecimal() and len(part) < 10 for part in (order, number))
    return (int(order), int(number)) if dash and digits else None
