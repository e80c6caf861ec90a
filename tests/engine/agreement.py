"""The comparison of the engine with the oracle, unit by unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from funnelcli.config.frames import carried
from funnelcli.engine import journeys
from funnelcli.engine.shape import Journeys, stage_columns
from tests import oracle, worlds
from tests.oracle import Result

if TYPE_CHECKING:
    import polars as pl

    from tests.worlds import World

Segments = dict[int, set[tuple[str | None, ...]]]


def assert_agrees(packed: Sequence[World], wanted: oracle.Funnel) -> None:
    """The engine gives every world, packed as a unit of one frame, the oracle's journeys and segments."""
    assert_equal(journeys(worlds.events(packed, wanted), worlds.config(wanted)), packed, wanted)


def assert_equal(
    found: Journeys,
    packed: Sequence[World],
    wanted: oracle.Funnel,
    world_of: Callable[[int], int] = worlds.world_of,
) -> None:
    """Every world's journeys are the oracle's: times, depth, status and segments; the first that differs is told.

    `world_of` gives the number of the world from the engine's unit.
    """
    said: list[list[Any]] = [[] for _ in packed]
    for unit, result in results(found, wanted):
        said[world_of(unit)].append(result)
    for rows, results_said, results_wanted in zip(packed, said, worlds.expected(packed, wanted), strict=True):
        assert sorted(results_said, key=str) == sorted(results_wanted, key=str), worlds.told(rows)


def results(found: Journeys, wanted: oracle.Funnel) -> list[tuple[int, Result]]:
    """(unit, result) of each journey that the engine found, with those it excluded."""
    segments = {breakdown: segments_of(frame, breakdown) for breakdown, frame in found.segments.items()}
    assert segments.keys() == set(map(tuple, wanted.get("breakdowns", ())))
    number = len(wanted["stages"])
    is_open = wanted.get("start") == "open"
    pairs = [f"continued_{stage}" for stage in range(2, number + 1)] if is_open else []

    def result(row: dict[str, Any], status: str) -> Result:
        return Result(
            times=tuple(row[column] for column in stage_columns(number)),
            depth=row["depth"],
            status=status,
            segments={breakdown: frozenset(of[row["journey"]]) for breakdown, of in segments.items()},
            continued=(False, *(row[pair] for pair in pairs)) if is_open else (),
        )

    ids = [*found.frame["journey"], *found.excluded["journey"]]
    assert len(set(ids)) == len(ids), "two journeys have one id"
    assert all(of.keys() == set(ids) for of in segments.values()), "a journey has no segment, or a segment no journey"
    counted = [(row["unit"], result(row, str(row["status"]))) for row in found.frame.iter_rows(named=True)]
    return counted + [(row["unit"], result(row, "excluded")) for row in found.excluded.iter_rows(named=True)]


def segments_of(frame: pl.DataFrame, breakdown: tuple[str, ...]) -> Segments:
    """The segments of each journey, each once."""
    found: Segments = {}
    for journey, *values in frame.select("journey", *map(carried, breakdown)).iter_rows():
        assert tuple(values) not in found.setdefault(journey, set()), "a journey counts once in a segment"
        found[journey].add(tuple(values))
    return found
