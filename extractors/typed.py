"""Files that were never on paper to their text: Word and Excel, old ones through LibreOffice. Their bytes say what they are.

As with pages, the caller sees only `KuohaoError`s, whatever libraries have to say about a damaged or hostile file.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extractors.legacy import convert
from extractors.ole import OLE_MAGIC, old_kind
from extractors.package import ZIP_MAGIC, PackageKind, open_package, package_kind
from extractors.pages import LIMITS, Limits, file_bytes
from schemas.errors import EncryptedFile, KuohaoError, TransientError, UnreadableFile
from schemas.typed import TypedFile


def is_typed(path: Path) -> bool:
    """Whether a file is one to be read as text; False, too, for one that cannot be opened."""
    try:
        with path.open("rb") as opened:
            return opened.read(len(OLE_MAGIC)).startswith((ZIP_MAGIC, OLE_MAGIC))
    except (OSError, ValueError):
        return False


def typed_format(path: Path) -> str | None:
    """DOCX, XLSX, or DOC, XLS for their old formats (and WPS's); None for what is none, or does not open."""
    try:
        with path.open("rb") as opened:
            start = opened.read(len(OLE_MAGIC))
        if start.startswith(ZIP_MAGIC):
            # Its list of parts alone: nothing is unpacked here.
            with zipfile.ZipFile(path) as archive:
                return {PackageKind.WORD: "DOCX", PackageKind.SHEETS: "XLSX"}[package_kind(archive.namelist())]
        return old_kind(path.read_bytes()).value.upper() if start.startswith(OLE_MAGIC) else None
    except EncryptedFile:
        # Its reader tells what to do about the password.
        return "DOC"
    except (UnreadableFile, OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile):
        return None


def open_typed(path: Path, *, limits: Limits = LIMITS) -> TypedFile:
    """What stands in a Word or Excel file.

    Raises UnreadableFile, EncryptedFile, FileTooLarge, LegacyOffice for an old file where LibreOffice is missing;
    TransientError where trying again may help.
    """
    data = file_bytes(path, limits)
    with told_plainly():
        if data.startswith(OLE_MAGIC):
            data = convert(data, old_kind(data))
        package = open_package(data)
        # Heavy libraries are imported where a file needs them.
        if package.kind is PackageKind.WORD:
            from extractors.word import word_to_typed

            return word_to_typed(package, path)
        from extractors.sheets import sheets_to_typed

        return sheets_to_typed(data, package, path)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Whatever libraries raise, translated; their warnings kept from the terminal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except KuohaoError:
        raise
    except MemoryError as error:
        raise TransientError("out of memory") from error
    # lxml, openpyxl and zipfile meet damage with nearly any exception there is, deep nesting with RecursionError.
    except Exception as error:
        raise UnreadableFile("damaged or cut short") from error
