"""The night's clock for `kuohao run --watch --nightly`; where that does not run, cron or systemd do the same (deploy/)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from pipeline.times import CHINA

# Seconds that an export may be late and still run: an office computer that slept at night wakes in the morning.
GRACE = 8 * 60 * 60

JOB = "nightly-export"


def run_nightly(export: Callable[[], None], at: time) -> BackgroundScheduler:
    """Call `export` each day at this time of China's clock, on a thread of its own, never twice at once.

    It has started when this returns; `shutdown()` ends it. A night that fails is logged, and the next one is tried.
    """
    scheduler = BackgroundScheduler(timezone=CHINA)
    scheduler.add_job(
        export,
        CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=CHINA),
        id=JOB,
        # Several missed nights are one export.
        coalesce=True,
        max_instances=1,
        misfire_grace_time=GRACE,
    )
    scheduler.start()
    return scheduler
