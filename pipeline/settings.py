"""Settings, read once: from options, else from the environment (KUOHAO_HOME, KUOHAO_DATABASE, …), else as written here."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.logs import LogFormat
from schemas.errors import ConfigError

DATABASES = ("sqlite:///", "postgresql+psycopg://")


class Polling(StrEnum):
    """Whether an inbox is looked through again and again instead of waiting for the system to tell of changes."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Settings(BaseSettings):
    """What may differ from office to office."""

    model_config = SettingsConfigDict(env_prefix="KUOHAO_", frozen=True)

    home: Path = Path("output")
    """Where originals and the store lie: a local disk, for SQLite's journal needs one."""
    database: str = ""
    """The store's URL; a file in the home folder where it is empty."""
    still_seconds: float = Field(default=3.0, ge=0)
    """A file is whole when its size and times have not changed for so long: scanners write page by page."""
    polling: Polling = Polling.AUTO
    rescan_seconds: float = Field(default=60.0, gt=0)
    """How often the whole inbox is looked through, for shares lose events."""
    lease_seconds: float = Field(default=60.0, gt=0)
    """How long a file stays with a process that gives no sign of life; several times the longest pause of a busy machine."""
    originals: str = ""
    """Where several machines keep originals together: file:///folder or s3://bucket/prefix; nowhere if empty."""
    log: LogFormat = LogFormat.TEXT
    """Lines of the log as `text` for people, or as `json` for what collects them."""
    dask: str = ""
    """A Dask scheduler's address, tcp://host:8786: its workers read then, and reach the home folder by the same path."""
    secure_cookies: bool = False
    """Whether browsers come by HTTPS alone, through a proxy before the review pages: cookies are sent no other way then."""
    trusted_proxy: str = ""
    """The address of the proxy before the review pages, whose word is taken for who calls; nobody's where it is empty."""

    @field_validator("database")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(DATABASES):
            raise ValueError
        return url

    @property
    def database_url(self) -> str:
        """The store's URL, with its password: never to be shown."""
        return self.database or f"sqlite:///{self.home.absolute() / 'kuohao.db'}"


def load_settings(**given: object) -> Settings:
    """Settings with these options before the environment's; options that are None were not given.

    Raises ConfigError that names the wrong ones without their values, for a database's URL holds a password.
    """
    try:
        # Without a type checker's plugin, its own keywords seem to be the only ones.
        return Settings(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        names = {f"KUOHAO_{str(problem['loc'][0]).upper()}" for problem in error.errors()}
        raise ConfigError(", ".join(sorted(names))) from None
