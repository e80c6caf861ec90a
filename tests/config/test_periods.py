"""Periods as people name them, and calendars: every instant is in exactly one period, whatever the clocks do."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from funnelcli.config import times
from funnelcli.config.periods import FORMS, MAX_PERIODS, calendar, period

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every

STOCKHOLM = times.zone("Europe/Stockholm")
SUNDAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERY: tuple[Every, ...] = ("1h", "1d", "1w", "1mo")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-Q1", "2026-01-01", "2026-04-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-W01", "2025-12-29", "2026-01-05"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2026-10-05", "2026-10-05", "2026-10-06"),
        ("2026-10-01..2026-10-14", "2026-10-01", "2026-10-15"),
        ("2026-10-05..2026-10-05", "2026-10-05", "2026-10-06"),
    ],
)
def test_a_period_is_from_its_first_instant_to_before_its_last(text: str, since: str, until: str) -> None:
    found = period(text, UTC, SUNDAY)
    assert (found.label, found.since, found.until) == (text, at(since), at(until))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("today", "2026-03-01"),
        ("yesterday", "2026-02-28"),
        ("this-week", "2026-W09"),
        ("last-week", "2026-W08"),
        ("previous-week", "2026-W07"),
        ("this-month", "2026-03"),
        ("last-month", "2026-02"),
        ("previous-month", "2026-01"),
    ],
)
def test_a_relative_period_has_the_label_of_the_absolute_one(text: str, label: str) -> None:
    assert period(text, UTC, SUNDAY) == period(label, UTC, SUNDAY)
    assert period(text, UTC, SUNDAY).label == label


def test_a_relative_period_goes_by_the_day_in_the_zone() -> None:
    base = at("2026-03-01T23:30")
    assert period("today", UTC, base).label == "2026-03-01"
    assert period("today", STOCKHOLM, base).label == "2026-03-02"
    assert period("last-week", STOCKHOLM, base).label == "2026-W09"
    assert period("last-month", UTC, at("2026-01-31")).label == "2025-12"
    assert period("last-week", UTC, at("2026-01-01")).label == "2025-W52"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Stockholm", "2026-03-28", 24),
        ("Europe/Stockholm", "2026-03-29", 23),
        ("Europe/Stockholm", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("America/Santiago", "2026-09-06", 23),
        ("America/Havana", "2026-11-01", 25),
    ],
)
def test_a_day_has_as_many_hours_as_the_clocks_give_it(zone: str, day: str, hours: float) -> None:
    found = period(day, times.zone(zone), SUNDAY)
    assert found.until - found.since == timedelta(hours=hours)


def test_a_day_without_a_midnight_begins_with_its_first_instant() -> None:
    santiago = times.zone("America/Santiago")
    assert period("2026-09-06", santiago, SUNDAY).since.astimezone(santiago).isoformat() == "2026-09-06T01:00:00-03:00"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-W54", "'2026-W54' is not in the calendar; 2026 has the weeks W01 to W53"),
        ("2027-W53", "'2027-W53' is not in the calendar; 2027 has the weeks W01 to W52"),
        ("2026-W00", "'2026-W00' is not in the calendar; 2026 has the weeks W01 to W53"),
        ("2026-Q0", "'2026-Q0' is not in the calendar; a year has the quarters Q1 to Q4"),
        ("2026-Q5", "'2026-Q5' is not in the calendar; a year has the quarters Q1 to Q4"),
        ("2026-13", "'2026-13' is not in the calendar; a year has the months 01 to 12"),
        ("2026-02-29", "'2026-02-29' is not in the calendar; write a day that exists"),
        ("2026-02-01..2026-02-29", "'2026-02-29' is not in the calendar; write a day that exists"),
        ("2026-10-14..2026-10-01", "'2026-10-14..2026-10-01' ends before it begins; write 2026-10-01..2026-10-14"),
        ("2026-01..2026-03", "'2026-01..2026-03' is not two days; write 2026-10-01..2026-10-14, of which both count"),
        ("2026-10-01..", "'2026-10-01..' is not two days; write 2026-10-01..2026-10-14, of which both count"),
        ("last week", "'last week' is not a period; did you mean 'last-week'?"),
        ("30d", f"'30d' is not a period; write {FORMS}"),
        ("0000", "'0000' is too far away; write a date from 1900 on"),
        ("9999", "'9999' is too far away; write a date from 1900 on"),
        ("9999-12-31", "'9999-12-31' is too far away; write a date from 1900 on"),
    ],
)
def test_what_is_no_period_is_told_in_these_words(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole message is compared
        period(text, UTC, SUNDAY)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "text", ["", " 2026", "2026 ", "2026\n", "26", "2026-1", "2026-w44", "2026-W4", "２０２６", "now"]
)
def test_nothing_else_is_a_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a period; "):
        period(text, UTC, SUNDAY)


def test_a_day_that_the_clocks_skip_is_no_period() -> None:
    apia = times.zone("Pacific/Apia")
    with pytest.raises(ValueError, match=r"^'2011-12-30' does not exist in Pacific/Apia: the clocks skip it; write an"):
        period("2011-12-30", apia, SUNDAY)
    days = calendar("1d", at("2011-12-29T12:00"), at("2011-12-31T10:00"), apia)
    assert [begin.astimezone(apia).day for begin, _ in days] == [29, 31]


def local(every: Every, since: str, until: str, zone: str) -> list[str]:
    """Where the periods of a calendar begin, as the clock shows it."""
    there = times.zone(zone)
    return [
        begin.astimezone(there).strftime("%m-%d %H:%M") for begin, _ in calendar(every, at(since), at(until), there)
    ]


def test_a_calendar_has_the_whole_periods_that_the_instants_lie_in() -> None:
    assert local("1mo", "2026-01-31T23:30", "2026-03-31", "Europe/Stockholm") == ["02-01 00:00", "03-01 00:00"]
    assert local("1w", "2026-03-01", "2026-03-02T00:00:01", "UTC") == ["02-23 00:00", "03-02 00:00"]
    assert local("1w", "2026-03-01", "2026-03-02", "UTC") == ["02-23 00:00"]
    assert local("1d", "2026-03-28T12:00", "2026-03-30", "Europe/Stockholm") == [
        "03-28 00:00", "03-29 00:00", "03-30 00:00",
    ]  # fmt: skip
    assert calendar("1d", SUNDAY, SUNDAY, UTC) == []


def test_an_hour_begins_when_the_clock_shows_it() -> None:
    assert local("1h", "2026-03-01T10:10", "2026-03-01T11:00", "Asia/Kolkata") == ["03-01 15:00", "03-01 16:00"]
    spring, autumn = ("2026-03-29T00:30", "2026-03-29T01:30"), ("2026-10-25T00:30", "2026-10-25T01:30")
    assert local("1h", *spring, "Europe/Stockholm") == ["03-29 01:00", "03-29 03:00"]
    assert local("1h", *autumn, "Europe/Stockholm") == ["10-25 02:00", "10-25 02:00"]


def test_clocks_that_change_by_half_an_hour_make_an_hour_of_half_an_hour() -> None:
    spring, autumn = ("2026-10-03T14:40", "2026-10-03T16:20"), ("2026-04-04T14:10", "2026-04-04T15:40")
    assert local("1h", *spring, "Australia/Lord_Howe") == ["10-04 01:00", "10-04 02:30", "10-04 03:00"]
    assert local("1h", *autumn, "Australia/Lord_Howe") == ["04-05 01:00", "04-05 01:30", "04-05 02:00"]
    assert local("1h", "2018-05-04T14:40", "2018-05-04T15:10", "Asia/Pyongyang") == ["05-04 23:00", "05-05 00:00"]


ZONES = ("UTC", "Europe/Stockholm", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago",
         "Africa/Casablanca", "Pacific/Apia", "Asia/Pyongyang", "America/Toronto", "Antarctica/Troll")  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("every", EVERY)
def test_the_periods_of_a_calendar_cover_the_time_without_gap_or_overlap(every: Every, zone: str) -> None:
    there, draw = times.zone(zone), random.Random(zone + every)
    for _ in range(100):
        since = at("1918-01-01") + timedelta(seconds=draw.randrange(130 * 365 * 86_400))
        until = since + draw.random() * {"1h": 1, "1d": 20, "1w": 100, "1mo": 500}[every] * timedelta(hours=12)
        found = calendar(every, since, until + timedelta(microseconds=1), there)
        assert found[0][0] <= since < found[0][1]
        assert found[-1][0] <= until < found[-1][1]
        assert all(begin < end for begin, end in found)
        assert all(before[1] == after[0] for before, after in pairwise(found))


def test_the_day_of_a_calendar_is_the_period_of_that_day() -> None:
    for zone in ZONES:
        there = times.zone(zone)
        for begin, end in calendar("1d", at("2026-01-01"), at("2027-01-01"), there):
            found = period(begin.astimezone(there).date().isoformat(), there, SUNDAY)
            assert (found.since, found.until) == (begin, end)


def test_a_calendar_has_at_most_ten_thousand_periods() -> None:
    most = at("2026-01-01") + MAX_PERIODS * timedelta(hours=1)
    assert len(calendar("1h", at("2026-01-01"), most, UTC)) == MAX_PERIODS
    for every, until, hint in (
        ("1h", most + timedelta(seconds=1), "take a longer period, such as 1mo"),
        ("1mo", at("9000-01-01"), "take less of the time"),
    ):
        with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole message is compared
            calendar(every, at("2026-01-01"), until, UTC)
        days = f"2026-01-01 to {until.date()}"
        assert str(raised.value) == f"there are more than 10,000 periods of {every} from {days}; {hint}"


@pytest.mark.parametrize(("since", "until"), [("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31T23:59:59")])
def test_a_calendar_at_the_end_of_all_time_is_refused(since: str, until: str) -> None:
    with pytest.raises(ValueError, match=r"is too far away; take dates from 1900 on$"):
        calendar("1mo", at(since), at(until), UTC)
