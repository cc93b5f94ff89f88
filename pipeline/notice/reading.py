"""A file to its notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from extractors.orient import load_direction_classifier
from extractors.pages import open_pages
from extractors.typed import is_typed, open_typed
from extractors.wholepage import TextReader, load_text_reader, page_to_text, typed_to_text
from pipeline.notice.assemble import assemble
from schemas.errors import DocumentError, NoNotice
from schemas.notice import Notice
from schemas.text import TextPage


def read_notice(
    path: Path, *, threads: int = 0, reader: TextReader | None = None, on_page: Callable[[int], None] = lambda page: None
) -> Notice:
    """What a notice says. `threads` 0 uses every core; `reader` is another recogniser of whole pages.

    Raises a DocumentError: UnreadableFile, EncryptedFile, FileTooLarge, LegacyOffice, NoNotice where hardly any words stand
    in it; TransientError where trying again may help. A file cut short is read as far as it goes.
    """
    pages, whole = open_text(path, threads=threads, reader=reader, on_page=on_page)
    return assemble(path.name, pages, whole=whole)


def open_text(
    path: Path, *, threads: int = 0, reader: TextReader | None = None, on_page: Callable[[int], None] = lambda page: None
) -> tuple[list[TextPage], bool]:
    """The text of every page of a file, and whether all of them opened; raises as `read_notice` does."""
    if is_typed(path):
        return list(typed_to_text(open_typed(path))), True
    whole = True
    pages: list[TextPage] = []
    try:
        for page in open_pages(path):
            recogniser = reader or load_text_reader(threads or -1)
            pages.append(page_to_text(page, recogniser, load_direction_classifier()))
            on_page(page.number)
    except DocumentError:
        if not pages:
            raise
        whole = False
    if not any(page.lines for page in pages):
        raise NoNotice()
    return pages, whole
