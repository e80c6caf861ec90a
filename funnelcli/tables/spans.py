"""What people call the periods of a trend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.config import periods

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every
    from funnelcli.reports.trend import Span

WORDS: dict[Every, str] = {"1h": "hour", "1d": "day", "1w": "week", "1mo": "month"}


def label(span: Span, every: Every, zone: tzinfo) -> str:
    """A period as people in `zone` call it: `2026-01-05 14:00`, `2026-01-05`, `2026-W02`, `2026-01`; one that is cut
    by its dates or times.
    """
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    if span.cut:
        return _dates(start, end)
    if every != "1h":
        return periods.label(every, span.start, zone)
    twice = start.replace(fold=0).utcoffset() != start.replace(fold=1).utcoffset()
    return start.isoformat(" ", "minutes") if twice else display.time(span.start, zone)


def _dates(start: datetime, end: datetime) -> str:
    """The days from start to before end, if it is whole days; else the times."""
    zone = start.tzinfo or UTC
    last = (end.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone)
    one_day = start.date() == last.date()
    if start.time() == end.time() == datetime.min.time():
        return f"{start:%Y-%m-%d}" if one_day else f"{start:%Y-%m-%d}..{last:%Y-%m-%d}"
    from_, to = display.time(start, zone), display.time(end, zone)
    if one_day:
        return f"{from_}–{'24:00' if end.date() != last.date() else to.removeprefix(f'{end:%Y-%m-%d} ')}"
    return f"{from_} – {to}"
