"""Cohorts: the units that entered in each of some periods and whose windows are over, and the segments of these.

Events come in; journeys by period go out, and how many had to be left out. Each period is the report with `mature` and
with since and until set to it, so a unit counts in every period that it enters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelcli import engine
from funnelcli.config.frames import carried, micros
from funnelcli.engine.finding import mature
from funnelcli.reports.counts import Counts, Segment, assert_adding_up, counts_by, members, nobody, place

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.config.periods import Period
    from funnelcli.engine import Events, Journeys

PERIOD = "period"
"""What segments have for a column where periods are compared, and the journeys' column of a period's place."""


@dataclass(frozen=True)
class InPeriods:
    """A segment, and its counts in each period; `pooled` and `not_reached` as of `Segment`."""

    segment: Mapping[str, str | None]
    counts: tuple[Counts, ...]
    pooled: bool = False
    not_reached: bool = False

    def in_period(self, number: int, label: str) -> Segment:
        """The segment of this segment and the period of that number."""
        return Segment({PERIOD: label} | dict(self.segment), self.counts[number], self.pooled, self.not_reached)


@dataclass(frozen=True)
class Cohort:
    """Who entered in a period, without those `left_out`, whose windows are not over at the end of the data.

    `again` counts the units that entered in another of the periods, too.
    """

    period: Period
    left_out: int
    again: int


def cohorts(events: Events, funnel: Funnel, periods: Sequence[Period]) -> tuple[Journeys, list[Cohort]]:
    """The journeys by period that are mature, and the cohort of each period; the periods in order, not overlapping."""
    spans = [(micros(period.since), micros(period.until)) for period in periods]
    every = engine.by_period(events, funnel.model_copy(update={"mature": False}), spans)
    still_open = every.frame.filter(pl.col("mature").eq(False)).group_by(PERIOD).len()
    left_out = dict(still_open.cast({"len": pl.Int64}).iter_rows())
    over = mature(every)
    units = over.frame.select("unit", PERIOD).unique()
    twice = units.filter(pl.len().over("unit") > 1).group_by(PERIOD).len()
    again = dict(twice.cast({"len": pl.Int64}).iter_rows())
    found = [Cohort(each, left_out.get(number, 0), again.get(number, 0)) for number, each in enumerate(periods)]
    return over, found


def segments_by_period(
    journeys: Journeys, breakdown: tuple[str, ...], funnel: Funnel, totals: Sequence[Counts], *, top: int | None = None
) -> list[InPeriods]:
    """The segments of a breakdown by who entered in all periods, then name, with counts that add up to each total.

    `journeys` by period. `top` pools all but so many.

    Raises:
        Bug: an identity that must hold does not, or the segments do not add up to the totals.
    """
    keys = ["pooled", *map(carried, breakdown)]
    entered, excluded = members(journeys, breakdown, top=top)
    groups = counts_by(entered, excluded, [*keys, PERIOD], journeys.end, funnel)
    sizes: dict[tuple[Any, ...], int] = defaultdict(int)
    for (*key, _), counts in groups.items():
        sizes[tuple(key)] += counts.entered
    empty = nobody(funnel)
    parts = [
        InPeriods(
            segment=dict(zip(breakdown, key[1:], strict=True)),
            counts=tuple(groups.get((*key, number), empty) for number in range(len(totals))),
            pooled=key[0] is True,
            not_reached=key[0] is None,
        )
        for key in sorted(sizes, key=lambda key: place(sizes[key], key))
    ]
    if funnel.segment_from != "any":
        for number, total in enumerate(totals):
            assert_adding_up(total, [Segment(part.segment, part.counts[number]) for part in parts], breakdown)
    return parts
