"""Signing in and out, sessions, the people page and the commands for people."""

from __future__ import annotations

import io
import multiprocessing
import re
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from pipeline import cli
from pipeline.commands.web import users
from pipeline.settings import Settings
from pipeline.store import Store, open_store, password_hash, people, person, set_active, set_password, tokens
from pipeline.web import login, passwords
from pipeline.web.app import make_app
from pipeline.web.context import LOCAL_NAME, Web
from pipeline.web.login import safe_next
from pipeline.web.sessions import ENDED_FILE, KEY_BYTES, KEY_FILE, LIFE, Sessions, load_key
from schemas.errors import ConfigError
from schemas.office import Role
from tests.web import ADDRESS, CHEAP, HASH, PASSWORD, Visitor, add_people, opened_web

NAME, ADMIN = "王芳", "管理员"

TOKEN = re.compile(r"kuohao_[\w-]{43}")


class Clock:
    """The store's clock, which goes on when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 20, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed at once here, but where a test is about just that."""
    monkeypatch.setattr(passwords, "_hasher", lambda: CHEAP)


@pytest.fixture
def clock() -> Clock:
    """The time at the store."""
    return Clock()


@pytest.fixture
def web(tmp_path: Path, clock: Clock) -> Iterator[Web]:
    """An office with an administrator and a reviewer."""
    store = open_store(Settings(home=tmp_path / "办公室").database_url, clock=clock)
    add_people(store, ADMIN, NAME)
    with opened_web(tmp_path, store=store) as opened:
        yield opened
    store.close()


@pytest.fixture
def visitor(web: Web) -> Visitor:
    """A browser in which nobody has signed in."""
    return Visitor(web)


def is_in(visitor: Visitor, name: str = NAME) -> bool:
    """Whether a page opens, and as whose."""
    answer = visitor.get("/no-such-page/", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    return visitor.get("/history").status_code != 303


def test_name_and_password_open_the_pages(visitor: Visitor) -> None:
    """And nothing else does."""
    assert not is_in(visitor)
    answer = visitor.sign_in(NAME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert is_in(visitor)


def test_a_name_is_the_same_however_it_is_typed(visitor: Visitor) -> None:
    """Spaces around it and full-width letters are the keyboard's doing."""
    visitor.sign_in(f"  {NAME} ")
    assert is_in(visitor)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (NAME, "wrong password"),
        (NAME, ""),
        (NAME, PASSWORD[:-1]),
        ("没有此人", PASSWORD),
        ("", ""),
        ("\0", PASSWORD),
        ("王" * 200, PASSWORD),
    ],
)
def test_anything_else_is_refused_in_the_same_words(visitor: Visitor, name: str, password: str) -> None:
    """Whether there is such a person cannot be told from the answer."""
    answer = visitor.sign_in(name, password)
    assert answer.status_code == 401
    assert login.WRONG in answer.text
    assert not is_in(visitor)


@pytest.mark.parametrize("name", [NAME, "没有此人", "停用的人"])
def test_a_wrong_name_takes_as_long_as_a_wrong_password(web: Web, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The same work is done for people who are not, are no more, and are."""
    add_people(web.store, "停用的人")
    set_active(web.store, "停用的人", False)
    checked: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, kept: str, password: str) -> bool:
        checked.append(kept.rpartition("$")[0].rpartition("$")[0])
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert Visitor(web).sign_in(name, "wrong password").status_code == 401
    assert checked == [HASH.rpartition("$")[0].rpartition("$")[0]]


def test_a_password_too_long_to_be_one_is_refused(visitor: Visitor) -> None:
    """A megabyte of it is not hashed."""
    assert visitor.sign_in(NAME, "a" * 100_000).status_code == 422


def test_the_cookie_is_the_browsers_alone(visitor: Visitor, web: Web) -> None:
    """No script sees it, no other site sends it."""
    cookie = visitor.sign_in(NAME).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={LIFE}"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    safe = Visitor(replace(web, secure=True), address="https://127.0.0.1")
    cookie = safe.sign_in(NAME).headers["set-cookie"]
    assert cookie.startswith("__Host-kuohao=")
    assert "Secure" in cookie.split("; ")
    assert "max-age" in safe.get("/login").headers["Strict-Transport-Security"]


def test_signing_in_begins_a_new_session(visitor: Visitor) -> None:
    """What somebody may have put into the browser before is worth nothing afterwards."""
    token = visitor.token()
    before = dict(visitor.cookies)
    visitor.sign_in(NAME)
    assert visitor.token() != token
    assert dict(visitor.cookies) != before
    visitor.cookies.clear()
    visitor.cookies.update(before)
    assert not is_in(visitor)


def test_signing_in_over_a_session_ends_it(visitor: Visitor) -> None:
    """A browser has one session at a time; the one before does not live on in a copy."""
    visitor.sign_in(NAME)
    copy = dict(visitor.cookies)
    token = visitor.token("/history")
    form = {"csrf": token, "name": ADMIN, "password": PASSWORD}
    assert visitor.client.post("/login", data=form).status_code == 303
    thief = Visitor(visitor.app)
    thief.cookies.update(copy)
    assert not is_in(thief)


def test_visitors_leave_nothing_on_the_server(web: Web, visitor: Visitor) -> None:
    """Whoever comes and goes a thousand times without a password fills no disk."""
    visitor.submit("/logout")
    assert not (web.home / ENDED_FILE).exists()


def test_logging_out_ends_the_session_for_good(web: Web, visitor: Visitor) -> None:
    """A copy of the cookie opens nothing, after a restart of the server neither."""
    visitor.sign_in(NAME)
    copy = dict(visitor.cookies)
    assert visitor.submit("/logout").headers["location"] == "/login"
    assert not is_in(visitor)
    for server in (visitor.app, make_app(web)):
        thief = Visitor(server)
        thief.cookies.update(copy)
        assert not is_in(thief)


def test_logging_out_leaves_other_browsers_alone(web: Web) -> None:
    """The office's computer and the tablet are two sessions."""
    app = make_app(web)
    office, tablet = Visitor(app), Visitor(app)
    office.sign_in(NAME)
    tablet.sign_in(NAME)
    office.submit("/logout")
    assert is_in(tablet)


def test_a_new_password_ends_all_sessions(web: Web, visitor: Visitor) -> None:
    """Whoever knew the old one is out."""
    visitor.sign_in(NAME)
    set_password(web.store, NAME, HASH)
    assert not is_in(visitor)


def test_removal_ends_all_sessions_and_coming_back_revives_none(web: Web, visitor: Visitor) -> None:
    """A session is not asleep."""
    visitor.sign_in(NAME)
    set_active(web.store, NAME, False)
    assert not is_in(visitor)
    assert visitor.sign_in(NAME).status_code == 401
    set_active(web.store, NAME, True)
    assert not is_in(visitor)
    visitor.sign_in(NAME)
    assert is_in(visitor)


def test_a_session_ends_by_itself(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a working day the password is asked for again."""
    visitor.sign_in(NAME)
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + LIFE - 60)
    assert is_in(visitor)
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + LIFE + 60)
    assert not is_in(visitor)


def test_no_cookie_can_be_made_without_the_key(web: Web, visitor: Visitor, tmp_path: Path) -> None:
    """Another office's cookie, a changed one, or nonsense."""
    visitor.sign_in(NAME)
    real = visitor.cookies["kuohao"]
    known = person(web.store, NAME)
    assert known is not None
    other = Sessions(tmp_path / "elsewhere")
    forged = other.seal(other.begin(NAME, known.generation))
    for cookie in (forged, real[:-2] + "xx", real.replace(".", ",", 1), "", "a.b.c", "W10.aaaa.bbbb", real + "A" * 5000):
        thief = Visitor(visitor.app)
        thief.cookies.set("kuohao", cookie)
        assert not is_in(thief), cookie


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    """And stays the same from start to start."""
    key = load_key(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    (tmp_path / KEY_FILE).chmod(0o644)
    assert load_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert len(key) == KEY_BYTES


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    """The first that made it made it for all."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(load_key, [tmp_path] * 16))) == 1
    for number in range(20):
        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(load_key, [tmp_path / str(number)] * 8))) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [KEY_FILE]


def test_a_damaged_key_is_a_wrong_setting(tmp_path: Path) -> None:
    """Better none than one that somebody may guess."""
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(ConfigError):
        load_key(tmp_path)


def fail(visitor: Visitor, times: int, name: str = NAME) -> list[int]:
    """Try with a wrong password; the statuses."""
    return [visitor.sign_in(name, "wrong password").status_code for _ in range(times)]


def test_after_some_failures_a_name_waits_and_longer_after_more(visitor: Visitor, clock: Clock) -> None:
    """Five in a minute, ten in a quarter of an hour: then even the right password must wait."""
    assert fail(visitor, 6) == [401] * 5 + [429]
    answer = visitor.sign_in(NAME)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    clock.go_on(61)
    assert fail(visitor, 6) == [401] * 5 + [429]
    clock.go_on(61)
    answer = visitor.sign_in(NAME)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    clock.go_on(900)
    assert visitor.sign_in(NAME).status_code == 303


def test_names_are_not_tried_one_after_the_other(visitor: Visitor) -> None:
    """An address waits as a name does, though not for one colleague's slips."""
    most = login.ADDRESS_LIMITS[0][1]
    assert [visitor.sign_in(f"某人{turn}", "wrong password").status_code for turn in range(most + 1)] == [401] * most + [429]
    assert visitor.sign_in(NAME).status_code == 429


def test_a_header_does_not_change_ones_address(visitor: Visitor) -> None:
    """Whoever sends X-Forwarded-For is still whoever sends it."""
    for turn in range(login.ADDRESS_LIMITS[0][1]):
        visitor.client.headers["X-Forwarded-For"] = f"10.0.0.{turn}"
        visitor.sign_in(f"某人{turn}", "wrong password")
    visitor.client.headers["X-Forwarded-For"] = "10.0.0.99"
    assert visitor.sign_in("另一人", "wrong password").status_code == 429


def test_signing_in_again_after_a_slip_is_no_failure(visitor: Visitor) -> None:
    """Four slips and the right password, again and again, as people are."""
    for _ in range(2):
        fail(visitor, 2)
        assert visitor.sign_in(NAME).status_code == 303
        visitor.submit("/logout")


def test_a_hash_of_old_parameters_is_made_anew(web: Web, visitor: Visitor) -> None:
    """At the next login, and the session that begins with it holds."""
    set_password(web.store, NAME, PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD))
    visitor.sign_in(NAME)
    kept = password_hash(web.store, NAME)
    assert kept is not None
    assert not passwords.needs_rehash(kept)
    assert is_in(visitor)


NEXT = [
    ("/queue", "/queue"),
    ("/returns/12-1?view=open&sort=unit", "/returns/12-1?view=open&sort=unit"),
    ("/units/修武县", "/units/%E4%BF%AE%E6%AD%A6%E5%8E%BF"),
    ("https://evil.example/", "/"),
    ("//evil.example/", "/"),
    ("///evil.example/", "/"),
    ("/queue#/../..//evil.example", "/queue"),
    ("/\\evil.example", "/"),
    ("\\\\evil.example", "/"),
    ("/%5cevil.example", "/%5cevil.example"),
    ("/\t/evil.example", "/"),
    ("\t//evil.example", "/"),
    ("/\n/evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("evil.example", "/"),
    ("http:evil.example", "/"),
    ("http:///evil.example", "/"),
    ("//[::1", "/"),
    ("/queue\r\nSet-Cookie: a=b", "/"),
    ("", "/"),
]


@pytest.mark.parametrize(("address", "safe"), NEXT)
def test_signing_in_leads_to_this_server_alone(visitor: Visitor, address: str, safe: str) -> None:
    """Where somebody else's link would have it lead, it leads to the first page."""
    assert safe_next(address) == safe
    assert visitor.sign_in(NAME, next=address).headers["location"] == safe


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%\t\n\r evilhttps"), max_size=30) | st.text(max_size=30))
def test_no_address_leads_elsewhere(address: str) -> None:
    """As a browser would take it: the same host, whatever was asked for."""
    there = urlsplit(urljoin(ADDRESS, safe_next(address).replace("\\", "/")))
    assert f"{there.scheme}://{there.netloc}" == ADDRESS


def test_a_page_comes_back_after_signing_in(visitor: Visitor) -> None:
    """With what was searched for."""
    there = visitor.get("/queue?search=修武").headers["location"]
    page = visitor.get(there)
    # The first is the language switch's.
    *_, after = re.findall(r'name="next" value="([^"]+)"', page.text)
    assert visitor.sign_in(NAME, next=after).headers["location"] == "/queue?search=%E4%BF%AE%E6%AD%A6"


def test_reviewers_do_not_see_people(visitor: Visitor) -> None:
    """Nor change them."""
    visitor.sign_in(NAME)
    assert visitor.get("/people").status_code == 403
    answer = visitor.client.post(
        "/people/add",
        data={"csrf": visitor.token("/history"), "name": "新人", "password": PASSWORD, "again": PASSWORD, "role": "admin"},
    )
    assert answer.status_code == 403


def test_administrators_make_people(web: Web, visitor: Visitor) -> None:
    """Who then sign in, with the role they were given."""
    visitor.sign_in(ADMIN)
    answer = visitor.submit("/people/add", name=" 李  强 ", password=PASSWORD, again=PASSWORD, role="reviewer")
    assert answer.status_code == 303
    made = person(web.store, "李 强")
    assert made is not None
    assert made.role is Role.REVIEWER
    new = Visitor(visitor.app)
    assert new.sign_in("李 强").status_code == 303


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": ""}, passwords.NAME_RULE),
        ({"name": "a/b"}, passwords.NAME_RULE),
        ({"name": "<b>"}, passwords.NAME_RULE),
        ({"name": "a" * 41}, passwords.NAME_RULE),
        ({"password": "short", "again": "short"}, passwords.PASSWORD_RULE),
        ({"password": "a" * 257, "again": "a" * 257}, passwords.PASSWORD_RULE),
        ({"again": "another password"}, passwords.DIFFERENT),
    ],
)
def test_what_is_wrong_with_a_new_person_is_told(web: Web, visitor: Visitor, given: dict[str, str], told: str) -> None:
    """And nobody is made."""
    visitor.sign_in(ADMIN)
    fields = {"name": "新人", "password": PASSWORD, "again": PASSWORD, "role": "reviewer"} | given
    answer = visitor.submit("/people/add", **fields)
    assert answer.status_code == 422
    assert told in answer.text
    assert len(people(web.store)) == 2


def test_a_name_is_taken_once(web: Web, visitor: Visitor) -> None:
    """A second person of the name is refused, and the first keeps the password."""
    visitor.sign_in(ADMIN)
    other = "another password"
    answer = visitor.submit("/people/add", name=NAME, password=other, again=other, role="admin")
    assert answer.status_code == 422
    assert password_hash(web.store, NAME) == HASH


def test_administrators_set_passwords(visitor: Visitor) -> None:
    """The old one is worth nothing; whoever sets their own stays signed in."""
    visitor.sign_in(ADMIN)
    new = "a new password"
    for name in (NAME, ADMIN):
        assert visitor.submit("/people/password", name=name, password=new, again=new).status_code == 303
        assert visitor.get("/people").status_code == 200
        fresh = Visitor(visitor.app)
        assert fresh.sign_in(name).status_code == 401
        assert fresh.sign_in(name, new).status_code == 303
    assert visitor.submit("/people/password", name="没有此人", password=new, again=new).status_code == 404


def test_the_last_administrator_stays(web: Web, visitor: Visitor) -> None:
    """Or nobody could let anybody in."""
    visitor.sign_in(ADMIN)
    assert visitor.submit("/people/active", name=ADMIN, active=False).status_code == 422
    assert visitor.submit("/people/active", name=NAME, active=False).status_code == 303
    known = person(web.store, NAME)
    assert known is not None
    assert not known.active


def test_the_first_person_closes_the_door_behind_them(tmp_path: Path) -> None:
    """An administrator whatever was asked for, signed in at once; from then on others sign in."""
    with opened_web(tmp_path) as web:
        app = make_app(web)
        first, other = Visitor(app), Visitor(app)
        assert other.get("/people").status_code == 200
        first.submit("/people/add", name=NAME, password=PASSWORD, again=PASSWORD, role="reviewer")
        assert first.get("/people").status_code == 200
        assert other.get("/people").status_code == 303
        assert [one.role for one in people(web.store)] == [Role.ADMIN]


def test_without_users_it_is_this_computers(tmp_path: Path) -> None:
    """Nobody signs in, and the pages say who is at work."""
    with opened_web(tmp_path) as web:
        visitor = Visitor(web)
        assert visitor.get("/login").headers["location"] == "/"
        assert LOCAL_NAME in visitor.get("/people").text


def test_tokens_are_shown_once_and_kept_as_hashes(web: Web, visitor: Visitor) -> None:
    """They open the API until they are revoked, and with their owner's removal."""
    visitor.sign_in(ADMIN)
    page = visitor.submit("/people/tokens", name=NAME, label="报表程序")
    found = TOKEN.search(page.text)
    assert found is not None
    token = found[0]
    assert page.headers["Cache-Control"] == "no-store"
    assert token not in visitor.get("/people").text
    (kept,) = tokens(web.store)
    assert (kept.name, kept.label) == (NAME, "报表程序")
    assert token.encode() not in (web.home / "kuohao.db").read_bytes()
    assert asked(visitor, token) == 200
    set_active(web.store, NAME, False)
    assert asked(visitor, token) == 401
    set_active(web.store, NAME, True)
    assert visitor.submit("/people/tokens/revoke", token=kept.id).status_code == 303
    assert asked(visitor, token) == 401
    assert visitor.submit("/people/tokens/revoke", token=999).status_code == 404


def asked(visitor: Visitor, token: str) -> int:
    """What the API answers a program, even one that sends somebody's cookie along."""
    answer: httpx.Response = visitor.client.get("/api/returns", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


@pytest.mark.parametrize("given", ["Bearer", "Bearer ", "Bearer x", "Basic eDp4", "", "Bearer kuohao_" + "a" * 43])
def test_a_wrong_token_is_worse_than_none(visitor: Visitor, given: str) -> None:
    """It is not made good by a cookie."""
    visitor.sign_in(ADMIN)
    assert visitor.client.get("/api/returns").status_code == 200
    assert visitor.client.get("/api/returns", headers={"Authorization": given}).status_code == 401


def test_the_language_is_kept(visitor: Visitor) -> None:
    """English by the switch, on the page where it was used."""
    answer = visitor.submit("/language", lang="en", next="/login")
    assert answer.headers["location"] == "/login"
    assert "Sign in" in visitor.get("/login").text
    assert visitor.submit("/language", lang="fr").status_code == 422


def command(monkeypatch: pytest.MonkeyPatch, home: Path, *words: str, given: str = "") -> int:
    """Run a command of `kuohao users` with this input; its exit code."""
    monkeypatch.setattr("sys.argv", ["kuohao", "users", *words, "--home", str(home)])
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The store of a home folder in which commands work."""
    opened = open_store(Settings(home=tmp_path).database_url)
    yield opened
    opened.close()


def test_people_by_command(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Added, listed, given a token, removed; no password and no hash is ever printed."""
    assert command(monkeypatch, tmp_path, "add", NAME, "--admin", given=f"{PASSWORD}\n") == 0
    (made,) = people(store)
    assert (made.name, made.role) == (NAME, Role.ADMIN)
    assert passwords.is_password(password_hash(store, NAME), PASSWORD)
    assert command(monkeypatch, tmp_path, "password", NAME, given="a new password\n") == 0
    assert passwords.is_password(password_hash(store, NAME), "a new password")
    assert command(monkeypatch, tmp_path, "token", NAME, "--label", "报表程序") == 0
    (kept,) = tokens(store)
    assert command(monkeypatch, tmp_path, "list") == 0
    assert command(monkeypatch, tmp_path, "revoke", str(kept.id)) == 0
    assert command(monkeypatch, tmp_path, "remove", NAME) == 0
    assert [one.active for one in people(store)] == [False]
    printed = capsys.readouterr().out
    assert len(TOKEN.findall(printed)) == 1
    assert NAME in printed
    assert PASSWORD not in printed
    assert "argon2" not in printed


def test_every_command_for_people_shows_an_example() -> None:
    """As all commands do."""
    shown = {command.name: str(command.epilog) for command in users.registered_commands}
    assert set(shown) == {"add", "list", "password", "remove", "token", "revoke"}
    assert all(example.startswith(f"Example: kuohao users {name}") for name, example in shown.items())


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (("add", "新人"), "short\n"),
        (("add", "新人"), ""),
        (("add", "a/b"), f"{PASSWORD}\n"),
        (("add", NAME), f"{PASSWORD}\n"),
        (("password", "没有此人"), f"{PASSWORD}\n"),
        (("password", NAME), "short\n"),
        (("remove", "没有此人"), ""),
        (("token", "没有此人", "--label", "x"), ""),
        (("token", NAME, "--label", " "), ""),
        (("revoke", "7"), ""),
    ],
)
def test_wrong_commands_change_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], typed: str
) -> None:
    """Exit code 2 and a sentence."""
    add_people(store, NAME)
    assert command(monkeypatch, tmp_path, *words, given=typed) == 2
    assert [one.name for one in people(store)] == [NAME]
    assert password_hash(store, NAME) == HASH


def test_at_a_terminal_the_password_is_asked_for_twice(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unseen; two that differ are refused."""
    typed = iter([PASSWORD, "another one", PASSWORD, PASSWORD])
    monkeypatch.setattr("pipeline.commands.web.getpass", lambda _: next(typed))

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    for code in (2, 0):
        monkeypatch.setattr("sys.argv", ["kuohao", "users", "add", NAME, "--home", str(tmp_path)])
        try:
            cli.main()
        except SystemExit as end:
            assert int(end.code or 0) == code  # noqa: PT017  # the way in which commands tell their exit code
    assert len(people(store)) == 1
