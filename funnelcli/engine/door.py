"""The door through which events are read again: the rows of a unit beside the journey that they became.

In come the events, loaded with every row of the units, and the journeys; out come frames of rows by journey. No report
looks at an event elsewhere. A journey's own time runs from its entry to the end of its window (without one, of the
data), and with `count: attempts` to before the next attempt enters, but never ends before its last row.
Of rows at the same instant the one whose event is the smallest by code point comes first; with `ties: row` the first
in the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import polars as pl

from funnelcli.config.frames import micros
from funnelcli.engine.shape import Events, Journeys, stage_columns

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


def between(events: Events, journeys: Journeys, funnel: Funnel, first: int, last: int) -> pl.DataFrame:
    """The rows of any event between the stages `first` and `last`, from 1 (journey, time, event), in their order.

    Of the journeys that reached `first`: the rows strictly later than it and, where `last` was reached, strictly
    earlier than that; else up to the end of the journey's own time.
    """
    begin, finish = pl.col(f"stage_{first}"), pl.col(f"stage_{last}")
    spans = journeys.frame.filter(begin.is_not_null()).join(_own_times(journeys, funnel), on=["journey", "unit"])
    spans = spans.select("journey", "unit", begin=begin, finish=pl.coalesce(finish, pl.col("until") + 1))
    inside = (pl.col("time") > pl.col("begin")) & (pl.col("time") < pl.col("finish"))
    order = "row" if funnel.ties == "row" else "event"
    rows = events.rows.select("unit", "time", "event", "row").join(spans, on="unit").filter(inside)
    return rows.sort("journey", "time", order, nulls_last=True).select("journey", "time", "event")


def _own_times(journeys: Journeys, funnel: Funnel) -> pl.DataFrame:
    """The last instant of each journey's own time (journey, unit, until: Int64 UTC µs), of those excluded too."""
    window = pl.lit(FOREVER) if funnel.window is None else pl.col("entered") + micros(funnel.window)
    every = pl.concat([journeys.frame, journeys.excluded]).sort("unit", "entered", "journey")
    following = pl.col("entered").shift(-1).over("unit") - 1
    last = pl.max_horizontal(stage_columns(len(funnel.stages)))
    return every.select("journey", "unit", until=pl.max_horizontal(pl.min_horizontal(window, following), last))


FOREVER = 2**62
"""Later than any time, in µs."""
