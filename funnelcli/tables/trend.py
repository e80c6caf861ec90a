"""The trend report as a table: a line over time, then a row per period; of each breakdown a line per segment."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from funnelcli import display
from funnelcli.config import times
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.parts import breakdown, counts_record, interval, segment, segment_record
from funnelcli.tables.spans import WORDS, label
from funnelcli.tables.table import Cell, Column, Kind, Scalar, Section, Table
from funnelcli.tables.trending import distance, notes, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.trend import Period, Series, Trend

FIELDS: tuple[tuple[str, Kind], ...] = (
    ("start", "time"),
    ("end", "time"),
    ("entered", "count"),
    ("converted", "count"),
    ("dropped", "count"),
    ("open", "count"),
    ("conversion_rate", "rate"),
    ("rolling_rate", "rate"),
    ("limit_low", "rate"),
    ("limit_high", "rate"),
    ("outside", "flag"),
    ("complete", "flag"),
)


def table(report: Trend) -> Table:
    """The trend, ready for every format."""
    funnel = report.head.funnel
    by_segment = bool(funnel.breakdowns)
    names: tuple[tuple[str, Kind], ...] = (("breakdown", "text"), ("segment", "text")) if by_segment else ()
    blank: tuple[Scalar, ...] = (None, None) if by_segment else ()
    return Table(
        title=funnel.name,
        record=_record(report),
        fields=(*names, *FIELDS),
        rows=(
            *((*blank, *_values(period)) for period in report.whole.periods),
            *(
                (breakdown(part.segment or {}), segment(part.segment or {}), *_values(period))
                for part in report.segments
                for period in part.periods
            ),
        ),
        sections=tuple(_sections(report)) if report.whole.periods else (),
        summary=tuple(summary(report)),
        notes=(*notes(report), how_counted(report.head)),
    )


def _record(report: Trend) -> dict[str, Any]:
    """The report as JSON tells it."""
    funnel = report.head.funnel
    record = opening(report.head) | {"every": report.every, "rolling": report.rolling} | _series(report.whole, funnel)
    if funnel.breakdowns:
        record["segments"] = [segment_record(part) | _series(part, funnel) for part in report.segments]
    return record


def _series(series: Series, funnel: Funnel) -> dict[str, Any]:
    return {
        "centre_rate": series.centre_rate,
        "periods": [
            {name: value for (name, _), value in zip(FIELDS, _values(period), strict=True)}
            | counts_record(period.counts, funnel)
            for period in series.periods
        ],
    }


def _values(period: Period) -> tuple[Scalar, ...]:
    counts = period.counts
    return (
        period.span.start,
        period.span.end,
        counts.entered,
        counts.converted,
        counts.dropped,
        counts.open,
        counts.conversion_rate,
        period.rolling_rate,
        period.limit_low,
        period.limit_high,
        period.outside,
        period.complete,
    )


def _sections(report: Trend) -> Iterable[Section]:
    word = WORDS[report.every]
    points = _points(report.whole)
    if any(point is not None for point in points):
        columns = (Column("", "sparkline"), Column("Lowest to highest", "interval"))
        yield Section(f"Conversion rate, complete {word}s", columns, ((points, _range(points)),))
    yield _periods(report)
    for columns_of, parts in groupby(report.segments, key=lambda part: tuple(part.segment or {})):
        yield _breakdown(" and ".join(columns_of), list(parts), word)


def _periods(report: Trend) -> Section:
    """A row per period."""
    periods, zone = report.whole.periods, times.zone(report.head.funnel.timezone)
    highest = max((period.counts.conversion_rate or 0 for period in periods), default=0)
    rolling = report.rolling
    columns = (
        Column(WORDS[report.every].capitalize(), "text"),
        Column("Entered", "count"),
        Column("Converted", "count", 2),
        Column("Of entered", "rate"),
        Column(f"Up to {display.rate(highest)}", "bar", 3),
        *([] if rolling is None else [Column(f"Of entered, {display.count(rolling)} together", "rate", 1)]),
        Column("Limits", "interval", 4),
        Column("Against limits", "text"),
    )
    rows: list[tuple[Cell, ...]] = []
    for period in periods:
        share = period.counts.conversion_rate
        rows.append((
            label(period.span, report.every, zone),
            period.counts.entered,
            period.counts.converted,
            share,
            share / highest if share and highest else share,
            *([] if rolling is None else [period.rolling_rate]),
            interval(period.limit_low, period.limit_high),
            _against(period),
        ))  # fmt: skip
    return Section(f"By {WORDS[report.every]} of entry", columns, tuple(rows))


def _against(period: Period) -> str | None:
    """Where a period stands against its limits, in a word."""
    if not period.complete:
        return "still open"
    if period.outside is None:
        return None
    return "within" if not period.outside else "above" if distance(period) > 0 else "below"


def _breakdown(heading: str, parts: Sequence[Series], word: str) -> Section:
    """A line per segment, of its complete periods."""
    columns = (
        Column(heading, "text"),
        Column("Entries", "count", 1),
        Column("Conversion rate", "sparkline"),
        Column("Lowest to highest", "interval"),
        Column("First", "rate", 3),
        Column("Last", "rate", 2),
        Column("Outside limits", "count", 4),
    )
    rows: list[tuple[Cell, ...]] = []
    for part in parts:
        points = _points(part)
        known = [point for point in points if point is not None]
        rows.append((
            segment(part.segment or {}),
            sum(period.counts.entered for period in part.periods),
            points,
            _range(points),
            known[0] if known else None,
            known[-1] if known else None,
            sum(period.outside is True for period in part.periods),
        ))  # fmt: skip
    return Section(f"By {heading}, complete {word}s", columns, tuple(rows))


def _points(series: Series) -> tuple[float | None, ...]:
    """The rates of the complete periods, which come before the others; None where nobody entered."""
    return tuple(period.counts.conversion_rate for period in series.periods if period.complete)


def _range(points: Sequence[float | None]) -> tuple[float, float] | None:
    known = [point for point in points if point is not None]
    return (min(known), max(known)) if known else None
