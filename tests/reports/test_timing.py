"""The timing report: against naive code that shares none of ours, and against the conversion report on all that the two
share.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from funnelcli import stats
from funnelcli.engine import journeys
from funnelcli.reports.conversion import conversion
from funnelcli.reports.survival import MILESTONES
from funnelcli.tables.conversion import table as conversion_table
from tests import oracle, worlds
from tests.keys import KEYS, PAIRS, STAGES, drawn, funnel
from tests.oracle import Row
from tests.reports import naive
from tests.reports.timed import DAY, SECOND, curve, followed, odd_worlds, shown, simulated, told, units
from tests.worlds import HOUR, World

if TYPE_CHECKING:
    from tests.oracle import Result

Record = dict[str, Any]

CLOSED = {name: keys for name, keys in KEYS.items() if keys.get("start") != "open"}
MANY = {names: keys for names, keys in drawn(40, seed=41).items() if keys.get("start") != "open"}
COUNTS = ("entered", "converted", "dropped", "open", "excluded", "conversion_rate", "mature_conversion_rate",
          "estimated_conversion_rate")  # fmt: skip


@pytest.fixture(scope="module")
def small() -> list[World]:
    """All logs of up to three rows, and some longer ones in odd times."""
    return worlds.worlds(3) + odd_worlds(60, 6, seed=3)


# --- Against naive code ---------------------------------------------------------------------------------------


def assert_tells(packed: Sequence[World], wanted: oracle.Funnel, top: int | None = None) -> None:
    """Every number of the report is the naive one."""
    end = worlds.end(packed, wanted)
    everyone = [journey for of_unit in worlds.expected(packed, wanted) for journey in of_unit]
    record = told(packed, wanted, top=top)
    assert_times(record, everyone, wanted, end)
    parts = iter(record.get("segments", []))
    for breakdown, test in zip(wanted.get("breakdowns", ()), record["log_rank"], strict=True):
        groups = []
        for values, members in naive.segments(everyone, breakdown, top):
            part = next(parts)
            assert part["segment"] == dict(zip(breakdown, values, strict=True))
            assert_times(part, members, wanted, end)
            groups.append(followed([one for one in members if one.status != "excluded"], wanted, end))
        assert test["breakdown"] == ",".join(breakdown)
        expected = None if wanted.get("segment_from") == "any" else stats.log_rank(groups)
        assert test["p_value"] == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-12))
    assert next(parts, None) is None
    assert record["log_rank_p_value"] == next((test["p_value"] for test in record["log_rank"]), None)


def assert_times(told: Record, members: Sequence[Result], wanted: oracle.Funnel, end: int | None) -> None:
    """The times of one group are those of its journeys."""
    entered = [journey for journey in members if journey.status != "excluded"]
    stages = wanted["stages"]
    required = [number for number, stage in enumerate(stages) if not stage.get("optional")]
    ways = [(max(each for each in required if each < number), number) for number in range(1, len(stages))]
    for found, (before, number) in zip([*told["stages"], told["overall"]], [*ways, (0, required[-1])], strict=True):
        took = [
            int(one.times[number] or 0) - int(one.times[before] or 0)
            for one in entered
            if one.times[number] is not None
        ]
        any_order = wanted.get("order") == "any"
        names = [f"{n} stage{'s' * (n > 1)}" if any_order else stage["name"] for n, stage in enumerate(stages, 1)]
        assert (found["stage"], found["from_stage"]) == (names[number], names[before])
        assert (found["count"], found["optional"]) == (len(took), bool(stages[number].get("optional")))
        expected = {f"p{share}_seconds": naive.quantile(took, Fraction(share, 100)) for share in (25, 75, 90, 95)}
        expected |= {key: value for key, value in naive.durations_told(took).items() if key != "p90_seconds"}
        naive.assert_tells({key: found[key] for key in expected}, expected)
        assert_histogram(found["histogram"], took)
    assert_curve(told, followed(entered, wanted, end), wanted)


def assert_histogram(bins: Sequence[Record], took: Sequence[int]) -> None:
    assert len(bins) <= 12
    assert all(low["high"] == high["low"] for low, high in pairwise(bins))
    for each in bins:
        low, high = round(each["low"] * SECOND), round(each["high"] * SECOND)
        assert each["count"] == sum(low <= one < high or (one == high and each is bins[-1]) for one in took)
    assert sum(each["count"] for each in bins) == len(took)


def assert_curve(told: Record, group: tuple[list[int], list[bool]], wanted: oracle.Funnel) -> None:
    durations, converted = group
    if not durations:
        assert told["curve"] == []
        assert told["half_converted_seconds"] is None
        assert told["followed_seconds"] is None
        return
    assert told["followed_seconds"] == max(durations) / SECOND
    steps = curve(durations, converted)
    last = wanted.get("window", max(durations))
    value = steps[-1][1] if steps else Fraction(0)
    points = {0: Fraction(0), last: value} | dict(steps)
    assert [round(point["seconds"] * SECOND) for point in told["curve"]] == sorted(points)
    for point in told["curve"]:
        time = round(point["seconds"] * SECOND)
        assert point["converted"] == pytest.approx(float(points[time]), rel=1e-12, abs=1e-15)
        assert point["converted"] == pytest.approx(stats.kaplan_meier(durations, converted, time), rel=1e-12, abs=1e-15)
        assert point["at_risk"] == sum(duration >= time for duration in durations)
    for milestone, share in zip(told["milestones"], MILESTONES, strict=True):
        time, reached = next((step for step in steps if step[1] >= Fraction(str(share)) * value), (None, None))
        assert milestone["share"] == share
        assert milestone["seconds"] == (None if time is None else time / SECOND)
        assert milestone["converted"] == (None if reached is None else pytest.approx(float(reached), rel=1e-12))
    half = next((step for step in steps if 2 * step[1] >= value), (None,))[0]
    assert told["half_converted_seconds"] == (None if half is None else half / SECOND)
    if "window" in wanted:
        assert told["curve"][-1]["converted"] == told["estimated_conversion_rate"]
    else:
        assert told["estimated_conversion_rate"] is None


@pytest.mark.parametrize("window", [None, 2 * HOUR])
@pytest.mark.parametrize("name", CLOSED)
def test_with_each_key_every_number_is_the_naive_one(name: str, window: int | None, small: list[World]) -> None:
    keys = {"window": window} | KEYS[name] if window else KEYS[name]
    number = list(KEYS).index(name)
    assert_tells(small, funnel(STAGES[number % 3], keys))
    assert_tells(small, funnel(STAGES[(number + 1) % 3], keys), top=1 + number % 4)


@pytest.mark.parametrize("names", MANY, ids=" + ".join)
def test_with_many_keys_every_number_is_the_naive_one(names: tuple[str, ...]) -> None:
    number = list(MANY).index(names)
    keys = {"window": (1 + number % 5) * HOUR + number} | MANY[names]
    packed = odd_worlds(100, 7, channels=(*"abcdÅ", "(none)", "(other)", None), seed=number)
    assert_tells(packed, funnel(STAGES[number % 3], keys), top=(None, 1, 5)[number % 3])


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_with_each_pair_of_keys_every_number_is_the_naive_one(pair: tuple[str, str], small: list[World]) -> None:
    if PAIRS[pair].get("start") == "open":
        return
    for number, stages in enumerate(STAGES):
        assert_tells(small, funnel(stages, PAIRS[pair]), top=number or None)
        assert_tells(small, funnel(stages, {"window": HOUR} | PAIRS[pair]))


# --- Against the conversion report ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLOSED)
def test_all_numbers_that_report_has_too_are_the_same_to_the_last_bit(name: str, small: list[World]) -> None:
    for keys in (KEYS[name], {"window": 3 * HOUR + 7} | KEYS[name]):
        wanted = funnel(STAGES[2], keys)
        ours, events = worlds.config(wanted), worlds.events(small, wanted)
        report = conversion_table(conversion(journeys(events, ours), ours, events.account, top=2)).record
        record = told(small, wanted, top=2)
        assert_shared(record, report)
        for part, other in zip(record["segments"], report["segments"], strict=True):
            assert part["segment"] == other["segment"]
            assert_shared(part, other)


def assert_shared(record: Any, report: Any) -> None:
    assert {key: record[key] for key in COUNTS} == {key: report[key] for key in COUNTS}
    for stage, other in zip(record["stages"], report["stages"][1:], strict=True):
        shared = ("stage", "optional", "median_seconds", "mean_seconds", "p90_seconds")
        assert {key: stage[key] for key in shared} == {key: other[key] for key in shared}
        assert stage["count"] == other["reached"]
    overall = record["overall"]
    assert overall["count"] == report["converted"]
    for key in ("median_seconds", "mean_seconds", "p90_seconds"):
        assert overall[key] == report[f"{key}_to_convert"]


# --- Examples -------------------------------------------------------------------------------------------------


def test_if_nobody_entered_all_is_empty_or_null() -> None:
    for keys in ({}, {"window": HOUR}, {"order": "any"}, {"count": "attempts", "order": "strict"}):
        shown_table = shown([], {**worlds.funnel("A,B,C", breakdowns=(("channel",),)), **keys})
        record: Any = shown_table.record
        assert [stage["count"] for stage in (*record["stages"], record["overall"])] == [0, 0, 0]
        for stage in (*record["stages"], record["overall"]):
            assert stage["histogram"] == []
            assert all(value is None for key, value in stage.items() if "seconds" in key)
        assert (record["curve"], record["half_converted_seconds"], record["segments"]) == ([], None, [])
        assert record["log_rank_p_value"] is None
        assert shown_table.summary == ("Nobody entered.",)


def test_nobody_converted_is_a_flat_curve() -> None:
    record = told(units("A 0h", "A 1h", "B 3h"), worlds.funnel("A,B", window="2h"))
    assert record["curve"] == [
        {"seconds": 0.0, "converted": 0.0, "at_risk": 2},
        {"seconds": 7200.0, "converted": 0.0, "at_risk": 2},
    ]
    assert record["half_converted_seconds"] is None
    assert record["overall"]["histogram"] == []


def test_one_unit_has_all_its_quantiles_at_its_time() -> None:
    record = told(units("A 0h, B 90m"), worlds.funnel("A,B", window="2h"))
    times = {key: value for key, value in record["overall"].items() if key.endswith("seconds")}
    assert set(times.values()) == {5400.0}
    assert len(times) == 6
    assert record["overall"]["histogram"] == [{"low": 5400.0, "high": 5460.0, "count": 1}]
    assert record["half_converted_seconds"] == 5400.0


def test_zero_durations_are_a_step_at_zero() -> None:
    record = told(units("A 0h, B 0h", "A 0h, B 0h", "A 0h", "A 0h, B 1h", "Z 9h"), worlds.funnel("A,B", window="2h"))
    assert [(point["seconds"], point["converted"], point["at_risk"]) for point in record["curve"]] == [
        (0.0, 0.5, 4), (3600.0, 0.75, 2), (7200.0, 0.75, 1),
    ]  # fmt: skip
    only = told(units("A 0h, B 0h"), worlds.funnel("A,B"))
    assert only["overall"]["histogram"] == [{"low": 0.0, "high": 0.001, "count": 1}]
    assert only["curve"] == [{"seconds": 0.0, "converted": 1.0, "at_risk": 1}]


def test_microseconds_are_not_lost() -> None:
    packed = [
        tuple(Row(time, event, number, {}) for number, (time, event) in enumerate([(0, "A"), (took, "B")]))
        for took in (1, 2, 4)
    ]
    overall = told(packed, worlds.funnel("A,B"))["overall"]
    assert (overall["p25_seconds"], overall["median_seconds"], overall["p75_seconds"]) == (1.5e-6, 2e-6, 3e-6)


def test_at_equal_times_conversions_come_before_censorings() -> None:
    """Two are at risk when one of them converts at the very moment up to which the other was followed."""
    record = told(units("A 0h, B 2h", "A 1h"), worlds.funnel("A,B", as_of=3 * HOUR))
    assert [(point["seconds"], point["converted"]) for point in record["curve"]] == [(0.0, 0.0), (7200.0, 0.5)]


def test_without_a_window_who_has_not_converted_is_followed_to_the_end_and_the_estimate_is_null() -> None:
    packed = units("A 0h, B 4h", "A 3h", "A 4h, B 5h", "Z 8h")
    record = told(packed, worlds.funnel("A,B"))
    assert record["estimated_conversion_rate"] is None
    assert [(point["seconds"] / 3600, round(point["converted"], 6)) for point in record["curve"]] == [
        (0, 0), (1, 0.333333), (4, 0.666667), (5, 0.666667),
    ]  # fmt: skip
    assert record["half_converted_seconds"] == 3600


def test_a_window_longer_than_the_data_is_not_claimed_to_have_been_watched() -> None:
    packed = units("A 0h, B 1h", "A 0h", "A 2h", "Z 5h")
    assert (
        "33.3 % convert within 5 h; nobody was followed for longer yet (Kaplan–Meier)."
        in (shown(packed, worlds.funnel("A,B", window="9h")).summary[1])
    )
    assert "33.3 % convert within 4 h (Kaplan–Meier)." in shown(packed, worlds.funnel("A,B", window="4h")).summary[1]
    assert (
        "33.3 % convert within 5 h, as long as anybody was followed (Kaplan–Meier)."
        in (shown(packed, worlds.funnel("A,B")).summary[1])
    )


def test_the_log_rank_test_is_null_where_units_are_in_several_segments() -> None:
    wanted = worlds.funnel("A,B", breakdowns=(("channel",),), segment_from="any", window="9h")
    shown_table = shown(odd_worlds(80, 5, seed=1), wanted)
    assert shown_table.record["log_rank_p_value"] is None
    assert "no log-rank test compares them" in " ".join(shown_table.notes)


def test_more_segments_than_a_test_can_take_are_told_and_top_makes_them_fewer() -> None:
    packed = [world for number in range(60) for world in simulated(5, 0.9, channel=f"c{number:02}", seed=number)]
    wanted = worlds.funnel("A,B", breakdowns=(("channel",),), window=6 * DAY)
    shown_table = shown(packed, wanted)
    assert shown_table.record["log_rank_p_value"] is None
    assert "No log-rank test compares the 60 segments of channel" in " ".join(shown_table.notes)
    assert told(packed, wanted, top=20)["log_rank_p_value"] is not None


def test_every_breakdown_has_a_test_and_the_first_stands_at_the_top() -> None:
    wanted = worlds.funnel("A,B", breakdowns=(("channel",), ("device",), ("channel", "device")), window="3h")
    record = told(odd_worlds(200, 5, seed=5), wanted)
    assert [test["breakdown"] for test in record["log_rank"]] == ["channel", "device", "channel,device"]
    assert record["log_rank"][0]["p_value"] == record["log_rank_p_value"]
