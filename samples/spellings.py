"""Numbers as people write them: full width, with commas, in 万, in Chinese numerals, about, none, struck through.

What a spelling is worth is decided here, by making it from its value; see samples/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from samples.returns import Filled, FilledSlot
from schemas.flow import State
from schemas.form import SlotKind

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")

_UNIT = re.compile("人次|人|场|次|个|篇")
"""Counters printed after a slot, which people write inside it as well."""


@dataclass(frozen=True)
class Written:
    """What stands in a slot and what it means: `value` None where nothing is meant (BLANK)."""

    raw: str
    state: State
    value: int | None


def spell(value: int | None, style: str, *, unit: str = "") -> Written | None:
    """A value (None: blank) in a style of SPELLINGS; `unit` is the counter printed after the slot.

    None where the style cannot say the value.
    Raises ValueError for an unknown style.
    """
    if style not in SPELLINGS:
        raise ValueError(f"no such spelling: {style!r}; choose from {', '.join(SPELLINGS)}")
    raw = SPELLINGS[style](value, unit)
    if raw is None:
        return None
    return Written(raw, State.BLANK if value is None else State.VALUE, value)


def spell_oddly(filled: Filled, rng: np.random.Generator, *, share: float) -> Filled:
    """The return with so many of its counts, and of its blanks, in odd spellings."""
    rows = tuple(
        tuple(_odd(slot, rng) if slot.slot.kind is SlotKind.COUNT and rng.random() < share else slot for slot in row)
        for row in filled.rows
    )
    return replace(filled, rows=rows)


def counter(after: str) -> str:
    """The counter at the beginning of the words printed after a slot, or nothing."""
    found = _UNIT.match(after)
    return found.group() if found else ""


def chinese(value: int) -> str:
    """A number below 100,000 in Chinese numerals: 三百二十, 一千零五."""
    if value == 0:
        return "零"
    high, low = divmod(value, 10_000)
    if high:
        return f"{chinese(high)}万{'零' if 0 < low < 1000 else ''}{chinese(low) if low else ''}"
    text = ""
    for place, digit in enumerate(reversed(str(value))):
        if digit != "0":
            text = _DIGITS[int(digit)] + _UNITS[place] + text
        elif text and not text.startswith("零"):
            text = "零" + text
    return text.removeprefix("一") if 10 <= value < 20 else text


def _odd(slot: FilledSlot, rng: np.random.Generator) -> FilledSlot:
    """The slot in a style drawn among those that can say its value; a large one may be rounded up to fit 万 or 约."""
    value = slot.value if isinstance(slot.value, int) else None
    if value is not None and value >= 10_000 and rng.random() < 0.6:
        value = -(-value // 1000) * 1000
    elif value is not None and value >= 100 and rng.random() < 0.4:
        value = -(-value // 10) * 10
    unit = counter(slot.slot.after)
    able = [written for style in SPELLINGS if (written := spell(value, style, unit=unit)) is not None]
    if not able:
        return slot
    written = able[int(rng.integers(len(able)))]
    return replace(slot, state=written.state, value=written.value, raw=written.raw)


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) - ord("0") + ord("０")) if char.isdigit() else char for char in text)


def _ten_thousands(value: int) -> str | None:
    if value < 10_000 or value % 1000:
        return None
    whole, rest = divmod(value, 10_000)
    return f"{whole}.{rest // 1000}万" if rest else f"{whole}万"


def _positive(write: Callable[[int], str | None]) -> Callable[[int | None, str], str | None]:
    """A style for counts of one and more."""
    return lambda value, unit: write(value) if value else None


def _round(write: Callable[[int], str]) -> Callable[[int | None, str], str | None]:
    """A style for round numbers, from 20 on: nobody writes about 7."""
    return lambda value, unit: write(value) if value and value >= 20 and value % 10 == 0 else None


def _exactly(word: str, meant: int | None) -> Callable[[int | None, str], str | None]:
    """A style that says one value only."""
    return lambda value, unit: word if value == meant else None


def _with_unit(value: int | None, unit: str) -> str | None:
    return f"{value}{unit}" if value is not None and unit else None


SPELLINGS: Mapping[str, Callable[[int | None, str], str | None]] = {
    "full-width": _positive(lambda value: _full_width(str(value))),
    "comma": _positive(lambda value: f"{value:,}" if value >= 1000 else None),
    "wide-comma": _positive(lambda value: f"{value:,}".replace(",", "，") if value >= 1000 else None),
    "ten-thousands": _positive(_ten_thousands),
    "chinese": _positive(chinese),
    "two": _exactly("两", 2),
    "nought": _exactly("零", 0),
    "ring": _exactly("〇", 0),
    "none": _exactly("无", 0),
    "slash": _exactly("/", None),
    "dash": _exactly("—", None),
    "about": _round(lambda value: f"约{value}"),
    "over": _round(lambda value: f"{value}余"),
    "nearly": _round(lambda value: f"近{value}"),
    "more": _round(lambda value: f"{value}多"),
    "unit": _with_unit,
    "spaces": lambda value, unit: f" {value} " if value is not None else None,
    "apart": _positive(lambda value: " ".join(str(value)) if 10 <= value < 1000 else None),
}
"""How to write a value, by the name of the style."""
