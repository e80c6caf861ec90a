"""Which stages a row matches, as one whole number: bit j for stage j, and after the stages one bit per exclusion.

A row matches a stage if its event is one of the names of any of the stage's matches, that match's conditions hold,
and so do all of the stage's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.events.where import holds, text

if TYPE_CHECKING:
    from funnelcli.config.funnel import Condition, Exclusion, Funnel, Stage
    from funnelcli.events.scan import Scan

_NONE = pl.lit(0, dtype=pl.UInt64)


def columns(funnel: Funnel) -> list[str]:
    """The columns that the conditions of the funnel read."""
    conditions = [*funnel.where]
    for place in _places(funnel):
        conditions += place.where
        for match in place.matches:
            conditions += match.where
    return list(dict.fromkeys(condition.column for condition in conditions))


def events(place: Stage | Exclusion) -> list[str]:
    """The event names of a stage or an exclusion."""
    return list(dict.fromkeys(name for match in place.matches for name in match.events))


def relevant(scan: Scan, funnel: Funnel) -> pl.Expr:
    """Which rows can match at all: those with a name that the funnel knows, and which its `where` lets in."""
    event = text(*scan[funnel.columns.event])
    names = list(dict.fromkeys(name for place in _places(funnel) for name in events(place)))
    return (
        pl.all_horizontal(event.is_in(names), *_conditions(scan, funnel.where)) if funnel.where else event.is_in(names)
    )


def allowed(scan: Scan, funnel: Funnel) -> pl.Expr:
    """Which rows the funnel's `where` lets in."""
    return pl.all_horizontal(_conditions(scan, funnel.where)) if funnel.where else pl.lit(True)


def matched(scan: Scan, funnel: Funnel) -> pl.Expr:
    """The stages and exclusions that a row matches (UInt64, never null)."""
    event = text(*scan[funnel.columns.event])
    always: dict[str, int] = defaultdict(int)
    sometimes = []
    for bit, place in enumerate(_places(funnel)):
        for match in place.matches:
            if match.where or place.where:
                holding = pl.all_horizontal(_is(event, match.events), *_conditions(scan, (*match.where, *place.where)))
                sometimes.append(pl.when(holding).then(_bits(1 << bit)).otherwise(_NONE))
            else:
                for name in match.events:
                    always[name] |= 1 << bit
    names: dict[int, list[str]] = defaultdict(list)
    for name, bits in always.items():
        names[bits].append(name)
    total = _NONE
    for bits, same in names.items():
        total = pl.when(_is(event, same)).then(_bits(bits)).otherwise(total)
    for part in sometimes:
        total = total | part
    return total


def rivals(funnel: Funnel) -> int:
    """The bits of the stages with `first: event` and conditions: their first row may be one that matches nothing."""
    return sum(
        1 << bit
        for bit, stage in enumerate(funnel.stages)
        if stage.first == "event" and (stage.where or any(match.where for match in stage.matches))
    )


def named(scan: Scan, funnel: Funnel) -> pl.Expr:
    """Of those stages, the ones that have the row's event among their names, whatever their conditions (UInt64)."""
    event = text(*scan[funnel.columns.event])
    total = _NONE
    for bit, stage in enumerate(funnel.stages):
        if 1 << bit & rivals(funnel):
            total = total | pl.when(_is(event, events(stage))).then(_bits(1 << bit)).otherwise(_NONE)
    return total


def conditional(funnel: Funnel) -> bool:
    """Whether a row with a name that the funnel knows may still match nothing."""
    return any(place.where or match.where for place in _places(funnel) for match in place.matches)


def _places(funnel: Funnel) -> Sequence[Stage | Exclusion]:
    """What has a bit, in the order of the bits."""
    return (*funnel.stages, *funnel.exclude)


def _conditions(scan: Scan, conditions: Sequence[Condition]) -> list[pl.Expr]:
    return [holds(condition, *scan[condition.column]) for condition in conditions]


def _is(event: pl.Expr, names: Sequence[str]) -> pl.Expr:
    return event == names[0] if len(names) == 1 else event.is_in(names)


def _bits(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)
