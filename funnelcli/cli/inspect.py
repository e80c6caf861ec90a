"""`funnelcli inspect`: what is in a log, before there is a funnel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    found = surveyed(logs, columns, timezone)
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
            "empty_days": [day.isoformat() for day in found.empty_days],
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
            Section("Events", (Column("Event", "text"), Column("Rows", "count")), events[:LISTED]),
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

    yield f"{display.count(found.rows)} rows, {display.count(found.units)} units, {len(found.events)} events."
    first, last = display.time(instant(found.first_time)), display.time(instant(found.last_time))
    yield f"From {first} to {last} UTC; days without a row: {_days(found)}."
    yield (
        f"Rows that repeat another in every column: {display.count(found.duplicates)}; "
        f"rows that share unit and time with another: {display.count(found.ties)}."
    )


def _days(found: Survey) -> str:
    """The empty days: how many, and the first few."""
    days = [day.isoformat() for day in found.empty_days]
    return ", ".join(days) or "none" if len(days) <= 3 else f"{display.count(len(days))}, the first {days[0]}"
