"""The API against a real store: what its description allows, and more, is answered without a server error."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.schemas import OpenApiSchema
from starlette.testclient import TestClient

from pipeline.office.archive import Archive
from pipeline.settings import Settings
from pipeline.store import Store, View, add_person, add_token, list_returns, open_store, revoke_token
from pipeline.web.api.routes import router
from pipeline.web.app import make_app
from pipeline.web.context import LOOPBACK_NAMES, Web
from pipeline.web.images import Pictures
from schemas.office import Role
from schemas.reading import Reading
from tests.conftest import sorted_files
from tests.filled import fill_office

PROGRAM = {"X-Requested-With": "test"}
"""What a program says that has no token, where there are no users."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with some returns, which no test changes."""
    home = tmp_path_factory.mktemp("home")
    opened = open_store(Settings(home=home).database_url)
    fill_office(opened, home, units=8, originals=False)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(store: Store, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The server's app in this process."""
    return _app(store, tmp_path_factory.mktemp("office"))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """A program on this computer."""
    return TestClient(app, base_url="http://127.0.0.1", headers=PROGRAM)


@pytest.fixture(scope="module")
def api(app: FastAPI) -> OpenApiSchema:
    """The API by its own description."""
    return schemathesis.openapi.from_asgi("/api/openapi.json", app)


OPERATIONS = sorted(
    (method, route.path)
    for route in router.routes
    if isinstance(route, APIRoute) and route.include_in_schema
    for method in route.methods or ()
)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_asked_is_answered_as_described(api: OpenApiSchema, method: str, path: str) -> None:
    @settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=api[path][method].as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=PROGRAM)

    ask()


def test_pages_of_a_list_are_the_list(client: TestClient, store: Store) -> None:
    whole = client.get("/api/returns", params={"limit": 200}).json()
    parts = [client.get("/api/returns", params={"limit": 3, "offset": at}).json() for at in range(0, whole["total"], 3)]
    assert [item for part in parts for item in part["items"]] == whole["items"]
    assert whole["total"] == list_returns(store, view=View.ALL).total > 0


def test_return_has_the_contracts_fields(client: TestClient) -> None:
    first = client.get("/api/returns", params={"limit": 1}).json()["items"][0]
    whole = client.get(f"/api/returns/{first['id']}").json()
    assert Reading.model_validate(whole["reading"]).slots
    assert whole["summary"] == first


def test_open_slots_are_open(client: TestClient) -> None:
    found = client.get("/api/slots", params={"open": True, "limit": 200}).json()
    assert found["total"] > 0
    assert all(item["open"] for item in found["items"])


@pytest.mark.parametrize("id", ["999-1", "1-99"])
def test_unknown_return_is_404(client: TestClient, id: str) -> None:
    assert client.get(f"/api/returns/{id}").status_code == 404


@pytest.mark.parametrize("name", ["kuohao.db", "../kuohao.db", "..%2Fkuohao.db", "/etc/passwd"])
def test_only_tables_are_exported(client: TestClient, name: str) -> None:
    assert client.get(f"/api/exports/{name}").status_code == 404


def test_every_listed_table_can_be_had(client: TestClient) -> None:
    for item in client.get("/api/exports").json():
        answer = client.get(item["href"])
        assert answer.status_code == 200
        assert answer.content


def test_token_opens_and_revoked_one_does_not(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path).database_url)
    add_person(store, "王芳", "no hash", Role.REVIEWER)
    key = add_token(store, "王芳", "报表程序", hashlib.sha256(b"a token").hexdigest())
    client = TestClient(_app(store, tmp_path), base_url="http://127.0.0.1")
    headers = {"Authorization": "Bearer a token"}
    assert client.get("/api/returns").status_code == 401
    assert client.get("/api/returns", headers=headers).status_code == 200
    revoke_token(store, key)
    assert client.get("/api/returns", headers=headers).status_code == 401
    store.close()


def test_original_is_saved_and_never_opened(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path).database_url)
    fill_office(store, tmp_path, units=3)
    client = TestClient(_app(store, tmp_path), base_url="http://127.0.0.1")
    answer = client.get("/returns/1-1/original")
    store.close()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content in [path.read_bytes() for path in (tmp_path / "archive").rglob("*.png")]


def test_original_of_another_machine_is_saved_and_not_kept(tmp_path: Path) -> None:
    """A server without it brings it from the address that machines share, sends all of it, and has no more than before."""
    store = open_store(Settings(home=tmp_path).database_url)
    fill_office(store, tmp_path, units=1)
    server = tmp_path / "server"
    server.mkdir()
    client = TestClient(_app(store, server, f"file://{tmp_path / 'archive'}"), base_url="http://127.0.0.1")
    answer = client.get("/returns/1-1/original")
    store.close()
    assert answer.content in [path.read_bytes() for path in (tmp_path / "archive").rglob("*.png")]
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert sorted_files(server / "archive") == []


def _app(store: Store, home: Path, originals: str = "") -> FastAPI:
    inbox = home / "收件"
    inbox.mkdir()
    pictures = Pictures(Archive(home), home / "cache")
    # What schemathesis calls an app that it asks in process.
    web = Web(store, Settings(home=home, originals=originals), inbox, home, pictures, names=LOOPBACK_NAMES | {"testserver"})
    return make_app(web)
