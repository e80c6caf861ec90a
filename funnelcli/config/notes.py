"""What is allowed and yet deserves a second look, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from funnelcli.config.certain import contradiction, unreachable
from funnelcli.config.conditions import conditions
from funnelcli.config.nodes import shown
from funnelcli.config.presets import window_of
from funnelcli.config.times import written

if TYPE_CHECKING:
    from funnelcli.config.funnel import Condition
    from funnelcli.config.grammar import FunnelKeys
    from funnelcli.config.stages import StageKeys


def notes(keys: FunnelKeys, more: tuple[Condition, ...]) -> Iterator[str]:
    """The notes on a funnel with `more` conditions on every row, without its name."""
    if keys.range == "all" and not (keys.since or keys.until) and keys.semantics != "posthog":
        yield "`range: all` changes nothing without `since` or `until`"
    if keys.mature and window_of(keys.semantics, keys.window) is None:
        yield "`mature` changes nothing without a window"
    for stage in keys.stages:
        if keys.window and stage.within and stage.within > keys.window and keys.semantics != "ga4":
            limit, window = written(stage.within), written(keys.window)
            yield f"`within: {limit}` of {shown(stage.name)} is longer than the window, {window}, and changes nothing"
    if isinstance(keys.session, str) and keys.session in keys.unit:
        yield f"the unit has the session column {shown(keys.session)} already; it is not added again"
    for column in keys.same:
        if column in (keys.unit or (keys.columns.user,)):
            yield f"`same: {column}` changes nothing: the column is part of the unit"
    if keys.order == "strict":
        yield from _overlaps(keys)
    yield from _emptied(keys, more)


def _overlaps(keys: FunnelKeys) -> Iterator[str]:
    """One note on stages that one row can complete; the pairs after the first are counted."""
    found = [pair for pair in combinations(keys.stages, 2) if _overlap(*pair)]
    if found:
        one, other = (shown(stage.name) for stage in found[0])
        others = f", and {len(found) - 1} more pairs of stages" if len(found) > 1 else ""
        yield f"`order: strict`: an event that is repeated can complete {one} and {other}, which overlap{others}"


def _overlap(one: StageKeys, other: StageKeys) -> bool:
    """Whether a row may complete both stages."""
    both = (*conditions(one.where), *conditions(other.where))
    return any(
        contradiction((*both, *conditions(mine.where), *conditions(yours.where))) is None
        for mine in one.events
        for yours in other.events
        if mine.event == yours.event
    )


def _emptied(keys: FunnelKeys, more: tuple[Condition, ...]) -> Iterator[str]:
    """The first stage that the conditions of the command line leave without a row."""
    if more:
        every = (*conditions(keys.where), *more)
        for stage in keys.stages:
            column = unreachable(stage, every, keys.columns.event)
            if column is not None:
                said = f"with `--where`, no row satisfies all conditions on {shown(column)}"
                yield f"{said}, so {shown(stage.name)} is never reached"
                return
