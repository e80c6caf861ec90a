"""The bottlenecks against a naive recount from the conversion report, and against logs in which a stage was mended."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from funnelcli.config import periods
from funnelcli.config.frames import carried
from funnelcli.engine import STATUS, Journeys, journeys
from funnelcli.reports.bottlenecks import Measure, bottlenecks
from funnelcli.reports.conversion import conversion
from funnelcli.tables import conversion as conversion_table
from funnelcli.tables.bottlenecks import table
from tests import oracle, worlds
from tests.reports import naive
from tests.worlds import EPOCH, HOUR, World

Record = dict[str, Any]
Targets = tuple[tuple[str, float], ...]

DAY = 24 * HOUR
MEASURES: tuple[Measure, ...] = ("gain", "lost", "rate", "slow")
ENOUGH = 30

# --- The naive recount ----------------------------------------------------------------------------------------


def told(
    packed: Sequence[World],
    wanted: oracle.Funnel,
    targets: Targets = (),
    *,
    measure: Measure = "gain",
    every: Any = "1d",
    top: int | None = None,
    shuffle: int | None = None,
) -> list[Record]:
    """The rows as the program tells them in JSON."""
    config = worlds.config(wanted).model_copy(update={"targets": targets})
    events = worlds.events(packed, wanted, shuffle=shuffle)
    report = bottlenecks(
        events, journeys(events, config), config, events.account, measure=measure, every=every, top=top
    )
    found: Any = table(report).record["bottlenecks"]
    return list(found)


def reported(packed: Sequence[World], wanted: oracle.Funnel, **keys: Any) -> Record:
    """The conversion report in JSON, with further keys of the program's own funnel."""
    config = worlds.config(wanted).model_copy(update=keys)
    events = worlds.events(packed, wanted)
    return dict(conversion_table.table(conversion(journeys(events, config), config, events.account)).record)


def recounted(
    packed: Sequence[World], wanted: oracle.Funnel, targets: Targets, measure: Measure, days: int = 0, earlier: int = 0
) -> list[Record]:
    """The rows by the definition, from nothing but the conversion report; the first `days` are complete, and the first
    `earlier` are not the last in which anybody enters.
    """
    whole = reported(packed, wanted)
    later = {stage["position"]: rest for _, stage, rest in chain(whole)}
    given = {} if wanted.get("order") == "any" else {name: Fraction(repr(rate)) for name, rate in targets}
    past = [past_of(packed, wanted, day) for day in range(days)]
    rows: list[Record] = []
    if not wanted.get("breakdowns"):
        rows = whole_rows(whole, given, past, earlier)
    for breakdown in wanted.get("breakdowns", ()):
        parts = [part for part in whole["segments"] if tuple(part["segment"]) == tuple(breakdown)]
        rows += segment_rows(
            whole, parts, given, past[:earlier], at_stage=wanted.get("segment_from", "entry").startswith("s")
        )
    for row in rows:
        complete(row, later, measure)
    order = sorted(rows, key=lambda row: (row["score"] is None, -(row["score"] or 0), row["position"]))
    return [row | {"rank": rank} for rank, row in enumerate(order, 1)]


def chain(counts: Record) -> list[tuple[Record, Record, Fraction | None]]:
    """(stage before, stage, share of those who reached it that converted) of each step between required stages."""
    required = [stage for stage in counts["stages"] if not stage["optional"]]
    found = []
    for number, (before, stage) in enumerate(pairwise(required)):
        rest: Fraction | None = None if "continued" in stage else Fraction(1)
        for one, next_ in pairwise(required[number + 1 :]):
            share = naive.ratio(next_["reached"], one["reached"])
            rest = rest if not rest else None if share is None else rest * share
        found.append((before, stage, rest))
    return found


def past_of(packed: Sequence[World], wanted: oracle.Funnel, day: int) -> Record:
    since = EPOCH + timedelta(days=day)
    return reported(packed, wanted, since=since, until=since + timedelta(days=1))


def went_on(stage: Record) -> int:
    """How many came from the stage before."""
    count: int = stage.get("continued", stage["reached"])
    return count


def number_of(stage: Record, before: Record, part: Record | None) -> tuple[int, int]:
    """(went on, reached before) in another group of the same step."""
    if part is None:
        return 0, 0
    stages = {each["position"]: each for each in part["stages"]}
    return went_on(stages[stage["position"]]), stages[before["position"]]["reached"]


def whole_rows(whole: Record, given: dict[str, Fraction], past: Sequence[Record], earlier: int) -> list[Record]:
    rows, tests = [], []
    for before, stage, rest in chain(whole):
        row: Record = base(None, before, stage, rest)
        rows.append(row)
        if stage["stage"] in given:
            row["target"] = given[stage["stage"]], None
            row["target_from"] = "targets"
            row["test"] = len(tests)
            tests.append(one_sample(row["came"], row["reached_before"], given[stage["stage"]]))
            continue
        every = [number_of(stage, before, each) for each in past]
        enough = [(place, each) for place, each in enumerate(every[:earlier]) if each[1] >= ENOUGH]
        if not enough:
            continue
        best, pair = max(enough, key=lambda each: (Fraction(*each[1]), -each[0]))
        row["target"], row["target_from"] = (Fraction(*pair), pair), "period"
        for place, (came, of) in enough:
            others = sum(each[0] for each in every) - came, sum(each[1] for each in every) - of
            if place == best:
                row["test"], row["rest_rate"] = len(tests), naive.ratio(*others)
            tests.append(two_sample(came, of, *others))
    adjusted = holm(tests)
    return [row | {"p_adjusted": adjusted[row["test"]] if "test" in row else None} for row in rows]


def segment_rows(
    whole: Record, parts: Sequence[Record], given: dict[str, Fraction], past: Sequence[Record], *, at_stage: bool
) -> list[Record]:
    rows = []
    total = {stage["position"]: (went_on(stage), before["reached"]) for before, stage, _ in chain(whole)}
    for part in parts:
        for before, stage, rest in chain(part):
            row = base(part["segment"], before, stage, rest)
            others = [
                (each["segment"], number_of(stage, before, each))
                for each in parts
                if not (at_stage and "(not reached)" in each["segment"].values())
            ]
            others = [each for each in others if each[1][1] >= ENOUGH]
            best = max(others, key=lambda each: Fraction(*each[1]), default=None)
            if stage["stage"] in given:
                row["target"], row["target_from"] = (given[stage["stage"]], None), "targets"
            elif best is not None and (len(others) > 1 or best[0] != part["segment"]):
                row["target"], row["target_from"] = (Fraction(*best[1]), best[1]), "segment"
                row["target_segment"], row["is_best"] = best[0], best[0] == part["segment"]
            else:
                then = [next((e for e in each["segments"] if e["segment"] == part["segment"]), None) for each in past]
                pairs = [number_of(stage, before, each) for each in then]
                pairs = [pair for pair in pairs if pair[1] >= ENOUGH]
                if pairs:
                    pair = max(pairs, key=lambda each: Fraction(*each))
                    row["target"], row["target_from"] = (Fraction(*pair), pair), "period"
            came, of = total[stage["position"]]
            rest_pair = came - row["came"], of - row["reached_before"]
            row["rest_rate"] = naive.ratio(*rest_pair)
            row["p"] = two_sample(row["came"], row["reached_before"], *rest_pair)
            rows.append(row)
    return [row | {"p_adjusted": p} for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True)]


def base(segment: Any, before: Record, stage: Record, rest: Fraction | None) -> Record:
    row = {
        key: stage[key] for key in ("stage", "position", "dropped", "open", "drop_off_rate", "stage_rate", "reached")
    }
    row |= {"segment": segment, "from_stage": before["stage"], "reached_before": before["reached"]}
    row |= {"median_seconds": stage["median_seconds"], "came": went_on(stage), "later": rest}
    return row | dict.fromkeys(("target", "target_from", "target_segment", "rest_rate")) | {"is_best": False}


def complete(row: Record, later: dict[int, Fraction | None], measure: Measure) -> None:
    """What follows from the numbers of the row and its target."""
    row["target_rate"] = row["target"] and row["target"][0]
    nobody = row["later"] is None
    rest = later[row["position"]] if nobody else row["later"]
    row["later_rate"], row["later_from_whole"] = rest, nobody and rest is not None
    gain: tuple[Any, Any, Any] = None, None, None
    if row["target"] and row["reached_before"] and rest is not None:
        rate, of = row["target"]
        scale = row["reached_before"] * rest
        own = Fraction(row["came"], row["reached_before"])
        if row["is_best"]:
            ends: tuple[Any, Any] = None, None
        elif of is None:
            low, high = map(Fraction, wilson(row["came"], row["reached_before"]))
            ends = rate - high, rate - low
        else:
            ends = newcombe(*of, row["came"], row["reached_before"])
        gain = (
            scale * max(Fraction(0), rate - own),
            *(None if end is None else float(scale) * float(end) for end in ends),
        )
    row["extra_conversions"], row["extra_conversions_low"], row["extra_conversions_high"] = gain
    row["score"] = {
        "gain": gain[0],
        "lost": row["dropped"],
        "rate": row["drop_off_rate"],
        "slow": row["median_seconds"],
    }[measure]


def wilson(came: int, of: int) -> tuple[Any, Any]:
    low, high = naive.wilson(came, of)
    assert low is not None
    return low, high


def newcombe(x1: int, n1: int, x2: int, n2: int) -> tuple[float, float]:
    """Newcombe (1998), method 10."""
    (l1, u1), (l2, u2) = ((float(low), float(high)) for low, high in (wilson(x1, n1), wilson(x2, n2)))
    p1, p2 = x1 / n1, x2 / n2
    return p1 - p2 - math.hypot(p1 - l1, u2 - p2), p1 - p2 + math.hypot(u1 - p1, p2 - l2)


def one_sample(x: int, n: int, rate: Fraction) -> float | None:
    """The score test; the exact one where fewer than five are expected to go on, or not to."""
    if n == 0:
        return None
    if n * min(rate, 1 - rate) >= 5:
        return math.erfc(abs(float(x - n * rate)) / math.sqrt(float(2 * n * rate * (1 - rate))))
    chances = [math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]
    return float(sum(chance for chance in chances if chance <= chances[x]))


def two_sample(x1: int, n1: int, x2: int, n2: int) -> float | None:
    """The pooled z test; Fisher's where fewer than five are expected in some place."""
    if not n1 or not n2:
        return None
    went, of = x1 + x2, n1 + n2
    if min(went, of - went) * min(n1, n2) < 5 * of:
        ways = {k: math.comb(n1, k) * math.comb(n2, went - k) for k in range(max(0, went - n2), min(n1, went) + 1)}
        return float(Fraction(sum(way for way in ways.values() if way <= ways[x1]), math.comb(of, went)))
    pooled = Fraction(went, of)
    spread = pooled * (1 - pooled) * (Fraction(1, n1) + Fraction(1, n2))
    return math.erfc(abs(float(Fraction(x1, n1) - Fraction(x2, n2))) / math.sqrt(2 * float(spread)))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Each p-value times the number of those not smaller, never less than one before it, at most 1."""
    known = sorted(p for p in p_values if p is not None)
    steps = [min(1.0, p * (len(known) - place)) for place, p in enumerate(known)]
    highest = [max(steps[: place + 1]) for place in range(len(steps))]
    return [None if p is None else highest[known.index(p)] for p in p_values]


COMPARED = (
    "rank", "segment", "stage", "from_stage", "score", "dropped", "drop_off_rate", "extra_conversions",
    "extra_conversions_low", "extra_conversions_high", "target_rate", "target_from", "p_adjusted", "position",
    "reached_before", "reached", "open", "stage_rate", "median_seconds", "target_segment", "is_best", "rest_rate",
    "later_rate", "later_from_whole",
)  # fmt: skip


def assert_rows(found: Iterable[Record], wanted: Iterable[Record]) -> None:
    for ours, theirs in zip(found, wanted, strict=True):
        for key in COMPARED:
            if isinstance(theirs[key], float | Fraction):
                near = math.isclose(ours[key], theirs[key], rel_tol=1e-9, abs_tol=1e-9)
                assert near, f"{key}: {ours[key]!r}, not {float(theirs[key])!r}: {theirs}"
            else:
                assert ours[key] == theirs[key], f"{key}: {ours[key]!r}, not {theirs[key]!r}: {theirs}"


@pytest.fixture(scope="module")
def packed() -> list[World]:
    return worlds.random_worlds(500, 7, names="ABCX", seed=4)


@pytest.fixture(scope="module")
def spread() -> list[World]:
    """Worlds that each lie on one of five days, in which fewer and fewer go on."""
    draw = random.Random(8)
    found = []
    for number, world in enumerate(worlds.random_worlds(900, 6, names="ABC", seed=5)):
        day = number % 5
        rows = [row for row in world if row.event == "A" or draw.random() > 0.12 * day]
        found.append(tuple(oracle.Row(row.time + day * DAY, row.event, row.position, row.columns) for row in rows))
    return found


CHANNEL, DEVICE, BOTH = ("channel",), ("device",), ("channel", "device")
OPTIONAL: Record = {"stages": [{"name": name, "events": [name[-1]]} for name in ("sA", "sB", "sX", "sC")]}
OPTIONAL["stages"][2]["optional"] = True
KEYS: dict[str, Record] = {
    "plain": {},
    "window": {"window": 2 * HOUR},
    "open units": {"window": 4 * HOUR, "as_of": 4 * HOUR},
    "optional": OPTIONAL,
    "attempts": {"count": "attempts", "window": HOUR},
    "any order": {"order": "any"},
    "strict": {"order": "strict"},
    "stop": {"exclude": [{"events": "X"}]},
    "remove": {"exclude": [{"events": "X", "effect": "remove"}]},
}
TARGETS: Targets = (("s2", 0.9), ("s3", 0.05), ("sC", 0.7))
SPLIT: tuple[Record, ...] = (
    {},
    {"breakdowns": (CHANNEL, DEVICE)},
    {"breakdowns": (BOTH,)},
    {"breakdowns": (CHANNEL,), "segment_from": "any"},
    {"breakdowns": (CHANNEL,), "segment_from": "last"},
)


@pytest.mark.parametrize(
    "targets",
    [
        pytest.param((), id="none", marks=pytest.mark.slow),
        pytest.param(TARGETS, id="all", marks=pytest.mark.slow),
        pytest.param(TARGETS[:1], id="one"),
    ],
)
@pytest.mark.parametrize("name", KEYS)
def test_every_number_is_that_of_a_recount_from_the_conversion_report(
    name: str, targets: Targets, packed: list[World]
) -> None:
    for number, split in enumerate(SPLIT):
        wanted = {**worlds.funnel("A, B, C"), **KEYS[name], **split}
        measure = MEASURES[(number + len(targets)) % 4]
        assert_rows(told(packed, wanted, targets, measure=measure), recounted(packed, wanted, targets, measure))


def test_a_segment_read_at_a_stage_is_never_held_against_those_who_did_not_reach_it(packed: list[World]) -> None:
    wanted = worlds.funnel("A, B, C", breakdowns=(CHANNEL,), segment_from="s2")
    rows = told(packed, wanted)
    assert_rows(rows, recounted(packed, wanted, (), "gain"))
    assert any(row["segment"]["channel"] == "(not reached)" for row in rows)


@pytest.mark.parametrize("split", [{}, {"breakdowns": (("nothing",),)}], ids=["whole", "one segment"])
@pytest.mark.parametrize(
    ("keys", "days", "earlier"),
    [
        ({}, 4, 4),
        ({"window": 3 * HOUR}, 4, 4),
        ({"window": 3 * HOUR, "as_of": 6 * DAY}, 5, 4),
        ({"window": 2 * DAY}, 2, 2),
    ],
)
def test_without_other_targets_the_best_earlier_period_is_one(
    keys: Record, days: int, earlier: int, split: Record, spread: list[World]
) -> None:
    lone = [
        tuple(oracle.Row(row.time, row.event, row.position, {"nothing": None}) for row in world) for world in spread
    ]
    wanted = {**worlds.funnel("A, B, C"), **keys, **split}
    rows = told(lone, wanted)
    assert_rows(rows, recounted(lone, wanted, (), "gain", days, earlier))
    assert {(row["target_from"], row["target_period"]) for row in rows} == {("period", "1970-01-01")}


def test_a_week_is_named_by_its_monday_in_the_funnel_s_timezone() -> None:
    monday = datetime(2025, 12, 28, 23, tzinfo=UTC)
    assert periods.label("1w", monday, ZoneInfo("Europe/Stockholm")) == "2026-W01"
    assert periods.label("1w", monday, UTC) == "2025-W52"


@pytest.mark.parametrize("measure", ["lost", "rate"])
@pytest.mark.parametrize("split", [{}, {"breakdowns": (CHANNEL, BOTH)}], ids=["whole", "segments"])
def test_with_an_open_start_stages_have_targets_and_no_gain(
    split: Record, measure: Measure, packed: list[World]
) -> None:
    wanted = {**worlds.funnel("A, B, C", start="open", window=2 * HOUR), **split}
    rows = told(packed, wanted, TARGETS, measure=measure)
    assert_rows(rows, recounted(packed, wanted, TARGETS, measure))
    assert {row["extra_conversions"] for row in rows} == {None}


@pytest.mark.parametrize("measure", MEASURES)
def test_the_order_of_rows_changes_nothing_and_ranks_are_one_to_n_by_score(
    measure: Measure, packed: list[World]
) -> None:
    wanted = worlds.funnel("A, B, C", breakdowns=(CHANNEL, DEVICE))
    one, *others = [told(packed, wanted, measure=measure, shuffle=shuffle) for shuffle in (None, 1, 2)]
    assert all(other == one for other in others)
    assert [row["rank"] for row in one] == list(range(1, len(one) + 1))
    scores = [(row["score"] is not None, row["score"] or 0) for row in one]
    assert scores == sorted(scores, reverse=True)
    assert told(packed, wanted, measure=measure, top=3) == one[:3]


# --- Logs made to measure -------------------------------------------------------------------------------------


def depths(*counts: int, channel: str | None = None, names: str = "ABCDE") -> list[World]:
    """Worlds of which so many reached each stage, an hour after the one before."""
    found = []
    for number, (reached, further) in enumerate(pairwise((*counts, 0)), 1):
        rows = [oracle.Row(hour * HOUR, names[hour], hour, {"channel": channel}) for hour in range(number)]
        found += [tuple(rows)] * (reached - further)
    return found


def only(rows: Sequence[Record], stage: str, channel: str | None = None) -> Record:
    """The row of a stage, or of a stage and a channel."""
    of_stage = [row for row in rows if row["stage"] == stage]
    return next(row for row in of_stage if row["segment"] is None or row["segment"]["channel"] == channel)


MENDED = [
    ((1000, 600, 300, 150), 2, 800),
    ((1000, 600, 300, 150), 3, 450),
    ((1000, 600, 300, 150), 4, 300),
    ((640, 160, 80, 20), 2, 640),
    ((100, 10, 10, 10), 2, 90),
    ((64, 32, 16, 0), 3, 32),
]


@pytest.mark.parametrize(("reached", "position", "then"), MENDED)
def test_the_gain_is_what_a_mended_log_has_more(reached: tuple[int, ...], position: int, then: int) -> None:
    before = reached[position - 2]
    rest = [Fraction(later, reached[position - 1]) for later in reached[position - 1 :]]
    mended = (*reached[: position - 1], *(int(then * share) for share in rest))
    funnel = worlds.funnel("A, B, C, D")
    row = only(told(depths(*reached), funnel, ((f"s{position}", then / before),)), f"s{position}")
    found, after = (reported(depths(*counts), funnel) for counts in (reached, mended))
    assert after["stages"][position - 1]["stage_rate"] == row["target_rate"]
    for one, other in zip(found["stages"][position:], after["stages"][position:], strict=True):
        assert one["stage_rate"] == other["stage_rate"]
    assert math.isclose(row["extra_conversions"], after["converted"] - found["converted"], abs_tol=1e-9)


def test_the_gain_of_a_segment_is_what_a_log_has_more_in_which_it_was_mended() -> None:
    funnel = worlds.funnel("A, B, C", breakdowns=(CHANNEL,))
    email, ads = depths(100, 80, 40, channel="email"), depths(400, 200, 50, channel="ads")
    row = only(told([*email, *ads], funnel), "s2", "ads")
    assert (row["target_rate"], row["target_segment"]) == (0.8, {"channel": "email"})
    after = reported([*email, *depths(400, 320, 80, channel="ads")], funnel)
    assert math.isclose(row["extra_conversions"], after["converted"] - 90)
    assert after["converted"] - 90 == 30


def drawn(funnel: oracle.Funnel, counts: dict[str, tuple[int, int]]) -> list[Record]:
    """The rows on journeys of which so many of each channel entered, and of these so many converted."""
    parts = [
        pl.select(at=pl.int_range(entered), converted=pl.int_range(entered) < converted, channel=pl.lit(channel))
        for channel, (entered, converted) in counts.items()
    ]
    frame = (
        pl.concat(parts)
        .with_row_index("journey")
        .with_columns(
            unit=pl.col("journey").cast(pl.UInt64),
            entered=pl.lit(0, pl.Int64),
            stage_1=pl.lit(0, pl.Int64),
            stage_2=pl.when("converted").then(pl.lit(HOUR)),
            depth=pl.col("converted").cast(pl.Int64) + 1,
            status=pl.when("converted").then(pl.lit("converted")).otherwise(pl.lit("dropped")).cast(STATUS),
            mature=pl.lit(None, pl.Boolean),
        )
    )
    config, events = worlds.config(funnel), worlds.events([], funnel)
    of_channel = frame.select("journey", pl.col("channel").alias(carried("channel")))
    found = Journeys(frame=frame, excluded=frame.head(0), segments={CHANNEL: of_channel}, end=HOUR)
    told_: Any = table(bottlenecks(events, found, config, events.account)).record["bottlenecks"]
    return list(told_)


def test_the_interval_covers_the_gain_at_its_level() -> None:
    draw, inside, rounds = random.Random(1), 0, 500
    for _ in range(rounds):
        ads, email = (sum(draw.random() < rate for _ in range(100)) for rate in (0.4, 0.9))
        rows = drawn(worlds.funnel("A, B", breakdowns=(CHANNEL,)), {"ads": (100, ads), "email": (100, email)})
        row = only(rows, "s2", "ads")
        inside += row["extra_conversions_low"] <= 100 * (0.9 - 0.4) <= row["extra_conversions_high"]
    assert 0.92 <= inside / rounds <= 0.98


def test_each_measure_ranks_by_its_own_number() -> None:
    """Most drop at the first step, the largest share at the second, the last takes longest; the third gains most."""
    paces = {"A": 0, "B": 1, "C": 2, "D": 3, "E": 9}
    packed = [
        tuple(oracle.Row(paces[row.event] * HOUR, row.event, row.position, {}) for row in world)
        for world in depths(1000, 500, 100, 60, 50)
    ]
    funnel = worlds.funnel("A, B, C, D, E")
    targets = (("s2", 0.51), ("s3", 0.21), ("s4", 1.0), ("s5", 0.84))
    first = {measure: told(packed, funnel, targets, measure=measure)[0] for measure in MEASURES}
    assert {measure: (row["stage"], row["score"]) for measure, row in first.items()} == {
        "gain": ("s4", only(told(packed, funnel, targets), "s4")["extra_conversions"]),
        "lost": ("s2", 500),
        "rate": ("s3", 0.8),
        "slow": ("s5", 6 * 3600.0),
    }


def test_equal_scores_stand_by_position_then_by_segment() -> None:
    funnel = worlds.funnel("A, B, C", breakdowns=(CHANNEL,))
    packed = [*depths(80, 40, 20, channel="b"), *depths(80, 40, 20, channel="a"), *depths(100, 50, 25, channel="z")]
    rows = told(packed, funnel, measure="rate")
    assert [(row["stage"], row["segment"]["channel"]) for row in rows] == [
        ("s2", "z"), ("s2", "a"), ("s2", "b"), ("s3", "z"), ("s3", "a"), ("s3", "b"),
    ]  # fmt: skip


def test_without_data_every_number_but_counts_is_null() -> None:
    for row in told([], worlds.funnel("A, B, C"), TARGETS):
        assert (row["dropped"], row["reached_before"]) == (0, 0)
        nulls = ("score", "drop_off_rate", "extra_conversions", "extra_conversions_low", "extra_value", "p_adjusted")
        assert [row[key] for key in nulls] == [None] * len(nulls)
        assert row["reason"].endswith(f"nobody reached {row['from_stage']}, so there is nothing to tell.")
    assert told([], worlds.funnel("A, B, C", breakdowns=(CHANNEL,))) == []


def test_one_segment_is_no_target_of_its_own() -> None:
    row = only(told(depths(50, 25, channel="x"), worlds.funnel("A, B", breakdowns=(CHANNEL,)), every="1w"), "s2", "x")
    assert (row["target_rate"], row["extra_conversions"], row["score"], row["p_adjusted"]) == (None,) * 4
    assert row["reason"] == (
        "s1 → s2 for channel x: 50.0 % go on, and there is no target: the config sets none, and no other segment and no"
        " earlier whole week has 30 who reached s1."
    )


def test_a_value_of_the_log_called_not_reached_is_a_target_like_any_other() -> None:
    packed = [*depths(50, 40, channel="(not reached)"), *depths(50, 25, channel="x")]
    rows = told(packed, worlds.funnel("A, B", breakdowns=(CHANNEL,), segment_from="s1"))
    assert [(row["target_rate"], row["best_of"]) for row in rows] == [(0.8, 2), (0.8, 2)]


def test_a_segment_with_too_little_data_is_no_target_and_says_so() -> None:
    packed = [*depths(29, 29, channel="tiny"), *depths(100, 50, channel="x"), *depths(90, 36, channel="y")]
    rows = told(packed, worlds.funnel("A, B", breakdowns=(CHANNEL,)))
    assert {row["target_segment"]["channel"] for row in rows} == {"x"}
    assert only(rows, "s2", "y")["reason"] == (
        "s1 → s2 for channel y: 40.0 % go on, against 50.0 % of x (the best of 2 segments with enough data); at that"
        " rate 9.0 more would convert (95 % interval −3.7 to 21, so perhaps none)."
        " The difference from the 61.2 % of all others is hardly chance (p 0.004 after Holm over 3 tests)."
    )
    assert only(rows, "s2", "tiny")["reason"] == (
        "s1 → s2 for channel tiny: 100 % go on, against 50.0 % of x (the best of 2 segments with enough data), so it is"
        " reached already. Only 29 reached s1: too little data to be sure of anything."
        " The difference from the 45.3 % of all others is hardly chance (p <0.001 after Holm over 3 tests)."
    )


def test_where_nobody_goes_on_anywhere_there_is_no_better_rate_to_reach() -> None:
    end = "with enough data, so there is no better rate to reach."
    packed = [*depths(100, channel="x"), *depths(40, channel="y")]
    for measure, before in (("gain", ""), ("lost", "40 dropped; ")):
        rows = told(packed, worlds.funnel("A, B", breakdowns=(CHANNEL,)), measure=measure)
        assert only(rows, "s2", "y")["reason"] == (
            f"s1 → s2 for channel y: {before}nobody goes on, nor does anybody in another segment {end}"
        )
        assert "nobody goes on, nor does anybody in another segment" in only(rows, "s2", "x")["reason"]
    week = 7 * 24 * HOUR
    packed = [(oracle.Row(number % 3 * week, "A", 0, {}),) for number in range(120)]
    assert told(packed, worlds.funnel("A, B"), every="1w")[0]["reason"] == (
        f"s1 → s2: nobody goes on, nor does anybody in an earlier week {end}"
    )


UNLIKELY = "The difference from the target is hardly chance (p 0.041)."


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (0.6, f"; at that rate 2.4 more would convert (95 % interval 0.1 to 4.7). {UNLIKELY}"),
        (0.5, ", so it is reached already."),
        (0.4, f", so it is reached already. {UNLIKELY}"),
    ],
)
def test_a_target_of_the_config_is_held_against_the_whole(target: float, reason: str) -> None:
    row = only(told(depths(100, 50, 12), worlds.funnel("A, B, C"), (("s2", target),)), "s2")
    assert row["reason"] == f"s1 → s2: 50.0 % go on, against the target of {100 * target:.1f} %{reason}"
    assert row["extra_conversions"] == pytest.approx(max(0, 100 * (target - 0.5) * 12 / 50))


def test_where_nobody_of_a_segment_reached_the_stage_those_of_the_whole_tell_what_comes_later() -> None:
    packed = [*depths(100, 50, 25, channel="x"), *depths(40, channel="y"), *depths(40, 10, 0, channel="z")]
    rows = told(packed, worlds.funnel("A, B, C", breakdowns=(CHANNEL,)))
    stopped = only(rows, "s2", "y")
    assert (stopped["later_from_whole"], stopped["later_rate"]) == (True, 25 / 60)
    assert stopped["extra_conversions"] == pytest.approx(40 * 0.5 * 25 / 60)
    assert "8.3 more would convert (95 % interval 6.2 to 9.9), if they then convert like all who" in stopped["reason"]
    dead_end = only(rows, "s2", "z")
    assert (dead_end["later_rate"], dead_end["extra_conversions"], dead_end["later_from_whole"]) == (0, 0, False)
    assert "that would bring nothing, as none of the 10 who reached s2 converted." in dead_end["reason"]
    unknown = only(rows, "s3", "y")
    assert (unknown["score"], unknown["stage_rate"], unknown["extra_conversions"]) == (None, None, None)


def test_equal_segments_are_hardly_ever_called_different() -> None:
    """Of many draws of ten equal segments, some p is under 0.05 in at most about one of twenty."""
    draw, alarms, rounds = random.Random(3), 0, 400
    for _ in range(rounds):
        counts = {channel: (60, sum(draw.random() < 0.5 for _ in range(60))) for channel in "abcdefghij"}
        rows = drawn(worlds.funnel("A, B", breakdowns=(CHANNEL,)), counts)
        alarms += any(row["p_adjusted"] < 0.05 for row in rows)
    assert alarms / rounds <= 0.07


def test_the_table_and_the_rows_say_what_json_says(packed: list[World]) -> None:
    wanted = worlds.funnel("A, B, C", breakdowns=(CHANNEL,))
    config = worlds.config(wanted)
    events = worlds.events(packed, wanted)
    found = table(bottlenecks(events, journeys(events, config), config, events.account))
    records: Any = found.record["bottlenecks"]
    names = [name for name, _ in found.fields]
    assert names[:3] == ["breakdown", "segment", "rank"]
    for row, record in zip(found.rows, records, strict=True):
        told_ = dict(zip(names, row, strict=True))
        assert told_["breakdown"] == "channel"
        for key in names[2:]:
            if key != "target_segment":
                assert told_[key] == record[key]
    assert pl.DataFrame(found.rows, schema=names, orient="row").height == len(records)
