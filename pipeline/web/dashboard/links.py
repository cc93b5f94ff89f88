"""Addresses of pages, with whatever odd names stand in them."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from schemas.office import StoredReturn


def unit_link(name: str) -> str:
    """A unit's page. Names of dots alone would be taken for folders, even when they are quoted."""
    return f"/units?{urlencode({'unit': name})}" if name in {".", ".."} else f"/units/{quote(name, safe='')}"


def return_link(stored: StoredReturn) -> str:
    """Where a return is reviewed."""
    return f"/returns/{stored.order}-{stored.number}"


def slot_link(stored: StoredReturn, path: str) -> str:
    """Where a return is reviewed, at one of its slots."""
    return f"{return_link(stored)}?{urlencode({'slot': path})}"


def crop_link(stored: StoredReturn, path: str) -> str:
    """The picture of a slot, with the words beside it."""
    return f"{return_link(stored)}/slots/{quote(path, safe='')}.jpg"


def total_link(path: str) -> str:
    """What a total is made of."""
    return f"/totals/{quote(path, safe='')}"


def with_query(address: str, **values: object) -> str:
    """An address with those values that say anything."""
    given = {key: value for key, value in values.items() if value not in ("", None)}
    return f"{address}?{urlencode(given)}" if given else address
