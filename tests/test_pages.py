"""Files become pages; whatever is wrong with a file ends in one of our errors."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageDraw
from reportlab.lib import pdfencrypt
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from extractors.pages import MAX_SIDE, PDF_SCAN_SIDE, PDF_SIDE, Limits, open_pages
from schemas.errors import (
    DocumentError,
    EncryptedFile,
    FileTooLarge,
    KuohaoError,
    TransientError,
    UnreadableFile,
)
from schemas.flow import Page

SENTENCE = "组织开展宣讲（5）场，参与（120）人次；发表评论文章或心得体会（）篇；组织开展大家谈活动（）场，参与（）人次。"
A4 = (595.0, 842.0)

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
pdfmetrics.registerFont(TTFont("zenhei", "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"))

Draw = Callable[[Canvas], None]


def picture(width: int = 400, height: int = 300) -> Pillow.Image:
    """White, with a black block in the top left corner."""
    made = Pillow.new("RGB", (width, height), "white")
    made.paste((0, 0, 0), (0, 0, width // 4, height // 4))
    return made


def noise(width: int = 400, height: int = 300) -> Pillow.Image:
    """A picture that does not compress, so that half its bytes are half its rows."""
    return Pillow.fromarray(np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8))


def encoded(image: Pillow.Image, kind: str, **options: object) -> bytes:
    held = BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def frames(count: int, **options: object) -> bytes:
    """A TIFF of `count` pages, page n with n black columns."""
    pages = []
    for number in range(1, count + 1):
        page = Pillow.new("L", (200, 300), 255)
        page.paste(0, (0, 0, number, 300))
        pages.append(page.convert("1"))
    return encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], **options)


def pdf(*pages: Draw, size: tuple[float, float] = A4, encrypt: object = None) -> bytes:
    held = BytesIO()
    canvas = Canvas(held, pagesize=size, encrypt=encrypt)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return held.getvalue()


def printed(canvas: Canvas, text: str = SENTENCE, *, font: str = "zenhei", mode: int = 0) -> None:
    """The sentence in three lines of 20 characters, 24 points high."""
    canvas.setFont(font, 24)
    for line in range(0, len(text), 20):
        canvas.drawString(60, 700 - line * 4, text[line : line + 20], mode=mode)


def _dot(canvas: Canvas) -> None:
    canvas.drawString(9, 9, ".")


def scanned(canvas: Canvas) -> None:
    canvas.drawImage(ImageReader(noise(1000, 1414)), 0, 0, *A4)


def no_pages() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"trailer<</Root 1 0 R/Size 3>>\n%%EOF"
    )


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises far more pixels than its bytes hold."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (header, body)
    )


def zipped() -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("表.txt", SENTENCE)
    return held.getvalue()


def read(folder: Path, data: bytes, *, limits: Limits | None = None, name: str = "修武县 扫描.bin") -> list[Page]:
    path = folder / name
    path.write_bytes(data)
    return list(open_pages(path) if limits is None else open_pages(path, limits=limits))


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


BAD: dict[str, tuple[Callable[[], bytes], type[KuohaoError]]] = {
    "empty": (lambda: b"", UnreadableFile),
    "text": (SENTENCE.encode, UnreadableFile),
    "zip": (zipped, UnreadableFile),
    "jpeg cut short": (lambda: half(encoded(noise(), "JPEG")), UnreadableFile),
    "jpeg cut short, shrunk on decoding": (lambda: half(encoded(noise(8000, 400), "JPEG")), UnreadableFile),
    "png cut short": (lambda: half(encoded(noise(), "PNG")), UnreadableFile),
    "tiff cut short": (lambda: half(encoded(noise(), "TIFF")), UnreadableFile),
    "tiff deflated, cut short": (
        lambda: half(encoded(noise(), "TIFF", compression="tiff_adobe_deflate")),
        UnreadableFile,
    ),
    "webp cut short": (lambda: half(encoded(noise(), "WEBP")), UnreadableFile),
    "bmp cut short": (lambda: half(encoded(noise(), "BMP")), UnreadableFile),
    "heic cut short": (lambda: half(encoded(noise(), "HEIF")), UnreadableFile),
    "pdf cut short": (lambda: half(pdf(printed)), UnreadableFile),
    "pdf magic alone": (lambda: b"%PDF-1.7\n", UnreadableFile),
    "pdf without pages": (no_pages, UnreadableFile),
    "pdf with password": (
        lambda: pdf(printed, encrypt=pdfencrypt.StandardEncryption("user", "owner", strength=128)),
        EncryptedFile,
    ),
    "png of 144 MP": (lambda: bomb(12_000, 12_000), FileTooLarge),
    "png of 4,000 MP": (lambda: bomb(64_000, 64_000), FileTooLarge),
    "tiff of 201 pages": (lambda: frames(201), FileTooLarge),
    "pdf of 201 pages": (lambda: pdf(*[_dot] * 201), FileTooLarge),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file_ends_in_its_error(tmp_path: Path, case: str) -> None:
    """Each kind of bad file is told as what it is, whatever its name says."""
    make, error = BAD[case]
    with pytest.raises(error) as caught:
        read(tmp_path, make(), name="表.pdf")
    assert type(caught.value) is error
    assert caught.value.told(chinese=True)


def test_what_is_no_file_is_unreadable(tmp_path: Path) -> None:
    """Folders, missing files, pipes (which would wait) and impossible names are not tried again."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing.pdf", tmp_path / "pipe", Path("a\0b")):
        with pytest.raises(UnreadableFile):
            next(iter(open_pages(path)))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY, errno.EIO, errno.ESTALE])
def test_locked_file_is_tried_again(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another program holds, or whose share is away, is nothing wrong with the document."""
    path = tmp_path / "held.png"
    path.write_bytes(encoded(picture(), "PNG"))

    def refuse(_: Path) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(TransientError):
        next(iter(open_pages(path)))


def test_limits_hold_before_decoding(tmp_path: Path) -> None:
    """A file beyond a limit of bytes, pixels or pages is refused; one at the limit is not."""
    data = encoded(picture(400, 300), "PNG")
    assert read(tmp_path, data, limits=Limits(max_bytes=len(data), max_pixels=120_000, max_pages=1))
    for limits in (Limits(max_bytes=len(data) - 1), Limits(max_pixels=119_999)):
        with pytest.raises(FileTooLarge):
            read(tmp_path, data, limits=limits)
    with pytest.raises(FileTooLarge):
        read(tmp_path, pdf(scanned), limits=Limits(max_pixels=1_000_000))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "HEIF"])
def test_picture_becomes_one_read_only_bgr_page(tmp_path: Path, kind: str) -> None:
    """Colours stay, channels are in OpenCV's order, and nobody can write to the pixels."""
    red = Pillow.new("RGB", (64, 48), (250, 10, 20))
    (page,) = read(tmp_path, encoded(red, kind))
    assert page.number == 1
    assert page.pixels.shape == (48, 64, 3)
    assert page.pixels.dtype == np.uint8
    assert not page.pixels.flags.writeable
    assert np.abs(page.pixels.astype(int) - (20, 10, 250)).max() < 12


MODES: dict[str, tuple[Pillow.Image, str]] = {
    "one bit": (picture().convert("1"), "PNG"),
    "grey": (picture().convert("L"), "PNG"),
    "palette": (picture().convert("P"), "PNG"),
    "sixteen bits": (Pillow.fromarray(np.asarray(picture().convert("L")).astype(np.uint16) * 257), "PNG"),
    "sixteen bits tiff": (Pillow.fromarray(np.asarray(picture().convert("L")).astype(np.uint16) * 257), "TIFF"),
    "floating point": (Pillow.fromarray(np.asarray(picture().convert("L")).astype(np.float32) / 255), "TIFF"),
    "cmyk jpeg": (picture().convert("CMYK"), "JPEG"),
    "cmyk tiff": (picture().convert("CMYK"), "TIFF"),
    "grey and alpha": (picture().convert("LA"), "PNG"),
}


@pytest.mark.parametrize("case", MODES)
def test_every_mode_is_black_on_white(tmp_path: Path, case: str) -> None:
    """However a picture stores its pixels, ink is black and paper white."""
    image, kind = MODES[case]
    (page,) = read(tmp_path, encoded(image, kind))
    assert page.pixels[10, 10].max() < 12
    assert page.pixels[-10:, -10:].min() > 243


def test_transparent_is_paper(tmp_path: Path) -> None:
    """Alpha, or a transparent palette colour, shows white, not what is hidden below."""
    layer = Pillow.new("RGBA", (40, 40), (0, 0, 0, 0))
    layer.paste((0, 0, 0, 255), (0, 0, 10, 10))
    indexed = Pillow.new("P", (40, 40), 1)
    indexed.putpalette([255, 255, 255, 0, 0, 0])
    (page,) = read(tmp_path, encoded(layer, "PNG"))
    assert page.pixels[5, 5].max() == 0
    assert page.pixels[30, 30].min() == 255
    (page,) = read(tmp_path, encoded(indexed, "PNG", transparency=1))
    assert page.pixels.min() == 255


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, kind: str, orientation: int) -> None:
    """The black corner lies top left and the page is wide, however the phone was held."""
    undo = {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_90,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_270,
    }
    stored = picture().transpose(undo[orientation]) if orientation in undo else picture()
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    (page,) = read(tmp_path, encoded(stored, kind, exif=exif))
    assert page.pixels.shape == (300, 400, 3)
    assert page.pixels[30, 40].max() < 12
    for y, x in ((30, -40), (-30, 40), (-30, -40)):
        assert page.pixels[y, x].min() > 243


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("width", [3600, 3601, 7300])
def test_large_picture_is_reduced(tmp_path: Path, kind: str, width: int) -> None:
    """The long side is at most MAX_SIDE, the shape stays, and what is small stays as it is."""
    (page,) = read(tmp_path, encoded(picture(width, 500), kind))
    assert page.pixels.shape[:2] == (round(500 * MAX_SIDE / width), MAX_SIDE)
    assert page.pixels[5, 5].max() < 12


@pytest.mark.parametrize("compression", ["raw", "group4", "tiff_lzw"])
def test_tiff_frames_are_pages(tmp_path: Path, compression: str) -> None:
    """Every frame of a TIFF is a page, in order; fax compression included."""
    pages = read(tmp_path, frames(5, compression=compression))
    assert [page.number for page in pages] == [1, 2, 3, 4, 5]
    assert [int((page.pixels[0, :, 0] == 0).sum()) for page in pages] == [1, 2, 3, 4, 5]


def test_animation_and_preview_are_no_pages(tmp_path: Path) -> None:
    """Further frames of a JPEG (phones keep previews and depth there), PNG or WEBP are left out."""
    second = Pillow.new("RGB", (400, 300), "red")
    for kind in ("MPO", "PNG", "WEBP"):
        data = encoded(picture(), kind, save_all=True, append_images=[second])
        assert len(read(tmp_path, data)) == 1


def good_pages(folder: Path, data: bytes) -> tuple[list[Page], KuohaoError | None]:
    """The pages that came, and the error that came after them."""
    path = folder / "damaged"
    path.write_bytes(data)
    pages: list[Page] = []
    try:
        pages.extend(open_pages(path))
    except KuohaoError as error:
        return pages, error
    return pages, None


def last_byte(data: bytes) -> int:
    """Where a file's padding begins, which nobody misses."""
    return len(data.rstrip(b"\0"))


@pytest.mark.parametrize("make", [lambda: frames(4), lambda: frames(4, compression="group4")], ids=["raw", "group4"])
def test_tiff_cut_anywhere_yields_good_pages_then_the_error(tmp_path: Path, make: Callable[[], bytes]) -> None:
    """Wherever a TIFF ends early, the pages before are right, none is invented, and the loss is told."""
    data = make()
    whole = read(tmp_path, data)
    seen = set()
    for size in range(0, last_byte(data), max(1, len(data) // 80)):
        pages, error = good_pages(tmp_path, data[:size])
        assert isinstance(error, UnreadableFile), size
        for page, right in zip(pages, whole, strict=False):
            assert np.array_equal(page.pixels, right.pixels), size
        seen.add(len(pages))
    assert seen == {0, 1, 2, 3}


def test_pdf_cut_anywhere_shows_no_wrong_page(tmp_path: Path) -> None:
    """Wherever a PDF ends early it is told, and a page whose content is gone is not shown as a blank one."""
    data = pdf(printed, scanned, printed)
    whole = read(tmp_path, data)
    for size in range(100, len(data) - 8, len(data) // 60):
        pages, error = good_pages(tmp_path, data[:size])
        assert isinstance(error, UnreadableFile), size
        for page, right in zip(pages, whole, strict=False):
            assert np.array_equal(page.pixels, right.pixels), size


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    magic=st.sampled_from(
        [
            b"",
            b"%PDF-1.7\n",
            b"\xff\xd8\xff\xe0",
            b"\x89PNG\r\n\x1a\n",
            b"II*\0\x08\0\0\0",
            b"MM\0*",
            b"II+\0\x08\0\0\0",
            b"BM",
            b"RIFF\x40\0\0\0WEBPVP8 ",
            b"RIFF\x40\0\0\0WEBPVP8L",
            b"\0\0\0\x18ftypheic",
            b"\0\0\0\x18ftypmif1",
        ]
    ),
    rest=st.binary(max_size=400),
)
def test_no_bytes_raise_anything_else(tmp_path: Path, magic: bytes, rest: bytes) -> None:
    """Bytes of any kind, behind the magic of any format, end in pages or in our errors."""
    _, error = good_pages(tmp_path, magic + rest)
    assert error is None or isinstance(error, DocumentError)


WHOLE = {
    "jpeg": encoded(picture(80, 60), "JPEG"),
    "png": encoded(picture(80, 60), "PNG"),
    "tiff": frames(2, compression="group4"),
    "webp": encoded(picture(80, 60), "WEBP"),
    "bmp": encoded(picture(80, 60), "BMP"),
    "heic": encoded(picture(80, 60), "HEIF"),
    "pdf": pdf(lambda canvas: printed(canvas, font="STSong-Light"), size=(300, 200)),
}


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0.1, 1),
)
def test_damage_raises_nothing_else(tmp_path: Path, kind: str, changes: list[tuple[int, int]], keep: float) -> None:
    """A good file with bytes overwritten and its end lost ends in pages or in our errors."""
    data = bytearray(WHOLE[kind])
    for place, value in changes:
        data[place % len(data)] = value
    _, error = good_pages(tmp_path, bytes(data[: int(len(data) * keep)]))
    assert error is None or isinstance(error, DocumentError)


def test_nothing_is_said_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither Python's libraries nor the C libraries below write about damaged files."""
    for make, _ in BAD.values():
        good_pages(tmp_path, make())
    for data in WHOLE.values():
        broken = bytearray(data)
        broken[len(broken) // 2 :: 7] = b"\xff" * len(broken[len(broken) // 2 :: 7])
        good_pages(tmp_path, bytes(broken))
    assert capfd.readouterr() == ("", "")


def test_pdf_is_drawn_at_the_size_its_content_is_worth(tmp_path: Path) -> None:
    """Print gets PDF_SIDE; a finer scan its own size up to PDF_SCAN_SIDE; a vast page no more than others."""

    def scan(side: int) -> Draw:
        return lambda canvas: canvas.drawImage(ImageReader(Pillow.new("L", (side // 2, side), 200)), 0, 0, *A4)

    def wide(canvas: Canvas) -> None:
        canvas.drawString(20, 20, "x")

    sides = [max(page.pixels.shape) for page in read(tmp_path, pdf(printed, scan(1500), scan(2700), scan(5000)))]
    assert sides == pytest.approx([PDF_SIDE, PDF_SIDE, 2700, PDF_SCAN_SIDE], abs=1)
    for size in ((14_000.0, 14_000.0), (1_000_000.0, 3.0)):
        (page,) = read(tmp_path, pdf(wide, size=size))
        assert max(page.pixels.shape) <= PDF_SIDE + 1


def test_owner_password_opens(tmp_path: Path) -> None:
    """A PDF that may be read but not changed needs no password of ours."""
    locked = pdfencrypt.StandardEncryption("", "owner", strength=128)
    assert read(tmp_path, pdf(printed, encrypt=locked))[0].chars


def turned(data: bytes, rotate: int, media: str, crop: str) -> bytes:
    """The one page of a PDF with /Rotate and boxes put in; PDF readers mend the shifted table of contents."""
    boxes = f"/MediaBox [ {media} ] /CropBox [ {crop} ] /Rotate {rotate} ".encode()
    start = data.index(b"/MediaBox")
    end = data.index(b"]", start) + 1
    cut = data[:start] + boxes + data[end:]
    return cut.replace(b"/Rotate 0", b"")


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize(
    "boxes", [("0 0 595 842", "0 0 595 842"), ("-30 -50 595 842", "20 300 595 790"), ("0 0 595 842", "-9 280 999 842")]
)
@pytest.mark.parametrize("font", ["zenhei", "STSong-Light"])
def test_text_boxes_lie_on_ink(tmp_path: Path, rotate: int, boxes: tuple[str, str], font: str) -> None:
    """Turned and cropped pages too: each character's box holds ink, and outside all boxes there is none."""
    (page,) = read(tmp_path, turned(pdf(lambda canvas: printed(canvas, font=font)), rotate, *boxes))
    assert "".join(char.text for char in page.chars) == SENTENCE.translate(str.maketrans("（）；，", "();,"))
    ink = page.pixels.min(axis=2) < 128
    assert ink.any()
    left = ink.copy()
    for char in page.chars:
        x0, y0, x1, y1 = char.box
        assert 0 < x1 - x0 < 200
        assert 0 < y1 - y0 < 200
        region = np.s_[max(0, int(y0) - 2) : int(y1) + 3, max(0, int(x0) - 2) : int(x1) + 3]
        assert ink[region].any(), char
        left[region] = False
    # A glyph may reach a little beyond the height that its font declares.
    assert left.sum() < 0.03 * ink.sum()


def test_boxes_are_tight_enough_to_place_a_slot(tmp_path: Path) -> None:
    """A character's box is centred on its ink across the line, within a fifth of its height."""
    (page,) = read(tmp_path, pdf(lambda canvas: printed(canvas, "国" * 40)))
    ink = page.pixels.min(axis=2) < 128
    for char in page.chars:
        x0, y0, x1, y1 = (round(edge) for edge in char.box)
        columns = np.flatnonzero(ink[y0:y1, x0:x1].any(axis=0))
        assert abs(columns.mean() - (x1 - x0) / 2) < 0.2 * (y1 - y0)


def _invisible(canvas: Canvas) -> None:
    printed(canvas, mode=3)
    canvas.rect(10, 10, 50, 50, fill=1)


def _overlaid(canvas: Canvas) -> None:
    scanned(canvas)
    printed(canvas)


def _in_strips(canvas: Canvas) -> None:
    for strip in range(10):
        canvas.drawImage(ImageReader(noise(100, 14)), 0, strip * 84.2, 595, 84.2)
    printed(canvas)


def _in_drawing(canvas: Canvas) -> None:
    canvas.beginForm("inner")
    canvas.scale(0.5, 0.5)
    canvas.drawImage(ImageReader(noise(100, 141)), 0, 0, 595, 842)
    canvas.endForm()
    canvas.saveState()
    canvas.scale(2, 2)
    canvas.doForm("inner")
    canvas.restoreState()
    printed(canvas)


def _footer(canvas: Canvas) -> None:
    printed(canvas, "创建 扫描全能王" * 9)


def _field(canvas: Canvas) -> None:
    printed(canvas)
    canvas.acroForm.textfield(name="n", value="57", x=60, y=300, width=100, height=30)


UNTRUSTED: dict[str, Draw] = {
    "invisible text": _invisible,
    "reading over a scan": _overlaid,
    "reading over a scan in strips": _in_strips,
    "reading over a scan in a drawing": _in_drawing,
    "footer alone": _footer,
    "few characters": lambda canvas: printed(canvas, SENTENCE[:20]),
    "no text": lambda canvas: canvas.rect(10, 10, 50, 50),
    "form field on top": _field,
}


@pytest.mark.parametrize("case", UNTRUSTED)
def test_doubtful_text_layer_is_left_out(tmp_path: Path, case: str) -> None:
    """A page that was scanned, or written on after printing, has pixels only."""
    (page,) = read(tmp_path, pdf(UNTRUSTED[case]))
    assert page.chars == ()
    assert page.pixels.min() < 128


def test_logo_does_not_cost_the_text(tmp_path: Path) -> None:
    """A small picture on a typed page leaves its text trusted, on every page of the file."""

    def typed(canvas: Canvas) -> None:
        printed(canvas)
        canvas.drawImage(ImageReader(noise(100, 100)), 400, 100, 120, 120)

    assert all(len(page.chars) > 40 for page in read(tmp_path, pdf(typed, typed)))


def test_filled_form_field_is_drawn(tmp_path: Path) -> None:
    """What was typed into a PDF's own field is on the page as people see it."""
    (page,) = read(tmp_path, pdf(_field))
    (bare,) = read(tmp_path, pdf(printed))
    field = np.s_[int((842 - 330) * PDF_SIDE / 842) : int((842 - 300) * PDF_SIDE / 842), 170:450]
    assert (page.pixels[field].min(axis=2) < 100).sum() > (bare.pixels[field].min(axis=2) < 100).sum() + 50


def test_compatibility_characters_are_normalised(tmp_path: Path) -> None:
    """⼯ (U+2F2F) and full-width digits come out as 工 and ASCII digits; spaces do not come out."""
    text = "⼯会１２ 安全" * 12

    def typed(canvas: Canvas) -> None:
        canvas.setFont("zenhei", 12)
        canvas.drawString(40, 700, text[:42])
        canvas.drawString(40, 650, text[42:])

    (page,) = read(tmp_path, pdf(typed))
    assert "".join(char.text for char in page.chars) == "工会12安全" * 12


def test_deep_nesting_costs_the_text_layer_only(tmp_path: Path) -> None:
    """Where pdfminer gives up, the page is still there."""
    data = pdf(printed)
    nested = data.replace(b"trailer\n<<", b"trailer\n<<\n/Deep " + b"[" * 20_000 + b"]" * 20_000, 1)
    assert nested != data
    pages, error = good_pages(tmp_path, nested)
    assert error is None or isinstance(error, UnreadableFile)
    assert all(page.pixels.min() < 128 for page in pages)


def test_pages_come_one_at_a_time(tmp_path: Path) -> None:
    """The first page is there before the others are decoded; stopping early leaves the file free."""
    path = tmp_path / "many.pdf"
    path.write_bytes(pdf(*[scanned] * 3))
    pages = open_pages(path)
    assert [page.number for page in islice(pages, 1)] == [1]
    path.unlink()
    assert [page.number for page in pages] == [2, 3]


def test_memory_is_flat_over_many_pages(tmp_path: Path) -> None:
    """Sixty pages need hardly more memory than six."""
    script = (
        "import resource, sys; from pathlib import Path; from extractors.pages import open_pages\n"
        "assert sum(bool(page.chars) for page in open_pages(Path(sys.argv[1])))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for count in (6, 60):
        path = tmp_path / f"{count}.pdf"
        path.write_bytes(pdf(*[printed] * count))
        done = subprocess.run([sys.executable, "-c", script, path], check=True, capture_output=True, text=True)
        assert done.stderr == ""
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 60_000, "kilobytes; sixty pages of pixels would be 700 MB"


def test_drawn_ink_survives_reduction(tmp_path: Path) -> None:
    """A pen stroke three pixels wide in a 48 MP photograph is still dark after the reduction."""
    photograph = Pillow.new("RGB", (8000, 6000), "white")
    ImageDraw.Draw(photograph).line((100, 100, 7900, 5900), fill="black", width=6)
    (page,) = read(tmp_path, encoded(photograph, "JPEG"))
    assert page.pixels.shape == (2700, 3600, 3)
    assert (page.pixels.min(axis=2) < 128).any(axis=1).sum() > 2500
