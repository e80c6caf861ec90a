"""Calendar periods: as people name them, and one after the other, as a trend has them.

What comes in is text or two instants, and a time zone; what goes out is UTC datetimes, the end exclusive. A period
begins and ends at 00:00 in the zone, or where the clocks skip that at the first instant of the day, so a day may
have 23 or 25 hours. Weeks are those of ISO 8601: they begin on Monday, and the first one has the year's first
Thursday. Every function raises `ValueError` with the words for a person, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING

from funnelcli.config.basics import nearest
from funnelcli.config.nodes import shown
from funnelcli.config.times import midnight

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every

MAX_PERIODS = 10_000
"""The most periods that `calendar` gives."""

FORMS = "2026, 2026-Q3, 2026-10, 2026-W44, 2026-10-05, 2026-10-01..2026-10-14, or last-week"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_WRITTEN = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?:Q(?P<quarter>[0-9])|W(?P<week>[0-9]{2})|(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?))?\Z"
)


@dataclass(frozen=True)
class Period:
    """From `since` to before `until`, UTC datetimes; the label names it by itself, whatever day it is today."""

    label: str
    since: datetime
    until: datetime


def period(text: str, zone: tzinfo, base: datetime) -> Period:
    """The period that a text names; relative ones, such as `last-week`, are relative to the day of `base` in `zone`.

    `last-week` is the last whole week before the one of `base`, `previous-week` the one before that; so with months.

    >>> period("last-week", UTC, datetime(2026, 11, 18, tzinfo=UTC)).label
    '2026-W46'
    """
    try:
        label = _RELATIVE[text](base.astimezone(zone).date()) if text in _RELATIVE else text
        first, last = _days(label)
        since, until = midnight(first, zone), midnight(last + _DAY, zone)
    except OverflowError:
        raise ValueError(f"{shown(text)} is too far away; write a date from 1900 on") from None
    if since == until:
        raise ValueError(f"{shown(text)} does not exist in {zone}: the clocks skip it; write another day")
    return Period(label, since, until)


def label(every: Every, start: datetime, zone: tzinfo) -> str:
    """The name of the day, week or month that begins then in `zone`, as `period` reads it.

    >>> [label(every, datetime(2026, 1, 1, tzinfo=UTC), UTC) for every in ("1d", "1w", "1mo")]
    ['2026-01-01', '2026-W01', '2026-01']
    """
    day = start.astimezone(zone).date()
    return _week(day) if every == "1w" else _month(day) if every == "1mo" else day.isoformat()


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def _month(day: date) -> str:
    return day.isoformat()[:7]


def _month_before(day: date) -> date:
    """The last day of the month before."""
    return day.replace(day=1) - _DAY


_RELATIVE: dict[str, Callable[[date], str]] = {
    "today": lambda today: today.isoformat(),
    "yesterday": lambda today: (today - _DAY).isoformat(),
    "this-week": _week,
    "last-week": lambda today: _week(today - 7 * _DAY),
    "previous-week": lambda today: _week(today - 14 * _DAY),
    "this-month": _month,
    "last-month": lambda today: _month(_month_before(today)),
    "previous-month": lambda today: _month(_month_before(_month_before(today))),
}


def _days(text: str) -> tuple[date, date]:
    """The first and the last day of an absolute period."""
    if ".." in text:
        return _range(text)
    written = _WRITTEN.match(text)
    if written is None:
        near = nearest(text, _RELATIVE)
        hint = f"did you mean {shown(near)}?" if near else f"write {FORMS}"
        raise ValueError(f"{shown(text)} is not a period; {hint}")
    year = int(written["year"])
    if not year:
        raise OverflowError
    if written["day"]:
        day = _day(text)
        return day, day
    if written["week"]:
        week, weeks = int(written["week"]), date(year, 12, 28).isocalendar().week
        _refuse_unless(1 <= week <= weeks, text, f"{year} has the weeks W01 to W{weeks}")
        monday = date.fromisocalendar(year, week, 1)
        return monday, monday + 6 * _DAY
    if written["quarter"]:
        quarter = int(written["quarter"])
        _refuse_unless(1 <= quarter <= 4, text, "a year has the quarters Q1 to Q4")
        return date(year, 3 * quarter - 2, 1), _last_day(year, 3 * quarter)
    if written["month"]:
        month = int(written["month"])
        _refuse_unless(1 <= month <= 12, text, "a year has the months 01 to 12")
        return date(year, month, 1), _last_day(year, month)
    return date(year, 1, 1), date(year, 12, 31)


def _range(text: str) -> tuple[date, date]:
    """The two days of `A..B`."""
    ends = text.split("..")
    if len(ends) != 2 or not all(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", end) for end in ends):
        raise ValueError(f"{shown(text)} is not two days; write 2026-10-01..2026-10-14, of which both count")
    first, last = map(_day, ends)
    if last < first:
        raise ValueError(f"{shown(text)} ends before it begins; write {last}..{first}")
    return first, last


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is not in the calendar; write a day that exists") from None


def _refuse_unless(known: bool, text: str, hint: str) -> None:
    if not known:
        raise ValueError(f"{shown(text)} is not in the calendar; {hint}")


def _last_day(year: int, month: int) -> date:
    return date(year, 12, 31) if month == 12 else date(year, month + 1, 1) - _DAY


def calendar(every: Every, since: datetime, until: datetime, zone: tzinfo) -> list[tuple[datetime, datetime]]:
    """The calendar periods of `zone` that hold the instants since ≤ t < until: UTC, in order, without gap or overlap.

    They are whole: the first may begin before `since` and the last end after `until`; who has a date range cuts them.
    An hour ends where the clock shows a full hour, or where it is put forward or back by part of one; an hour that the
    clocks repeat is there twice, a day that they skip is not there.

    >>> calendar("1w", datetime(2026, 2, 14, tzinfo=UTC), datetime(2026, 2, 15, tzinfo=UTC), UTC)[0][0].isoformat()
    '2026-02-09T00:00:00+00:00'
    """
    if since >= until:
        return []
    found: list[tuple[datetime, datetime]] = []
    days = f"{since.date()} to {until.date()}"
    try:
        for begin, end in pairwise(_borders(every, since.astimezone(UTC), zone)):
            if begin >= until:
                return found
            if since < end != begin:
                found.append((begin, end))
            if len(found) > MAX_PERIODS:
                break
    except OverflowError:
        raise ValueError(f"{days} is too far away; take dates from 1900 on") from None
    hint = "take less of the time" if every == "1mo" else "take a longer period, such as 1mo"
    raise ValueError(f"there are more than {MAX_PERIODS:,} periods of {every} from {days}; {hint}")


def _borders(every: Every, since: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Where periods begin, in order and without end, from one that ends before or at `since`, as a rule."""
    if every == "1h":
        border = _full_hour(since - _HOUR, zone)
        while True:
            yield border
            border = _next_hour(border, zone)
    day = _first_day(every, _first_day(every, since.astimezone(zone).date()) - _DAY)
    while True:
        yield midnight(day, zone)
        day = _first_day(every, day + {"1d": 1, "1w": 7, "1mo": 31}[every] * _DAY)


def _first_day(every: Every, day: date) -> date:
    """The first day of the period that a day lies in."""
    if every == "1w":
        return day - day.weekday() * _DAY
    return day.replace(day=1) if every == "1mo" else day


def _full_hour(moment: datetime, zone: tzinfo) -> datetime:
    """The moment when the hour began that the clock shows, if the clocks have not changed since."""
    there = moment.astimezone(zone)
    return moment - timedelta(minutes=there.minute, seconds=there.second, microseconds=there.microsecond)


def _next_hour(border: datetime, zone: tzinfo) -> datetime:
    after = _full_hour(border, zone) + _HOUR
    # Not the same where the clocks changed by part of an hour: at `after`, or when they then showed a full hour.
    changed = _full_hour(after, zone)
    return changed if changed > border and changed == _full_hour(changed, zone) else after
