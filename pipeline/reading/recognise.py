"""Which of several forms a file is a return of: told by some of its words, then shown by reading it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz

from extractors.glyphs import fold_words
from extractors.typed import is_typed
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.glance import Glance, glance, glance_at, words_above
from pipeline.reading.readers import Readers
from pipeline.reading.work import read_source, readers_of
from pipeline.stages import Stage, stage
from schemas.errors import DocumentError, NoTable, UnknownForm
from schemas.form import Form
from schemas.reading import Reading

# A line of fewer letters stands in every form: 序号, 单位.
SHORTEST = 5

# What two texts of as many characters have in common by chance, 0 to 100: it counts for nothing.
BY_CHANCE = 40.0

# Of the words that were looked at a form explains this share, or the page was not read the right way up.
EXPLAINED = 0.25

# A title tells a form by itself where it is so much like one form's, and by so much less like any other's, 0 to 1.
CLEAR, APART = 0.9, 0.4

# A line is the title where it is this much like it, 0 to 100; a field where so much like its label.
LIKE_THE_TITLE, LIKE_A_LABEL = 70.0, 85.0

# Forms that a file is read by at most: it is a return of none of the others either.
MOST_READ = 3


@dataclass(frozen=True)
class Wanted:
    """A form that is collected, and every name that its units go by. `titled`: its title tells collections apart."""

    form: Form
    roster: tuple[str, ...] = ()
    titled: bool = False


def read_wanted(
    paths: Sequence[Path], names: Sequence[str], *, wanted: Sequence[Wanted], budget: ErrorBudget, threads: int
) -> tuple[Reading, ...]:
    """Read the originals of one source by the form that it is a return of; where there is but one, by that.

    Pages that are left in a file, and are of another form, are read by that one. Raises a KuohaoError; UnknownForm names the
    forms that are collected.
    """
    if not wanted:
        raise UnknownForm("没有进行中的收集任务")
    failure: DocumentError | None = None
    for one in rank(paths, wanted, threads) if len(wanted) > 1 else wanted:
        try:
            found = _read(paths, names, one, budget, threads)
        except (UnknownForm, NoTable) as error:
            failure = failure if isinstance(failure, UnknownForm) else error
            continue
        if len(wanted) > 1 and len(paths) == 1 and not is_typed(paths[0]):
            for other in _left(paths[0], found, one, wanted, threads):
                found += _read_left(paths, names, other, found, budget, threads)
        return tuple(sorted(found, key=lambda reading: reading.first_page))
    if isinstance(failure, NoTable):
        raise failure
    raise UnknownForm("正在收集：" + "、".join(one.form.title for one in wanted))


@stage(Stage.FORM)
def rank(paths: Sequence[Path], wanted: Sequence[Wanted], threads: int) -> list[Wanted]:
    """The forms that a file may be a return of, the likeliest first; by the title alone where it is clear."""
    readers = readers_of(wanted[0].form, threads, wanted[0].roster)
    best = [0.0] * len(wanted)

    def enough(above: Sequence[str]) -> bool:
        *_, second, first = sorted(titled(one.form, above) for one in wanted)
        return first >= CLEAR and first - second >= APART

    try:
        for turned in (False, True):
            for seen in glance(paths[0], readers, turned=turned, enough=enough):
                by_title = not seen.within and bool(seen.above)
                shares = [titled(one.form, seen.above) if by_title else explained(one.form, seen) for one in wanted]
                best = max(best, shares, key=max)
                if max(best) >= EXPLAINED:
                    break
            if max(best) >= EXPLAINED:
                break
    except DocumentError:
        # Reading it says what is wrong with it.
        pass
    order = sorted(range(len(wanted)), key=lambda place: -best[place])
    return [wanted[place] for place in order[:MOST_READ]]


def explained(form: Form, seen: Glance) -> float:
    """The share of a page's words, 0 to 1, that stand on a form; its title counts twice."""
    whole, title = _printed(form), fold_words(form.title)
    lines = [line for line in map(fold_words, (*seen.above, *seen.within)) if len(line) >= SHORTEST]
    weights = [float(len(line)) for line in lines]
    shares = [_likeness(line, whole) for line in lines]
    if any(len(fold_words(line)) >= SHORTEST for line in seen.above):
        weights.append(2.0 * len(title))
        shares.append(titled(form, seen.above))
    return sum(w * s for w, s in zip(weights, shares, strict=True)) / max(sum(weights), 1.0)


def titled(form: Form, above: Sequence[str]) -> float:
    """How much a form's title is like the line above a table that is most like it, 0 to 1."""
    title = fold_words(form.title)
    lines = [line for line in map(fold_words, above) if SHORTEST <= len(line) < 2 * len(title)]
    return max((_likeness(line, title) for line in lines), default=0.0)


def title_in(form: Form, above: Sequence[str]) -> str:
    """What stands above a table as its title, with the lines beside it that are no fields: 2027年, 第一季度. "" for none."""
    lines, labels = (
        [fold_words(line) for line in above],
        [fold_words(word) for one in form.header for word in (one.label, *one.also)],
    )
    likeness = [fuzz.ratio(line, fold_words(form.title)) for line in lines]
    if not lines or max(likeness) < LIKE_THE_TITLE:
        return ""
    place = likeness.index(max(likeness))
    near = range(max(place - 1, 0), min(place + 2, len(lines)))
    return " ".join(above[at] for at in near if at == place or not any(_holds(lines[at], label) for label in labels))


def _read(
    paths: Sequence[Path], names: Sequence[str], one: Wanted, budget: ErrorBudget, threads: int
) -> tuple[Reading, ...]:
    found = read_source(paths, names, form=one.form, budget=budget, roster=one.roster, threads=threads)
    return tuple(_titled(reading, paths, one.form, threads) for reading in found) if one.titled else found


@stage(Stage.FORM)
def _left(path: Path, found: Sequence[Reading], by: Wanted, wanted: Sequence[Wanted], threads: int) -> list[Wanted]:
    """The forms that explain pages on which no return stands better than the one that the file was read by."""
    readers = readers_of(by.form, threads)
    others: list[Wanted] = []
    for seen in glance_at(path, _NotOf(_pages(found)), readers):
        shares = {one.form.id: explained(one.form, seen) for one in wanted}
        best = max(wanted, key=lambda one: shares[one.form.id])
        if shares[best.form.id] >= EXPLAINED and best is not by and best not in others:
            others.append(best)
    return others


def _read_left(
    paths: Sequence[Path], names: Sequence[str], one: Wanted, found: Sequence[Reading], budget: ErrorBudget, threads: int
) -> tuple[Reading, ...]:
    taken = _pages(found)
    try:
        return tuple(new for new in _read(paths, names, one, budget, threads) if new.first_page not in taken)
    except (UnknownForm, NoTable):
        return ()


def _pages(found: Sequence[Reading]) -> frozenset[int]:
    return frozenset(page for one in found for page in range(one.first_page, one.first_page + one.pages))


@dataclass(frozen=True)
class _NotOf:
    """All pages but some."""

    pages: frozenset[int]

    def __contains__(self, page: object) -> bool:
        return page not in self.pages


@stage(Stage.FORM)
def _titled(reading: Reading, paths: Sequence[Path], form: Form, threads: int) -> Reading:
    starts = [file.first_page for file in reading.files] or [1]
    place = max(at for at, start in enumerate(starts) if start <= reading.first_page)
    above = words_above(paths[place], reading.first_page - starts[place] + 1, _readers(form, threads))
    return reading.model_copy(update={"title": title_in(form, above)})


def _readers(form: Form, threads: int) -> Readers:
    return readers_of(form, threads)


def _likeness(needle: str, text: str) -> float:
    """How much of a line stands in a text, 0 to 1, above what is alike by chance."""
    short, long = sorted((needle, text), key=len)
    return max(fuzz.partial_ratio(short, long) - BY_CHANCE, 0.0) / (100.0 - BY_CHANCE)


def _holds(line: str, label: str) -> bool:
    return 1 < len(label) <= len(line) and fuzz.partial_ratio(label, line) >= LIKE_A_LABEL


@lru_cache(maxsize=64)
def _printed(form: Form) -> str:
    """Everything that a form says, in the order of the paper."""
    words: list[str] = [form.title, *form.columns]
    for item in form.items:
        words += [item.heading, item.sentence, *_columns(slot.column for slot in item.slots)]
    return fold_words("".join(words))


def _columns(names: Iterable[str]) -> list[str]:
    return [name for name in names if name]
