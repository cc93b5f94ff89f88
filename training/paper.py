"""The paper that slots stand on, to train the digit reader: printed lines, marks of pens, seals, and what captures do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from samples import degrade
from samples.fonts import PRINT_FONTS, picture_font
from samples.seal import Seal, seal_picture
from schemas.flow import Image
from schemas.safety_month import SAFETY_MONTH
from training.hands import Box4, Hand, Spot

# Canvas: ems above and below the line, and to its left and right.
ROOM_ABOVE, ROOM_BELOW, ROOM_BESIDE = 2.2, 1.3, 3.0

# Fonts that words are written in.
WORD_FONTS = ("seto", "wenkai-light", "wenkai", "klee")

# Other fonts that numbers are printed in, as far as Debian's packages of them are installed.
NUMBER_FONTS = tuple(
    path
    for folder in ("liberation", "dejavu", "freefont", "crosextra")
    for path in sorted(Path("/usr/share/fonts/truetype").glob(f"{folder}*/*.ttf"))
)

# Least and most pixels of a page to one of a line: messengers' pictures, and scans at 300 dpi.
RESOLUTION = (0.42, 1.5)


@dataclass(frozen=True)
class Disc:
    """Where a round seal lies on a canvas: its middle and radius, in the canvas's pixels."""

    x: float
    y: float
    radius: float


def print_line(text: str, room: float, em: float, rng: np.random.Generator, *, fine: int) -> tuple[Image, Spot]:
    """A printed line with one slot that holds `text`, or `room` em of nothing: BGR uint8, and where the slot is.

    `em` is in the canvas's own pixels, of which there are `fine` to one line pixel.
    """
    font = picture_font(str(rng.choice(PRINT_FONTS)), round(em))
    numbers = _number_font(round(em * float(rng.uniform(0.85, 1.05))), rng) if rng.random() < 0.5 else font
    opening, closing = ("(", ")") if rng.random() < 0.25 else ("（", "）")
    pad = " " * int(rng.integers(0, 3)) if text else ""
    bold = rng.random() < 0.1
    before, behind = _words(rng), _words(rng)
    underlined = rng.random()
    inside = numbers.getlength(pad + text + pad) + room * em
    bare = underlined < 0.04
    lead, tail = (0.0, 0.0) if bare else (font.getlength(opening), font.getlength(closing))
    width = round(2 * ROOM_BESIDE * em + lead + inside + tail)
    height = round((ROOM_ABOVE + 1 + ROOM_BELOW) * em)
    picture = Pillow.new("L", (width, height), 255)
    draw = ImageDraw.Draw(picture)
    base, left = (ROOM_ABOVE + 0.88) * em, ROOM_BESIDE * em
    black = int(rng.integers(0, 70))

    def put(x: float, line: str, face: ImageFont.FreeTypeFont, anchor: str = "ls", y: float = base) -> None:
        draw.text((x, y), line, font=face, fill=black, anchor=anchor, stroke_width=int(bold))

    put(left - (0.15 * em if bare else 0), before, font, "rs")
    if not bare:
        put(left, opening, font)
        put(left + lead + inside, closing, font)
    put(left + lead, pad + text + pad, numbers)
    put(left + lead + inside + tail + (0.15 * em if bare else 0), behind, font)
    _print_around(draw, put, font, em, base, width, rng)
    if bare or underlined < 0.1:
        y = base + 0.12 * em
        draw.line((left + lead, y, left + lead + inside, y), fill=black, width=max(1, round(0.045 * em)))
    canvas = cv2.cvtColor(np.asarray(picture, np.uint8), cv2.COLOR_GRAY2BGR)
    # A full-width parenthesis has its ink in the half that is turned to the slot.
    return np.asarray(canvas, np.uint8), Spot(left + 0.4 * lead, left + lead + inside + 0.6 * tail, base, em)


def press(patch: Image, alpha: NDArray[np.float32], hand: Hand, rng: np.random.Generator) -> None:
    """Multiply a pen's ink (0 to 1) onto a patch of the canvas, in place; a dry pen leaves gaps."""
    ink = alpha * hand.pale
    if hand.pale < 0.7:
        rough = cv2.resize(rng.random((8, 8), np.float32), alpha.shape[::-1], interpolation=cv2.INTER_CUBIC)
        ink = ink * np.clip(0.5 + rough, 0, 1)
    patch[:] = (patch * (1 - ink[:, :, None] * (1 - np.array(hand.colour, np.float32)))).astype(np.uint8)


def write_word(canvas: Image, spot: Spot, word: str, hand: Hand, rng: np.random.Generator) -> None:
    """A word in a font that looks written, into the slot's room."""
    room = max(spot.right - spot.left, 0.5 * spot.em)
    size = max(round(min(spot.em * hand.size, 1.15 * room / len(word))), 8)
    font = picture_font(str(rng.choice(WORD_FONTS)), size)
    x = spot.left + max(room - font.getlength(word), 0) * float(rng.random())
    start, top = max(round(x - 0.5 * size), 0), max(round(spot.base - 1.5 * size), 0)
    patch = canvas[top : top + round(2.2 * size), start : start + size * (len(word) + 1)]
    layer = Pillow.new("L", (patch.shape[1], patch.shape[0]), 0)
    at = (x - start, spot.base - top + rng.normal(0, 0.05) * spot.em)
    ImageDraw.Draw(layer).text(at, word, font=font, fill=255, anchor="ls")
    press(patch, np.asarray(layer, np.float32) / np.float32(255), hand, rng)


def draw_mark(canvas: Image, spot: Spot, hand: Hand, rng: np.random.Generator) -> None:
    """A tick, a cross, a slash, a dash, a wave or a scribble."""
    middle = spot.left + (spot.right - spot.left) * float(rng.uniform(0.3, 0.7))
    size = spot.em * float(rng.uniform(0.5, 1.1))
    center = np.array([middle, spot.base - 0.36 * spot.em])
    kind = int(rng.integers(6))
    strokes = {
        0: [[(-0.5, 0.0), (-0.15, 0.4), (0.6, -0.6)]],
        1: [[(-0.45, -0.45), (0.45, 0.45)], [(0.45, -0.45), (-0.45, 0.45)]],
        2: [[(0.35, -0.6), (-0.35, 0.6)]] if rng.random() < 0.8 else [[(0.5, -0.5), (-0.5, 0.5)]],
        3: [[(-0.6, 0.0), (0.6, float(rng.normal(0, 0.06)))]],
        4: [[(-0.7, 0.0), (-0.35, -0.15), (0.0, 0.0), (0.35, 0.15), (0.7, 0.0)]],
        5: [[tuple(point) for point in rng.uniform(-0.6, 0.6, (int(rng.integers(8, 20)), 2))]],
    }[kind]
    for stroke in strokes:
        points = center + (np.array(stroke) + rng.normal(0, 0.04, (len(stroke), 2))) * size
        _line(canvas, points, hand, spot.em, rng)


def draw_stray(canvas: Image, spot: Spot, rng: np.random.Generator) -> None:
    """A dot or a short stroke that means nothing."""
    x, y = rng.uniform(spot.left, spot.right), spot.base - spot.em * rng.uniform(0, 0.8)
    if rng.random() < 0.6:
        cv2.circle(canvas, (round(x), round(y)), max(1, round(0.025 * spot.em)), (60, 60, 60), -1, cv2.LINE_AA)
        return
    edge = spot.left if rng.random() < 0.5 else spot.right
    start, end = (
        (round(edge), round(y)),
        (round(edge + rng.normal(0, 0.3) * spot.em), round(y + rng.normal(0, 0.6) * spot.em)),
    )
    cv2.line(canvas, start, end, (90, 90, 90), max(1, round(0.03 * spot.em)), cv2.LINE_AA)


def draw_circle(canvas: Image, box: Box4, hand: Hand, rng: np.random.Generator) -> None:
    """A ring around what is written."""
    angles = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.1), 30)
    middle, size = np.array([box[0] + box[2], box[1] + box[3]]) / 2, np.array([box[2] - box[0], box[3] - box[1]]) * 0.75
    _line(canvas, middle + np.c_[np.cos(angles), np.sin(angles)] * size, hand, box[3] - box[1], rng)


def draw_comma(canvas: Image, at: tuple[float, float], hand: Hand, em: float, rng: np.random.Generator) -> None:
    """The comma that groups a number's digits."""
    fall = rng.uniform(0.12, 0.25, 2) * em
    points = np.array([[at[0], at[1] - 0.03 * em], [at[0] - 0.2 * fall[0], at[1] + fall[1]]])
    _line(canvas, points, hand, em, rng)


def strike(canvas: Image, box: Box4, hand: Hand, rng: np.random.Generator) -> bool:
    """Strike out what stands in a box; gives whether so densely that nobody can read it any more."""
    em, kind = box[3] - box[1], rng.random()
    left, right = box[0] - rng.uniform(0, 0.2) * em, box[2] + rng.uniform(0, 0.2) * em
    if kind < 0.25:
        count = int(rng.integers(10, 22))
        x = np.linspace(left, right, count)
        y = np.where(np.arange(count) % 2, box[1], box[3]) + rng.normal(0, 0.08 * em, count)
        for _ in range(int(rng.integers(1, 3))):
            _line(canvas, np.c_[x, y], hand, em, rng)
        return True
    if kind < 0.35:
        ends = [((left, box[1]), (right, box[3])), ((left, box[3]), (right, box[1]))]
    else:
        ends = []
        for _ in range(int(rng.integers(1, 4))):
            y = box[1] + (box[3] - box[1]) * rng.uniform(0.3, 0.7, 2)
            ends.append(((left, float(y[0])), (right, float(y[1]))))
    for start, end in ends:
        points = np.linspace(start, end, 6) + rng.normal(0, 0.012 * em, (6, 2))
        _line(canvas, points, hand, em, rng)
    return False


def press_seal(canvas: Image, rng: np.random.Generator) -> tuple[Image, Disc | None]:
    """At times, a seal's red over the canvas; and where it lies."""
    if rng.random() > 0.1:
        return canvas, None
    seal = _seals()[int(rng.integers(len(_seals())))]
    side = round(canvas.shape[0] * float(rng.uniform(1.1, 2.2)))
    mask: NDArray[np.float32] = np.asarray(cv2.resize(seal, (side, side), interpolation=cv2.INTER_AREA), np.float32)
    layer: NDArray[np.float32] = np.zeros(canvas.shape[:2], np.float32)
    x = int(rng.integers(-side // 2, canvas.shape[1]))
    y = int(rng.integers(-side // 2, canvas.shape[0] // 2))
    part = mask[max(-y, 0) : layer.shape[0] - y, max(-x, 0) : layer.shape[1] - x]
    top, left = max(y, 0), max(x, 0)
    layer[top : top + part.shape[0], left : left + part.shape[1]] = part
    colour = rng.uniform((0.1, 0.05, 0.75), (0.3, 0.25, 0.95))
    share = layer[:, :, None] * np.float32(rng.uniform(0.5, 0.9)) * (1 - colour).astype(np.float32)
    return (canvas * (1 - share)).astype(np.uint8), Disc(x + side / 2, y + side / 2, side / 2)


def capture(canvas: Image, rng: np.random.Generator, *, fine: int) -> tuple[Image, float]:
    """The canvas as a scan, a phone's picture, a fax or a messenger's has it, and its pixels to one of a line."""
    scale = float(np.exp(rng.uniform(np.log(RESOLUTION[0]), np.log(RESOLUTION[1]))))
    page = np.asarray(cv2.resize(canvas, None, fx=scale / fine, fy=scale / fine, interpolation=cv2.INTER_AREA), np.uint8)
    kind = rng.random()
    if kind < 0.1 and scale > 0.55:
        return degrade.fax(page, rng), scale
    paper = rng.uniform(0.8, 1.0) * (1 - rng.uniform(0, 0.06, 3))
    page = degrade.tint(page, (paper[0], paper[1], paper[2]), float(rng.uniform(5, 60)))
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), float(rng.uniform(0.2, 1.1)) * max(scale, 0.5)), np.uint8)
    page = _add_noise(page, float(rng.uniform(0.5, 7)), rng)
    page = degrade.shade(page, degrade.light(rng, strength=float(rng.uniform(0, 0.15)))) if rng.random() < 0.3 else page
    page = degrade.whiten(page, rng) if kind > 0.75 else page
    if rng.random() < 0.25:
        page = np.asarray(cv2.cvtColor(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
    coded = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 92))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8), scale


def _add_noise(page: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Grey noise, out of a tile drawn once: drawing it anew each time would be the bill."""
    height, width = page.shape[:2]
    top, left = int(rng.integers(_noise().shape[0] - height)), int(rng.integers(_noise().shape[1] - width))
    noisy = page + (sigma * _noise()[top : top + height, left : left + width])[:, :, None]
    return np.clip(noisy, 0, 255).astype(np.uint8)


@cache
def _noise() -> NDArray[np.float32]:
    return np.random.default_rng(5).standard_normal((1400, 2600), np.float32)


def cut(page: Image, scale: float, box: Box4) -> Image:
    """A box in line pixels out of a page with `scale` pixels to one of them, as lines are cut: BGR uint8."""
    width, height = round(box[2] - box[0]), round(box[3] - box[1])
    matrix = np.array([[scale, 0, box[0] * scale], [0, scale, box[1] * scale]])
    flags = (cv2.INTER_CUBIC if scale < 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(page, matrix, (width, height), flags=flags, borderValue=(255.0,) * 3), np.uint8)


def _line(canvas: Image, points: NDArray[np.float64], hand: Hand, em: float, rng: np.random.Generator) -> None:
    """A pen's stroke through points."""
    width = max(1, round(hand.pen * em))
    low, high = np.floor(points.min(axis=0)).astype(int) - width - 2, np.ceil(points.max(axis=0)).astype(int) + width + 2
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    patch = canvas[top : max(int(high[1]), 0), left : max(int(high[0]), 0)]
    if not patch.size:
        return
    layer = np.zeros(patch.shape[:2], np.uint8)
    path = np.round(points - (left, top)).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(layer, [path], False, 255, width, cv2.LINE_AA)
    press(patch, layer.astype(np.float32) / np.float32(255), hand, rng)


def _print_around(draw: ImageDraw.ImageDraw, put: object, font: ImageFont.FreeTypeFont, em: float, base: float, width: int,
                  rng: np.random.Generator) -> None:  # fmt: skip
    """The lines above and below, rules of the cell."""
    pitch = em * float(rng.uniform(1.15, 2.1))
    for way in (-1, 1):
        if rng.random() < 0.8:
            draw.text(
                (rng.uniform(-2, 0) * em, base + way * pitch),
                _words(rng, 1 + round(width / em)),
                font=font,
                fill=30,
                anchor="ls",
            )
        elif rng.random() < 0.4:
            y = base + way * em * float(rng.uniform(0.7, 1.6)) - (0.4 * em if way > 0 else 0)
            draw.line((0, y, width, y), fill=40, width=max(1, round(0.05 * em)))
    if rng.random() < 0.06:
        x = width - em * float(rng.uniform(0.3, 2.2))
        draw.line((x, 0, x, 10 * em), fill=40, width=max(1, round(0.05 * em)))


@cache
def _sentences() -> str:
    return "".join(item.sentence.replace("（）", "") for item in SAFETY_MONTH.items)


def _words(rng: np.random.Generator, count: int = 5) -> str:
    """Printed words as they stand beside slots, or numbers that are no values."""
    if count == 5 and rng.random() < 0.08:
        return str(rng.choice(["12350", "2026", "第25届", "3个", "（20）", "）场"]))
    words = _sentences()
    start = int(rng.integers(len(words) - count))
    return words[start : start + count]


@cache
def _load(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def _number_font(size: int, rng: np.random.Generator) -> ImageFont.FreeTypeFont:
    return _load(NUMBER_FONTS[int(rng.integers(len(NUMBER_FONTS)))], size)


@cache
def _seals() -> list[NDArray[np.float32]]:
    names = ("青禾县总工会", "云岭市建设工会委员会", "白石区总工会", "江临钢铁公司工会委员会")
    seals = [Seal(name, 1, 0, 0, 0.2, 0, 1.0, (40, 30, 210), 7) for name in names]
    return [np.asarray(seal_picture(seal), np.float32)[:, :, 3] / np.float32(255) for seal in seals]
