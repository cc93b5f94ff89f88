"""All rules over one document: its text to a `Notice`."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.notice.annexes import read_annexes, read_forms
from pipeline.notice.chapters import read_chapters, read_period, read_theme
from pipeline.notice.contacts import read_emails, read_links, read_people, read_phones
from pipeline.notice.deadline import read_deadline
from pipeline.notice.heads import Head, read_head
from pipeline.notice.paragraphs import Row, pages_to_rows, rows_to_paragraphs
from schemas.errors import NoNotice
from schemas.notice import EXPECTED, Notice, missing_fields
from schemas.text import TextPage

# Where the characters' mean probability is lower, hardly anything of a page was read.
POOR = 0.7

# Fewest characters of a notice; below it, a page holds a picture, a form or nothing.
LEAST_WORDS = 40


def assemble(source: str, pages: Sequence[TextPage], *, whole: bool = True) -> Notice:
    """A notice from its pages' text, all of them where it is `whole`. Raises NoNotice where there are hardly any words."""
    rows = pages_to_rows(pages)
    words = _before_tables(pages, rows)
    if sum(len(row.words.text) for row in words) < LEAST_WORDS:
        raise NoNotice()
    paragraphs = rows_to_paragraphs(words)
    head = read_head(paragraphs)
    annexes, listed = read_annexes(paragraphs)
    body = range(head.body, len(paragraphs))
    skipped = listed | _signature(head)
    chapters = read_chapters(paragraphs, body, skipped)
    contacts, emails = read_people(paragraphs), read_emails(paragraphs)
    asks = bool(contacts or emails)
    notice = Notice(
        source=source,
        pages=sum(page.size != (0, 0) for page in pages),
        review=False,
        turns=tuple(page.turn for page in pages if page.size != (0, 0)),
        unread=tuple(page.number for page in pages if page.lines and _badly_read(page)),
        cut_short=not whole,
        issuer=head.issuer,
        number=head.number,
        title=head.title,
        issued=head.issued,
        addressees=head.addressees,
        theme=read_theme(paragraphs, chapters, body),
        period=read_period(paragraphs, chapters, body, head.issued, head.number.year),
        sections=chapters.sections,
        deadline=read_deadline(paragraphs, body, head.issued, head.number.year, expected=asks),
        contacts=contacts,
        phones=read_phones(paragraphs),
        emails=emails,
        links=read_links(paragraphs),
        annexes=annexes,
        forms=read_forms(pages, rows),
    )
    missing = missing_fields(notice)
    review = any(field.review for _, field in notice.fields()) or any(key in EXPECTED for key in missing)
    review = review or bool(notice.unread) or notice.cut_short
    return notice.model_copy(update={"missing": missing, "review": review})


def _badly_read(page: TextPage) -> bool:
    probs = [prob for line in page.lines for prob in line.probs]
    return sum(probs) < POOR * len(probs)


def _before_tables(pages: Sequence[TextPage], rows: Sequence[Row]) -> list[Row]:
    """The rows of pages without a table: what stands above one is the form's."""
    tables = {page.number for page in pages if page.table_top is not None and page.size != (0, 0)}
    return [row for row in rows if row.page not in tables or row.typed]


def _signature(head: Head) -> set[int]:
    return set() if head.signature is None else {head.signature - 1, head.signature}
