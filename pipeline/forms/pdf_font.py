"""The font that Chinese words are set in on PDF pages: one of the system's, embedded; else one that readers bring along."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

# Song type first, as documents are printed in; fonts with PostScript outlines (Noto, Source Han) cannot be embedded here.
PLACES = (
    "/usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf",
    "C:/Windows/Fonts/simsun.ttc",
    "C:/Windows/Fonts/simhei.ttf",
    "/System/Library/Fonts/STHeiti Light.ttc",
)

BUILT_IN = "STSong-Light"


@cache
def chinese_font() -> str:
    """The font's name at reportlab, where it is registered then.

    STSong-Light is not embedded: a PDF with it needs a reader's Asian fonts.
    """
    for place in PLACES:
        if Path(place).is_file():
            try:
                pdfmetrics.registerFont(TTFont("kuohao", place, subfontIndex=0))
            except (TTFError, OSError):
                continue
            return "kuohao"
    pdfmetrics.registerFont(UnicodeCIDFont(BUILT_IN))
    return BUILT_IN


def width_of(text: str, points: float) -> float:
    """How wide a text is, in points."""
    return float(pdfmetrics.stringWidth(text, chinese_font(), points))
