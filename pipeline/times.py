"""Moments are UTC inside and China's time, the only one there, on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

# The whole country keeps Beijing's time and has no summer time: no time zone database is needed.
CHINA = timezone(timedelta(hours=8), "UTC+8")


def as_utc(moment: datetime) -> datetime:
    """A moment in UTC; one without a zone is UTC, as databases without zones give it back."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def local_text(moment: datetime | None) -> str:
    """A moment as people read it: 2026-06-30 18:05; "" for none."""
    return as_utc(moment).astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if moment is not None else ""


def local_date(moment: datetime) -> date:
    """The day in China on which a moment lies."""
    return as_utc(moment).astimezone(CHINA).date()


def day_text(day: date) -> str:
    """A day as documents write it: 2026年6月30日."""
    return f"{day.year}年{day.month}月{day.day}日"
