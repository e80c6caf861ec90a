"""Journeys of `start: open`: a unit may enter at any stage, and each stage is looked at with the one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import micros
from funnelcli.engine.limited import joined
from funnelcli.engine.limits import limits
from funnelcli.engine.one import Chosen
from funnelcli.engine.places import places
from funnelcli.engine.shape import stage_columns

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


def chosen(rows: pl.DataFrame, funnel: Funnel) -> Chosen:
    """Each unit's earliest completions in the date range (journey, owner, unit, stage_1 …, depth, continued_2 …).

    `continued_j`: two rows complete stage j − 1 in the date range and then stage j, inside the window. depth counts
    the stages reached.
    """
    stages = len(funnel.required)
    limit = limits(funnel)
    # Nobody is kept from a stage here, so the places are those of all rows.
    everywhere = places(rows, funnel.model_copy(update={"since": None, "until": None}))
    placed = everywhere.frame
    inside = pl.lit(True)
    if funnel.since is not None:
        inside &= pl.col("time") >= micros(funnel.since)
    if funnel.until is not None:
        inside &= pl.col("time") < micros(funnel.until)
    units = (
        placed.filter(inside)
        .group_by("unit")
        .agg(
            pl.col("time").filter(pl.col("stage") == number).min().alias(column)
            for number, column in enumerate(stage_columns(stages))
        )
    )
    if funnel.ties == "row":
        rows_used = [
            pl.col("row")
            .filter(pl.col("stage") == number)
            .sort_by(pl.col("position").filter(pl.col("stage") == number))
            .first()
            for number in range(stages)
        ]
        named = (
            placed.filter(inside)
            .group_by("unit")
            .agg(row.alias(f"row_{number}") for number, row in enumerate(rows_used, start=1))
        )
        units = units.join(named, on="unit")
    for number in range(1, stages):
        before = placed.filter((pl.col("stage") == number - 1) & inside).select("position", "unit", before="time")
        pairs = joined(placed.filter(pl.col("stage") == number), before, "before", limit.after[number], "backward")
        for longest in (limit.window, limit.within[number]):
            if longest is not None:
                pairs = pairs.filter(pl.col("time") - pl.col("before") <= longest)
        continued = pairs.select("unit", found=pl.lit(True)).unique()
        units = (
            units.join(continued, on="unit", how="left", maintain_order="left")
            .with_columns(
                (pl.col("found").fill_null(False) & pl.col(f"stage_{number + 1}").is_not_null()).alias(
                    f"continued_{number + 1}"
                )
            )
            .drop("found")
        )
    units = units.with_columns(
        depth=pl.sum_horizontal(pl.col(column).is_not_null().cast(pl.Int64) for column in stage_columns(stages)),
        owner="unit",
    ).with_row_index("journey")
    return Chosen(units, units.head(0), everywhere.rows, None)
