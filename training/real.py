"""Slots cut from made returns by the very stages that cut real ones, to train the digit reader on beside the drawn ones.

They bring what drawing alone does not: where the scout puts a slot that a pen has overrun, what lines do to tall digits,
what rectified photographs look like. Digits are those of MNIST's training writers.

python -m training.real --data ../shared/data --out real.npz --seed 330000 --count 400
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from rich.progress import track

from extractors.digits import OTHER, OVER, STRUCK, Look, slot_to_pictures
from extractors.pages import open_pages
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.group import gather
from pipeline.reading.page import broken_off, find_tables
from pipeline.reading.readers import Readers, load_readers
from samples.capture import CAPTURES
from samples.make import make_set
from samples.styles import STYLES
from samples.truth import Truth, TruthSlot
from schemas.errors import DocumentError
from schemas.flow import LINE_HEIGHT, Evidence, Line, NamedCell, Page, TableFind, Upright
from schemas.form import SlotKind
from schemas.safety_month import SAFETY_MONTH
from training.slots import LOOKS, LabelledSlot, Packed, pack_slots, save_slots

# Captures that are pictures: nobody writes with a pen on a PDF.
PICTURES = (*(kind for kind in CAPTURES if kind != "digital"), "photo-strong")

# How returns are filled in, in turn, by the look that they are for.
FILLINGS = {
    "print": ("digits", "digits", "digits", "font", "typed"),
    "pens": ("digits", "digits", "digits", "digits", "font"),
}

# Share of a return's count slots in which something else than a number stands.
ODD = 0.1


def main() -> int:
    """The command: make returns, find their slots, write these as `training.slots` writes its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with mnist.npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=330000)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--look", choices=LOOKS, default="print", help="the reader that the slots are for")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.workers) as pool:
        truths = make_set(
            Path(folder),
            seed=options.seed,
            count=options.count,
            captures=PICTURES,
            fillings=FILLINGS[options.look],
            digits=f"{options.data / 'mnist.npz'}:train",
            hands=tuple(STYLES),
            odd=ODD,
            workers=options.workers,
        )
        jobs = [(Path(folder), truth, LOOKS[options.look][0]) for truth in truths]
        found = list(track(pool.map(_slots_of, jobs), total=len(jobs), description="returns"))
    save_slots(options.out, found)
    return 0


@cache
def _readers() -> Readers:
    return load_readers(SAFETY_MONTH, threads=1)


def _slots_of(job: tuple[Path, Truth, Look]) -> Packed:
    return pack_slots(list(_read_slots(*job)))


def _read_slots(folder: Path, truth: Truth, look: Look) -> Iterator[LabelledSlot]:
    tables: list[TableFind] = []
    pages: dict[int, Page] = {}
    try:
        for page in open_pages(folder / truth.file):
            tables += find_tables(page, SAFETY_MONTH, _readers(), goes_on=broken_off(tables), gather=_places_alone)
            pages[page.number] = page
    except DocumentError:
        return
    found = gather([table for table in tables if table.items], SAFETY_MONTH)
    if not found:
        return
    placed = {piece.placement.path: piece.placement for pieces in found[0].items.values() for piece in pieces}
    for slot in truth.slots:
        placement, text = placed.get(slot.path), _text(slot)
        if (
            slot.illegible
            or placement is None
            or placement.line is None
            or placement.slot.kind is not SlotKind.COUNT
            or text is None
        ):
            continue
        if not _is_there(slot, placement.line, placement.outer, pages[placement.line.page]):
            continue
        pictures = slot_to_pictures(pages[placement.line.page], placement, look)
        # Which part of a slot over two lines holds the number is not told.
        if len(pictures) == 1:
            yield LabelledSlot(pictures[0], text, _content(truth, slot))


def _places_alone(
    _upright: Upright, found: Sequence[Sequence[NamedCell]], _readers: Readers, _budget: ErrorBudget
) -> list[Evidence]:
    """Where slots are is all that is asked here, and all that the digit reader knows when it looks."""
    return [Evidence(place, 0, 0.0, 0.0, None) for items in found for item in items for place in item.placements]


def _is_there(slot: TruthSlot, line: Line, outer: tuple[float, float], page: Page) -> bool:
    """Whether a slot was found where it stands: what was found elsewhere would teach nonsense."""
    middle = np.array([[sum(outer) / 2, LINE_HEIGHT / 2]])
    x, y = (line.to_page(middle)[0] / page.pixels.shape[1::-1]).tolist()
    left, top, right, bottom = slot.box
    return bool(left <= x <= right and top - 0.01 <= y <= bottom + 0.01 and slot.page == page.number)


def _text(slot: TruthSlot) -> str | None:
    """What the reader should see; None where that is not certain."""
    raw, struck = slot.raw or "", slot.struck_raw or ""
    number = raw.isascii() and raw.replace(",", "").isdigit()
    match slot.oddity:
        case "" | "circled" | "stray-line" | "dot":
            return "" if slot.value_box is None or not raw else raw if number else None
        case "struck-above" | "struck-only":
            return struck + STRUCK
        case "struck-beside":
            return struck + STRUCK + raw
        case "tick" | "scribble" | "word" | "slash" | "dash":
            return OTHER
        case "overwritten":
            places = [place for place, (a, b) in enumerate(zip(raw, struck, strict=False)) if a != b]
            return raw[: places[0]] + OVER + raw[places[0] :] if len(places) == 1 and len(raw) == len(struck) else None
    return None


def _content(truth: Truth, slot: TruthSlot) -> str:
    if slot.oddity:
        return "other" if slot.oddity in ("tick", "scribble", "word", "slash", "dash") else "struck"
    if not slot.raw:
        return "blank"
    return "print" if truth.filling == "typed" else "pen"


if __name__ == "__main__":
    sys.exit(main())
