"""Checked keys become the frozen `Funnel`: presets applied, short forms and defaults resolved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from funnelcli.config.conditions import conditions
from funnelcli.config.funnel import Check, Columns, Condition, Exclusion, Funnel, Match, Stage
from funnelcli.config.presets import effect_of, window_of, within_of

if TYPE_CHECKING:
    from funnelcli.config.grammar import FunnelKeys
    from funnelcli.config.stages import EventMatch


def built(keys: FunnelKeys, more: tuple[Condition, ...], folder: str) -> Funnel:
    """The funnel of these keys, with `more` conditions on every row; logs are looked for in `folder`."""
    time, session = keys.columns.timestamp, keys.session
    unit = keys.unit or (keys.columns.user,)
    return Funnel(
        name=keys.funnel,
        stages=_stages(keys),
        logs=tuple(_log(log, folder) for log in keys.logs),
        columns=Columns(
            user=keys.columns.user,
            event=keys.columns.event,
            timestamp=time.column,
            time_unit=time.unit,
            time_format=time.format,
        ),
        timezone=keys.timezone,
        unit=(*unit, session) if isinstance(session, str) and session not in unit else unit,
        where=tuple(dict.fromkeys((*conditions(keys.where), *more))),
        window=window_of(keys.semantics, keys.window),
        order=keys.order,
        ties=keys.ties,
        entry=keys.entry,
        range=keys.range,
        start=keys.start,
        count=keys.count,
        same=keys.same,
        session=session,
        exclude=_exclude(keys),
        semantics=keys.semantics,
        since=keys.since,
        until=keys.until,
        as_of=keys.as_of,
        segment_from=keys.segment_from,
        breakdowns=keys.breakdowns,
        mature=keys.mature,
        value=keys.value,
        targets=tuple(keys.targets.items()),
        checks=tuple(Check(**each.model_dump()) for each in keys.checks),
    )


def _stages(keys: FunnelKeys) -> tuple[Stage, ...]:
    limit = within_of(keys.semantics, keys.window)
    return tuple(
        Stage(
            name=stage.name,
            matches=matches(stage.events),
            where=conditions(stage.where),
            optional=stage.optional,
            first=stage.first,
            within=stage.within or (limit if position else None),
            after=stage.after,
        )
        for position, stage in enumerate(keys.stages)
    )


def _exclude(keys: FunnelKeys) -> tuple[Exclusion, ...]:
    return tuple(
        Exclusion(
            matches=matches(each.events),
            where=conditions(each.where),
            between=(each.between[0], each.between[1]) if each.between else None,
            effect=each.effect or effect_of(keys.semantics),
        )
        for each in keys.exclude
    )


def matches(events: tuple[EventMatch, ...]) -> tuple[Match, ...]:
    """One match for all events without conditions, and one for each that has some."""
    bare = tuple(each.event for each in events if not each.where)
    named = tuple(Match(events=(each.event,), where=conditions(each.where)) for each in events if each.where)
    return (Match(events=bare), *named) if bare else named


def _log(log: str, folder: str) -> str:
    """The path from here to a log that is written relative to its config; addresses and `-` stay as they are."""
    return log if log == "-" or "://" in log or not folder else str(Path(folder) / log)
