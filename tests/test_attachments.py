"""What is taken out of a message, under which name, and what is refused and why."""

from __future__ import annotations

import email
import io
import os
import stat
import zipfile
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.mail.attachments import MAX_FILES, message_to_contents
from pipeline.mail.kinds import Refusal, kind_of
from pipeline.mail.safe_names import decode_words, part_name, safe_name
from pipeline.mail.unzip import unzip
from pipeline.office.inbox import list_inbox
from samples.electronic import make_electronic
from tests.letters import PDF, letter, picture, raw_letter, with_inline, zipped

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

NAME = "修武县.pdf"
GBK = NAME.encode("gbk")

SPELLINGS = {
    "RFC 2231": b"attachment; filename*=UTF-8''%E4%BF%AE%E6%AD%A6%E5%8E%BF.pdf",
    "RFC 2231 in GBK": b"attachment; filename*=gb2312''" + b"".join(b"%%%02X" % byte for byte in GBK),
    "RFC 2231 in pieces": b"attachment; filename*0*=UTF-8''%E4%BF%AE%E6%AD%A6;\r\n filename*1*=%E5%8E%BF.pdf",
    "RFC 2047": b'attachment; filename="=?UTF-8?B?5L+u5q2m5Y6/LnBkZg==?="',
    "RFC 2047 in GB 2312": b'attachment; filename="=?gb2312?Q?' + b"".join(b"=%02X" % byte for byte in GBK) + b'?="',
    "RFC 2047 in pieces": b'attachment;\r\n filename="=?UTF-8?B?5L+u5q2m?=\r\n =?UTF-8?B?5Y6/LnBkZg==?="',
    "bytes in GBK": b'attachment; filename="' + GBK + b'"',
    "bytes in UTF-8": b'attachment; filename="' + NAME.encode() + b'"',
}

UNSAFE = {
    "../../etc/报表.pdf": "报表.pdf",
    "C:\\报表\\报表.pdf": "报表.pdf",
    ".报表.pdf": "报表.pdf",
    "~$报表.pdf": "报表.pdf",
    "报表\u202efdp.pdf": "报表fdp.pdf",
    "报\n表\0.pdf": "报表.pdf",
    "a:b|c?.pdf": "a_b_c_.pdf",
    "报表.txt": "报表.txt.pdf",
    "报表.pdf.part": "报表.pdf.part.pdf",
    "": "附件.pdf",
    "...": "附件.pdf",
    "报表": "报表.pdf",
}

KINDS: dict[str, tuple[bytes, str, str | Refusal | None]] = {
    "pdf": (PDF, "a.pdf", ".pdf"),
    "pdf behind a mail gateway's line": (b"X-Spam: no\n" + PDF, "a.pdf", ".pdf"),
    "picture": (picture(10, 10), "a.jpg", ".png"),
    "rar": (b"Rar!\x1a\x07\x01\0", "a.rar", Refusal.ARCHIVE),
    "rar that calls itself pdf": (b"Rar!\x1a\x07\0x", "a.pdf", Refusal.ARCHIVE),
    "pdf that calls itself rar": (PDF, "a.pdf.rar", Refusal.ARCHIVE),
    "7z": (b"7z\xbc\xaf\x27\x1c", "a", Refusal.ARCHIVE),
    "program": (b"MZ\x90\0", "报表.pdf", Refusal.PROGRAM),
    "pdf that calls itself a program": (PDF, "报表.pdf.exe", Refusal.PROGRAM),
    "script": (b"#!/bin/sh", "a", Refusal.PROGRAM),
    "presentation": (OLE + bytes(2048), "a.ppt", Refusal.UNKNOWN),
    "calendar": (b"BEGIN:VCALENDAR", "invite.ics", None),
    "signature": (b"\x30\x80", "smime.p7s", None),
    "words": (b"hello", "说明.txt", None),
    "nothing": (b"", "a.pdf", Refusal.DAMAGED),
    "damaged ZIP": (b"PK\x03\x04" + bytes(40), "a.docx", Refusal.DAMAGED),
    "unknown": (b"????", "a.bin", Refusal.UNKNOWN),
}


@pytest.mark.parametrize("disposition", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_names_are_read_in_every_spelling(disposition: bytes) -> None:
    """However a mail program spells a Chinese name, it is the one that the sender sees."""
    message = email.message_from_bytes(raw_letter(disposition))
    assert part_name(message) == NAME
    assert [file.name.as_posix() for file in message_to_contents(message).files] == [NAME]


def test_a_name_may_stand_beside_the_type_alone() -> None:
    """Old programs name a part in its type."""
    message = email.message_from_bytes(raw_letter(b"attachment", content_type=b'application/pdf; name="' + GBK + b'"'))
    assert part_name(message) == NAME


@pytest.mark.parametrize(("name", "safe"), UNSAFE.items())
def test_unsafe_names(name: str, safe: str) -> None:
    """No name leads out of its folder, hides, or is one that the inbox overlooks."""
    assert safe_name(name, ".pdf") == safe


@given(st.text(max_size=300), st.sampled_from([".pdf", ".docx", ".jpg"]))
def test_any_name_becomes_one_that_is_taken(name: str, ending: str) -> None:
    """Whatever a sender calls a file, it gets a name of one part with room for drafts beside it."""
    safe = safe_name(name, ending)
    assert PurePosixPath(safe).name == safe
    assert len(os.fsencode(safe)) <= 220
    assert not safe.startswith((".", "~$"))
    assert safe.isprintable()


@given(st.text(max_size=80))
def test_any_header_is_read(text: str) -> None:
    """Decoding never fails, whatever stands in a header."""
    decode_words(text)


@given(st.binary(max_size=400))
@settings(max_examples=60)
def test_any_bytes_are_a_message(data: bytes) -> None:
    """The parser takes anything; nothing is raised on the way to its contents."""
    message_to_contents(email.message_from_bytes(data))


@pytest.mark.parametrize(("data", "name", "kind"), KINDS.values(), ids=KINDS.keys())
def test_kinds(data: bytes, name: str, kind: str | Refusal | None) -> None:
    """The bytes decide what is taken; a name that pretends is refused whatever they are."""
    assert kind_of(data, name) == kind


def test_office_files_are_no_archives(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Word and Excel files are ZIPs, and are taken as they are."""
    folder = tmp_path_factory.mktemp("office")
    for kind in ("docx", "xlsx"):
        made = make_electronic(folder / kind, kind, "plain", 3)
        assert kind_of((folder / made.file).read_bytes(), "统计表") == f".{kind}"


def test_inline_pictures_are_taken_when_they_are_pages() -> None:
    """A logo in a signature is left alone; a photographed page pasted into the text is a page."""
    small = message_to_contents(with_inline(letter(), picture(300, 100)))
    assert (len(small.files), small.left_alone) == (0, 1)
    large = message_to_contents(with_inline(letter(), picture(1200, 1600)))
    assert [file.name.suffix for file in large.files] == [".png"]


def test_forwarded_messages_are_opened() -> None:
    """A district forwards a unit's mail as it came."""
    message = letter()
    message.add_attachment(letter({"报表.pdf": PDF}))
    assert [file.name.as_posix() for file in message_to_contents(message).files] == ["报表.pdf"]


def test_two_files_of_one_name_are_both_kept() -> None:
    """The same name twice is two files; the same file twice is one."""
    message = letter({"报表.pdf": PDF})
    for data in (PDF + b"2", PDF):
        message.add_attachment(data, maintype="application", subtype="pdf", filename="报表.pdf")
    assert [file.name.as_posix() for file in message_to_contents(message).files] == ["报表.pdf", "报表（2）.pdf"]


def test_too_many_files_are_refused_together() -> None:
    """A message with more files than any office sends is not taken in part."""
    contents = message_to_contents(letter({f"{number}.pdf": PDF + str(number).encode() for number in range(MAX_FILES + 1)}))
    assert contents.files == ()
    assert [refused.why for refused in contents.refused] == [Refusal.TOO_MANY]


@pytest.mark.parametrize(("encoding", "name"), [("gbk", "修.pdf"), ("utf-8", "修pdf")])
def test_names_in_a_zip(encoding: str, name: str) -> None:
    """Chinese Windows writes GBK into a ZIP and does not say so."""
    files = unzip(zipped({name: PDF}, encoding=encoding))
    assert files == [(PurePosixPath(name), PDF)]


def test_folders_of_a_zip_are_kept() -> None:
    """Photographs in a unit's folder are pages of its return: they must not fall in with another unit's."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for unit in ("修武县", "山阳区"):
            archive.writestr(f"{unit}/IMG_1.jpg", picture(30, 40))
        archive.writestr("__MACOSX/._IMG_1.jpg", b"x")
    contents = message_to_contents(letter({"汇总.zip": memory.getvalue()}))
    names = [file.name.as_posix() for file in contents.files]
    assert names == ["汇总/修武县/IMG_1.jpg.png", "汇总/山阳区/IMG_1.jpg.png"]


def _trap(name: str, *, link: bool = False, size: int = 0, encrypted: bool = False, count: int = 1) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            entry = zipfile.ZipInfo(f"{number if count > 1 else ''}{name}")
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16 if link else 0
            archive.writestr(entry, b"\0" * size if size else PDF, zipfile.ZIP_DEFLATED)
    made = memory.getvalue()
    # Bit 0 of the flags, in the local header and in the directory.
    return made.replace(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\x01\0").replace(
        b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\x01\0"
    ) if encrypted else made  # fmt: skip


TRAPS = {
    "path upwards": (_trap("../a.pdf"), Refusal.TRAP),
    "path from the root": (_trap("/etc/a.pdf"), Refusal.TRAP),
    "path by Windows": (_trap("..\\..\\a.pdf"), Refusal.TRAP),
    "drive": (_trap("C:/a.pdf"), Refusal.TRAP),
    "link": (_trap("a.pdf", link=True), Refusal.TRAP),
    "bomb": (_trap("a.pdf", size=50_000_000), Refusal.TRAP),
    "password": (_trap("a.pdf", encrypted=True), Refusal.PASSWORD),
    "too many": (_trap("a.pdf", count=201), Refusal.TOO_MANY),
    "archive inside": (zipped({"ab.zip": zipped({"修.pdf": PDF}, encoding="gbk")}), Refusal.NESTED),
    "rar inside": (zipped({"ab.rar": b"Rar!\x1a\x07\0"}), Refusal.NESTED),
    "program inside": (zipped({"ab.exe": b"MZ"}), Refusal.PROGRAM),
}


@pytest.mark.parametrize(("data", "why"), TRAPS.values(), ids=TRAPS.keys())
def test_traps_are_refused(data: bytes, why: Refusal) -> None:
    """Nothing of an archive that leads away, blows up or hides is taken."""
    contents = message_to_contents(letter({"报表.zip": data}))
    assert contents.files == ()
    assert [refused.why for refused in contents.refused] == [why]


def test_every_refusal_tells_the_clerk_what_to_do() -> None:
    """Reason and advice, in Chinese, for each."""
    assert all(all(refusal.chinese) for refusal in Refusal)


def test_what_is_taken_is_seen_by_the_inbox(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No file is laid where the inbox overlooks it."""
    inbox = tmp_path_factory.mktemp("inbox")
    for file in message_to_contents(letter({name or "x": PDF + name.encode() for name in UNSAFE})).files:
        (inbox / file.name).write_bytes(file.data)
    assert len(list_inbox(inbox)[0]) == len(list(inbox.iterdir())) == len(UNSAFE)
