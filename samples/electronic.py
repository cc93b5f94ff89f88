"""Returns that were never on paper: filled in Word or Excel by invented units, in their layouts, with the truth beside them.

python -m samples.electronic --out /tmp/set --seed 7 --count 24
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from samples.clauses import Clause, Manner, TypedReturn
from samples.forms import sample_forms
from samples.grid import is_simple
from samples.layout import plain_layout, retype
from samples.names import CITY, pick
from samples.returns import Filled, blank_return, invent_return
from samples.truth import Truth, TruthFile, TruthSlot, write_truth
from samples.typed_grid import form_to_grid, retype_grid
from schemas.form import Form, SlotKind
from schemas.safety_month import SAFETY_MONTH

WORD_LAYOUTS = (
    "plain", "retyped", "half-width", "split", "cut", "nested", "header-cells", "header-rows", "activities", "underlined",
    "runs", "changes", "controls", "boxes", "clauses", "paragraphs", "below", "several",
)  # fmt: skip
"""How a unit's Word file is laid out; `samples/README.md` says what each is."""

SHEET_LAYOUTS = (
    "plain", "retyped", "half-width", "header-cells", "header-rows", "activities", "underlined", "clauses", "pieces",
    "lines", "sheets", "several",
)  # fmt: skip
"""The same of an Excel file."""

LAYOUTS = {"docx": WORD_LAYOUTS, "xlsx": SHEET_LAYOUTS}

GRID_LAYOUTS = {
    "docx": (
        "plain", "retyped", "half-width", "split", "nested", "header-cells", "header-rows", "activities", "runs", "changes",
        "controls", "boxes", "below", "several",
    ),
    "xlsx": (
        "plain", "retyped", "half-width", "header-cells", "header-rows", "activities", "numbers", "formulas", "sheets",
        "several",
    ),
}  # fmt: skip
"""The layouts of tables that are more than two columns of words: a spreadsheet's `numbers` are numbers and days to it."""

_PLAIN_BOXES = frozenset({"runs", "changes"})
"""Layouts of Word files in which text is parted in ways of its own."""

_SPARE_ROWS = 7
"""Empty rows of a blank form, below the first, for units."""

_HALF = str.maketrans("（），；。、：", "(),;.,:")


def make_electronic(
    stem: Path, kind: str, layout: str, seed: int, *, form: Form = SAFETY_MONTH, blank: bool = False
) -> TruthFile:
    """Make a Word ("docx") or Excel ("xlsx") file in a layout, and its truth beside it; `stem` is its path without suffix.

    The same seed makes the same bytes, as long as the libraries are the same. `blank` is a form in which nobody has
    written. Raises ValueError for a layout that is unknown, or that the form cannot have.
    """
    if layout not in form_layouts(form, kind):
        raise ValueError(f"no such layout: {layout!r}; choose from {', '.join(form_layouts(form, kind))}")
    rng = np.random.default_rng((seed, 23))
    number = int(rng.integers(2, 4)) if layout == "several" and not blank else 1
    path = stem.with_name(f"{stem.name}.{kind}")
    manner = _draw_manner(layout, rng)
    if any(slot.kind is SlotKind.TICK for slot in form.slots):
        manner = _draw_boxes(manner, kind, layout, rng)
    filled, typed = [], []
    for _ in range(number):
        activities = int(rng.integers(2, 4)) if layout == "activities" else None
        one = invent_return(form, rng, filling="typed", activities=activities, drawn=False)
        one = blank_return(form) if blank else _with_ticks(one, manner)
        words = form
        if layout == "retyped":
            words, retyped = retype(form, plain_layout(), rng)
            manner = replace(manner, half=retyped.half_parentheses, underlined=False)
        filled.append(one)
        spare = _SPARE_ROWS if blank else 0 if is_simple(form) else int(rng.integers(0, 4))
        written = _typed(words, one, half=layout == "half-width", spare=spare)
        if written.grid is not None and layout == "retyped":
            written = replace(written, grid=retype_grid(written.grid, rng))
        typed.append(written)
    if kind == "docx":
        from samples.word_file import write_word

        write_word(path, typed, layout, manner, rng)
    else:
        from samples.sheet_file import write_sheets

        write_sheets(path, typed, layout, manner, rng)
    truth = TruthFile(file=path.name, returns=tuple(_truth(path, one, kind, layout, seed) for one in filled))
    write_truth(truth, path.parent)
    return truth


def make_electronic_set(
    out: Path,
    *,
    seed: int,
    count: int,
    kinds: Sequence[str] = tuple(LAYOUTS),
    form: Form = SAFETY_MONTH,
    blank: bool = False,
) -> list[TruthFile]:
    """Make so many files in `out`: kinds take turns, and of each its layouts."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for index in range(count):
        kind = kinds[index % len(kinds)]
        layouts = form_layouts(form, kind)
        layout = layouts[index // len(kinds) % len(layouts)]
        own = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
        made.append(make_electronic(out / f"{index:04d}-{layout}-{kind}", kind, layout, own, form=form, blank=blank))
    return made


def form_layouts(form: Form, kind: str) -> tuple[str, ...]:
    """The layouts that a form's file of a kind may have."""
    repeats = any(item.repeats for item in form.items)
    if not is_simple(form):
        return tuple(name for name in GRID_LAYOUTS[kind] if repeats or name != "activities")
    return tuple(name for name in LAYOUTS[kind] if repeats or name != "activities")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Make invented Word and Excel returns, with their truth.")
    parser.add_argument("--out", type=Path, default=Path("output/electronic"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--form", choices=sorted(sample_forms()), help="a form of samples/forms instead of the built-in one")
    parser.add_argument("--blank", action="store_true", help="forms in which nobody has written")
    options = parser.parse_args()
    form = sample_forms()[options.form] if options.form else SAFETY_MONTH
    make_electronic_set(options.out, seed=options.seed, count=options.count, form=form, blank=options.blank)


def _draw_manner(layout: str, rng: np.random.Generator) -> Manner:
    return Manner(
        half=layout == "half-width" or rng.random() < 0.15,
        gap=pick(rng, ("", "", " ", "   ", "\u3000\u3000")),
        pad=pick(rng, ("", "", " ")),
        colon=pick(rng, ("：", ":", "", "： ")),
        underlined=layout == "underlined",
    )


def _draw_boxes(manner: Manner, kind: str, layout: str, rng: np.random.Generator) -> Manner:
    """How a unit has its boxes: in Word also as signs and as controls to click at."""
    boxes = pick(rng, ("char", "char", "symbol", "control")) if kind == "docx" and layout not in _PLAIN_BOXES else "char"
    return replace(manner, boxes=boxes, beside=bool(rng.random() < 0.5))


def _with_ticks(filled: Filled, manner: Manner) -> Filled:
    """The return with the ticks that signs and controls show."""
    if manner.boxes == "char":
        return filled
    shown = "☒" if manner.boxes == "control" else "☑"
    rows = tuple(
        tuple(replace(one, raw=shown) if one.slot.kind is SlotKind.TICK and one.raw else one for one in row)
        for row in filled.rows
    )
    return replace(filled, rows=rows)


def _typed(form: Form, filled: Filled, *, half: bool, spare: int) -> TypedReturn:
    def widths(text: str) -> str:
        return text.translate(_HALF) if half else text

    values = filled.header.model_dump()
    rows = []
    for item, slots in zip(form.items, filled.rows, strict=True):
        size = len(item.slots)
        clauses = [
            Clause(widths(words.before), slot.raw, widths(words.after), words.kind is SlotKind.TEXT, words.mark)
            for words, slot in zip(item.slots * (len(slots) // size), slots, strict=True)
        ]
        turns = tuple(tuple(clauses[start : start + size]) for start in range(0, len(clauses), size))
        rows.append((widths(item.heading), turns))
    fields = tuple((widths(field.label), values[field.key]) for field in form.header)
    sentences = [turns[0] for _, turns in rows]
    grid = form_to_grid(form, filled, sentences, spare=spare)
    return TypedReturn(f"{CITY}总工会{form.title}", fields, (form.columns[0], form.columns[-1]), tuple(rows), grid)


def _truth(path: Path, filled: Filled, kind: str, layout: str, seed: int) -> Truth:
    slots = tuple(
        TruthSlot(path=slot.path, state=slot.state, value=slot.value, raw=slot.raw, page=0, box=(0, 0, 0, 0), value_box=None)
        for slot in filled.slots
    )
    return Truth(
        file=path.name,
        capture=kind,
        filling="typed",
        seed=seed,
        modifiers=(layout,),
        retyped=layout == "retyped",
        header=filled.header,
        slots=slots,
        cells=(),
    )


if __name__ == "__main__":
    main()
