"""Journeys of `order: loose` whose steps are limited: `within`, `after`, exclusions.

Why two passes are enough. Every limit bounds a time by another of the same journey, and never the worse for moving
both later, or both earlier. So of two journeys to the same last row, the later of their rows at each stage make a
journey, and the earlier ones too. Forwards, each place is therefore joined to the latest place before it that ends
a journey, which carries the latest times of all; if these break a limit, all others do. This gives the depth and
the last row. Backwards from the last row, each place is joined to the earliest place after it that leads there,
which gives the earliest rows between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from funnelcli.engine.limits import Limits, Span

SAME_UNIT = pl.col("unit") == pl.col("unit_right")


def journeys(frame: pl.DataFrame, limits: Limits, *, latest: bool, ties: str) -> pl.DataFrame:
    """The journey that counts of each unit that entered (unit, depth, stage_1 …, position_1 …), sorted by unit.

    `frame` (unit, time, stage, position, barrier_…, may_enter, may_end) is in the order of a journey (see
    `places`), which is numbered anew here: a unit may be there more than once, under other names. Stages that were
    not reached are null; positions are those of `frame`.
    """
    frame = frame.with_columns(origin="position").drop("position").with_row_index("position")
    frame = frame.filter((pl.col("stage") != 0) | pl.col("may_enter"))
    stages = [frame.filter(pl.col("stage") == stage) for stage in range(len(limits.within))]
    ends = _ends(_reached(stages, limits))
    return _filled(_leading(stages, ends, limits, ties), latest=latest)


def _reached(stages: list[pl.DataFrame], limits: Limits) -> list[pl.DataFrame]:
    """Per stage the places that end a journey (position, unit, time, time_<stage> of the anchors), sorted by
    position.

    An anchor is a stage on which a later limit depends; its time is that of the journey with the latest times.
    """
    anchors = {0} | {span.first for span in limits.spans}
    reached: list[pl.DataFrame] = []
    for number, stage in enumerate(stages):
        carried = [f"time_{anchor}" for anchor in sorted(anchors) if anchor < number]
        here = stage
        if number:
            before = reached[-1].select("unit", "position", *carried, pl.col("time").alias("before"))
            here = joined(stage, before, "before", limits.after[number], "backward").filter(_kept(number, limits))
        own = [pl.col("time").alias(f"time_{number}")] if number in anchors else []
        reached.append(here.select("position", "unit", "time", "may_end", *carried, *own))
    return reached


def _kept(number: int, limits: Limits) -> pl.Expr:
    """Whether a place joined to the one before it keeps to the limits so far."""
    kept = pl.lit(True)
    within = limits.within[number]
    if within is not None:
        kept &= pl.col("time") - pl.col("before") <= within
    if limits.window is not None:
        kept &= pl.col("time") - pl.col("time_0") <= limits.window
    for span in limits.spans:
        if span.guards(number):
            kept &= (pl.col(f"time_{span.first}") >= pl.col(span.barrier)).fill_null(True)
    return kept


def joined(
    left: pl.DataFrame, right: pl.DataFrame, time: str, after: int, strategy: Literal["backward", "forward"]
) -> pl.DataFrame:
    """`left` with the nearest place of its unit in `right`, whose time is called `time`, at least `after` away;
    without one it is left out.
    """
    if not after:
        return (
            left.join_asof(right, on="position", strategy=strategy, allow_exact_matches=False, check_sortedness=False)
            .filter(SAME_UNIT)
            .drop("unit_right")
        )
    distance = -after if strategy == "backward" else after
    return (
        left.with_columns(reach=pl.col("time") + distance)
        .join_asof(
            right.drop("position").with_columns(reach=time),
            on="reach",
            by="unit",
            strategy=strategy,
            check_sortedness=False,
        )
        .filter(pl.col(time).is_not_null())
        .drop("reach")
    )


def _ends(reached: list[pl.DataFrame]) -> pl.DataFrame:
    """The depth of each unit, and the time and position of its earliest last row (unit, depth, last, end)."""
    ends = pl.concat(
        here.filter("may_end")
        .group_by("unit")
        .agg(last=pl.col("time").min(), end=pl.col("position").min())
        .with_columns(depth=pl.lit(depth, pl.Int64))
        for depth, here in enumerate(reached, start=1)
    )
    return ends.sort("unit", "depth").unique("unit", keep="last", maintain_order=True)


def _leading(stages: list[pl.DataFrame], ends: pl.DataFrame, limits: Limits, ties: str) -> list[pl.DataFrame]:
    """Per stage the places that lead to the last row of their unit (position, unit, time, depth, last, next,
    bar_…), sorted by position.

    `next` is the earliest place of the next stage that does. `bar_…` is, per exclusion, the barrier of the last row
    that it guards.
    """
    bars = [f"bar_{span.number}" for span in limits.spans]
    columns = ["position", "origin", "unit", "time", "depth", "last", "next", *bars]
    # The last row may be any of its instant, except where the input orders them.
    is_last = pl.col("may_end") & (
        pl.col("position") == pl.col("end") if ties == "row" else pl.col("time") == pl.col("last")
    )
    leading: list[pl.DataFrame] = []
    for number in reversed(range(len(stages))):
        here = (
            stages[number]
            .join(ends.filter(pl.col("depth") == number + 1), on="unit", maintain_order="left")
            .filter(is_last)
            .with_columns(_barriers_at(number, limits.spans), next=pl.lit(None, pl.UInt32))
            .select(columns)
        )
        if leading:
            after = leading[-1].select("unit", "position", "depth", "last", *bars, next="position", following="time")
            through = (
                joined(stages[number], after, "following", limits.after[number + 1], "forward")
                .filter(_leads(number, limits))
                .with_columns(_barriers_at(number, [span for span in limits.spans if span.last == number]))
                .select(columns)
            )
            here = pl.concat([here, through]).sort("position")
        leading.append(here)
    return leading[::-1]


def _barriers_at(number: int, spans: Sequence[Span]) -> list[pl.Expr]:
    """What the exclusions demand if this place is the last that they guard."""
    return [
        (pl.col(span.barrier) if span.guards(number) else pl.lit(None, pl.Int64)).alias(f"bar_{span.number}")
        for span in spans
    ]


def _leads(number: int, limits: Limits) -> pl.Expr:
    """Whether a place joined to the one after it keeps to the limits from there on."""
    leads = pl.lit(True)
    within = limits.within[number + 1]
    if within is not None:
        leads &= pl.col("following") - pl.col("time") <= within
    if number == 0 and limits.window is not None:
        leads &= pl.col("last") - pl.col("time") <= limits.window
    for span in limits.spans:
        if span.first == number:
            leads &= (pl.col("time") >= pl.col(f"bar_{span.number}")).fill_null(True)
    return leads


def _filled(leading: list[pl.DataFrame], *, latest: bool) -> pl.DataFrame:
    """The journeys, from their entries on along `next`."""
    entries = leading[0].unique("unit", keep="last" if latest else "first", maintain_order=True)
    units = entries.select("unit", "depth", "next", stage_1="time", position_1="origin")
    for number, here in enumerate(leading[1:], start=2):
        step = here.select(
            pl.col("position").alias("next"),
            pl.col("next").alias("following"),
            pl.col("time").alias(f"stage_{number}"),
            pl.col("origin").alias(f"position_{number}"),
        )
        units = (
            units.join(step, on="next", how="left", maintain_order="left")
            .with_columns(next="following")
            .drop("following")
        )
    return units.drop("next")
