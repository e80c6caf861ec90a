"""What the tables of all reports share: the keys they begin with in JSON, and the line that says how it was
counted.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from funnelcli import display

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.shape import Head

_REASONS = {
    "blank": "blank",
    "short": "too short",
    "long": "too long",
    "unbalanced_quote": "with an unbalanced quote",
    "nul": "with a NUL",
    "repeated_header": "a repeated header",
    "other_event": "other events",
    "no_unit": "without a unit",
    "bad_time": "without a readable time",
    "after_as_of": "after the end of the data",
    "out_of_range": "outside the date range",
    "duplicate": "duplicates",
}
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
        *_limits(funnel),
        f"{funnel.entry} entry",
        _TIES[funnel.ties],
        *_dates(head),
        f"end of the data {display.time(head.end)} UTC" if head.end else "no times",
        f"rows: {display.count(head.rows_read)} read, {display.count(head.rows_used)} used",
        *(f"{display.count(rows)} {_REASONS[reason]}" for reason, rows in head.rows_skipped.items()),
    ]
    return "How it was counted: " + "; ".join(parts) + "."


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
        parts.append(f"{events}{where} {'removes' if exclusion.effect == 'remove' else 'stops'} a unit")
    return parts


def _dates(head: Head) -> list[str]:
    funnel = head.funnel
    what = "entered" if funnel.range == "entry" else "all rows"
    since = f" from {display.time(funnel.since)}" if funnel.since else ""
    until = f" to before {display.time(funnel.until)}" if funnel.until else ""
    return [f"{what}{since}{until} UTC"] if since or until else []
