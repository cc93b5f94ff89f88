"""An IMAP server of the tests' own: Debian's Dovecot as an ordinary process, with a certificate made for it."""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from imap_tools import MailBoxUnencrypted

BINARY = shutil.which("dovecot", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")

MISSING = "no IMAP server: sudo apt-get install --no-install-recommends dovecot-imapd"

USER, PASSWORD = "tongji", "口令 secret"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u
mail_uid = {mail_user}
mail_gid = {mail_group}
first_valid_uid = 1
first_valid_gid = 1
{users}
default_idle_kill = 5 s
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={folder}/mail/%u
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
"""


@dataclass(frozen=True)
class MailServer:
    """A running server: its ports, and the certificate to trust."""

    folder: Path
    plain: int
    tls: int

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    def put(self, *messages: Message | bytes, folder: str = "INBOX") -> None:
        """Lay messages into the mailbox."""
        with self.mailbox() as mailbox:
            if not mailbox.folder.exists(folder):
                mailbox.folder.create(folder)
            for message in messages:
                data = message if isinstance(message, bytes) else message.as_bytes()
                mailbox.append(data, folder)

    def empty(self) -> None:
        """Begin anew, with another UIDVALIDITY."""
        shutil.rmtree(self.folder / "mail" / USER, ignore_errors=True)

    @contextmanager
    def mailbox(self) -> Iterator[MailBoxUnencrypted]:
        with MailBoxUnencrypted("127.0.0.1", self.plain, timeout=30).login_utf8(USER, PASSWORD) as mailbox:
            assert isinstance(mailbox, MailBoxUnencrypted)
            yield mailbox


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A server while this lasts."""
    assert BINARY is not None
    # Sockets' paths may have 107 bytes: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="kuohao-mail-", dir="/tmp"))
    server = MailServer(folder, _free_port(), _free_port())
    try:
        _write_config(server)
        # Without output of its own, for children of the server would hold a pipe open.
        process = subprocess.Popen(
            [BINARY, "-F", "-c", str(folder / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_config(server: MailServer) -> None:
    folder = server.folder
    folder.chmod(0o755)
    root = os.getuid() == 0
    own, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    mail_user, mail_group = ("nobody", "nogroup") if root else (own, group)
    # As root it wants users of its own, which Debian's package makes; as anybody else it can be nobody else.
    users = f"default_internal_user = {own}\ndefault_internal_group = {group}\ndefault_login_user = {own}"
    text = CONFIG.format(folder=folder, plain=server.plain, tls=server.tls, mail_user=mail_user, mail_group=mail_group,
                         users="" if root else users)  # fmt: skip
    (folder / "dovecot.conf").write_text(text, encoding="utf-8")
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
    (folder / "mail").mkdir()
    (folder / "mail").chmod(0o777)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: MailServer, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", server.tls), timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    log = server.folder / "log"
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace") if log.exists() else "dovecot has not started")
