"""The trend report: every period says what the report on it alone says; calendar, limits and segments besides."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from rich.cells import cell_len

from funnelcli import engine
from funnelcli.config.frames import micros
from funnelcli.errors import UsageError
from funnelcli.events.shape import Account, Events
from funnelcli.render import terminal
from funnelcli.reports.conversion import conversion
from funnelcli.reports.trend import spans, trend
from funnelcli.tables.conversion import table as conversion_table
from funnelcli.tables.trend import table
from tests import worlds
from tests.keys import KEYS, PAIRS, STAGES, drawn, funnel
from tests.oracle import Row
from tests.worlds import HOUR, World

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every, Funnel
    from funnelcli.tables.table import Table

Record = dict[str, Any]

OPENING = ("format", "report", "funnel", "definition", "data", "every", "rolling", "centre_rate")
OF_A_TREND = (
    "start", "end", "rolling_rate", "limit_low", "limit_high", "outside", "complete",
)  # fmt: skip
CHANNELS = (*"abcd", None)
MANY = drawn(8, seed=21)
MORE = drawn(300, seed=22)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def shown(
    events: Events, config: Funnel, every: Every = "1h", rolling: int | None = None, top: int | None = None
) -> Table:
    """The trend as a table."""
    found = spans(events, config, every)
    journeys = engine.by_period(events, config, [(micros(span.start), micros(span.end)) for span in found])
    return table(trend(journeys, found, config, events.account, every=every, rolling=rolling, top=top))


def told(
    events: Events, config: Funnel, every: Every = "1h", rolling: int | None = None, top: int | None = None
) -> Any:
    """The trend as JSON tells it."""
    return shown(events, config, every, rolling, top).record


def alone(events: Events, config: Funnel, period: Record) -> Any:
    """The conversion report with since and until set to the period, without what every report begins with."""
    dated = config.model_copy(update={"since": period["start"], "until": period["end"]})
    record = conversion_table(conversion(engine.journeys(events, dated), dated, events.account)).record
    return {key: value for key, value in record.items() if key not in OPENING}


def counts(period: Record) -> Record:
    """What a period tells as the report does."""
    return {key: value for key, value in period.items() if key not in OF_A_TREND}


@pytest.fixture(scope="module")
def packed() -> list[World]:
    return worlds.random_worlds(60, 9, instants=7, names="ABC", seed=31)


def assert_agrees(packed: Sequence[World], keys: Record) -> None:
    """Every period, and every segment in it, is what the report on the period alone says."""
    events, config = worlds.events(packed, keys), worlds.config(keys)
    record = told(events, config)
    starts = [period["start"] for period in record["periods"]]
    assert starts == sorted(set(starts))
    for number, period in enumerate(record["periods"]):
        expected = alone(events, config, period)
        segments = expected.pop("segments")
        assert counts(period) == expected
        here = {name(part): part["periods"][number] for part in record["segments"]}
        assert {name(part) for part in segments} <= here.keys()
        for part in segments:
            assert counts(here.pop(name(part))) == {key: part[key] for key in part if key not in NAME}
        assert all(period["entered"] == period["excluded"] == 0 for period in here.values())
        assert all(stage["reached"] == 0 for period in here.values() for stage in period["stages"])


NAME = ("segment", "pooled", "not_reached")
"""The keys that say which segment it is."""


def name(part: Record) -> tuple[str, ...]:
    return tuple(str(part.get(key)) for key in NAME)


@pytest.mark.parametrize("key", KEYS)
def test_with_each_key_every_period_is_the_report_on_it_alone(key: str, packed: list[World]) -> None:
    assert_agrees(packed, funnel(STAGES[list(KEYS).index(key) % 3], KEYS[key]))


@pytest.mark.parametrize("names", MANY, ids=" + ".join)
def test_with_many_keys_every_period_is_the_report_on_it_alone(names: tuple[str, ...], packed: list[World]) -> None:
    number = list(MANY).index(names)
    assert_agrees(packed, funnel(STAGES[number % 3], {"window": (1 + number % 3) * HOUR} | MANY[names]))


@pytest.mark.slow
@pytest.mark.parametrize("names", [*PAIRS, *MORE], ids=" + ".join)
def test_with_pairs_and_more_keys_every_period_is_the_report_on_it_alone(
    names: tuple[str, ...], packed: list[World]
) -> None:
    every: dict[Any, Record] = {**MORE, **PAIRS}
    for stages in STAGES:
        assert_agrees(packed, funnel(stages, {"window": 2 * HOUR} | every[names]))


# --- Which periods there are ----------------------------------------------------------------------------------


def at(*times: str, zone: ZoneInfo | None = None) -> list[World]:
    """Units that enter at these times (of the zone, else UTC) and do no more."""
    moments = [datetime.fromisoformat(time) for time in times]
    instants = [moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC) for moment in moments]
    return [(Row(micros(instant.astimezone(UTC)), "A", 0, {}),) for instant in instants]


def dates(packed: Sequence[World], every: Every, zone: str = "UTC", **keys: Any) -> list[tuple[str, str, int]]:
    """(start, end, entered) of each period, in the zone."""
    events = worlds.events(packed, worlds.funnel("A,B"))
    config = worlds.config(worlds.funnel("A,B")).model_copy(update={"timezone": zone, **keys})
    return [
        (
            period["start"].astimezone(ZoneInfo(zone)).isoformat("T", "minutes"),
            period["end"].astimezone(ZoneInfo(zone)).isoformat("T", "minutes"),
            period["entered"],
        )
        for period in told(events, config, every)["periods"]
    ]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_periods_run_from_the_first_entry_to_the_last_and_empty_ones_are_there() -> None:
    packed = at("2026-01-05T10:00", "2026-01-05T10:59:59.999999", "2026-01-05T13:00")
    assert dates(packed, "1h") == [
        ("2026-01-05T10:00+00:00", "2026-01-05T11:00+00:00", 2),
        ("2026-01-05T11:00+00:00", "2026-01-05T12:00+00:00", 0),
        ("2026-01-05T12:00+00:00", "2026-01-05T13:00+00:00", 0),
        ("2026-01-05T13:00+00:00", "2026-01-05T14:00+00:00", 1),
    ]
    assert dates(packed, "1w") == [("2026-01-05T00:00+00:00", "2026-01-12T00:00+00:00", 3)]
    assert dates(at("2026-01-31T23:00", "2026-03-01T00:00"), "1mo") == [
        ("2026-01-01T00:00+00:00", "2026-02-01T00:00+00:00", 1),
        ("2026-02-01T00:00+00:00", "2026-03-01T00:00+00:00", 0),
        ("2026-03-01T00:00+00:00", "2026-04-01T00:00+00:00", 1),
    ]


def test_since_and_until_cut_the_first_and_the_last_period_and_say_which_there_are() -> None:
    packed = at("2026-01-05T10:00", "2026-01-07T10:00", "2026-01-07T18:00")
    dated: Record = {"since": utc("2026-01-04T06:00"), "until": utc("2026-01-07T12:00")}
    assert dates(packed, "1d", **dated) == [
        ("2026-01-04T06:00+00:00", "2026-01-05T00:00+00:00", 0),
        ("2026-01-05T00:00+00:00", "2026-01-06T00:00+00:00", 1),
        ("2026-01-06T00:00+00:00", "2026-01-07T00:00+00:00", 0),
        ("2026-01-07T00:00+00:00", "2026-01-07T12:00+00:00", 1),
    ]
    assert dates(at("2026-01-05T10:00"), "1d", since=utc("2026-01-05T10:00"), until=utc("2026-01-05T10:30")) == [
        ("2026-01-05T10:00+00:00", "2026-01-05T10:30+00:00", 1)
    ]


def test_where_nobody_enters_there_are_periods_only_between_two_dates() -> None:
    dated: Record = {"since": utc("2026-01-04"), "until": utc("2026-01-06")}
    assert [entered for *_, entered in dates([], "1d", **dated)] == [0, 0]
    assert [entered for *_, entered in dates(at("2026-02-01"), "1d", **dated)] == [0, 0]
    assert dates([], "1d") == dates([], "1d", since=dated["since"]) == dates([], "1d", until=dated["until"]) == []
    nobody = shown(worlds.events([], worlds.funnel("A,B")), worlds.config(worlds.funnel("A,B")))
    assert nobody.record["periods"] == []
    assert (nobody.sections, nobody.rows) == ((), ())
    assert nobody.summary == ("Nobody entered, so there are no periods.",)


def test_an_open_funnel_and_any_order_begin_with_whatever_may_enter() -> None:
    events = worlds.events([(Row(5 * HOUR, "B", 0, {}),), (Row(7 * HOUR, "A", 0, {}),)], worlds.funnel("A,B"))
    for keys, first in (({}, 7), ({"start": "open"}, 5), ({"order": "any"}, 5)):
        found = told(events, worlds.config(worlds.funnel("A,B", **keys)))["periods"]
        assert [period["start"].hour for period in found] == list(range(first, 8))


def test_days_and_weeks_are_those_of_the_time_zone_also_where_the_clocks_change() -> None:
    spring = at("2026-03-28T23:30", "2026-03-29T23:30", "2026-03-30T00:00", zone=STOCKHOLM)
    assert dates(spring, "1d", "Europe/Stockholm") == [
        ("2026-03-28T00:00+01:00", "2026-03-29T00:00+01:00", 1),
        ("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 1),
        ("2026-03-30T00:00+02:00", "2026-03-31T00:00+02:00", 1),
    ]
    autumn = at("2026-10-25T00:00", "2026-10-25T23:59", "2026-10-26T00:00", zone=STOCKHOLM)
    assert dates(autumn, "1w", "Europe/Stockholm") == [
        ("2026-10-19T00:00+02:00", "2026-10-26T00:00+01:00", 2),
        ("2026-10-26T00:00+01:00", "2026-11-02T00:00+01:00", 1),
    ]


def labels(packed: Sequence[World], every: Every, zone: str, **keys: Any) -> list[Any]:
    events = worlds.events(packed, worlds.funnel("A,B"))
    config = worlds.config(worlds.funnel("A,B")).model_copy(update={"timezone": zone, **keys})
    section = next(section for section in shown(events, config, every).sections if "of entry" in section.heading)
    return [row[0] for row in section.rows]


def test_hours_over_a_change_of_the_clocks_are_told_apart() -> None:
    spring = at("2026-03-29T00:30+00:00", "2026-03-29T01:30+00:00")
    assert labels(spring, "1h", "Europe/Stockholm") == ["2026-03-29 01:00", "2026-03-29 03:00"]
    autumn = at("2026-10-24T23:30+00:00", "2026-10-25T02:30+00:00")
    assert labels(autumn, "1h", "Europe/Stockholm") == [
        "2026-10-25 01:00", "2026-10-25 02:00+02:00", "2026-10-25 02:00+01:00", "2026-10-25 03:00",
    ]  # fmt: skip
    assert [entered for *_, entered in dates(autumn, "1h", "Europe/Stockholm")] == [1, 0, 0, 1]


def test_periods_are_called_by_the_calendar_and_cut_ones_by_their_dates() -> None:
    days = at("2026-01-05T10:00", "2026-01-06T10:00")
    assert labels(days, "1d", "UTC") == ["2026-01-05", "2026-01-06"]
    assert labels(at("2024-12-31T10:00"), "1w", "UTC") == ["2025-W01"]
    assert labels(days, "1mo", "UTC") == ["2026-01"]
    assert labels(days, "1d", "UTC", since=utc("2026-01-05T09:00"), until=utc("2026-01-06T20:00:01")) == [
        "2026-01-05 09:00–24:00", "2026-01-06 00:00–20:00:01",
    ]  # fmt: skip
    assert labels(days, "1w", "UTC", since=utc("2026-01-05T09:00")) == ["2026-01-05 09:00 – 2026-01-12 00:00"]
    week: Record = {"since": utc("2026-01-06"), "until": utc("2026-01-13")}
    assert labels(days, "1w", "UTC", **week) == ["2026-01-06..2026-01-11", "2026-01-12"]
    assert labels(days, "1mo", "Europe/Stockholm", since=utc("2026-01-05T23:00"), until=utc("2026-02-01T12:00")) == [
        "2026-01-06..2026-01-31", "2026-02-01 00:00–13:00",
    ]  # fmt: skip


def test_too_many_periods_or_segments_are_refused_with_what_to_do() -> None:
    with pytest.raises(
        UsageError, match=r"^--every: there are more than 10,000 periods of 1h from 1970-01-01 to 2026-"
    ):
        dates(at("1970-01-01", "2026-01-01"), "1h")
    for moment in ("9999-12-31T10:00", "9999-12-31T23:59:59.999999"):
        with pytest.raises(UsageError, match=r"^--every: 9999-12-31 to 9999-12-31 is too far away; .* set --since and"):
            dates(at(moment), "1d")
    keys = worlds.funnel("A,B", breakdowns=(("user",),))
    packed = [(Row(number % 100 * 24 * HOUR, "A", 0, {"user": str(number)}),) for number in range(1100)]
    events, config = worlds.events(packed, keys), worlds.config(keys)
    assert len(told(events, config, "1w")["segments"]) == 1100
    with pytest.raises(UsageError, match=r"^--by: user has 1,100 segments, too many for 100 periods; take"):
        told(events, config, "1d")
    assert len(told(events, config, "1d", top=5)["segments"]) == 6


# --- What a period says besides -------------------------------------------------------------------------------


def days(rows: Sequence[tuple[int, int]], *, last: int = 0) -> list[World]:
    """Units that enter on the days 0, 1, …: of each (entered, converted); an hour later those convert.

    With `last` a row of another unit that is no entry lies at the end of so many days.
    """
    found = [
        tuple(Row(day * 24 * HOUR + hour * HOUR, "AB"[hour], hour, {}) for hour in range(1 + (number < converted)))
        for day, (entered, converted) in enumerate(rows)
        for number in range(entered)
    ]
    return [*found, (Row(last * 24 * HOUR, "B", 0, {}),)] if last else found


def daily(rows: Sequence[tuple[int, int]], *, last: int = 0, rolling: int | None = None, **keys: Any) -> Any:
    wanted = worlds.funnel("A,B", **keys)
    packed = days(rows, last=last)
    return told(worlds.events(packed, wanted), worlds.config(wanted), "1d", rolling)["periods"]


def test_a_rolling_rate_is_over_so_many_periods_and_null_before_and_over_nobody() -> None:
    rows = [(4, 1), (6, 3), (0, 0), (0, 0), (2, 2)]
    assert [day["rolling_rate"] for day in daily(rows, rolling=2)] == [None, 4 / 10, 3 / 6, None, 2 / 2]
    assert [day["rolling_rate"] for day in daily(rows, rolling=5)] == [None] * 4 + [6 / 12]
    assert [day["rolling_rate"] for day in daily(rows, rolling=6)] == [None] * 5
    assert [day["rolling_rate"] for day in daily(rows)] == [None] * 5
    assert daily(rows)[2]["conversion_rate"] is None


def test_a_period_is_complete_when_its_end_and_the_window_lie_in_the_data() -> None:
    rows = [(1, 0), (1, 0), (1, 0)]
    for keys, complete in (
        ({"last": 4, "window": "2d"}, [True, True, False]),
        ({"last": 4, "window": "24h"}, [True, True, True]),
        ({"last": 4, "window": 24 * HOUR + 1}, [True, True, False]),
        ({"last": 3}, [True, True, True]),
        ({}, [True, True, False]),
        ({"as_of": 9 * 24 * HOUR}, [True, True, True]),
        ({"last": 9, "until": 72 * HOUR, "range": "all"}, [True, True, True]),
        ({"last": 9, "until": 72 * HOUR, "range": "all", "window": "1h"}, [True, True, False]),
        ({"last": 9, "until": 72 * HOUR}, [True, True, True]),
    ):
        assert [day["complete"] for day in daily(rows, **keys)] == complete


def test_limits_are_three_sigma_around_the_rate_of_the_complete_periods() -> None:
    rows = [(100, 10), (400, 60), (0, 0), (25, 20), (50, 1)]
    found = daily(rows, last=5, window="24h")
    assert [day["complete"] for day in found] == [True, True, True, True, False]
    centre = 90 / 525
    for (entered, converted), day in zip(rows[:4], found, strict=False):
        if entered:
            reach = 3 * sqrt(centre * (1 - centre) / entered)
            assert day["limit_low"] == pytest.approx(max(0, centre - reach), rel=1e-12)
            assert day["limit_high"] == pytest.approx(min(1, centre + reach), rel=1e-12)
            assert day["outside"] == (abs(converted / entered - centre) > reach)
    assert [day["outside"] for day in found] == [False, False, None, True, None]
    for day in (found[2], found[4]):
        assert (day["limit_low"], day["limit_high"]) == (None, None)


def test_one_complete_period_with_entrants_has_no_limits() -> None:
    assert [day["outside"] for day in daily([(100, 50)], last=9)] == [None]
    assert [day["outside"] for day in daily([(100, 50)], last=9, until=72 * HOUR)] == [None, None, None]
    assert [day["outside"] for day in daily([(100, 50), (9, 3)], last=1)] == [None, None]
    assert [day["outside"] for day in daily([(100, 50), (1, 0)], last=9)] == [False, False]


def test_where_nobody_or_everybody_converts_nothing_lies_outside() -> None:
    for converted in (0, 30):
        found = daily([(30, converted)] * 3, last=9)
        assert [(day["limit_low"], day["limit_high"], day["outside"]) for day in found] == [
            (converted / 30, converted / 30, False)
        ] * 3


def simulated(size: int, count: int, rates: Mapping[int, float], rate: float, seed: int) -> Events:
    """So many days on each of which `size` units enter, and convert at the rate of the day."""
    draw = random.Random(seed)
    day = 24 * HOUR
    units = range(count * size)
    converted = [unit for unit in units if draw.random() < rates.get(unit // size, rate)]
    rows = pl.DataFrame(
        {
            "unit": [*units, *converted],
            "time": [unit // size * day for unit in units] + [unit // size * day + HOUR for unit in converted],
            "match": [1] * len(units) + [2] * len(converted),
        },
        schema={"unit": pl.UInt64, "time": pl.Int64, "match": pl.UInt64},
    )
    return Events(rows=rows, account=Account(rows.height, rows.height, {}, 0, count * day), end=count * day)


def test_of_a_stable_process_about_three_days_in_a_thousand_lie_outside_the_limits() -> None:
    config = worlds.config(worlds.funnel("A,B", window="3h"))
    found = [day["outside"] for day in told(simulated(150, 3000, {}, 0.3, seed=5), config, "1d")["periods"]]
    assert None not in found[:-1]
    assert 3 <= sum(map(bool, found)) <= 18


def test_a_planted_shift_is_named_with_its_day_its_side_and_how_far() -> None:
    config = worlds.config(worlds.funnel("A,B", window="3h"))
    output = shown(simulated(400, 60, {20: 0.1, 40: 0.4}, 0.2, seed=6), config, "1d")
    record: Any = output.record
    assert [day["start"].date().isoformat() for day in record["periods"] if day["outside"]] == [
        "1970-01-21", "1970-02-10",
    ]  # fmt: skip
    assert output.summary[1] == (
        "Outside the limits: 1970-01-21: 9.3 %, below 14.2 % (−5.0 pts); 1970-02-10: 40.5 %, above 26.3 % (+14.2 pts)."
    )


def test_of_many_points_outside_the_farthest_are_named_in_the_order_of_time() -> None:
    rows = [(100, 20)] * 30 + [(100, 71 - day) for day in range(12)]
    wanted = worlds.funnel("A,B")
    said = shown(worlds.events(days(rows, last=50), wanted), worlds.config(wanted), "1d").summary[1]
    assert [words[:12] for words in said.split("; ")] == [
        "Outside the ", "1970-02-01: ", "1970-02-02: ", "1970-02-03: ", "1970-02-04: ", "and 7 nearer",
    ]  # fmt: skip
    assert said.startswith("Outside the limits: 1970-01-31: 71.0 %, ")


# --- Segments -------------------------------------------------------------------------------------------------


def by_channel(packed: Sequence[World], top: int | None = None, **keys: Any) -> Any:
    wanted = worlds.funnel("A,B", breakdowns=(("channel",),), **keys)
    return told(worlds.events(packed, wanted), worlds.config(wanted), "1h", top=top)


def entries(*told_: tuple[int, str | None]) -> list[World]:
    return [(Row(hour * HOUR, "A", 0, {"channel": channel}),) for hour, channel in told_]


def test_segments_stand_by_who_entered_in_all_periods_and_are_nought_where_nobody_did() -> None:
    record = by_channel(entries((0, "a"), (0, "a"), (2, "b"), (2, "b"), (3, "b"), (3, None), (3, None), (3, "c")))
    assert [
        (part["segment"]["channel"], [period["entered"] for period in part["periods"]]) for part in record["segments"]
    ] == [("b", [0, 0, 2, 1]), (None, [0, 0, 0, 2]), ("a", [2, 0, 0, 0]), ("c", [0, 0, 0, 1])]
    assert [period["entered"] for period in record["periods"]] == [2, 0, 2, 4]
    assert list(record["segments"][0]) == ["segment", "centre_rate", "periods"]


def test_top_keeps_the_same_segments_in_every_period_and_pools_the_others() -> None:
    record = by_channel(entries((0, "a"), (0, "a"), (1, "b"), (1, "c"), (1, "c"), (2, "b"), (2, "b"), (2, "d")), top=1)
    assert [
        (part["segment"]["channel"], [period["entered"] for period in part["periods"]]) for part in record["segments"]
    ] == [("b", [0, 1, 2]), ("(other)", [2, 2, 1])]


def test_with_any_a_unit_counts_in_every_segment_and_once_in_the_pool() -> None:
    rows = tuple(Row(hour * HOUR, "AB"[hour], hour, {"channel": "xy"[hour]}) for hour in (0, 1))
    record = by_channel([rows, *entries((0, "z"), (0, "z"))], segment_from="any")
    assert [part["periods"][0]["entered"] for part in record["segments"]] == [2, 1, 1]
    pooled = by_channel([rows, *entries((0, "z"), (0, "z"))], segment_from="any", top=1)
    assert [part["periods"][0]["entered"] for part in pooled["segments"]] == [2, 1]


def test_limits_of_a_segment_are_around_its_own_rate() -> None:
    wanted = worlds.funnel("A,B", breakdowns=(("channel",),))
    packed = [
        tuple(Row(day * 24 * HOUR + hour, "AB"[hour], hour, {"channel": channel}) for hour in range(1 + (number < few)))
        for channel, few in (("a", 5), ("b", 45))
        for day in range(4)
        for number in range(50)
    ]
    record = told(worlds.events(packed, wanted), worlds.config(wanted), "1d")
    assert [part["centre_rate"] for part in (record, *record["segments"])] == [0.5, 0.1, 0.9]
    assert record["segments"][1]["periods"][0]["limit_low"] == pytest.approx(0.9 - 3 * sqrt(0.09 / 50))


# --- What a person reads --------------------------------------------------------------------------------------


def test_open_periods_are_marked_in_words_and_explained() -> None:
    wanted = worlds.funnel("A,B", window="36h")
    output = shown(worlds.events(days([(2, 1), (2, 1), (3, 0), (1, 1)]), wanted), worlds.config(wanted), "1d")
    rows = next(section for section in output.sections if section.heading == "By day of entry").rows
    assert [row[-1] for row in rows] == [None, "still open", "still open", "still open"]
    assert output.notes[0] == (
        "Still open: 3 days, from 1970-01-02 on, with windows that are not over at the end of the data; their rates"
        " may still rise, and are left out of the limits and of the line over time."
    )
    assert output.notes[1] == "3 of the 6 entries then are still open."


def test_a_period_that_is_not_over_is_marked_without_a_window_too() -> None:
    wanted = worlds.funnel("A,B")
    output = shown(worlds.events(days([(2, 1), (2, 1)]), wanted), worlds.config(wanted), "1d")
    assert output.notes[0] == (
        "Still open: 1 day, 1970-01-02, not over at the end of the data; its rate may still rise, and is left out of"
        " the limits and of the line over time."
    )


def test_a_rate_may_rise_only_where_somebody_is_open() -> None:
    for keys in ({}, {"window": "36h"}):
        wanted = worlds.funnel("A,B", **keys)
        output = shown(worlds.events(days([(2, 2), (2, 2)]), wanted), worlds.config(wanted), "1d")
        assert "its rate may" not in output.notes[0]
        assert "their rates may" not in output.notes[0]
        assert output.notes[0].endswith("left out of the limits and of the line over time.")
        assert not any("still open" in note for note in output.notes[1:])


def summary(rows: Sequence[tuple[int, int]], **keys: Any) -> tuple[str, ...]:
    """What the trend over days says first."""
    wanted = worlds.funnel("A,B", window="2h", **keys)
    return shown(worlds.events(days(rows, last=9), wanted), worlds.config(wanted), "1d").summary


def test_sums_over_periods_are_called_entries_and_not_units() -> None:
    two = "2 days of entry, from 1970-01-01 to 1970-01-02, UTC: "
    assert summary([(3, 1), (2, 1)])[0] == (
        f"{two}5 entries, as a unit counts in every day that it enters; 2 of them converted (40.0 %)."
    )
    assert summary([(3, 1), (2, 1)], count="attempts")[0] == (
        f"{two}5 entries, every attempt in the day that it enters; 2 of them converted (40.0 %)."
    )
    one = "1 day of entry, 1970-01-01, UTC: "
    assert summary([(4, 1)])[0] == f"{one}4 entries; 1 of them converted (25.0 %)."
    assert summary([(1, 0)])[0] == f"{one}1 entry; 0 converted (0 %)."


def test_a_period_outside_of_which_few_are_expected_is_named_with_how_few_they_are() -> None:
    lines = summary([(4, 4), (400, 80), (400, 0)])
    assert lines[1] == (
        "Outside the limits: 1970-01-01: 100 %, above 56.3 % (+43.7 pts), of only 4 who entered, too few to say much;"
        " 1970-01-02: 20.0 %, above 15.0 % (+5.0 pts); 1970-01-03: 0 %, below 5.9 % (−5.9 pts)."
    )


def test_what_chance_does_is_said_of_periods_with_enough_and_others_are_counted() -> None:
    def limits(rows: Sequence[tuple[int, int]], *channels: str) -> str:
        wanted = worlds.funnel("A,B", window="2h", breakdowns=(("channel",),) if channels else ())
        packed = [
            tuple(Row(row.time, row.event, row.position, {"channel": channel}) for row in world)
            for channel in channels or ("all",)
            for world in days(rows, last=9)
        ]
        output = shown(worlds.events(packed, wanted), worlds.config(wanted), "1d")
        return next(note for note in output.notes if note.startswith("Limits: "))

    promise = "1,000 lie outside, where at least 5 conversions and 5 others are expected."
    fewer = f"{promise} Fewer are expected in"
    assert limits([(10, 5), (10, 5)]).endswith(promise)
    assert limits([(10, 5), (8, 4), (6, 3), (0, 0)]).endswith(f"{fewer} 2 of 3 complete days.")
    assert limits([(50, 50), (50, 49)]).endswith(f"{fewer} 2 of 2 complete days.")
    assert limits([(10, 5), (8, 4)], "a", "b").endswith(f"{fewer} 2 of 4 complete days of segments.")


def test_that_periods_do_not_add_up_is_said_where_there_are_several() -> None:
    wanted = worlds.funnel("A,B")
    for number, said in ((1, 0), (2, 1)):
        output = shown(worlds.events(days([(2, 1)] * number), wanted), worlds.config(wanted), "1d")
        assert sum("do not add up to the whole" in note for note in output.notes) == said
    assert output.notes[-1].startswith("How it was counted: by user;")


def test_a_unit_counts_once_in_every_period_that_it_enters() -> None:
    rows = tuple(Row(hour * HOUR, event, hour, {}) for hour, event in ((0, "A"), (24, "A"), (25, "A"), (26, "B")))
    wanted = worlds.funnel("A,B", window="12h")
    found = told(worlds.events([rows], wanted), worlds.config(wanted), "1d")["periods"]
    assert [(day["entered"], day["converted"]) for day in found] == [(1, 0), (1, 1)]


def test_rows_hold_what_the_periods_say() -> None:
    wanted = worlds.funnel("A,B", breakdowns=(("channel",),))
    packed = entries((0, "a"), (1, None))
    output = shown(worlds.events(packed, wanted), worlds.config(wanted))
    names = [name for name, _ in output.fields]
    assert names[:4] == ["breakdown", "segment", "start", "end"]
    assert [row[:2] for row in output.rows] == [(None, None)] * 2 + [("channel", "(none)")] * 2 + [("channel", "a")] * 2
    record: Any = output.record
    periods = [*record["periods"], *(day for part in record["segments"] for day in part["periods"])]
    for row, period in zip(output.rows, periods, strict=True):
        assert dict(zip(names[2:], row[2:], strict=True)) == {key: period[key] for key in names[2:]}


def test_the_order_of_rows_changes_nothing(packed: list[World]) -> None:
    wanted = funnel("A,B,C", {"window": 2 * HOUR})
    config = worlds.config(wanted)
    outputs = [shown(worlds.events(packed, wanted, shuffle=seed), config, rolling=2, top=2) for seed in range(4)]
    assert all(output == outputs[0] for output in outputs)


def test_periods_are_told_also_of_mature_units_only() -> None:
    wanted = worlds.funnel("A,B", window="36h")
    config = worlds.config(wanted).model_copy(update={"mature": True})
    found = told(worlds.events(days([(2, 1), (2, 1), (3, 0)]), wanted), config, "1d")["periods"]
    assert [day["entered"] for day in found] == [2, 0, 0]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_trend_fits_terminals_of_60_to_200_columns_with_its_marks(encoding: str) -> None:
    config = worlds.config(worlds.funnel("A,B", window="60h", breakdowns=(("channel",),)))
    packed = [
        tuple(
            Row(day * 24 * HOUR + at_, "AB"[at_], at_, {"channel": "abc"[unit % 3] * 12}) for at_ in range(1 + unit % 2)
        )
        for day in range(90)
        for unit in range(1 + day % 5)
    ]
    output = shown(worlds.events(packed, worlds.funnel("A,B", breakdowns=(("channel",),))), config, "1d", rolling=7)
    for width in range(60, 201, 5):
        lines = terminal([output], width=width, color=False, encoding=encoding).splitlines()
        assert max(map(cell_len, lines)) <= width
        assert sum(line.endswith("still open") for line in lines) == 4
        assert sum(re.match(r"1970-\d\d-\d\d +\d+ +\d", line) is not None for line in lines) == 90


def test_a_period_lasts_as_long_as_the_calendar_says() -> None:
    since, until = utc("2025-12-31"), utc("2026-11-01")
    for every, lengths in (
        ("1d", {23, 24, 25}),
        ("1w", {167, 168, 169, 24, 144}),
        ("1mo", {743, 744, 672, 720, 745, 24}),
    ):
        found = dates([], every, "Europe/Stockholm", since=since, until=until)  # type: ignore[arg-type]
        spanned = [datetime.fromisoformat(end) - datetime.fromisoformat(start) for start, end, _ in found]
        assert sum(spanned, timedelta(0)) == until - since
        assert {length // timedelta(hours=1) for length in spanned[1:-1]} <= lengths
