"""Slots with what stands in them, to train the digit reader on: drawn as scans hold them, cut as real slots are cut.

Each is a piece of a printed line with parentheses, what pens or printers leave between and over them, the lines and rules
around it, a seal at times, and then what a scanner, a phone, a fax or a messenger does to it. The picture goes through
`strip_to_picture`, as real slots do.

python -m training.slots --data ../shared/data --out slots.npz --seed 320000 --count 240000
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from extractors.digits import CONTEXT, OTHER, OVER, PEN_LOOK, PRINT_LOOK, STRUCK, Look, SlotPicture, strip_to_picture
from samples.legibility import is_legible
from schemas.flow import Image
from training import paper
from training.hands import FINE, Box4, Hand, Spot, draw_hand
from training.pens import Pens, load_pens, save_pens
from training.writing import write_digit, write_number

# The em of a printed line in line pixels: a line's crop is its ink and a sixth above and below, so that tall pens shrink it.
EM = (25.0, 41.0)

# How often a number has 1, 2, 3 … digits.
LENGTHS = (0.3, 0.29, 0.24, 0.11, 0.04, 0.02)

# What stands in a slot, and how often. "above" is a correction over the line, looked at by itself.
CONTENTS = {
    "blank": 0.13,
    "pen": 0.52,
    "print": 0.17,
    "struck": 0.06,
    "over": 0.02,
    "above": 0.01,
    "other": 0.06,
    "mixed": 0.03,
}

# The same for the reader that looks at what pens wrote alone: a slot that is printed blank or that a pen has filled.
PEN_CONTENTS = CONTENTS | {"blank": 0.1, "pen": 0.71, "print": 0.01}

# The looks that slots are drawn for, by name, and what then stands in them.
LOOKS: Mapping[str, tuple[Look, Mapping[str, float]]] = {
    "print": (PRINT_LOOK, CONTENTS),
    "pens": (PEN_LOOK, PEN_CONTENTS),
}

# Share of written slots near which the same pen has filled another one: on the lines above and below, or on the same.
NEIGHBOURS = 0.3

# Share of seals that are not found on their page.
UNSEEN = 0.03

WORDS = (
    "无",
    "若干",
    "未开展",
    "没有统计",
    "约",
    "万",
    "余",
    "多次",
    "场",
    "人",
    "次",
    "未统计",
    "见附件",
    "待定",
    "全员",
    "两",
    "三十",
    "十二",
)


@dataclass(frozen=True, eq=False)
class LabelledSlot:
    """A slot as the reader sees it, and the string that it should read."""

    picture: SlotPicture
    text: str
    content: str


@dataclass(frozen=True, eq=False)
class Packed:
    """Slots side by side: ink uint8 (height, columns), 0 is -0.25 and 255 is 1.25; colour, 0 is -1 and 254 is 1, of no rows
    for a look without; the slot's plane (columns,); by slot the width, the string to read, and what kind of thing it is."""

    ink: NDArray[np.uint8]
    colour: NDArray[np.uint8]
    within: NDArray[np.bool_]
    widths: tuple[int, ...]
    texts: tuple[str, ...]
    contents: tuple[str, ...]


def main() -> int:
    """The command: draw slots in as many processes as asked for, and write them in one row with where each starts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with mnist.npz")
    parser.add_argument("--pens", type=Path, default=Path("pens.npz"), help="digits as distance fields; made if missing")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=320000)
    parser.add_argument("--count", type=int, default=240000)
    parser.add_argument("--look", choices=LOOKS, default="print", help="the reader that the slots are for")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if not options.pens.exists():
        save_pens(options.data / "mnist.npz", options.pens, options.workers)
    chunk = 500
    tasks = [(options.pens, options.look, options.seed, place, chunk) for place in range(options.count // chunk)]
    with ProcessPoolExecutor(options.workers) as pool:
        drawn = list(track(pool.map(draw_slots, tasks), total=len(tasks), description="slots"))
    save_slots(options.out, drawn)
    return 0


def pack_slots(slots: Sequence[LabelledSlot]) -> Packed:
    """Slots side by side, to hand them from process to process."""
    planes = [slot.picture.planes for slot in slots]
    height, coloured = (planes[0].shape[1], len(planes[0]) > 2) if planes else (0, False)
    colours = [np.round((plane[2] + 1) * 127).astype(np.uint8) for plane in planes] if coloured else []
    columns = sum(plane.shape[2] for plane in planes)
    return Packed(
        np.concatenate(
            [_empty(height, 0), *(np.round((plane[0] + 0.25) * 170).astype(np.uint8) for plane in planes)], axis=1
        ),
        np.concatenate(colours, axis=1) if colours else _empty(0, columns),
        np.concatenate([np.zeros(0, bool), *(plane[1, 0] > 0.5 for plane in planes)]),
        tuple(plane.shape[2] for plane in planes),
        tuple(slot.text for slot in slots),
        tuple(slot.content for slot in slots),
    )


def _empty(height: int, columns: int) -> NDArray[np.uint8]:
    return np.zeros((height, columns), np.uint8)


def save_slots(path: Path, packed: Sequence[Packed]) -> None:
    """All slots in one row, and where each starts."""
    packed = [pack for pack in packed if pack.widths]
    starts = np.cumsum([0, *(width for pack in packed for width in pack.widths)])
    texts = np.array([text for pack in packed for text in pack.texts])
    contents = np.array([content for pack in packed for content in pack.contents])
    ink, colour = (np.concatenate([getattr(pack, plane) for pack in packed], axis=1) for plane in ("ink", "colour"))
    within = np.concatenate([pack.within for pack in packed])
    np.savez(path, ink=ink, colour=colour, within=within, starts=starts, texts=texts, contents=contents)
    print(f"{len(texts)} slots in {path}")


def draw_slots(task: tuple[Path, str, int, int, int]) -> Packed:
    """A chunk of slots: file of pens, name of the look, seed, place of the chunk, slots in it."""
    path, look, seed, place, count = task
    cv2.setNumThreads(1)
    pens = _pens(path)
    rng = np.random.default_rng((seed, place))
    return pack_slots([draw_slot(pens, *LOOKS[look], rng) for _ in range(count)])


def draw_slot(pens: Pens, look: Look, contents: Mapping[str, float], rng: np.random.Generator) -> LabelledSlot:
    """One slot, from paper to picture; drawn anew until what a pen wrote can be read."""
    content = str(rng.choice(list(contents), p=list(contents.values())))
    while True:
        slot = _draw(content, pens, look, rng)
        if slot is not None:
            return slot


def _draw(content: str, pens: Pens, look: Look, rng: np.random.Generator) -> LabelledSlot | None:
    number = _number(rng)
    em = FINE * float(EM[1] - (EM[1] - EM[0]) * rng.beta(1.0, 2.5))
    # What is told by the seen: typed slots are as wide as their value, a pen's are printed blank.
    typed = number if content == "print" else ""
    room = 0.0 if content == "print" else float(rng.uniform(1.2, 2.6) if rng.random() < 0.5 else rng.uniform(2.5, 7))
    canvas, spot = paper.print_line(typed, room, em, rng, fine=FINE)
    text, ink = (number, None) if content == "print" else _write(canvas, spot, content, number, look.reach, pens, rng)
    rise = 0.85 * spot.em if content == "above" else 0.0
    sealed, seal = paper.press_seal(canvas, rng)
    bgr, scale = paper.capture(sealed, rng, fine=FINE)
    if ink is not None and not is_legible(bgr, _scaled(ink, scale / FINE)):
        return None
    # The parentheses are found to a step or so.
    left, right = (spot.left / FINE + rng.normal(0, 3), spot.right / FINE + rng.normal(0, 3))
    top = spot.base / FINE - 0.36 * spot.em / FINE - 24 + look.top + rng.normal(0, 1.5) - rise / FINE
    start = left - look.reach - CONTEXT
    strip = paper.cut(bgr, scale, (start, top, right + look.reach + CONTEXT, top + look.bottom - look.top))
    under = _under(seal, (start, top), strip.shape[:2], rng)
    return LabelledSlot(strip_to_picture(strip, left - start, right - start, look, under=under), text, content)


def _under(
    seal: paper.Disc | None, corner: tuple[float, float], size: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The pixels of a strip of a (height, width) that lie under a seal, as well as its outline is found; `corner` is the
    strip's, in line pixels."""
    if seal is None or rng.random() < UNSEEN:
        return np.zeros(size, np.bool_)
    x, y = (side / FINE + rng.normal(0, 1) for side in (seal.x, seal.y))
    radius = seal.radius / FINE * float(rng.normal(1.02, 0.02))
    down, across = np.ogrid[: size[0], : size[1]]
    return np.asarray(np.hypot(across + corner[0] - x, down + corner[1] - y) <= radius, np.bool_)


@cache
def _pens(path: Path) -> Pens:
    return load_pens(path)


def _number(rng: np.random.Generator) -> str:
    length = 1 + int(rng.choice(len(LENGTHS), p=LENGTHS))
    digits = "".join(str(digit) for digit in rng.integers(0, 10, length))
    if length > 1 and rng.random() < 0.25:
        # Counts are round more often than chance has it.
        digits = digits[:1] + digits[1:].translate(str.maketrans("123456789", "000000000"))
    digits = digits.lstrip("0") or "0"
    return f"{int(digits):,}" if len(digits) > 3 and rng.random() < 0.25 else digits


def _write(
    canvas: Image, spot: Spot, content: str, number: str, reach: int, pens: Pens, rng: np.random.Generator
) -> tuple[str, Box4 | None]:
    """Write what a slot holds; gives what the reader should read there, and the box of digits that must be legible."""
    hand = draw_hand(rng, reach)
    if content != "print" and rng.random() < NEIGHBOURS:
        _write_neighbour(canvas, spot, hand, pens, rng)
    if content == "blank":
        if rng.random() < 0.12:
            paper.draw_stray(canvas, spot, rng)
        return "", None
    if content == "mixed":
        return _write_mixed(canvas, spot, number, hand, pens, rng), None
    if content == "other":
        return _write_other(canvas, spot, hand, rng), None
    if content in ("struck", "above"):
        return _write_struck(canvas, spot, content, number, hand, pens, rng), None
    boxes, text = write_number(canvas, spot, number, hand, pens, rng)
    place = int(rng.integers(len(number)))
    if content == "over" and number[place] != ",":
        write_digit(canvas, boxes[place], int(rng.integers(10)), hand, pens, rng)
        text = text[:place] + OVER + text[place:]
    if content == "pen" and rng.random() < 0.02:
        paper.draw_circle(canvas, _around(boxes), hand, rng)
    return text, _around(boxes)


def _write_neighbour(canvas: Image, spot: Spot, hand: Hand, pens: Pens, rng: np.random.Generator) -> None:
    """A number that is not this slot's, as near as those of other slots are."""
    em, room = spot.em, spot.right - spot.left
    across, down = rng.normal(0, 0.7) * (room + em), em * rng.uniform(1.2, 2.1) * (1 if rng.random() < 0.6 else -1)
    if rng.random() < 0.4:
        # Three printed characters part two slots of a line, or more.
        across, down = (room + em * rng.uniform(2.2, 4)) * (1 if rng.random() < 0.5 else -1), em * rng.normal(0, 0.05)
    place = Spot(spot.left + float(across), spot.right + float(across), spot.base + float(down), em)
    write_number(canvas, place, _number(rng), replace(hand, beyond=0.0, reach=0.0), pens, rng)


def _write_mixed(canvas: Image, spot: Spot, number: str, hand: Hand, pens: Pens, rng: np.random.Generator) -> str:
    """A word before or behind a number: 约300, 5场, 1.2万."""
    word = str(rng.choice(["约", "场", "余", "人", "万", "次", "个", "多", "近"]))
    middle = spot.left + (spot.right - spot.left) * (0.3 if rng.random() < 0.4 else 0.7)
    if middle < (spot.left + spot.right) / 2:
        paper.write_word(canvas, Spot(spot.left, middle, spot.base, spot.em), word, hand, rng)
        return OTHER + write_number(canvas, Spot(middle, spot.right, spot.base, spot.em), number, hand, pens, rng)[1]
    paper.write_word(canvas, Spot(middle, spot.right, spot.base, spot.em), word, hand, rng)
    return write_number(canvas, Spot(spot.left, middle, spot.base, spot.em), number, hand, pens, rng)[1] + OTHER


def _write_other(canvas: Image, spot: Spot, hand: Hand, rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < 0.4:
        paper.write_word(canvas, spot, str(rng.choice(WORDS)), hand, rng)
    else:
        paper.draw_mark(canvas, spot, hand, rng)
    return OTHER


def _write_struck(
    canvas: Image, spot: Spot, content: str, number: str, hand: Hand, pens: Pens, rng: np.random.Generator
) -> str:
    """A number struck out: alone, with its correction above or beside it."""
    wrong = _number(rng).replace(",", "")
    way = "above" if content == "above" else str(rng.choice(["alone", "above", "beside"], p=[0.25, 0.4, 0.35]))
    whole = spot.right - spot.left
    own = Spot(spot.left, spot.left + whole * (0.5 if way == "beside" else 1.0), spot.base, spot.em)
    boxes, _ = write_number(canvas, own, wrong, hand, pens, rng)
    dense = paper.strike(canvas, _around(boxes), hand, rng)
    struck = (OTHER if dense else wrong) + STRUCK
    if way == "alone":
        return struck
    if way == "beside":
        # Inside the parentheses, or right behind the closing one.
        start = min(max(box[2] for box in boxes) + 0.1 * spot.em, spot.right)
        end = max(spot.right, start + 0.8 * spot.em) if start + spot.em > spot.right else spot.right
        return struck + write_number(canvas, Spot(start, end, spot.base, spot.em), number, hand, pens, rng)[1]
    over = Spot(spot.left, spot.right, spot.base - spot.em * float(rng.uniform(0.75, 1.0)), spot.em * 0.8)
    _, text = write_number(canvas, over, number, hand, pens, rng)
    return text if content == "above" else struck


def _scaled(box: Box4, by: float) -> Box4:
    return box[0] * by, box[1] * by, box[2] * by, box[3] * by


def _around(boxes: list[Box4]) -> Box4:
    array = np.array(boxes)
    low, high = array[:, :2].min(axis=0), array[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


if __name__ == "__main__":
    sys.exit(main())
