"""Optional stages: reached beside the journey, between its required stages, and never part of its chain.

In stage order each takes its earliest row that the journey and the optional stages before it leave free. Where rows
of one instant are wanted by several, it is free if all of them can be served by different rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import micros
from funnelcli.engine.places import fills, masks

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

PATH = ["journey", "unit"]


def with_optional(journeys: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """`journeys` (journey, unit, stage_1 …, row_1 … with `ties: row`, …) with `optional_<position>` (Int64 UTC µs,
    null if not reached) per optional stage.

    The stages of `journeys` are the required ones; positions count all stages, from 0. Where `journeys` names its
    rows (`ids`, of the `id` of `rows`), those are taken, and no others of their instants.
    """
    taken: list[str] = []
    for position, stage in enumerate(funnel.stages):
        if not stage.optional:
            continue
        before = sum(required < position for required in funnel.required)
        free = _between(journeys, rows, funnel, position, before)
        free = free.filter(~_wanted(before, len(funnel.required), taken)) if funnel.ties != "row" else free
        times = [free.select(*PATH, "time", *(["row"] if funnel.ties == "row" else []))]
        if funnel.ties != "row":
            wanted = _between(journeys, rows, funnel, position, before).filter(
                _wanted(before, len(funnel.required), taken)
            )
            if not wanted.is_empty():
                times.append(_served(wanted, rows, funnel, position, taken))
        name = f"optional_{position}"
        found = pl.concat(times)
        if funnel.ties == "row":
            used = [f"row_of_{other}" for other in taken]
            found = found.join(journeys.select(*PATH, *used), on=PATH)
            for other in used:
                found = found.filter((pl.col("row") != pl.col(other)).fill_null(True))
            found = found.sort(*PATH, "time", "row").unique(PATH, keep="first", maintain_order=True)
            best = found.select(*PATH, pl.col("time").alias(name), pl.col("row").alias(f"row_of_{name}"))
        else:
            best = found.group_by(PATH).agg(pl.col("time").min().alias(name))
        journeys = journeys.join(best, on=PATH, how="left", maintain_order="left")
        taken.append(name)
    return journeys


def _wanted(before: int, required: int, taken: list[str]) -> pl.Expr:
    """Whether the journey or an optional stage before this one stands at the same instant."""
    others = [f"stage_{number}" for number in (before, before + 1) if number <= required] + taken
    return pl.any_horizontal((pl.col("time") == pl.col(other)).fill_null(False) for other in others)


def _between(journeys: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel, position: int, before: int) -> pl.DataFrame:
    """The rows that match the stage after the required stage before it, before the next one if that was reached,
    and inside all limits.
    """
    stage = funnel.stages[position]
    time, start = pl.col("time"), pl.col(f"stage_{before}")
    following = pl.col(f"stage_{before + 1}") if before < len(funnel.required) else pl.lit(None, pl.Int64)
    if funnel.ties == "row":
        after = (time > start) | ((time == start) & (pl.col("row") > pl.col(f"row_{before}")))
        until = pl.lit(True)
        if before < len(funnel.required):
            until = (time < following) | ((time == following) & (pl.col("row") < pl.col(f"row_{before + 1}")))
    elif funnel.ties == "strict":
        after, until = time > start, time < following
    else:
        after, until = time >= start, time <= following
    good = after & until.fill_null(True)
    if funnel.window is not None:
        good &= time - pl.col("stage_1") <= micros(funnel.window)
    if stage.within is not None:
        good &= time - start <= micros(stage.within)
    if stage.after is not None:
        good &= time - start >= micros(stage.after)
    named = [name for name in ("row", "id") if name in rows.columns and (name == "row" or "ids" in journeys.columns)]
    matching = rows.filter((pl.col("match") & (1 << position)) != 0).select("unit", "time", *named).unique()
    found = matching.join(journeys, on="unit").filter(good)
    return found.filter(~pl.col("ids").list.contains(pl.col("id"))) if "id" in named else found


def _served(wanted: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel, position: int, taken: list[str]) -> pl.DataFrame:
    """Those of `wanted` (journey, time) whose instant has rows for all who want one. One piece of work per distinct
    pattern.
    """
    stages = len(funnel.stages)
    named = "ids" in wanted.columns
    here = (
        wanted.select(*PATH, "time", *(["ids"] if named else []))
        .unique([*PATH, "time"])
        .join(rows, on=["unit", "time"])
    )
    if named:
        here = here.filter(~pl.col("ids").list.contains(pl.col("id")))
    patterns = (
        here.with_columns(mask=pl.col("match") & ((1 << stages) - 1))
        .filter(pl.col("mask") != 0)
        .group_by(*PATH, "time", "mask")
        .agg(copies=pl.len().clip(upper_bound=stages))
        .group_by(*PATH, "time")
        .agg(pl.col("mask").repeat_by("copies").explode().sort().cast(pl.String))
        .select(*PATH, "time", pattern=pl.col("mask").list.join(","))
    )
    wants = pl.lit(1 << position, pl.UInt64)
    others = {} if named else {f"stage_{bit}": required for bit, required in enumerate(funnel.required, start=1)}
    others |= {other: int(other.split("_")[1]) for other in taken}
    for other, stage in others.items():
        here_too = (pl.col(other) == pl.col("time")).fill_null(False)
        wants += pl.when(here_too).then(pl.lit(1 << stage, pl.UInt64)).otherwise(pl.lit(0, pl.UInt64))
    asked = wanted.select(*PATH, "time", wants=wants).unique().join(patterns, on=[*PATH, "time"])
    kinds = asked.select("pattern", "wants").unique()
    able = [
        fills(masks(pattern), [stage for stage in range(stages) if wants >> stage & 1])
        for pattern, wants in kinds.iter_rows()
    ]
    served = kinds.with_columns(able=pl.Series(able, dtype=pl.Boolean)).filter("able")
    return asked.join(served, on=["pattern", "wants"], how="semi").select(*PATH, "time")
