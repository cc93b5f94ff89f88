"""Hostile, damaged and foreign files end in errors of ours, whatever they are made of."""

from __future__ import annotations

import random
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors import legacy
from extractors.legacy import convert, find_office
from extractors.ole import OldKind, old_kind
from extractors.package import PackageLimits, open_package
from extractors.typed import is_typed, open_typed
from schemas.errors import (
    EncryptedFile,
    FileTooLarge,
    KuohaoError,
    LegacyOffice,
    UnreadableFile,
)
from tests.office_files import (
    OLE,
    bomb,
    encrypted_flag,
    old_file,
    package,
    paragraph,
    password_record,
    plain_sheets,
    plain_word,
    run,
    whole_form,
    with_part,
    word_file,
)

BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/>%b</worksheet>'
MERGED = SHEET % b'<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'


def _encrypted_zip() -> bytes:
    made = word_file("")
    return made.replace(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\x01\0").replace(
        b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\x01\0"
    )


HOSTILE: dict[str, tuple[bytes, type[KuohaoError]]] = {
    "entities": (with_part(plain_word(), "word/document.xml", BOMB), UnreadableFile),
    "entities in a part nobody needs": (with_part(plain_word(), "word/other.bin", BOMB), UnreadableFile),
    "entities in UTF-16": (with_part(plain_word(), "word/document.xml", BOMB.decode().encode("utf-16")), UnreadableFile),
    "external entity": (with_part(plain_sheets(), "xl/sharedStrings.xml", EXTERNAL), UnreadableFile),
    "a billion merged cells": (with_part(plain_sheets(), "xl/worksheets/sheet1.xml", MERGED), FileTooLarge),
    "deep nesting": (word_file("<w:sdt>" * 5000 + "</w:sdt>" * 5000), FileTooLarge),
    "elements": (word_file("<w:p/>" * 1_000_001), FileTooLarge),
    "zip bomb": (bomb(401), FileTooLarge),
    "thin part": (word_file("", more={"word/media/a.png": bytes(6_000_000)}), FileTooLarge),
    "parts": (package({"word/document.xml": b"<x/>", **{f"a{n}": b"" for n in range(4001)}}), FileTooLarge),
    "text": (word_file(paragraph(run("字" * 400_001))), FileTooLarge),
    "cut short": (plain_word()[:-200], UnreadableFile),
    "no XML": (with_part(plain_word(), "word/document.xml", b"hello"), UnreadableFile),
    "no main part's content": (with_part(plain_word(), "word/document.xml", b""), UnreadableFile),
    "damaged sheet": (with_part(plain_sheets(), "xl/worksheets/sheet1.xml", b"<worksheet"), UnreadableFile),
    "damaged workbook": (with_part(plain_sheets(), "xl/workbook.xml", b"<workbook/>"), UnreadableFile),
    "another ZIP": (package({"报表.pdf": b"%PDF-"}), UnreadableFile),
    "ZIP with a password": (_encrypted_zip(), EncryptedFile),
    "password by Office": (old_file("EncryptedPackage"), EncryptedFile),
    "DOC with a password": (old_file("WordDocument", encrypted_flag()), EncryptedFile),
    "XLS with a password": (old_file("Workbook", password_record()), EncryptedFile),
    "presentation": (old_file("PowerPoint Document"), UnreadableFile),
    "OLE2 and nothing more": (OLE, UnreadableFile),
}


@pytest.mark.parametrize(("data", "error"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files(tmp_path: Path, data: bytes, error: type[KuohaoError]) -> None:
    """Each ends in the error that tells the clerk what to do, before anything is unpacked that is too large."""
    path = tmp_path / "报表.docx"
    path.write_bytes(data)
    assert is_typed(path)
    with pytest.raises(error) as raised:
        open_typed(path)
    assert type(raised.value) is error


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(["docx", "xlsx"]))
@settings(max_examples=60, deadline=None)
def test_any_damage_ends_in_our_errors(tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str) -> None:
    """Some bytes changed anywhere, packed or unpacked: it is read or refused, and nothing else is raised."""
    rng = random.Random(seed)
    data = bytearray(word_file(whole_form()) if kind == "docx" else plain_sheets())
    if rng.random() < 0.5:
        with zipfile.ZipFile(BytesIO(bytes(data))) as archive:
            parts = {name: bytearray(archive.read(name)) for name in archive.namelist()}
        _spoil(rng.choice([part for part in parts.values() if part]), rng)
        data = bytearray(package({name: bytes(part) for name, part in parts.items()}))
    else:
        _spoil(data, rng)
    path = tmp_path_factory.mktemp("damaged") / "报表"
    path.write_bytes(bytes(data))
    try:
        open_typed(path)
    except KuohaoError:
        return


def _spoil(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.2:
        del data[rng.randrange(len(data)) :]


def test_limits_are_the_callers() -> None:
    """Smaller limits refuse what the usual ones take."""
    data = word_file(whole_form())
    assert open_package(data).main == "word/document.xml"
    with pytest.raises(FileTooLarge):
        open_package(data, PackageLimits(max_elements=10))


def test_the_bytes_say_what_a_file_is(tmp_path: Path) -> None:
    """A name means nothing: a Word file called .pdf is one, a text called .docx is none, what is not there is none."""
    for name, data in (("报表.pdf", word_file("")), ("报表.docx", b"hello"), ("空.docx", b"")):
        (tmp_path / name).write_bytes(data)
    assert [is_typed(tmp_path / name) for name in ("报表.pdf", "报表.docx", "空.docx", "没有.docx")] == [
        True,
        False,
        False,
        False,
    ]


def test_old_kinds() -> None:
    """Word's and Excel's old files are told by their streams; WPS and ET have the same."""
    assert old_kind(old_file("WordDocument")) is OldKind.WORD
    assert old_kind(old_file("Workbook")) is OldKind.SHEETS
    assert old_kind(old_file("Book")) is OldKind.SHEETS


@given(st.binary(max_size=2000))
def test_any_old_file_has_a_kind_or_an_error(data: bytes) -> None:
    """Whatever stands behind the signature."""
    try:
        old_kind(OLE + data)
    except KuohaoError:
        return


def test_without_libreoffice_the_clerk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old file is refused with a way out, in both languages."""
    monkeypatch.setattr(legacy, "find_office", lambda: None)
    path = tmp_path / "报表.wps"
    path.write_bytes(old_file("WordDocument"))
    with pytest.raises(LegacyOffice) as raised:
        open_typed(path)
    assert "另存为 DOCX" in raised.value.told(chinese=True)
    assert "save it as DOCX" in raised.value.told(chinese=False)


def _fake_office(folder: Path, script: str) -> str:
    command = folder / "soffice"
    command.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    command.chmod(0o755)
    return str(command)


def test_a_converter_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time nothing of it is left, neither processes nor files."""
    sign = tmp_path / "child"
    script = f"(sleep 2; echo alive > '{sign}') & sleep 60"
    monkeypatch.setattr(legacy, "find_office", lambda: _fake_office(tmp_path, script))
    with pytest.raises(UnreadableFile, match="took more"):
        convert(b"x", OldKind.WORD, seconds=0.5)
    time.sleep(2.5)
    assert not sign.exists()


def test_a_converter_that_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of which LibreOffice makes nothing cannot be read."""
    monkeypatch.setattr(legacy, "find_office", lambda: _fake_office(tmp_path, "exit 1"))
    with pytest.raises(UnreadableFile, match="LibreOffice"):
        convert(b"x", OldKind.WORD)


@pytest.mark.skipif(find_office() is None, reason="no LibreOffice: sudo apt-get install libreoffice-writer-nogui")
def test_damaged_old_files_through_libreoffice(tmp_path: Path) -> None:
    """The real program, given rubbish behind the right signature: an error of ours."""
    path = tmp_path / "报表.doc"
    path.write_bytes(old_file("WordDocument"))
    with pytest.raises(UnreadableFile):
        open_typed(path)
