"""Receipts in the inbox itself: 已收/, 重复/ and 无法读取/ tell the clerk what became of each file.

They are written from the store alone and can be written again at any time; each is replaced whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from pipeline.office.archive import Archive, find_original
from pipeline.office.inbox import DUPLICATES, OWN_FOLDERS, RECEIVED, UNREADABLE
from pipeline.office.names import fitting_name
from pipeline.store import ToTell, telling
from schemas.office import FileState, Receipt

ENDINGS = {RECEIVED: ".txt", DUPLICATES: ".txt", UNREADABLE: ".说明.txt"}

MOMENT = "%Y-%m-%d %H:%M:%S"


def write_receipts(inbox: Path, archive: Archive, names: Sequence[ToTell]) -> None:
    """Bring the inbox's receipts of these names up to date. Raises OSError where the inbox cannot be written."""
    for name in names:
        _write_name(inbox, archive, name)


def receipt_text(receipts: Sequence[Receipt]) -> str:
    """What a receipt says of files of one name, the newest first."""
    return "\n".join(_paragraph(receipt) for receipt in reversed(receipts))


def folder_of(receipt: Receipt) -> str:
    """Which of our folders tells of a file: one that could not even be opened yet is not received."""
    if receipt.state is FileState.DUPLICATE:
        return DUPLICATES
    unreadable = receipt.state is FileState.FAILED or not receipt.sha256
    return UNREADABLE if unreadable else RECEIVED


def _write_name(inbox: Path, archive: Archive, name: ToTell) -> None:
    place = Path(os.fsdecode(name.path))
    for folder in OWN_FOLDERS:
        told = [receipt for receipt in name.receipts if folder_of(receipt) == folder]
        text = inbox / folder / place.parent / fitting_name(place.name, ENDINGS[folder])
        if told:
            text.parent.mkdir(parents=True, exist_ok=True)
            _replace(text, receipt_text(told).replace("\n", "\r\n").encode("utf-8-sig"))
        else:
            text.unlink(missing_ok=True)
    _give_back_failed(inbox, archive, name, place)


def _give_back_failed(inbox: Path, archive: Archive, name: ToTell, place: Path) -> None:
    """Lay a file that cannot be read beside its receipt, once: the clerk may clear it away.

    Of two failed files of one name the later one carries its number.
    """
    failed = [turn for turn, receipt in enumerate(name.receipts) if receipt.state is FileState.FAILED and receipt.sha256]
    for position, turn in enumerate(failed):
        receipt = name.receipts[turn]
        if name.told[turn] == telling(receipt):
            continue
        ending = f"-{receipt.order}{place.suffix}" if position else ""
        target = inbox / UNREADABLE / place.parent / fitting_name(place.stem if ending else place.name, ending)
        draft = _draft(target)
        try:
            with find_original(archive, name.kept[turn]) as original:
                shutil.copyfile(original, draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _paragraph(receipt: Receipt) -> str:
    lines = [
        f"文件：{receipt.name}",
        f"收件号：{receipt.order}",
        f"收到时间：{_local(receipt.arrived)}",
        f"状态：{receipt.state.chinese}（{_local(receipt.changed)}）",
    ]
    lines += [f"原因：{receipt.reason}"] if receipt.reason else []
    lines += [f"处理办法：{receipt.advice}"] if receipt.advice else []
    return "\n".join([*lines, ""])


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime(MOMENT)


def _replace(path: Path, data: bytes) -> None:
    """Write beside the place, then rename; what is there already is not written again."""
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    draft = _draft(path)
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    """A short name of our own, which an inbox's scan leaves alone."""
    return path.with_name(f".kuohao-{uuid4().hex}")
