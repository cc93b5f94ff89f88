"""Printed words as forms spell them: full-width punctuation, one sign for each kind of mark, no paper between characters."""

from __future__ import annotations

import re
import unicodedata

from schemas.form import EMPTY_BOX, EMPTY_LINE

BOXES = "☐▢◻⬜◽▫"
"""Other signs for an empty box."""

_FULL = str.maketrans("(),;:?!∶", "（），；：？！：")
_BOXES = str.maketrans(dict.fromkeys(BOXES, EMPTY_BOX))

# Figures keep their points and commas: 1,000 and 12:30.
_IN_FIGURES = re.compile(r"(?<=[0-9])[，：](?=[0-9])")
_NARROW = {"，": ",", "：": ":"}

_STOP = re.compile(r"(?<=[\u4e00-\u9fff）])\.(?=$|\n)")
_LINES = re.compile(r"[_＿﹍﹎﹏]+(?:[ \u3000]*[_＿﹍﹎﹏]+)*")
_SPACES = re.compile(r"[^\S\n]+")

# A point between Chinese characters is a comma's; a colon behind a slot's word of measure has a clause behind it.
_NO_POINT = re.compile(r"(?<=[\u4e00-\u9fff）”])[.．·](?=[\u4e00-\u9fff“（])")
_NO_COLON = re.compile(r"(（）[\u4e00-\u9fff/]{1,3})：(?=\n|$|[\u4e00-\u9fff])")
_TWICE = re.compile(r"（\s*（\s*）(?=[^（）]*(?:（|$))|（\s*）\s*）(?![^（]*）)")
_QUOTES = re.compile(r"[\"＂〝〞]")


def spell(text: str) -> str:
    """A line as forms spell it: （）, □ and ＿＿ for what is filled in, one space for any gap.

    Digits and letters are half-width, punctuation is full-width but within figures. The length may change.
    """
    narrow = "".join(_narrow(char) for char in text)
    full = _IN_FIGURES.sub(lambda match: _NARROW[match[0]], narrow.translate(_FULL).translate(_BOXES))
    lined = _LINES.sub(EMPTY_LINE, full)
    return _STOP.sub("。", _SPACES.sub(" ", _paired(lined)).replace("°C", "℃").strip())


def mend(text: str) -> str:
    """A line as a recogniser has spelled it, with points that cannot be: 场.参与 → 场，参与; （）篇： → （）篇；"""
    return _TWICE.sub("（）", _NO_COLON.sub(r"\1；", _NO_POINT.sub("，", text)))


def without_spaces(text: str) -> str:
    """Words without the paper between them."""
    return "".join(char for char in text if not char.isspace())


def _narrow(char: str) -> str:
    """Digits and letters, %, / and ~ half-width; compatibility ideographs as usual ones."""
    if char.isspace():
        return "\n" if char == "\n" else " "
    normal = unicodedata.normalize("NFKC", char)
    if len(normal) == 1 and (normal.isalnum() or normal in "%/+-") and char not in "①②③④⑤⑥⑦⑧⑨⑩⑪⑫":
        return normal
    return char


def _paired(text: str) -> str:
    """Straight quotation marks as opening and closing ones, by turns."""
    turn = iter(range(len(text)))
    return _QUOTES.sub(lambda _: "“”"[next(turn) % 2], text)
