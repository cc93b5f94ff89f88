"""Originals, and what is drawn of them, at an address that several machines share, through fsspec (file://, s3://).

What is put there is there whole or not at all, under its hash: machines that put the same file at once do no harm.
Credentials and the endpoint come from the environment as the store's own library reads them (AWS_ACCESS_KEY_ID, …).
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.errors import ArchiveUnavailable, ConfigError, DiskFull

CHUNK = 1 << 20
"""Bytes copied at a time."""


def put(path: Path, address: str, kept: str) -> str:
    """Put a file at an address as `kept`, unless its bytes are there already under another name: where they lie.

    Raises ArchiveUnavailable where the address cannot be reached.
    """
    with _store(address) as (store, root):
        folder = f"{root}/{kept.rpartition('/')[0]}"
        there = store.ls(folder, detail=False, refresh=True) if store.exists(folder) else []
        names = sorted(found.rpartition("/")[2] for found in there)
        if names:
            return f"{kept.rpartition('/')[0]}/{names[0]}"
        store.makedirs(folder, exist_ok=True)
        with path.open("rb") as source, store.transaction, store.open(f"{root}/{kept}", "wb") as target:
            shutil.copyfileobj(source, target, CHUNK)
        return kept


def get(address: str, kept: str, target: int) -> str:
    """Copy what lies at an address into an open file; its SHA-256.

    Raises ArchiveUnavailable where the address cannot be reached, DiskFull where there is no room here.
    """
    digest = hashlib.sha256()
    with _store(address) as (store, root), store.open(f"{root}/{kept}", "rb") as source:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            left = memoryview(chunk)
            while left:
                left = left[os.write(target, left) :]
    return digest.hexdigest()


def put_small(data: bytes, address: str, place: str) -> None:
    """Put bytes at a place of an address, whole or not at all, over what is there.

    Raises ArchiveUnavailable where the address cannot be reached, DiskFull.
    """
    with _store(address) as (store, root):
        store.makedirs(f"{root}/{place.rpartition('/')[0]}", exist_ok=True)
        with store.transaction, store.open(f"{root}/{place}", "wb") as target:
            target.write(data)


def get_small(address: str, place: str, most: int) -> bytes | None:
    """The bytes at a place of an address; None where there are none, or more than `most`.

    Raises ArchiveUnavailable where the address cannot be reached.
    """
    with _store(address) as (store, root):
        try:
            # Asked for at once, in one request; a byte more than is wanted tells that there are too many.
            data: bytes = store.cat_file(f"{root}/{place}", start=0, end=most + 1)
        except FileNotFoundError:
            return None
    return data if len(data) <= most else None


def check_address(address: str) -> None:
    """Raises ConfigError for an address of a kind that is not known, or whose library is not installed."""
    from fsspec.core import url_to_fs

    try:
        url_to_fs(address)
    except (ImportError, ValueError, OSError) as error:
        raise ConfigError(f"KUOHAO_ORIGINALS: {error}") from None


@contextmanager
def _store(address: str) -> Iterator[tuple[Any, str]]:
    """The filesystem at an address and the path in it; its failures as ones that may pass."""
    from fsspec.core import url_to_fs

    try:
        store, root = url_to_fs(address, skip_instance_cache=False)
        yield store, root.rstrip("/")
    except Exception as error:  # each store has errors of its own; none is the file's fault
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull from error
        # Not told as it came: it may quote the address, and with it a password.
        raise ArchiveUnavailable(type(error).__name__) from None
