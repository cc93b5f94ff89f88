"""What people do to a slot besides writing a number: they strike it out, write over it, tick it, put a word there.

Which slots, and what they are then worth, is decided here; `samples.oddmarks` draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from samples.names import pick
from samples.returns import Filled, FilledSlot
from schemas.flow import State
from schemas.form import SlotKind

ODD_SHARE = 0.04
"""Share of counts about which something is odd, in returns that have a hand."""

NOTHING = "无"
"""The word that is a number: there were none."""

WORDS = ("若干", "未开展", "没有统计")
"""Words that somebody put where a number belongs."""


@dataclass(frozen=True)
class Oddity:
    """What is odd about a slot, and what was first written there, where that was struck out or written over."""

    kind: str
    first: str = ""

    @property
    def struck(self) -> bool:
        """Whether something is struck out."""
        return self.kind.startswith("struck-")


def draw_oddities(filled: Filled, rng: np.random.Generator, share: float) -> tuple[Filled, dict[int, Oddity]]:
    """The return with so many of its counts odd, and what is odd about which, by their places in the return."""
    kinds, weights = tuple(ODDITIES), np.array([kind.weight for kind in ODDITIES.values()])
    found: dict[int, Oddity] = {}
    rows = []
    place = 0
    for row in filled.rows:
        slots = []
        for slot in row:
            plain = slot.raw is None or (slot.raw.isascii() and slot.raw.isdigit())
            if slot.slot.kind is SlotKind.COUNT and plain and rng.random() < share:
                kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
                changed, first = ODDITIES[kind].change(slot, rng)
                found[place] = Oddity(kind, first)
                slots.append(changed)
            else:
                slots.append(slot)
            place += 1
        rows.append(tuple(slots))
    return replace(filled, rows=tuple(rows)), found


_Change = Callable[[FilledSlot, np.random.Generator], tuple[FilledSlot, str]]


@dataclass(frozen=True)
class _Kind:
    """How common an oddity is beside the others; what a slot is then worth, and what was first written there."""

    weight: float
    change: _Change


def _corrected(slot: FilledSlot, rng: np.random.Generator) -> tuple[FilledSlot, str]:
    slot = _with_number(slot, rng)
    return slot, _wrong(str(slot.raw), rng)


def _withdrawn(slot: FilledSlot, rng: np.random.Generator) -> tuple[FilledSlot, str]:
    """Struck out and nothing put instead: what is meant, nobody knows."""
    first = str(_with_number(slot, rng).raw)
    return replace(slot, state=State.UNREADABLE, value=None, raw=None), first


def _overwritten(slot: FilledSlot, rng: np.random.Generator) -> tuple[FilledSlot, str]:
    """One digit written over another."""
    slot = _with_number(slot, rng)
    return slot, _with_other_digit(str(slot.raw), rng)


def _circled(slot: FilledSlot, rng: np.random.Generator) -> tuple[FilledSlot, str]:
    return _with_number(slot, rng), ""


def _becomes(state: State, *raws: str | None) -> _Change:
    """No number at all, but one of these."""

    def change(slot: FilledSlot, rng: np.random.Generator) -> tuple[FilledSlot, str]:
        return replace(slot, state=state, value=None, raw=raws[int(rng.integers(len(raws)))]), ""

    return change


def _word(slot: FilledSlot, rng: np.random.Generator) -> tuple[FilledSlot, str]:
    if rng.random() < 0.5:
        return replace(slot, state=State.VALUE, value=0, raw=NOTHING), ""
    return replace(slot, state=State.UNREADABLE, value=None, raw=pick(rng, WORDS)), ""


def _with_number(slot: FilledSlot, rng: np.random.Generator) -> FilledSlot:
    """The slot with a number: its own, or one where it was blank."""
    if slot.raw is not None:
        return slot
    value = int(rng.integers(1, 100))
    return replace(slot, state=State.VALUE, value=value, raw=str(value))


def _wrong(raw: str, rng: np.random.Generator) -> str:
    """What somebody may have written first: a digit wrong, a digit too few or too many, or another number."""
    chance = rng.random()
    if chance < 0.5:
        return _with_other_digit(raw, rng)
    if chance < 0.65 and len(raw) > 1:
        return raw[:-1]
    if chance < 0.8 and len(raw) < 4:
        return raw + str(rng.integers(10))
    return str(rng.integers(1, 1000))


def _with_other_digit(raw: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(len(raw)))
    other = (int(raw[place]) + int(rng.integers(1, 10))) % 10
    return raw[:place] + str(other) + raw[place + 1 :]


ODDITIES: Mapping[str, _Kind] = {
    "struck-above": _Kind(3, _corrected),
    "struck-beside": _Kind(2, _corrected),
    "struck-only": _Kind(1.5, _withdrawn),
    "overwritten": _Kind(2, _overwritten),
    "tick": _Kind(1, _becomes(State.UNREADABLE, "✓")),
    "scribble": _Kind(1, _becomes(State.UNREADABLE, None)),
    "word": _Kind(2, _word),
    "slash": _Kind(2, _becomes(State.BLANK, "/")),
    "dash": _Kind(2, _becomes(State.BLANK, "—")),
    "circled": _Kind(1.5, _circled),
    "stray-line": _Kind(1.5, _becomes(State.BLANK, None)),
    "dot": _Kind(1.5, _becomes(State.BLANK, None)),
}
"""Every oddity by its name."""
