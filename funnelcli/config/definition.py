"""A funnel written back as the YAML's keys that were in force, for JSON output."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelcli.config.funnel import Check, Condition, Exclusion, Funnel, Match, Stage


def definition(funnel: Funnel) -> dict[str, Any]:
    """The keys of the YAML and their values in this run: defaults, options and short forms written out.

    Durations are seconds, dates are UTC datetimes, what was not given is None or empty. `where` is nested as in
    the YAML; only where two conditions use the same operator on the same column, the second is in a list of its own.
    """
    columns = funnel.columns
    time = {"column": columns.timestamp, "unit": columns.time_unit, "format": columns.time_format}
    return {
        "funnel": funnel.name,
        "logs": list(funnel.logs),
        "columns": {"user": columns.user, "event": columns.event, "timestamp": time},
        "timezone": funnel.timezone,
        "unit": list(funnel.unit),
        "where": _where(funnel.where),
        "window": seconds(funnel.window),
        "stages": [_stage(stage) for stage in funnel.stages],
        "order": funnel.order,
        "ties": funnel.ties,
        "entry": funnel.entry,
        "range": funnel.range,
        "start": funnel.start,
        "count": funnel.count,
        "same": list(funnel.same),
        "session": funnel.session if isinstance(funnel.session, str) else seconds(funnel.session),
        "exclude": [_exclusion(exclusion) for exclusion in funnel.exclude],
        "semantics": funnel.semantics,
        "since": funnel.since,
        "until": funnel.until,
        "as_of": funnel.as_of,
        "segment_from": funnel.segment_from,
        "breakdowns": [list(columns) for columns in funnel.breakdowns],
        "mature": funnel.mature,
        "value": funnel.value,
        "targets": dict(funnel.targets),
        "checks": [_check(check) for check in funnel.checks],
    }


def seconds(length: timedelta | None) -> int | float | None:
    """A duration in seconds, whole where it is whole.

    >>> seconds(timedelta(days=1)), seconds(timedelta(milliseconds=500))
    (86400, 0.5)
    """
    if length is None:
        return None
    exact = length.total_seconds()
    return int(exact) if exact.is_integer() else exact


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "events": [event for match in stage.matches for event in _events(match)],
        "where": _where(stage.where),
        "optional": stage.optional,
        "first": stage.first,
        "within": seconds(stage.within),
        "after": seconds(stage.after),
    }


def _exclusion(exclusion: Exclusion) -> dict[str, Any]:
    return {
        "events": [event for match in exclusion.matches for event in _events(match)],
        "where": _where(exclusion.where),
        "between": None if exclusion.between is None else list(exclusion.between),
        "effect": exclusion.effect,
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "get": check.get,
        "min": check.min,
        "max": check.max,
        "fall": check.fall,
        "every": None if check.fall is None else check.every,
        "fresh": seconds(check.fresh),
        "max_skipped": check.max_skipped,
    }


def _events(match: Match) -> list[Any]:
    if not match.where:
        return list(match.events)
    return [{"event": event, "where": _where(match.where)} for event in match.events]


def _where(where: tuple[Condition, ...]) -> dict[str, Any] | list[dict[str, Any]]:
    joined: list[dict[str, Any]] = [{}]
    for condition in where:
        room = next((each for each in joined if condition.operator not in each.get(condition.column, {})), None)
        if room is None:
            joined.append(room := {})
        operand = list(condition.operand) if isinstance(condition.operand, tuple) else condition.operand
        room.setdefault(condition.column, {})[condition.operator] = operand
    return joined[0] if len(joined) == 1 else joined
