"""People's passwords and tokens: what they may be, and how they are kept."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas.errors import ConfigError

SHORTEST, LONGEST = 10, 256
"""Characters of a password; a longer one would only keep the hash busy."""

LONGEST_NAME = 40

NAME_RULE = "姓名须为 1 至 40 个汉字、字母或数字。"
PASSWORD_RULE = "密码须为 10 至 256 个字符。"
DIFFERENT = "两次输入的密码不同。"
NOBODY = "没有这个人。"
ALREADY = "已有这个人。"
LABEL_RULE = "用途须为 1 至 40 个字符。"

TOKEN_START = "kuohao_"
"""By which whoever finds a token knows what it opens."""

TOKEN_BYTES = 32


def check_name(name: str) -> str:
    """A person's name, as it is kept: composed, single spaces. Raises ConfigError for one that cannot be told apart."""
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 0 < len(name) <= LONGEST_NAME or not all(char.isalnum() or char in " ·.-_@" for char in name):
        raise ConfigError(NAME_RULE)
    return name


def check_label(label: str) -> str:
    """What a token is for, as it is kept. Raises ConfigError."""
    label = " ".join(label.split())
    if not 0 < len(label) <= LONGEST_NAME or not label.isprintable():
        raise ConfigError(LABEL_RULE)
    return label


def check_password(password: str) -> str:
    """A password that is long enough, and not too long. Raises ConfigError."""
    if not SHORTEST <= len(_composed(password)) <= LONGEST:
        raise ConfigError(PASSWORD_RULE)
    return password


def hash_password(password: str) -> str:
    """Argon2id's hash, with its salt and parameters."""
    return _hasher().hash(_composed(password))


def is_password(kept: str | None, password: str) -> bool:
    """Whether a password is the one kept; with nothing kept it takes as long to say no."""
    try:
        _hasher().verify(kept or _nobodys(), _composed(password))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def needs_rehash(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(kept)


def make_token() -> str:
    """A new token: shown once, kept as its hash."""
    return TOKEN_START + secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """A token as the store keeps it. No salt and no stretching, for it is 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _composed(password: str) -> str:
    """So that every keyboard's spelling of a character is one."""
    return unicodedata.normalize("NFKC", password)


@cache
def _hasher() -> PasswordHasher:
    # The library's own parameters: RFC 9106's for little memory, 64 MiB and some 50 ms.
    return PasswordHasher()


@cache
def _nobodys() -> str:
    """The hash of a password that nobody knows."""
    return _hasher().hash(secrets.token_urlsafe(32))
