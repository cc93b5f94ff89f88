"""Numbers written by hand onto a canvas: MNIST's writers redrawn with any pen, our own strokes, fonts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from schemas.flow import Image
from training import paper
from training.hands import FINE, Box4, Hand, Spot
from training.pens import FIELD, TALL, Pens, draw_field, field_to_alpha

# Share of digits by MNIST's writers; of the others most are our own strokes, the rest fonts.
MNIST_SHARE, OWN_SHARE = 0.7, 0.18

# Least distance of two neighbours' strokes, middle to middle, and least width of a digit, both in widths of the pen; least
# height of a digit in em.
TOUCHING, NARROWEST, SMALLEST = 0.45, 3.0, 0.5


def write_number(
    canvas: Image, spot: Spot, number: str, hand: Hand, pens: Pens, rng: np.random.Generator
) -> tuple[list[Box4], str]:
    """Write digits side by side between two columns; gives each one's box (left, top, right, bottom) and what they say."""
    fields = [None if char == "," else _field(int(char), pens, rng) for char in number]
    tall = hand.size * spot.em * 0.8
    pen = hand.pen * spot.em
    widths = [0.25 * tall if field is None else _width(field) * hand.squeeze * tall for field in fields]
    # Strokes of neighbours touch at most: who writes digits into each other cannot read them either.
    gaps = [max(spot.em * (hand.spacing + float(rng.normal(0, 0.03))), TOUCHING * pen) for _ in number]
    room, total = spot.right - spot.left, sum(widths) + sum(gaps[:-1])
    # A pen squeezes its digits as far as it can part their strokes, then goes over the parentheses, as far as a slot's
    # picture reaches; then it writes smaller.
    beyond = 0.8 * hand.reach * FINE
    shrink = min(1.0, room * float(rng.uniform(0.75, 1.25)) / max(total, 1.0))
    shrink = max(shrink, min(float(rng.uniform(0.5, 0.85)), (room + 2 * beyond) / max(total, 1.0)))
    wide = float(np.median([width for width, char in zip(widths, number, strict=True) if char not in "1,"] or [tall]))
    shrink = min(max(shrink, NARROWEST * pen / wide), 1.0)
    if total * shrink > room + 2 * beyond and hand.size > SMALLEST:
        smaller = replace(hand, size=max(0.8 * hand.size, SMALLEST), pen=0.85 * hand.pen)
        return write_number(canvas, spot, number, smaller, pens, rng)
    free = room - total * shrink
    x = spot.left + free * float(np.clip(rng.normal(0.5, 0.25), -0.1, 1.1))
    if rng.random() < hand.beyond:
        # From before the opening parenthesis, or to behind the closing one, which is seldom.
        far = min(spot.em * float(rng.uniform(0.2, 1.1)), total * shrink + 0.1 * spot.em)
        x = spot.left - far if rng.random() < 0.65 else spot.right + far - total * shrink
    x = max(min(x, spot.right + beyond - total * shrink), spot.left - beyond)
    base = spot.base + spot.em * (float(rng.normal(0.02, 0.07)) - hand.rise)
    drift = float(rng.normal(0, 0.03))
    boxes = []
    for field, width, gap in zip(fields, widths, gaps, strict=True):
        box = (x, base - tall, x + width * shrink, base)
        if field is None:
            paper.draw_comma(canvas, (x + width * shrink / 2, base), hand, spot.em, rng)
        else:
            _press(canvas, field, box, hand, spot.em, rng)
        boxes.append(box)
        x += width * shrink + max(gap * shrink, TOUCHING * pen)
        base += spot.em * (drift + float(rng.normal(0, 0.025)))
    return boxes, number


def write_digit(canvas: Image, box: Box4, digit: int, hand: Hand, pens: Pens, rng: np.random.Generator) -> None:
    """Write one digit into a box, over whatever stands there."""
    _press(canvas, _field(digit, pens, rng), box, hand, (box[3] - box[1]) / hand.size, rng)


def _field(digit: int, pens: Pens, rng: np.random.Generator) -> NDArray[np.uint8]:
    source = rng.random()
    if source < MNIST_SHARE:
        places = pens.places[digit]
        return pens.fields[places[int(rng.integers(len(places)))]]
    if source < MNIST_SHARE + OWN_SHARE:
        return draw_field(digit, rng)
    return pens.fonts[int(rng.integers(len(pens.fonts)))][digit]


def _width(field: NDArray[np.uint8]) -> float:
    """How wide a digit is, of its height."""
    columns = np.flatnonzero(field.min(axis=0) < 8)
    return max(float(columns[-1] - columns[0]) / TALL, 0.12) if len(columns) else 0.3


def _press(canvas: Image, field: NDArray[np.uint8], box: Box4, hand: Hand, em: float, rng: np.random.Generator) -> None:
    """Multiply one digit's ink onto the canvas, upright in its box but for the hand's slant."""
    width, tall = max(box[2] - box[0], 2.0), box[3] - box[1]
    scale = np.diag([width / max(_width(field) * TALL, 4.0), tall * float(rng.normal(1, 0.05)) / TALL])
    slant, angle = hand.slant + float(rng.normal(0, 0.05)), float(rng.normal(0, hand.shaky))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[1, -slant], [0, 1.0]]) @ scale
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    reach = int(np.abs(linear).sum(axis=1).max() * FIELD / 2) + 2
    left, top = max(int(middle[0]) - reach, 0), max(int(middle[1]) - reach, 0)
    patch = canvas[top : int(middle[1]) + reach, left : int(middle[0]) + reach]
    if not patch.size:
        return
    alpha = field_to_alpha(
        field, linear, (middle[0] - left, middle[1] - top), hand.pen * em, (patch.shape[1], patch.shape[0])
    )
    paper.press(patch, alpha, hand, rng)
