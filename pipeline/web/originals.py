"""Originals as people save them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import BinaryIO

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from pipeline.office.archive import CHUNK, Archive, find_original
from pipeline.web.dashboard.downloads import disposition


def saved_original(archive: Archive, kept: str, name: str) -> Response:
    """An original under the name that it came with, to be saved: browsers must not open what strangers send.

    Raises HTTPException where it is not there any more; DiskFull, ArchiveUnavailable, UnreadableFile as `find_original`.
    """
    with find_original(archive, kept) as path:
        if not path.is_file():
            raise HTTPException(404)
        # What is open can be sent, also when its copy has been dropped.
        file = path.open("rb")
    headers = {
        "Content-Disposition": disposition(PurePath(name).name),
        "Content-Length": str(os.fstat(file.fileno()).st_size),
    }
    return StreamingResponse(_pieces(file), headers=headers, media_type="application/octet-stream")


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK):
            yield piece
