"""What frames are made of: whole microseconds, and names under which a log's columns travel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(value: datetime | timedelta) -> int:
    """A UTC instant as µs since 1970, or a duration as µs.

    >>> micros(timedelta(seconds=1))
    1000000
    """
    return (value - EPOCH if isinstance(value, datetime) else value) // MICROSECOND


def instant(value: int | None) -> datetime | None:
    """The UTC datetime of µs since 1970; None for None."""
    return None if value is None else EPOCH + value * MICROSECOND


def carried(column: str) -> str:
    """The name of a log's column in our frames, where it can never meet one of our own.

    >>> carried("unit")
    '@unit'
    """
    return f"@{column}"
