"""Which way up a page is, told by its slots, which stand in printed order; and boxes on the page turned that way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from schemas.flow import Box
from schemas.reading import Reading

TURNS = (0, 90, 180, 270)
"""Degrees clockwise by which a page may have to be turned."""

# Two slots whose middles are nearer than this share of the slots' own height stand on one line.
SAME_LINE = 0.6


def page_turn(reading: Reading, page: int) -> int:
    """Degrees clockwise, one of TURNS, that make a page of a return upright: its slots then go down it, and right in a line.

    0 where there are fewer than two slots on it.
    """
    boxes = [slot.box for slot in reading.slots if slot.page == page and slot.box is not None]
    # The first of equals: a page is upright unless something says otherwise.
    return max(TURNS, key=lambda turn: _in_order([turn_box(box, turn) for box in boxes]))


def turn_box(box: Box, turn: int) -> Box:
    """A box, as fractions of a page, on the page turned so many degrees clockwise."""
    for _ in range(turn // 90):
        left, top, right, bottom = box
        box = (1 - bottom, left, 1 - top, right)
    return box


def _in_order(boxes: Sequence[Box]) -> int:
    """How many slots come behind the one before, as people read."""
    return sum(_behind(one, next_one) for one, next_one in pairwise(boxes))


def _behind(one: Box, other: Box) -> bool:
    down = (other[1] + other[3] - one[1] - one[3]) / 2
    height = max(one[3] - one[1], other[3] - other[1])
    if abs(down) < SAME_LINE * height:
        return other[0] > one[0]
    return down > 0
