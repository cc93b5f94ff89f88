"""Uploads: many files in one request, each to the disk as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, UploadFile
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from pipeline.web.context import Web, Who, reviewer, web_of
from pipeline.web.intake import Draft, Taken, check_room
from pipeline.web.pages import lang_of
from pipeline.web.texts import translate

MOST_FILES = 500
"""In one request; the pages send one at a time, so this is for programs."""

MOST_HEADER_BYTES = 64_000
"""Of a line of a part's headers: a name of 10,000 characters is 30,000; the longest that a filesystem takes is 255."""

NOT_FILES = "没有收到文件，或文件没有传完，请重新上传。"
TOO_MANY = "一次上传的文件过多，请分几次上传。"

CHUNK = 1 << 20

router = APIRouter()


@router.post("/uploads")
async def upload(
    request: Request, web: Annotated[Web, Depends(web_of)], who: Annotated[Who, Depends(reviewer)]
) -> JSONResponse:
    """Take files: {files: [{name, taken, saved, reason}]}, one by one, whatever became of the others."""
    taken = await receive_uploads(web, request)
    lang = lang_of(request)
    return JSONResponse({"files": [_told(one, lang) for one in taken]})


async def receive_uploads(web: Web, request: Request) -> list[Taken]:
    """The files of a multipart request, put into the inbox as they come. What is whole when it breaks off is kept.

    Raises HTTPException for what is no multipart request or has no files, DiskFull, TransientError.
    """
    await run_in_threadpool(check_room, web.inbox, int(request.headers.get("content-length", "0")))
    parts = _Parts(web, _boundary(request))
    try:
        async for chunk in _chunks(request):
            await run_in_threadpool(parts.feed, chunk)
        await run_in_threadpool(parts.finish)
    except (FormParserError, ClientDisconnect) as error:
        raise HTTPException(400, NOT_FILES) from error
    finally:
        # Also where the server is being stopped in the middle of it: nothing half sent is left.
        parts.drop()
        if any(one.taken for one in parts.taken):
            web.wake()
    if not parts.taken:
        raise HTTPException(400, NOT_FILES)
    return parts.taken


def take_uploads(web: Web, files: Iterable[UploadFile]) -> list[Taken]:
    """The same, for files that the framework has received. Raises DiskFull, TransientError."""
    taken = []
    try:
        for file in files:
            check_room(web.inbox, file.size or 0)
            draft = Draft(web.inbox, file.filename or "")
            try:
                while chunk := file.file.read(CHUNK):
                    draft.write(chunk)
                taken.append(draft.keep())
            finally:
                draft.drop()
    finally:
        if any(one.taken for one in taken):
            web.wake()
    return taken


class _Parts:
    """A multipart body being taken apart: what its parser calls."""

    def __init__(self, web: Web, boundary: bytes) -> None:
        self.taken: list[Taken] = []
        self._web = web
        self._field = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._draft: Draft | None = None
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_to_field,
                "on_header_value": self._add_to_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._write,
                "on_part_end": self._keep,
                "on_end": self._end,
            },
            max_header_size=MOST_HEADER_BYTES,
        )

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises FormParserError, DiskFull, TransientError, HTTPException."""
        self._parser.write(chunk)

    def finish(self) -> None:
        """See that all has come. Raises FormParserError."""
        self._parser.finalize()
        if not self._ended:
            raise FormParserError

    def drop(self) -> None:
        """Leave nothing of a file that has not come whole."""
        if self._draft is not None:
            self._draft.drop()
            self._draft = None

    def _begin(self) -> None:
        self._headers = {}
        self._field = self._value = b""

    def _add_to_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"filename" in options:
            if len(self.taken) >= MOST_FILES:
                raise HTTPException(413, TOO_MANY)
            self._draft = Draft(self._web.inbox, options[b"filename"].decode("utf-8", errors="replace"))

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._draft is not None:
            self._draft.write(data[start:end])

    def _keep(self) -> None:
        if self._draft is None:
            return
        draft, self._draft = self._draft, None
        try:
            self.taken.append(draft.keep())
        finally:
            draft.drop()

    def _end(self) -> None:
        self._ended = True


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces that are worth a thread's while."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) >= CHUNK:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise HTTPException(400, NOT_FILES)
    return boundary


def _told(one: Taken, lang: str) -> dict[str, object]:
    reason = translate(lang, one.reason) if one.reason else ""
    return {"name": one.name, "taken": one.taken, "saved": one.saved, "reason": reason}
