"""Fonts by short name: where the Debian packages put them, loaded once, asked which characters they have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

_ROOT = Path("/usr/share/fonts/truetype")


class FontMissing(RuntimeError):
    """A font file is not installed; the message names the Debian package."""


@dataclass(frozen=True)
class _File:
    package: str
    path: str
    index: int = 0


_FILES = {
    "song": _File("fonts-arphic-gbsn00lp", "arphic-gbsn00lp/gbsn00lp.ttf"),
    "kai": _File("fonts-arphic-gkai00mp", "arphic-gkai00mp/gkai00mp.ttf"),
    "zenhei": _File("fonts-wqy-zenhei", "wqy/wqy-zenhei.ttc"),
    "microhei": _File("fonts-wqy-microhei", "wqy/wqy-microhei.ttc"),
    "wenkai": _File("fonts-lxgw-wenkai", "lxgw-wenkai/LXGWWenKai-Regular.ttf"),
    "wenkai-light": _File("fonts-lxgw-wenkai", "lxgw-wenkai/LXGWWenKai-Light.ttf"),
    "klee": _File("fonts-klee", "klee/KleeOne-Regular.ttf"),
    "seto": _File("fonts-seto", "seto/setofont.ttf"),
    "kiloji": _File("fonts-kiloji", "kiloji/kiloji.ttf"),
    "breip": _File("fonts-breip", "breip/Breip.ttf"),
    "femkeklaver": _File("fonts-femkeklaver", "femkeklaver/femkeklaver.ttf"),
    "humor": _File("fonts-humor-sans", "humor-sans/Humor-Sans.ttf"),
    "yusei": _File("fonts-yusei-magic", "yusei-magic/YuseiMagic-Regular.ttf"),
}

PRINT_FONTS = ("song", "kai", "zenhei", "microhei", "wenkai", "wenkai-light")
"""Fonts with every simplified character; the first is what most offices print in."""

PEN_FONTS = ("klee", "seto", "kiloji", "breip", "femkeklaver", "humor", "yusei")
"""Fonts whose digits look written."""

PEN_CJK_FONTS = ("seto", "wenkai-light", "wenkai")
"""Fonts whose simplified characters look written, or nearly."""


@cache
def pdf_font(name: str) -> str:
    """Register a font with reportlab and return its name there.

    Raises FontMissing when the file is not there.
    """
    file = _FILES[name]
    pdfmetrics.registerFont(TTFont(name, str(_path(file)), subfontIndex=file.index))
    return name


@cache
def picture_font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font for drawing into pictures, `size` in pixels.

    Raises FontMissing when the file is not there.
    """
    file = _FILES[name]
    return ImageFont.truetype(str(_path(file)), size, index=file.index)


def has(name: str, text: str) -> bool:
    """Whether the font can draw every character of the text."""
    glyphs = pdfmetrics.getFont(pdf_font(name)).face.charToGlyph
    return all(ord(char) in glyphs for char in text)


def fitting(names: tuple[str, ...], text: str) -> str:
    """The first of the fonts that can draw the whole text, or the last one."""
    return next((name for name in names if has(name, text)), names[-1])


@cache
def char_width(name: str, char: str) -> float:
    """Advance of one character, in em."""
    return float(pdfmetrics.stringWidth(char, pdf_font(name), 1))


@cache
def rise(name: str) -> tuple[float, float]:
    """Ascent and descent of a font in em, the descent negative."""
    face = pdfmetrics.getFont(pdf_font(name)).face
    return float(face.ascent) / 1000, float(face.descent) / 1000


def _path(file: _File) -> Path:
    path = _ROOT / file.path
    if not path.is_file():
        raise FontMissing(f"font {path} is missing: install the Debian package {file.package}")
    return path
