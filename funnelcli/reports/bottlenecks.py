"""Bottlenecks: the stages ranked by a stated measure of what their drop-off costs, as a whole or by segment.

Events and journeys come in, the journeys for all counts, the events only where earlier periods must be counted; one
frozen `Bottlenecks` goes out. The gain of a stage is the extra conversions if it reached its target rate while the
later stages stay as they are:

    reached before × max(0, target − stage rate) × later stage rates, multiplied

Its interval is that of the signed difference, so a low end under zero says that there may be nothing to gain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from funnelcli.reports.cells import Cell, Family, cells, key
from funnelcli.reports.counts import Counts, segments, whole
from funnelcli.reports.shape import Account, Head, head
from funnelcli.reports.targets import WHOLE, Group, Source, Step, Target, steps
from funnelcli.reports.worth import Worth, mean, worth
from funnelcli.stats import newcombe, wilson

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every, Funnel
    from funnelcli.engine import Events, Journeys

Measure = Literal["gain", "lost", "rate", "slow"]


@dataclass(frozen=True)
class Bottleneck:
    """One required stage after the first, of the whole (`segment` None) or of a segment.

    `score` is what `measure` ranks by: the extra conversions, `dropped`, `drop_off_rate` or the median time from the
    stage before. The extra conversions, their interval and their value are None without a target, with `start: open`,
    and if nobody reached the stage before. `target_rate` to `best_of` are those of a `Target`, and `is_best` is its
    `own`; `rest_rate` and `p_adjusted` are those of a `Cell`. `later_rate` is the share of those who reached the stage
    that converted, with `later_from_whole` that of the whole, since in the segment nobody reached it.
    """

    rank: int
    segment: Mapping[str, str | None] | None
    stage: str
    from_stage: str
    measure: Measure
    score: float | None
    dropped: int | None
    drop_off_rate: float | None
    extra_conversions: float | None
    extra_conversions_low: float | None
    extra_conversions_high: float | None
    extra_value: float | None
    target_rate: float | None
    target_from: Source | None
    p_adjusted: float | None
    position: int
    reached_before: int
    reached: int
    open: int | None
    stage_rate: float | None
    median_seconds: float | None
    target_segment: Mapping[str, str | None] | None
    target_period: str | None
    best_of: int | None
    is_best: bool
    rest_rate: float | None
    later_rate: float | None
    later_from_whole: bool


@dataclass(frozen=True)
class Bottlenecks:
    """The report: the ranked rows, of `size` in all, by score, then position, then in the order of the segments.

    `unreadable` counts the conversions that have no number as their value; None where the funnel has no `value`.
    """

    head: Head
    measure: Measure
    every: Every
    whole: Counts
    size: int
    rows: tuple[Bottleneck, ...]
    families: tuple[Family, ...]
    unreadable: int | None


def bottlenecks(
    events: Events,
    journeys: Journeys,
    funnel: Funnel,
    account: Account,
    *,
    measure: Measure = "gain",
    every: Every = "1w",
    top: int | None = None,
) -> Bottlenecks:
    """The stages of the whole, or with breakdowns of each segment, ranked by `measure`; the first `top` of them.

    `every` is the length of the earlier periods of which the best is the target where nothing else is.

    Raises:
        Bug: an identity that must hold does not.
    """
    total = whole(journeys, funnel)
    groups = [segments(journeys, columns, funnel, total) for columns in funnel.breakdowns]
    found, families = cells(events, funnel, every, total, groups)
    worths = worth(journeys, funnel)
    later = [step.later_rate for step in steps(total)]
    rows = [_row(cell, measure, later[cell.number], worths, open_start=funnel.start == "open") for cell in found]
    ranked = sorted(rows, key=lambda row: (row.score is None, -(row.score or 0), row.position))
    return Bottlenecks(
        head=head("bottlenecks", funnel, account, journeys.end),
        measure=measure,
        every=every,
        whole=total,
        size=len(ranked),
        rows=tuple(replace(row, rank=rank) for rank, row in enumerate(ranked[:top], start=1)),
        families=tuple(families),
        unreadable=worths[WHOLE].unreadable if worths else None,
    )


def _row(
    cell: Cell, measure: Measure, later_of_whole: float | None, worths: Mapping[Group, Worth], *, open_start: bool
) -> Bottleneck:
    step, target = cell.step, cell.target
    stage = step.stage
    from_whole = step.later_rate is None
    later = None if open_start else later_of_whole if from_whole else step.later_rate
    extra = low = high = None
    if target is not None and stage.stage_rate is not None and later is not None:
        scale = step.before * later
        extra = scale * max(0.0, target.rate - stage.stage_rate)
        low, high = (None if end is None else scale * end for end in _difference(step, target))
    each = mean(worths.get(key(cell.segment)), worths.get(WHOLE))
    scores = {
        "gain": extra,
        "lost": stage.dropped,
        "rate": stage.drop_off_rate,
        "slow": stage.median_seconds,
    }
    return Bottleneck(
        rank=0,
        segment=None if cell.segment is None else cell.segment.segment,
        stage=stage.stage,
        from_stage=step.from_stage,
        measure=measure,
        score=scores[measure],
        dropped=stage.dropped,
        drop_off_rate=stage.drop_off_rate,
        extra_conversions=extra,
        extra_conversions_low=low,
        extra_conversions_high=high,
        extra_value=None if extra is None or each is None else extra * each,
        target_rate=None if target is None else target.rate,
        target_from=None if target is None else target.source,
        p_adjusted=cell.p_adjusted,
        position=stage.position,
        reached_before=step.before,
        reached=stage.reached,
        open=stage.open,
        stage_rate=stage.stage_rate,
        median_seconds=stage.median_seconds,
        target_segment=None if target is None else target.segment,
        target_period=None if target is None else target.period,
        best_of=None if target is None else target.best_of,
        is_best=target is not None and target.own,
        rest_rate=cell.rest_rate,
        later_rate=later,
        later_from_whole=later is not None and from_whole,
    )


def _difference(step: Step, target: Target) -> tuple[float | None, float | None]:
    """The 95 % interval of target − stage rate, signed; none for the best segment, which is held against itself.

    A target of the file is exact. A period's units are part of the whole it is held against, and with
    `segment_from: any` a segment's may be of another, so that there the interval is somewhat wider than it need be.
    """
    if target.own:
        return None, None
    if target.source != "targets":
        return newcombe(target.came, target.before, step.came, step.before)
    low, high = wilson(step.came, step.before)
    return (None, None) if low is None or high is None else (target.rate - high, target.rate - low)
