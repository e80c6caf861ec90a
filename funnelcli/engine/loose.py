"""Journeys of `order: loose`: other rows may lie between.

The one idea: the entry that a completion can be traced back to never moves backwards as time goes on. So for each
stage one as-of join to the completions of the stage before finds, for every row, the latest entry it can belong to;
if that one is outside the window, every other is. This gives the depth, the last row and the latest entry of all
units at once. The earliest entry is the first stage-1 row not older than the window before the last row, and the
rows between are each the first after the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import micros
from funnelcli.engine.shape import stage_columns

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine.places import Places

SAME_UNIT = pl.col("unit") == pl.col("unit_right")


def journeys(places: Places, funnel: Funnel) -> pl.DataFrame:
    """The journey that counts of each unit that entered (unit, stage_1 …, depth, position_1 …).

    Times are Int64 UTC µs, depth is Int64; stages that were not reached are null. Sorted by unit.
    """
    stages = [places.at(stage) for stage in range(len(funnel.required))]
    window = None if funnel.window is None else micros(funnel.window)
    units = _deepest(stages, window)
    units = _entered(units, stages[0], window, latest=funnel.entry == "latest")
    return _filled(units, stages)


def _deepest(stages: list[pl.DataFrame], window: int | None) -> pl.DataFrame:
    """Depth and earliest last row of each unit (unit, depth, last, first_position, first_time, entry), sorted by
    unit.

    `last` is the last row's time, `first_…` the unit's first stage-1 row, `entry` the position of the latest entry
    from which the last row can be reached.
    """
    reached = stages[0].with_columns(entry="position", entered="time")
    units = _first_of_each(reached).select(
        "unit",
        "entry",
        depth=pl.lit(1, pl.Int64),
        last="time",
        first_position="position",
        first_time="time",
    )
    for depth, stage in enumerate(stages[1:], start=2):
        reached = stage.join_asof(reached.drop("time"), on="position", check_sortedness=False).filter(SAME_UNIT)
        if window is not None:
            reached = reached.filter(pl.col("time") - pl.col("entered") <= window)
        reached = reached.drop("unit_right")
        deeper = _first_of_each(reached).select("unit", deeper="time", deeper_entry="entry")
        units = units.join(deeper, on="unit", how="left", maintain_order="left").select(
            "unit",
            pl.coalesce("deeper_entry", "entry").alias("entry"),
            pl.when(pl.col("deeper").is_null()).then("depth").otherwise(depth).alias("depth"),
            pl.coalesce("deeper", "last").alias("last"),
            "first_position",
            "first_time",
        )
    return units


def _first_of_each(sorted_by_unit: pl.DataFrame) -> pl.DataFrame:
    """The first row of each unit."""
    return sorted_by_unit.filter((pl.col("unit") != pl.col("unit").shift()).fill_null(True))


def _entered(units: pl.DataFrame, entries: pl.DataFrame, window: int | None, *, latest: bool) -> pl.DataFrame:
    """The entry of each unit's journey (unit, depth, position_1, stage_1), sorted by unit."""
    if latest:
        times = entries.select(entry="position", entered="time")
        units = units.join(times, on="entry", how="left", maintain_order="left")
        return units.select("unit", "depth", position_1="entry", stage_1="entered")
    if window is None:
        return units.select("unit", "depth", position_1="first_position", stage_1="first_time")
    units = units.with_columns(oldest=pl.col("last") - window)
    too_old = pl.col("first_time") < pl.col("oldest")
    later = (
        units.filter(too_old)
        .select("unit", "oldest")
        .sort("unit", "oldest")
        .join_asof(
            entries.select("unit", later_position="position", oldest="time", later_time="time"),
            on="oldest",
            by="unit",
            strategy="forward",
            check_sortedness=False,
        )
        .drop("oldest")
    )
    return units.join(later, on="unit", how="left", maintain_order="left").select(
        "unit",
        "depth",
        position_1=pl.coalesce("later_position", "first_position"),
        stage_1=pl.coalesce("later_time", "first_time"),
    )


def _filled(units: pl.DataFrame, stages: list[pl.DataFrame]) -> pl.DataFrame:
    """`units` with each stage's row: the first after the row of the stage before."""
    here = units.select("unit", "depth", position="position_1")
    for number, stage in enumerate(stages[1:], start=2):
        following = stage.select("position", at="position", time="time")
        here = here.filter(pl.col("depth") >= number).join_asof(
            following, on="position", strategy="forward", allow_exact_matches=False, check_sortedness=False
        )
        step = here.select("unit", pl.col("at").alias(f"position_{number}"), pl.col("time").alias(f"stage_{number}"))
        units = units.join(step, on="unit", how="left", maintain_order="left")
        here = here.select("unit", "depth", position="at")
    return units.select(
        "unit", *stage_columns(len(stages)), "depth", *(f"position_{number}" for number in range(1, len(stages) + 1))
    )
