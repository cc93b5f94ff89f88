"""The flow: a file to its readings, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractors.pages import open_pages
from pipeline.group import tables_to_returns
from pipeline.judge import ErrorBudget
from pipeline.page import broken_off, find_tables
from pipeline.readers import Readers, load_readers
from schemas.errors import DocumentError, NoTable, UnknownForm
from schemas.flow import Matrix, TableFind
from schemas.form import Form
from schemas.reading import Problem, Reading

__all__ = ["FileRead", "Readers", "load_readers", "read"]


@dataclass(frozen=True, eq=False)
class FileRead:
    """A file's returns, and by page the outline of every cell, float64 (n, 2), as fractions of the page."""

    readings: tuple[Reading, ...]
    outlines: tuple[tuple[int, Matrix], ...]


def read(
    path: Path,
    *,
    form: Form,
    readers: Readers,
    budget: ErrorBudget = ErrorBudget(),
    roster: Sequence[str] = (),
    on_page: Callable[[int], None] = lambda page: None,
) -> FileRead:
    """Every return in a file. Pages are held one at a time.

    A file that fails after some good pages is read as far as it goes, and its readings say so.

    Raises a DocumentError where no return can be read at all: UnreadableFile, EncryptedFile, FileTooLarge, NoTable,
    UnknownForm; TransientError where trying again may help.
    """
    finds: list[TableFind] = []
    tables, failure = 0, None
    try:
        for page in open_pages(path):
            found = find_tables(page, form, readers, budget, goes_on=broken_off(finds))
            tables += len(found)
            finds += [table for table in found if table.items]
            on_page(page.number)
    except DocumentError as error:
        if not finds:
            raise
        failure = error
    if not finds:
        raise UnknownForm() if tables else NoTable()
    problems = [Problem.FILE_CUT_SHORT] if failure else []
    if readers.second is None:
        problems.append(Problem.NO_SECOND_READER)
    readings = tables_to_returns(path, finds, form, readers.alphabet, budget, roster=roster, problems=problems)
    return FileRead(readings, tuple((table.page, outline) for table in finds for outline in table.outlines))
