"""What the tables of all reports share: the keys they begin with in JSON, and the line that says how it was
counted.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from funnelcli import display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelcli.config.funnel import Condition, Funnel, Match
    from funnelcli.reports.shape import Head

_REASONS = {
    "blank": "blank",
    "short": "too short",
    "long": "too long",
    "unbalanced_quote": "with an unbalanced quote",
    "nul": "with a NUL",
    "repeated_header": "repeated headers",
    "other_event": "other events",
    "no_unit": "without a unit",
    "bad_time": "without a readable time",
    "after_as_of": "after the end of the data",
    "out_of_range": "outside the date range",
    "duplicate": "duplicates",
}
_ONE = {"repeated_header": "repeated header", "other_event": "other event", "duplicate": "duplicate"}
"""The words for a single row, where they are others."""

_TIES = {
    "stage": "equal times in whatever order the journey needs",
    "strict": "equal times never follow each other",
    "row": "equal times in the order of the input",
}


def opening(head: Head) -> dict[str, Any]:
    """The keys with which every report begins in JSON."""
    return {
        "format": 1,
        "report": head.report,
        "funnel": head.funnel.name,
        "definition": head.definition,
        "data": {
            "rows_read": head.rows_read,
            "rows_used": head.rows_used,
            "rows_skipped": head.rows_skipped,
            "first_time": head.first_time,
            "last_time": head.last_time,
        },
    }


def how_counted(head: Head) -> str:
    """One line: what was counted, in which order, in which time, and which rows took no part."""
    funnel = head.funnel
    parts = [
        _unit(funnel),
        _ORDERS[funnel.order] if funnel.start == "first" else "each stage with the one before it, entry at any stage",
        "no window"
        if funnel.window is None
        else f"window {display.seconds(funnel.window.total_seconds())} from entering",
        *(["only units whose window is over"] if funnel.mature and funnel.window else []),
        *_limits(funnel),
        f"{funnel.entry} entry",
        _TIES[funnel.ties],
        *_segments(funnel),
        *_where(funnel.where),
        *_dates(head),
        f"end of the data {display.time(head.end)} UTC" if head.end else "no times",
        f"rows: {display.count(head.rows_read)} read, {display.count(head.rows_used)} used",
        *(f"{display.count(rows)} {_skipped(reason, rows)}" for reason, rows in head.rows_skipped.items()),
    ]
    return "How it was counted: " + "; ".join(parts) + "."


def _skipped(reason: str, rows: int) -> str:
    return _ONE.get(reason, _REASONS[reason]) if rows == 1 else _REASONS[reason]


_ORDERS = {
    "loose": "stages in order, other events may lie between",
    "strict": "stages in order, no other event between",
    "any": "stages in any order",
}


def _unit(funnel: Funnel) -> str:
    unit = f"by {' and '.join(funnel.unit)}"
    if isinstance(funnel.session, timedelta):
        unit += f" and session (a silence of more than {display.seconds(funnel.session.total_seconds())} ends one)"
    if funnel.same:
        unit += f" with the same {' and '.join(funnel.same)}"
    return f"{unit}, every attempt" if funnel.count == "attempts" else unit


def _limits(funnel: Funnel) -> list[str]:
    parts = []
    for stage in funnel.stages:
        if stage.within is not None:
            parts.append(f"{stage.name} within {display.seconds(stage.within.total_seconds())}")
        if stage.after is not None:
            parts.append(f"{stage.name} after {display.seconds(stage.after.total_seconds())}")
        if stage.first is not None:
            parts.append(f"{stage.name} only the first time")
    for exclusion in funnel.exclude:
        events = " or ".join(event for match in exclusion.matches for event in match.events)
        where = f" between {' and '.join(exclusion.between)}" if exclusion.between else ""
        conditions = "".join(f" ({words})" for words in _where((*exclusion.where, *_mapped(exclusion.matches))))
        does = "ends an attempt" if funnel.count == "attempts" else f"{exclusion.effect}s a unit"
        parts.append(f"{events}{conditions}{where} {does}")
    return parts


def _mapped(matches: Sequence[Match]) -> list[Condition]:
    return [condition for match in matches for condition in match.where]


_SIGNS = {"eq": "=", "ne": "is not", "gt": ">", "ge": "≥", "lt": "<", "le": "≤", "not_in": "is none of"}


def _where(conditions: Sequence[Condition]) -> list[str]:
    """The rows that exist at all, in words."""
    if not conditions:
        return []
    return ["only where " + " and ".join(_condition(condition) for condition in conditions)]


def _condition(condition: Condition) -> str:
    operand = condition.operand
    if condition.operator == "is_null":
        return f"{condition.column} is {'' if operand else 'not '}null"
    said = " or ".join(map(str, operand)) if isinstance(operand, tuple) else str(operand)
    sign = _SIGNS.get(condition.operator, condition.operator.replace("_", " "))
    return f"{condition.column} {'is' if condition.operator == 'in' else sign} {said}"


def _segments(funnel: Funnel) -> list[str]:
    """Where a segment is read, if not on the entry."""
    if not funnel.breakdowns or funnel.segment_from == "entry":
        return []
    places = {"first": "first value of a journey", "last": "last value of a journey", "any": "any value of a journey"}
    return [f"segment: {places.get(funnel.segment_from, f'value at {funnel.segment_from}')}"]


def _dates(head: Head) -> list[str]:
    funnel = head.funnel
    what = "entered" if funnel.range == "entry" else "all rows"
    since = f" from {display.time(funnel.since)}" if funnel.since else ""
    until = f" to before {display.time(funnel.until)}" if funnel.until else ""
    return [f"{what}{since}{until} UTC"] if since or until else []
