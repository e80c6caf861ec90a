"""The Kaplan–Meier curve and the log-rank test: against statsmodels, and on simulated data whose truth is known."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from funnelcli.reports.survival import leaving, log_rank
from tests import worlds
from tests.oracle import Row
from tests.reports.timed import DAY, MINUTE, SECOND, curve, known, shown, simulated, told

# --- Simulated data, and statsmodels --------------------------------------------------------------------------


def test_the_curve_finds_a_conversion_that_the_plain_rate_understates() -> None:
    window, mean, rate = 7, 3.0, 0.5
    record = told(simulated(6000, rate, days=14, mean=mean), worlds.funnel("A,B", window=window * DAY))
    truth = rate * (1 - math.exp(-window / mean))
    assert record["conversion_rate"] < truth - 0.04
    for point in record["curve"]:
        at = rate * (1 - math.exp(-point["seconds"] / 86400 / mean))
        assert point["converted"] == pytest.approx(at, abs=0.025)
    assert record["curve"][-1]["converted"] == pytest.approx(truth, abs=0.025)
    half = -mean * math.log(1 - truth / 2 / rate) * 86400
    assert record["half_converted_seconds"] == pytest.approx(half, rel=0.08)
    assert record["overall"]["median_seconds"] < record["half_converted_seconds"]


@pytest.mark.parametrize("window", [None, 5 * DAY])
def test_the_curve_is_that_of_statsmodels(window: int | None) -> None:
    wanted = worlds.funnel("A,B", window=window)
    packed = simulated(600, 0.6, seed=4)
    durations, converted = known(packed, wanted)
    survival = SurvfuncRight(durations, np.array(converted, dtype=int))
    shares = dict(zip(survival.surv_times, 1 - survival.surv_prob, strict=True))
    points = told(packed, wanted)["curve"]
    kept = [point for point in points if point["seconds"] * SECOND in shares]
    assert len(kept) > 150
    for point in kept:
        assert point["converted"] == pytest.approx(shares[point["seconds"] * SECOND], rel=1e-10)


@pytest.mark.parametrize(("rates", "seed"), [((0.5, 0.5), 1), ((0.5, 0.6), 2), ((0.4, 0.5, 0.3, 0.4), 3)])
def test_the_log_rank_test_is_that_of_statsmodels(rates: tuple[float, ...], seed: int) -> None:
    wanted = worlds.funnel("A,B", window=6 * DAY, breakdowns=(("channel",),))
    groups = [
        simulated(300 + 10 * number, rate, channel=str(number), seed=10 * seed + number)
        for number, rate in enumerate(rates)
    ]
    packed = [world for group in groups for world in group]
    durations, converted = known(packed, wanted)
    members = [number for number, group in enumerate(groups) for _ in group]
    _, expected = survdiff(np.array(durations), np.array(converted, dtype=int), np.array(members))
    assert told(packed, wanted)["log_rank_p_value"] == pytest.approx(expected, rel=1e-9)


def test_of_equal_segments_about_one_test_in_twenty_says_that_they_differ() -> None:
    draw = np.random.default_rng(1)
    config = worlds.config(worlds.funnel("A,B", window=6 * DAY))
    alarms = 0
    for _ in range(400):
        entry = draw.integers(0, 20 * DAY, 300)
        moment = entry + (draw.exponential(3.0, 300) * DAY).astype(np.int64)
        known = (draw.random(300) < 0.5) & (moment - entry <= 6 * DAY) & (moment <= 20 * DAY)
        frame = pl.DataFrame(
            {
                "channel": draw.integers(0, 3, 300),
                "stage_1": entry,
                "stage_2": moment,
                "status": np.where(known, "converted", np.where(entry + 6 * DAY > 20 * DAY, "open", "dropped")),
            }
        )
        p_value = log_rank(leaving(frame, ["channel"], config, 20 * DAY), ["channel"])
        alarms += p_value is not None and p_value < 0.05
    assert 8 <= alarms <= 33  # 20 are expected, with a standard deviation of 4.4


def test_a_faster_segment_with_the_same_conversion_is_told_from_a_slower_one() -> None:
    packed = simulated(800, 0.5, mean=0.5, channel="fast") + simulated(800, 0.5, mean=2.5, channel="slow", seed=2)
    wanted = worlds.funnel("A,B", window=10 * DAY, breakdowns=(("channel",),))
    shown_table = shown(packed, wanted)
    assert shown_table.record["log_rank_p_value"] < 0.001
    assert "The segments of channel differ" in shown_table.summary[-1]


def test_a_window_of_minutes_is_followed_like_one_of_days() -> None:
    # 2³¹ µs are not quite 36 minutes: less than that would fit a smaller type.
    rows = {"converted": ((0, "A"), (5, "B")), "dropped": ((0, "A"),), "open": ((25, "A"),)}
    none = dict.fromkeys(worlds.COLUMNS)
    packed = [
        tuple(Row(minute * MINUTE, event, place, none) for place, (minute, event) in enumerate(each))
        for each in rows.values()
    ]
    record = told(packed, worlds.funnel("A,B", window=10 * MINUTE, as_of=30 * MINUTE))
    assert {name: record[name] for name in rows} == dict.fromkeys(rows, 1)
    assert [(point["seconds"], point["at_risk"]) for point in record["curve"]] == [(0, 3), (300, 3), (600, 1)]
    assert record["estimated_conversion_rate"] == 1 / 3


# --- The curve's points ---------------------------------------------------------------------------------------


def test_a_curve_of_many_steps_keeps_at_most_200_points_and_strays_less_than_a_197th_from_the_whole() -> None:
    wanted = worlds.funnel("A,B", window=20 * DAY)
    packed = simulated(3000, 0.9, seed=7)
    points = told(packed, wanted)["curve"]
    assert len(points) <= 200
    durations, converted = known(packed, wanted)
    steps = curve(durations, converted)
    assert len(steps) > 2000
    exact = dict(steps) | {0: Fraction(0), 20 * DAY: steps[-1][1]}
    at = 0
    for time, share in steps:
        while at + 1 < len(points) and round(points[at + 1]["seconds"] * SECOND) <= time:
            at += 1
        assert 0 <= float(share) - points[at]["converted"] + 1e-12 < float(steps[-1][1]) / 197
    for point in points:
        assert point["converted"] == pytest.approx(float(exact[round(point["seconds"] * SECOND)]), rel=1e-11)


def test_with_nobody_still_open_the_curve_ends_at_the_plain_rate_to_the_last_bit() -> None:
    packed = simulated(997, 0.37, days=20, seed=9)
    wanted = worlds.funnel("A,B", window=DAY, as_of=40 * DAY)
    record = told(packed, wanted)
    assert record["open"] == 0
    assert record["curve"][-1]["converted"] == record["conversion_rate"] == record["estimated_conversion_rate"]
