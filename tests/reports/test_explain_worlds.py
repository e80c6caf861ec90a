"""The explanation of every small world: the rows marked as used are a journey that the definition prefers, with the
engine's times; every other row has a reason that can be worded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from funnelcli.config.frames import micros
from funnelcli.engine import journeys
from funnelcli.engine.door import rows_by_unit
from funnelcli.reports.explain import NOT_ENTERED, Explained, Wanted, explanation
from funnelcli.reports.used import Walk, walks
from funnelcli.tables.explain import words
from tests import oracle, worlds
from tests.engine.test_keys import MANY, MORE
from tests.keys import KEYS, PAIRS, STAGES, funnel
from tests.oracle.paths import Path, Unit, best
from tests.reports.building import everything

if TYPE_CHECKING:
    from tests.worlds import World


def assert_explained(packed: list[World], wanted: oracle.Funnel) -> None:
    """Each world's explanation is complete, and its journeys are the engine's and rows that the oracle prefers."""
    packed = [world for world in packed if world]
    events, config = everything(packed, wanted), worlds.config(wanted)
    found = journeys(events, config)
    names = [Wanted((str(number),)) for number in range(len(packed))]
    report = explanation(events, found, config, events.account, wanted=names)
    told: list[list[Explained]] = [[] for _ in packed]
    for each in report.units:
        told[int(each.unit[0])].append(each)
    rows = rows_by_unit(events, config)
    excluded = found.excluded.with_columns(status=pl.lit("excluded"))
    walked: dict[int, list[dict[str, Any]]] = {}
    for frame in (found.frame, excluded):
        for journey in frame.iter_rows(named=True):
            walked.setdefault(journey["unit"], []).append(journey)
    for number, world in enumerate(packed):
        assert_lines(told[number], world, wanted)
        entered = [each for each in told[number] if each.status != NOT_ENTERED]
        every = [
            walk for session in range(worlds.SESSIONS) for walk in walked.get(worlds.scattered(number, session), [])
        ]
        assert sorted(map(marked, entered)) == sorted(map(times, every)), worlds.told(world)
        assert sorted(each.status for each in entered) == sorted(journey["status"] for journey in every)
        for session, unit in enumerate(units(world, wanted, events.end)):
            of = worlds.scattered(number, session)
            assert_preferred(walks(rows[of], walked.get(of, []), config), unit, world)


def times(journey: Mapping[str, Any]) -> list[int]:
    """The times of a journey of the engine."""
    return sorted(time for name, time in journey.items() if name.startswith("stage_") and time is not None)


def assert_lines(told: list[Explained], world: World, wanted: oracle.Funnel) -> None:
    """Every row of the world is there, for a stage or with a reason."""
    lines = [line for each in told for line in each.rows]
    assert all((line.stage is None) != (line.reason is None) for line in lines)
    assert all(words(line.reason) for line in lines if line.reason), worlds.told(world)
    assert all(each.reason is None or words(each.reason) for each in told)
    served_twice = wanted.get("count") == "attempts" and any(stage.get("optional") for stage in wanted["stages"])
    assert len(lines) == len(world) or served_twice, worlds.told(world)


def marked(each: Explained) -> list[int]:
    """The times of the rows used, one per stage."""
    return sorted(micros(time) for time, stages in used(each) for _ in stages.split(", "))


def used(each: Explained) -> list[tuple[datetime, str]]:
    return [(line.time, line.stage) for line in each.rows if line.stage and line.time]


def units(world: World, wanted: oracle.Funnel, end: int | None) -> list[Unit]:
    """The oracle's units of a world: one per session."""
    rows = sorted(world, key=lambda row: (row.time, row.position))
    matching = {row.position: oracle.matched(row, rows, wanted) for row in rows}
    there = [row for row in rows if oracle.takes_part(row, wanted)]
    return [Unit(session, wanted, matching, end) for session in oracle.sessions(there, wanted)]


def assert_preferred(found: list[Walk], unit: Unit, world: World) -> None:
    """The chain of each walk is one of the paths that count."""
    wanted, free = unit.funnel, list(unit.rows)
    if wanted.get("start") == "open":
        return
    at = {row.position: row for row in unit.rows}
    exclusions = wanted.get("exclude", ())
    for walk in found:
        chain = tuple(at[row.row % 1000] for row in walk.chain)
        entries = [row for row in free if unit.enters(row)]
        if wanted.get("count") == "attempts":
            entries = (
                [chain[0]] if wanted.get("ties") == "row" else [row for row in entries if row.time == chain[0].time]
            )
        elif wanted.get("entry") == "first":
            entries = [row for row in entries if row.time == min(other.time for other in entries)]
        paths = best(unit, free, exclusions, entries)
        if len(chain) != len(paths[0] if paths else ()):
            paths = best(unit, free, (), entries)  # excluded, and shown as if it were not
        assert chain in paths, worlds.told(world)
        if wanted.get("count") == "attempts":
            assert thrift(unit, chain) == min(thrift(unit, path) for path in paths), worlds.told(world)
        free = [row for row in free if row not in chain]


def thrift(unit: Unit, path: Path) -> list[tuple[Any, ...]]:
    """By what an attempt chooses among rows with the same times."""
    return [oracle.thrift(unit, row) for row in path]


@pytest.fixture(scope="module")
def three() -> list[World]:
    return worlds.worlds(3, ordered=True)


@pytest.fixture(scope="module")
def four() -> list[World]:
    return worlds.worlds(4)


@pytest.mark.parametrize("name", KEYS)
def test_each_key_alone_is_explained(name: str, three: list[World]) -> None:
    assert_explained(three, funnel(STAGES[list(KEYS).index(name) % len(STAGES)], KEYS[name]))


@pytest.mark.slow
@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("name", KEYS)
def test_each_key_alone_is_explained_in_longer_logs(name: str, stages: str, four: list[World]) -> None:
    assert_explained(four, funnel(stages, KEYS[name]))


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_each_pair_of_keys_is_explained(pair: tuple[str, str], three: list[World]) -> None:
    number = list(PAIRS).index(pair)
    assert_explained(three, funnel(STAGES[number % len(STAGES)], PAIRS[pair]))


@pytest.mark.parametrize("names", MANY, ids=" + ".join)
def test_many_keys_together_are_explained(names: tuple[str, ...]) -> None:
    number = list(MANY).index(names)
    packed = worlds.random_worlds(30, 7, instants=5, names="ABCD", seed=number)
    assert_explained(packed, funnel(STAGES[number % len(STAGES)], MANY[names]))


@pytest.mark.slow
@pytest.mark.parametrize("names", MORE, ids=" + ".join)
def test_more_keys_together_are_explained(names: tuple[str, ...]) -> None:
    number = list(MORE).index(names)
    packed = worlds.random_worlds(60, 8, instants=6, names="ABCD", seed=number + 1000)
    assert_explained(packed, funnel(STAGES[number % len(STAGES)], MORE[names]))


@pytest.mark.parametrize("name", [name for name, keys in KEYS.items() if keys.get("ties") != "row"])
def test_what_is_said_never_depends_on_the_order_of_the_input(name: str) -> None:
    wanted = funnel(STAGES[list(KEYS).index(name) % len(STAGES)], KEYS[name]) | {"as_of": 3 * worlds.HOUR}
    packed = worlds.random_worlds(60, 8, instants=5, names="ABC", seed=5)
    turned = [tuple(row._replace(position=999 - row.position) for row in world) for world in packed]
    names = [Wanted((str(number),)) for number in range(len(packed))]
    told = []
    for each in (packed, turned):
        events, config = everything(each, wanted), worlds.config(wanted)
        told.append(explanation(events, journeys(events, config), config, events.account, wanted=names).units)
    for one, other in zip(*told, strict=True):
        assert one == other
