"""The engine: events become journeys, one per unit that entered.

What a funnel is, to the letter. Each row of a unit matches a set of stages. A journey of depth d is d different
rows of one unit, the j-th matching stage j, in the order of their times, with

- the time of every row no more than `window` after the first (the limit counts; no window, no limit),
- for a stage with `within`, no more than that after the required stage before; with `after`, no less,
- no row that matches an `exclude` entry at a time strictly between its two stages (for a journey that stops between
  the two: strictly after the first of them and before the journey's last row).

Rows of the same instant may be used in whatever order the journey needs, each once (`ties: stage`); or each row
must be later than the one before (`strict`); or they stand in the order of the input (`row`). Only rows with since
≤ time < until may enter (`range: entry`), and with `entry: first` only those of the unit's first such instant.

Per unit one journey counts: the deepest; of those the one whose last row comes earliest; of those the one that
enters earliest (`entry: earliest`) or latest (`entry: latest`); of those the one whose second row is earliest, then
its third, and so on. "Earliest" compares times.

`order: strict` adds that no other row of the unit has a time strictly between the journey's first and last row. In
`order: any` a journey is d rows that complete different stages, in any order, all inside the window from the
earliest. Optional stages are no part of the chain. With `start: open` a unit may enter at any stage, with `count:
attempts` it may enter again when an attempt has ended.

A unit that entered has converted when it reached the last required stage; else it is open while entry + window is
later than the end of the data, else dropped. Without a window nobody is open.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried, micros
from funnelcli.engine import attempts, open_start
from funnelcli.engine.any_segments import in_any_order
from funnelcli.engine.one import one
from funnelcli.engine.optional import with_optional
from funnelcli.engine.prepared import prepared
from funnelcli.engine.segments import Standing, in_order, segments
from funnelcli.engine.shape import STATUS, VALUE, Events, Journeys, Status, stage_columns

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

__all__ = ["Events", "Journeys", "Status", "journeys", "stage_columns"]


def journeys(events: Events, funnel: Funnel) -> Journeys:
    """The journeys that count, by the definition above, with their segments."""
    rows = prepared(events.rows, funnel)
    if funnel.count == "attempts":
        rows = rows.with_row_index("id")
        frame, at = attempts.chosen(rows, funnel)
        gone, every = frame.head(0), frame
    else:
        found = open_start.chosen(rows, funnel) if funnel.start == "open" else one(rows, funnel)
        frame, gone = found.frame, found.gone
        every = pl.concat([frame, gone])
        at = (
            in_any_order(every, found.rows)
            if funnel.order == "any" and funnel.ties != "row"
            else in_order(every, found.rows, found.patterns, funnel)
        )
    all_of_them = Journeys(
        frame=_finished(frame, rows, funnel, events.end),
        excluded=_finished(gone, rows, funnel, events.end),
        segments={columns: segments(every, at, funnel, columns) for columns in funnel.breakdowns},
        end=events.end,
        values=None if funnel.value is None else _values(every, at, funnel, funnel.value),
    )
    return _mature(all_of_them) if funnel.mature else all_of_them


def _values(every: pl.DataFrame, at: Standing, funnel: Funnel, column: str) -> pl.DataFrame:
    """What each journey that converted is worth (journey, value), read on the row of its last required stage."""
    last = funnel.model_copy(update={"segment_from": funnel.stages[funnel.required[-1]].name})
    converted = every.filter(pl.col(f"stage_{len(funnel.required)}").is_not_null())
    read = segments(converted, at, last, (column,))
    return read.select("journey", value=pl.col(carried(column)).cast(VALUE, strict=False))


def _mature(journeys: Journeys) -> Journeys:
    """The journeys whose window is over; all of them where there is no window."""
    over = pl.col("mature").fill_null(True)
    frame, excluded = journeys.frame.filter(over), journeys.excluded.filter(over)
    kept = pl.concat([frame.select("journey"), excluded.select("journey")])
    return replace(
        journeys,
        frame=frame,
        excluded=excluded,
        segments={columns: found.join(kept, on="journey", how="semi") for columns, found in journeys.segments.items()},
        values=None if journeys.values is None else journeys.values.join(kept, on="journey", how="semi"),
    )


def _finished(frame: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel, end: int | None) -> pl.DataFrame:
    """One line per journey, with all stages under their own numbers, its status, and whether its window is over."""
    if "used" in frame.columns:
        frame = frame.filter("used")
    optional = [position for position, stage in enumerate(funnel.stages) if stage.optional]
    if optional:
        frame = with_optional(frame, rows, funnel)
    if funnel.same:  # of units with the same journey, the earliest optional rows
        frame = frame.sort("journey", *(f"optional_{position}" for position in optional), "unit", nulls_last=True)
        frame = frame.unique("journey", keep="first", maintain_order=True)
    names = {f"stage_{number}": f"stage_{position + 1}" for number, position in enumerate(funnel.required, start=1)}
    names |= {f"optional_{position}": f"stage_{position + 1}" for position in optional}
    times = [pl.col(old).alias(new) for old, new in sorted(names.items(), key=lambda pair: int(pair[1].split("_")[1]))]
    over = (
        pl.lit(None, pl.Boolean)
        if funnel.window is None
        else pl.col("entered") + micros(funnel.window) <= pl.lit(end, pl.Int64)
    )
    converted = pl.col("depth") == len(funnel.required)
    if funnel.start == "open":
        converted = pl.col(f"stage_{len(funnel.required)}").is_not_null()
    status = (
        pl.when(converted)
        .then(pl.lit(Status.CONVERTED.value))
        .when(over.not_())
        .then(pl.lit(Status.OPEN.value))
        .otherwise(pl.lit(Status.DROPPED.value))
    )
    entered = pl.min_horizontal(stage_columns(len(funnel.required))) if funnel.start == "open" else pl.col("stage_1")
    frame = frame.with_columns(entered=entered)
    continued = [column for column in frame.columns if column.startswith("continued_")]
    return frame.with_columns(status=status.cast(STATUS), mature=over).select(
        "journey", pl.col("owner").alias("unit"), "entered", *times, "depth", "status", "mature", *continued
    )
