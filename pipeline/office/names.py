"""File names: as people see them, as a filesystem takes them, and what those of several pages have in common."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import PurePath

MOST_BYTES = 255
"""Of a name on nearly every filesystem; a Chinese character takes three."""

CUT_MARK = "…"

UPLOADED = "网页上传"
"""The folder in an inbox into which the review pages put files: people's own, side by side, as at the inbox's top."""

PICTURES = (".jpg", ".jpeg", ".png", ".heic", ".heif", ".webp", ".bmp", ".tif", ".tiff")
"""Only pictures are pages of one return; a PDF holds its pages itself."""

PAGE_NUMBER = re.compile(
    r"""(?:[-_ —]*第?[ ]?(?:\d{1,2}|[一二三四五六七八九十])[ ]?页   # 修武县第1页, 修武县-第二页
        |[-_ —]+\d{1,2}                                              # 修武县-1, 修武县 2
        |[ ]?[(（][ ]?\d{1,2}[ ]?[)）]                               # 修武县（1）, 修武县 (2)
        |[-_ ]?[pP]\d{1,2})$""",
    re.VERBOSE,
)
"""How a name ends that tells its page. A bare number right behind a name does not: 第一煤矿2 may be another pit."""

CAMERA_NAME = re.compile(
    r"(?:img|dsc|dscn|pict?|image|photo|scan|page|p|mmexport|camscanner|wechatimg|wx_camera"
    r"|图片|照片|扫描|扫描件|扫描全能王|全能王|微信图片|截图|页|第)?[-_ .\d()（）年月日页]*",
    re.IGNORECASE,
)
"""Names that cameras, scanners and programs give: they tell nothing of whose return it is."""


def shown_name(name: bytes) -> str:
    """A name as people see it: UTF-8, else what Chinese Windows wrote; control characters as their pictures."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        text = name.decode("gb18030", errors="replace")
    return "".join(_visible(char) for char in text)


def fitting_name(name: str, ending: str = "") -> str:
    """A name with an ending, cut in the middle where a filesystem would not take it; different names stay different."""
    name = name.replace("/", "_").replace("\0", "_")
    if len(os.fsencode(name + ending)) <= MOST_BYTES and name not in {"", ".", ".."}:
        return name + ending
    told = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    suffix = PurePath(name).suffix
    suffix = suffix if len(os.fsencode(suffix)) <= MOST_BYTES // 4 else ""
    tail = f"{CUT_MARK}{told}{suffix}{ending}"
    kept = os.fsencode(name.removesuffix(suffix))[: MOST_BYTES - len(os.fsencode(tail))]
    return kept.decode(errors="ignore") + tail


def pages_of(name: PurePath) -> str:
    """What a picture has in common with the other pages of its return, relative to the inbox; "" where it stands alone.

    `修武县-1.jpg` and `修武县（2）.png` are pages of `修武县`; in a folder, so are pictures that only a camera has named.
    At the inbox's top, and where uploads come in, such names are anybody's, and each picture is a return of its own.
    """
    if name.suffix.lower() not in PICTURES:
        return ""
    folder = name.parent.as_posix()
    stem = name.stem.strip()
    if CAMERA_NAME.fullmatch(stem):
        return "" if folder in {".", UPLOADED} else f"{folder}/"
    common = PAGE_NUMBER.sub("", stem)
    if not common or CAMERA_NAME.fullmatch(common):
        return ""
    return f"{folder}/{common}" if folder != "." else common


def page_order(name: str) -> list[tuple[int, str]]:
    """Sorts names as people count: 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _visible(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else char
