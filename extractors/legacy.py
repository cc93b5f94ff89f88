"""Old Office files to today's by LibreOffice, where it is installed: in a folder of its own, in limited time, offline.

What comes out is looked through like any other file. LibreOffice runs with a profile made for the one file, in which macros
and linked contents are off and every request goes to a proxy that is not there; where the system lets it, in a network of
its own without a way out.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from extractors.ole import OldKind
from schemas.errors import FileTooLarge, LegacyOffice, TransientError, UnreadableFile

SECONDS = 90
"""For one file; a form takes two seconds on a quiet machine, the first start on a slow disk twenty."""

MAX_OUTPUT = 400_000_000
"""Bytes that LibreOffice may write."""

TARGETS = {OldKind.WORD: ("docx", "MS Word 2007 XML"), OldKind.SHEETS: ("xlsx", "Calc MS Excel 2007 XML")}

SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings">
<prop oor:name="ooInetProxyType" oor:op="fuse"><value>2</value></prop>
<prop oor:name="ooInetHTTPProxyName" oor:op="fuse"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPProxyPort" oor:op="fuse"><value>9</value></prop>
<prop oor:name="ooInetHTTPSProxyName" oor:op="fuse"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPSProxyPort" oor:op="fuse"><value>9</value></prop></item>
</oor:items>
"""
"""The profile: macros never, links from files never, a proxy at the port that discards."""


def find_office() -> str | None:
    """LibreOffice's command, where it is installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def convert(data: bytes, kind: OldKind, *, seconds: float = SECONDS) -> bytes:
    """An old file's bytes as a DOCX or XLSX.

    Raises LegacyOffice where LibreOffice is not installed, UnreadableFile where it makes nothing of the file or takes too
    long, FileTooLarge for what comes out, TransientError where it cannot be started.
    """
    return _converted(data, kind.value, *TARGETS[kind], seconds)


def print_pdf(data: bytes, ending: str, *, seconds: float = SECONDS) -> bytes:
    """A DOCX or XLSX (`ending`) as the PDF that LibreOffice prints of it. Raises as `convert`."""
    return _converted(data, ending, "pdf", "", seconds)


def _converted(data: bytes, kind: str, ending: str, program: str, seconds: float) -> bytes:
    office = find_office()
    if office is None:
        raise LegacyOffice(kind.upper())
    with tempfile.TemporaryDirectory(prefix="kuohao-office-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        profile = folder / "profile" / "user"
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(SETTINGS, encoding="utf-8")
        source = folder / f"return.{kind}"
        source.write_bytes(data)
        words = [office, "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck", "--nofirststartwizard"]
        words += [f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
        words += ["--convert-to", f"{ending}:{program}".rstrip(":"), "--outdir", str(folder / "out"), str(source)]
        _run([*_fences(), *words], folder, seconds)
        result = folder / "out" / f"return.{ending}"
        if not result.is_file():
            raise UnreadableFile("LibreOffice cannot open it")
        if result.stat().st_size > MAX_OUTPUT:
            raise FileTooLarge("converted")
        return result.read_bytes()


def _run(words: list[str], folder: Path, seconds: float) -> None:
    """Run a command to its end, and end it with all that it has started."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8", "TMPDIR": str(folder)}
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise TransientError((error.strerror or "LibreOffice").lower()) from error
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(f"LibreOffice took more than {seconds:.0f} s") from error
    finally:
        # LibreOffice's command is a script that starts others; they share its session.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@cache
def _fences() -> tuple[str, ...]:
    """Commands that hold the next one: without a network, with bounds on time and on what it writes; those there are."""
    fences: tuple[str, ...] = ()
    if shutil.which("unshare") and _works("unshare", "--map-root-user", "--net", "--kill-child", "true"):
        fences += ("unshare", "--map-root-user", "--net", "--kill-child")
    if shutil.which("prlimit"):
        # Should this process be killed itself, what it has started ends by its own time on the CPU.
        fences += ("prlimit", f"--cpu={SECONDS}", f"--fsize={MAX_OUTPUT}")
    return fences


def _works(*words: str) -> bool:
    try:
        return subprocess.run(words, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
