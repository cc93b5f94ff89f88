"""A browser without a window, for tests of the review pages: it keeps cookies and sends each page's token back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient

from pipeline.office.archive import Archive
from pipeline.settings import Settings
from pipeline.store import Store, add_person, open_store
from pipeline.web.app import make_app
from pipeline.web.context import Web
from pipeline.web.images import Pictures
from schemas.office import Role

ADDRESS = "http://127.0.0.1:8560"

PASSWORD = "正确的密码 correct"

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes at once what takes its time on purpose."""

HASH = CHEAP.hash(PASSWORD)

TOKEN = re.compile(r'<meta name="csrf" content="([0-9a-f]+)">')


@contextmanager
def opened_web(folder: Path, *, store: Store | None = None, local: bool = True, secure: bool = False) -> Iterator[Web]:
    """An office in a folder with an empty store, or this one."""
    home, inbox = folder / "办公室", folder / "收件"
    inbox.mkdir(exist_ok=True)
    settings = Settings(home=home)
    held = store or open_store(settings.database_url, pauses=())
    pictures = Pictures(Archive(home), home / "cache")
    try:
        yield Web(held, settings, inbox, home, pictures, local=local, secure=secure)
    finally:
        pictures.close()
        if store is None:
            held.close()


class Visitor:
    """A person's browser at a server."""

    def __init__(self, web: Web | FastAPI, *, address: str = ADDRESS) -> None:
        self.app = web if isinstance(web, FastAPI) else make_app(web)
        self.client = TestClient(self.app, base_url=address, follow_redirects=False, headers={"Accept": "text/html"})

    @property
    def cookies(self) -> httpx.Cookies:
        """What the browser keeps."""
        cookies: httpx.Cookies = self.client.cookies
        return cookies

    def get(self, address: str, **options: object) -> httpx.Response:
        """Open a page."""
        answer: httpx.Response = self.client.get(address, **options)
        return answer

    def token(self, address: str = "/people") -> str:
        """The token in a page: the login page's where the browser is sent there."""
        answer = self.client.get(address, follow_redirects=True)
        found = TOKEN.search(answer.text)
        assert found is not None, answer.text
        return found[1]

    def submit(self, address: str, **fields: object) -> httpx.Response:
        """Send a form, as its page would."""
        form = {"csrf": self.token()} | {key: str(value) for key, value in fields.items()}
        answer: httpx.Response = self.client.post(address, data=form)
        return answer

    def ask(self, address: str, data: object) -> httpx.Response:
        """Send JSON, as a page's script would."""
        headers = {"X-CSRF-Token": self.token(), "Accept": "application/json"}
        answer: httpx.Response = self.client.post(address, json=data, headers=headers)
        return answer

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Sign in."""
        return self.submit("/login", name=name, password=password, **fields)


def add_people(store: Store, *names: str) -> None:
    """People with PASSWORD: the first is an administrator."""
    for place, name in enumerate(names):
        add_person(store, name, HASH, Role.REVIEWER if place else Role.ADMIN)
