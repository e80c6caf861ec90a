"""The choice among journeys of one unit: the rule that every order shares.

Deepest; of those the earliest last row; of those the earliest or latest entry; of those the earliest second row,
then its third, and so on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


def chosen(journeys: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """The journeys that count (journey: UInt32, owner, unit, stage_1 …, depth, position_1 …), one `journey` per
    owner.

    `journeys` has one per `unit`. Where an owner has several units, the best counts; units whose best journeys have
    the same times all stay, under one `journey`.
    """
    if not funnel.same:
        return journeys.with_columns(owner="unit").with_row_index("journey")
    owners = rows.select("unit", "owner").unique()
    stages = range(1, len(funnel.required) + 1)
    [f"stage_{number}" for number in stages]
    # Only with `ties: row` do rows of one time come one before the other.
    ranks = [[f"stage_{number}", f"row_{number}"] if funnel.ties == "row" else [f"stage_{number}"] for number in stages]
    entry = [-pl.col(name).cast(pl.Int64) if funnel.entry == "latest" else pl.col(name) for name in ranks[0]]
    last = [pl.coalesce(reversed(names)) for names in zip(*ranks, strict=True)]
    rest = [pl.col(name) for names in ranks[1:] for name in names]
    journeys = journeys.join(owners, on="unit")
    best = (
        journeys.sort("owner", -pl.col("depth"), *last, *entry, *rest, nulls_last=True)
        .unique("owner", keep="first", maintain_order=True)
        .with_row_index("journey")
        .select("journey", "owner", "depth", *(name for names in ranks for name in names))
    )
    return journeys.join(best, on=best.columns[1:], nulls_equal=True)
