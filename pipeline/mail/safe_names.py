"""Attachments' names: decoded however mail programs spell them, and made fit for a folder that others open."""

from __future__ import annotations

import re
import unicodedata
from email.header import decode_header
from email.message import Message
from pathlib import PurePath

from pipeline.office.inbox import NOT_RETURNS, TEMPORARY_ENDS, TEMPORARY_STARTS

NAMELESS = "附件"

LONGEST = 200
"""Bytes of a name: filesystems take 255, and drafts and receipts add to it."""

# What Windows takes for something else in a name; a share's clerk is on Windows.
RESERVED = re.compile(r'[<>:"|?*]')

# What Chinese programs call GB 2312 holds characters that only its successors have.
CHINESE_CHARSETS = frozenset({"gb2312", "gbk", "gb_2312-80", "cp936", "ms936", "hz-gb-2312", "x-gbk"})

# Endings that mean the same kind of file; another one gets the right one behind it.
SAME = {
    ".jpg": {".jpg", ".jpeg", ".jpe", ".jfif"},
    ".tif": {".tif", ".tiff"},
    ".heic": {".heic", ".heif"},
    ".docx": {".docx", ".docm", ".dotx", ".wps"},
    ".xlsx": {".xlsx", ".xlsm", ".et"},
    ".doc": {".doc", ".wps", ".dot", ".docx", ".xls", ".xlsx"},
    ".xls": {".xls", ".et"},
}


def part_name(part: Message) -> str:
    """The name of a part of a message, "" where it has none; RFC 2231, RFC 2047, and bytes as they were typed, all alike."""
    headers = {name.lower(): _raw_to_text(str(value)) for name, value in part.raw_items()}
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        if header not in headers:
            continue
        holder = Message()
        holder[header] = headers[header].replace("\r", "").replace("\n", " ")
        found = holder.get_param(parameter, None, header)
        if isinstance(found, tuple):
            charset, _, value = found
            return _decoded(bytes(value, "raw-unicode-escape"), charset or "utf-8")
        if found:
            return decode_words(found)
    return ""


def decode_words(text: str) -> str:
    """A header's text with its encoded words decoded; whatever cannot be is left as it is."""
    try:
        parts = decode_header(text)
    except ValueError:
        return text
    return "".join(_decoded(part, charset or "ascii") if isinstance(part, bytes) else part for part, charset in parts)


def header_text(message: Message, name: str) -> str:
    """A header of a message as people read it, on one line; "" where it has none."""
    value = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return " ".join(decode_words(_raw_to_text(value)).split())


def safe_name(name: str, ending: str) -> str:
    """A name for a file of a kind: no way out of its folder, nothing unseen, an ending that says what it is.

    An inbox overlooks some names, those of unfinished files: none of them is left.
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    name = "".join(char for char in name if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    name = " ".join(RESERVED.sub("_", name).split()).strip(" .")
    while name.startswith(TEMPORARY_STARTS):
        start = next(start for start in TEMPORARY_STARTS if name.startswith(start))
        name = name.removeprefix(start).strip(" .")
    stem, suffix = PurePath(name).stem, PurePath(name).suffix.lower()
    if not stem:
        return f"{NAMELESS}{ending}"
    fits = suffix in SAME.get(ending, {ending}) and not name.lower().endswith((*TEMPORARY_ENDS, *NOT_RETURNS))
    return _cut(name if fits else f"{name}{ending}")


def safe_folder(name: str) -> str:
    """A folder's name from an archive, by the same rules."""
    return safe_name(name, "") if name.strip(" .") else NAMELESS


def _cut(name: str) -> str:
    """A name that leaves room for what is put before and behind it while it is written."""
    suffix = PurePath(name).suffix
    suffix = suffix if len(suffix.encode()) <= LONGEST // 4 else ""
    stem = name.removesuffix(suffix).encode()[: LONGEST - len(suffix.encode())]
    return stem.decode(errors="ignore") + suffix


def raw_name(name: bytes) -> str:
    """A name's bytes as they were meant: UTF-8, else what Chinese Windows wrote."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("gb18030", errors="replace")


def _raw_to_text(value: str) -> str:
    """A header with bytes that are no ASCII, which the parser keeps as lone surrogates."""
    return raw_name(value.encode("utf-8", "surrogateescape"))


def _decoded(data: bytes, charset: str) -> str:
    charset = charset.lower()
    if charset in CHINESE_CHARSETS:
        charset = "gb18030"
    try:
        return data.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return raw_name(data)
