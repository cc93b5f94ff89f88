"""Originals at an address that several machines share: a folder, and a real object store's server."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.office.archive import Archive, Original, find_original, keep_original
from pipeline.office.reads import read_kept
from pipeline.office.remote import check_address
from schemas.errors import ArchiveUnavailable, ConfigError, UnreadableFile
from schemas.reading import Reading
from tests.bucket import running_bucket, silent_bucket
from tests.conftest import sorted_files
from tests.test_archive import looked

BUCKET = "originals"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of a bucket that is not there yet, in an object store on this machine."""
    with running_bucket(BUCKET) as address:
        yield f"{address}/office"


@pytest.fixture(params=["folder", "bucket"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address of each kind, with nothing there yet."""
    if request.param == "folder":
        return f"file://{tmp_path / 'shared'}"
    return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"


def kept(archive: Archive, folder: Path, name: str, content: bytes) -> Original:
    """A file with these bytes, taken on the archive's machine."""
    path = folder / name
    path.write_bytes(content)
    found = keep_original(path, looked(path), archive)
    assert found is not None
    return found


def test_what_one_machine_takes_another_one_reads(tmp_path: Path, address: str) -> None:
    """An original taken here is brought to a machine that has never seen it, bit for bit."""
    content = os.urandom(3_000_000)
    here, there = (Archive(tmp_path / name, address) for name in ("here", "there"))
    original = kept(here, tmp_path, "修武县 扫描.pdf", content)
    with find_original(there, original.kept) as found:
        assert found.read_bytes() == content
    assert original.sha256 == hashlib.sha256(content).hexdigest()


def test_the_same_bytes_lie_there_once(tmp_path: Path, address: str) -> None:
    """A file that a second machine takes under another name lies at the first one's place for both."""
    first = kept(Archive(tmp_path / "here", address), tmp_path, "a.pdf", b"x" * 100)
    second = kept(Archive(tmp_path / "there", address), tmp_path, "b.pdf", b"x" * 100)
    assert first == second
    with find_original(Archive(tmp_path / "third", address), second.kept) as found:
        assert found.read_bytes() == b"x" * 100


def test_another_file_at_the_place_is_refused(tmp_path: Path, address: str) -> None:
    """Bytes that are not those of the hash are not handed on as the original, and nothing of them stays."""
    from fsspec.core import url_to_fs

    here, there = (Archive(tmp_path / name, address) for name in ("here", "there"))
    original = kept(here, tmp_path, "a.pdf", b"a")
    store, root = url_to_fs(address)
    with store.open(f"{root}/{original.kept}", "wb") as target:
        target.write(b"b")
    with pytest.raises(UnreadableFile), find_original(there, original.kept):
        pass
    assert sorted_files(there.home) == []


def test_a_worker_keeps_nothing_that_it_has_read(tmp_path: Path, address: str) -> None:
    """What was brought for a source is read whole, and is gone when its readings are told."""
    here, worker = (Archive(tmp_path / name, address) for name in ("here", "worker"))
    pages = [kept(here, tmp_path, f"{number}.jpg", bytes([number])) for number in range(3)]
    seen: list[bytes] = []

    def reader(paths: tuple[Path, ...], names: tuple[str, ...]) -> tuple[Reading, ...]:
        seen.extend(path.read_bytes() for path in paths)
        return ()

    told = read_kept(reader, worker, [page.kept for page in pages], ("0.jpg", "1.jpg", "2.jpg"))
    assert told.error is None
    assert seen == [b"\0", b"\1", b"\2"]
    assert sorted_files(worker.home) == []


@pytest.mark.parametrize("error", [UnreadableFile("crash"), MemoryError()])
def test_a_reading_that_fails_leaves_nothing_on_its_worker(tmp_path: Path, address: str, error: Exception) -> None:
    """Neither a file that cannot be read nor a defect while reading leaves what was brought for it."""
    here, worker = (Archive(tmp_path / name, address) for name in ("here", "worker"))
    page = kept(here, tmp_path, "a.pdf", b"a")

    def reader(paths: tuple[Path, ...], names: tuple[str, ...]) -> tuple[Reading, ...]:
        assert paths[0].read_bytes() == b"a"
        raise error

    with suppress(MemoryError):
        assert read_kept(reader, worker, [page.kept], ("a.pdf",)).error is error
    assert sorted_files(worker.home) == []


def test_a_machine_reads_its_own_originals_as_they_lie(tmp_path: Path, address: str) -> None:
    """What a machine has taken itself is neither copied nor removed, whether others share it or not."""
    for archive in (Archive(tmp_path / "alone"), Archive(tmp_path / "sharing", address)):
        original = kept(archive, tmp_path, "a.pdf", b"a")
        own = archive.folder / original.kept
        with find_original(archive, original.kept) as found:
            assert found == own
            assert sorted_files(archive.home) == [own]
        assert sorted_files(archive.home) == [own]


def test_what_killed_workers_leave_is_gone_when_the_next_one_reads(tmp_path: Path, address: str) -> None:
    """Copies of processes that died are removed before the next one is brought; one that is being read stays."""
    here, worker = (Archive(tmp_path / name, address) for name in ("here", "worker"))
    first, second = (kept(here, tmp_path, name, name.encode()) for name in ("a.pdf", "b.pdf"))
    with find_original(worker, first.kept) as reading:
        (reading.parent / "dead").write_bytes(b"x")
        with find_original(worker, second.kept) as other:
            assert sorted_files(worker.home) == sorted([reading, other])


def test_an_address_that_does_not_answer_may_answer_later(tmp_path: Path) -> None:
    """A store that is away is a passing failure that names no address, for that may hold a password."""
    with (
        silent_bucket("secret") as address,
        pytest.raises(ArchiveUnavailable) as told,
        find_original(Archive(tmp_path, address), "aa/bb/c.pdf"),
    ):
        pass
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("wrong", ["nonsense://x", "s4://bucket"])
def test_an_address_of_no_known_kind_is_told(wrong: str) -> None:
    """A kind of address that means nothing is a setting to correct."""
    with pytest.raises(ConfigError, match="KUOHAO_ORIGINALS"):
        check_address(wrong)
