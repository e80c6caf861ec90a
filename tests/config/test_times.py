"""Durations, dates and time zones, at their edges."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from funnelcli.config import times
from tests.config.reader import SHOP, funnel

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("45s", timedelta(seconds=45)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("36525d", timedelta(days=36525)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert times.duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "", "7", "d", "0d", "07d", "-7d", "+7d", "1.5h", "7 d", " 7d", "7d ", "7d\n", "7D", "1mo", "1y", "1h30m", "٧d",
        "7µs", "36526d", "9" * 18 + "w", "9" * 10_000 + "d", 7, True,
    ],
)  # fmt: skip
def test_nothing_else_is_a_duration(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not a duration; |longer than a hundred years"):
        times.duration(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("3 days", "3d"), ("3days", "3d"), ("90 Minutes", "90m"), ("24H", "24h"), ("10 sec", "10s"), ("1 week", "1w")],
)
def test_a_duration_in_words_is_told_in_letters(text: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"; write {meant}$"):
        times.duration(text)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31", "2026-01-30T23:00:00"),
        ("2026-01-31T09:30", "2026-01-31T08:30:00"),
        ("2026-01-31 09:30:15", "2026-01-31T08:30:15"),
        ("2026-01-31T09:30:15.25", "2026-01-31T08:30:15.250000"),
        ("2026-01-31T09:30Z", "2026-01-31T09:30:00"),
        ("2026-01-31T09:30 -0500", "2026-01-31T14:30:00"),
        ("2025-10-26T02:30", "2025-10-26T00:30:00"),
        ("now", "2026-03-01T12:00:00"),
        ("today", "2026-02-28T23:00:00"),
        ("yesterday", "2026-02-27T23:00:00"),
        ("30d", "2026-01-30T12:00:00"),
        ("12h", "2026-03-01T00:00:00"),
        ("2w", "2026-02-15T12:00:00"),
    ],
)
def test_dates_in_stockholm(text: str, instant: str) -> None:
    """A day is its 00:00 there, a time without an offset is a time there; where clocks repeat, the earlier."""
    found = times.instant(text, times.zone("Europe/Stockholm"), NOON)
    assert (found.replace(tzinfo=None).isoformat(), found.tzinfo) == (instant, UTC)


def test_a_day_that_has_no_midnight_begins_when_the_clocks_do() -> None:
    found = times.instant("2018-11-04", times.zone("America/Sao_Paulo"), NOON)
    assert found == datetime(2018, 11, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "2026", "2026-1-1", "20260101", "2026-W01-1", "2026-01-01T", "2026-01-01T09", "2026-01-01T24:00",
        "2026-13-01", "2026-01-01T09:30:15.1234567", "2026-01-01 09:30 Europe/Paris", "tomorrow", "Today", "-30d",
        "2026-01-01\n", 2026, "9" * 100_000, "36525d" * 2,
    ],
)  # fmt: skip
def test_nothing_else_is_a_date(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not a date|is not in the calendar"):
        times.instant(text, UTC, NOON)


def test_relative_dates_count_back_from_as_of_and_else_from_now() -> None:
    assert funnel(SHOP + "since: 30d").since == datetime(2026, 1, 30, 12, tzinfo=UTC)
    assert funnel(SHOP + "since: 1d\nas_of: 2026-01-31").since == datetime(2026, 1, 30, tzinfo=UTC)
    assert funnel(SHOP + "since: 1d\nas_of: 2026-01-31", as_of="2025-01-31").since == datetime(2025, 1, 30, tzinfo=UTC)
    assert funnel(SHOP + "as_of: yesterday").as_of == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", ".", "/etc/passwd", "../UTC", "America", "localtime", "posixrules", "right/UTC"])
def test_files_of_the_database_that_are_no_zones_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        times.zone(name)


@pytest.mark.parametrize("name", ["A\0B", "Å" * 10, "x" * 100_000])
def test_odd_names_are_no_zones(name: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone") as raised:
        times.zone(name)
    assert len(str(raised.value)) < 200


def test_utc_needs_no_database_and_other_zones_say_what_is_missing() -> None:
    code = """
import sys, zoneinfo
sys.modules["tzdata"] = None
zoneinfo.reset_tzpath([])
from funnelcli.config.times import zone
print(zone("UTC"))
try: zone("Europe/Stockholm")
except ValueError as error: print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    missing = "'Europe/Stockholm' cannot be looked up: no time zone database; run `pip install tzdata`"
    assert run.stdout.splitlines() == ["UTC", missing]
