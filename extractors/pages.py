"""Any file to pages: PDF, TIFF, JPEG, PNG, HEIC, WEBP, BMP. What a file is, its bytes say; its name is not looked at.

One page is held at a time. Whatever the libraries below throw at a damaged or hostile file, the caller sees only
`KuohaoError`s: foreign exceptions and warnings end in `_told`.
"""

from __future__ import annotations

import errno
import logging
import math
import stat
import warnings
from collections.abc import Container, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pypdfium2 as pdfium
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps
from pypdfium2 import raw as pdfium_c

from extractors.textlayer import SCAN_SHARE, PageObject, TextLayer, page_box, share_of_page
from extractors.tiff import silence_libtiff, whole_frames
from schemas.errors import EncryptedFile, FileTooLarge, KuohaoError, TransientError, UnreadableFile
from schemas.flow import Image, Page, PageChar


@dataclass(frozen=True)
class Limits:
    """The most that is opened; a file beyond raises FileTooLarge before it is decoded."""

    max_bytes: int = 200_000_000
    """A return of two colour pages at 600 dpi, uncompressed, is 200 MB; the file is held in memory."""
    max_pixels: int = 120_000_000
    """A page; A3 at 600 dpi is 70 MP and phones go to 108 MP. Decoding takes three bytes for each."""
    max_pages: int = 200
    """A hundred returns in one file; more is no return but an archive."""


LIMITS = Limits()

MAX_SIDE = 3600
"""Pixels on a picture's long side, larger ones are reduced: A4 at 300 dpi is 3,508, and finer only costs time."""

PDF_SIDE = 2400
"""Pixels on a PDF page's long side: A4 at 205 dpi, where a printed character is some 30 pixels tall."""

PDF_SCAN_SIDE = 3000
"""The same where the page is one picture of more pixels than that, for thin pen strokes lose by being reduced: A4 at
257 dpi, half as many pixels again."""

MAX_OBJECTS = 50_000
"""Objects looked at on a PDF page, many times a form's; nested drawings can be made to have billions."""

MAX_NESTING = 5
"""Depth to which drawings within drawings are looked into; office programs nest once or twice."""

PDF_HEADER_WITHIN = 1024
"""Bytes within which `%PDF-` must stand, as viewers have it: some mail gateways put lines before it."""

PDF_TRAILER_WITHIN = 4096
"""Bytes from the end within which a whole PDF has its `%%EOF`; some programs add a signature behind."""

MAGICS: tuple[tuple[str, int, tuple[bytes, ...]], ...] = (
    ("JPEG", 0, (b"\xff\xd8\xff",)),
    ("PNG", 0, (b"\x89PNG\r\n\x1a\n",)),
    ("TIFF", 0, (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    ("WEBP", 8, (b"WEBP",)),
    ("BMP", 0, (b"BM",)),
    ("HEIF", 4, (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypheim", b"ftypheis", b"ftypmif1", b"ftypmsf1")),
)
"""Pillow's name of a format, and the bytes at an offset that tell it."""

GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL})
"""Failures to open that will be the same next time. All others (locked, no permission yet, share away) may pass."""

pillow_heif.register_heif_opener()

# A damaged file is told by an error of ours; what libraries have to say about its inside would only reach a terminal.
for _library in ("PIL", "pdfminer", "pdfplumber", "pypdfium2"):
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)
silence_libtiff()


def format_of(data: bytes) -> str | None:
    """What a file is by its first PDF_HEADER_WITHIN bytes: PDF, or Pillow's name of a picture's format; None if neither."""
    if b"%PDF-" in data[:PDF_HEADER_WITHIN]:
        return "PDF"
    return next((name for name, at, magics in MAGICS if data[at:].startswith(magics)), None)


def open_pages(path: Path, *, limits: Limits = LIMITS, wanted: Container[int] | None = None) -> Iterator[Page]:
    """The pages of a file, numbered from 1, each decoded when it is asked for.

    Of `wanted` pages only the pixels are had, for people to look at; the others are passed over.

    `pixels` is BGR uint8 (h, w, 3), read-only, EXIF orientation applied; a picture's long side is at most MAX_SIDE, a
    PDF page's PDF_SIDE to PDF_SCAN_SIDE. `chars` holds the text layer of a PDF page born digital (see `textlayer`).
    Of pictures with several frames only TIFF's are pages: others are previews, depth maps and animation.

    Raises, at the first page or at the one concerned: UnreadableFile for a file that is missing, empty, damaged or of
    another kind; where it was cut short, the good pages come first. EncryptedFile for a PDF that needs a password.
    FileTooLarge beyond `limits`. TransientError where the file is locked, or memory short.
    """
    data = file_bytes(path, limits)
    kind = format_of(data)
    decoded = _pdf_pages(data, limits, wanted) if kind == "PDF" else _picture_pages(data, kind, limits, wanted)
    try:
        for number, pixels, chars in _told(decoded):
            pixels.flags.writeable = False
            yield Page(path, number, pixels, chars)
    finally:
        decoded.close()


def file_bytes(path: Path, limits: Limits = LIMITS) -> bytes:
    """The file's bytes, read once, so that a file that is still being written is one thing throughout.

    Raises UnreadableFile, FileTooLarge, TransientError as `open_pages` does.
    """
    try:
        status = path.stat()
        # Opening a pipe would wait for its writer.
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile("not a file")
        if status.st_size > limits.max_bytes:
            raise FileTooLarge(f"{status.st_size / 1e6:,.0f} MB > {limits.max_bytes / 1e6:,.0f} MB")
        data = path.read_bytes()
    except OSError as error:
        detail = (error.strerror or type(error).__name__).lower()
        raise (UnreadableFile(detail) if error.errno in GONE else TransientError(detail)) from error
    except ValueError as error:  # a NUL in the name
        raise UnreadableFile("not a file name") from error
    if not data:
        raise UnreadableFile("empty")
    return data


_Decoded = tuple[int, Image, tuple[PageChar, ...]]


def _told(pages: Iterator[_Decoded]) -> Iterator[_Decoded]:
    """The same pages, with whatever the libraries raise translated, and their warnings kept from the terminal."""
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                page = next(pages)
        except StopIteration:
            return
        except KuohaoError:
            raise
        except MemoryError as error:
            raise TransientError("out of memory") from error
        except Pillow.DecompressionBombError as error:
            raise FileTooLarge("pixels") from error
        # Pillow alone raises SyntaxError, struct.error, KeyError, TypeError, OverflowError and more for damaged files.
        except Exception as error:
            raise UnreadableFile("damaged or cut short") from error
        yield page


def _pdf_pages(data: bytes, limits: Limits, wanted: Container[int] | None) -> Generator[_Decoded, None, None]:
    """A PDF's pages.

    PDFium mends what it can: of a file cut short it may show pages whose content is gone, as blank ones. So in a file
    without its end the first blank page is where it was cut.
    """
    document = _open_pdf(data)
    text = TextLayer(data)
    try:
        whole = b"%%EOF" in data[-PDF_TRAILER_WITHIN:]
        count = len(document)
        if count == 0:
            raise UnreadableFile("no pages")
        if count > limits.max_pages:
            raise FileTooLarge(f"{count} > {limits.max_pages} pages")
        for index in range(count):
            if wanted is not None and index + 1 not in wanted:
                continue
            page = document[index]
            try:
                objects = tuple(islice(page.get_objects(max_depth=MAX_NESTING), MAX_OBJECTS))
                if not (objects or whole):
                    raise UnreadableFile(f"cut short at page {index + 1}")
                pixels = _render(page, objects, limits)
                yield index + 1, pixels, () if wanted is not None else text.chars(page, index, objects, pixels)
            finally:
                page.close()
        if not whole:
            raise UnreadableFile("cut short")
    finally:
        text.close()
        document.close()


def _open_pdf(data: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}:
            raise EncryptedFile from error
        raise UnreadableFile("damaged PDF") from error
    # Without it, what was typed into a PDF's own form fields is not drawn.
    document.init_forms()
    return document


def _render(page: pdfium.PdfPage, objects: tuple[PageObject, ...], limits: Limits) -> Image:
    """The page as BGR, at the size that its own pictures are worth."""
    width, height = page.get_size()
    if not (math.isfinite(width) and math.isfinite(height) and min(width, height) > 0):
        raise UnreadableFile("page without a size")
    pictures = [item for item in objects if item.type == pdfium_c.FPDF_PAGEOBJ_IMAGE]
    sizes = [picture.get_px_size() for picture in pictures]
    for across, down in sizes:
        _refuse_above(across * down, limits)
    box = page_box(page)
    scans = [max(size) for item, size in zip(pictures, sizes, strict=True) if share_of_page(item, box) > SCAN_SHARE]
    side = min(max(PDF_SIDE, *scans), PDF_SCAN_SIDE) if scans else PDF_SIDE
    bitmap = page.render(scale=side / max(width, height), rev_byteorder=False, prefer_bgrx=False)
    try:
        drawn = np.asarray(bitmap.to_numpy())
        if drawn.ndim == 2 or drawn.shape[2] == 1:
            return _uint8(cv2.cvtColor(drawn, cv2.COLOR_GRAY2BGR))
        # Copied, for PDFium owns the bitmap's memory.
        return np.array(drawn[:, :, :3])
    finally:
        bitmap.close()


def _picture_pages(
    data: bytes, kind: str | None, limits: Limits, wanted: Container[int] | None
) -> Generator[_Decoded, None, None]:
    """A picture's pages: one, or a TIFF's frames; the good ones before a damaged one come first."""
    if kind is None:
        raise UnreadableFile("neither PDF nor picture")
    whole = True
    count = 1
    if kind == "TIFF":
        count, whole = whole_frames(data, limits.max_pages + 1)
        if count > limits.max_pages:
            raise FileTooLarge(f"> {limits.max_pages} pages")
    if count:
        with Pillow.open(BytesIO(data), formats=[kind]) as picture:
            for frame in range(count):
                if wanted is None or frame + 1 in wanted:
                    picture.seek(frame)
                    yield frame + 1, _decode(picture, limits), ()
    if not (whole and count):
        raise UnreadableFile(f"cut short at page {count + 1}")


def _decode(picture: Pillow.Image, limits: Limits) -> Image:
    """The current frame as BGR: upright, on white, long side at most MAX_SIDE."""
    _refuse_above(picture.width * picture.height, limits)
    if picture.format in {"JPEG", "MPO"}:
        # JPEG can be decoded at a half, a quarter or an eighth, never to less than asked for.
        shrink = MAX_SIDE / max(picture.size)
        picture.draft(None, (math.ceil(picture.width * shrink), math.ceil(picture.height * shrink)))
    picture.load()
    _turn(picture)
    return _reduced(_bgr(picture))


def _refuse_above(pixels: int, limits: Limits) -> None:
    if pixels > limits.max_pixels:
        raise FileTooLarge(f"{pixels / 1e6:,.0f} MP > {limits.max_pixels / 1e6:,.0f} MP")


def _turn(picture: Pillow.Image) -> None:
    """Turns the picture as its EXIF orientation says; where EXIF is damaged it stays, for rectifying finds out too."""
    with suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)


def _bgr(picture: Pillow.Image) -> Image:
    """Any mode as BGR uint8; what is transparent is paper."""
    if picture.mode.startswith(("I", "F")):
        picture = Pillow.fromarray(_eight_bits(np.asarray(picture)))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Pillow.new("RGBA", layer.size, "white")
        picture.alpha_composite(layer)
    if picture.mode in {"1", "L"}:
        return _uint8(cv2.cvtColor(np.asarray(picture.convert("L")), cv2.COLOR_GRAY2BGR))
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    return _uint8(cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR))


def _eight_bits(deep: NDArray[np.generic]) -> Image:
    """Grey of 16 or 32 bits or floating point, to 8 bits.

    16 bits keep their scale. Others have none that is agreed on: their own range is taken for black to white.
    """
    if deep.dtype.itemsize == 2:
        return (deep.astype(np.uint16) >> 8).astype(np.uint8)
    values = np.nan_to_num(deep.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    return np.round((values - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)


def _reduced(pixels: Image) -> Image:
    height, width = pixels.shape[:2]
    shrink = MAX_SIDE / max(height, width)
    if shrink >= 1:
        return pixels
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return _uint8(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _uint8(pixels: object) -> Image:
    """OpenCV's stubs say "some array"."""
    return np.asarray(pixels, dtype=np.uint8)
