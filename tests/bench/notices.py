"""How rightly notices are read, field by field and capture by capture, with what is flagged and what is wrong in silence.

python -m tests.bench.notices --seed 900 --count 10 --captures flatbed,camscanner,photo,wechat
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.notice.reading import read_notice
from samples.notices import NoticeTruth, make_notice, read_notice_truth
from schemas.errors import KuohaoError
from schemas.notice import EXPECTED, FieldState, Notice, NoticeField

CAPTURES = ("flatbed", "camscanner", "photo", "wechat")


@dataclass(frozen=True)
class Score:
    """One thing that a notice says, or that was read where it says nothing."""

    capture: str
    field: str
    right: bool
    review: bool
    confidence: float
    told: str


def score(truth: NoticeTruth, notice: Notice) -> list[Score]:
    """Every field of a notice against its truth."""
    scores = [
        _single(truth, "issuer", truth.issuer, notice.issuer, notice.issuer.value),
        _single(truth, "number", truth.number, notice.number, notice.number.value),
        _single(truth, "title", truth.title, notice.title, notice.title.value),
        _single(truth, "issued", truth.issued, notice.issued, notice.issued.iso),
        _single(truth, "theme", truth.theme, notice.theme, notice.theme.value),
        _single(truth, "period", _dates(truth.period), notice.period, _dates((notice.period.start, notice.period.end))),
        _single(truth, "deadline", _dates((truth.deadline, truth.time)), notice.deadline,
                _dates((notice.deadline.iso, notice.deadline.time))),
        _single(truth, "sentence", truth.sentence or None, notice.deadline, notice.deadline.sentence or None),
    ]  # fmt: skip
    sections = [f"{level} {heading}" for level, heading in truth.sections]
    read = [(f"{one.level} {one.value}", one) for one in notice.sections]
    scores += _several(truth, "sections", sections, read)
    for key in ("addressees", "contacts", "phones", "emails", "links", "annexes"):
        found = [(one.value or "", one) for one in getattr(notice, key)]
        scores += _several(truth, key, getattr(truth, key), found)
    forms = [str(truth.form_pages)] if truth.form_pages else []
    scores += _several(truth, "form pages", forms, [(str(form.pages), form) for form in notice.forms])
    scores += list(_places(truth, notice))
    return scores


def _single(truth: NoticeTruth, key: str, meant: str | None, field: NoticeField, value: str | None) -> Score:
    return Score(
        truth.capture, key, _plain(meant) == _plain(value), field.review, field.confidence, f"{meant!r} read {value!r}"
    )


def _several(truth: NoticeTruth, key: str, meant: Sequence[str], read: Sequence[tuple[str, NoticeField]]) -> Iterator[Score]:
    """Each thing meant, and each that is not meant but was read; what is missing is told where a neighbour is flagged."""
    left = Counter(_plain(one) for one in meant)
    wrong: list[tuple[str, NoticeField | None]] = []
    for value, field in read:
        if left[_plain(value)] > 0:
            left[_plain(value)] -= 1
            yield Score(truth.capture, key, True, field.review, field.confidence, value)
        else:
            wrong.append((value, field))
    missed = list(left.elements())
    for place in range(max(len(missed), len(wrong))):
        value, odd = wrong[place] if place < len(wrong) else ("", None)
        lost = missed[place] if place < len(missed) else None
        # A list that every notice has is told to be missing, and the notice goes to a person.
        review = odd.review if odd is not None else any(one.review for _, one in read) or (not read and key in EXPECTED)
        sure = odd.confidence if odd is not None else 0.0
        yield Score(truth.capture, key, False, review, sure, f"{lost!r} read {value!r}")


def _places(truth: NoticeTruth, notice: Notice) -> Iterator[Score]:
    """Whether what was found stands where it was printed."""
    for key in ("number", "title", "issued"):
        field, place = getattr(notice, key), truth.places.get(key)
        if field.state is FieldState.FOUND and field.box and place:
            x, y = (place.box[0] + place.box[2]) / 2, (place.box[1] + place.box[3]) / 2
            left, top, right, bottom = field.box
            within = field.page == place.page and left < x < right and top < y < bottom
            yield Score(truth.capture, "box", within, False, 1.0, f"{key} {place} at {field.page} {field.box}")


def _dates(pair: tuple[str | None, str | None]) -> str | None:
    return "/".join(one or "" for one in pair) if any(pair) else None


def _plain(text: str | None) -> str:
    """Without white, and with what a text layer cannot tell apart made alike."""
    kept = "".join((text or "").split())
    return kept.translate(str.maketrans("（），；：—－–", "(),;:---")).rstrip("。")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make, read, count and show."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.notices")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--captures", type=lambda text: tuple(text.split(",")), default=CAPTURES)
    parser.add_argument("--folder", type=Path, help="where notices lie or shall lie; else they are thrown away")
    parser.add_argument("--errors", action="store_true", help="tell every error")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as passing:
        folder = options.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        scores, spent, pages = _measure(folder, options.seed, options.count, options.captures)
    _show(scores, options.captures)
    for one in scores if options.errors else ():
        if not one.right:
            print(f"{one.capture} {one.field} {one.told} {one.confidence} {'flagged' if one.review else 'SILENT'}")
    for kind in options.captures:
        print(f"{kind}: {spent[kind] / max(pages[kind], 1):.1f} s a page, {pages[kind]} pages")
    return 0


def _measure(
    folder: Path, seed: int, count: int, captures: Sequence[str]
) -> tuple[list[Score], dict[str, float], dict[str, int]]:
    scores: list[Score] = []
    spent: dict[str, float] = defaultdict(float)
    pages: dict[str, int] = defaultdict(int)
    for place in range(count):
        for kind in captures:
            stem = folder / f"{place:03d}-{kind}"
            told = stem.with_suffix(".truth.json")
            truth = read_notice_truth(told) if told.exists() else make_notice(kind, seed * 1000 + place, stem)
            start = time.perf_counter()
            try:
                notice = read_notice(folder / truth.file)
            except KuohaoError as error:
                print(f"{truth.file}: {error}", file=sys.stderr)
                continue
            spent[kind] += time.perf_counter() - start
            pages[kind] += truth.pages
            scores += [_named(one, truth.file) for one in score(truth, notice)]
    return scores, spent, pages


def _named(one: Score, file: str) -> Score:
    return Score(one.capture, one.field, one.right, one.review, one.confidence, f"{file}: {one.told}")


def _show(scores: Sequence[Score], captures: Sequence[str]) -> None:
    print("| field | n | right | flagged | silent | " + " | ".join(captures) + " |")
    for field in [*dict.fromkeys(one.field for one in scores), ""]:
        own = [one for one in scores if one.field == field or (not field and one.field != "box")]
        cells = [_share([one for one in own if one.capture == kind]) for kind in captures]
        silent = sum(not one.right and not one.review for one in own)
        flagged = sum(one.review for one in own) / max(len(own), 1)
        print(f"| {field or 'all'} | {len(own)} | {_share(own)} | {flagged:.1%} | {silent} | " + " | ".join(cells) + " |")
    print("claimed against observed, of what was found")
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.98), (0.98, 1.01)):
        own = [one for one in scores if one.field != "box" and low <= one.confidence < high and one.confidence > 0]
        if own:
            print(f"  {low:.2f} to {high:.2f}: n {len(own)}, claimed {sum(one.confidence for one in own) / len(own):.3f}, "
                  f"right {sum(one.right for one in own) / len(own):.3f}")  # fmt: skip


def _share(scores: Sequence[Score]) -> str:
    return f"{sum(one.right for one in scores) / len(scores):.1%}" if scores else "—"


if __name__ == "__main__":
    sys.exit(main())
