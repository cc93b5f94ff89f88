"""People's passwords and tokens: what they may be, and how they are kept."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas.errors import ConfigError

SHORTEST, LONGEST = 10, 256
"""Characters of a password; a longer one would only keep the hash busy."""

LONGEST_NAME = 40

TOKEN_START = "kuohao_"
"""By which whoever finds a token knows what it opens."""

TOKEN_BYTES = 32


def check_name(name: str) -> str:
    """A person's name, as it is kept: composed, single spaces. Raises ConfigError for one that cannot be told apart."""
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if not name or len(name) > LONGEST_NAME or not all(char == " " or char.isalnum() or char in "·.-_@" for char in name):
        raise ConfigError(f"姓名须为 1 至 {LONGEST_NAME} 个汉字、字母或数字")
    return name


def check_password(password: str) -> str:
    """A password, as it is hashed: composed, so that every keyboard's spelling is one. Raises ConfigError."""
    password = unicodedata.normalize("NFKC", password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigError(f"密码须为 {SHORTEST} 至 {LONGEST} 个字符")
    return password


def hash_password(password: str) -> str:
    """Argon2id's hash, with its salt and parameters."""
    return _hasher().hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """Whether a password is the one kept; with nothing kept it takes as long to say no."""
    password = unicodedata.normalize("NFKC", password[: 4 * LONGEST])[:LONGEST]
    try:
        return _hasher().verify(kept or _nobodys(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(kept)


def make_token() -> str:
    """A new token: shown once, kept as its hash."""
    return TOKEN_START + secrets.token_urlsafe(TOKEN_BYTES)


@cache
def _hasher() -> PasswordHasher:
    # The library's own parameters: RFC 9106's for little memory, 64 MiB and some 50 ms.
    return PasswordHasher()


@cache
def _nobodys() -> str:
    """The hash of a password that nobody knows."""
    return _hasher().hash(secrets.token_urlsafe(32))
