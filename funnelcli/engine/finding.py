"""From rows to journeys: the search of the funnel's order, the stages under their numbers, and how each one stands.

`found` needs no end of the data, `judged` adds what depends on it: who is open, who is mature.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried, micros
from funnelcli.engine import attempts, open_start
from funnelcli.engine.any_segments import in_any_order
from funnelcli.engine.one import one
from funnelcli.engine.optional import with_optional
from funnelcli.engine.prepared import prepared
from funnelcli.engine.segments import Standing, in_order, segments
from funnelcli.engine.shape import STATUS, VALUE, Journeys, Status, stage_columns

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


@dataclass(frozen=True)
class Found:
    """The fields of `Journeys`, whose frames have no `status` and no `mature` yet."""

    frame: pl.DataFrame
    excluded: pl.DataFrame
    segments: dict[tuple[str, ...], pl.DataFrame]
    values: pl.DataFrame | None


def found(rows: pl.DataFrame, funnel: Funnel) -> Found:
    """The journeys that count among the events' `rows`."""
    rows = prepared(rows, funnel)
    if funnel.count == "attempts":
        rows = rows.with_row_index("id")
        frame, at = attempts.chosen(rows, funnel)
        gone = frame.head(0)
    else:
        chosen = open_start.chosen(rows, funnel) if funnel.start == "open" else one(rows, funnel)
        frame, gone = chosen.frame, chosen.gone
        every = pl.concat([frame, gone])
        at = (
            in_any_order(every, chosen.rows)
            if funnel.order == "any" and funnel.ties != "row"
            else in_order(every, chosen.rows, chosen.patterns, funnel)
        )
    return told(frame, gone, at, rows, funnel)


def told(frame: pl.DataFrame, gone: pl.DataFrame, at: Standing, rows: pl.DataFrame, funnel: Funnel) -> Found:
    """The journeys of `frame`, and those excluded in `gone` (journey, owner, unit, stage_1 …, depth), in full.

    `at` gives the rows that could stand at their places; `rows` as `prepared` gives them.
    """
    every = pl.concat([frame, gone])
    value = None if funnel.value is None or carried(funnel.value) not in rows.columns else funnel.value
    return Found(
        frame=_numbered(frame, rows, funnel),
        excluded=_numbered(gone, rows, funnel),
        segments={columns: segments(every, at, funnel, columns) for columns in funnel.breakdowns},
        values=None if value is None else _values(every, at, funnel, value),
    )


def judged(found: Found, funnel: Funnel, end: int | None) -> Journeys:
    """The journeys as they stand at the `end` of the data, in UTC µs; with `mature` only those whose window is over."""
    frame, excluded = (_standing(each, funnel, end) for each in (found.frame, found.excluded))
    if funnel.count == "attempts":
        owner = [name for name in ("unit", "period") if name in frame.columns]
        following = pl.col("entered").shift(-1).over(owner)
        frame, excluded = (
            each.sort(*owner, "entered", "journey").with_columns(following=following) for each in (frame, excluded)
        )
    every = Journeys(frame, excluded, found.segments, end, found.values)
    return mature(every) if funnel.mature else every


def _numbered(frame: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """One line per journey, with all stages under their own numbers, and when it entered."""
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
    entered = pl.min_horizontal(stage_columns(len(funnel.required))) if funnel.start == "open" else pl.col("stage_1")
    continued = [column for column in frame.columns if column.startswith("continued_")]
    return frame.select("journey", pl.col("owner").alias("unit"), entered.alias("entered"), *times, "depth", *continued)


def _standing(frame: pl.DataFrame, funnel: Funnel, end: int | None) -> pl.DataFrame:
    """`frame` with each journey's status, and whether its window is over."""
    over = (
        pl.lit(None, pl.Boolean)
        if funnel.window is None
        else pl.col("entered") + micros(funnel.window) <= pl.lit(end, pl.Int64)
    )
    status = (
        pl.when(pl.col(f"stage_{funnel.required[-1] + 1}").is_not_null())
        .then(pl.lit(Status.CONVERTED.value))
        .when(over.not_())
        .then(pl.lit(Status.OPEN.value))
        .otherwise(pl.lit(Status.DROPPED.value))
    )
    return frame.with_columns(status=status.cast(STATUS), mature=over)


def _values(every: pl.DataFrame, at: Standing, funnel: Funnel, column: str) -> pl.DataFrame:
    """What each journey that converted is worth (journey, value), read on the row of its last required stage."""
    last = funnel.model_copy(update={"segment_from": funnel.stages[funnel.required[-1]].name})
    converted = every.filter(pl.col(f"stage_{len(funnel.required)}").is_not_null())
    read = segments(converted, at, last, (column,))
    return read.select("journey", value=pl.col(carried(column)).cast(VALUE, strict=False))


def mature(journeys: Journeys) -> Journeys:
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
