"""A store filled with made returns through its own doors, their originals in the archive: for tests of review pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from pipeline.office.archive import archive_of
from pipeline.store import Arrival, Store, claim, correct, finish, record_arrival, set_collection
from schemas.office import Collection, StoredReturn
from schemas.reading import Reading
from tests.office import made_office

PAGE_SIZE = (1240, 1754)
"""A page of A4 at 150 dpi: width and height."""


def fill_office(store: Store, home: Path, *, seed: int = 7, units: int = 12, originals: bool = True) -> Collection:
    """An office in the middle of its work: a collection, its returns with their corrections, and originals to look at."""
    collection, returns, _ = made_office(seed=seed, units=units)
    set_collection(store, collection)
    fill(store, home, returns, originals=originals)
    return collection


def fill(store: Store, home: Path, returns: Iterable[StoredReturn], *, originals: bool = True) -> list[int]:
    """Put returns on record one by one; the orders that they got. Without `originals` there is nothing to look at."""
    orders: list[int] = []
    for turn, made in enumerate(returns):
        reading = _on_pages(made.reading)
        data = _picture(reading, turn) if originals else str(turn).encode()
        sha256 = hashlib.sha256(data).hexdigest()
        kept = f"{sha256[:2]}/{sha256}/{Path(made.name).stem}.png"
        if originals:
            path = archive_of(home) / kept
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        arrival = Arrival("收件", made.name.encode(), made.name, sha256, len(data), f"{turn}", kept)
        order = record_arrival(store, arrival)
        held = claim(store)
        assert order is not None
        assert held is not None
        assert finish(store, held, [reading])
        for correction in made.corrections.values():
            correct(store, order, 1, correction)
        orders.append(order)
    return orders


def _on_pages(reading: Reading) -> Reading:
    """The same reading with its slots spread over one page, as they are on paper: three to a line."""
    slots = []
    for place, slot in enumerate(reading.slots):
        left, top = 0.12 + 0.27 * (place % 3), 0.2 + 0.045 * (place // 3)
        slots.append(slot.model_copy(update={"page": 1, "box": (left, top, left + 0.06, top + 0.016)}))
    return reading.model_copy(update={"slots": tuple(slots), "pages": 1})


def _picture(reading: Reading, turn: int) -> bytes:
    """A page with the values of its slots at their places; `turn` makes its bytes its own."""
    width, height = PAGE_SIZE
    page = np.full((height, width, 3), 245, np.uint8)
    cv2.putText(page, f"No. {turn}", (100, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (40, 40, 40), 2)
    for slot in reading.slots:
        assert slot.box is not None
        left, _, right, bottom = (round(share * side) for share, side in zip(slot.box, PAGE_SIZE * 2, strict=True))
        text = str(slot.value) if isinstance(slot.value, int) else ""
        cv2.putText(page, "(", (left - 14, bottom), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (30, 30, 30), 2)
        cv2.putText(page, text, (left + 4, bottom - 2), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (150, 60, 20), 2)
        cv2.putText(page, ")", (right + 2, bottom), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (30, 30, 30), 2)
    return bytes(cv2.imencode(".png", page, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])
