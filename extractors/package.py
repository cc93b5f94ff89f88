"""Office packages (ZIP with XML inside), looked through before any library opens one.

Sizes are those that the archive declares: Python's zipfile unpacks no more than that, whatever is inside.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from xml.parsers import expat

from schemas.errors import EncryptedFile, FileTooLarge, UnreadableFile


class PackageKind(Enum):
    """What an office package holds."""

    WORD = "word"
    SHEETS = "sheets"


@dataclass(frozen=True)
class PackageLimits:
    """The most that is unpacked; a package beyond raises FileTooLarge before it is."""

    max_entries: int = 4_000
    """Parts. A document with a hundred pictures has some 200."""
    max_unpacked: int = 400_000_000
    """Bytes of all parts together: twice the largest file that is opened at all, for pictures hardly shrink."""
    max_xml: int = 40_000_000
    """Bytes of one part of XML. A return's text is 100 kB; a parsed tree takes ten times its file."""
    max_ratio: int = 300
    """Unpacked to packed bytes of a part above `ratio_from`. Office files reach 50, sheets of one value 200."""
    ratio_from: int = 5_000_000
    """Bytes from which the ratio tells anything: short runs of spaces shrink as well."""
    max_elements: int = 1_000_000
    """Elements of XML in all parts; a return has 5,000."""
    max_depth: int = 200
    """Elements within elements. A table within a table within a table takes 20."""
    max_merged: int = 200_000
    """Cells covered by merged ones, which openpyxl makes one by one; A1:XFD1048576 would be 17,000,000,000."""


PACKAGE_LIMITS = PackageLimits()

ZIP_MAGIC = b"PK\x03\x04"

# Word names its main part document.xml, some of its web editions document2.xml.
MAIN_PARTS = (
    (re.compile(r"word/document\d*\.xml"), PackageKind.WORD),
    (re.compile(r"xl/workbook\.xml"), PackageKind.SHEETS),
)

# How XML begins, by its bytes, in the encodings that parsers tell by themselves.
XML_STARTS = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0<", b"<\0")

AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")

# General purpose bit 0 of a ZIP entry.
ENCRYPTED_BIT = 0x1


@dataclass(frozen=True, eq=False)
class Package:
    """A package that has been looked through: what it is, its main part's name, and its XML parts by name."""

    kind: PackageKind
    main: str
    parts: Mapping[str, bytes]


def open_package(data: bytes, limits: PackageLimits = PACKAGE_LIMITS) -> Package:
    """Look an office package through: sizes first, then every part of XML.

    Raises UnreadableFile for another ZIP, for a damaged one and for XML that declares a document type, which office
    programs never write and by which entities blow up; FileTooLarge beyond `limits`; EncryptedFile.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            kind = package_kind(names)
            main = next(name for name in names if _is_main(name, kind))
            _check_sizes(entries, limits)
            parts = {}
            for entry in entries:
                with archive.open(entry) as opened:
                    if not opened.read(64).lstrip().startswith(XML_STARTS):
                        continue
                    if entry.file_size > limits.max_xml:
                        raise FileTooLarge("XML")
                parts[entry.filename] = archive.read(entry)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError) as error:
        raise UnreadableFile("damaged or cut short") from error
    _check_xml(parts, limits)
    return Package(kind, main, parts)


def package_kind(names: Sequence[str]) -> PackageKind:
    """What a package is by its parts' names. Raises UnreadableFile for another ZIP."""
    for name in names:
        for pattern, kind in MAIN_PARTS:
            if pattern.fullmatch(name):
                return kind
    raise UnreadableFile("a ZIP archive: unpack it first")


def _is_main(name: str, kind: PackageKind) -> bool:
    return any(pattern.fullmatch(name) for pattern, other in MAIN_PARTS if other is kind)


def _check_sizes(entries: list[zipfile.ZipInfo], limits: PackageLimits) -> None:
    if len(entries) > limits.max_entries:
        raise FileTooLarge(f"{len(entries)} parts")
    if any(entry.flag_bits & ENCRYPTED_BIT for entry in entries):
        raise EncryptedFile
    if sum(entry.file_size for entry in entries) > limits.max_unpacked:
        raise FileTooLarge("unpacked")
    for entry in entries:
        if entry.file_size > limits.ratio_from and entry.file_size > limits.max_ratio * max(entry.compress_size, 1):
            raise FileTooLarge("unpacked")


def _check_xml(parts: Mapping[str, bytes], limits: PackageLimits) -> None:
    """See that no part of XML has a document type, nor more in it than any return has.

    A part that is no XML after all is none of ours; whoever needs it will say so.
    """
    elements = depth = merged = 0

    def refuse(*_: object) -> None:
        raise UnreadableFile("XML with a document type")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal elements, depth, merged
        elements, depth = elements + 1, depth + 1
        if name.endswith("mergeCell"):
            merged += _cells(attributes.get("ref", ""))
        if elements > limits.max_elements or depth > limits.max_depth or merged > limits.max_merged:
            raise FileTooLarge("XML")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    for part in parts.values():
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        depth = 0
        try:
            parser.Parse(part, True)
        except expat.ExpatError:
            continue


def _cells(area: str) -> int:
    """How many cells an area like A1:C3 covers."""
    match = AREA.fullmatch(area)
    if match is None or match[3] is None:
        return 1
    columns = abs(_column(match[3]) - _column(match[1])) + 1
    return columns * (abs(int(match[4]) - int(match[2])) + 1)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number
