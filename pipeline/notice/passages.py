"""Text that knows where it stands: every character with its probability, its page and its box there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from schemas.flow import Box

_POINTS = str.maketrans({"(": "（", ")": "）", ",": "，", ";": "；", "?": "？", "!": "！"})

_HALF = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_HALF |= {ord("＠"): ord("@"), ord("．"): ord("."), ord("＿"): ord("_"), ord("／"): ord("/"), ord("\u3000"): ord(" ")}

_CHINESE = re.compile(r"[\u3400-\u9fff、。，；：（）《》“”〔〕]")

_LEAST_BOX = 1e-9


@dataclass(frozen=True)
class Spot:
    """Where a character stands, and what is known of its line."""

    page: int
    box: Box | None
    sealed: bool = False


@dataclass(frozen=True)
class Passage:
    """Text with a probability and a spot for each character."""

    text: str
    probs: tuple[float, ...]
    spots: tuple[Spot, ...]

    def cut(self, start: int, end: int) -> Passage:
        """The part between two places, without white on both sides."""
        while start < end and self.text[start] == " ":
            start += 1
        while end > start and self.text[end - 1] == " ":
            end -= 1
        return Passage(self.text[start:end], self.probs[start:end], self.spots[start:end])

    def without_spaces(self) -> Passage:
        """The same characters, white left out."""
        return self.chosen([place for place, char in enumerate(self.text) if char != " "])

    def chosen(self, places: Sequence[int]) -> Passage:
        """The characters at these places."""
        text = "".join(self.text[place] for place in places)
        return Passage(text, tuple(self.probs[place] for place in places), tuple(self.spots[place] for place in places))

    @cached_property
    def certainty(self) -> float:
        """The probability that all letters and digits are right, as if they were read apart from each other."""
        return prod(prob for char, prob in zip(self.text, self.probs, strict=True) if char.isalnum())

    @property
    def page(self) -> int | None:
        """The page on which it begins; None of what was never on paper."""
        return self.spots[0].page if self.spots and self.spots[0].box is not None else None

    @property
    def box(self) -> Box | None:
        """The box around what stands on its first page."""
        boxes = [spot.box for spot in self.spots if spot.box is not None and spot.page == self.spots[0].page]
        if not boxes:
            return None
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)

    @property
    def sealed(self) -> bool:
        """Whether a seal may lie on any of it."""
        return any(spot.sealed for spot in self.spots)


def join(passages: Iterable[Passage], between: str = "") -> Passage:
    """Passages one behind the other; what stands `between` them is certain."""
    text, probs, spots = "", [], []
    for passage in passages:
        if text and passage.text and between:
            text += between
            probs += [1.0] * len(between)
            spots += [passage.spots[0]] * len(between)
        text += passage.text
        probs += passage.probs
        spots += passage.spots
    return Passage(text, tuple(probs), tuple(spots))


def tidied(passage: Passage) -> Passage:
    """Letters and digits in half width; points beside Chinese characters in full width, which text layers lose."""
    text = passage.text.translate(_HALF)
    full = text.translate(_POINTS)
    chars = list(text)
    for place, (char, wide) in enumerate(zip(text, full, strict=True)):
        if char != wide and (_CHINESE.match(text[place - 1 : place]) or _CHINESE.match(text[place + 1 : place + 2])):
            chars[place] = wide
        if char == ":" and _CHINESE.match(text[place - 1 : place]):
            chars[place] = "："
    return replace(passage, text="".join(chars))
