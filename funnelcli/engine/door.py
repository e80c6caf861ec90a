"""The door through which events are read again: the rows of a unit beside the journey that they became.

In come the events, loaded with every row of the units, and the journeys; out come frames of rows by journey. No report
looks at an event elsewhere. A journey's own time runs from its entry to the end of its window (without one, of the
data), and with `count: attempts` to before the next attempt enters, but never ends before its last row.
Of rows at the same instant the one whose event is the smallest by code point comes first; with `ties: row` the first
in the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import polars as pl

from funnelcli.config.frames import carried, micros
from funnelcli.engine.shape import Events, Journeys, stage_columns
from funnelcli.errors import Bug

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


class EveryEvent(Events, Protocol):
    """Events with every row of the units: `rows` has an `event` (String or null) and a `row` (UInt32), too.

    `units` (unit: UInt64, the unit columns as String, `carried`, with `session` a `session`), one row per unit in
    `rows`. `others` (the unit columns, time: Int64 or null, row, event, match, reason: String), the units' rows that
    `rows` leaves out, if the events were loaded for some units only.
    """

    @property
    def units(self) -> pl.DataFrame | None:
        """The names of the units."""
        ...

    @property
    def others(self) -> pl.DataFrame | None:
        """The rows that take no part."""
        ...


def last_rows(events: Events, journeys: Journeys, funnel: Funnel) -> pl.DataFrame:
    """The last row of each journey's own time, of any event (journey, event, time: Int64 UTC µs).

    Of several rows at its instant the first in the order of this module; with `ties: row` the last in the input.
    """
    rows = events.rows.join(_own_times(journeys, funnel), on="unit").filter(pl.col("time") <= pl.col("until"))
    last = pl.col("time") == pl.col("time").max().over("journey")
    event = pl.col("event").sort_by("row").last() if funnel.ties == "row" else pl.col("event").min()
    return rows.filter(last).group_by("journey").agg(event=event, time=pl.col("time").first())


def spans(journeys: Journeys, funnel: Funnel, first: int, last: int) -> pl.DataFrame:
    """The time between the stages `first` and `last`, from 1, of the journeys that reached `first`.

    (journey, unit, begin, finish: Int64 UTC µs.) What lies strictly between the two moments is between the stages:
    from `first` to `last`, or where that was not reached to the end of the journey's own time.
    """
    reached = journeys.frame.filter(pl.col(f"stage_{first}").is_not_null())
    return reached.join(_own_times(journeys, funnel), on=["journey", "unit"]).select(
        "journey", "unit", begin=f"stage_{first}", finish=pl.coalesce(f"stage_{last}", pl.col("until") + 1)
    )


def at_limits(events: Events, journeys: Journeys, funnel: Funnel, first: int, last: int) -> pl.DataFrame:
    """The rows of the stages between `first` and `last` that stand at the instant of one of these.

    (journey, time, event, row with `ties: row`, stage), one per journey and stage. At such an instant nobody can tell
    what came before and what after, but for the stages between the two. `events` need only those that match a stage,
    with `event` or that column of the log.
    """
    order = {"row": pl.UInt32()} if funnel.ties == "row" else {}
    schema = {"journey": pl.UInt32(), "time": pl.Int64(), "event": pl.String(), **order, "stage": pl.Int32()}
    # In any order nobody can tell which stage a row completed.
    stages = () if funnel.order == "any" else range(first + 1, last)
    if not stages:
        return pl.DataFrame(schema=schema)
    event = "event" if "event" in events.rows.columns else carried(funnel.columns.event)
    rows = events.rows.select("unit", "time", "match", *order, event=event)
    begin, finish = pl.col(f"stage_{first}"), pl.col(f"stage_{last}")
    reached = journeys.frame.filter(begin.is_not_null())
    found = []
    for stage in stages:
        time = pl.col(f"stage_{stage}")
        tied = reached.filter((time == begin) | (time == finish)).select("journey", "unit", time=time)
        matching = rows.filter((pl.col("match") & (1 << (stage - 1))) != 0).with_columns(stage=pl.lit(stage))
        at_stage = tied.join(matching, on=["unit", "time"]).sort(_order(funnel), nulls_last=True)
        found.append(at_stage.unique("journey", keep="first", maintain_order=True))
    return pl.concat(each.select(*schema) for each in found)


def between(
    inside: pl.DataFrame, events: Events, journeys: Journeys, funnel: Funnel, *, first: int, last: int
) -> pl.DataFrame:
    """The rows of any event between the stages `first` and `last`, from 1 (journey, time, event), in their order.

    Of the journeys that reached `first`: the rows `inside` their `spans` (journey, time, event, with `ties: row` row),
    and those `at_limits`, for which `events` are.
    """
    tied = at_limits(events, journeys, funnel, first, last)
    every = pl.concat([inside.with_columns(stage=pl.lit(0, pl.Int32)).select(tied.columns), tied])
    return every.sort("journey", "time", "stage", _order(funnel), nulls_last=True).select("journey", "time", "event")


def _order(funnel: Funnel) -> str:
    """What puts the rows of an instant in order."""
    return "row" if funnel.ties == "row" else "event"


def _own_times(journeys: Journeys, funnel: Funnel) -> pl.DataFrame:
    """The last instant of each journey's own time (journey, unit, until: Int64 UTC µs), of those excluded too."""
    until = pl.lit(FOREVER) if funnel.window is None else pl.col("entered") + micros(funnel.window)
    every = pl.concat([journeys.frame, journeys.excluded])
    if funnel.count == "attempts":
        until = pl.min_horizontal(until, pl.col("following") - 1)
    last = pl.max_horizontal(stage_columns(len(funnel.stages)))
    return every.select("journey", "unit", until=pl.max_horizontal(until, last))


FOREVER = 2**62
"""Later than any time, in µs."""


class Row(NamedTuple):
    """A row of a unit that takes part. `row` is its place in the input.

    Bit j of `match` says that it matches stage j, then the exclusions; of `denied` that it would but for `first`.
    `same` and `values` are the values of the columns of `same` and of the breakdowns.
    """

    time: int
    event: str | None
    row: int
    match: int
    denied: int
    same: tuple[str | None, ...]
    values: tuple[str | None, ...]


class OtherRow(NamedTuple):
    """A row of a unit that takes no part, and the reason. `match` knows no `first`."""

    time: int | None
    event: str | None
    row: int
    match: int
    reason: str


def rows_by_unit(events: EveryEvent, funnel: Funnel) -> dict[int, list[Row]]:
    """Every row that takes part, by unit, in the order of time and then of the input."""
    same = list(map(carried, funnel.same))
    values = list(dict.fromkeys(carried(column) for breakdown in funnel.breakdowns for column in breakdown))
    denied = "denied" if "denied" in events.rows.columns else pl.lit(0).alias("denied")
    kept = [pl.col(name).alias(f"column_{place}") for place, name in enumerate([*same, *values])]
    found: dict[int, list[Row]] = {}
    rows = events.rows.sort("time", "row").select("unit", "time", "event", "row", "match", denied, *kept)
    for unit, time, event, row, match, bits, *columns in rows.iter_rows():
        alike, valued = tuple(columns[: len(same)]), tuple(columns[len(same) :])
        found.setdefault(unit, []).append(Row(time, event, row, match, bits & ~match, alike, valued))
    return found


def others_by_name(events: EveryEvent, funnel: Funnel) -> dict[tuple[str, ...], list[OtherRow]]:
    """The rows of the units that take no part, by the units' names, in the order of the input."""
    if events.others is None:
        raise Bug("the events came without the rows that take no part")
    found: dict[tuple[str, ...], list[OtherRow]] = {}
    width = len(funnel.unit)
    rows = events.others.sort("row").select(*map(carried, funnel.unit), "time", "event", "row", "match", "reason")
    for line in rows.iter_rows():
        found.setdefault(line[:width], []).append(OtherRow(*line[width:]))
    return found
