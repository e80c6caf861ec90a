"""Rows made ready: the required stages as a chain of bits, and with `same` the unit split by the columns that must
agree.

In come the events' rows, out come rows (owner: UInt64, unit: UInt64, time, match, chain: UInt64, …). `owner` is the
unit that is counted; `unit` is what a journey is looked for in, the same unless `same` splits it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


def prepared(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """`rows` (unit, time, match, …) with `owner` and `chain`."""
    rows = rows.with_columns(owner="unit", chain=_chain(funnel))
    return _split(rows, funnel) if funnel.same else rows


def _chain(funnel: Funnel) -> pl.Expr:
    """Bit j for the required stage j, from 0."""
    required = funnel.required
    match = pl.col("match")
    if len(required) == len(funnel.stages):
        return match & ((1 << len(required)) - 1) if funnel.exclude else match
    return pl.sum_horizontal(
        pl.when((match & (1 << position)) != 0).then(pl.lit(1 << bit, pl.UInt64)).otherwise(pl.lit(0, pl.UInt64))
        for bit, position in enumerate(required)
    )


def _split(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """`rows` with one `unit` per owner and values of `same`. A row without one of the values is a unit of its own:
    it may enter, and no more.
    """
    columns = [carried(column) for column in funnel.same]
    valued = pl.all_horizontal(pl.col(column).is_not_null() for column in columns)
    kinds = rows.filter(valued).select("owner", *columns).unique().sort("owner", *columns).with_row_index("kind")
    rows = rows.join(kinds, on=["owner", *columns], how="left", maintain_order="left").with_row_index("alone")
    return rows.with_columns(unit=pl.coalesce("kind", kinds.height + pl.col("alone")).cast(pl.UInt64)).drop(
        "kind", "alone"
    )
