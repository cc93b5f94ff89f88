"""The hard kinds of returns that real units send, by name, and what each does to words, numbers and layout.

What a kind does to pixels stands in `samples.mishaps`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from samples.capture import CAPTURES
from samples.layout import Layout, retype_badly
from samples.names import pick
from samples.paging import PAGE
from samples.phrases import add_sentences, outside_text, spell_header
from samples.returns import Filled, with_activities
from samples.rules import Rules
from samples.spellings import spell_oddly
from schemas.form import Form

NONE = "none"
"""The name of no kind: a return as it would be without any."""

_ODD_SHARE = 0.6
"""Share of counts spelled oddly in a return of odd numbers."""

_MARKS = ("", "{}.", "{}、", "（{}）", "({})", "（{}）", "{}.")
"""What stands before each of several activities."""


@dataclass(frozen=True)
class Draft:
    """A return before it is printed: the form as the unit typed it, its contents and its layout."""

    form: Form
    filled: Filled
    layout: Layout


def check_kinds(kinds: Sequence[str]) -> None:
    """Raises ValueError for an unknown kind, naming the choices."""
    unknown = [kind for kind in kinds if kind not in KINDS and kind != NONE]
    if unknown:
        raise ValueError(f"no such hard kind: {', '.join(unknown)}; choose from {', '.join((NONE, *KINDS))}")


def capture_for(kind: str, capture: str) -> str:
    """The capture itself where the kind can be had with it, else one with which it can."""
    able = _NEEDS.get(kind)
    return capture if able is None or capture in able else able[0]


def harden(draft: Draft, kinds: Sequence[str], rng: np.random.Generator) -> Draft:
    """The draft made hard, kind by kind; those that are all in the pixels leave it as it is."""
    for kind in kinds:
        change = KINDS[kind]
        if change is not None:
            draft = change(draft, rng)
    return draft


def _ruled(style: str) -> Callable[[Draft, np.random.Generator], Draft]:
    """All rules in one style."""

    def change(draft: Draft, rng: np.random.Generator) -> Draft:
        return _with_rules(draft, Rules(style, seed=int(rng.integers(1 << 30))))

    return change


def _missing_rule(draft: Draft, rng: np.random.Generator) -> Draft:
    """One or two rules between rows left out; the page's last rule stays."""
    rows = [row for row in range(1, len(draft.form.items)) if row != draft.layout.break_after]
    chosen = rng.permutation(rows)[: int(rng.integers(1, 3))]
    return _with_rules(draft, Rules(missing=frozenset(int(row) for row in chosen)))


def _no_left_border(draft: Draft, rng: np.random.Generator) -> Draft:
    return _with_rules(draft, Rules(left=False, right=bool(rng.random() < 0.5)))


def _no_right_border(draft: Draft, rng: np.random.Generator) -> Draft:
    return _with_rules(draft, Rules(right=False))


def _row_cut(draft: Draft, rng: np.random.Generator) -> Draft:
    """Rows may be cut; which one is, the printing decides."""
    draft = replace(draft, layout=replace(draft.layout, split_rows=True, break_after=None))
    return _with_rules(draft, Rules(open_cut=bool(rng.random() < 0.5)))


def _with_rules(draft: Draft, rules: Rules) -> Draft:
    return replace(draft, layout=replace(draft.layout, rules=rules))


def _narrow_column(draft: Draft, rng: np.random.Generator) -> Draft:
    """A left column of three or four characters a line; its many lines make the rows high enough."""
    layout = draft.layout
    least = (3.1 * layout.size + 2 * layout.padding) / (PAGE[0] - 2 * layout.margin_x)
    share = max(least, float(rng.uniform(0.08, 0.14)))
    return replace(draft, layout=replace(layout, left_share=share, stretch=1.0))


def _wide_column(draft: Draft, rng: np.random.Generator) -> Draft:
    """A left column as wide as the right one, or wider."""
    return replace(draft, layout=replace(draft.layout, left_share=float(rng.uniform(0.48, 0.6))))


def _merged_heading(draft: Draft, rng: np.random.Generator) -> Draft:
    return replace(draft, layout=replace(draft.layout, heading=pick(rng, ("merged", "titled"))))


def _reordered(draft: Draft, rng: np.random.Generator) -> Draft:
    """Items in another order; half of the units number them anew."""
    order = rng.permutation(len(draft.form.items))
    while np.all(order == np.arange(len(order))):
        order = rng.permutation(len(order))
    items = [draft.form.items[place] for place in order]
    if rng.random() < 0.5:
        items = [
            replace(item, heading=f"{number}.{item.heading.partition('.')[2] or item.heading}")
            for number, item in enumerate(items, 1)
        ]
    rows = tuple(draft.filled.rows[place] for place in order)
    return replace(draft, form=replace(draft.form, items=tuple(items)), filled=replace(draft.filled, rows=rows))


def _extra_sentences(draft: Draft, rng: np.random.Generator) -> Draft:
    return replace(draft, form=add_sentences(draft.form, rng))


def _outside_text(draft: Draft, rng: np.random.Generator) -> Draft:
    above, below = outside_text(rng)
    # A page number would stand in the text.
    return replace(draft, layout=replace(draft.layout, above=above, below=below, page_numbers=""))


def _underlined(draft: Draft, rng: np.random.Generator) -> Draft:
    """Gaps for all slots, or for some."""
    share = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.2, 0.7))
    slots = frozenset(place for place in range(len(draft.filled.slots)) if rng.random() < share)
    layout = replace(draft.layout, underlined=slots, underscores=bool(rng.random() < 0.3))
    return replace(draft, layout=layout)


def _activities(draft: Draft, rng: np.random.Generator) -> Draft:
    filled = with_activities(draft.filled, draft.form, int(rng.integers(2, 6)), rng)
    return replace(draft, filled=filled, layout=replace(draft.layout, mark=pick(rng, _MARKS)))


def _half_width(draft: Draft, rng: np.random.Generator) -> Draft:
    return replace(draft, layout=replace(draft.layout, half_parentheses=True, half_points=True))


def _words(draft: Draft, rng: np.random.Generator) -> Draft:
    return replace(draft, form=retype_badly(draft.form, rng))


def _odd_numbers(draft: Draft, rng: np.random.Generator) -> Draft:
    return replace(draft, filled=spell_oddly(draft.filled, rng, share=_ODD_SHARE))


def _dates(draft: Draft, rng: np.random.Generator) -> Draft:
    filled = replace(draft.filled, header=spell_header(draft.filled.header, rng))
    return replace(draft, filled=filled, layout=replace(draft.layout, header_lines=0))


KINDS: Mapping[str, Callable[[Draft, np.random.Generator], Draft] | None] = {
    "rules-broken": _ruled("broken"),
    "rules-double": _ruled("double"),
    "rules-dotted": _ruled("dotted"),
    "rules-dashed": _ruled("dashed"),
    "rules-faint": _ruled("faint"),
    "rules-missing": _missing_rule,
    "no-left-border": _no_left_border,
    "no-right-border": _no_right_border,
    "no-rules": _ruled("none"),
    "row-cut": _row_cut,
    "narrow-column": _narrow_column,
    "wide-column": _wide_column,
    "merged-heading": _merged_heading,
    "reordered": _reordered,
    "extra-sentences": _extra_sentences,
    "outside-text": _outside_text,
    "underlined": _underlined,
    "activities": _activities,
    "half-width": _half_width,
    "words": _words,
    "odd-numbers": _odd_numbers,
    "dates": _dates,
    "gray-seal": None,
    "seal-many": None,
    "shadow": None,
    "coloured-desk": None,
    "low-res": None,
    "strong-skew": None,
}
"""Every kind and what it does before printing; None where it is all in the pixels."""

_PICTURES = tuple(capture for capture in (*CAPTURES, "photo-strong") if capture != "digital")

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "gray-seal": _PICTURES,
    "seal-many": _PICTURES,
    "shadow": ("photo", "photo-strong"),
    "coloured-desk": ("photo", "photo-strong"),
    "low-res": tuple(capture for capture in _PICTURES if capture != "fax"),
    "strong-skew": ("flatbed",),
}
"""Captures with which a kind of the pixels can be had; other captures give way to the first of them."""
