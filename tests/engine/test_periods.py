"""Journeys by period are those of each period by itself, whatever the funnel."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from funnelcli.config.frames import carried
from funnelcli.engine import Journeys, by_period, entering, journeys, periods
from tests import oracle, worlds
from tests.keys import KEYS, PAIRS, STAGES, drawn, funnel
from tests.worlds import HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = drawn(20, seed=5)
MORE = drawn(150, seed=6)
UNEQUAL = ((0, HOUR), (HOUR, 2 * HOUR), (2 * HOUR, 4 * HOUR), (5 * HOUR, 6 * HOUR))


@pytest.fixture(scope="module")
def packed() -> list[worlds.World]:
    return worlds.random_worlds(200, 9, instants=7, names="ABC", seed=11)


def told(found: Journeys, period: pl.DataFrame) -> list[pl.DataFrame]:
    """Journeys, excluded ones and segments, each with the period and the unit, sorted."""
    ids = period.select("journey", "period", "unit")
    frames = [found.frame, found.excluded, *found.segments.values()]
    if found.values is not None:
        frames.append(found.values)
    named = [frame.drop("period", "unit", strict=False).join(ids, on="journey").drop("journey") for frame in frames]
    assert all(old.height == new.height for old, new in zip(frames, named, strict=True))
    return [frame.select(sorted(frame.columns)).sort(sorted(frame.columns)) for frame in named]


def apart(packed: Sequence[worlds.World], keys: dict[str, Any]) -> list[list[pl.DataFrame]]:
    """What each period by itself gives."""
    events, config = worlds.events(packed, keys), worlds.config(keys)
    found = []
    for number, (start, end) in enumerate(UNEQUAL):
        dates = {
            "since": worlds.EPOCH + timedelta(microseconds=start),
            "until": worlds.EPOCH + timedelta(microseconds=end),
        }
        one = journeys(events, config.model_copy(update=dates))
        ids = pl.concat([one.frame, one.excluded]).with_columns(period=pl.lit(number, pl.UInt32))
        found.append(told(one, ids))
    return found


def assert_same(packed: Sequence[worlds.World], keys: dict[str, Any]) -> None:
    keys = {key: value for key, value in keys.items() if key not in {"since", "until"}}
    whole = by_period(worlds.events(packed, keys), worlds.config(keys), UNEQUAL)
    ids = pl.concat([whole.frame, whole.excluded])
    assert ids["journey"].is_unique().all()
    for together, each in zip(told(whole, ids), zip(*apart(packed, keys), strict=True), strict=True):
        expected = pl.concat(each)
        assert together.equals(expected.select(together.columns).sort(together.columns))


@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("name", KEYS)
def test_each_key_gives_the_journeys_of_every_period(name: str, stages: str, packed: list[worlds.World]) -> None:
    assert_same(packed, funnel(stages, KEYS[name]))


@pytest.mark.parametrize("names", MANY, ids=" + ".join)
def test_many_keys_give_the_journeys_of_every_period(names: tuple[str, ...], packed: list[worlds.World]) -> None:
    assert_same(packed, funnel(STAGES[list(MANY).index(names) % len(STAGES)], MANY[names]))


@pytest.mark.slow
@pytest.mark.parametrize("names", [*PAIRS, *MORE], ids=" + ".join)
def test_pairs_and_more_keys_give_the_journeys_of_every_period(
    names: tuple[str, ...], packed: list[worlds.World]
) -> None:
    every = {**MORE, **PAIRS}
    assert_same(packed, funnel(STAGES[list(every).index(names) % len(STAGES)], every[names]))


def test_the_size_of_the_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch, packed: list[worlds.World]) -> None:
    keys = funnel("A,B,C", {"window": HOUR, "segment_from": "last"})
    config = worlds.config(keys)
    hours = [(at * HOUR, (at + 1) * HOUR) for at in range(7)]
    events = worlds.events(packed, keys)
    whole = by_period(events, config, hours)
    monkeypatch.setattr(periods, "_chunks", lambda rows, funnel, some: ([place] for place in range(len(some))))
    cut = by_period(events, config, hours)
    assert whole.frame.drop("journey").sort(pl.all()).equals(cut.frame.drop("journey").sort(pl.all()))


def test_mature_journeys_are_those_of_the_real_end_of_the_data(packed: list[worlds.World]) -> None:
    keys = funnel("A,B,C", {"window": HOUR, "as_of": 4 * HOUR})
    config = worlds.config(keys).model_copy(update={"mature": True})
    found = by_period(worlds.events(packed, keys), config, UNEQUAL)
    assert found.frame["mature"].all()
    assert not found.frame.is_empty()
    assert found.frame.select((pl.col("entered") + HOUR <= 4 * HOUR).all()).item()
    kept = pl.concat([found.frame.select("journey"), found.excluded.select("journey")])
    assert all(set(frame["journey"]) == set(kept["journey"]) for frame in found.segments.values())


def test_without_periods_or_rows_there_are_no_journeys(packed: list[worlds.World]) -> None:
    keys = funnel("A,B,C", {})
    for rows, some in ((packed, []), (packed[:0], list(UNEQUAL))):
        found = by_period(worlds.events(rows, keys), worlds.config(keys), some)
        assert found.frame.is_empty()
        assert "period" in found.frame.columns
        assert found.segments["channel",].columns == ["journey", carried("channel")]


def test_the_deepest_journey_of_a_period_counts_however_late_its_last_row() -> None:
    keys, none = worlds.funnel("A,B,C"), dict.fromkeys(worlds.COLUMNS)
    times = {0: "A", HOUR: "B", 2 * HOUR: "A", 8000 * 365 * 24 * HOUR: "C"}
    world = tuple(oracle.Row(time, event, place, none) for place, (time, event) in enumerate(times.items()))
    found = by_period(worlds.events([world], keys), worlds.config(keys), [(0, 3 * HOUR)])
    assert found.frame["depth"].to_list() == [3]


def test_the_first_and_last_time_at_which_a_unit_may_enter() -> None:
    keys = worlds.funnel("A,B")
    row = dict.fromkeys(worlds.COLUMNS)
    names = [(0, "B"), (1, "A"), (2, "B"), (3, "A"), (4, "B")]
    events = worlds.events([worlds.world(names, [row] * 5)], keys)
    assert entering(events, worlds.config(keys)) == (HOUR, 3 * HOUR)
    assert entering(events, worlds.config(worlds.funnel("A,B", start="open"))) == (0, 4 * HOUR)
    assert entering(events, worlds.config(worlds.funnel("A,B", since=2 * HOUR))) == (3 * HOUR, 3 * HOUR)
    assert entering(worlds.events([], keys), worlds.config(keys)) is None
