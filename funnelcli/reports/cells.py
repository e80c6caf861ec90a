"""Cells: the steps of the whole, or of every segment, each with its target and with how likely chance is.

Journeys' counts come in, and the events for where earlier periods must be counted; cells in the order of breakdowns,
segments and stages go out, each family of tests adjusted by Holm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelcli.reports.targets import (
    ENOUGH,
    WHOLE,
    Group,
    Past,
    Step,
    Target,
    Values,
    candidates,
    of_file,
    of_past,
    of_segments,
    past,
    steps,
)
from funnelcli.stats import holm, one_proportion_test, shares_test

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every, Funnel
    from funnelcli.engine import Events
    from funnelcli.reports.counts import Counts, Segment


@dataclass(frozen=True)
class Family:
    """The tests among which p was adjusted: those of a breakdown, or () of the whole."""

    breakdown: tuple[str, ...]
    tests: int


@dataclass(frozen=True)
class Cell:
    """A step, the `number`-th from 0, of the whole (`segment` None) or of a segment.

    `p_adjusted` holds a segment's rate against `rest_rate`, that of all others. For the whole it holds its rate against
    a target of the file, which has no rest, else the target's period against `rest_rate`, that of the other periods.
    """

    segment: Segment | None
    number: int
    step: Step
    target: Target | None = None
    rest_rate: float | None = None
    p_adjusted: float | None = None


def cells(
    events: Events, funnel: Funnel, every: Every, total: Counts, groups: Sequence[list[Segment]]
) -> tuple[list[Cell], list[Family]]:
    """The cells of each breakdown's segments in `groups`, else of the whole; and the families of their tests."""
    configured = of_file(funnel)
    found = []
    for columns, parts in zip(funnel.breakdowns, groups, strict=True):
        best = of_segments(parts, funnel)
        of_parts = [
            Cell(part, number, step, configured.get(step.stage.stage, best[place][number]))
            for place, part in enumerate(parts)
            for number, step in enumerate(steps(part.counts))
        ]
        found.append((columns, of_parts))
    if not funnel.breakdowns:
        of_whole = [
            Cell(None, number, step, configured.get(step.stage.stage)) for number, step in enumerate(steps(total))
        ]
        found.append(((), of_whole))
    earlier: dict[Group, list[Past]] = {}
    aimless = [
        cell.segment for _, every_cell in found for cell in every_cell if not cell.target and cell.step.before >= ENOUGH
    ]
    if aimless:
        asked: dict[tuple[str, ...], set[Values]] = defaultdict(set)
        for segment in filter(None, aimless):
            asked[tuple(segment.segment)].add(tuple(segment.segment.values()))
        earlier = past(events, funnel, every, asked)
    done: list[Cell] = []
    families = []
    for columns, every_cell in found:
        aimed = [
            cell if cell.target else replace(cell, target=of_past(earlier.get(key(cell.segment), []), cell.number))
            for cell in every_cell
        ]
        tested, tests = _against_others(aimed, steps(total)) if columns else _over_time(aimed, earlier.get(WHOLE, []))
        done += tested
        families.append(Family(columns, tests))
    return done, families


def key(segment: Segment | None) -> Group:
    """By what the segment, or the whole, is found."""
    return WHOLE if segment is None else (tuple(segment.segment), tuple(segment.segment.values()))


def _against_others(cells: Sequence[Cell], total: Sequence[Step]) -> tuple[list[Cell], int]:
    """The cells of a breakdown, each tested against all others of it; and how many tests that were."""
    rests = [(total[cell.number].came - cell.step.came, total[cell.number].before - cell.step.before) for cell in cells]
    p_values = [
        shares_test(cell.step.came, cell.step.before, *rest)[0] for cell, rest in zip(cells, rests, strict=True)
    ]
    tested = [
        replace(cell, rest_rate=came / before if before else None, p_adjusted=p)
        for cell, (came, before), p in zip(cells, rests, holm(p_values), strict=True)
    ]
    return tested, sum(p is not None for p in p_values)


def _over_time(cells: Sequence[Cell], found: Sequence[Past]) -> tuple[list[Cell], int]:
    """The stages of the whole, each tested against the file's target; else every earlier period, of which the best
    was taken, against all others, since choosing the best is choosing among all; and how many tests that were.
    """
    rest_rates: list[float | None] = []
    p_values: list[float | None] = []
    places: list[int | None] = []
    for cell in cells:
        places.append(None)
        rest_rates.append(None)
        if cell.target is None:
            continue
        if cell.target.source == "targets":
            places[-1] = len(p_values)
            p_values.append(one_proportion_test(cell.step.came, cell.step.before, cell.target.rate))
            continue
        every = [steps(each.counts)[cell.number] for each in found]
        came, before = sum(step.came for step in every), sum(step.before for step in every)
        for name, step in candidates(found, cell.number):
            if name == cell.target.period:
                places[-1] = len(p_values)
                rest_rates[-1] = (came - step.came) / (before - step.before) if before > step.before else None
            p_value, _ = shares_test(step.came, step.before, came - step.came, before - step.before)
            p_values.append(p_value)
    adjusted = holm(p_values)
    tested = [
        replace(cell, rest_rate=rest_rate, p_adjusted=None if place is None else adjusted[place])
        for cell, rest_rate, place in zip(cells, rest_rates, places, strict=True)
    ]
    return tested, sum(p is not None for p in p_values)
