"""What an attachment is, by its bytes and, where these say nothing good, by its name; and why some are not taken."""

from __future__ import annotations

import zipfile
from enum import StrEnum
from io import BytesIO
from pathlib import PurePath

from extractors.ole import OLE_MAGIC, old_kind
from extractors.package import MAIN_PARTS, ZIP_MAGIC
from extractors.pages import format_of
from schemas.errors import EncryptedFile, UnreadableFile


class Refusal(StrEnum):
    """Why an attachment is not laid into the inbox."""

    ARCHIVE = "archive"
    NESTED = "archive_in_archive"
    PROGRAM = "program"
    TRAP = "trap"
    PASSWORD = "password"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNKNOWN = "unknown"

    @property
    def chinese(self) -> tuple[str, str]:
        """The reason, and what to do, as the clerk reads them."""
        return _CHINESE[self]


_CHINESE = {
    Refusal.ARCHIVE: ("压缩包格式不支持（只打开 ZIP）", "请对方改用 ZIP，或直接发送其中的文件"),
    Refusal.NESTED: ("压缩包里还有压缩包，只打开一层", "请对方直接发送其中的文件"),
    Refusal.PROGRAM: ("附件是程序或脚本，不收取", "请勿打开；如不认识发件人，请删除邮件"),
    Refusal.TRAP: ("压缩包内容异常（路径或链接指向别处，或解压后过大）", "请勿打开；请对方直接发送文件"),
    Refusal.PASSWORD: ("压缩包有密码", "请对方去掉密码后重新发送"),
    Refusal.DAMAGED: ("附件损坏或没有传完", "请对方重新发送"),
    Refusal.TOO_LARGE: ("附件或邮件过大", "请对方分开发送"),
    Refusal.TOO_MANY: ("一封邮件的附件过多", "请对方分开发送"),
    Refusal.UNKNOWN: ("附件不是报表文件（PDF、图片、Word、Excel）", "请查看邮件原文；如是报表，请对方改用 PDF 重新发送"),
}

ENDINGS = {"PDF": ".pdf", "JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp", "BMP": ".bmp", "HEIF": ".heic"}
"""A page's ending by what `format_of` calls it."""

ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh", b"MSCF", b"PK\x07\x08")
ARCHIVE_ENDINGS = frozenset(
    {".rar", ".7z", ".gz", ".tgz", ".tar", ".xz", ".bz2", ".z", ".cab", ".arj", ".lzh", ".iso", ".img"}
)

PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"L\0\0\0\x01\x14\x02\0")
PROGRAM_ENDINGS = frozenset(
    {".exe", ".scr", ".bat", ".cmd", ".com", ".pif", ".js", ".jse", ".vbs", ".vbe", ".wsf", ".wsh", ".hta", ".msi", ".ps1"}
    | {".jar", ".apk", ".lnk", ".dll", ".reg", ".chm", ".sh"}
)

LEFT_ALONE = frozenset({".ics", ".vcf", ".p7s", ".asc", ".sig", ".txt", ".htm", ".html"})
"""What mail programs add by themselves, and texts: no returns, and nothing to tell the clerk of."""


def kind_of(data: bytes, name: str) -> str | Refusal | None:
    """The ending of a file that is taken, why one is not, "zip" for a ZIP to be opened, None for what is left alone."""
    suffix = PurePath(name).suffix.lower()
    # A name that pretends is refused, whatever the bytes are: somebody will open it one day by its name.
    if suffix in PROGRAM_ENDINGS or data.startswith(PROGRAMS):
        return Refusal.PROGRAM
    if suffix in ARCHIVE_ENDINGS or data.startswith(ARCHIVES) or data[257:262] == b"ustar":
        return Refusal.ARCHIVE
    if data.startswith((ZIP_MAGIC, OLE_MAGIC)):
        return _zip_kind(data) if data.startswith(ZIP_MAGIC) else _old_kind(data)
    if (kind := format_of(data)) is not None:
        return ENDINGS[kind]
    other = None if suffix in LEFT_ALONE else Refusal.UNKNOWN
    return other if data else Refusal.DAMAGED


def _zip_kind(data: bytes) -> str | Refusal:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError):
        return Refusal.DAMAGED
    kinds = [kind for name in names for pattern, kind in MAIN_PARTS if pattern.fullmatch(name)]
    return {"word": ".docx", "sheets": ".xlsx"}[kinds[0].value] if kinds else "zip"


def _old_kind(data: bytes) -> str | Refusal:
    """An old Office file's ending. One with a password is taken: the inbox tells the clerk what to do."""
    try:
        return f".{old_kind(data).value}"
    except EncryptedFile:
        return ".doc"
    except UnreadableFile:
        return Refusal.UNKNOWN
