"""The lines above a table to its fields: printed labels are found in any order, and what stands behind each is its value.

A label may be spelled in several ways, misread in part or half hidden by a seal, and stands there once or not at all. The
search is Viterbi's over CTC topology, as in `automaton`, with the labels found so far in the state: a token-passing
network of words (Young, Russell and Thornton, *Token Passing*, Cambridge 1989). All prices are log probabilities (nats).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractors.glyphs import FLOOR, Alphabet
from pipeline.alignment.automaton import INNER_GAP, step_prices
from pipeline.alignment.label_search import best_labels
from schemas.flow import GlyphLine, Placement
from schemas.form import FieldKind, Form, Slot, SlotKind

# The fields above a table are taken as found from this gain on, in nats: two of four labels; where a form has few and short
# ones, from so much for each of their characters.
LEAST_GAIN, LEAST_GAIN_EACH = 15.0, 2.5

# Up to so many fields may stand in any order; more of them are sought in the form's, for the search remembers every set of
# fields that it has met.
MOST_SETS = 7

# A label's character read as another one: dearer than a missing one and a step of a value, so that what a label has lost it
# does not take from a value. One step of ink between two of its characters: lest it begin before a value and end behind it.
MISREAD, FOREIGN = -9.0, -10.0

# One step of a field's value: hardly cheaper than ink that belongs to no field.
VALUE = -3.5

# Share of a label's characters that must be seen for it to be the label.
LEAST_SEEN = 0.34

# A step of ink holds less CTC blank than this.
INKED = 0.5


@dataclass(frozen=True, eq=False)
class _Labels:
    """Every spelling of every label: its field, and its characters' classes from `starts[k]` to `starts[k + 1]`."""

    fields: NDArray[np.int32]
    starts: NDArray[np.int32]
    classes: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Strip:
    """The lines joined end to end, a blank step behind each; line `n` has the steps from `starts[n]` to `starts[n + 1]`."""

    lines: tuple[GlyphLine, ...]
    starts: NDArray[np.intp]
    log_probs: NDArray[np.float32]
    spelling: tuple[str, ...]
    sureness: NDArray[np.float32]


@dataclass(frozen=True)
class _Part:
    """Some steps of one line, half-open."""

    line: int
    start: int
    stop: int


@dataclass(frozen=True)
class _Found:
    """A label on the path: its field, its steps, half-open, and how well it was seen, 0 to 1."""

    field: int
    start: int
    stop: int
    seen: float


def place_header(form: Form, lines: Sequence[GlyphLine], alphabet: Alphabet) -> tuple[Placement, ...]:
    """The fields above the table, in the form's order; empty where too little of the printed labels is seen.

    A field whose label is not seen has no line. `anchors` tell how well a field's own label and the one behind it were
    seen; what ends at a line's end is as good as seen, and what may go on beyond it is not.
    """
    if not lines or not form.header:
        return ()
    labels, strip = _spellings(form, alphabet), _join(lines, alphabet)
    free = step_prices(strip.log_probs, alphabet)
    blank = np.exp(strip.log_probs[:, 0])
    inked = np.maximum(1 - blank, FLOOR)
    within = [np.log(inked) + MISREAD, np.log(blank + np.exp(FOREIGN) * inked)]
    value = np.log(blank + np.exp(VALUE) * inked)
    prices = np.column_stack([free[:, INNER_GAP], *within, value]).astype(np.float32)
    count = len(form.header)
    found_by = labels.fields, labels.starts, labels.classes
    states, score = best_labels(*found_by, strip.log_probs, prices, count, count > MOST_SETS)
    in_value = states < 0
    gain = score - float(np.where(in_value, prices[:, 3], prices[:, 0]).sum())
    if gain < min(LEAST_GAIN, LEAST_GAIN_EACH * sum(len(field.label) for field in form.header)):
        return ()
    found = [label for label in _labels_on(states, labels, strip) if label.seen >= LEAST_SEEN]
    if form.header[0].kind is FieldKind.UNIT:
        found = _with_hidden_first(found, strip)
    return tuple(_placement(form, place, found, strip) for place in range(len(form.header)))


def _spellings(form: Form, alphabet: Alphabet) -> _Labels:
    spelled = [(place, text) for place, field in enumerate(form.header) for text in (field.label, *field.also)]
    classes = [np.array([alphabet.index(char) for char in text], np.int32) for _, text in spelled]
    starts = np.cumsum([0, *map(len, classes)]).astype(np.int32)
    return _Labels(np.array([place for place, _ in spelled], np.int32), starts, np.concatenate(classes))


def _join(lines: Sequence[GlyphLine], alphabet: Alphabet) -> _Strip:
    gap = np.full((1, alphabet.size), np.log(FLOOR), np.float32)
    gap[0, 0] = 0.0
    starts = np.cumsum([0, *(len(line.spelling) + 1 for line in lines)])
    return _Strip(
        tuple(lines),
        starts,
        np.concatenate([part for line in lines for part in (line.log_probs, gap)]),
        tuple(char for line in lines for char in (*line.spelling, "")),
        np.concatenate([np.append(line.sureness, np.float32(1.0)) for line in lines]),
    )


def _labels_on(states: NDArray[np.int32], labels: _Labels, strip: _Strip) -> list[_Found]:
    """The labels on a path, in the order in which they stand."""
    found = []
    which = np.where(states > 0, np.searchsorted(labels.starts, np.maximum(states, 1) - 1, side="right") - 1, -1)
    for label in dict.fromkeys(int(place) for place in which if place >= 0):
        steps = np.flatnonzero(which == label)
        chars = labels.classes[labels.starts[label] : labels.starts[label + 1]]
        places = states[steps] - 1 - labels.starts[label]
        seen = np.zeros(len(chars))
        np.maximum.at(seen, places, np.exp(strip.log_probs[steps, chars[places]]))
        found.append(_Found(int(labels.fields[label]), int(steps[0]), int(steps[-1]) + 1, float(seen.mean())))
    return found


def _with_hidden_first(found: list[_Found], strip: _Strip) -> list[_Found]:
    """The labels, and that of the form's first field, the unit, where a seal hides it: what stands ahead of the others is
    its value."""
    if not found or any(label.field == 0 for label in found):
        return found
    behind = found[0].start
    start = int(strip.starts[np.searchsorted(strip.starts, behind, side="right") - 1])
    inked = (np.exp(strip.log_probs[start:behind, 0]) < INKED).any()
    return [_Found(0, start, start, 0.0), *found] if inked else found


def _placement(form: Form, field: int, found: Sequence[_Found], strip: _Strip) -> Placement:
    slot = Slot(form.header[field].key, SlotKind.TEXT, form.header[field].label, "")
    place = next((place for place, label in enumerate(found) if label.field == field), None)
    if place is None:
        nothing = (0.0, 0.0)
        empty = strip.log_probs[:0]
        return Placement(slot.path, slot, None, empty, (), empty[:, 0], nothing, nothing, nothing, nothing, False)
    behind = found[place + 1] if place + 1 < len(found) else None
    parts, whole = _value_parts(found[place].stop, behind.start if behind else None, strip)
    part = max(parts, key=lambda part: _ink(strip, part))
    glyphs, first = strip.lines[part.line], int(strip.starts[part.line])
    left = float(glyphs.edges[part.start - first - 1, 1]) if part.start > first else 0.0
    at_end = part.stop - first >= len(glyphs.spelling)
    right = float(glyphs.line.bgr.shape[1]) if at_end else float(glyphs.edges[part.stop - first, 0])
    span = (left, max(left, right))
    seen = (found[place].seen, (1.0 if at_end or behind is None else behind.seen) if whole else 0.0)
    steps = [slice(part.start, part.stop) for part in parts]
    return Placement(
        slot.path,
        slot,
        glyphs.line,
        np.concatenate([strip.log_probs[step] for step in steps]),
        tuple(char for step in steps for char in strip.spelling[step]),
        np.concatenate([strip.sureness[step] for step in steps]),
        span,
        span,
        seen,
        seen,
        glyphs.certain,
    )


def _value_parts(start: int, behind: int | None, strip: _Strip) -> tuple[list[_Part], bool]:
    """Where a value stands, and whether that is sure: behind its label, or on the first line below that holds anything.

    What more there is may go on with it or be marks of a seal: what stands right ahead of the next label (the step
    `behind`) on its line goes on with it, what has a line of its own does not. A text layer has no such marks.
    """
    # A label that ends its line ends where the blank step behind that stands.
    first = int(np.searchsorted(strip.starts, start, side="right")) - 1
    stop = len(strip.log_probs) if behind is None else behind
    last = len(strip.lines) - 1 if behind is None else int(np.searchsorted(strip.starts, stop, side="right")) - 1
    parts = [
        _Part(line, max(start, int(strip.starts[line])), min(stop, int(strip.starts[line + 1])))
        for line in range(first, last + 1)
    ]
    inked = [part for part in parts if _ink(strip, part)]
    if not inked:
        return parts[:1], True
    if strip.lines[first].certain:
        return inked, True
    goes_on = behind is not None and inked[-1].line == last != inked[0].line
    return [inked[0], *inked[-1:]] if goes_on else inked[:1], len(inked) == 1 and inked[0].line == first


def _ink(strip: _Strip, part: _Part) -> int:
    return int(np.count_nonzero(np.exp(strip.log_probs[part.start : part.stop, 0]) < INKED))
