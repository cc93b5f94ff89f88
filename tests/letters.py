"""Messages as mail programs make them, for tests: attachments by name and bytes, in every spelling of names there is."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage, Message
from itertools import count

import numpy as np
from PIL import Image as Pillow

SENDER, SUBJECT = "张三 <zhangsan@example.com>", "青禾县 统计表"

PDF = b"%PDF-1.4\n%made"

_NUMBERS = count(1)


def letter(files: Mapping[str, bytes] | None = None, *, own_id: str | None = None) -> EmailMessage:
    """A message with attachments."""
    message = EmailMessage()
    message["From"] = SENDER
    message["Subject"] = SUBJECT
    message["Date"] = "Thu, 25 Jun 2026 09:00:00 +0800"
    message["Message-ID"] = own_id or f"<made-{next(_NUMBERS)}@example.com>"
    message.set_content("请查收。")
    for name, data in (files or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message


def raw_letter(disposition: bytes, data: bytes = PDF, *, content_type: bytes = b"application/octet-stream") -> bytes:
    """A message of one attachment whose headers are these bytes, as no library would write them."""
    number = next(_NUMBERS)
    return b"\r\n".join(
        [
            b"From: a@example.com",
            f"Message-ID: <raw-{number}@example.com>".encode(),
            b"Content-Type: " + content_type,
            b"Content-Disposition: " + disposition,
            b"Content-Transfer-Encoding: base64",
            b"",
            base64.encodebytes(data).replace(b"\n", b"\r\n"),
        ]
    )


def picture(width: int, height: int) -> bytes:
    """A PNG of a size."""
    memory = io.BytesIO()
    Pillow.fromarray(np.full((height, width, 3), 255, np.uint8)).save(memory, "PNG")
    return memory.getvalue()


def with_inline(message: EmailMessage, data: bytes) -> Message:
    """The message with a picture in its text."""
    message.add_attachment(data, maintype="image", subtype="png", filename="image001.png", disposition="inline", cid="<1>")
    return message


def zipped(files: Mapping[str, bytes], *, encoding: str = "utf-8") -> bytes:
    """A ZIP whose names are in an encoding that it does not tell of."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (_, data) in enumerate(files.items()):
            archive.writestr(f"{number:06d}", data)
    made = memory.getvalue()
    for number, name in enumerate(files):
        encoded = name.encode(encoding)
        assert len(encoded) == 6, "a name in place of another one of six bytes"
        made = made.replace(f"{number:06d}".encode(), encoded)
    return made
