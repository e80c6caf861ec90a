"""What conversions are worth: exact sums of the funnel's `value`, and the mean of a conversion."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried
from funnelcli.engine import Status
from funnelcli.reports.counts import members
from funnelcli.reports.targets import WHOLE, Group

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Journeys


_SUMS = (
    pl.col("value").sum().alias("total"),
    pl.col("value").count().cast(pl.Int64).alias("readable"),
    pl.col("value").null_count().cast(pl.Int64).alias("unreadable"),
)


@dataclass(frozen=True)
class Worth:
    """What the conversions of a group come to: the sum of the values that are `readable`, and how many are not."""

    total: Decimal
    readable: int
    unreadable: int


def worth(journeys: Journeys, funnel: Funnel) -> dict[Group, Worth]:
    """What the conversions of the whole and of each segment are worth; empty where the funnel has no `value`."""
    if journeys.values is None:
        return {}
    converted = journeys.frame.filter(pl.col("status") == Status.CONVERTED.value).select("journey")
    valued = converted.join(journeys.values, on="journey", how="left")
    found = {WHOLE: Worth(*valued.select(_SUMS).row(0))}
    for columns in funnel.breakdowns:
        entered, _ = members(journeys, columns)
        keys = [carried(column) for column in columns]
        sums = entered.join(valued, on="journey").group_by(keys).agg(_SUMS)
        found |= {(columns, row[:-3]): Worth(*row[-3:]) for row in sums.iter_rows()}
    return found


def mean(own: Worth | None, of_whole: Worth | None) -> float | None:
    """The mean value of a conversion, of the whole where the group has none."""
    for each in (own, of_whole):
        if each is not None and each.readable:
            return float(Fraction(each.total) / each.readable)
    return None
