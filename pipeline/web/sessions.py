"""Who has signed in, in a signed cookie: nothing is kept on the server but the key, and which sessions were ended early."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from itsdangerous import BadSignature, URLSafeTimedSerializer

from schemas.errors import ConfigError

LIFE = 12 * 60 * 60
"""Seconds for which a session holds: a working day; the next one begins with the password."""

KEY_BYTES = 32

KEY_FILE, ENDED_FILE = "secret.key", "sessions.ended"
"""In the home folder: the key that signs cookies, and the sessions that people have left before they ran out."""


@dataclass(frozen=True)
class Session:
    """A browser's visit. `name` is the person who signed in, "" before; `generation` the person's then: a change of
    password raises it and so ends the session."""

    id: str
    name: str = ""
    generation: int = 0


class Sessions:
    """Makes, knows and ends sessions. It changes in place: what has been ended is remembered until it would have run out."""

    def __init__(self, home: Path) -> None:
        self._key = load_key(home)
        self._serializer = URLSafeTimedSerializer(self._key, salt="session", signer_kwargs={"digest_method": hashlib.sha256})
        self._ended_file = home / ENDED_FILE
        self._ended = _read_ended(self._ended_file)
        self._lock = Lock()

    def begin(self, name: str = "", generation: int = 0) -> Session:
        """A new session, whose id nobody can guess: a visitor's, or that of a person who has just signed in."""
        return Session(secrets.token_urlsafe(24), name, generation)

    def seal(self, session: Session) -> str:
        """A session as its cookie holds it."""
        return str(self._serializer.dumps([session.id, session.name, session.generation]))

    def open(self, cookie: str) -> Session | None:
        """The session of a cookie; None for one that was forged, has run out or was ended."""
        try:
            held = self._serializer.loads(cookie, max_age=LIFE)
        except BadSignature:
            return None
        match held:
            case [str(key), str(name), int(generation)] if key not in self._ended:
                return Session(key, name, generation)
        return None

    def end(self, session: Session) -> None:
        """End a session before its time, for good: a copy of its cookie is worth nothing any more."""
        until = int(time.time()) + LIFE
        with self._lock:
            self._ended[session.id] = until
            descriptor = os.open(self._ended_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, f"{until} {session.id}\n".encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def csrf(self, session: Session) -> str:
        """The token that a page of this session sends back with whatever changes something."""
        return hmac.new(self._key, f"csrf {session.id}".encode(), hashlib.sha256).hexdigest()

    def is_csrf(self, session: Session, token: str) -> bool:
        """Whether a token is this session's."""
        return hmac.compare_digest(self.csrf(session).encode(), token.encode())


def load_key(home: Path) -> bytes:
    """The key in the home folder, readable by its owner alone; made at first, once even where two processes start.

    Raises ConfigError where it is not what was written, or the folder takes no file.
    """
    path = home / KEY_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        path.chmod(0o600)
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{path}: {len(key)} B")
    return key


def _make_key(path: Path) -> None:
    """Written whole beside its place and linked to it, which succeeds for one of several processes alone."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(secrets.token_bytes(KEY_BYTES))
            opened.flush()
            os.fsync(opened.fileno())
        try:
            Path(path).hardlink_to(draft)
        except FileExistsError:
            return
        except OSError:
            # A filesystem without links: renamed, where the last of two processes wins before either has read it.
            if not path.exists():
                Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def _read_ended(path: Path) -> dict[str, int]:
    """Sessions that were ended and have not run out; the file is made anew without the others."""
    held: dict[str, int] = {}
    with suppress(FileNotFoundError):
        for line in path.read_text("ascii", errors="replace").splitlines():
            until, _, key = line.partition(" ")
            if until.isdecimal() and int(until) > time.time():
                held[key] = int(until)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".sessions-", delete=False) as draft:
            draft.writelines(f"{until} {key}\n" for key, until in held.items())
        Path(draft.name).replace(path)
    return held
