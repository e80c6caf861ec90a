"""The explanation of single units as a table: a row per row of the log. Here a reason becomes words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.config import times
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.table import Cell, Column, Kind, Section, Table, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from funnelcli.reports.explain import Explained, Explanation
    from funnelcli.reports.reasons import Reason

USED = "→ "
"""Stands before the stage of a row that the journey uses."""


def table(report: Explanation) -> Table:
    """The explanation, ready for every format."""
    units = len(report.head.funnel.unit)
    kinds: dict[str, Kind] = {name: "text" if place < units else "count" for place, name in enumerate(report.columns)}
    kinds |= {"status": "text", "deepest_stage": "text", "time": "time", "event": "text", "matches": "list"}
    kinds |= {"stage": "text", "reason": "text"}
    return Table(
        title=report.head.funnel.name,
        record=opening(report.head) | {"units": [_record(report, each) for each in report.units]},
        fields=tuple(kinds.items()),
        rows=tuple(row for each in report.units for row in _rows(each)),
        sections=tuple(_section(report, each) for each in report.units),
        notes=(*_notes(report), how_counted(report.head)),
    )


def _record(report: Explanation, each: Explained) -> dict[str, object]:
    """One unit as JSON tells it."""
    return dict(zip(report.columns, (*each.unit, *each.numbers), strict=True)) | {
        "status": each.status,
        "deepest_stage": each.deepest_stage,
        "window_end": each.window_end,
        "reason": words(each.reason),
        "rows": [
            {
                "time": line.time,
                "event": line.event,
                "matches": list(line.matches),
                "stage": line.stage,
                "reason": words(line.reason),
            }
            for line in each.rows
        ],
    }


def _rows(each: Explained) -> Iterator[tuple[Value, ...]]:
    start = (*each.unit, *each.numbers, each.status, each.deepest_stage)
    for line in each.rows:
        yield (*start, line.time, line.event, line.matches, line.stage, words(line.reason))


def _section(report: Explanation, each: Explained) -> Section:
    """One unit for a person: its rows from top to bottom, those of the journey marked; times in the funnel's zone."""
    zone = times.zone(report.head.funnel.timezone)
    rows: list[tuple[Cell, ...]] = [
        (line.time, line.event, f"{USED}{line.stage}" if line.stage else None, _in(zone, line.reason))
        for line in each.rows
    ]
    columns = (
        Column(f"Time ({report.head.funnel.timezone})", "time"),
        Column("Event", "text"),
        Column("Counts as", "text"),
        Column("Why not", "text"),
    )
    return Section(_heading(report, each), columns, tuple(rows), zone=zone)


def _in(zone: tzinfo, reason: Reason | None) -> str | None:
    """A reason in words, its times in the zone."""
    return words(replace(reason, at=reason.at.astimezone(zone)) if reason and reason.at else reason)


def _heading(report: Explanation, each: Explained) -> str:
    """`u0042: dropped, the deepest stage is Cart; its window ends 2026-01-09 10:00 UTC`."""
    names = (
        each.unit
        if len(each.unit) == 1
        else [f"{name} {value}" for name, value in zip(report.columns, each.unit, strict=False)]
    )
    numbers = zip(report.columns[len(each.unit) :], each.numbers, strict=True)
    who = ", ".join([*names, *(f"{name} {number}" for name, number in numbers if number is not None)])
    if each.deepest_stage is not None:
        zone = report.head.funnel.timezone
        end = f"; its window ends {display.time(each.window_end, times.zone(zone))} {zone}" if each.window_end else ""
        left_out = f"; {words(each.reason)}" if each.reason else ""
        return f"{who}: {each.status}, the deepest stage is {each.deepest_stage}{end}{left_out}"
    return f"{who}: {each.status}, {words(each.reason)}"


def _notes(report: Explanation) -> Iterator[str]:
    if any(line.stage for each in report.units for line in each.rows):
        yield f"{USED}stage: the journey that counts uses this row for the stage."


def words(reason: Reason | None) -> str | None:
    """A reason as a person reads it; None for none. The same in every version for the same kind."""
    return None if reason is None else _WORDS[reason.kind](reason)


def _over(reason: Reason) -> str:
    return "" if reason.over is None else display.clock(reason.over)


def _event(reason: Reason) -> str:
    """The other row that a reason is about; its time in the zone that it carries."""
    zone = (reason.at and reason.at.tzinfo) or UTC
    return f"{reason.event or 'a row without an event'} at {display.time(reason.at, zone)}"


_WORDS: dict[str, Callable[[Reason], str]] = {
    "other_event": lambda _: "other event",
    "conditions": lambda reason: f"the where of {reason.stage} does not hold",
    "before_entry": lambda _: "before entry",
    "out_of_order": lambda reason: f"out of order: needs {reason.stage} first",
    "overtaken": lambda reason: f"out of order: {reason.stage} came first",
    "at_once": lambda reason: f"at the same time as {reason.stage} (ties: strict)",
    "window": lambda reason: f"window over by {_over(reason)}",
    "window_at": lambda reason: f"its window is over by {_over(reason)} at {reason.stage}",
    "within": lambda reason: f"too late for within ({reason.stage} → {reason.other}: over by {_over(reason)})",
    "early_within": lambda reason: f"too early for within ({reason.stage} → {reason.other}: over by {_over(reason)})",
    "after": lambda reason: f"too soon for after ({reason.stage} → {reason.other}: short by {_over(reason)})",
    "earlier_row": lambda reason: f"an earlier row was used for {reason.stage}",
    "later_row": lambda reason: f"a later row was used for {reason.stage}",
    "same_time": lambda reason: f"another row at the same time was used for {reason.stage}",
    "other_row": lambda reason: f"another row was used for {reason.stage}",
    "strict": lambda reason: f"{_event(reason)} lies between (order: strict)",
    "same": lambda reason: f"another {' and '.join(reason.columns)} (same)",
    "no_value": lambda reason: f"no {' and '.join(reason.columns)} to agree on (same)",
    "excluded": lambda reason: f"excluded by {_event(reason)}",
    "ends": lambda reason: f"excludes what follows, up to {reason.other} ({reason.stage} → {reason.other})",
    "removes": lambda reason: f"takes the unit out ({reason.stage} → {reason.other})",
    "harmless": lambda reason: f"excluded event, but not between {reason.stage} and {reason.other}",
    "first": lambda reason: f"not the unit's first for {reason.stage}",
    "no_row": lambda reason: f"no row for {reason.stage}" if reason.stage else "no row for any stage",
    "where": lambda _: "left out by where",
    "no_unit": lambda _: "no session",
    "bad_time": lambda _: "no time that can be read",
    "after_as_of": lambda _: "after the end of the data",
    "out_of_range": lambda _: "outside the date range",
    "not_mature": lambda _: "left out by mature: its window is not over at the end of the data",
}
"""The words of every kind of reason."""
