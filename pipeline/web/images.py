"""Pictures of returns: their pages, upright, with or without seals, and their slots' crops; drawn once, then kept.

They are drawn in a process of their own, for a file that kills what opens it must not end the server. What is kept lies in
HOME/cache, and at the address that machines share (`pipeline.web.packs`), if there is one. Either may go at any time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from fastapi import Path as InPath
from fastapi.responses import FileResponse, Response

from pipeline.executors import process_pool
from pipeline.office.archive import Archive, office_archive
from pipeline.store import ReturnInHand, load_return
from pipeline.web.context import Web, Who, reviewer, web_of
from pipeline.web.drawing import DRAWN, Order, PageOrder, draw, draw_clean
from pipeline.web.originals import saved_original
from pipeline.web.packs import Part, fetch_pictures, share_pictures
from pipeline.web.turns import page_turn
from schemas.errors import TransientError
from schemas.flow import Box

KEPT_RETURNS = 2000
"""Returns whose pictures are kept, the last that were looked at: some 2 MB each."""

SECONDS = 60.0
"""The longest that a picture is waited for: a file of the largest size takes five."""

CARRIERS = 4
"""Threads that carry pictures to and from the shared address: they wait for it, and compute nothing."""

AWAY_SECONDS = 60.0
"""How long a shared address that did not answer is left alone: pictures are drawn meanwhile."""

log = logging.getLogger(__name__)

KEPT_BY_BROWSER = {"Cache-Control": "private, max-age=86400, immutable"}
"""An address names the reading that it was drawn from, so what it shows never changes."""


class Pictures:
    """Draws and keeps. It holds the process that draws, and what is being drawn right now."""

    def __init__(self, archive: Archive, cache: Path, workers: int = 1) -> None:
        self._archive = archive
        self._cache = cache
        self._workers = workers
        self._lock = Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._under_way: dict[str, Future[None]] = {}
        self._carriers = ThreadPoolExecutor(CARRIERS, "pictures")
        self._away_until = 0.0

    def page(self, held: ReturnInHand, number: int, *, clean: bool = False) -> Path | None:
        """A page's picture, upright; None where the return has no such page or it does not open any more."""
        folder = self._drawn(held, "pages")
        path = folder / f"page-{number}.jpg"
        if not path.exists():
            return None
        if clean:
            without = folder / f"clean-{number}.jpg"
            if not without.exists():
                self._do(str(without), self._paint, draw_clean, folder, number)
            path = without if without.exists() else path
        return path

    def slot(self, held: ReturnInHand, path: str) -> Path | None:
        """A slot's crop; None where it stands on no page."""
        if not any(slot.path == path and slot.box is not None for slot in held.stored.reading.slots):
            return None
        crop = self._drawn(held, "slots") / f"slot-{path}.jpg"
        return crop if crop.exists() else None

    def close(self) -> None:
        """End the process that draws."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        self._carriers.shutdown(wait=True, cancel_futures=True)

    def _drawn(self, held: ReturnInHand, part: Part) -> Path:
        folder = self._cache / picture_key(held)
        if not _is_there(folder, part):
            if self._archive.address:
                self._do(f"{folder}/{part}", self._carriers.submit, self._bring, folder, part)
            if not _is_there(folder, part):
                self._do(str(folder), self._paint, draw, order_of(held, self._archive, folder))
                if self._archive.address and (folder / "done").exists():
                    # Nobody waits for it.
                    self._carriers.submit(self._share, folder)
            self._forget_old()
        with suppress(OSError):
            # The time by which old ones are forgotten; a touch would make a file where nothing could be drawn.
            os.utime(folder)
        return folder

    def _bring(self, folder: Path, part: Part) -> None:
        """Pictures that another server has drawn, if there are any."""
        if time.monotonic() >= self._away_until:
            with self._tolerated():
                fetch_pictures(folder, self._archive.address, folder.name, part)

    def _share(self, folder: Path) -> None:
        if time.monotonic() >= self._away_until:
            with self._tolerated():
                share_pictures(folder, self._archive.address, folder.name)

    @contextmanager
    def _tolerated(self) -> Iterator[None]:
        """An address that is away costs time alone: whatever is there can be drawn."""
        try:
            yield
        except (TransientError, OSError) as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("pictures are not shared for %.0f s: %s", AWAY_SECONDS, type(error).__name__)

    def _paint(self, work: Callable[..., None], *given: object) -> Future[None]:
        """Begin something in the process that draws."""
        self._pool = self._pool or process_pool(self._workers)
        return self._pool.submit(work, *given)

    def _do(self, key: str, begin: Callable[..., Future[None]], *given: object) -> None:
        """Have something done, once however many ask; whoever asks waits. A file that kills its process has no pictures."""
        with self._lock:
            future = self._under_way.get(key)
            if future is None:
                future = begin(*given)
                self._under_way[key] = future
        try:
            future.result(timeout=SECONDS)
        except BrokenProcessPool:
            with self._lock:
                self._pool = None
        except (OSError, TimeoutError):
            # The disk is full, or the file takes minutes: work goes on without the picture.
            return
        finally:
            with self._lock:
                if future.done():
                    self._under_way.pop(key, None)

    def _forget_old(self) -> None:
        # Where nothing could be drawn so far there is no folder either.
        folders = [path for path in self._cache.glob("*") if path.is_dir()]
        if len(folders) > KEPT_RETURNS:
            folders.sort(key=lambda path: path.stat().st_mtime)
            # A few at once, so that not every new return sorts them all.
            for path in folders[: len(folders) - KEPT_RETURNS + KEPT_RETURNS // 20]:
                shutil.rmtree(path, ignore_errors=True)


def picture_key(held: ReturnInHand) -> str:
    """What a return's pictures are kept under: its originals' bytes, where the reading saw its slots, how they are drawn.

    No names are in it: the same file is the same on every machine.
    """
    reading = held.stored.reading
    originals = [PurePosixPath(kept).parent.name or kept for _, kept in held.files]
    firsts = [file.first_page for file in reading.files]
    slots = [(slot.path, slot.page, slot.box) for slot in reading.slots]
    told = repr([DRAWN, originals, firsts, reading.first_page, reading.pages, slots])
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def order_of(held: ReturnInHand, archive: Archive, folder: Path) -> Order:
    """What there is to draw of a return: its pages, each in its original, and the slots on them."""
    reading = held.stored.reading
    firsts = [file.first_page for file in reading.files] or [1]
    pages = []
    for number in range(reading.first_page, reading.first_page + reading.pages):
        place = sum(first <= number for first in firsts) - 1
        boxes: dict[str, Box] = {
            slot.path: slot.box for slot in reading.slots if slot.page == number and slot.box is not None
        }
        _, kept = held.files[min(place, len(held.files) - 1)]
        pages.append(PageOrder(number, kept, number - firsts[place] + 1, page_turn(reading, number), boxes))
    return Order(folder, archive, tuple(pages))


def _is_there(folder: Path, part: Part) -> bool:
    return (folder / "done").exists() or (folder / f"{part}.done").exists()


router = APIRouter()

Held = Annotated[Web, Depends(web_of)]
Anybody = Annotated[Who, Depends(reviewer)]


@router.get("/returns/{order}-{number}/pages/{page}.jpg")
def page_picture(
    order: int, number: int, page: int, web: Held, who: Anybody, view: Literal["original", "clean"] = "original"
) -> FileResponse:
    """A page of a return, upright, as JPEG."""
    found = web.pictures.page(load_return(web.store, order, number), page, clean=view == "clean")
    return _answer(found)


@router.get("/returns/{order}-{number}/slots/{path}.jpg")
def slot_picture(
    order: int, number: int, path: Annotated[str, InPath(max_length=200)], web: Held, who: Anybody
) -> FileResponse:
    """A slot of a return with the words beside it, as JPEG."""
    return _answer(web.pictures.slot(load_return(web.store, order, number), path))


@router.get("/returns/{order}-{number}/original")
def original(order: int, number: int, web: Held, who: Anybody) -> Response:
    """The file that a return came in, the first of several, to be saved."""
    held = load_return(web.store, order, number)
    name, kept = held.files[0]
    return saved_original(office_archive(web.settings), kept, name)


def _answer(found: Path | None) -> FileResponse:
    if found is None:
        raise HTTPException(404)
    return FileResponse(found, media_type="image/jpeg", headers=KEPT_BY_BROWSER)
