"""Originals: kept bit for bit under their hash, or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.office import archive
from pipeline.office.archive import Archive, archive_of, clean_up, clear_from_inbox, keep_original
from pipeline.office.inbox import Look, look_at
from schemas.errors import DiskFull, TransientError
from tests.conftest import sorted_files
from tests.fakes import LONG_NAME, ODD_NAMES


def looked(path: Path) -> Look:
    """What a file looks like; it must be there."""
    look = look_at(path)
    assert look is not None
    return look


@pytest.mark.parametrize("name", [*ODD_NAMES, LONG_NAME, b"\xd0\xde\xce\xe4.pdf"])
def test_original_is_kept_under_its_hash_with_its_first_name(tmp_path: Path, name: str | bytes) -> None:
    """Newlines, emoji, 255 bytes of Chinese, bytes that are no UTF-8: the bytes are kept, and the name where it is text."""
    path = tmp_path / os.fsdecode(name)
    content = os.urandom(3 * archive.CHUNK + 5)
    path.write_bytes(content)
    kept = keep_original(path, looked(path), Archive(tmp_path / "home"))
    sha256 = hashlib.sha256(content).hexdigest()
    assert kept is not None
    assert (kept.sha256, kept.size) == (sha256, len(content))
    there = archive_of(tmp_path / "home") / kept.kept
    assert there.read_bytes() == content
    assert there.parent == archive_of(tmp_path / "home") / sha256[:2] / sha256
    if isinstance(name, str):
        assert there.name == name
    assert path.read_bytes() == content


def test_same_bytes_are_kept_once(tmp_path: Path) -> None:
    """A second file with these bytes leads to the first one's place."""
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"x")
    kept = [
        keep_original(tmp_path / name, looked(tmp_path / name), Archive(tmp_path / "home")) for name in ("a.pdf", "b.pdf")
    ]
    assert kept[0] == kept[1]
    assert len(sorted_files(tmp_path / "home")) == 1


@pytest.mark.parametrize("what", ["written", "replaced", "deleted", "linked"])
def test_file_that_changes_while_it_is_copied_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Written to, replaced, deleted or made a link while its bytes are read: no copy of it stays."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"x" * 10)
    look = looked(path)
    real = archive._read  # the moment at which bytes are read; there is no other way to be in the middle of it

    def interfere(source: int) -> bytes:
        chunk = real(source)
        if not chunk:
            if what == "written":
                path.write_bytes(b"y" * 10)
            else:
                path.unlink()
            if what == "replaced":
                path.write_bytes(b"x" * 10)
            elif what == "linked":
                path.symlink_to(tmp_path / "b.pdf")
        return chunk

    monkeypatch.setattr(archive, "_read", interfere)
    assert keep_original(path, look, Archive(tmp_path / "home")) is None
    assert sorted_files(tmp_path / "home") == []
    # And what lies there now is not removed.
    assert clear_from_inbox(path, look)
    assert os.path.lexists(path) is (what != "deleted")


def test_only_what_was_kept_is_removed(tmp_path: Path) -> None:
    """The inbox's copy goes when it is still the same file."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"x")
    assert clear_from_inbox(path, looked(path))
    assert not path.exists()


def test_half_copies_of_the_dead_are_removed_and_those_of_the_living_stay(tmp_path: Path) -> None:
    """A copy that nobody holds is left over from a process that was killed."""
    incoming = archive_of(tmp_path) / ".incoming"
    incoming.mkdir(parents=True)
    (incoming / "dead").write_bytes(b"x")
    with archive._draft(archive_of(tmp_path)) as (draft, _):
        assert clean_up(tmp_path) == 1
        assert sorted_files(tmp_path) == [draft]


def test_a_copy_that_is_cleaned_up_before_it_is_locked_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cleans up between the making of a copy and its lock costs it a second beginning, and no bytes."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"x")
    removed: list[int] = []

    def late(target: int, how: int) -> None:
        if not removed:
            monkeypatch.undo()
            removed.append(clean_up(tmp_path / "home"))
        fcntl.flock(target, how)

    monkeypatch.setattr(archive, "fcntl", SimpleNamespace(flock=late, LOCK_EX=fcntl.LOCK_EX))
    kept = keep_original(path, looked(path), Archive(tmp_path / "home"))
    assert removed == [1]
    assert kept is not None
    assert (archive_of(tmp_path / "home") / kept.kept).read_bytes() == b"x"


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EFBIG, DiskFull), (errno.EIO, TransientError)],
)
def test_disk_that_does_not_take_it_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[TransientError]
) -> None:
    """A full disk says so and keeps no half; the inbox's file stays."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"x" * 100)

    def refuse(target: int, chunk: bytes) -> None:
        os.write(target, chunk[:10])
        raise OSError(number, "refused")

    monkeypatch.setattr(archive, "_write", refuse)
    with pytest.raises(kind):
        keep_original(path, looked(path), Archive(tmp_path / "home"))
    assert sorted_files(tmp_path / "home") == []
    assert path.exists()


def test_name_that_the_archive_cannot_write_is_shortened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that takes fewer bytes than the inbox's, the original still gets its place."""
    path = tmp_path / "长.pdf"
    path.write_bytes(b"x")
    real = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if Path(target).name == "长.pdf":
            raise OSError(errno.ENAMETOOLONG, "too long")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    kept = keep_original(path, looked(path), Archive(tmp_path / "home"))
    assert kept is not None
    assert kept.kept.endswith("/original.pdf")
