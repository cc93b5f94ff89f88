"""A message to the files in it that may be returns, and what in it is refused."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from pathlib import PurePosixPath

from PIL import Image as Pillow

from pipeline.mail.kinds import Refusal, kind_of
from pipeline.mail.safe_names import NAMELESS, part_name, safe_folder, safe_name
from pipeline.mail.unzip import unzip

MAX_FILES = 300
"""Files of one message, those in archives counted; an office sends the returns of its units in one mail."""

MAX_DEPTH = 3
"""Folders within folders of an archive that are kept; those within join the innermost's name."""

PAGE_SIDES = (700, 1000)
"""Pixels, short and long side, from which a picture in a message's text may be a page: logos and signatures are smaller."""


@dataclass(frozen=True)
class Attachment:
    """A file that may be a return: its safe name, which may have folders, and its bytes."""

    name: PurePosixPath
    data: bytes


@dataclass(frozen=True)
class Refused:
    """A file that is not taken: its safe name and why."""

    name: str
    why: Refusal


@dataclass(frozen=True)
class Contents:
    """What a message holds; `left_alone` counts what mail programs add by themselves, logos and texts."""

    files: tuple[Attachment, ...] = ()
    refused: tuple[Refused, ...] = ()
    left_alone: int = 0


@dataclass
class _Gathering:
    """What has been found so far."""

    files: dict[PurePosixPath, bytes] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    left_alone: int = 0


def message_to_contents(message: Message) -> Contents:
    """The attachments of a message and of those forwarded in it, by content and not by what they call themselves."""
    found = _Gathering()
    for part in _leaves(message):
        name = part_name(part)
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        if not name and part.get_content_maintype() == "text":
            continue
        if _is_inline(part) and part.get_content_maintype() == "image" and not _is_page(data):
            found.left_alone += 1
            continue
        _add(found, (), name or NAMELESS, data)
    files = tuple(Attachment(path, data) for path, data in found.files.items())
    if len(files) > MAX_FILES:
        return Contents((), (*found.refused, Refused("", Refusal.TOO_MANY)), found.left_alone)
    return Contents(files, tuple(found.refused), found.left_alone)


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something themselves."""
    for part in message.walk():
        if not part.is_multipart():
            yield part


def _add(found: _Gathering, folders: Sequence[str], name: str, data: bytes) -> None:
    kind = kind_of(data, name)
    if kind is None:
        found.left_alone += 1
    elif isinstance(kind, Refusal):
        found.refused.append(Refused(_refused_name(name), Refusal.NESTED if folders and kind is Refusal.ARCHIVE else kind))
    elif kind == "zip":
        _add_zip(found, folders, name, data)
    else:
        path = _free(PurePosixPath(*folders, safe_name(name, kind)), data, found.files)
        found.files[path] = data


def _add_zip(found: _Gathering, folders: Sequence[str], name: str, data: bytes) -> None:
    inside = Refusal.NESTED if folders else unzip(data)
    if isinstance(inside, Refusal):
        found.refused.append(Refused(_refused_name(name), inside))
        return
    for path, content in inside:
        parents = path.parent.parts
        kept = [safe_folder(part) for part in (*parents[: MAX_DEPTH - 1], "_".join(parents[MAX_DEPTH - 1 :])) if part]
        _add(found, [safe_folder(PurePosixPath(name).stem), *kept], path.name, content)


def _free(path: PurePosixPath, data: bytes, taken: dict[PurePosixPath, bytes]) -> PurePosixPath:
    """A path that no other file of the message has; the same file twice has one."""
    number, free = 1, path
    while free in taken and taken[free] != data:
        number += 1
        free = path.with_name(f"{path.stem}（{number}）{path.suffix}")
    return free


def _refused_name(name: str) -> str:
    return safe_name(name, "") if name else NAMELESS


def _is_inline(part: Message) -> bool:
    return part.get_content_disposition() == "inline" or "Content-ID" in part


def _is_page(data: bytes) -> bool:
    """Whether a picture is as large as a photographed page; what cannot be told is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(BytesIO(data)) as picture:
                short, long = sorted(picture.size)
    # Pillow meets damage with many exceptions.
    except Exception:
        return False
    return short >= PAGE_SIDES[0] and long >= PAGE_SIDES[1]
