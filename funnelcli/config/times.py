"""Durations, days and instants as people write them, and time zones: text in, `timedelta` and UTC datetimes out.

A day is 24 hours in a duration; a bare date is its 00:00 in the funnel's timezone; a time without an offset is
read in that timezone. Relative ones (`30d`, `today`) count back from `base`. Every function raises `ValueError`
with the words for a person, and nothing else.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from funnelcli.config.nodes import shown

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
LONGEST = timedelta(days=36_525)
"""A hundred years: added to any date it stays far inside 64 bits of microseconds."""

DURATION = r"[1-9][0-9]*(ms|s|m|h|d|w)"
_DURATION = re.compile(r"(?P<count>[1-9][0-9]{0,17})(?P<unit>ms|s|m|h|d|w)\Z")
_NEARLY = re.compile(r"\s*(?P<count>[0-9]{1,12})\s*(?P<word>[a-zA-Z]*)\s*\Z")
_WORDS = {
    "ms": ("ms", "msec", "milli", "millis", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "wk", "wks", "week", "weeks"),
}
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_OFFSET = r"Z|[+-][0-9]{2}:?[0-9]{2}"
INSTANT = f"^({_DAY}([T ]{_CLOCK} ?({_OFFSET})?)?|{DURATION}|today|yesterday|now)$"
_INSTANT = re.compile(rf"(?P<day>{_DAY})(?:[T ](?P<clock>{_CLOCK}) ?(?P<offset>{_OFFSET})?)?\Z")
INSTANT_FORMS = "2026-01-31, 2026-01-31T09:30, 30d, today, yesterday or now"


def duration(value: object) -> timedelta:
    """The length of `500ms 45s 30m 12h 7d 2w`: a whole number above zero and one unit.

    >>> duration("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    written = _DURATION.match(value) if isinstance(value, str) else None
    if written is None:
        raise ValueError(f"{said(value)} is not a duration; {_duration_meant(value)}")
    count = int(written["count"])
    if count > LONGEST // UNITS[written["unit"]]:
        raise ValueError(f"{said(value)} is longer than a hundred years; leave it out for no limit")
    return count * UNITS[written["unit"]]


def written(length: timedelta) -> str:
    """A duration as the YAML writes it, in the largest unit up to days in which it is whole.

    >>> written(timedelta(hours=36)), written(timedelta(days=7))
    ('36h', '7d')
    """
    unit = next(unit for unit in ("d", "h", "m", "s", "ms") if not length % UNITS[unit])
    return f"{length // UNITS[unit]}{unit}"


def said(value: object) -> str:
    """A value of the YAML in quotes, as a message shows it."""
    return shown(value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value))


def _duration_meant(value: object) -> str:
    """What to write instead: the duration that was probably meant, else examples."""
    nearly = None if isinstance(value, bool) else _NEARLY.match(str(value))
    if nearly:
        count = int(nearly["count"])
        unit = next((unit for unit, words in _WORDS.items() if nearly["word"].lower() in words), None)
        if count == 0:
            return "write a length above zero, such as 7d"
        if unit:
            return f"write {count}{unit}"
        if not nearly["word"]:
            return f"write its unit too, such as {count}d"
    return "write it like 30m, 12h or 7d"


def zone(name: str) -> tzinfo:
    """The time zone of an IANA name; `UTC` needs no database."""
    if name == "UTC":
        return UTC
    # Imported here because it looks for the database; most runs are in UTC.
    import zoneinfo

    # These are files of some databases and no names; Polars does not know them.
    if not name.startswith(("posix", "right/")) and name not in ("localtime", "Factory"):
        with contextlib.suppress(ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            return zoneinfo.ZoneInfo(name)
    known = zoneinfo.available_timezones()
    if not known:
        raise ValueError(f"{shown(name)} cannot be looked up: no time zone database; run `pip install tzdata`")
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower().replace(" ", "_"), lower, 1, 0.6) if len(name) <= 60 else []
    meant = f"did you mean {shown(lower[near[0]])}?" if near else "write a name such as Europe/Stockholm"
    raise ValueError(f"{shown(name)} is not a time zone; {meant}")


def instant(value: object, zone: tzinfo, base: datetime) -> datetime:
    """The UTC instant of a day, a time, or a length back from `base` (an aware datetime).

    >>> instant("yesterday", UTC, datetime(2026, 3, 1, 12, tzinfo=UTC))
    datetime.datetime(2026, 2, 28, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        return _instant(value, zone, base.astimezone(UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{said(value)} is too far away; write a date from 1900 on") from None


def _instant(value: object, zone: tzinfo, base: datetime) -> datetime:
    if value == "now":
        return base
    if value in ("today", "yesterday"):
        today = base.astimezone(zone).date()
        return midnight(today if value == "today" else today - timedelta(days=1), zone)
    if isinstance(value, str) and _DURATION.match(value):
        return base - duration(value)
    written = _INSTANT.match(value) if isinstance(value, str) else None
    if written is None:
        raise ValueError(f"{said(value)} is not a date; write {INSTANT_FORMS}")
    try:
        if written["clock"] is None:
            return midnight(date.fromisoformat(written["day"]), zone)
        read = datetime.fromisoformat(f"{written['day']}T{written['clock']}{written['offset'] or ''}")
    except ValueError:
        raise ValueError(f"{said(value)} is not in the calendar; write a day and a time that exist") from None
    if read.tzinfo is not None:
        return read
    there = read.replace(tzinfo=zone)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != read:
        raise ValueError(f"{said(value)} does not exist in {zone}: the clocks skip it; write another time")
    return there


def midnight(day: date, zone: tzinfo) -> datetime:
    """The UTC instant of the day's 00:00; where the clocks skip it or repeat it, of the first instant of the day."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
