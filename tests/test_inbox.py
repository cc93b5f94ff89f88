"""What lies in an inbox and is fit to take, and what names tell."""

from __future__ import annotations

import os
import string
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.office.inbox import OWN_FOLDERS, Sighting, is_remote, list_inbox, look_at, needs_polling, settle
from pipeline.office.names import MOST_BYTES, fitting_name, page_order, pages_of, shown_name
from pipeline.office.taking import fit_to_take
from pipeline.settings import Polling, load_settings
from schemas.errors import ConfigError

LEFT_ALONE = (
    ".hidden.pdf",
    "~$报表.pdf",
    "报表.pdf.part",
    "报表.pdf.crdownload",
    ".stfolder/x.pdf",
    "@eaDir/x.pdf",
    "__MACOSX/x.pdf",
    "已收/x.pdf.txt",
    "已收/x.pdf",
    "重复/x.pdf",
    "无法读取/x.pdf",
    "说明.txt",
)

# Whatever bytes a name may hold; neither a slash nor a nought.
NAMES = st.binary(min_size=1, max_size=600).filter(lambda name: not {0, ord("/")} & set(name))

UNITS = st.text("青禾县山阳区总工会ABC", min_size=1, max_size=8)


def test_unfinished_and_foreign_files_are_left_alone(tmp_path: Path) -> None:
    """Temporary names, our own folders and texts are not returns; what lies beside them is."""
    for name in (*LEFT_ALONE, "报表.pdf", "县区/重复/报表.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found, _ = list_inbox(tmp_path)
    # Our folders are ours at the top alone: a clerk's own sub-folder may have any name.
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["县区/重复/报表.pdf", "报表.pdf"]


def test_links_pipes_and_linked_folders_are_refused(tmp_path: Path) -> None:
    """A link could lead anywhere, a pipe would be waited for: neither is opened or followed."""
    outside = tmp_path / "outside"
    inbox = tmp_path / "inbox"
    outside.mkdir()
    inbox.mkdir()
    (outside / "secret.pdf").write_bytes(b"x")
    (inbox / "link.pdf").symlink_to(outside / "secret.pdf")
    (inbox / "folder").symlink_to(outside, target_is_directory=True)
    os.mkfifo(inbox / "pipe.pdf")
    assert list_inbox(inbox) == ([], 3)
    assert look_at(inbox / "link.pdf") is None
    assert look_at(inbox / "pipe.pdf") is None


def test_file_is_fit_when_it_has_been_still(tmp_path: Path) -> None:
    """Two looks some seconds apart must be the same; writing starts the time anew; a wall clock has no say."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"half")
    seen = settle({}, tmp_path, now=100.0)
    path.write_bytes(b"whole")
    os.utime(path, (1e9, 1e9))
    seen = settle(seen, tmp_path, now=103.0)
    assert fit_to_take(seen, {}, now=105.0, still=3.0) == []
    seen = settle(seen, tmp_path, now=106.0)
    assert [found for found, _ in fit_to_take(seen, {}, now=106.0, still=3.0)] == [path]


def test_stuck_file_is_left_until_it_changes(tmp_path: Path) -> None:
    """A file that did not open is not tried again and again while it looks the same."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"x")
    look = look_at(path)
    assert look is not None
    seen = {path: Sighting(look, 0.0)}
    assert fit_to_take(seen, {path: look}, now=9.0, still=3.0) == []
    path.chmod(0o600)
    assert fit_to_take(settle(seen, tmp_path, now=9.0), {path: look}, now=13.0, still=3.0)


@pytest.mark.parametrize(
    ("kind", "remote"),
    [("ext4", False), ("cifs", True), ("nfs4", True), ("fuse.sshfs", True), ("9p", True), ("tmpfs", False)],
)
def test_network_shares_are_polled(tmp_path: Path, kind: str, remote: bool) -> None:
    """The mount that a folder lies on decides, however deep it lies and whatever stands in its name; settings go before."""
    share = tmp_path / "共享 盘"
    share.mkdir()
    mounts = tmp_path / "mounts"
    point = str(share).replace(" ", "\\040")
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\n//server/x {point} {kind} rw 0 0\n", encoding="utf-8")
    assert is_remote(share / "县区", mounts=mounts) is remote
    assert not is_remote(tmp_path, mounts=mounts)
    assert needs_polling(share, Polling.AUTO, mounts=mounts) is remote
    assert needs_polling(share, Polling.ALWAYS, mounts=mounts)
    assert not needs_polling(share, Polling.NEVER, mounts=mounts)


@pytest.mark.parametrize(
    ("name", "common"),
    [
        ("修武县-1.jpg", "修武县"),
        ("修武县-2.PNG", "修武县"),
        ("修武县（1）.jpg", "修武县"),
        ("修武县 (2).jpg", "修武县"),
        ("修武县 2.jpg", "修武县"),
        ("修武县第二页.jpg", "修武县"),
        ("县区/修武县_p1.jpg", "县区/修武县"),
        ("修武县.jpg", "修武县"),
        ("修武县/1.jpg", "修武县/"),
        ("修武县/IMG_20260620_1.jpg", "修武县/"),
        ("修武县/微信图片_202606201530.jpg", "修武县/"),
        ("县区/山阳区.jpg", "县区/山阳区"),
        ("IMG_0001.jpg", ""),
        ("1.jpg", ""),
        ("scan-2.jpg", ""),
        ("第一煤矿2.jpg", "第一煤矿2"),
        ("修武县-1.pdf", ""),
    ],
)
def test_names_tell_which_pictures_are_pages_of_one_return(name: str, common: str) -> None:
    """Page numbers behind a unit's name, or camera names in a unit's folder; anything else stands alone."""
    assert pages_of(PurePath(name)) == common


@given(UNITS, st.integers(1, 99), st.integers(1, 99))
def test_pages_of_one_unit_have_the_same_in_common(unit: str, first: int, second: int) -> None:
    """Whatever the unit and the numbers, two of its pages go together, and not with those of another unit."""
    pages = {pages_of(PurePath(f"{unit}-{number}.jpg")) for number in (first, second)}
    assert len(pages) == 1
    assert pages_of(PurePath(f"另{unit}-{first}.jpg")) not in pages


def test_pages_are_counted_as_people_count() -> None:
    """Page 10 comes after page 2."""
    assert sorted(["县-10.jpg", "县-2.jpg", "县-1.jpg"], key=page_order) == ["县-1.jpg", "县-2.jpg", "县-10.jpg"]


@given(NAMES)
def test_any_name_can_be_shown_and_stored(name: bytes) -> None:
    """Whatever its bytes, a name becomes text of one line that every database takes."""
    shown = shown_name(name)
    assert shown.encode()
    assert len(shown.splitlines()) <= 1 or "\x85" in shown or "\u2028" in shown or "\u2029" in shown
    assert not any(char in shown for char in "\0\n\r\t")


def test_names_from_chinese_windows_are_shown_as_they_were_meant() -> None:
    """An archive unpacked without its encoding leaves GBK bytes."""
    assert shown_name("修武县.pdf".encode("gb18030")) == "修武县.pdf"
    assert shown_name("修武县.pdf".encode()) == "修武县.pdf"


@given(NAMES, st.sampled_from(["", ".txt", ".说明.txt"]))
def test_any_name_fits(name: bytes, ending: str) -> None:
    """With any ending, a name is one that a filesystem takes, keeps the ending, and stays as it is where it can."""
    text = os.fsdecode(name)
    fitted = fitting_name(text, ending)
    assert 0 < len(os.fsencode(fitted)) <= MOST_BYTES
    assert fitted.endswith(ending)
    assert fitted not in {".", ".."}
    if len(name) + len(ending.encode()) <= MOST_BYTES and text not in {".", ".."}:
        assert fitted == text + ending


@given(st.lists(st.text(string.ascii_letters + "括号", min_size=200, max_size=300), min_size=2, max_size=5, unique=True))
def test_long_names_stay_apart(names: list[str]) -> None:
    """Names that differ only where they are cut get different ones."""
    assert len({fitting_name(f"{name}.pdf") for name in names}) == len(names)
    assert all(fitting_name(f"{name}.pdf").endswith(".pdf") for name in names)


def test_settings_come_from_options_then_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An option goes before the environment; the store lies in the home folder unless it is set."""
    monkeypatch.setenv("KUOHAO_HOME", str(tmp_path / "a"))
    monkeypatch.setenv("KUOHAO_LEASE_SECONDS", "7")
    settings = load_settings()
    assert (settings.home, settings.lease_seconds) == (tmp_path / "a", 7)
    assert settings.database_url == f"sqlite:///{tmp_path}/a/kuohao.db"
    assert load_settings(home=tmp_path / "b").home == tmp_path / "b"


@pytest.mark.parametrize(
    ("name", "value"),
    [("KUOHAO_DATABASE", "mysql://a:secret@b/c"), ("KUOHAO_POLLING", "maybe"), ("KUOHAO_STILL_SECONDS", "-1")],
)
def test_wrong_settings_are_named_without_their_values(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A wrong setting ends with exit code 2 and its name; its value may be a password."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as raised:
        load_settings()
    assert name in str(raised.value)
    assert value not in str(raised.value)


def test_our_folders_are_what_the_clerk_reads() -> None:
    """The three folders that the manual names."""
    assert OWN_FOLDERS == ("已收", "重复", "无法读取")
