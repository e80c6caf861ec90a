"""The users report: the units themselves behind a number of the conversion report, a row each.

Events with their units' names and journeys come in; one frozen `Users` goes out, whose frame has the columns of the
output under their own names. What must hold: there are as many rows as the conversion report counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

from funnelcli.config.frames import carried
from funnelcli.engine import Status, door, stage_columns
from funnelcli.errors import Bug, UsageError
from funnelcli.reports.conversion import Conversion, conversion
from funnelcli.reports.counting import Line, lines
from funnelcli.reports.shape import Account, Head, head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Journeys
    from funnelcli.engine.door import EveryEvent

Standing = Literal["reached", "converted", "dropped", "open", "excluded"]
EXCLUDED = "excluded"


@dataclass(frozen=True)
class Choice:
    """Which units: those of a status, or those who reached a stage (`at`), or did not, having reached the one before.

    Without either all who entered. At a stage the status is reached, dropped or open.
    """

    at: Line | None = None
    status: Standing | None = None


@dataclass(frozen=True)
class Users:
    """The report. `frame` has a row per unit, or session, or attempt, by entry, then name.

    Its columns are `columns`; times are UTC datetimes, with `segment_from: any` a segment column is a list.
    """

    head: Head
    choice: Choice
    columns: Columns
    frame: pl.DataFrame


@dataclass(frozen=True)
class Columns:
    """The names of the output's columns. `units` and `segments` have one per column of the log.

    `numbers` are session and attempt, where there are such; `stages` one per line of the conversion report.
    """

    units: tuple[str, ...]
    numbers: tuple[str, ...]
    segments: tuple[str, ...]
    stages: tuple[str, ...]
    last: tuple[str, ...]

    def __iter__(self) -> Iterator[str]:
        """All of them in their order."""
        yield from (*self.units, *self.numbers, *self.segments, "entered_at", *self.stages, "deepest_stage", "status")
        yield from self.last


def columns(funnel: Funnel, *, last_event: bool = False) -> Columns:
    """The columns of the output.

    Raises:
        UsageError: two of them would have the same name.
    """
    segments = tuple(dict.fromkeys(column for breakdown in funnel.breakdowns for column in breakdown))
    found = Columns(
        units=unit_columns(funnel),
        numbers=numbers(funnel),
        segments=segments,
        stages=tuple(f"{line.stage}_at" for line in lines(funnel)),
        last=("last_event", "last_event_at") if last_event else (),
    )
    distinct("users", found, (*found.units, *segments) if len(funnel.unit) > 1 else segments)
    return found


def unit_columns(funnel: Funnel) -> tuple[str, ...]:
    """What names a unit in the output: `unit`, or the names of its columns."""
    return ("unit",) if len(funnel.unit) == 1 else funnel.unit


def numbers(funnel: Funnel) -> tuple[str, ...]:
    """What tells a unit's journeys apart in the output. A column that tells the session is one of the unit's."""
    session = ("session",) if isinstance(funnel.session, timedelta) else ()
    return (*session, "attempt") if funnel.count == "attempts" else session


def distinct(report: str, names: Columns | tuple[str, ...], inputs: tuple[str, ...]) -> None:
    """Nothing, if all names of columns differ; `inputs` are those that the log's columns bring.

    Raises:
        UsageError: two are the same.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            whose = "the log's column" if name in inputs else "the column of the stage"
            raise UsageError(
                f"{report}: {whose} {name!r} has the name of the output's column {name!r}; "
                "rename one of them, or leave it out with --by or --unit"
            )
        seen.add(name)


def users(
    events: EveryEvent, journeys: Journeys, funnel: Funnel, account: Account, *, choice: Choice, columns: Columns
) -> Users:
    """The units of the choice; `events` with every event if the columns ask for the last one.

    Raises:
        Bug: they are not as many as the conversion report counts.
    """
    found = chosen(journeys, funnel, choice)
    counted = conversion(journeys, funnel.model_copy(update={"breakdowns": ()}), account)
    number = _number(counted, choice)
    if number is not None and number != found.height:
        raise Bug(f"{found.height} units are listed and {number} counted: {choice}")
    found = named(found, events, funnel)
    if "attempt" in columns.numbers:
        found = found.join(attempts(journeys), on="journey")
    for breakdown in funnel.breakdowns:
        found = _with_segments(found, journeys, funnel, columns, breakdown)
    if columns.last:
        last = door.last_rows(events, journeys, funnel).rename({"event": "last_event", "time": "last_time"})
        found = found.join(last, on="journey", how="left")
    names = [_name(place) for place in range(len(funnel.unit))]
    found = found.sort("entered", *names, *columns.numbers)
    shown: list[str | pl.Expr] = [
        *names,
        *columns.numbers,
        *map(_segment, range(len(columns.segments))),
        _time("entered"),
        *map(_time, stage_columns(len(funnel.stages))),
        deepest(funnel),
        "status",
    ]
    if columns.last:
        shown += ["last_event", _time("last_time")]
    frame = found.select(
        (pl.col(each) if isinstance(each, str) else each).alias(name) for each, name in zip(shown, columns, strict=True)
    )
    return Users(head("users", funnel, account, journeys.end), choice, columns, frame)


def chosen(journeys: Journeys, funnel: Funnel, choice: Choice) -> pl.DataFrame:
    """The journeys of the choice, with the status as text."""
    if choice.status == EXCLUDED:
        return journeys.excluded.with_columns(status=pl.lit(EXCLUDED))
    frame = journeys.frame.with_columns(pl.col("status").cast(pl.String))
    if choice.at is None:
        return frame if choice.status is None else frame.filter(pl.col("status") == choice.status)
    reached = pl.col(f"stage_{choice.at.position}").is_not_null()
    if choice.status == "reached":
        return frame.filter(reached)
    if choice.at.before is None:
        return frame.clear()
    is_open = pl.col("status") == Status.OPEN.value
    if funnel.start == "open":
        reached, is_open = pl.col(f"continued_{choice.at.position}"), pl.col("mature").not_().fill_null(False)
    stays = pl.col(f"stage_{choice.at.before}").is_not_null() & ~reached
    is_dropped = ~is_open if funnel.start == "open" else pl.col("status") == Status.DROPPED.value
    return frame.filter(stays & (is_open if choice.status == "open" else is_dropped))


def _number(report: Conversion, choice: Choice) -> int | None:
    """How many the conversion report counts; None where it counts nothing (who stays before an optional stage)."""
    if choice.at is None:
        return int(getattr(report.whole, choice.status or "entered"))
    stage = report.whole.stages[choice.at.position - 1]
    number = getattr(stage, choice.status or "reached")
    return 0 if number is None and choice.at.before is None else number


def named(found: pl.DataFrame, events: EveryEvent, funnel: Funnel) -> pl.DataFrame:
    """`found` with the units' columns as name_0, name_1, …, and the session where there are sessions."""
    if events.units is None:
        raise Bug("the events came without the names of their units")
    session = [name for name in numbers(funnel) if name == "session"]
    parts = [pl.col(carried(column)).alias(_name(place)) for place, column in enumerate(funnel.unit)]
    joined = found.join(events.units.select("unit", *parts, *session), on="unit")
    if joined.height != found.height:
        raise Bug(f"{found.height - joined.height} units have no name")
    return joined


def attempts(journeys: Journeys) -> pl.DataFrame:
    """Which attempt of its unit each journey is, from 1, in the order of time (journey, attempt: Int64)."""
    frame = journeys.frame.sort("unit", "entered", "journey")
    return frame.select("journey", attempt=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("unit"))


def _name(place: int) -> str:
    return f"name_{place}"


def _segment(place: int) -> str:
    return f"segment_{place}"


def _with_segments(
    found: pl.DataFrame, journeys: Journeys, funnel: Funnel, columns: Columns, breakdown: tuple[str, ...]
) -> pl.DataFrame:
    """`found` with the breakdown's columns that are not there yet (segment_0, segment_1, …, as in `columns`).

    With `segment_from: any` they are lists, in which the values of one segment have the same place.
    """
    names = [carried(column) for column in breakdown]
    segments = journeys.segments[breakdown]
    if funnel.segment_from == "any":
        segments = segments.sort(*names, nulls_last=True).group_by("journey", maintain_order=True).agg(names)
    segments = segments.select(
        "journey", *(pl.col(carried(name)).alias(_segment(columns.segments.index(name))) for name in breakdown)
    )
    fresh = [name for name in segments.columns if name not in found.columns]
    return found.join(segments.select("journey", *fresh), on="journey", how="left")


def deepest(funnel: Funnel) -> pl.Expr:
    """The last required stage that a journey reached; of an open funnel the furthest."""
    every = lines(funnel)
    if funnel.start == "open":
        reached = (pl.when(pl.col(f"stage_{line.position}").is_not_null()).then(pl.lit(line.stage)) for line in every)
        return pl.coalesce(reversed(list(reached)))
    required = [line.stage for line in every if not line.optional]
    return pl.col("depth").replace_strict(dict(enumerate(required, start=1)), return_dtype=pl.String)


def _time(column: str) -> pl.Expr:
    """A column of UTC µs as UTC datetimes."""
    return pl.col(column).cast(pl.Datetime("us", "UTC"))
