"""How well forms are found in their blanks: the sample forms, printed and taken, or typed, made into forms again.

python -m tests.bench.blanks --seed 600001
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from pipeline.forms.finding import find_blank_form
from pipeline.forms.paper import BlankReaders, load_blank_readers
from samples.electronic import form_layouts, make_electronic
from samples.forms import sample_forms
from samples.maker import Recipe, make_file
from schemas.errors import KuohaoError
from schemas.form import Form, Mark, Slot
from schemas.safety_month import SAFETY_MONTH

SOURCES = ("digital", "docx", "xlsx", "flatbed", "camscanner", "photo")

NOT_BLANKS = {
    "half-width",
    "retyped",
    "underlined",
    "activities",
    "several",
    "runs",
    "changes",
    "controls",
    "clauses",
    "pieces",
    "lines",
    "sheets",
    "paragraphs",
    "boxes",
}
"""What units do to a form, of which the office that sends out its blank does nothing."""


@dataclass
class Score:
    """Slots of blanks: printed, found, found with the right kind, unit, words; and such as are none. Fields and titles."""

    files: int = 0
    slots: int = 0
    found: int = 0
    kind: int = 0
    unit: int = 0
    words: int = 0
    extra: int = 0
    fields: int = 0
    fields_found: int = 0
    titles: int = 0
    whole: int = 0
    events: int = 0
    events_found: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Count another's."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure forms made from their blanks.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forms", default="")
    parser.add_argument("--sources", default=",".join(SOURCES))
    parser.add_argument("--show", action="store_true", help="every difference")
    options = parser.parse_args()
    forms = {SAFETY_MONTH.id: SAFETY_MONTH, **sample_forms()}
    chosen = [forms[name] for name in options.forms.split(",") if name] or list(forms.values())
    readers = load_blank_readers()
    by_form: dict[str, Score] = defaultdict(Score)
    by_source: dict[str, Score] = defaultdict(Score)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, form in enumerate(chosen):
            for place, source in enumerate(options.sources.split(",")):
                seed = int(np.random.SeedSequence([options.seed, number, place]).generate_state(1)[0])
                path = make_blank(form, source, seed, Path(folder) / f"{number}-{source}")
                score = measure(form, path, readers)
                if options.show:
                    for line in score.wrong:
                        print(f"{form.id} {source}: {line}")
                by_form[form.id].add(score)
                by_source[source].add(score)
    for title, scores in (("source", by_source), ("form", by_form)):
        show(title, scores)
    print(f"{time.perf_counter() - began:.0f} s")


def make_blank(form: Form, source: str, seed: int, stem: Path) -> Path:
    """A blank of a form, printed and taken, or typed in one of the layouts that it can have."""
    if source in {"docx", "xlsx"}:
        layouts = sorted(set(form_layouts(form, source)) - NOT_BLANKS)
        layout = layouts[seed % len(layouts)]
        return stem.parent / make_electronic(stem, source, layout, seed, form=form, blank=True).file
    recipe = Recipe(source, blank=True, retyped=False, seal=False, radicals=False)
    return stem.parent / make_file([recipe], seed, stem, form=form).file


def measure(form: Form, path: Path, readers: BlankReaders) -> Score:
    """A blank's form against the one that it was made of."""
    score = Score(files=1, slots=len(form.slots), fields=len(form.header))
    score.events = sum(slot.events is not None for slot in form.slots)
    try:
        made = find_blank_form(path, readers=readers).form
    except KuohaoError as error:
        score.wrong.append(f"! {error.code}")
        return score
    pairs = pair(form.slots, made.slots)
    score.found, score.extra = len(pairs), len(made.slots) - len(pairs)
    for true, own in pairs:
        score.kind += true.kind is own.kind
        # The built-in form does not name its units.
        score.unit += not true.unit or true.unit == own.unit
        score.words += spelled(true) == spelled(own)
        score.events_found += true.events is not None and own.events is not None
        if (true.kind, true.unit or own.unit, spelled(true)) != (own.kind, own.unit, spelled(own)):
            score.wrong.append(f"{spelled(true)} {true.kind} {true.unit} ≠ {spelled(own)} {own.kind} {own.unit}")
    paired = {id(one) for two in pairs for one in two}
    score.wrong += [f"- {spelled(slot)}" for slot in form.slots if id(slot) not in paired]
    score.wrong += [f"+ {spelled(slot)}" for slot in made.slots if id(slot) not in paired]
    labels = {found.label: found.kind for found in made.header}
    score.fields_found = sum(labels.get(one.label) is one.kind for one in form.header)
    score.wrong += [f"- {one.label}" for one in form.header if labels.get(one.label) is not one.kind]
    score.titles = int(made.title == form.title)
    if not score.titles:
        score.wrong.append(f"{form.title} ≠ {made.title}")
    score.whole = int(score.words == score.slots == score.kind and not score.extra and score.fields == score.fields_found)
    return score


def pair(true: Sequence[Slot], own: Sequence[Slot]) -> list[tuple[Slot, Slot]]:
    """Slots that stand for each other, in printed order: alike in words or, between such, in mark."""
    words = [[spelled(slot) for slot in slots] for slots in (true, own)]
    matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
    pairs = []
    for tag, start, stop, first, last in matcher.get_opcodes():
        if tag == "equal" or (tag == "replace" and stop - start == last - first):
            pairs += list(zip(true[start:stop], own[first:last], strict=True))
        elif tag == "replace":
            left = list(own[first:last])
            for slot in true[start:stop]:
                best = max(left, key=lambda one: _alike(slot, one), default=None)
                if best is not None and _alike(slot, best) > 0.6:
                    pairs.append((slot, best))
                    left.remove(best)
    return pairs


def spelled(slot: Slot) -> str:
    """A slot's printed words; row and column of a cell."""
    if slot.mark is Mark.CELL:
        return f"{'' if slot.repeats else slot.before}|{slot.column}"
    return "".join(f"{slot.before}{slot.mark.value}{slot.after}".split())


def show(title: str, scores: dict[str, Score]) -> None:
    """A table of scores, and all of them together."""
    total = Score()
    print(f"| {title} | blanks | slots | found | kind | unit | words | extra | fields | events | title | whole |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, score in [*scores.items(), ("all", total)]:
        if score is not total:
            total.add(score)
        parts = [f"{100 * part / max(score.slots, 1):.1f} %" for part in (score.found, score.kind, score.unit, score.words)]
        events = f"{score.events_found} of {score.events}"
        print(
            f"| {name} | {score.files} | {score.slots} | {' | '.join(parts)} | {score.extra} | "
            f"{score.fields_found} of {score.fields} | {events} | {score.titles} | {score.whole} |"
        )


def _alike(one: Slot, other: Slot) -> float:
    return SequenceMatcher(None, spelled(one), spelled(other), autojunk=False).ratio()


if __name__ == "__main__":
    main()
