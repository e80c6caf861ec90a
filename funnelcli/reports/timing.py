"""The timing report: how long stages take, and how the share that has converted grows with the time since entering.

Journeys come in; one frozen `Timing` goes out. The times of stages are of those who reached them, so they know nothing
of who is still on the way; the curve does (see `survival`). Count, median, mean and p90 are those of the conversion
report. The histograms of segments have the bins of the whole, so that they can be held against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelcli.config.frames import carried
from funnelcli.errors import Bug
from funnelcli.reports import histogram
from funnelcli.reports.counting import SECOND, Line, lines, seconds
from funnelcli.reports.counts import Counts, assert_adding_up, counts_with, members, nobody, place
from funnelcli.reports.counts import Segment as CountedSegment
from funnelcli.reports.shape import Account, Head, head
from funnelcli.reports.survival import NO_CURVE, Curve, Key, curves, estimates, leaving, log_rank

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Journeys

QUANTILES = {"p25": 0.25, "p75": 0.75, "p95": 0.95}
"""What is told besides the median, the mean and p90 of the conversion report."""


@dataclass(frozen=True)
class Bin:
    """How many took from `low` seconds to less than `high`; in the last bin `high` counts too."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class StageTimes:
    """How long it took those who reached a stage, from the one before. Quantiles interpolate linearly; None for nobody.

    The histogram is empty where nobody at all reached the stage; of a segment it may have bins of 0.
    """

    stage: str
    from_stage: str
    optional: bool
    count: int
    mean_seconds: float | None
    median_seconds: float | None
    p25_seconds: float | None
    p75_seconds: float | None
    p90_seconds: float | None
    p95_seconds: float | None
    histogram: tuple[Bin, ...]


@dataclass(frozen=True)
class Times:
    """The times of a funnel, or of one segment of it: from stage to stage, and overall, from entering to converting."""

    counts: Counts
    stages: tuple[StageTimes, ...]
    overall: StageTimes
    curve: Curve


@dataclass(frozen=True)
class Segment:
    """One segment: its value per column of the breakdown (None where there is none), and its times.

    `pooled` and `not_reached` as of a segment's counts.
    """

    segment: Mapping[str, str | None]
    times: Times
    pooled: bool = False
    not_reached: bool = False


@dataclass(frozen=True)
class LogRank:
    """The test that the segments of a breakdown convert alike; None where that cannot be tested."""

    breakdown: tuple[str, ...]
    segments: int
    p_value: float | None


@dataclass(frozen=True)
class Timing:
    """The report: the whole, and for each breakdown its segments, by entered, then name, and their test."""

    head: Head
    whole: Times
    segments: tuple[Segment, ...]
    log_ranks: tuple[LogRank, ...]


@dataclass(frozen=True)
class _Span:
    """What a duration is from and to, two lines of the report; and the edges of its bins in µs, none for nobody."""

    before: Line
    line: Line
    overall: bool
    edges: list[int]


def timing(journeys: Journeys, funnel: Funnel, account: Account, *, top: int | None = None, bins: int = 12) -> Timing:
    """The timing report on `journeys`, with at most so many bins. `top` pools all but that many segments of each
    breakdown.

    Raises:
        Bug: an identity that must hold does not.
    """
    spans = _spans(journeys.frame, funnel, bins)
    key = pl.lit(True).alias("whole")
    everybody = journeys.frame.with_columns(key), journeys.excluded.with_columns(key)
    left = leaving(everybody[0], ["whole"], funnel, journeys.end)
    total = _times(everybody, ["whole"], left, spans, funnel).get(
        (True,), _told(nobody(funnel), [{}] * len(spans), NO_CURVE, spans)
    )
    segments: list[Segment] = []
    log_ranks = []
    for breakdown in funnel.breakdowns:
        keys = ["pooled", *map(carried, breakdown)]
        groups = members(journeys, breakdown, top=top)
        left = leaving(groups[0], keys, funnel, journeys.end)
        parts = _times(groups, keys, left, spans, funnel)
        order = sorted(parts, key=lambda key: place(parts[key].counts.entered, key))
        found = [
            Segment(dict(zip(breakdown, key[1:], strict=True)), parts[key], key[0] is True, key[0] is None)
            for key in order
        ]
        apart = funnel.segment_from != "any"
        if apart:
            counted = [CountedSegment(each.segment, each.times.counts) for each in found]
            assert_adding_up(total.counts, counted, breakdown)
        segments += found
        log_ranks.append(LogRank(breakdown, len(found), log_rank(left, keys) if apart else None))
    return Timing(head("timing", funnel, account, journeys.end), total, tuple(segments), tuple(log_ranks))


def _spans(frame: pl.DataFrame, funnel: Funnel, bins: int) -> list[_Span]:
    """From stage to stage, and from the first to the last required one; with bins for the durations in `frame`."""
    found = lines(funnel)
    pairs = [(found[line.before - 1], line) for line in found if line.before is not None]
    last = next(line for line in reversed(found) if not line.optional)
    return [
        _Span(before, line, overall, _edges(_durations(frame, [], before, line)["duration"], bins))
        for overall, ways in ((False, pairs), (True, [(found[0], last)]))
        for before, line in ways
    ]


def _edges(durations: pl.Series, bins: int) -> list[int]:
    """The edges of the bins for all these durations."""
    least, most = durations.min(), durations.max()
    if not (isinstance(least, int) and isinstance(most, int)):
        return []
    edges = histogram.edges(least, most, bins)
    if len(edges) - 1 > bins:
        counts = durations.to_frame().select(_above(edges)).row(0, named=True)
        edges = histogram.joined(edges, _counts(counts, edges), bins)
    return edges


def _durations(frame: pl.DataFrame, keys: list[str], before: Line, line: Line) -> pl.DataFrame:
    """How long each took who reached the line (keys, duration: Int64 µs)."""
    duration = pl.col(f"stage_{line.position}") - pl.col(f"stage_{before.position}")
    return frame.select(*keys, duration=duration).drop_nulls("duration")


def _above(edges: list[int]) -> list[pl.Expr]:
    """How many durations are not below each edge but the last."""
    return [(pl.col("duration") >= edge).sum().cast(pl.Int64).alias(f"above_{edge}") for edge in edges[:-1]]


def _counts(row: Mapping[str, Any], edges: list[int]) -> list[int]:
    """How many durations are in each bin."""
    above = [row[f"above_{edge}"] for edge in edges[:-1]]
    return [here - further for here, further in pairwise([*above, 0])]


def _times(
    groups: tuple[pl.DataFrame, pl.DataFrame], keys: list[str], left: pl.DataFrame, spans: list[_Span], funnel: Funnel
) -> dict[Key, Times]:
    """The times of each group of journeys, those who entered and those excluded; `left` as `leaving` gives it."""
    counts = counts_with(estimates(left, keys), *groups, keys, funnel)
    rows: dict[Key, list[Mapping[str, Any]]] = {key: [{} for _ in spans] for key in counts}
    for number, span in enumerate(spans):
        # One span at a time, since few reach the later stages.
        numbers = (
            _durations(groups[0], keys, span.before, span.line)
            .group_by(keys)
            .agg(
                *(pl.col("duration").quantile(share, "linear").alias(name) for name, share in QUANTILES.items()),
                *_above(span.edges),
            )
        )
        for row in numbers.iter_rows(named=True):
            rows[tuple(row[key] for key in keys)][number] = row
    found = curves(left, keys, funnel)
    return {key: _told(count, rows[key], found.get(key, NO_CURVE), spans) for key, count in counts.items()}


def _told(counts: Counts, rows: Sequence[Mapping[str, Any]], curve: Curve, spans: list[_Span]) -> Times:
    """One group's times from its numbers of each span, which are none where nobody took it."""
    *stages, overall = (_stage(counts, row, span) for row, span in zip(rows, spans, strict=True))
    return Times(counts, tuple(stages), overall, curve)


def _stage(counts: Counts, row: Mapping[str, Any], span: _Span) -> StageTimes:
    stage = counts.stages[span.line.position - 1]
    count = counts.converted if span.overall else stage.reached
    sizes = _counts(row, span.edges) if row else [0] * (len(span.edges) - 1)
    if sum(sizes) != count:
        raise Bug(f"{count} reached {span.line.stage}, and the bins of the histogram hold {sizes}")
    return StageTimes(
        stage=span.line.stage,
        from_stage=span.before.stage,
        optional=span.line.optional,
        count=count,
        mean_seconds=counts.mean_seconds_to_convert if span.overall else stage.mean_seconds,
        median_seconds=counts.median_seconds_to_convert if span.overall else stage.median_seconds,
        p90_seconds=counts.p90_seconds_to_convert if span.overall else stage.p90_seconds,
        **{f"{name}_seconds": seconds(row.get(name)) for name in QUANTILES},
        histogram=tuple(
            Bin(low / SECOND, high / SECOND, size)
            for (low, high), size in zip(pairwise(span.edges), sizes, strict=True)
        ),
    )
