"""The mailbox's settings, from options, else from the environment (KUOHAO_MAIL_HOST, …); the password not from options."""

from __future__ import annotations

import ipaddress
from datetime import date
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import ConfigError


class Security(StrEnum):
    """How the connection is kept from others; plain is for a server on this machine alone."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


PORTS = {Security.TLS: 993, Security.STARTTLS: 143, Security.PLAIN: 143}


class MailSettings(BaseSettings):
    """Where the mail lies, and who may read it."""

    model_config = SettingsConfigDict(env_prefix="KUOHAO_MAIL_", frozen=True)

    host: str = Field(default="", max_length=253)
    user: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    folder: str = "INBOX"
    port: int = Field(default=0, ge=0, le=65535)
    """0 is the usual port of the kind of connection."""
    security: Security = Security.TLS
    ca_file: Path | None = None
    """Certificates to trust besides the system's: those of an office's own mail server."""
    since: date | None = None
    """Older messages are left where they are."""

    @property
    def at_port(self) -> int:
        return self.port or PORTS[self.security]

    @property
    def secret(self) -> str:
        """The password. Raises ConfigError where there is none, or its file cannot be read."""
        if self.password_file is None:
            if not self.password.get_secret_value():
                raise ConfigError("KUOHAO_MAIL_PASSWORD, --password-file")
            return self.password.get_secret_value()
        try:
            text = self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("--password-file") from error
        if not text:
            raise ConfigError("--password-file")
        return text


def load_mail_settings(**given: object) -> MailSettings:
    """Settings with these options before the environment's; options that are None were not given.

    Raises ConfigError that names the wrong ones without their values; for an unencrypted connection to another machine, too.
    """
    try:
        # Without a type checker's plugin, its own keywords seem to be the only ones.
        settings = MailSettings(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        names = {f"KUOHAO_MAIL_{str(problem['loc'][0]).upper()}" for problem in error.errors()}
        raise ConfigError(", ".join(sorted(names))) from None
    missing = [name for name in ("host", "user") if not getattr(settings, name)]
    if missing:
        raise ConfigError(", ".join(f"--{name}" for name in missing))
    if settings.security is Security.PLAIN and not _is_loopback(settings.host):
        raise ConfigError("--security plain")
    return settings


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
