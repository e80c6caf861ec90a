"""The users report as a table: a row per unit, or per session or attempt of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.config import times
from funnelcli.reports.counting import lines
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.table import Column, Kind, Section, Table, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelcli.reports.users import Users

MOST = 40
"""How many units a terminal shows."""


def table(report: Users) -> Table:
    """The units, ready for every format."""
    rows = report.frame.rows()
    names = tuple(report.columns)
    kinds = _kinds(report)
    if report.head.funnel.segment_from == "any":
        rows = [tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in rows]
    return Table(
        title=report.head.funnel.name,
        record=opening(report.head) | {"users": [dict(zip(names, row, strict=True)) for row in rows]},
        fields=tuple(zip(names, kinds, strict=True)),
        rows=tuple(rows),
        sections=(_section(report, kinds, rows),),
        summary=(_summary(report),),
        notes=(*_notes(report), _times(report), how_counted(report.head)),
    )


def _times(report: Users) -> str:
    zone = report.head.funnel.timezone
    return "Times are in UTC." if zone == "UTC" else "Files have the times in UTC."


def _kinds(report: Users) -> list[Kind]:
    instants = {"entered_at", *report.columns.stages, *report.columns.last[1:]}
    numbers = report.columns.numbers
    lists = report.columns.segments if report.head.funnel.segment_from == "any" else ()
    return [
        "time" if name in instants else "count" if name in numbers else "list" if name in lists else "text"
        for name in report.columns
    ]


def _section(report: Users, kinds: list[Kind], rows: Sequence[tuple[Value, ...]]) -> Section:
    """What a person sees: without the first stage, which is the entry, and the stages that nobody here reached."""
    columns = report.columns
    frame = report.frame
    unseen = {name for name in columns.stages if frame[name].null_count() == frame.height}
    unseen |= {columns.stages[0]} if report.head.funnel.start == "first" else set()
    shown = [place for place, name in enumerate(columns) if name not in unseen]
    cells = list(zip(*rows, strict=True)) or [()] * len(kinds)
    for place, name in enumerate(columns):
        if name in columns.segments:
            cells[place] = tuple(map(_named, cells[place]))
    zone = report.head.funnel.timezone
    return Section(
        "" if zone == "UTC" else f"Times in {zone}",
        tuple(column for place, column in enumerate(_columns(report, kinds)) if place in shown),
        tuple(zip(*(cells[place] for place in shown), strict=True)),
        MOST,
        times.zone(zone),
    )


def _named(value: Value) -> Value:
    """A segment, or the segments, as people see them."""
    if isinstance(value, tuple):
        return display.listed(value)
    return "(none)" if value is None else value


def _columns(report: Users, kinds: list[Kind]) -> Iterable[Column]:
    """A column for each of the output; the unit, its deepest stage and its status stay on the narrowest terminal."""
    columns = report.columns
    stages = [stage.removesuffix("_at") for stage in columns.stages]
    headings = {"entered_at": ("Entered", 1), "deepest_stage": ("Deepest stage", 0), "status": ("Status", 0)}
    headings |= {"last_event": ("Last event", 1), "last_event_at": ("Last event at", 3)}
    headings |= {name: (name.capitalize(), 0) for name in columns.numbers}
    headings |= {name: (name, 0) for name in columns.units}
    headings |= {name: (name, 2) for name in columns.segments}
    if len(columns.units) == 1:
        headings[columns.units[0]] = (report.head.funnel.unit[0], 0)
    # Of the stages the last ones tell most.
    headings |= {
        name: (stage, 4 + len(stages) - place)
        for place, (name, stage) in enumerate(zip(columns.stages, stages, strict=True))
    }
    for name, kind in zip(columns, kinds, strict=True):
        heading, priority = headings[name]
        yield Column(heading, "text" if kind == "list" else kind, priority)


def _summary(report: Users) -> str:
    """How many are listed, and what they have in common."""
    choice, funnel, size = report.choice, report.head.funnel, report.frame.height
    who = "attempt" if funnel.count == "attempts" else "session" if funnel.session is not None else "unit"
    be = "is" if size == 1 else "are"
    did = {"open": f"{be} still open", "excluded": f"{be} excluded", None: "entered"}.get(choice.status, choice.status)
    if choice.at is not None:
        before = next((line.stage for line in lines(funnel) if line.position == choice.at.before), None)
        if choice.status == "reached":
            did = f"reached {choice.at.stage}"
        elif before is not None:
            did = f"reached {before}, did not go on to {choice.at.stage} and {did}"
    return f"{display.count(size)} {who if size == 1 else f'{who}s'} {did}."


def _notes(report: Users) -> Iterable[str]:
    if report.columns.last:
        yield (
            "Last event: of any name, up to the end of the unit's window or of the data;"
            " of several at that instant the first by name."
        )
    if report.choice.status == "excluded":
        yield "Excluded units are shown with their deepest journeys, as if nothing had excluded them."
    if report.head.funnel.segment_from == "any" and report.columns.segments:
        yield "A unit may be in several segments; those of one row of the log stand at the same place of each column."
