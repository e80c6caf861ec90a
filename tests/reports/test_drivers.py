"""The drivers report against a naive one in small worlds, and against data whose truth is known."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from funnelcli.config.frames import carried
from funnelcli.config.funnel import Funnel, Match, Stage
from funnelcli.engine import Journeys, door, journeys
from funnelcli.engine.shape import STATUS
from funnelcli.events.shape import Account, Events
from funnelcli.reports import drivers as module
from funnelcli.reports.counting import lines
from funnelcli.reports.counts import whole
from funnelcli.reports.drivers import Driver, Drivers, drivers
from tests import oracle, worlds
from tests.reports.building import everything, inside
from tests.worlds import HOUR, World, unit_rows

KEYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "window": {"window": 2 * HOUR},
    "as of": {"as_of": 3 * HOUR, "window": 3 * HOUR},
    "latest": {"window": 2 * HOUR, "entry": "latest"},
    "strict ties": {"ties": "strict"},
    "stop": {"exclude": [{"events": "D"}]},
    "remove": {"exclude": [{"events": "D", "effect": "remove"}]},
    "attempts": {"count": "attempts", "window": 2 * HOUR},
}
COLUMNS = (("channel",), ("device",))


def found(packed: list[World], wanted: oracle.Funnel, *, first: int = 1, last: int = 3, **more: Any) -> Drivers:
    """The report on the worlds."""
    events, config = everything(packed, wanted, **more), worlds.config(wanted)
    walked = journeys(events, config)
    pair = lines(config)[first - 1], lines(config)[last - 1]
    spans = door.spans(walked, config, first, last)
    report = drivers(inside(events, spans), events, walked, config, events.account, between=pair, adjust="holm")
    counts = whole(walked, config)
    reached = counts.stages[first - 1].reached, counts.stages[last - 1].reached
    assert reached == (report.reached, report.converted), "the report says otherwise"
    assert report.reached == report.converted + report.dropped + report.open
    return report


def naive(
    packed: list[World], wanted: oracle.Funnel, first: int, last: int
) -> tuple[Counter[Any], Counter[Any], tuple[int, int]]:
    """How many have each driver, how many of these converted, and both of all, by going through rows one by one."""
    having: Counter[Any] = Counter()
    winning: Counter[Any] = Counter()
    total = won = 0
    for world, of_unit in zip(packed, worlds.expected(packed, wanted), strict=True):
        entered = sorted(journey.times[0] for journey in of_unit if journey.times[0] is not None)
        for journey in of_unit:
            begin, finish = journey.times[first - 1], journey.times[last - 1]
            if begin is None or journey.status == "excluded" or (finish is None and journey.status == "open"):
                continue
            until = journey.times[0] + wanted["window"] if "window" in wanted else 99 * HOUR
            if wanted.get("count") == "attempts":
                until = min([until, *(time - 1 for time in entered if time > journey.times[0])])
            until = max([until, *(time for time in journey.times if time is not None)])
            rows = [row for row in world if oracle.takes_part(row, wanted)]
            names = {
                row.event
                for row in rows
                if begin < row.time and (row.time <= until if finish is None else row.time < finish)
            }
            for stage in range(first + 1, last):
                time = journey.times[stage - 1]
                if time is not None and time in (begin, finish):
                    able = wanted["stages"][stage - 1]["events"]
                    names.add(min(row.event for row in rows if row.time == time and row.event in able))
            keys = [("event", None, name) for name in names]
            for (column,) in COLUMNS:
                ((value,),) = journey.segments[(column,)]
                keys.append(("column", column, value))
            having.update(keys)
            winning.update(keys if finish is not None else ())
            total += 1
            won += finish is not None
    return having, winning, (total, won)


def p_value(a: int, b: int, c: int, d: int) -> tuple[str, float]:
    """The test and its two-sided p-value, from its definition."""
    row, other, column, n = a + b, c + d, a + c, a + b + c + d
    if min(row, other) * min(column, n - column) / n >= 5:
        pooled = column / n
        z = (a / row - c / other) / math.sqrt(pooled * (1 - pooled) * (1 / row + 1 / other))
        return "z", math.erfc(abs(z) / math.sqrt(2))
    tables = {
        k: Fraction(math.comb(row, k) * math.comb(other, column - k), math.comb(n, column))
        for k in range(max(0, column - other), min(row, column) + 1)
    }
    return "fisher", float(sum(chance for chance in tables.values() if chance <= tables[a]))


def assert_numbers(driver: Driver) -> None:
    """Rates, phi, odds ratio and p-value are those of the driver's four counts."""
    a, c = driver.converted_with, driver.converted_without
    b, d = driver.count - a, driver.count_without - c
    assert driver.rate_with == (a / (a + b) if a + b else None)
    assert driver.rate_without == (c / (c + d) if c + d else None)
    if 0 in (a + b, c + d, a + c, b + d):
        numbers = (driver.odds_ratio, driver.phi, driver.test, driver.p_value, driver.p_adjusted, driver.significant)
        assert numbers == (None,) * 6
        return
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    assert driver.phi == pytest.approx((a * d - b * c) / math.sqrt(margins))
    if 0 not in (a, b, c, d):
        assert driver.odds_ratio == pytest.approx(a * d / (b * c))
    test, chance = p_value(a, b, c, d)
    assert (driver.test, driver.p_value) == (test, pytest.approx(chance))


@pytest.fixture(scope="module")
def packed() -> list[World]:
    return worlds.worlds(3, names="ABCX") + worlds.random_worlds(400, 8, names="ABCDX")


@pytest.mark.parametrize("stages", ["A, B, C", "A, A|B, B|C"])
@pytest.mark.parametrize("name", KEYS)
def test_the_drivers_are_those_of_a_naive_walk(name: str, stages: str, packed: list[World]) -> None:
    for first, last in ((1, 3), (1, 2), (2, 3)):
        wanted = worlds.funnel(stages, **KEYS[name], breakdowns=COLUMNS, segment_from=f"s{first}")
        report = found(packed, wanted, first=first, last=last)
        having, winning, (total, won) = naive(packed, wanted, first, last)
        told = {(driver.kind, driver.column, driver.value): driver for driver in report.drivers}
        assert {key: driver.count for key, driver in told.items()} == having
        for key, driver in told.items():
            assert driver.converted_with == winning[key]
            assert (driver.count + driver.count_without, report.converted) == (total, won)
            assert driver.converted_with + driver.converted_without == won
            assert_numbers(driver)
        strengths = [-1 if driver.phi is None else abs(driver.phi) for driver in report.drivers]
        assert strengths == sorted(strengths, reverse=True)


def test_the_order_of_rows_changes_nothing(packed: list[World]) -> None:
    wanted = worlds.funnel("A, B, C", window=2 * HOUR, breakdowns=COLUMNS)
    one, *others = [found(packed, wanted, shuffle=shuffle).drivers for shuffle in (None, 1, 2)]
    assert all(other == one for other in others)


def test_in_any_order_stages_are_counted(packed: list[World]) -> None:
    report = found(packed, worlds.funnel("A, B, C", order="any", breakdowns=COLUMNS), first=2)
    assert (report.first.stage, report.last.stage) == ("2 stages", "3 stages")
    assert report.tested


def test_an_event_at_the_instant_of_a_stage_or_after_the_outcome_is_no_driver() -> None:
    texts = ["A 0h, X 0h, Y 1h, B 2h, Z 2h, Z 3h", "A 0h, W 5h"]
    report = found([tuple(unit_rows(text)) for text in texts], worlds.funnel("A, B", window="4h"), last=2)
    assert [(driver.value, driver.count, driver.converted_with) for driver in report.drivers] == [("Y", 1, 1)]


def test_who_is_still_open_is_left_out() -> None:
    texts = ["A 0h, X 1h, B 2h", "A 0h, X 1h", "A 9h, X 10h"]
    report = found([tuple(unit_rows(text)) for text in texts], worlds.funnel("A, B", window="4h"), last=2)
    assert (report.reached, report.converted, report.dropped, report.open) == (3, 1, 1, 1)
    assert [(driver.value, driver.count) for driver in report.drivers] == [("X", 2)]


def test_nobody_there_is_no_driver() -> None:
    report = found([tuple(unit_rows("B 0h"))], worlds.funnel("A, B", breakdowns=COLUMNS), last=2)
    assert (report.reached, report.tested, report.drivers) == (0, 0, ())


# --- Data whose truth is known: journeys made, not found ------------------------------------------------------

SHOP = Funnel(name="Shop", stages=(Stage(name="Cart", matches=(Match(events=("cart",)),)),
                                   Stage(name="Buy", matches=(Match(events=("buy",)),))))  # fmt: skip
Have = dict[str, list[str | None]]


def made(converted: list[bool], happened: Have, columns: Have | None = None, adjust: module.Adjust = "holm") -> Drivers:
    """The report on journeys that converted or dropped; `happened` has the event or None, `columns` the values."""
    size = len(converted)
    frame = pl.DataFrame(
        {
            "journey": pl.Series(range(size), dtype=pl.UInt32),
            "unit": pl.Series(range(size), dtype=pl.UInt64),
            "stage_1": [0] * size,
            "stage_2": [1 if won else None for won in converted],
            "status": pl.Series(["converted" if won else "dropped" for won in converted], dtype=STATUS),
        }
    )
    segments = {
        (name,): frame.select("journey").with_columns(pl.Series(carried(name), values, dtype=pl.String))
        for name, values in (columns or {}).items()
    }
    pairs = [(at, name) for name, who in happened.items() for at, has in enumerate(who) if has is not None]
    inside = pl.DataFrame(pairs, schema={"journey": pl.UInt32, "event": pl.String}, orient="row")
    funnel = SHOP.model_copy(update={"breakdowns": tuple(segments)})
    account = Account(size, size, {}, 0, 1)
    events = Events(rows=pl.DataFrame(), account=account, end=1)
    first, last = lines(funnel)
    walked = Journeys(frame, frame.head(0), segments, 1)
    return drivers(inside, events, walked, funnel, account, between=(first, last), adjust=adjust)


def drawn(draw: random.Random, size: int, share: float) -> list[str | None]:
    return ["x" if draw.random() < share else None for _ in range(size)]


def test_of_twenty_drivers_that_mean_nothing_none_is_found_in_19_of_20_reports() -> None:
    draw, size, alarms, reports = random.Random(5), 300, 0, 400
    for _ in range(reports):
        converted = [draw.random() < 0.3 for _ in range(size)]
        events: Have = {f"e{share}": drawn(draw, size, share / 20) for share in range(1, 11)}
        columns: Have = {f"c{place}": [draw.choice("pqr") for _ in range(size)] for place in range(3)}
        alarms += any(driver.significant for driver in made(converted, events, columns).drivers)
    assert alarms / reports <= 0.05


def test_what_is_planted_is_found_and_comes_first() -> None:
    draw, size = random.Random(6), 2000
    coupon = drawn(draw, size, 0.3)
    converted = [draw.random() < (0.6 if has else 0.3) for has in coupon]
    events: Have = {"coupon": coupon} | {f"e{place}": drawn(draw, size, 0.3) for place in range(10)}
    report = made(converted, events, {"channel": [draw.choice("pqr") for _ in range(size)]})
    first, *rest = report.drivers
    assert (first.value, first.significant, first.flags) == ("coupon", True, ())
    assert first.odds_ratio_low is not None
    assert first.odds_ratio_high is not None
    assert first.odds_ratio_low < 3.5 < first.odds_ratio_high
    assert not any(driver.significant for driver in rest)
    assert report.tested == 14


def test_intervals_of_the_odds_ratio_cover_the_truth() -> None:
    draw, size, covered, reports = random.Random(7), 400, 0, 400
    for _ in range(reports):
        coupon = drawn(draw, size, 0.4)
        (driver,) = made([draw.random() < (0.5 if has else 0.3) for has in coupon], {"coupon": coupon}).drivers
        covered += (driver.odds_ratio_low or 0) <= 7 / 3 <= (driver.odds_ratio_high or 0)
    assert 0.93 <= covered / reports <= 0.97


def test_flags_say_what_to_be_careful_with() -> None:
    won = [True] * 40 + [False] * 60

    def who(first: int, last: int) -> list[str | None]:
        return ["x" if first <= at < last else None for at in range(100)]

    events: Have = {
        "cart": who(25, 75), "asked": who(0, 70), "refused": who(50, 100), "rare": who(38, 41), "all": who(0, 100),
        "thanked": who(0, 35), "stayed": who(30, 100), "plain": who(20, 60),
    }  # fmt: skip
    told = {driver.value: driver.flags for driver in made(won, events).drivers}
    assert told == {
        "cart": ("stage", "exposure"),
        "asked": ("always",),
        "refused": ("never", "exposure"),
        "rare": ("small",),
        "all": ("small", "always"),
        "thanked": ("never",),
        "stayed": ("always", "exposure"),
        "plain": (),
    }


def test_values_of_a_column_have_no_flags_of_events() -> None:
    won = [True] * 50 + [False] * 50
    values: list[str | None] = ["cart"] * 40 + [None] * 60
    told = {driver.value: driver.flags for driver in made(won, {}, {"channel": values}).drivers}
    assert told == {"cart": ("never",), None: ("always",)}


def test_without_a_contrast_there_is_no_test() -> None:
    (driver,) = made([True, False] * 50, {"all": ["x"] * 100}).drivers
    assert (driver.rate_with, driver.rate_without, driver.phi, driver.p_value) == (0.5, None, None, None)
    (driver,) = made([True] * 100, {"some": ["x", None] * 50}).drivers
    assert (driver.p_value, driver.significant) == (None, None)


def test_p_values_are_adjusted_as_asked_over_all_that_were_tested() -> None:
    draw = random.Random(8)
    won = [draw.random() < 0.5 for _ in range(200)]
    events: Have = {f"e{place}": drawn(draw, 200, 0.5) for place in range(5)} | {"all": ["x"] * 200}
    for adjust in ("holm", "bh", "none"):
        report = made(won, events, adjust=adjust)
        raw = sorted(driver.p_value for driver in report.drivers if driver.p_value is not None)
        adjusted = sorted(driver.p_adjusted for driver in report.drivers if driver.p_adjusted is not None)
        assert (report.tested, len(raw)) == (5, 5)
        assert adjusted[0] == pytest.approx({
            "holm": min(1, raw[0] * 5), "bh": min(p * 5 / rank for rank, p in enumerate(raw, 1)), "none": raw[0],
        }[adjust])  # fmt: skip


def test_only_the_most_frequent_are_tested_and_the_rest_is_counted() -> None:
    size = module.MOST_EVENTS + 10
    won = [at % 2 == 0 for at in range(size)]
    events: Have = {"all": ["x"] * (size - 1) + [None]}
    events |= {f"id-{at:04}": ["x" if at == own else None for own in range(size)] for at in range(size)}
    report = made(won, events, {"who": [str(at % 60) for at in range(size)]})
    assert report.left_out == {None: 11, "who": 10}
    assert len(report.drivers) == module.MOST_EVENTS + module.MOST_VALUES
    assert {"all", "id-0000", "id-0998"} <= {driver.value for driver in report.drivers}
    assert not {"id-0999", "id-1009"} & {driver.value for driver in report.drivers}
