"""The night's clock, and the files for cron and systemd."""

from __future__ import annotations

import configparser
import threading
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from pipeline.office.nightly import JOB, run_nightly
from pipeline.times import CHINA

DEPLOY = Path(__file__).parent.parent / "deploy"


def test_it_runs_at_its_time_in_china() -> None:
    """The next run is at the time asked for, by China's clock, whatever the computer's."""
    scheduler = run_nightly(lambda: None, time(2, 30))
    try:
        at = scheduler.get_job(JOB).next_run_time
        assert (at.hour, at.minute, at.utcoffset()) == (2, 30, timedelta(hours=8))
        assert at - datetime.now(CHINA) <= timedelta(days=1)
    finally:
        scheduler.shutdown()


def test_a_failed_night_does_not_end_the_nights(caplog: pytest.LogCaptureFixture) -> None:
    """An export that fails is logged, and the next one is called all the same."""
    calls: list[int] = []
    second = threading.Event()

    def export() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        second.set()

    scheduler = run_nightly(export, time(2, 30))
    try:
        for _ in range(2):
            scheduler.get_job(JOB).modify(next_run_time=datetime.now(CHINA))
            assert threading.Event().wait(0.5) is False  # the clock looks up its jobs on a thread of its own
        assert second.wait(20)
    finally:
        scheduler.shutdown()
    assert calls == [0, 1]
    assert "No space left" in caplog.text


def test_cron_and_systemd_call_the_same_command() -> None:
    """Both files call `kuohao export`; the timer names China's time and catches up after a night without power."""
    service, timer = configparser.ConfigParser(interpolation=None), configparser.ConfigParser(interpolation=None)
    service.read(DEPLOY / "kuohao-export.service", encoding="utf-8")
    timer.read(DEPLOY / "kuohao-export.timer", encoding="utf-8")
    command = service["Service"]["ExecStart"]
    assert " export --output " in command
    assert timer["Timer"]["OnCalendar"].endswith("Asia/Shanghai")
    assert timer["Timer"]["Persistent"] == "true"
    cron = [line for line in (DEPLOY / "kuohao.cron").read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
    assert len(cron) == 1
    assert command.removeprefix("/opt/kuohao/") in cron[0]
