"""Attempts of units whose rows all have different times, all at once.

From every entry its attempt is found as if it stood alone, and with it the entry that would open the next. The
attempts that count are those on the way from the unit's first entry along these pointers, which is followed in
doubling steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.engine.limits import limits
from funnelcli.engine.places import INSTANT, places

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


def simple(funnel: Funnel) -> bool:
    """Whether `from_each` finds the funnel's journeys: in loose order, and limited by the window alone."""
    optional = any(stage.optional for stage in funnel.stages)
    return funnel.order == "loose" and limits(funnel).only_window and not funnel.same and not optional


def apart(rows: pl.DataFrame) -> pl.DataFrame:
    """The units of which no two rows that match a required stage share a time (unit)."""
    matching = rows.filter(pl.col("chain") != 0).select(INSTANT).sort(INSTANT)
    same = (pl.col("unit") == pl.col("unit").shift()) & (pl.col("time") == pl.col("time").shift())
    tied = matching.filter(same.fill_null(False)).select("unit").unique()
    return matching.select("unit").unique().join(tied, on="unit", how="anti")


def attempts(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """Every attempt (unit, stage_1 …, depth), for `order: loose` limited by the window alone; see `apart`."""
    placed = places(rows, funnel)
    window = limits(funnel).window
    entries = from_each(placed.at(0), [placed.at(stage) for stage in range(1, len(funnel.required))], window)
    following = _following(entries, window, stages=len(funnel.required), later=funnel.ties == "strict")
    return entries.filter(_reached(following, entries["unit"])).drop("last")


def from_each(entries: pl.DataFrame, later: list[pl.DataFrame], window: int | None) -> pl.DataFrame:
    """The journey from each entry, as if there were no other (unit, stage_1 …, depth, last), in their order.

    `entries` and each of the `later` stages (position, unit, time), sorted by position. Every row is the first that can
    follow, so that the journey gets as far, and to each stage as soon, as any from this entry.
    """
    found = entries.select("unit", stage_1="time", depth=pl.lit(1, pl.Int64), last="time")
    here = entries.select("position", "unit", "time", entry=pl.int_range(pl.len(), dtype=pl.UInt32))
    for number, stage in enumerate(later, start=2):
        here = here.join_asof(
            stage.select("position", at="position", then="time", unit_then="unit"),
            on="position",
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,
        ).filter(pl.col("unit") == pl.col("unit_then"))
        if window is not None:
            here = here.filter(pl.col("then") - pl.col("time") <= window)
        name = f"stage_{number}"
        step = here.select("entry", pl.col("then").alias(name))
        found = (
            found.with_row_index("entry")
            .join(step, on="entry", how="left", maintain_order="left")
            .with_columns(
                depth=pl.when(pl.col(name).is_null()).then("depth").otherwise(number), last=pl.coalesce(name, "last")
            )
            .drop("entry")
        )
        here = here.select("unit", "time", "entry", position="at")
    return found


def _following(entries: pl.DataFrame, window: int | None, *, stages: int, later: bool) -> pl.Series:
    """For each entry the line of the one that opens the next attempt of its unit, null for none.

    The first at the end of the window (or `later`), or later than the last row of an attempt that converted.
    """
    over = pl.lit(None, pl.Int64)
    if window is not None:
        over = pl.max_horizontal(pl.col("stage_1") + window + later, pl.col("last") + 1)
    lines = entries.select(
        "unit", reach=pl.when(pl.col("depth") == stages).then(pl.col("last") + 1).otherwise(over)
    ).with_row_index("line")
    targets = entries.select("unit", reach="stage_1", next=pl.int_range(pl.len(), dtype=pl.UInt32))
    found = (
        lines.drop_nulls("reach")
        .sort("unit", "reach")
        .join_asof(targets, on="reach", by="unit", strategy="forward", check_sortedness=False)
    )
    return lines.join(found.select("line", "next"), on="line", how="left", maintain_order="left")["next"]


def _reached(following: pl.Series, units: pl.Series) -> pl.Series:
    """Whether each line is on the way from the first of its unit along `following` (Boolean)."""
    reached = (units != units.shift()).fill_null(True)
    before, marked = 0, int(reached.sum())
    while marked > before:
        before = marked
        reached = reached.scatter(following.filter(reached).drop_nulls(), True)
        following = following.gather(following)
        marked = int(reached.sum())
    return reached
