"""The trend report: conversion by entry cohort, one calendar period after the other, as a whole and by segment.

Journeys by period come in; one frozen `Trend` goes out. Each period is the report with since and until set to it, so
a unit counts in every period that it enters. Limits are those of a p-chart: around the rate of all complete periods
together, three standard deviations of a share of as many as entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from funnelcli import engine
from funnelcli.config import periods, times
from funnelcli.config.frames import EPOCH, MICROSECOND, carried, micros
from funnelcli.errors import UsageError
from funnelcli.reports.cohorts import InPeriods, segments_by_period
from funnelcli.reports.counting import rate
from funnelcli.reports.counts import Counts, counts_by, nobody
from funnelcli.reports.shape import Account, Head, head
from funnelcli.stats import FEW, p_chart

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every, Funnel
    from funnelcli.engine import Events, Journeys

MOST_COUNTS = 100_000
"""How many periods of all segments a report can tell."""

LEAST_EXPECTED = FEW
"""With fewer expected conversions, or others, more periods lie outside the limits by chance than these promise."""

LATEST = datetime.max.replace(tzinfo=UTC) - MICROSECOND
"""The last instant that has one after it."""


@dataclass(frozen=True)
class Span:
    """From `start` to before `end`: a calendar period, or if `cut` the part of one that lies in the date range."""

    start: datetime
    end: datetime
    cut: bool


@dataclass(frozen=True)
class Period:
    """What those who entered in a span come to.

    `complete` says that the window of everybody who could have entered is over at the end of the data. `rolling_rate`
    is over this period and those before it, as many as were asked for; None where there are not so many. The limits,
    `outside` and `few` are None where nobody entered, where the period is not complete, and where fewer than two are.
    `few` says that at the centre rate fewer than LEAST_EXPECTED would convert, or would not.
    """

    span: Span
    counts: Counts
    complete: bool
    rolling_rate: float | None
    limit_low: float | None
    limit_high: float | None
    outside: bool | None
    few: bool | None


@dataclass(frozen=True)
class Series:
    """The periods of the whole (`segment` is None) or of one segment, which are the same spans.

    `centre_rate`, between the limits, is the conversion rate of all complete periods together; None for fewer than two.
    `pooled` and `not_reached` as of `Segment`.
    """

    segment: Mapping[str, str | None] | None
    centre_rate: float | None
    periods: tuple[Period, ...]
    pooled: bool = False
    not_reached: bool = False


@dataclass(frozen=True)
class Trend:
    """The report. The segments of each breakdown stand by who entered in all periods, then by name."""

    head: Head
    every: Every
    rolling: int | None
    whole: Series
    segments: tuple[Series, ...]


def spans(events: Events, funnel: Funnel, every: Every) -> list[Span]:
    """The calendar periods from `since`, else the first row that may enter, to `until`, else the last such row.

    Raises:
        UsageError: there are too many, or they are too far away.
    """
    entering = engine.entering(events, funnel)
    since, until = funnel.since, funnel.until
    if entering is not None:
        first, last = (min(EPOCH + time * MICROSECOND, LATEST) for time in entering)
        since, until = since or first, until or last + MICROSECOND
    if since is None or until is None or since >= until:
        return []
    try:
        whole = periods.calendar(every, since, until, times.zone(funnel.timezone))
    except ValueError as error:
        raise UsageError(f"--every: {error}, or set --since and --until") from error
    found = []
    for start, end in whole:
        begin = start if funnel.since is None else max(start, funnel.since)
        stop = end if funnel.until is None else min(end, funnel.until)
        found.append(Span(begin, stop, cut=(begin, stop) != (start, end)))
    return found


def is_over(span: Span, funnel: Funnel, end: int | None) -> bool:
    """Whether at the `end` of the data, in UTC µs, the window of everybody who could enter in the span is over."""
    window = 0 if funnel.window is None else micros(funnel.window)
    return end is not None and micros(span.end) + window <= end


def trend(
    journeys: Journeys,
    found: Sequence[Span],
    funnel: Funnel,
    account: Account,
    *,
    every: Every,
    rolling: int | None = None,
    top: int | None = None,
) -> Trend:
    """The trend over the spans `found`, of the journeys by period of these. `top` pools all but so many segments.

    Raises:
        Bug: an identity that must hold does not.
        UsageError: there are too many segments.
    """
    empty = nobody(funnel)
    counts = counts_by(journeys.frame, journeys.excluded, ["period"], journeys.end, funnel)
    totals = [counts.get((number,), empty) for number in range(len(found))]
    complete = [is_over(span, funnel, journeys.end) for span in found]

    def series(segment: InPeriods | None, counts: Sequence[Counts]) -> Series:
        return _series(segment, counts, found, complete, rolling)

    return Trend(
        head=head("trend", funnel, account, journeys.end),
        every=every,
        rolling=rolling,
        whole=series(None, totals),
        segments=tuple(
            series(segment, segment.counts)
            for breakdown in funnel.breakdowns
            for segment in _segments(journeys, breakdown, funnel, totals, top)
        ),
    )


def _segments(
    journeys: Journeys, breakdown: tuple[str, ...], funnel: Funnel, totals: Sequence[Counts], top: int | None
) -> list[InPeriods]:
    """The segments of a breakdown with their counts in every period, which add up to `totals`."""
    segments = journeys.segments[breakdown].select(map(carried, breakdown)).n_unique()
    shown = segments if top is None else min(segments, top + 1)
    if shown * len(totals) > MOST_COUNTS:
        raise UsageError(
            f"--by: {','.join(breakdown)} has {shown:,} segments, too many for {len(totals):,} periods;"
            " take the largest with --top 20, or longer periods"
        )
    return segments_by_period(journeys, breakdown, funnel, totals, top=top)


def _series(
    segment: InPeriods | None,
    counts: Sequence[Counts],
    found: Sequence[Span],
    complete: Sequence[bool],
    rolling: int | None,
) -> Series:
    known = [each for each, is_complete in zip(counts, complete, strict=True) if is_complete and each.entered]
    centre = None
    if len(known) >= 2:
        centre = rate(sum(each.converted for each in known), sum(each.entered for each in known))
    rolled = _rolled(counts, rolling)
    told = tuple(
        _period(span, each, is_complete, rolling_rate, centre)
        for span, each, is_complete, rolling_rate in zip(found, counts, complete, rolled, strict=True)
    )
    if segment is None:
        return Series(None, centre, told)
    return Series(segment.segment, centre, told, segment.pooled, segment.not_reached)


def _period(span: Span, counts: Counts, complete: bool, rolling_rate: float | None, centre: float | None) -> Period:
    low, high = (None, None) if centre is None or not complete else p_chart(centre, counts.entered)
    share = counts.conversion_rate
    if centre is None or low is None or high is None or share is None:
        return Period(span, counts, complete, rolling_rate, low, high, outside=None, few=None)
    few = counts.entered * min(centre, 1 - centre) < LEAST_EXPECTED
    return Period(span, counts, complete, rolling_rate, low, high, outside=not low <= share <= high, few=few)


def _rolled(counts: Sequence[Counts], rolling: int | None) -> list[float | None]:
    """The rate over each period and those before it, `rolling` in all; None where there are fewer."""
    if rolling is None:
        return [None] * len(counts)
    entered = list(accumulate((each.entered for each in counts), initial=0))
    converted = list(accumulate((each.converted for each in counts), initial=0))
    return [
        None if at < rolling else rate(converted[at] - converted[at - rolling], entered[at] - entered[at - rolling])
        for at in range(1, len(entered))
    ]
