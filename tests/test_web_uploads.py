"""Uploads: whatever is sent, what lies in the inbox afterwards is whole, of a kind that is read, and safely named."""

from __future__ import annotations

import io
import os
import shutil
import threading
import unicodedata
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.pages import LIMITS, format_of
from pipeline.office.inbox import list_inbox
from pipeline.office.names import MOST_BYTES, UPLOADED, pages_of
from pipeline.web import intake
from pipeline.web.context import Web
from pipeline.web.intake import DRAFT_END, DRAFT_START, SUFFIXES, Draft, clear_drafts, safe_name
from pipeline.web.security import HEADERS
from pipeline.web.uploads import MOST_FILES
from schemas.errors import DiskFull
from tests.web import Visitor, opened_web

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

BOUNDARY = b"----kuohao"

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """An office without users."""
    with opened_web(tmp_path) as opened:
        yield opened


@pytest.fixture
def visitor(web: Web) -> Visitor:
    """A browser on the same computer."""
    return Visitor(web)


def send(visitor: Visitor, *files: tuple[str, bytes]) -> list[dict[str, object]]:
    """Send files as a page does; what became of each."""
    answer = visitor.client.post(
        "/uploads", files=[("files", file) for file in files], headers={"X-CSRF-Token": visitor.token()}
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()["files"]
    assert isinstance(told, list)
    return told


def send_raw(visitor: Visitor, body: bytes, kind: bytes = b"multipart/form-data; boundary=" + BOUNDARY) -> int:
    """Send a body as it is; the status."""
    headers = {"X-CSRF-Token": visitor.token(), "Content-Type": kind.decode("latin-1")}
    return int(visitor.client.post("/uploads", content=body, headers=headers).status_code)


def part(name: bytes, data: bytes, *, end: bytes = b"--\r\n") -> bytes:
    """A multipart body with one file."""
    head = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="files"; filename="' + name + b'"\r\n\r\n'
    return head + data + b"\r\n--" + BOUNDARY + end


def lying(web: Web) -> dict[str, bytes]:
    """Everything in the inbox, by its path there."""
    return {str(path.relative_to(web.inbox)): path.read_bytes() for path in web.inbox.rglob("*") if path.is_file()}


def package(part_name: str) -> bytes:
    """A ZIP with one part, as office programs name theirs."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(part_name, "<a/>")
    return packed.getvalue()


def zip_bomb() -> bytes:
    """A small file that unpacks to a large one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(10_000_000))
    return packed.getvalue()


def test_files_lie_in_the_inbox_whole_and_as_named(web: Web, visitor: Visitor) -> None:
    """Names stay the people's own; the watcher finds the files there like all others."""
    told = send(visitor, ("修武县总工会.pdf", PDF), ("山阳区 （盖章）.jpg", JPEG))
    assert [one["saved"] for one in told] == ["修武县总工会.pdf", "山阳区 （盖章）.jpg"]
    assert lying(web) == {f"{UPLOADED}/修武县总工会.pdf": PDF, f"{UPLOADED}/山阳区 （盖章）.jpg": JPEG}
    assert [path.name for path in list_inbox(web.inbox)[0]] == ["修武县总工会.pdf", "山阳区 （盖章）.jpg"]


def test_the_watcher_is_woken(tmp_path: Path) -> None:
    """A file is taken without waiting for the next look."""
    woken = threading.Event()
    with opened_web(tmp_path) as web:
        object.__setattr__(web, "wake", woken.set)
        visitor = Visitor(web)
        send(visitor, ("a.txt", b"no picture"))
        assert not woken.is_set()
        send(visitor, ("a.pdf", PDF))
        assert woken.is_set()


HOSTILE = [
    ("zip bomb named pdf", "报表.pdf", zip_bomb(), ""),
    ("html named jpg", "照片.jpg", b"<!doctype html><script>alert(1)</script>", ""),
    ("program", "报表.pdf.exe", b"MZ\x90\0" + bytes(200), ""),
    ("svg", "图.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", ""),
    ("empty", "空.pdf", b"", ""),
    ("word", "报表.docx", b"PK\x03\x04" + bytes(100), ""),
    ("old word", "报表.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), ""),
    ("way up", "../../../etc/passwd.pdf", PDF, "passwd.pdf"),
    ("way up on windows", "..\\..\\boot.pdf", PDF, "boot.pdf"),
    ("absolute", "/etc/cron.d/x.pdf", PDF, "x.pdf"),
    ("drive", "C:\\a\\修武县.pdf", PDF, "修武县.pdf"),
    ("NUL", "修武\0县.pdf", PDF, "修武县.pdf"),
    ("line break", "修武\r\n县.pdf", PDF, "修武县.pdf"),
    ("turned around", "修武\u202efdp.exe.pdf", PDF, "修武fdp.exe.pdf"),
    ("hidden", ".修武县.pdf", PDF, "修武县.pdf"),
    ("temporary", "~$修武县.pdf", PDF, "$修武县.pdf"),
    ("folder of a program", "__MACOSX.pdf", PDF, "_MACOSX.pdf"),
    ("device", "con.pdf", PDF, "_con.pdf"),
    ("device with two endings", "AUX.2026.pdf", PDF, "_AUX.2026.pdf"),
    ("stream", "a.pdf:evil.exe", PDF, "a.pdf_evil.exe.pdf"),
    ("dots", "...", PDF, "未命名.pdf"),
    ("two dots", "..", PDF, "未命名.pdf"),
    ("no name", "", PDF, None),
    ("ending of another kind", "修武县.pdf", JPEG, "修武县.jpg"),
    ("ending that the watcher leaves alone", "修武县.part", PDF, "修武县.part.pdf"),
    ("ending of a table", "roster.csv", PDF, "roster.csv.pdf"),
    ("capitals", "修武县.PDF", PDF, "修武县.PDF"),
    ("a Word file by its content", "修武县.pdf", package("word/document.xml"), "修武县.docx"),
    ("an Excel file by its content", "修武县", package("xl/workbook.xml"), "修武县.xlsx"),
    ("a presentation", "修武县.docx", package("ppt/presentation.xml"), ""),
    ("our own folder's name", "已收", PDF, "已收.pdf"),
]


@pytest.mark.parametrize(("name", "data", "saved"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_hostile_files(web: Web, visitor: Visitor, name: str, data: bytes, saved: str | None) -> None:
    """Each is refused with a reason, or lies under a name that is one: in one folder, nowhere else."""
    told = visitor.client.post(
        "/uploads",
        content=part(name.replace("\\", "\\\\").encode(), data),
        headers={"X-CSRF-Token": visitor.token(), "Content-Type": "multipart/form-data; boundary=" + BOUNDARY.decode()},
    )
    if told.status_code == 400 or saved is None:
        # Such a header is no header.
        assert any(char in name for char in "\0\r\n") or not name
        assert all(path.startswith(UPLOADED) for path in lying(web))
        return
    one = told.json()["files"][0]
    assert one["saved"] == saved
    assert bool(one["reason"]) is not bool(saved)
    assert lying(web) == ({f"{UPLOADED}/{saved}": data} if saved else {})


def test_a_very_long_name_is_cut(web: Web, visitor: Visitor) -> None:
    """What no filesystem takes is cut in the middle; the ending stays."""
    (one,) = send(visitor, ("县" * 10_000 + ".pdf", PDF))
    assert len(os.fsencode(str(one["saved"]))) <= MOST_BYTES
    assert list(lying(web)) == [f"{UPLOADED}/{one['saved']}"]


def test_headers_without_an_end_are_refused(web: Web, visitor: Visitor) -> None:
    """They would fill the memory instead of the disk."""
    assert send_raw(visitor, part(b"a" * 200_000 + b".pdf", PDF)) in {400, 413}
    assert lying(web) == {}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", b"multipart/form-data; boundary=" + BOUNDARY),
        (b"garbage", b"multipart/form-data; boundary=" + BOUNDARY),
        (b"--" + BOUNDARY + b"--\r\n", b"multipart/form-data; boundary=" + BOUNDARY),
        (part(b"a.pdf", PDF), b"multipart/form-data; boundary=other"),
        (part(b"a.pdf", PDF), b"multipart/form-data"),
        (part(b"a.pdf", PDF), b"multipart/form-data; boundary="),
        (part(b"a.pdf", PDF), b"multipart/form-data; boundary=" + b"a" * 3000),
        (part(b"a.pdf", PDF), b"application/x-www-form-urlencoded"),
        (part(b"a.pdf", PDF), b"application/json"),
        (part(b"a.pdf", PDF, end=b""), b"multipart/form-data; boundary=" + BOUNDARY),
        (part(b"a.pdf", PDF)[:-60], b"multipart/form-data; boundary=" + BOUNDARY),
        (b"--" + BOUNDARY + b"\r\nno header\r\n\r\nx", b"multipart/form-data; boundary=" + BOUNDARY),
        (
            b'--%b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--%b--\r\n' % (BOUNDARY, BOUNDARY),
            b"multipart/form-data; boundary=" + BOUNDARY,
        ),
    ],
)
def test_what_is_no_upload_is_refused(web: Web, visitor: Visitor, body: bytes, kind: bytes) -> None:
    """Garbage, a wrong boundary, a body cut short, a form without files: a sentence, and no half file."""
    assert send_raw(visitor, body, kind) == 400
    assert not [path for path in lying(web) if path.endswith(DRAFT_END)]


def test_too_many_files_are_refused_and_what_came_before_stays(web: Web, visitor: Visitor) -> None:
    """Whole files are whole: they are not thrown away for the one too many."""
    files = [("files", (f"{number}.pdf", PDF)) for number in range(MOST_FILES + 1)]
    answer = visitor.client.post("/uploads", files=files, headers={"X-CSRF-Token": visitor.token()})
    assert answer.status_code == 413
    assert len(lying(web)) == MOST_FILES


def test_a_file_that_is_too_large_is_refused_alone(web: Web, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of the same request are taken; of the large one nothing stays."""
    monkeypatch.setattr(intake, "LIMITS", type(LIMITS)(max_bytes=1000))
    large, small = send(visitor, ("大.pdf", PDF + bytes(1000)), ("小.pdf", PDF))
    assert (large["taken"], small["taken"]) == (False, True)
    assert "200 MB" in str(large["reason"])
    assert lying(web) == {f"{UPLOADED}/小.pdf": PDF}


def test_a_full_disk_is_told(web: Web, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is begun where there is no room for it."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 1000))
    answer = visitor.client.post("/uploads", files={"files": ("a.pdf", PDF)}, headers={"X-CSRF-Token": visitor.token()})
    assert answer.status_code == 507
    assert DiskFull.zh in answer.text
    assert lying(web) == {}


def test_a_disk_that_fills_up_leaves_no_half_file(web: Web, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last bytes may be the ones that find no room."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    token = visitor.token()
    monkeypatch.setattr(os, "write", full)
    answer = visitor.client.post("/uploads", files={"files": ("a.pdf", PDF)}, headers={"X-CSRF-Token": token})
    assert answer.status_code == 507
    assert lying(web) == {}


def test_the_same_name_twice_keeps_both(web: Web, visitor: Visitor) -> None:
    """Neither is lost, and neither becomes a page of the other."""
    (first,), (second,) = send(visitor, ("修武县.jpg", JPEG)), send(visitor, ("修武县.jpg", JPEG + b"2"))
    assert sorted(lying(web).values()) == [JPEG, JPEG + b"2"]
    groups = {pages_of(PurePath(UPLOADED, str(one["saved"]))) for one in (first, second)}
    assert len(groups) == 2


def test_uploads_of_one_name_at_once_are_all_kept(tmp_path: Path) -> None:
    """People press the button at the same moment."""
    contents = [PDF + bytes([number]) for number in range(16)]

    def put(data: bytes) -> None:
        draft = Draft(tmp_path, "修武县.pdf")
        draft.write(data)
        draft.keep()

    threads = [threading.Thread(target=put, args=(data,)) for data in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_bytes() for path in (tmp_path / UPLOADED).iterdir()) == contents


def test_a_filesystem_without_links_keeps_both_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares know no hard links: the file is renamed, onto nothing."""

    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    for data in (PDF, PDF + b"2"):
        draft = Draft(tmp_path, "修武县.pdf")
        draft.write(data)
        draft.keep()
    assert sorted(path.read_bytes() for path in (tmp_path / UPLOADED).iterdir()) == [PDF, PDF + b"2"]


def test_a_link_in_place_of_the_folder_is_not_followed(web: Web, visitor: Visitor, tmp_path: Path) -> None:
    """Whoever can write to the inbox must not choose where uploads go."""
    (tmp_path / "elsewhere").mkdir()
    (web.inbox / UPLOADED).symlink_to(tmp_path / "elsewhere")
    answer = visitor.client.post("/uploads", files={"files": ("a.pdf", PDF)}, headers={"X-CSRF-Token": visitor.token()})
    assert answer.status_code == 503
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_watcher_leaves_a_file_alone_until_it_is_whole(tmp_path: Path) -> None:
    """A draft is no file of the inbox's, and a server that starts removes those of one that died."""
    draft = Draft(tmp_path, "修武县.pdf")
    draft.write(PDF)
    assert [path.name[: len(DRAFT_START)] for path in (tmp_path / UPLOADED).iterdir()] == [DRAFT_START]
    assert list_inbox(tmp_path) == ([], 0)
    clear_drafts(tmp_path)
    assert list((tmp_path / UPLOADED).iterdir()) == []


def test_camera_names_do_not_make_strangers_pages_one_return() -> None:
    """Two people's IMG_0001 and IMG_0002 lie side by side among the uploads."""
    assert pages_of(PurePath(UPLOADED, "IMG_0001.jpg")) == ""
    assert pages_of(PurePath("修武县", "IMG_0001.jpg")) == "修武县/"


def test_reasons_are_told_in_the_readers_language(visitor: Visitor) -> None:
    """English where that was chosen."""
    visitor.cookies.set("lang", "en")
    (one,) = send(visitor, ("a.pdf", b"no picture"))
    assert "Neither PDF, picture" in str(one["reason"])


def test_the_answer_keeps_to_the_policy(visitor: Visitor) -> None:
    """A name is data: JSON, never sniffed."""
    answer = visitor.client.post("/uploads", files={"files": ("<b>.pdf", PDF)}, headers={"X-CSRF-Token": visitor.token()})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == HEADERS["X-Content-Type-Options"]


@given(name=st.text(max_size=300), kind=st.sampled_from(sorted(SUFFIXES)))
def test_any_name_becomes_one_that_is_safe(name: str, kind: str) -> None:
    """One part of a path, visible, not too long, with its kind's ending; and safe already if it is made safe again."""
    safe = safe_name(name, kind)
    assert PurePath(safe).name == safe
    assert not safe.startswith((".", "~$", "@eaDir", "__MACOSX"))
    assert safe.lower().endswith(SUFFIXES[kind])
    assert len(os.fsencode(safe)) <= MOST_BYTES
    assert not set(safe) & set('<>:"|?*/\\')
    assert all(unicodedata.category(char)[0] not in "C" for char in safe)
    assert safe_name(safe, kind) == safe


@given(name=st.text(alphabet=st.characters(categories=("Lo", "Nd")), min_size=1, max_size=60))
def test_an_honest_name_stays(name: str) -> None:
    """Characters and digits are what units are called by."""
    assert safe_name(f"{name}.pdf", "PDF") == f"{unicodedata.normalize('NFC', name)}.pdf"


@given(data=st.binary(max_size=2000))
def test_only_what_the_reader_opens_is_taken(data: bytes) -> None:
    """The same bytes decide here and there."""
    assert (format_of(data[:1024]) is None) is (format_of(data) is None)
