"""`funnelcli inspect`: what is in a log, before there is a funnel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.cli.deliver import writer
from funnelcli.cli.load import notes, surveyed
from funnelcli.cli.options import ColumnNames, LogFiles, Output, Timezone, command
from funnelcli.errors import DONE
from funnelcli.tables.table import Column, Section, Table

if TYPE_CHECKING:
    from funnelcli.events import Survey

LISTED = 40
"""How many event names a person is shown; the row formats have all."""


@command
def inspect(logs: LogFiles, *, columns: ColumnNames = None, timezone: Timezone = None, output: Output) -> int:
    """What is in a log: columns, events, units, time range, duplicates, ties."""
    write = writer(output)
    found = surveyed(logs, columns, timezone, target=output.output)
    notes(found.notes, quiet=output.quiet)
    write([table(logs, found)])
    return DONE


def table(logs: Sequence[str], found: Survey) -> Table:
    """The survey, ready for every format; the row formats have a row per event name."""
    from funnelcli.config.frames import instant

    events = tuple(found.events.items())
    return Table(
        title=", ".join(logs),
        record={
            "format": 1,
            "rows": found.rows,
            "units": found.units,
            "first_time": instant(found.first_time),
            "last_time": instant(found.last_time),
            "duplicates": found.duplicates,
            "ties": found.ties,
            "empty_days": None if found.empty_days is None else [day.isoformat() for day in found.empty_days],
            "columns": [{"column": each.name, "type": each.type, "nulls": each.nulls} for each in found.columns],
            "events": [{"event": name, "count": rows} for name, rows in events],
        },
        fields=(("event", "text"), ("count", "count")),
        rows=events,
        sections=(
            Section(
                "Columns",
                (
                    Column("Column", "text"),
                    Column("Type", "text"),
                    Column("Without value", "count"),
                    Column("Used as", "text"),
                ),
                tuple((each.name, each.type, each.nulls, _role(each.name, found)) for each in found.columns),
            ),
            *(
                [Section("Events", (Column("Event", "text"), Column("Rows", "count")), events[:LISTED])]
                if events
                else []
            ),
        ),
        summary=tuple(_summary(found)),
        notes=(f"{len(events) - LISTED} more events; --format csv has all.",) if len(events) > LISTED else (),
    )


def _role(column: str, found: Survey) -> str | None:
    """What the column is to a funnel; None for most."""
    roles = found.roles
    names = {} if roles is None else {roles.user: "user", roles.event: "event", roles.timestamp: "timestamp"}
    return names.get(column)


def _summary(found: Survey) -> Iterator[str]:
    from funnelcli.config.frames import instant

    rows = _counted(found.rows, "row")
    repeated = f"Rows that repeat another in every column: {display.count(found.duplicates)}"
    if found.units is None:
        yield f"{rows}; units, events and times are unknown until --columns says where they are."
        yield f"{repeated}."
        return
    yield f"{rows}, {_counted(found.units, 'unit')}, {_counted(len(found.events), 'event')}."
    if found.empty_days is None:
        yield "The times are unknown: no row has one that can be read."
        yield f"{repeated}."
        return
    first, last = display.time(instant(found.first_time)), display.time(instant(found.last_time))
    yield f"From {first} to {last} UTC; days without a row: {_days(found.empty_days)}."
    yield f"{repeated}; rows that share unit and time with another: {display.count(found.ties)}."


def _counted(number: int, noun: str) -> str:
    return f"{display.count(number)} {noun if number == 1 else f'{noun}s'}"


def _days(empty: Sequence[date]) -> str:
    """The empty days: how many, and the first few."""
    days = [day.isoformat() for day in empty]
    return ", ".join(days) or "none" if len(days) <= 3 else f"{display.count(len(days))}, the first {days[0]}"
