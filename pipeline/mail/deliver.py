"""A message's files into the inbox, word of those refused beside the other receipts, and a note on whose message it was.

Everything is named by the message's numbers and its own names, so that doing it twice writes the same files: whoever is
killed in the middle begins the message anew, and what the office has taken by then it knows by its bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.mail.attachments import Contents, Refused
from pipeline.mail.kinds import Refusal
from pipeline.mail.record import mail_folder
from pipeline.office.archive import FULL
from pipeline.office.inbox import UNREADABLE
from pipeline.office.names import fitting_name
from pipeline.whole import write_whole
from schemas.errors import DiskFull, TransientError

MAIL_FOLDER = "邮件"
"""The folder of the inbox in which each message has one of its own: photographs of one message are pages of one return."""

RECEIPT = ".说明.txt"

PRIVATE = 0o600
"""A note names people: only who runs this reads it."""


@dataclass(frozen=True)
class Envelope:
    """Whose message it is: `number` is UIDVALIDITY and UID."""

    number: str
    sender: str
    subject: str
    sent: str
    message_id: str


def deliver(inbox: Path, home: Path, envelope: Envelope, contents: Contents) -> None:
    """Lay a message's files into the inbox and note whose they are.

    Raises DiskFull, or TransientError where inbox or home cannot be written; then the message is to be fetched again.
    """
    try:
        # The note first: there is never a file of which nobody knows whose it is.
        _write_note(home, envelope, contents)
        folder = inbox / MAIL_FOLDER / envelope.number
        for file in contents.files:
            target = folder / file.name
            if target.exists() and target.read_bytes() == file.data:
                continue
            # `write_whole` writes under a name that an inbox overlooks, and renames when all is on the disk.
            write_whole(target, file.data)
        for number, refused in enumerate(contents.refused, 1):
            name = fitting_name(refused.name or f"{number}", RECEIPT)
            target = inbox / UNREADABLE / MAIL_FOLDER / envelope.number / name
            write_whole(target, _receipt(envelope, refused).replace("\n", "\r\n").encode("utf-8-sig"))
    except OSError as error:
        raise (DiskFull() if error.errno in FULL else TransientError((error.strerror or "").lower())) from error


def clear_empty_folders(inbox: Path) -> None:
    """Remove messages' folders from which everything has been taken."""
    top = inbox / MAIL_FOLDER
    if not top.is_dir():
        return
    for folder, _, _ in sorted(os.walk(top), reverse=True):
        try:
            if Path(folder) != top:
                Path(folder).rmdir()
        except OSError:
            # Not empty: something in it has not been taken yet.
            continue


def refused_message(reason: Refusal) -> Contents:
    """A message that is not opened at all."""
    return Contents(refused=(Refused("邮件", reason),))


def _write_note(home: Path, envelope: Envelope, contents: Contents) -> None:
    files: Sequence[dict[str, object]] = [
        {"name": file.name.as_posix(), "sha256": hashlib.sha256(file.data).hexdigest(), "size": len(file.data)}
        for file in contents.files
    ]
    note = {
        "message": envelope.number,
        "from": envelope.sender,
        "subject": envelope.subject,
        "sent": envelope.sent,
        "message_id": envelope.message_id,
        "files": files,
        "refused": [{"name": refused.name, "why": refused.why.value} for refused in contents.refused],
    }
    path = mail_folder(home) / f"{envelope.number}.json"
    write_whole(path, json.dumps(note, ensure_ascii=False, indent=1).encode())
    path.chmod(PRIVATE)


def _receipt(envelope: Envelope, refused: Refused) -> str:
    reason, advice = refused.why.chinese
    lines = [
        f"附件：{refused.name}",
        f"发件人：{envelope.sender}",
        f"主题：{envelope.subject}",
        f"发送时间：{envelope.sent}",
    ]
    return "\n".join([*lines, "状态：未收取", f"原因：{reason}", f"处理办法：{advice}", ""])
