"""Returns that were never on paper: filled in Word or Excel by invented units, in their layouts, with the truth beside them.

python -m samples.electronic --out /tmp/set --seed 7 --count 24
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from samples.layout import plain_layout, retype
from samples.names import CITY, pick
from samples.returns import Filled, invent_return
from samples.truth import Truth, TruthFile, TruthSlot, write_truth
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

_HALF = str.maketrans("（），；。、：", "(),;.,:")


@dataclass(frozen=True)
class Clause:
    """A slot with the words printed around it: `raw` is what is written, None where nobody wrote."""

    before: str
    raw: str | None
    after: str
    words: bool


@dataclass(frozen=True)
class TypedReturn:
    """What a unit types: title, fields by label, column headings, by row a heading and its clauses, once or more often."""

    title: str
    fields: tuple[tuple[str, str | None], ...]
    columns: tuple[str, str]
    rows: tuple[tuple[str, tuple[tuple[Clause, ...], ...]], ...]


@dataclass(frozen=True)
class Manner:
    """How a unit types: `half` parentheses, what it leaves in a blank slot and around a value, colons behind labels.

    `underlined` units have gaps with a line beneath instead of parentheses.
    """

    half: bool = False
    gap: str = ""
    pad: str = ""
    colon: str = "："
    underlined: bool = False

    def text(self, clause: Clause) -> str:
        """A clause in one piece; a gap with a line beneath is typed with underscores."""
        return f"{clause.before}{''.join(self.parts(clause))}{clause.after}"

    def parts(self, clause: Clause) -> tuple[str, str, str]:
        """What stands left of the value, the value or what is left blank, and what stands right of it."""
        inside = f"{self.pad}{clause.raw}{self.pad}" if clause.raw is not None else self.gap
        if self.underlined:
            return "__", clause.raw or "_", "__"
        return ("(", inside, ")") if self.half else ("（", inside, "）")


def make_electronic(stem: Path, kind: str, layout: str, seed: int, *, form: Form = SAFETY_MONTH) -> TruthFile:
    """Make a Word ("docx") or Excel ("xlsx") file in a layout, and its truth beside it; `stem` is its path without suffix.

    The same seed makes the same bytes, as long as the libraries are the same. Raises ValueError for an unknown layout.
    """
    if layout not in LAYOUTS[kind]:
        raise ValueError(f"no such layout: {layout!r}; choose from {', '.join(LAYOUTS[kind])}")
    rng = np.random.default_rng((seed, 23))
    number = int(rng.integers(2, 4)) if layout == "several" else 1
    path = stem.with_name(f"{stem.name}.{kind}")
    manner = _draw_manner(layout, rng)
    filled, typed = [], []
    for _ in range(number):
        activities = int(rng.integers(2, 4)) if layout == "activities" else None
        one = invent_return(form, rng, filling="typed", activities=activities)
        words = form
        if layout == "retyped":
            words, retyped = retype(form, plain_layout(), rng)
            manner = Manner(retyped.half_parentheses, manner.gap, manner.pad, manner.colon)
        filled.append(one)
        typed.append(_typed(words, one, half=layout == "half-width"))
    if kind == "docx":
        from samples.word_file import write_word

        write_word(path, typed, layout, manner, rng)
    else:
        from samples.sheet_file import write_sheets

        write_sheets(path, typed, layout, manner, rng)
    truth = TruthFile(file=path.name, returns=tuple(_truth(path, one, kind, layout, seed) for one in filled))
    write_truth(truth, path.parent)
    return truth


def make_electronic_set(out: Path, *, seed: int, count: int, kinds: Sequence[str] = tuple(LAYOUTS)) -> list[TruthFile]:
    """Make so many files in `out`: kinds take turns, and of each its layouts."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for index in range(count):
        kind = kinds[index % len(kinds)]
        layout = LAYOUTS[kind][index // len(kinds) % len(LAYOUTS[kind])]
        own = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
        made.append(make_electronic(out / f"{index:04d}-{layout}-{kind}", kind, layout, own))
    return made


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Make invented Word and Excel returns, with their truth.")
    parser.add_argument("--out", type=Path, default=Path("output/electronic"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=24)
    options = parser.parse_args()
    make_electronic_set(options.out, seed=options.seed, count=options.count)


def _draw_manner(layout: str, rng: np.random.Generator) -> Manner:
    return Manner(
        half=layout == "half-width" or rng.random() < 0.15,
        gap=pick(rng, ("", "", " ", "   ", "\u3000\u3000")),
        pad=pick(rng, ("", "", " ")),
        colon=pick(rng, ("：", ":", "", "： ")),
        underlined=layout == "underlined",
    )


def _typed(form: Form, filled: Filled, *, half: bool) -> TypedReturn:
    def widths(text: str) -> str:
        return text.translate(_HALF) if half else text

    values = filled.header.model_dump()
    rows = []
    for item, slots in zip(form.items, filled.rows, strict=True):
        size = len(item.slots)
        clauses = [
            Clause(widths(words.before), slot.raw, widths(words.after), words.kind is SlotKind.TEXT)
            for words, slot in zip(item.slots * (len(slots) // size), slots, strict=True)
        ]
        turns = tuple(tuple(clauses[start : start + size]) for start in range(0, len(clauses), size))
        rows.append((widths(item.heading), turns))
    fields = tuple((widths(field.label), values[field.key]) for field in form.header)
    return TypedReturn(f"{CITY}总工会{form.title}", fields, (form.columns[0], form.columns[-1]), tuple(rows))


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
