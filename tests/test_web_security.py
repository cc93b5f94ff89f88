"""The guard before the review pages: who gets in, from where, with how much; and that pages keep to their own policy."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from pipeline.web import metrics as metrics_module
from pipeline.web.app import make_app
from pipeline.web.context import Web
from pipeline.web.errors import TOLD
from pipeline.web.pages import FOLDER, STATIC
from pipeline.web.security import HEADERS, MAX_BODY, MAX_UPLOAD, SAFE
from pipeline.web.texts import TABLES, english
from schemas.errors import ConfigError, DiskFull, KuohaoError, StoreUnavailable
from tests.web import ADDRESS, Visitor, add_people, opened_web

PUBLIC = {"/login", "/logout", "/language", "/health", "/ready", "/favicon.ico", "/api/openapi.json"}
"""What is answered to anybody: signing in and out, the language, and what holds nothing of people or units."""

TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))

CHINESE = re.compile(r"[\u4e00-\u9fff]")

SHELL = ("errors", "login", "people", "passwords", "security", "uploads")
"""Modules all of whose Chinese is said to people."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """An office without users."""
    with opened_web(tmp_path) as opened:
        yield opened


@pytest.fixture
def visitor(web: Web) -> Visitor:
    """A browser on the same computer."""
    return Visitor(web)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """A server with users, which no test changes."""
    with opened_web(tmp_path_factory.mktemp("web")) as opened:
        add_people(opened.store, "管理员")
        yield make_app(opened)


def routes(app: FastAPI, *, safe: bool) -> list[tuple[str, str]]:
    """Method and a path for each route, its places filled in."""
    found = []
    for route in iter_route_contexts(app.routes):
        path = re.sub(r"\{[^}]+\}", "1", route.path or "")
        found += [(method, path) for method in sorted(route.methods or ()) if (method in SAFE) is safe]
    return found


def test_the_walk_over_routes_finds_them(app: FastAPI) -> None:
    """Pages of every part and what they send are among them; an empty walk would pass everything."""
    assert {"/", "/queue", "/people", "/login"} <= {path for _, path in routes(app, safe=True)}
    assert {"/login", "/uploads", "/undo", "/collection"} <= {path for _, path in routes(app, safe=False)}


def test_unsafe_requests_without_a_token_are_refused(app: FastAPI) -> None:
    """Whatever changes something needs a page's token, with or without a body, known or not."""
    visitor = Visitor(app)
    visitor.token()
    for method, path in [*routes(app, safe=False), ("POST", "/no-such-page"), ("DELETE", "/queue")]:
        bodies: tuple[dict[str, Any], ...] = (
            {},
            {"json": {}},
            {"data": {"a": "b"}},
            {"data": {"csrf": "0" * 64}},
            {"files": {"f": b"x"}},
        )
        for given in bodies:
            answer = visitor.client.request(method, path, **given)
            assert answer.status_code == 403, (method, path, given)


def test_a_token_of_another_visit_is_refused(web: Web) -> None:
    """A token is worth nothing with another browser's cookie."""
    app = make_app(web)
    one, other = Visitor(app), Visitor(app)
    token = one.token()
    other.token()
    assert one.client.post("/language", data={"csrf": token, "lang": "en"}).status_code == 303
    assert other.client.post("/language", data={"csrf": token, "lang": "en"}).status_code == 403


def test_the_token_may_come_as_header_or_in_any_kind_of_form(visitor: Visitor) -> None:
    """Scripts send it as a header, plain forms in a field."""
    token = visitor.token()
    assert visitor.client.post("/language", data={"lang": "en"}, headers={"X-CSRF-Token": token}).status_code == 303
    assert visitor.client.post("/language", data={"lang": "en", "csrf": token}).status_code == 303
    parts = {"lang": (None, "en"), "csrf": (None, token)}
    assert visitor.client.post("/language", files=parts).status_code == 303


def test_pages_need_signing_in_when_there_are_users(app: FastAPI) -> None:
    """Every page but a short list leads to the login page; programs get 401."""
    visitor = Visitor(app)
    for method, path in routes(app, safe=True):
        if path in PUBLIC:
            continue
        answer = visitor.client.request(method, path)
        if path.startswith("/api/"):
            assert answer.status_code == 401, path
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/login"), path


def test_changes_need_signing_in_when_there_are_users(app: FastAPI) -> None:
    """A token of a visitor's page is not enough to change anything."""
    visitor = Visitor(app)
    headers = {"X-CSRF-Token": visitor.token(), "Accept": "application/json"}
    for method, path in routes(app, safe=False):
        if path not in PUBLIC:
            body: dict[str, Any] = {"files": {"files": ("a.pdf", b"%PDF-")}} if "uploads" in path else {"json": {}}
            answer = visitor.client.request(method, path, headers=headers, **body)
            assert answer.status_code in {401, 422}, (method, path)
            assert answer.status_code == 401 or "detail" in answer.json(), (method, path)


@pytest.mark.parametrize("path", ["/login", "/no-such-page", "/static/css/base.css", "/health", "/api/openapi.json", "/"])
def test_every_answer_carries_the_policy(app: FastAPI, path: str) -> None:
    """Pages, files, redirects and errors alike; nothing inline is allowed."""
    answer = Visitor(app).get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "server" not in answer.headers


def test_pages_are_not_kept_by_browsers(visitor: Visitor) -> None:
    """A page shows people's data: the next one at this computer does not find it in the cache."""
    assert visitor.get("/people").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": ADDRESS, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_other_sites_change_nothing(visitor: Visitor, headers: dict[str, str]) -> None:
    """Another site's page is refused even with the right token."""
    headers = {"X-CSRF-Token": visitor.token()} | headers
    assert visitor.client.post("/language", data={"lang": "en"}, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [{"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}])
def test_our_own_pages_change_things(visitor: Visitor, headers: dict[str, str]) -> None:
    """What our own pages send is taken."""
    headers = {"X-CSRF-Token": visitor.token()} | headers
    assert visitor.client.post("/language", data={"lang": "en"}, headers=headers).status_code == 303


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8560", 303),
        ("localhost:8560", 303),
        ("LOCALHOST", 303),
        ("[::1]:8560", 303),
        ("evil.example", 400),
        ("127.0.0.1.evil.example:8560", 400),
        ("[::1].evil.example", 400),
        ("localhost@evil.example", 400),
        ("", 400),
    ],
)
def test_loopback_goes_by_its_own_names_alone(visitor: Visitor, host: str, status: int) -> None:
    """A name that somebody's DNS leads to this computer opens nothing: its pages would share our origin."""
    assert visitor.get("/login", headers={"Host": host}).status_code == status


def test_without_users_only_a_server_on_loopback_lets_in(tmp_path: Path) -> None:
    """Should the last line of defence be the first that holds: no users and another host is nobody's."""
    with opened_web(tmp_path, local=False) as web:
        visitor = Visitor(web, address="http://office.example")
        assert visitor.get("/people").headers["location"].startswith("/login")
        assert "kuohao users add" in visitor.get("/login").text


@pytest.mark.parametrize(("path", "most"), [("/language", MAX_BODY), ("/no-such-page", MAX_BODY), ("/uploads", MAX_UPLOAD)])
def test_too_much_is_refused_before_it_is_read(visitor: Visitor, path: str, most: int) -> None:
    """The length that a request announces is enough to refuse it."""
    headers = {"Content-Length": str(most + 1), "X-CSRF-Token": visitor.token()}
    assert visitor.client.post(path, content=iter([b""]), headers=headers).status_code == 413


def test_too_much_is_refused_where_no_length_was_told(visitor: Visitor) -> None:
    """A body in chunks is counted as it comes."""
    answer = visitor.client.post("/language", content=iter([b"a" * 100_000] * 11), headers={"X-CSRF-Token": visitor.token()})
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "ten", "1e9", "\u0661"])
def test_a_length_that_is_no_number_is_refused(visitor: Visitor, length: str) -> None:
    """What counts bytes must be digits."""
    headers = {"Content-Length": length.encode(), "X-CSRF-Token": visitor.token().encode()}
    assert visitor.client.post("/language", content=iter([b""]), headers=headers).status_code == 413


def test_errors_are_pages_for_people_and_json_for_programs(visitor: Visitor) -> None:
    """Chinese, or English where that was chosen; the same words for scripts and for the API."""
    assert TOLD[404][0] in visitor.get("/no-such-page").text
    told = visitor.get("/no-such-page", headers={"Accept": "application/json"}).json()
    assert told == {"detail": TOLD[404][1], "message": TOLD[404][1]}
    assert visitor.get("/api/no-such-thing").json() == told
    visitor.cookies.set("lang", "en")
    assert english()[TOLD[404][0]] in visitor.get("/no-such-page").text


@pytest.mark.parametrize(
    ("error", "status"), [(StoreUnavailable(), 503), (DiskFull(), 507), (ConfigError("x"), 422), (RuntimeError("王芳"), 500)]
)
def test_failures_are_told_with_their_status(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, status: int
) -> None:
    """A store that is away, a full disk, a defect: a page each, and nobody's data in the log."""

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(metrics_module, "people", fail)
    with caplog.at_level(logging.INFO):
        answer = visitor.get("/health")
    assert answer.status_code == status
    assert (TOLD[status][0] if not isinstance(error, KuohaoError) else error.told(chinese=True)) in answer.text
    assert "王芳" not in caplog.text + answer.text
    assert ("RuntimeError" in caplog.text) is (status == 500)


def test_static_files_are_kept_by_version(visitor: Visitor) -> None:
    """A page asks for its style by version, which browsers may keep; unversioned they ask again, and get no bytes."""
    address = re.search(r'href="(/static/css/base\.css\?v=[0-9a-f]+)"', visitor.get("/people").text)
    assert address is not None
    assert "immutable" in visitor.get(address[1]).headers["Cache-Control"]
    plain = visitor.get("/static/css/base.css")
    assert plain.headers["Cache-Control"] == "no-cache"
    again = visitor.get("/static/css/base.css", headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/"]
)
def test_only_static_files_are_served(visitor: Visitor, path: str) -> None:
    """No path leads out of the folder, and none lists it."""
    assert visitor.get(path).status_code == 404


def test_health_holds_nothing_of_anybody(app: FastAPI) -> None:
    """It is answered to anybody, so it says only that all is well."""
    assert set(Visitor(app).get("/health").json()) == {"status", "version"}


def test_the_description_of_the_api_holds_the_api_alone(app: FastAPI) -> None:
    """Pages are for people; their addresses may change."""
    assert all(path.startswith("/api/") for path in Visitor(app).get("/api/openapi.json").json()["paths"])


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_keep_to_the_policy(path: Path) -> None:
    """No style attributes, no handlers, no script in the page, nothing from elsewhere."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"""\sstyle\s*=|\son[a-z]+\s*=\s*["']|javascript:|hx-on|<style""", text, re.IGNORECASE)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text, re.IGNORECASE)
    assert not re.search(r"""(?:src|href|action|hx-get|hx-post)\s*=\s*["'](?:https?:)?//""", text, re.IGNORECASE)


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_styles_load_nothing_from_elsewhere(path: Path) -> None:
    """No import, no font or picture of another host."""
    assert not re.search(r"@import|https?://|url\(\s*['\"]?//", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted((STATIC / "js").rglob("*.js")), ids=lambda path: path.name)
def test_scripts_have_their_words_from_the_page(path: Path) -> None:
    """Comments apart there is no Chinese in them, and nothing that the policy forbids."""
    code = re.sub(r"/\*.*?\*/|^\s*//.*?$|\s//\s.*?$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert not CHINESE.search(code)
    assert not re.search(r"\beval\(|new Function|\.innerHTML\s*=|https?://", code)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_what_templates_say_has_english(path: Path) -> None:
    """Every text in `_("…")`, and no Chinese outside of it but in comments and names of files."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    said = [found[1] or found[2] for found in re.finditer(r"""\b_\(\s*(?:"([^"]*)"|'([^']*)')""", text)]
    assert [one for one in said if one not in english()] == []
    rest = re.sub(r"""\b_\(\s*(?:"[^"]*"|'[^']*')""", "", text).replace('"中文"', "")
    rest = re.sub(r"""["'][^"']*\.(?:xlsx|csv)["']""", "", rest)
    assert not CHINESE.search(rest), CHINESE.findall(rest)


def test_what_code_says_has_english() -> None:
    """Every literal that is translated anywhere, and every Chinese text of the modules that speak to people."""
    missing = set()
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "translate" and len(node.args) > 1:
                missing |= {text for text in _texts(node.args[1]) if text not in english()}
    for name in SHELL:
        tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
        missing |= {text for text in _texts(tree) if CHINESE.search(text) and text not in english()}
    assert missing == set()


def test_tables_of_texts_agree() -> None:
    """A Chinese text has one English, whichever table it stands in, with the same places to fill in."""
    seen: dict[str, str] = {}
    for table in sorted(TABLES.glob("*.json")):
        for chinese, told in json.loads(table.read_text(encoding="utf-8")).items():
            assert seen.setdefault(chinese, told) == told, (table.name, chinese)
            assert set(re.findall(r"\{\w*\}", chinese)) == set(re.findall(r"\{\w*\}", told)), chinese


def _texts(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
