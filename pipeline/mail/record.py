"""Which messages have been fetched: HOME/mail/record.json, written whole or not at all after each message.

A message is known by its folder's UIDVALIDITY and its UID, and, where a server numbers anew or a message is moved, by a hash
of its Message-ID, date and size.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.whole import write_whole
from schemas.errors import ConfigError

FORMAT = 1


@dataclass(frozen=True)
class Folder:
    """A mailbox's folder: what its UIDs are valid for, and those that are done."""

    validity: int = 0
    uids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Record:
    """Everything that has been fetched, by mailbox folder; `messages` are hashes."""

    folders: dict[str, Folder] = field(default_factory=dict)
    messages: frozenset[str] = frozenset()

    def folder(self, key: str, validity: int) -> Folder:
        """What is known of a folder; nothing, where its server has numbered its messages anew."""
        known = self.folders.get(key, Folder())
        return known if known.validity == validity else Folder(validity)

    def with_message(self, key: str, validity: int, uid: int, message: str) -> Record:
        """The record with one more message."""
        known = self.folder(key, validity)
        folders = {**self.folders, key: replace(known, uids=known.uids | {uid})}
        return Record(folders, self.messages | {message} if message else self.messages)


def mail_folder(home: Path) -> Path:
    """Where the record lies, and beside it what is known of each message."""
    return home / "mail"


def load_record(home: Path) -> Record:
    """The record; an empty one where nothing has been fetched. Raises ConfigError for one that is not ours to read."""
    path = mail_folder(home) / "record.json"
    try:
        stored = json.loads(path.read_bytes())
        if stored["version"] != FORMAT:
            raise ConfigError(f"{path}: version {stored['version']}")
        folders = {
            key: Folder(folder["uidvalidity"], frozenset(_ranges_to_uids(folder["uids"])))
            for key, folder in stored["folders"].items()
        }
        return Record(folders, frozenset(stored["messages"]))
    except FileNotFoundError:
        return Record()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(str(path)) from error


def save_record(home: Path, record: Record) -> None:
    """Write the record. Raises OSError."""
    stored = {
        "version": FORMAT,
        "folders": {
            key: {"uidvalidity": folder.validity, "uids": _uids_to_ranges(folder.uids)}
            for key, folder in sorted(record.folders.items())
        },
        "messages": sorted(record.messages),
    }
    write_whole(mail_folder(home) / "record.json", json.dumps(stored, ensure_ascii=False, indent=1).encode())


def _uids_to_ranges(uids: Iterable[int]) -> str:
    """Numbers as IMAP writes sets of them: 1:40,43."""
    ranges: list[tuple[int, int]] = []
    for uid in sorted(uids):
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], uid)
        else:
            ranges.append((uid, uid))
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in ranges)


def _ranges_to_uids(text: str) -> Iterable[int]:
    for part in filter(None, text.split(",")):
        first, _, last = part.partition(":")
        yield from range(int(first), int(last or first) + 1)
