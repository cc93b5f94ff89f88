"""A mailbox to the inbox: new messages one by one, each on record when its files lie there.

Nothing is changed on the server. Logs tell numbers alone: neither whose messages they are nor what is in them.
"""

from __future__ import annotations

import fcntl
import hashlib
import imaplib
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from threading import Event

from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessage
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from pipeline.mail.attachments import Contents, message_to_contents
from pipeline.mail.deliver import Envelope, clear_empty_folders, deliver, refused_message
from pipeline.mail.kinds import Refusal
from pipeline.mail.record import Record, load_record, mail_folder, save_record
from pipeline.mail.safe_names import header_text
from pipeline.mail.settings import MailSettings, Security
from schemas.errors import ConfigError, TransientError

MAX_MESSAGE = 100_000_000
"""Bytes of a message that is fetched; mail services take 50 MB, and base64 makes a third more of it."""

TIMEOUT = 60.0
"""Seconds that a server may take for one answer."""

# Chinese mail services refuse to open a folder to a program that does not say what it is (RFC 2971).
WHO = '("name" "kuohao" "version" "1")'

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tally:
    """What fetching came to: new messages, files laid into the inbox, files refused, messages that were known already."""

    messages: int = 0
    files: int = 0
    refused: int = 0
    known: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.messages + other.messages,
            self.files + other.files,
            self.refused + other.refused,
            self.known + other.known,
        )


Progress = Callable[[int, int], None]
"""Told after each message: how many are done, of how many."""


def fetch_mail(
    settings: MailSettings, inbox: Path, home: Path, *, stop: Event, progress: Progress = lambda done, total: None
) -> Tally:
    """Fetch what is new, until `stop` is set.

    Raises ConfigError where the server refuses name, password or folder, or its certificate cannot be trusted;
    TransientError where it does not answer, or while another process fetches into the same home; DiskFull.
    """
    secret = settings.secret
    clear_empty_folders(inbox)
    with _alone(home), _told(), _connected(settings, secret) as mailbox:
        return _fetch_new(mailbox, settings, inbox, home, stop, progress)


def _fetch_new(
    mailbox: BaseMailBox, settings: MailSettings, inbox: Path, home: Path, stop: Event, progress: Progress
) -> Tally:
    key = f"{settings.user}@{settings.host}/{settings.folder}"
    validity = mailbox.folder.status(settings.folder, ["UIDVALIDITY"])["UIDVALIDITY"]
    record = load_record(home)
    criteria = AND(date_gte=settings.since) if settings.since else "ALL"
    uids = sorted({int(uid) for uid in mailbox.uids(criteria)} - record.folder(key, validity).uids)
    tally = Tally()
    for done, uid in enumerate(uids, 1):
        if stop.is_set():
            break
        record, one = _fetch_one(mailbox, record, key, validity, uid, inbox, home)
        try:
            save_record(home, record)
        except OSError as error:
            raise TransientError((error.strerror or "").lower()) from error
        tally += one
        progress(done, len(uids))
    return tally


def _fetch_one(
    mailbox: BaseMailBox, record: Record, key: str, validity: int, uid: int, inbox: Path, home: Path
) -> tuple[Record, Tally]:
    """One message: its head first, for a large one and one that is known are not worth the rest."""
    head = next(mailbox.fetch(uid_list=[str(uid)], headers_only=True, mark_seen=False), None)
    if head is None:
        # Deleted since the folder was listed.
        return record.with_message(key, validity, uid, ""), Tally()
    name = _identity(head)
    after = record.with_message(key, validity, uid, name)
    if name in record.messages:
        return after, Tally(known=1)
    envelope = _envelope(head.obj, f"{validity}-{uid}")
    if head.size_rfc822 > MAX_MESSAGE:
        contents = refused_message(Refusal.TOO_LARGE)
    else:
        message = next(mailbox.fetch(uid_list=[str(uid)], mark_seen=False), None)
        contents = _contents(message.obj, uid) if message is not None else Contents()
    deliver(inbox, home, envelope, contents)
    log.info("message %d: %d files, %d refused", uid, len(contents.files), len(contents.refused))
    return after, Tally(messages=1, files=len(contents.files), refused=len(contents.refused))


def _contents(message: Message, uid: int) -> Contents:
    """What a message holds; one that the parser cannot take apart is told of, and costs no other message."""
    try:
        return message_to_contents(message)
    except Exception as error:  # a hostile message can bring the parser to any exception, recursion among them
        log.warning("message %d: %s", uid, type(error).__name__)
        return refused_message(Refusal.DAMAGED)


def _identity(head: MailMessage) -> str:
    """A message's own name, whatever number a server gives it; a Message-ID alone may be used twice by a broken program."""
    parts = [header_text(head.obj, name) for name in ("Message-ID", "Date")]
    if not parts[0]:
        parts += [header_text(head.obj, name) for name in ("From", "Subject", "Received")]
    return hashlib.sha256("\n".join([*parts, str(head.size_rfc822)]).encode("utf-8", "replace")).hexdigest()[:32]


def _envelope(message: Message, number: str) -> Envelope:
    sender, subject, sent, own = (header_text(message, name) for name in ("From", "Subject", "Date", "Message-ID"))
    return Envelope(number, sender, subject, sent, own)


@contextmanager
def _connected(settings: MailSettings, secret: str) -> Iterator[BaseMailBox]:
    """The mailbox with its folder open for reading only."""
    mailbox = _open(settings)
    try:
        _sign_in(mailbox, settings.user, secret)
        if "ID" in mailbox.client.capabilities:
            with suppress(imaplib.IMAP4.error):
                mailbox.client.xatom("ID", WHO)
        mailbox.folder.set(settings.folder, readonly=True)
        yield mailbox
    finally:
        with suppress(imaplib.IMAP4.error, ImapToolsError, OSError):
            mailbox.logout()


def _sign_in(mailbox: BaseMailBox, user: str, secret: str) -> None:
    # LOGIN knows ASCII alone.
    sign_in = mailbox.login if f"{user}{secret}".isascii() else mailbox.login_utf8
    try:
        sign_in(user, secret, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, MailboxLoginError):
        raise ConfigError("--user, KUOHAO_MAIL_PASSWORD") from None


def _open(settings: MailSettings) -> BaseMailBox:
    host, port = settings.host, settings.at_port
    if settings.security is Security.PLAIN:
        return MailBoxUnencrypted(host, port, timeout=TIMEOUT)
    try:
        context = ssl.create_default_context()
        if settings.ca_file is not None:
            context.load_verify_locations(settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError("--ca-file") from error
    if settings.security is Security.STARTTLS:
        return MailBoxStartTls(host, port, timeout=TIMEOUT, ssl_context=context)
    return MailBox(host, port, timeout=TIMEOUT, ssl_context=context)


@contextmanager
def _told() -> Iterator[None]:
    """The connection's failures as ours, without what the server said: it may repeat names."""
    try:
        yield
    except MailboxFolderSelectError:
        raise ConfigError("--folder") from None
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(f"--ca-file: {error.verify_message}") from None
    except (ImapToolsError, imaplib.IMAP4.error, OSError, EOFError, ValueError) as error:
        detail = getattr(error, "strerror", None) or type(error).__name__
        raise TransientError(f"IMAP: {detail}".lower()) from None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Only one process fetches into a home at a time; the lock goes with the process."""
    folder = mail_folder(home)
    try:
        # What lies in there names people.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TransientError("kuohao mail") from None
            yield
    except OSError as error:
        raise ConfigError(f"--home {home}: {error.strerror}") from error
