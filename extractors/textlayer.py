"""The characters of a PDF page's text layer, where it may be trusted: where the page was born digital.

A text layer over a scan is another program's reading of the same pixels, with its errors and without its doubts, and
a scanner app's footer is all that some scans have. So a page's text counts only if

- pictures cover no more than SCAN_SHARE of it;
- none of its text is invisible, which is how readings are laid over scans;
- nothing was put on top that would be drawn but is no part of the text: form fields, notes, ink;
- at least MIN_CHINESE Chinese characters stand on it besides scanner apps' footers;
- every character is known by its Unicode, for a text with holes would pass for a blank.

The text layer is best effort: where anything in it fails, the page has pixels only. PDFium, which is quick and hard
to bring down, decides on trust; only pages that pass are read by pdfplumber.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from io import BytesIO
from typing import Any, TypeAlias

import pdfplumber
import pypdfium2 as pdfium
from pypdfium2 import raw as pdfium_c

from schemas.flow import Box, Image, PageChar

SCAN_SHARE = 0.6
"""Share of the page covered by pictures above which it is a scan. A logo and a seal stay below 0.1."""

MIN_CHINESE = 30
"""Characters. The form prints hundreds a page; a footer, a page number or a stamp's caption stays below this."""

MAX_CHARS = 20_000
"""Characters a page that are read at all. A form has under 2,000; pdfplumber takes 0.1 ms for each."""

SCANNERS = "扫描全能王|全能扫描王|夸克扫描王|夸克扫描|布丁扫描|白描|福昕扫描|WPS扫描"
FOOTER = re.compile(rf"(?:创建|由)?(?:{SCANNERS})(?:扫描)?(?:创建|生成|制作)?")
"""What scanner apps print below each page."""

CHINESE = re.compile(r"[㐀-䶿一-鿿]")

PageObject: TypeAlias = Any
"""A `pypdfium2.PdfObject`; the library has no types."""


class TextLayer:
    """The text layer of one PDF, opened when a page of it is first trusted, and given up on when it cannot be read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._plumber: Any = None
        self._failed = False

    def chars(
        self, page: pdfium.PdfPage, index: int, objects: tuple[PageObject, ...], pixels: Image
    ) -> tuple[PageChar, ...]:
        """The trusted characters of page `index` (from 0), boxes in pixels of `pixels`; none where there is doubt.

        `objects` is what is drawn on the page, nested drawings included.
        """
        # pdfminer meets damage with any exception there is, deep nesting with RecursionError.
        try:
            if self._failed or not _born_digital(page, objects):
                return ()
            if self._plumber is None:
                self._plumber = pdfplumber.open(BytesIO(self._data))
            return _chars(self._plumber.pages[index], page, pixels)
        except Exception:
            self._failed = self._plumber is None
            return ()

    def close(self) -> None:
        """Frees what pdfplumber holds."""
        if self._plumber is not None:
            with suppress(Exception):
                self._plumber.close()


def page_box(page: pdfium.PdfPage) -> Box:
    """What is shown of a page, in PDF units, left, bottom, right, top: the crop box within the media box."""
    media, crop = page.get_mediabox(), page.get_cropbox()
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    # PDFium falls back to the media box where the two do not meet.
    return (left, bottom, right, top) if left < right and bottom < top else media


def share_of_page(item: PageObject, shown: Box) -> float:
    """Share of the shown part of the page that an object's bounds cover, 0 to 1."""
    left, bottom, right, top = item.get_bounds()
    container = item.container
    while container is not None:
        left, bottom, right, top = container.get_matrix().on_rect(left, bottom, right, top)
        container = container.container
    width = max(0.0, min(right, shown[2]) - max(left, shown[0]))
    height = max(0.0, min(top, shown[3]) - max(bottom, shown[1]))
    share: float = width * height / ((shown[2] - shown[0]) * (shown[3] - shown[1]))
    return share


def _born_digital(page: pdfium.PdfPage, objects: tuple[PageObject, ...]) -> bool:
    """Whether the page is neither a scan nor overwritten; whether it holds enough text is seen from the text."""
    shown = page_box(page)
    pictures = (item for item in objects if item.type == pdfium_c.FPDF_PAGEOBJ_IMAGE)
    # Summed: some scanners cut a page into strips or tiles.
    if sum(share_of_page(picture, shown) for picture in pictures) > SCAN_SHARE:
        return False
    if any(_invisible(item) for item in objects if item.type == pdfium_c.FPDF_PAGEOBJ_TEXT):
        return False
    return not _written_over(page) and MIN_CHINESE <= _count_chars(page) <= MAX_CHARS


def _invisible(text: PageObject) -> bool:
    mode: int = pdfium_c.FPDFTextObj_GetTextRenderMode(text)
    return mode in {pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP}


def _written_over(page: pdfium.PdfPage) -> bool:
    """Whether anything lies on the page that is drawn but not in its text: typed notes, form fields, ink, stamps."""
    harmless = {pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP}
    for index in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
        pdfium_c.FPDFPage_CloseAnnot(annotation)
        if kind not in harmless:
            return True
    return False


def _count_chars(page: pdfium.PdfPage) -> int:
    text = page.get_textpage()
    try:
        return int(text.count_chars())
    finally:
        text.close()


def _chars(plumbed: Any, page: pdfium.PdfPage, pixels: Image) -> tuple[PageChar, ...]:
    """The page's characters in reading-file order, whitespace left out; none where they are few, or one is unknown."""
    try:
        found = [(unicodedata.normalize("NFKC", char["text"]), char) for char in plumbed.chars]
        # pdfplumber adds the media box's left to x, and leaves y0 and y1 as pdfminer has them.
        offset = plumbed.mediabox[0]
    finally:
        # pdfplumber keeps every page that it has read.
        plumbed.close()
    found = [(text, char) for text, char in found if text.strip()]
    joined = "".join(text for text, _ in found)
    if "(cid:" in joined or "\ufffd" in joined or len(CHINESE.findall(FOOTER.sub("", joined))) < MIN_CHINESE:
        return ()
    shown = _displayed(page_box(page), page)
    height, width = pixels.shape[:2]
    right, up = width / (shown[2] - shown[0]), height / (shown[3] - shown[1])
    return tuple(
        PageChar(
            text,
            (
                (char["x0"] - offset - shown[0]) * right,
                (shown[3] - char["y1"]) * up,
                (char["x1"] - offset - shown[0]) * right,
                (shown[3] - char["y0"]) * up,
            ),
        )
        for text, char in found
    )


def _displayed(box: Box, page: pdfium.PdfPage) -> Box:
    """A box of the page as its /Rotate turns it, origin at the media box's lower left: where pdfminer has its y.

    pdfplumber's own crop box is not turned along with the page, so the shown part is found here.
    """
    left, bottom, right, top = page.get_mediabox()
    x0, y0, x1, y1 = box
    match page.get_rotation():
        case 90:
            return (y0 - bottom, right - x1, y1 - bottom, right - x0)
        case 180:
            return (right - x1, top - y1, right - x0, top - y0)
        case 270:
            return (top - y1, x0 - left, top - y0, x1 - left)
        case _:
            return (x0 - left, y0 - bottom, x1 - left, y1 - bottom)
