"""What is annexed: the list that a notice ends with, and the blank tables that follow."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.notice.fields import found
from pipeline.notice.paragraphs import Paragraph, Row, pages_to_rows
from pipeline.notice.passages import Passage, tidied
from schemas.notice import Annex, BlankForm
from schemas.text import TextPage

_LABEL = re.compile(r"附\s*件\s*(?P<n>\d{1,2})?\s*[：:]\s*")
_ITEM = re.compile(r"(?P<n>\d{1,2})\s*[.．、,，]\s*(?!\d)")
_NAMES_TABLE = re.compile(r"表|台账|名单|清单|名册")

# Rows above a table among which its title stands.
ABOVE = 5


def read_annexes(paragraphs: Sequence[Paragraph]) -> tuple[tuple[Annex, ...], set[int]]:
    """The annexes as listed, and the paragraphs that list them."""
    places: set[int] = set()
    annexes: list[Annex] = []
    for start, one in enumerate(paragraphs):
        label = _LABEL.match(one.text)
        if label is None or label.end() >= len(one.text) or start in places:
            continue
        places.add(start)
        annexes += _items(one.words.cut(label.end(), len(one.text)), label["n"])
        for place in range(start + 1, len(paragraphs)):
            words = paragraphs[place].words
            item = _ITEM.match(words.text)
            if item is None or not annexes or int(item["n"]) != (annexes[-1].number or 0) + 1:
                break
            places.add(place)
            annexes += _items(words, None)
    return tuple(annexes), places


def read_forms(pages: Sequence[TextPage], rows: Sequence[Row]) -> tuple[BlankForm, ...]:
    """The tables to be filled in, each with its title and pages; one without a title goes on with the one before."""
    forms: list[BlankForm] = []
    for page in pages:
        if page.table_top is None:
            continue
        typed = page.size == (0, 0)
        title = _typed_title(page, pages) if typed else _title(page, rows)
        numbers = () if typed else (page.number,)
        if title is None and forms and not typed:
            forms[-1] = forms[-1].model_copy(update={"pages": (*forms[-1].pages, page.number)})
        elif title is not None:
            forms.append(found(BlankForm, title, title.text, fit=0.95, pages=numbers))
        else:
            forms.append(BlankForm(review=True, page=None if typed else page.number, pages=numbers))
    return tuple(forms)


def _items(words: Passage, number: str | None) -> list[Annex]:
    """One annex, or several in one line: 1.…… 2.……"""
    text = words.text
    starts = [match for match in _ITEM.finditer(text) if match.start() == 0 or text[match.start() - 1] in " 。；;"]
    if not starts:
        name = _name(words)
        return [found(Annex, name, name.text, fit=0.975, number=int(number) if number else None)]
    ends = [match.start() for match in starts[1:]] + [len(words.text)]
    items = []
    for match, end in zip(starts, ends, strict=True):
        name = _name(words.cut(match.end(), end))
        items.append(found(Annex, name, name.text, fit=0.975 if name.text else 0.5, number=int(match["n"])))
    return items


def _name(words: Passage) -> Passage:
    plain = words.without_spaces()
    return plain.cut(0, len(plain.text.rstrip("。；;")))


def _title(page: TextPage, rows: Sequence[Row]) -> Passage | None:
    """The row above a table that names it; of two rows, the one in the middle."""
    above = [row for row in rows if row.page == page.number and row.top < (page.table_top or 0.0)][-ABOVE:]
    named = [row for row in above if _NAMES_TABLE.search(row.words.text) and "填报" not in row.words.text[:4]]
    if not named:
        return None
    best = max(named, key=lambda row: (row.centred, row.size))
    return tidied(best.words).without_spaces()


def _typed_title(page: TextPage, pages: Sequence[TextPage]) -> Passage | None:
    """Of a file that was never on paper: the last paragraph before the table that names one."""
    before = pages_to_rows(one for one in pages if one.number > page.number)[-ABOVE:]
    named = [row for row in before if _NAMES_TABLE.search(row.words.text) and not row.words.text.startswith("附件：")]
    return tidied(named[-1].words).without_spaces() if named else None
