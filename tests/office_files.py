"""Word and Excel files made for tests: from XML as it stands in them, and damaged or hostile in one way each."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

import docx
from openpyxl import Workbook

from schemas.form import FormItem
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import filled_sentence

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

VALUES = {
    item.key: [str(7000 * place + 3) if slot.kind.value == "count" else "消防演练" for place, slot in enumerate(item.slots)]
    for item in SAFETY_MONTH.items
}
"""What stands in each item's slots where a test does not say otherwise."""

FIELDS = "填报单位（盖章）：青禾县总工会 联系人：王文 电话：0990-5500001 填报日期：2026年6月20日"


def sentence(item: FormItem, **changed: str) -> str:
    """An item's sentence with its values, some of them changed by the slot's place: `_0="12"`."""
    values = [changed.get(f"_{place}", value) for place, value in enumerate(VALUES[item.key])]
    return filled_sentence(item, values)


def paragraph(xml: str) -> str:
    """A paragraph of runs."""
    return f"<w:p>{xml}</w:p>"


def run(text: str, marks: str = "") -> str:
    """A run of text with marks like `<w:strike/>`."""
    return f"<w:r><w:rPr>{marks}</w:rPr><w:t xml:space='preserve'>{escape(text)}</w:t></w:r>"


def word_file(body: str, *, part: str = "word/document.xml", more: Mapping[str, bytes] | None = None) -> bytes:
    """A Word file with this body and nothing else that anybody needs."""
    xml = f'<?xml version="1.0" encoding="UTF-8"?><w:document {NAMESPACES}><w:body>{body}</w:body></w:document>'
    return package({part: xml.encode(), "[Content_Types].xml": b"<Types/>", **(more or {})})


def whole_form(first: str = "", *, fields: str = FIELDS) -> str:
    """The body of a filled form; `first` is the XML of item 1's paragraph where it is another one."""
    rows = []
    for item in SAFETY_MONTH.items:
        words = first if first and item is SAFETY_MONTH.items[0] else paragraph(run(sentence(item)))
        rows.append(f"<w:tr><w:tc>{paragraph(run(item.heading))}</w:tc><w:tc>{words}</w:tc></w:tr>")
    head = paragraph(run(SAFETY_MONTH.title)) + paragraph(run(fields))
    return f"{head}<w:tbl>{''.join(rows)}</w:tbl>"


def package(parts: Mapping[str, bytes]) -> bytes:
    """A ZIP of parts."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return memory.getvalue()


def bomb(megabytes: int) -> bytes:
    """A Word file with a part of so many megabytes of nothing."""
    memory = io.BytesIO(word_file(""))
    with zipfile.ZipFile(memory, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/media/a.png", "w") as part:
        for _ in range(megabytes):
            part.write(bytes(1_000_000))
    return memory.getvalue()


def plain_word() -> bytes:
    """An empty document of python-docx's own."""
    memory = io.BytesIO()
    docx.Document().save(memory)
    return memory.getvalue()


def plain_sheets() -> bytes:
    """An empty workbook of openpyxl's own."""
    memory = io.BytesIO()
    Workbook().save(memory)
    return memory.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """A package with one part replaced or put in."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    return package({**parts, name: content})


def old_file(stream: str, content: bytes = bytes(4096)) -> bytes:
    """An OLE2 file with one stream, as far as its directory tells: header, directory sector, stream sectors."""
    header = bytearray(512)
    header[:8] = OLE
    struct.pack_into("<H", header, 30, 9)
    entry = bytearray(128)
    name = stream.encode("utf-16-le") + b"\0\0"
    entry[: len(name)] = name
    struct.pack_into("<H", entry, 64, len(name))
    struct.pack_into("<II", entry, 116, 1, len(content))
    return bytes(header) + bytes(entry) + bytes(512 - 128) + content


def encrypted_flag(content: bytes = bytes(4096)) -> bytes:
    """A Word stream that says it is encrypted."""
    flagged = bytearray(content)
    struct.pack_into("<H", flagged, 0x0A, 0x0100)
    return bytes(flagged)


def password_record() -> bytes:
    """An Excel stream whose second record says that a password is needed."""
    return struct.pack("<HH16x", 0x0809, 16) + struct.pack("<HH54x", 0x002F, 54) + bytes(4096)
