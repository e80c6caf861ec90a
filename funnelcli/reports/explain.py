"""The explanation of single units: all their rows in order, the journey chosen, and why the others are not in it.

Events of a few units (with every event, and the rows that take no part) and their journeys come in; one frozen
`Explanation` goes out. What must hold: a row is either used for a stage or has a reason, and the rows used have the
journey's times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from funnelcli.config.frames import carried, micros
from funnelcli.config.frames import instant as moment
from funnelcli.engine import door
from funnelcli.errors import Bug, DataError
from funnelcli.reports.reasons import Case, Reason, reason
from funnelcli.reports.shape import Account, Head, head
from funnelcli.reports.used import instant, walks
from funnelcli.reports.users import EXCLUDED, chosen, deepest, distinct, named, numbers, unit_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Journeys
    from funnelcli.engine.door import EveryEvent, OtherRow, Row
    from funnelcli.reports.used import Walk
    from funnelcli.reports.users import Choice

Name = tuple[str, ...]
"""A unit: a text per unit column."""

_LEFT_OUT = ("out_of_range", "after_as_of", "bad_time", "no_unit", "where")
"""Why a row takes no part, the nearest miss first."""

NOT_ENTERED = "did not enter"


class Wanted(NamedTuple):
    """A unit to be explained; with a session only that."""

    name: Name
    session: int | None = None


@dataclass(frozen=True)
class Line:
    """One row of the log: used for a stage, or not and why. `time` is None where it cannot be read."""

    time: datetime | None
    event: str | None
    matches: tuple[str, ...]
    stage: str | None
    reason: Reason | None


@dataclass(frozen=True)
class Explained:
    """One unit, or one session or attempt of it; `numbers` says which.

    `window_end` is None without a window, or after the year 9999. A unit that did not enter has only its rows, and the
    `reason`. One that entered has a `reason` if the report leaves it out all the same.
    """

    unit: Name
    numbers: tuple[int | None, ...]
    status: str
    deepest_stage: str | None
    window_end: datetime | None
    reason: Reason | None
    rows: tuple[Line, ...]


@dataclass(frozen=True)
class Explanation:
    """The report. `columns` name a unit, and tell its journeys apart."""

    head: Head
    columns: tuple[str, ...]
    units: tuple[Explained, ...]


def columns(funnel: Funnel) -> tuple[str, ...]:
    """The columns that name a unit and tell its journeys apart.

    Raises:
        UsageError: one of them has the name of another column of the output.
    """
    found = (*unit_columns(funnel), *numbers(funnel))
    rest = ("status", "deepest_stage", "time", "event", "matches", "stage", "reason")
    distinct("explain", (*found, *rest), funnel.unit)
    return found


def sampled(events: EveryEvent, journeys: Journeys, funnel: Funnel, *, choice: Choice, size: int) -> list[Wanted]:
    """So many of the units (or sessions) of a choice, spread evenly over them in the order of their names."""
    every = named(chosen(journeys, funnel, choice), events, funnel)
    every = every.select(pl.col("^name_.*$"), _session(funnel))
    every = every.unique().sort(every.columns)
    size = min(size, every.height)
    rows = (every.row((2 * number + 1) * every.height // (2 * size)) for number in range(size))
    return [Wanted(row[:-1], row[-1]) for row in rows]


def explanation(
    events: EveryEvent, journeys: Journeys, funnel: Funnel, account: Account, *, wanted: Sequence[Wanted]
) -> Explanation:
    """The explanation of the wanted units, in their order; `journeys` are all of them, whatever `mature` leaves out.

    Raises:
        DataError: a unit has no rows.
    """
    rows = {unit: _settled(inside, funnel) for unit, inside in door.rows_by_unit(events, funnel).items()}
    others = door.others_by_name(events, funnel)
    sessions, walked = _sessions(events, funnel), _journeys(journeys, funnel)
    found: list[Explained] = []
    for name, only in wanted:
        own = sorted(sessions.get(name, []), key=lambda session: rows[session[0]][0].time)
        left_out = others.get(name, [])
        if not own and not left_out:
            raise DataError(_unknown(name, funnel))
        shares = _shared([rows[unit][0].time for unit, _ in own], left_out)
        parts = [(number, rows[unit], walked.get(unit, [])) for unit, number in own] or [(None, [], [])]
        for (number, inside, journeys_here), share in zip(parts, shares, strict=True):
            if only in {None, number}:
                numbered = (number,) if "session" in numbers(funnel) else ()
                here = _Unit(name, numbered, inside, share, journeys_here)
                found += _attempts(here, funnel) if here.journeys else [_outside(here, funnel)]
    return Explanation(head("explain", funnel, account, journeys.end), columns(funnel), tuple(found))


def _settled(rows: Sequence[Row], funnel: Funnel) -> list[Row]:
    """The rows in an order that the input decides only if it is asked to: with `ties: row`."""

    def order(row: Row) -> tuple[Any, ...]:
        if funnel.ties == "row":
            return instant(row, funnel)
        values = ((value is None, value or "") for value in (row.event, *row.same, *row.values))
        return (row.time, *values, row.match, row.denied)

    return sorted(rows, key=order)


class _Unit(NamedTuple):
    """One unit or session: its rows that take part, those that do not, and its journeys."""

    name: Name
    numbers: tuple[int | None, ...]
    rows: Sequence[Row]
    others: Sequence[OtherRow]
    journeys: Sequence[Mapping[str, Any]]


def _sessions(events: EveryEvent, funnel: Funnel) -> dict[Name, list[tuple[int, int | None]]]:
    """The engine's units of each name, and their sessions."""
    if events.units is None:
        raise Bug("the events came without the names of their units")
    found: dict[Name, list[tuple[int, int | None]]] = {}
    for *name, unit, number in events.units.select(*map(carried, funnel.unit), "unit", _session(funnel)).iter_rows():
        found.setdefault(tuple(name), []).append((unit, number))
    return found


def _session(funnel: Funnel) -> pl.Expr:
    """The number of a session, null where a unit is not cut into sessions."""
    return pl.col("session") if "session" in numbers(funnel) else pl.lit(None).alias("session")


def _unknown(name: Name, funnel: Funnel) -> str:
    """What is said of a unit without rows; no other unit is named, as names may be personal."""
    whose = ", ".join(f"{column} {value!r}" for column, value in zip(funnel.unit, name, strict=True))
    return f"--id: no row of the logs has the {whose}; check the spelling, blanks and leading zeros"


def _journeys(journeys: Journeys, funnel: Funnel) -> dict[int, list[dict[str, Any]]]:
    """The journeys of each unit, as the engine's rows with the deepest stage and the status as text."""
    found: dict[int, list[dict[str, Any]]] = {}
    excluded = journeys.excluded.with_columns(status=pl.lit(EXCLUDED))
    every = pl.concat([journeys.frame.with_columns(pl.col("status").cast(pl.String)), excluded])
    for journey in every.with_columns(deepest_stage=deepest(funnel)).iter_rows(named=True):
        found.setdefault(journey["unit"], []).append(journey)
    return found


def _shared(starts: Sequence[int], others: Sequence[OtherRow]) -> list[list[OtherRow]]:
    """The rows that take no part, each to the last part that has begun by then (`starts` rise); else to the first."""
    shares: list[list[OtherRow]] = [[] for _ in starts] or [[]]
    for other in others:
        begun = [number for number, start in enumerate(starts) if other.time is None or start <= other.time]
        shares[max(begun, default=0)].append(other)
    return shares


def _outside(unit: _Unit, funnel: Funnel) -> Explained:
    """A unit that did not enter."""
    numbers = (*unit.numbers, *([None] if funnel.count == "attempts" else []))
    lines = _lines(unit.rows, unit.others, Case(funnel, unit.rows, None))
    return Explained(unit.name, numbers, NOT_ENTERED, None, None, _not_entered(unit, funnel), lines)


def _attempts(unit: _Unit, funnel: Funnel) -> Iterator[Explained]:
    """A unit that entered: its journey, or each of its attempts with the rows of its time."""
    found = walks(unit.rows, unit.journeys, funnel)
    used = {row for walk in found for row in walk.rows}
    starts = [min(instant(row, funnel) for row in walk.rows) for walk in found]
    shares: list[list[Row]] = [[] for _ in found]
    for row in unit.rows:
        if row not in used:
            begun = [number for number, start in enumerate(starts) if start <= instant(row, funnel)]
            shares[max(begun, default=0)].append(row)
    left_out = _shared([start[0] for start in starts], unit.others)
    for number, (walk, share, others) in enumerate(zip(found, shares, left_out, strict=True), start=1):
        _assert_times(walk, funnel)
        status = walk.journey["status"]
        lines = _lines([*share, *walk.rows], others, Case(funnel, unit.rows, walk, status == EXCLUDED))
        numbers = (*unit.numbers, *([number] if funnel.count == "attempts" else []))
        why = Reason("not_mature") if funnel.mature and walk.journey["mature"] is False else None
        end = _window_end(walk.journey["entered"], funnel)
        yield Explained(unit.name, numbers, status, walk.journey["deepest_stage"], end, why, lines)


def _window_end(entered: int, funnel: Funnel) -> datetime | None:
    """When the window ends of who entered then, in UTC µs; None without one, or after the year 9999."""
    if funnel.window is None:
        return None
    try:
        return moment(entered + micros(funnel.window))
    except OverflowError:
        return None


def _lines(rows: Sequence[Row], others: Sequence[OtherRow], case: Case) -> tuple[Line, ...]:
    """The rows in the order of time; at one instant in the order of the stages they are used for, then by event, by
    the stages they match and by reason.

    With `ties: row` in the order of the input. Rows without a time come last.
    """
    funnel = case.funnel
    found: list[tuple[tuple[Any, ...], Line]] = []

    def add(row: Row | OtherRow, place: int, line: Line) -> None:
        said = (place, line.event is None, line.event or "", line.matches, line.stage or "", str(line.reason))
        order = (row.row,) if funnel.ties == "row" else said
        found.append(((row.time is None, row.time or 0, *order), line))

    for row in rows:
        stages = case.walk.used_for(row) if case.walk else []
        place = min(stages, default=len(funnel.stages))
        if funnel.order == "any" and case.walk and stages:
            place = case.walk.chain.index(row)
        names = ", ".join(funnel.stages[stage].name for stage in stages)
        why = None if stages else reason(row, case)
        add(row, place, Line(moment(row.time), row.event, _matches(row.match | row.denied, funnel), names or None, why))
    for other in others:
        line = Line(moment(other.time), other.event, _matches(other.match, funnel), None, Reason(other.reason))
        add(other, len(funnel.stages), line)
    return tuple(line for _, line in sorted(found, key=lambda pair: pair[0]))


def _matches(match: int, funnel: Funnel) -> tuple[str, ...]:
    return tuple(stage.name for number, stage in enumerate(funnel.stages) if match >> number & 1)


def _not_entered(unit: _Unit, funnel: Funnel) -> Reason:
    """Why the unit did not enter: what is wrong with its rows for the first stage, the nearest miss first."""
    enters = 1 << 0
    if funnel.order == "any" or funnel.start == "open":
        enters = (1 << len(funnel.stages)) - 1
    if any(row.match & enters for row in unit.rows):
        return Reason("out_of_range")
    first = funnel.stages[0].name
    if any(row.denied & enters for row in unit.rows):
        return Reason("first", first)
    left_out = {other.reason for other in unit.others if other.match & enters}
    nearest = next((kind for kind in _LEFT_OUT if kind in left_out), None)
    return Reason(nearest) if nearest else Reason("no_row", first if enters == 1 else None)


def _assert_times(walk: Walk, funnel: Funnel) -> None:
    """The rows used have the journey's times."""
    times = sorted(row.time for row in walk.stages.values())
    wanted = (walk.journey[f"stage_{number}"] for number in range(1, len(funnel.stages) + 1))
    if times != sorted(time for time in wanted if time is not None):
        raise Bug(f"the rows of {dict(walk.journey)} have other times")
