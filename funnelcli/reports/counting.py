"""Counting: journeys, grouped by any columns, become numbers. Every report that counts a group counts it here.

All of it is one aggregation per frame, whatever the number of groups. Sums are exact integers; a mean is divided
once, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelcli.config.funnel import line_names
from funnelcli.engine import Status

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

SECOND = 1_000_000


@dataclass(frozen=True)
class Line:
    """A line of the report: a stage, or with `order: any` a number of stages.

    `before` is the position of the required stage before, from 1; None for the first.
    """

    stage: str
    position: int
    optional: bool
    before: int | None


def lines(funnel: Funnel) -> list[Line]:
    """The lines of a report on the funnel, in their order."""
    if funnel.order == "any":
        names = line_names([stage.name for stage in funnel.stages], funnel.order)
        return [Line(name, position, False, position - 1 or None) for position, name in enumerate(names, start=1)]
    found: list[Line] = []
    before = None
    for position, stage in enumerate(funnel.stages, start=1):
        found.append(Line(stage.name, position, stage.optional, before))
        if not stage.optional:
            before = position
    return found


def counted(frame: pl.DataFrame, keys: list[str], funnel: Funnel) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The numbers of each group of journeys, by its values of `keys`.

    `frame` (keys, stage_1 … stage_n, depth, status, mature, continued_2 … with `start: open`). A group's numbers are
    entered, converted, dropped, open, mature, mature_converted, and for each line n reached_n, dropped_n and open_n
    (there, having reached the required stage before), continued_n with `start: open`. For each line from the second,
    and as `convert` from the first to the last required one: median_, p90_ and total_ in µs.
    """
    last = funnel.required[-1] + 1
    is_ = {status: pl.col("status") == status.value for status in Status}
    numbers = [
        pl.len().alias("entered"),
        *(is_[status].sum().alias(status.value) for status in Status),
        pl.col("mature").sum(),
        (pl.col("mature") & is_[Status.CONVERTED]).sum().alias("mature_converted"),
        *_times(pl.col(f"stage_{last}") - pl.col("stage_1"), "convert"),
    ]
    for line in lines(funnel):
        number, reached = line.position, pl.col(f"stage_{line.position}").is_not_null()
        numbers.append(reached.sum().alias(f"reached_{number}"))
        if line.before is None:
            continue
        came = pl.col(f"stage_{line.before}").is_not_null()
        if funnel.start == "open":
            # Whoever did not go on is still open here, whatever else the unit did later.
            stays, running = came & ~pl.col(f"continued_{number}"), pl.col("mature").not_().fill_null(False)
            numbers.append(pl.col(f"continued_{number}").sum())
        else:
            stays, running = came & ~reached, is_[Status.OPEN]
        numbers += [
            (stays & ~running).sum().alias(f"dropped_{number}"),
            (stays & running).sum().alias(f"open_{number}"),
            *_times(pl.col(f"stage_{number}") - pl.col(f"stage_{line.before}"), str(number)),
        ]
    return {tuple(row[key] for key in keys): row for row in frame.group_by(keys).agg(numbers).iter_rows(named=True)}


def _times(duration: pl.Expr, name: str) -> list[pl.Expr]:
    return [
        duration.median().alias(f"median_{name}"),
        duration.quantile(0.9, "linear").alias(f"p90_{name}"),
        duration.cast(pl.Int128).sum().alias(f"total_{name}"),
    ]


def seconds(micros: float | None) -> float | None:
    """µs as seconds; None for None."""
    return None if micros is None else micros / SECOND


def mean_seconds(total_micros: int, count: int) -> float | None:
    """The mean of durations that add up to `total_micros`; None for none. Both divisions are one, of exact
    integers.
    """
    return total_micros / (count * SECOND) if count else None


def rate(part: int, whole: int | None) -> float | None:
    """Part ÷ whole; None without a whole."""
    return part / whole if whole else None
