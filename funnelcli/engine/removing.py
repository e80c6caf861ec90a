"""Exclusions that remove: which units are taken out, and the clean journeys of those that stay.

A unit is taken out if its deepest journey without these exclusions is deeper than its deepest clean one. Here a
journey that stops between the two stages is also spoiled by an excluded row after its last row, up to the end of
its window. In other words: the last excluded row up to the end of the window is the last one up to the last row. So
the excluded rows of a unit cut its time into gaps, numbered from 0; an entry belongs to the gap in which its window
ends, a last row to the gap in which it lies, and a journey must have both in one gap. Each gap is searched as a
unit of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl
from polars import selectors

from funnelcli.engine.limits import Limits, excluded

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

Search = Callable[[pl.DataFrame, Limits], pl.DataFrame]
"""The journeys (unit, depth, …) that a frame of places or instants holds, within limits."""


def journeys(
    frame: pl.DataFrame,
    rows: pl.DataFrame,
    funnel: Funnel,
    limits: Limits,
    *,
    search: Search,
    roles: Callable[[int], tuple[pl.Expr, pl.Expr]],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The journeys of the units that stay, and the deepest ones without the exclusions of those taken out.

    `frame` (unit, owner, time, …) is what `search` reads, in its order. `roles` tells of a depth where an entry and
    a last row can be.
    """
    without = search(frame, limits.without_removing())
    owners = frame.select("unit", "owner").unique()
    deepest = owners.join(
        without.join(owners, on="unit").group_by("owner").agg(deepest=pl.col("depth").max()), on="owner"
    )
    clean = [without.head(0)]
    for depth in range(1, len(limits.within) + 1):
        here = deepest.filter(pl.col("deepest") == depth)
        if here.is_empty():
            continue
        part = frame.join(here, on="unit", how="semi", maintain_order="left").with_columns(home="unit")
        for span in limits.spans:
            if span.removes and span.first < depth <= span.last:
                part = _in_gaps(part, excluded(rows, span.number, funnel), limits.window, *roles(depth))
        found = search(part, limits).filter(pl.col("depth") == depth)
        homes = part.select("unit", "home").unique()
        clean.append(found.join(homes, on="unit").with_columns(unit="home").select(without.columns))
    # The last rows of two gaps have different times, so the earliest last row leaves one of them.
    last = pl.max_horizontal(selectors.starts_with("stage_"))
    stayed = pl.concat(clean).with_columns(last=last)
    stayed = stayed.filter(pl.col("last") == pl.col("last").min().over("unit")).drop("last")
    kept = stayed.join(owners, on="unit").select("owner").unique()
    # Who is taken out is shown without any exclusion.
    shown = without if all(span.removes for span in limits.spans) else search(frame, limits.without_exclusions())
    gone = shown.join(owners, on="unit").join(kept, on="owner", how="anti").select(without.columns)
    return stayed, gone


def _in_gaps(
    frame: pl.DataFrame, spoilers: pl.DataFrame, window: int | None, is_entry: pl.Expr, is_last: pl.Expr
) -> pl.DataFrame:
    """`frame` with one unit per gap, each line in every gap to which a journey through it may belong.

    With `may_enter` and `may_end`: a journey may enter or end here and be of this gap.
    """
    numbered = spoilers.with_columns(gap=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("owner"))
    frame = _gap_at(frame, numbered, pl.col("time"), "own")
    # Without a window the last gap of all is the one in which every window ends.
    frame = _gap_at(frame, numbered, pl.lit(2**62) if window is None else pl.col("time") + window, "end")
    low = pl.when(is_entry & ~is_last).then("end").otherwise("own")
    high = pl.when(is_last & ~is_entry).then("own").otherwise("end")
    frame = (
        frame.with_columns(low=low, high=high)
        .filter(pl.col("low") <= pl.col("high"))
        .with_columns(gap=pl.int_ranges("low", pl.col("high") + 1))
        .explode("gap")
        .with_columns(
            may_enter=pl.col("may_enter") & (pl.col("gap") == pl.col("end")),
            may_end=pl.col("may_end") & (pl.col("gap") == pl.col("own")),
        )
        .drop("own", "end", "low", "high")
    )
    units = frame.select("unit", "gap").unique().sort("unit", "gap").with_row_index("code")
    return (
        frame.join(units, on=["unit", "gap"], maintain_order="left")
        .with_columns(unit=pl.col("code").cast(pl.UInt64))
        .drop("code", "gap")
        .sort("unit", "place")
    )


def _gap_at(frame: pl.DataFrame, numbered: pl.DataFrame, time: pl.Expr, name: str) -> pl.DataFrame:
    """`frame` with the gap in which a time lies."""
    gaps = numbered.select("owner", moment="time", **{name: "gap"})
    return (
        frame.with_columns(moment=time)
        .sort("owner", "moment", "place")
        .join_asof(gaps, on="moment", by="owner", check_sortedness=False)
        .with_columns(pl.col(name).fill_null(0))
        .drop("moment")
    )
