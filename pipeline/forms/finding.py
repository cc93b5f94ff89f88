"""A file to the form whose blank is in it: the last pages of a notice, a scan, a PDF, a Word or an Excel file."""

from __future__ import annotations

from pathlib import Path

from extractors.legacy import convert
from extractors.ole import OLE_MAGIC, old_kind
from extractors.package import PackageKind, open_package
from extractors.pages import LIMITS, file_bytes
from extractors.typed import is_typed, told_plainly
from pipeline.forms.blank import BlankTable, compact
from pipeline.forms.compose import FoundForm, blank_to_form
from pipeline.forms.joining import join_tables
from pipeline.forms.paper import BlankReaders, load_blank_readers, pages_to_blanks
from pipeline.forms.sheets import sheets_to_blanks
from pipeline.forms.word import word_to_blanks
from schemas.errors import NoTable


def find_blank_form(path: Path, *, form_id: str = "", readers: BlankReaders | None = None) -> FoundForm:
    """The form of the blank table in a file: of several tables the one with most to fill in, of equals the last.

    Raises NoTable where no table has anything to fill in; UnreadableFile, EncryptedFile, FileTooLarge, TransientError.
    """
    found = [form for table in open_blank(path, readers) if (form := blank_to_form(table, form_id)) is not None]
    if not found:
        raise NoTable()
    most = max(len(one.form.slots) for one in found)
    return [one for one in found if len(one.form.slots) == most][-1]


def open_blank(path: Path, readers: BlankReaders | None = None) -> list[BlankTable]:
    """The tables of a file, those put together that a page end has parted. Raises as `find_blank_form`."""
    tables = _typed_blanks(path) if is_typed(path) else pages_to_blanks(path, readers or load_blank_readers())
    return join_tables([compact(table) for table in tables if table.cells])


def _typed_blanks(path: Path) -> list[BlankTable]:
    data = file_bytes(path, LIMITS)
    with told_plainly():
        if data.startswith(OLE_MAGIC):
            data = convert(data, old_kind(data))
        return word_to_blanks(data) if open_package(data).kind is PackageKind.WORD else sheets_to_blanks(data)
