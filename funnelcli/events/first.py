"""First-time stages: a row that `first` denies keeps no bit of its stage.

`first: event` lets only the unit's first row ever with one of the stage's event names match, `first: match` the first
that satisfies names and conditions. "Ever" is the whole log: in come also the rows outside any date range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.events import matching

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


def denied(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """The rows (unit, time, match, …) with `denied` (UInt64): the bits of the stages that only `first` denies.

    Rows come in any order, and leave in any. Of several rows of the first instant each may match; with `ties: row`,
    where an instant is one row, the first of the input.
    """
    instant = "time"
    if funnel.ties == "row":
        rows, instant = rows.sort("time", "row").with_row_index("place"), "place"
    stages = [bit for bit, stage in enumerate(funnel.stages) if stage.first is not None]
    rivals = {bit: "named" if 1 << bit & matching.rivals(funnel) else "match" for bit in stages}
    firsts = (
        rows.lazy()
        .group_by("unit")
        .agg(pl.col(instant).filter(_has(column, bit)).min().alias(f"first_{bit}") for bit, column in rivals.items())
    )
    late = [_has("match", bit) & (pl.col(instant) > pl.col(f"first_{bit}")) for bit in stages]
    bits = [
        pl.when(test).then(pl.lit(1 << bit, pl.UInt64)).otherwise(pl.lit(0, pl.UInt64))
        for bit, test in zip(stages, late, strict=True)
    ]
    found = rows.lazy().join(firsts, on="unit", how="left").with_columns(denied=pl.sum_horizontal(bits))
    return found.select(*rows.columns, "denied").collect()


def _has(column: str, bit: int) -> pl.Expr:
    """Whether the bit is set."""
    return (pl.col(column) & pl.lit(1 << bit, pl.UInt64)) != 0
