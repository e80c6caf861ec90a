"""The definition of a funnel as a brute-force search in plain Python: what the engine is held against.

In come the rows of one unit and a funnel as a mapping with the YAML's keys (times and durations in µs);
out comes the journey that counts. Nothing here is clever: every tuple of rows that could be a journey is
listed, those that break a rule are struck out, and the rest are put in the written order. It imports nothing
of funnelcli, and must not.

`journey` is for funnels that give a unit one journey; `journeys` also for `count: attempts` and `session`.
"""

from __future__ import annotations

from itertools import product
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.oracle.paths import Path, Unit, agrees, best, between, in_order, keeps_step
from tests.oracle.rows import (
    Funnel,
    Instant,
    Row,
    completes,
    end_of_data,
    holds,
    in_range,
    instant,
    listed,
    mappings,
    matched,
    sessions,
    takes_part,
)
from tests.oracle.segments import NOT_REACHED, open_segments, path_segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "NOT_ENTERED", "NOT_REACHED", "Funnel", "Result", "Row",
    "completes", "end_of_data", "holds", "journey", "journeys",
    "listed", "mappings", "matched", "sessions", "takes_part",
]  # fmt: skip

NOT_ENTERED = "not entered"


class Result(NamedTuple):
    """What the definition says of one journey.

    `times` has a time per stage, None where it was not reached; `depth` counts the required stages reached.
    `segments` maps a breakdown to its segment, or to all of them with `segment_from: any`.
    `continued` (`start: open` only) says of each stage whether a pair of rows led to it from the stage before.
    """

    times: tuple[int | None, ...]
    depth: int
    status: str
    segments: Mapping[tuple[str, ...], frozenset[tuple[str | None, ...]]] = {}
    continued: tuple[bool, ...] = ()


def journey(rows: Iterable[Row], funnel: Funnel, end: int | None = None) -> Result:
    """The one journey of a unit; depth 0 and status `not entered` if it has none. `end` is the end of the data."""
    found = journeys(rows, funnel, end)
    assert len(found) <= 1, "this funnel gives a unit several journeys"
    return found[0] if found else Result((None,) * len(funnel["stages"]), 0, NOT_ENTERED)


def journeys(rows: Iterable[Row], funnel: Funnel, end: int | None = None) -> list[Result]:
    """Every journey of a unit in the order of time: one at most, except with `count: attempts` or `session`.

    Without `end`, the unit's own rows are taken for the whole log.
    """
    everything = sorted(rows, key=lambda row: (row.time, row.position))
    end = end_of_data(everything, funnel) if end is None else end
    ever = [row for row in everything if holds(row, funnel.get("where", {}))]
    matching = {row.position: matched(row, ever, funnel) for row in ever}
    rows = [row for row in ever if takes_part(row, funnel)]
    found = []
    for session in sessions(rows, funnel):
        unit = Unit(session, funnel, matching, end)
        if funnel.get("start") == "open":
            found += open_start(unit)
        elif funnel.get("count") == "attempts":
            found += attempts(unit)
        else:
            found += whole(unit)
    return found


def whole(unit: Unit) -> list[Result]:
    """The unit's one journey as a list of one, or of none if it did not enter."""
    funnel = unit.funnel
    entries = [row for row in unit.rows if unit.enters(row)]
    if funnel.get("entry") == "first":
        entries = [row for row in entries if row.time == min(other.time for other in entries)]
    exclusions = funnel.get("exclude", ())
    stops = [exclusion for exclusion in exclusions if exclusion.get("effect") != "remove"]
    clean = best(unit, unit.rows, exclusions, entries)
    if len(stops) < len(exclusions) and depth(best(unit, unit.rows, stops, entries)) > depth(clean):
        return [result(unit, best(unit, unit.rows, (), entries), status="excluded")]
    return [result(unit, clean)] if clean else []


def depth(paths: Sequence[Path]) -> int:
    return len(paths[0]) if paths else 0


def result(unit: Unit, paths: Sequence[Path], status: str | None = None) -> Result:
    """The result of the paths that count, which differ only in rows at the same instants."""
    stages = len(unit.funnel["stages"])
    times: dict[int, int | None] = dict(zip(unit.required, (row.time for row in paths[0]), strict=False))
    times.update(optional_times(unit, paths))
    converted = depth(paths) == len(unit.required)
    return Result(
        times=tuple(times.get(number) for number in range(stages)),
        depth=depth(paths),
        status=status or settled(unit, converted, paths[0][0].time),
        segments=path_segments(unit, paths),
    )


def settled(unit: Unit, converted: bool, entry: int) -> str:
    """converted; open while entry + window is later than the end of the data; else dropped."""
    window = unit.funnel.get("window")
    running = window is not None and unit.end is not None and entry + window > unit.end
    return "converted" if converted else "open" if running else "dropped"


def optional_times(unit: Unit, paths: Sequence[Path]) -> dict[int, int | None]:
    """The time of each optional stage: in stage order as early as any of the paths allows, a row serving one stage."""
    numbers = [number for number, stage in enumerate(unit.funnel["stages"]) if stage.get("optional")]
    choices = []
    for path in paths:
        offers = [[*(row for row in unit.rows if may_serve(unit, path, row, number)), None] for number in numbers]
        for rows in product(*offers):
            used = [row.position for row in rows if row is not None]
            if len(set(used)) == len(used):
                choices.append(tuple((inf,) if row is None else instant(row, unit.funnel) for row in rows))
    return {
        number: None if when == (inf,) else int(when[0]) for number, when in zip(numbers, min(choices), strict=True)
    }


def may_serve(unit: Unit, path: Path, row: Row, number: int) -> bool:
    """Whether a row may stand for an optional stage beside the path."""
    place = sum(required < number for required in unit.required)
    if row in path or len(path) < place or not unit.matches(row, number):
        return False
    around = (path[place - 1], row, *path[place : place + 1])
    window = unit.funnel.get("window", inf)
    return (
        in_order(around, unit.funnel)
        and row.time - path[0].time <= window
        and keeps_step(path[place - 1], row, unit.funnel["stages"][number])
        and agrees(path[0], row, unit.funnel)
    )


def attempts(unit: Unit) -> list[Result]:
    """`count: attempts`: journeys that share no row and do not overlap, in the order of time."""
    funnel = unit.funnel
    found: list[Result] = []
    free, ended = list(unit.rows), None
    while True:
        entries = [row for row in free if unit.enters(row) and may_open(row, ended, funnel)]
        if not entries:
            return found
        opening = min(instant(row, funnel) for row in entries)
        entries = [row for row in entries if instant(row, funnel) == opening]
        paths = best(unit, free, funnel.get("exclude", ()), entries)
        used = min(paths, key=lambda path: [thrift(unit, row) for row in path])
        found.append(result(unit, [used])._replace(segments=path_segments(unit, paths)))
        free = [row for row in free if row not in used]
        ended = ending(unit, used)
        if ended is None:
            return found


def may_open(row: Row, ended: Instant | None, funnel: Funnel) -> bool:
    """Whether the row may open an attempt after one that ended there: at that instant too, `ties: strict`: later."""
    if ended is None:
        return True
    when = instant(row, funnel)
    return when > ended if funnel.get("ties") == "strict" else when >= ended


def ending(unit: Unit, path: Path) -> Instant | None:
    """Where an attempt ends: converted, at its last row; else at an excluded row or when its window is over."""
    if len(path) == len(unit.required):
        return instant(path[-1], unit.funnel)
    ends: list[Instant] = []
    if unit.funnel.get("window") is not None:
        ends.append((path[0].time + unit.funnel["window"],))
    for exclusion in unit.funnel.get("exclude", ()):
        begin, finish = between(unit, exclusion)
        if begin < len(path) <= finish:
            ends += [
                instant(row, unit.funnel)
                for row in unit.rows
                if completes(row, exclusion) and row.time > path[begin].time and row.time >= path[-1].time
            ]
    return min(ends, default=None)


def thrift(unit: Unit, row: Row) -> tuple[Any, ...]:
    """Of rows with the same times an attempt uses those that match fewest stages, then by values (null last), then
    those that match the earliest stages.
    """
    columns = {column: None for breakdown in unit.funnel.get("breakdowns", ()) for column in breakdown}
    values = [row.columns.get(column) for column in columns]
    stages = unit.matching[row.position]
    return (len(stages), *((value is None, value or "") for value in values), sum(1 << number for number in stages))


def open_start(unit: Unit) -> list[Result]:
    """`start: open`: the earliest completion of each stage in the range, and which continue from the one before."""
    funnel, stages = unit.funnel, range(len(unit.required))
    inside = [row for row in unit.rows if in_range(row, funnel)]
    firsts = []
    for number in stages:
        rows = [row for row in inside if unit.matches(row, number)]
        earliest = min((instant(row, funnel) for row in rows), default=None)
        firsts.append([row for row in rows if instant(row, funnel) == earliest])
    reached = [number for number in stages if firsts[number]]
    if not reached:
        return []
    times = tuple(firsts[number][0].time if firsts[number] else None for number in stages)
    entry = min(firsts[number][0].time for number in reached)
    status = settled(unit, stages[-1] in reached, entry)
    continued = tuple(number in reached and number > 0 and has_pair(unit, inside, number) for number in stages)
    return [Result(times, len(reached), status, open_segments(unit, firsts), continued)]


def has_pair(unit: Unit, inside: Sequence[Row], number: int) -> bool:
    """Whether a row of the stage before, in the range, is followed by a row of this stage inside the limits."""
    funnel, stage = unit.funnel, unit.funnel["stages"][number]
    return any(
        a.position != b.position
        and unit.matches(a, number - 1)
        and unit.matches(b, number)
        and in_order((a, b), funnel)
        and b.time - a.time <= funnel.get("window", inf)
        and keeps_step(a, b, stage)
        for a in inside
        for b in unit.rows
    )
