"""Fetching from a real IMAP server: each message once, whatever happens, and nothing told to whom it does not concern."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from threading import Event

import pytest
from pydantic import SecretStr

from pipeline.mail import deliver as delivering
from pipeline.mail import fetch as fetching
from pipeline.mail.attachments import Contents, message_to_contents
from pipeline.mail.fetch import Tally, fetch_mail
from pipeline.mail.record import Record, load_record, mail_folder, save_record
from pipeline.mail.settings import MailSettings, Security, load_mail_settings
from pipeline.store import counts
from schemas.errors import ConfigError, TransientError
from schemas.office import FileState
from tests.conftest import sorted_files
from tests.dovecot import PASSWORD, USER, MailServer
from tests.fakes import Desk, drain
from tests.letters import PDF, SENDER, SUBJECT, letter

ROOT = Path(__file__).parent.parent


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty inbox."""
    folder = tmp_path / "收件"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the office keeps what it knows."""
    return tmp_path / "办公室"


def settings_of(server: MailServer, **given: object) -> MailSettings:
    """The test's mailbox."""
    base: dict[str, object] = {"host": "127.0.0.1", "user": USER, "password": SecretStr(PASSWORD), "port": server.tls}
    return load_mail_settings(**{**base, "ca_file": server.certificate, **given})


def fetch(server: MailServer, inbox: Path, home: Path, **given: object) -> Tally:
    """Fetch once."""
    return fetch_mail(settings_of(server, **given), inbox, home, stop=Event())


def laid(inbox: Path) -> list[str]:
    """The names of the files that lie in an inbox, receipts apart."""
    return [path.name for path in sorted_files(inbox) if path.relative_to(inbox).parts[0] == "邮件"]


def test_each_message_is_fetched_once(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """What has been fetched is not fetched again; what comes later is."""
    mail_server.put(letter({"青禾县.pdf": PDF}), letter({"白石区.pdf": PDF + b"2", "附表.pdf": PDF + b"3"}))
    assert fetch(mail_server, inbox, home) == Tally(messages=2, files=3)
    assert fetch(mail_server, inbox, home) == Tally()
    mail_server.put(letter({"修武县.pdf": PDF + b"4"}))
    assert fetch(mail_server, inbox, home) == Tally(messages=1, files=1)
    assert sorted(laid(inbox)) == ["修武县.pdf", "白石区.pdf", "附表.pdf", "青禾县.pdf"]


def test_a_server_may_number_anew(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """With another UIDVALIDITY, and in another folder, a message is known by its own name."""
    first, second = letter({"青禾县.pdf": PDF}), letter({"白石区.pdf": PDF + b"2"})
    mail_server.put(first)
    fetch(mail_server, inbox, home)
    before = load_record(home)
    # The server takes the second for its UIDVALIDITY.
    time.sleep(1.1)
    mail_server.empty()
    mail_server.put(second, first)
    assert fetch(mail_server, inbox, home) == Tally(messages=1, files=1, known=1)
    assert load_record(home).folders != before.folders
    mail_server.put(first, folder="已处理")
    assert fetch(mail_server, inbox, home, folder="已处理") == Tally(known=1)


def test_one_message_id_twice_is_two_messages(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """A broken program gives all its messages one name: none is lost for that."""
    own = "<broken@example.com>"
    mail_server.put(letter({"青禾县.pdf": PDF}, own_id=own), letter({"白石区.pdf": PDF + b"22"}, own_id=own))
    assert fetch(mail_server, inbox, home).files == 2


@pytest.mark.parametrize("security", list(Security))
def test_every_kind_of_connection(mail_server: MailServer, inbox: Path, home: Path, security: Security) -> None:
    """TLS from the start, STARTTLS, and on this machine none."""
    mail_server.put(letter({"青禾县.pdf": PDF}))
    port = mail_server.tls if security is Security.TLS else mail_server.plain
    assert fetch(mail_server, inbox, home, security=security, port=port).files == 1


def test_nothing_changes_on_the_server(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """People go on reading the same mailbox: what is new to them stays new."""
    mail_server.put(letter({"青禾县.pdf": PDF}))
    fetch(mail_server, inbox, home)
    with mail_server.mailbox() as mailbox:
        assert [set(message.flags) - {"\\Recent"} for message in mailbox.fetch(mark_seen=False)] == [set()]


def test_sender_and_subject_are_kept_beside_the_file(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """Whose a file is lies in the home folder, for who runs it alone; the inbox holds the file and nothing else."""
    mail_server.put(letter({"青禾县.pdf": PDF}))
    fetch(mail_server, inbox, home)
    (note,) = (path for path in mail_folder(home).glob("*-*.json"))
    told = json.loads(note.read_text(encoding="utf-8"))
    assert (told["from"], told["subject"]) == (SENDER, SUBJECT)
    assert [file["name"] for file in told["files"]] == ["青禾县.pdf"]
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert laid(inbox) == ["青禾县.pdf"]


def test_what_is_refused_is_told(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """A RAR lies nowhere; beside the other receipts stands why, whose it was and what to do."""
    mail_server.put(letter({"报表.rar": b"Rar!\x1a\x07\0", "青禾县.pdf": PDF}))
    assert fetch(mail_server, inbox, home) == Tally(messages=1, files=1, refused=1)
    (receipt,) = (inbox / "无法读取").rglob("*.txt")
    text = receipt.read_text(encoding="utf-8-sig")
    assert receipt.name == "报表.rar.说明.txt"
    assert all(words in text for words in ("报表.rar", SENDER, SUBJECT, "ZIP"))


def test_a_large_message_is_not_fetched(
    mail_server: MailServer, inbox: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its head tells how large it is; it is told of once."""
    monkeypatch.setattr(fetching, "MAX_MESSAGE", 10_000)
    mail_server.put(letter({"青禾县.pdf": PDF + os.urandom(20_000)}), letter({"白石区.pdf": PDF}))
    assert fetch(mail_server, inbox, home) == Tally(messages=2, files=1, refused=1)
    assert fetch(mail_server, inbox, home) == Tally()


def test_a_message_that_breaks_the_parser_costs_itself_alone(
    mail_server: MailServer, inbox: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told of, and those behind it are fetched."""
    real = message_to_contents
    broken = iter([RecursionError()])

    def reader(message: Message) -> Contents:
        if error := next(broken, None):
            raise error
        return real(message)

    monkeypatch.setattr(fetching, "message_to_contents", reader)
    mail_server.put(letter({"青禾县.pdf": PDF}), letter({"白石区.pdf": PDF + b"2"}))
    assert fetch(mail_server, inbox, home) == Tally(messages=2, files=1, refused=1)


def test_older_messages_are_left(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """`--since` asks the server for what came on that day or later."""
    mail_server.put(letter({"青禾县.pdf": PDF}))
    assert fetch(mail_server, inbox, home, since="2100-01-01") == Tally()
    assert fetch(mail_server, inbox, home, since="2020-01-01").files == 1


class Killed(BaseException):
    """What nothing catches, as nothing catches a kill."""


def _killing(real: Callable[..., None], at: int, *, after: bool) -> Callable[..., None]:
    calls = iter(range(10_000))

    def write(*words: object) -> None:
        now = next(calls) == at
        if now and not after:
            raise Killed
        real(*words)
        if now:
            raise Killed

    return write


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ["write_whole", "save_record"])
def test_a_kill_at_any_step_loses_and_repeats_nothing(
    mail_server: MailServer, inbox: Path, home: Path, name: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before or after each write, the office taking files in between: every file arrives, and counts once."""
    mail_server.put(
        *(letter({f"单位{number}.pdf": PDF + str(number).encode(), "坏.rar": b"Rar!\x1a\x07"}) for number in range(3))
    )
    module = delivering if name == "write_whole" else fetching
    real: Callable[..., None] = getattr(module, name)
    desk = Desk(inbox, home)
    killed = 0
    for step in range(0, 12, 2):
        monkeypatch.setattr(module, name, _killing(real, step % 4, after=after))
        try:
            fetch(mail_server, inbox, home)
        except Killed:
            killed += 1
        drain(desk)
    monkeypatch.setattr(module, name, real)
    fetch(mail_server, inbox, home)
    drain(desk)
    assert killed
    store = desk.open()
    states = counts(store)
    store.close()
    assert states[FileState.ACCEPTED] == 3
    assert sum(states.values()) - states[FileState.DUPLICATE] == 3
    assert fetch(mail_server, inbox, home) == Tally()
    assert len(list((inbox / "无法读取" / "邮件").rglob("*.txt"))) == 3


def test_a_killed_process_goes_on(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """kill -9 in the middle of many messages: the next run brings the rest."""
    mail_server.put(*(letter({f"单位{number}.pdf": PDF + str(number).encode()}) for number in range(40)))
    process = subprocess.Popen(command(mail_server, inbox, home), env=environment(), cwd=ROOT)
    until = time.monotonic() + 60
    while not laid(inbox) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(laid(inbox)) > 0
    fetch(mail_server, inbox, home)
    assert sorted(laid(inbox)) == sorted(f"单位{number}.pdf" for number in range(40))


def test_empty_folders_go(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """What the office has taken leaves no empty folder behind for long."""
    mail_server.put(letter({"青禾县.pdf": PDF}))
    fetch(mail_server, inbox, home)
    drain(Desk(inbox, home))
    fetch(mail_server, inbox, home)
    assert list((inbox / "邮件").iterdir()) == []


WRONG: dict[str, tuple[dict[str, object], type[Exception]]] = {
    "password": ({"password": SecretStr("wrong")}, ConfigError),
    "folder": ({"folder": "没有"}, ConfigError),
    "certificate": ({"ca_file": None}, ConfigError),
    "no such file of certificates": ({"ca_file": Path("/nowhere")}, ConfigError),
    "nobody there": ({"port": 1}, TransientError),
}


@pytest.mark.parametrize(("given", "error"), WRONG.values(), ids=WRONG.keys())
def test_failures(
    mail_server: MailServer, inbox: Path, home: Path, given: dict[str, object], error: type[Exception]
) -> None:
    """What a person must change ends with 2, what may pass with 4; neither tells what the server said."""
    settings = settings_of(mail_server).model_copy(update=given)
    with pytest.raises(error) as raised:
        fetch_mail(settings, inbox, home, stop=Event())
    assert type(raised.value) is error
    assert PASSWORD not in str(raised.value)


def test_two_at_once(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """While one fetches into a home another one does not."""
    with fetching._alone(home), pytest.raises(TransientError):
        fetch(mail_server, inbox, home)


UNSET: dict[str, tuple[dict[str, object], str]] = {
    "plain elsewhere": ({"security": "plain", "host": "mail.example.com"}, "--security"),
    "no host": ({"host": None}, "--host"),
    "no user": ({"user": None}, "--user"),
    "unknown kind": ({"security": "ssl3"}, "KUOHAO_MAIL_SECURITY"),
}


@pytest.mark.parametrize(("given", "named"), UNSET.values(), ids=UNSET.keys())
def test_wrong_settings(given: dict[str, object], named: str) -> None:
    """A wrong setting is named, without its value."""
    with pytest.raises(ConfigError, match=named):
        load_mail_settings(**{"host": "127.0.0.1", "user": "a", **given})


def test_the_password_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file goes before; an empty one, or none at all, is told."""
    settings = load_mail_settings(host="127.0.0.1", user="a")
    with pytest.raises(ConfigError):
        _ = settings.secret
    monkeypatch.setenv("KUOHAO_MAIL_PASSWORD", "first-secret")
    assert load_mail_settings(host="127.0.0.1", user="a").secret == "first-secret"
    secret = tmp_path / "secret"
    secret.write_text("two\n", encoding="utf-8")
    settings = load_mail_settings(host="127.0.0.1", user="a", password_file=secret)
    assert settings.secret == "two"
    assert "first-secret" not in repr(settings)
    secret.write_text("\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        _ = settings.secret


def test_a_damaged_record_is_not_overwritten(home: Path) -> None:
    """Fetching everything anew without a word would be worse than asking."""
    save_record(home, Record().with_message("a/INBOX", 7, 3, "x").with_message("a/INBOX", 7, 4, ""))
    assert load_record(home).folder("a/INBOX", 7).uids == {3, 4}
    (mail_folder(home) / "record.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError):
        load_record(home)


def command(server: MailServer, inbox: Path, home: Path, *words: str) -> list[str]:
    """The real command's line."""
    own = ["--inbox", str(inbox), "--home", str(home), "--host", "localhost", "--user", USER]
    own += ["--port", str(server.tls), "--ca-file", str(server.certificate)]
    return [sys.executable, "-m", "pipeline.cli", "mail", *own, *words]


def environment() -> dict[str, str]:
    """What the real command finds around it."""
    return {**os.environ, "KUOHAO_MAIL_PASSWORD": PASSWORD, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}


def test_the_command(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """It sums up what it fetched, ends with 3 where something was refused, and names nobody."""
    mail_server.put(letter({"青禾县.pdf": PDF, "报表.rar": b"Rar!\x1a\x07"}))
    done = subprocess.run(
        command(mail_server, inbox, home),
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "1 new messages, 1 files taken, 1 refused" in done.stdout
    said = done.stdout + done.stderr
    assert not any(word in said for word in (PASSWORD, SENDER, "zhangsan", SUBJECT, "青禾县"))


def test_watching(mail_server: MailServer, inbox: Path, home: Path) -> None:
    """It fetches again and again until it is told to stop, and ends with 0."""
    process = subprocess.Popen(
        command(mail_server, inbox, home, "--watch", "1"), env=environment(), cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    mail_server.put(letter({"青禾县.pdf": PDF}))
    while len(laid(inbox)) < 1 and time.monotonic() < until:
        time.sleep(0.05)
    mail_server.put(letter({"白石区.pdf": PDF + b"2"}))
    while len(laid(inbox)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "2 files taken" in out
    assert "zhangsan" not in out + errors
