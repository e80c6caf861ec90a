"""Targets: the stage rate that a stage is held against, and whose rate that is.

A stage's target is what the file's `targets` say; else, with a breakdown, the rate of its best segment; else the rate
of the best earlier period. Of segments and periods only those with enough data are asked, and one is best only of
several: the best of several looks better than it is, which whoever shows it must say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Literal

import polars as pl

from funnelcli import engine
from funnelcli.config import periods, times
from funnelcli.config.frames import carried, micros
from funnelcli.reports.counts import Counts, Segment, StageCounts, counts_by, members
from funnelcli.reports.trend import is_over, spans

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every, Funnel

ENOUGH = 30
"""So many units must have reached the stage before, for a rate to be a target, or to say much."""

Source = Literal["targets", "segment", "period"]
Values = tuple[str | None, ...]
Group = tuple[tuple[str, ...], Values]
"""A segment by its breakdown and its values."""
WHOLE: Group = ((), ())
"""All journeys."""


@dataclass(frozen=True)
class Step:
    """The step to a required stage from the one before: of `before` units `came` went on.

    `later_rate` is the share of those who reached the stage that converted; None of none.
    """

    stage: StageCounts
    from_stage: str
    before: int
    came: int
    later_rate: float | None


def steps(counts: Counts) -> list[Step]:
    """The steps of a funnel, or of a segment of it, in the order of the stages; optional ones are none."""
    required = [stage for stage in counts.stages if not stage.optional]
    last = required[-1]
    return [
        Step(
            stage=stage,
            from_stage=before.stage,
            before=before.reached,
            came=stage.reached if stage.continued is None else stage.continued,
            # The later stage rates, multiplied: what lies between first and last cancels.
            later_rate=last.reached / stage.reached if stage.reached else 1.0 if stage is last else None,
        )
        for before, stage in pairwise(required)
    ]


@dataclass(frozen=True)
class Target:
    """A stage rate to reach. Of a segment or a period also whose it is, from how much data, and the best of how many.

    `own` says that a segment is the best itself.
    """

    rate: float
    source: Source
    came: int = 0
    before: int = 0
    segment: Mapping[str, str | None] | None = None
    period: str | None = None
    best_of: int | None = None
    own: bool = False


@dataclass(frozen=True)
class Past:
    """What a complete calendar period comes to; `earlier` unless it is the last in which anybody could enter."""

    label: str
    earlier: bool
    counts: Counts


def of_file(funnel: Funnel) -> dict[str, Target]:
    """The targets that the file sets, by stage; none in any order, where lines are numbers of stages."""
    return {} if funnel.order == "any" else {name: Target(rate, "targets") for name, rate in funnel.targets}


def of_segments(parts: Sequence[Segment], funnel: Funnel) -> list[list[Target | None]]:
    """For each segment of a breakdown and each of its steps the best segment's rate, if several have enough data."""
    asked = [(part, steps(part.counts)) for part in parts if not part.not_reached]
    best: list[tuple[Segment, Step, int] | None] = []
    for number in range(len(funnel.required) - 1):
        found = [(part, of_part[number]) for part, of_part in asked if of_part[number].before >= ENOUGH]
        best.append((*max(found, key=lambda pair: pair[1].came / pair[1].before), len(found)) if found else None)
    return [[_segment_target(part, each) for each in best] for part in parts]


def _segment_target(part: Segment, best: tuple[Segment, Step, int] | None) -> Target | None:
    if best is None:
        return None
    found, step, of = best
    own = found is part
    if own and of == 1:
        return None
    rate = step.came / step.before
    return Target(rate, "segment", step.came, step.before, segment=found.segment, best_of=of, own=own)


def past(
    events: engine.Events, funnel: Funnel, every: Every, asked: Mapping[tuple[str, ...], Collection[Values]]
) -> dict[Group, list[Past]]:
    """The whole calendar periods whose windows are over at the end of the data, in their order, for each group.

    These are the whole, and of each breakdown in `asked` those segments; with any of these not the whole. Periods in
    which nobody of the group entered are left out.

    Raises:
        UsageError: there are too many periods, or they are too far away.
    """
    all_spans = spans(events, funnel, every)
    over = [span for span in all_spans if not span.cut and is_over(span, funnel, events.end)]
    if not over:
        return {}
    walked = engine.by_period(events, funnel, [(micros(span.start), micros(span.end)) for span in over])
    zone = times.zone(funnel.timezone)
    names = [periods.label(every, span.start, zone) for span in over]
    groups: dict[Group, list[Past]] = {}
    for columns, wanted in asked.items() or [((), ())]:
        entered, excluded = (walked.frame, walked.excluded)
        keys = [carried(column) for column in columns]
        if columns:
            table = pl.DataFrame(list(wanted), schema=dict.fromkeys(keys, pl.String), orient="row")
            entered, excluded = (
                frame.join(table, on=keys, how="semi", nulls_equal=True) for frame in members(walked, columns)
            )
        counts = counts_by(entered, excluded, ["period", *keys], walked.end, funnel)
        for place, *values in sorted(counts, key=itemgetter(0)):
            found = Past(names[place], over[place] is not all_spans[-1], counts[(place, *values)])
            groups.setdefault((columns, tuple(values)), []).append(found)
    return groups


def candidates(found: Sequence[Past], number: int) -> list[tuple[str, Step]]:
    """The step with that number, from 0, in each earlier period with enough data, by the period's name."""
    pairs = [(each.label, steps(each.counts)[number]) for each in found if each.earlier]
    return [(name, step) for name, step in pairs if step.before >= ENOUGH]


def of_past(found: Sequence[Past], number: int) -> Target | None:
    """The best earlier period's rate of that step; the earliest of several as good."""
    asked = candidates(found, number)
    if not asked:
        return None
    name, step = max(asked, key=lambda pair: pair[1].came / pair[1].before)
    return Target(step.came / step.before, "period", step.came, step.before, period=name, best_of=len(asked))
