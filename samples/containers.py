"""Pictures to files as people send them: PDF, TIFF, JPEG, PNG, HEIC. The same pictures give the same bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from samples import fonts
from samples.capture import Captured, Picture
from samples.names import pick
from schemas.flow import Image

_EXIF_ORIENTATION = 0x0112

_TURNS_BACK = {3: 180, 6: 270, 8: 90}
"""Degrees clockwise by which pixels are stored turned when EXIF says 3, 6 or 8."""


_SUFFIXES: dict[str, tuple[str, ...]] = {
    "flatbed": (".pdf", ".pdf", ".jpg", ".png", ".tif"),
    "camscanner": (".pdf", ".pdf", ".pdf", ".jpg"),
    "photo": (".jpg", ".jpg", ".jpg", ".jpg", ".jpg", ".heic", ".pdf"),
    "wechat": (".jpg",),
    "fax": (".tif",),
    "curled": (".jpg", ".jpg", ".pdf"),
}
"""File kinds of one-page returns; longer ones are PDF, or TIFF where the kind may be TIFF."""


def draw_suffix(kind: str, pages: int, rng: np.random.Generator) -> str:
    """A kind of file in which returns taken in this way are sent."""
    choices = _SUFFIXES[kind.partition("-")[0]]
    if pages > 1:
        choices = tuple(suffix for suffix in choices if suffix in {".pdf", ".tif"}) or (".pdf",)
    return pick(rng, choices)


def save(captured: Captured, path: Path, *, footer: bool = False) -> None:
    """Write pictures to one file, its kind by the suffix: several pages only for .pdf and .tif.

    `footer` gives a PDF a text layer that holds nothing but the scanning app's footer.
    Raises ValueError for another suffix, or for several pages in a file that holds one.
    """
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        _save_pdf(captured, path, footer=footer)
    elif suffix in {".tif", ".tiff"}:
        _save_tiff(captured, path)
    elif len(captured.pictures) != 1 or suffix not in {".jpg", ".jpeg", ".png", ".heic"}:
        raise ValueError(f"{path.name}: no place for {len(captured.pictures)} pages")
    elif suffix == ".png":
        _pillow(captured.pictures[0].pixels).save(path, compress_level=6)
    elif suffix == ".heic":
        _save_heic(captured, path)
    else:
        path.write_bytes(_jpeg(captured.pictures[0], captured.quality))


def _save_pdf(captured: Captured, path: Path, *, footer: bool) -> None:
    # Binary streams: the text encoding that reportlab prefers makes files a quarter larger.
    rl_config.useA85 = 0
    canvas = Canvas(str(path), invariant=True)
    for picture in captured.pictures:
        height, width = (side * 72 / captured.dpi for side in picture.pixels.shape[:2])
        canvas.setPageSize((width, height))
        picture_file = ImageReader(io.BytesIO(_jpeg(picture, captured.quality)))
        canvas.drawImage(picture_file, 0, 0, width, height)
        if footer:
            text = canvas.beginText(width * 0.76, height * 0.012)
            text.setFont(fonts.pdf_font("zenhei"), 9)
            text.setTextRenderMode(3)
            text.textOut("创建 扫描全能王")
            canvas.drawText(text)
        canvas.showPage()
    canvas.save()


def _save_tiff(captured: Captured, path: Path) -> None:
    """Group 4 where every page is black and white, else JPEG inside TIFF."""
    pages = [_pillow(picture.pixels) for picture in captured.pictures]
    options: dict[str, Any] = {"compression": "jpeg", "quality": captured.quality}
    if all(_two_levels(picture.pixels) for picture in captured.pictures):
        pages = [page.convert("L").point(lambda level: 255 if level > 127 else 0, mode="1") for page in pages]
        options = {"compression": "group4"}
    dpi = (204, 196) if options["compression"] == "group4" else (captured.dpi, captured.dpi)
    pages[0].save(path, save_all=True, append_images=pages[1:], dpi=dpi, **options)


def _save_heic(captured: Captured, path: Path) -> None:
    import pillow_heif

    heif = pillow_heif.from_pillow(_pillow(captured.pictures[0].pixels))
    heif.save(path, quality=min(captured.quality, 70))


def _jpeg(picture: Picture, quality: int) -> bytes:
    """JPEG bytes; where EXIF says how to turn, the pixels lie turned the other way."""
    exif = Pillow.Exif()
    pixels = picture.pixels
    if picture.exif != 1:
        exif[_EXIF_ORIENTATION] = picture.exif
        pixels = np.ascontiguousarray(np.rot90(pixels, -_TURNS_BACK[picture.exif] // 90))
    buffer = io.BytesIO()
    _pillow(pixels).save(buffer, "JPEG", quality=quality, exif=exif.tobytes() if picture.exif != 1 else b"")
    return buffer.getvalue()


def _two_levels(pixels: Image) -> bool:
    return bool(np.all((pixels == 0) | (pixels == 255)))


def _pillow(pixels: Image) -> Pillow.Image:
    return Pillow.fromarray(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)))
