"""The flow: a file to its readings, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extractors.pages import open_pages
from extractors.typed import is_typed, open_typed
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.group import tables_to_returns
from pipeline.reading.page import broken_off, find_tables
from pipeline.reading.readers import Readers, load_readers
from pipeline.reading.typed.tables import find_typed_tables
from pipeline.stages import Stage, opening, page_stopped, stage
from schemas.errors import DocumentError, NoTable, UnknownForm
from schemas.flow import Matrix, TableFind
from schemas.form import Form
from schemas.reading import Problem, Reading, SourceFile

__all__ = ["FileRead", "Readers", "load_readers", "read"]


@dataclass(frozen=True, eq=False)
class FileRead:
    """A file's returns, and by page the outline of every cell, float64 (n, 2), as fractions of the page."""

    readings: tuple[Reading, ...]
    outlines: tuple[tuple[int, Matrix], ...]


def read(
    path: Path,
    *more: Path,
    form: Form,
    readers: Readers,
    budget: ErrorBudget = ErrorBudget(),
    roster: Sequence[str] = (),
    on_page: Callable[[int], None] = lambda page: None,
) -> FileRead:
    """Every return in a file. Pages are held one at a time.

    A file that fails after some good pages is read as far as it goes, and its readings say so. The pages of `more` files
    go on behind the first one's: a return that was photographed page by page.

    Raises a DocumentError where no return can be read at all: UnreadableFile, EncryptedFile, FileTooLarge, NoTable,
    UnknownForm; TransientError where trying again may help.
    """
    finds: list[TableFind] = []
    failures: list[DocumentError] = []
    files: list[SourceFile] = []
    tables, pages = 0, 0
    for file in (path, *more):
        first = pages
        files.append(SourceFile(name=file.name, first_page=first + 1))
        try:
            if is_typed(file):
                with stage(Stage.TYPED):
                    found = find_typed_tables(open_typed(file), form, readers.alphabet)
                tables += len(found)
                finds += [table for table in found if table.items]
                continue
            for page in opening(open_pages(file), first):
                pages = first + page.number
                before = finds[-1].columns if finds else ()
                found = find_tables(
                    replace(page, number=pages), form, readers, budget, goes_on=broken_off(finds), columns=before
                )
                tables += len(found)
                finds += [table for table in found if table.items]
                on_page(pages)
        except DocumentError as error:
            failures.append(error)
            page_stopped()
    if not finds:
        raise failures[0] if failures else UnknownForm() if tables else NoTable()
    problems = [Problem.FILE_CUT_SHORT] if failures else []
    if readers.second is None and pages:
        problems.append(Problem.NO_SECOND_READER)
    readings = tables_to_returns(path, finds, form, readers.alphabet, budget, roster=roster, problems=problems)
    if more:
        readings = tuple(reading.model_copy(update={"files": tuple(files)}) for reading in readings)
    return FileRead(readings, tuple((table.page, outline) for table in finds for outline in table.outlines))
