"""Pictures for a person who wants to know why: the hardest pages drawn over, and the worst slots side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from extractors.pages import open_pages
from pipeline.reading.overlay import draw_overlay
from schemas.flow import Box, Image, Page, State
from tests.bench.runs import Outcome
from tests.bench.score import SlotRow
from tests.bench.tables import worst_first

# A sheet's entry in pixels: two lines of letters above a crop no larger than this.
ENTRY_WIDTH, CROP_HEIGHT, LETTERS, LINE = 760, 130, 22, 30
COLUMNS = 2

# Crops are magnified no more than this: beyond, a person sees squares.
MAX_ZOOM = 6.0

# What is shown around a slot, in its own heights: enough words to see which slot it is.
MARGIN_ACROSS, MARGIN_DOWN = 2.5, 0.5

# BGR, told apart by colour-blind people too: green is the truth, vermilion what was read.
TRUTH_COLOUR, READ_COLOUR, INK = (100, 140, 0), (0, 70, 230), (40, 40, 40)


def draw_hardest(folder: Path, outcomes: Mapping[str, Outcome], rows: Sequence[SlotRow], most: int, out: Path) -> list[Path]:
    """Draw the pages with most wrong slots, then most flagged ones, into `out`; `folder` holds the files."""
    wrong: Counter[tuple[str, int]] = Counter()
    flagged: Counter[tuple[str, int]] = Counter()
    for row in rows:
        if row.place is not None:
            wrong[row.file, row.place[0]] += not row.right
            flagged[row.file, row.place[0]] += row.flagged
    hardest = sorted(wrong, key=lambda page: (-wrong[page], -flagged[page]))[:most]
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for rank, (file, number) in enumerate(hardest, 1):
        outcome = outcomes[file]
        page = next((page for page in open_pages(folder / file) if page.number == number), None)
        if page is None:
            continue
        slots = [slot for reading in outcome.readings for slot in reading.slots if slot.page == number]
        outlines = [outline for at, outline in outcome.outlines if at == number]
        path = out / f"{rank:02d}-{Path(file).stem}-page{number}.jpg"
        _write(path, draw_overlay(page, slots, outlines))
        written.append(path)
    return written


def draw_worst(folder: Path, rows: Sequence[SlotRow], most: int, out: Path) -> int:
    """One picture of the worst slots magnified, what stands there and what was read above each; how many it shows."""
    worst = [row for row in worst_first(rows) if row.place is not None][:most]
    wanted = {(row.file, row.place[0]) for row in worst if row.place is not None}
    entries: dict[int, Image] = {}
    for file in dict.fromkeys(row.file for row in worst):
        # Pages are held one at a time.
        for page in open_pages(folder / file):
            if (file, page.number) in wanted:
                for place, row in enumerate(worst):
                    if row.file == file and row.place is not None and row.place[0] == page.number:
                        entries[place] = _entry(page, row)
    if entries:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(out, _sheet([entries[place] for place in sorted(entries)]))
    return len(entries)


def _entry(page: Page, row: SlotRow) -> Image:
    entry = np.full((2 * LINE + CROP_HEIGHT + 12, ENTRY_WIDTH, 3), 255, np.uint8)
    crop = _crop(page, row)
    entry[2 * LINE : 2 * LINE + crop.shape[0], 4 : 4 + crop.shape[1]] = crop
    _letters(entry, 0, _told(row), READ_COLOUR if row.silent else INK)
    _letters(entry, 1, f"{row.file} {row.path}", INK)
    return entry


def _told(row: SlotRow) -> str:
    """ "真 12 读 17 0.9998 未标": what stands there, what was read and how surely, and whether a person was asked."""
    truth = "（纸上没有）" if row.truth is None else _said(row.truth.state, row.truth.raw or row.truth.value)
    read = "（未列出）" if row.read is None else _said(row.read.state, row.read.value)
    sure = "" if row.read is None else f" {row.read.confidence:.4f} {' '.join(row.read.reasons)}"
    return f"真 {truth}  读 {read}{sure} {'已标' if row.flagged else '未标！'}"


def _said(state: State, value: object) -> str:
    return {State.BLANK: "空", State.UNREADABLE: f"？{value or ''}"}.get(state, str(value))


def _crop(page: Page, row: SlotRow) -> Image:
    """The slot's surroundings magnified to fit an entry, with the boxes of truth and reading drawn."""
    read = row.read.box if row.read is not None and row.read.page == page.number else None
    truth = row.truth.box if row.truth is not None else None
    height, width = page.pixels.shape[:2]
    boxes = [(_pixels(box, width, height), colour) for box, colour in ((truth, TRUTH_COLOUR), (read, READ_COLOUR)) if box]
    # The reader may have looked elsewhere altogether: the truth decides what is shown, and a box outside is not seen.
    left, top, right, bottom = boxes[0][0]
    tall = max(bottom - top, 1.0)
    x0, y0 = max(int(left - MARGIN_ACROSS * tall), 0), max(int(top - MARGIN_DOWN * tall), 0)
    x1, y1 = min(int(right + MARGIN_ACROSS * tall), width), min(int(bottom + MARGIN_DOWN * tall), height)
    piece = page.pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    zoom = min(CROP_HEIGHT / piece.shape[0], (ENTRY_WIDTH - 8) / piece.shape[1], MAX_ZOOM)
    size = (max(int(piece.shape[1] * zoom), 1), max(int(piece.shape[0] * zoom), 1))
    crop = np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA), np.uint8)
    for (bx0, by0, bx1, by1), colour in boxes:
        corners = [(round((x - x0) * zoom), round((y - y0) * zoom)) for x, y in ((bx0, by0), (bx1, by1))]
        cv2.rectangle(crop, corners[0], corners[1], colour, 1, cv2.LINE_AA)
    return crop


def _pixels(box: Box, width: int, height: int) -> Box:
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


def _sheet(entries: Sequence[Image]) -> Image:
    """Entries in columns, filled row by row."""
    blank = np.full_like(entries[0], 255)
    padded = [*entries, *[blank] * (-len(entries) % COLUMNS)]
    rows = [np.hstack(padded[start : start + COLUMNS]) for start in range(0, len(padded), COLUMNS)]
    return np.asarray(np.vstack(rows), np.uint8)


def _letters(picture: Image, line: int, text: str, colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, (4, LINE * (line + 1) - 7), colour, cv2.FontFace("uni"), LETTERS)


def _write(path: Path, picture: Image) -> None:
    """Encode, then write through Python: OpenCV's own writer fails without a word on a full disk."""
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
