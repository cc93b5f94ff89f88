"""Originals at an address that several machines share: a folder, and a real object store's server."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.office.archive import Archive, Original, find_original, keep_original
from pipeline.office.remote import check_address
from schemas.errors import ArchiveUnavailable, ConfigError, UnreadableFile
from tests.bucket import running_bucket, silent_bucket
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
    """An original taken here is brought to a machine that has never seen it, bit for bit, and then lies there too."""
    content = os.urandom(3_000_000)
    here, there = (Archive(tmp_path / name, address) for name in ("here", "there"))
    original = kept(here, tmp_path, "修武县 扫描.pdf", content)
    found = find_original(there, original.kept)
    assert found.read_bytes() == content
    assert found == there.folder / original.kept
    assert original.sha256 == hashlib.sha256(content).hexdigest()


def test_the_same_bytes_lie_there_once(tmp_path: Path, address: str) -> None:
    """A file that a second machine takes under another name lies at the first one's place for both."""
    first = kept(Archive(tmp_path / "here", address), tmp_path, "a.pdf", b"x" * 100)
    second = kept(Archive(tmp_path / "there", address), tmp_path, "b.pdf", b"x" * 100)
    assert first == second
    assert find_original(Archive(tmp_path / "third", address), second.kept).read_bytes() == b"x" * 100


def test_another_file_at_the_place_is_refused(tmp_path: Path, address: str) -> None:
    """Bytes that are not those of the hash are not handed on as the original, and nothing of them stays."""
    from fsspec.core import url_to_fs

    here, there = (Archive(tmp_path / name, address) for name in ("here", "there"))
    original = kept(here, tmp_path, "a.pdf", b"a")
    store, root = url_to_fs(address)
    with store.open(f"{root}/{original.kept}", "wb") as target:
        target.write(b"b")
    with pytest.raises(UnreadableFile):
        find_original(there, original.kept)
    assert not [path for path in there.folder.rglob("*") if path.is_file()]


def test_an_address_that_does_not_answer_may_answer_later(tmp_path: Path) -> None:
    """A store that is away is a passing failure that names no address, for that may hold a password."""
    with silent_bucket("secret") as address, pytest.raises(ArchiveUnavailable) as told:
        find_original(Archive(tmp_path, address), "aa/bb/c.pdf")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("wrong", ["nonsense://x", "s4://bucket"])
def test_an_address_of_no_known_kind_is_told(wrong: str) -> None:
    """A kind of address that means nothing is a setting to correct."""
    with pytest.raises(ConfigError, match="KUOHAO_ORIGINALS"):
        check_address(wrong)
