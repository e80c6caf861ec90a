"""What the row formats share: the rows of several Tables under one header, and raw values as exact text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite

from funnelcli.errors import Bug
from funnelcli.tables.table import Kind, Table, Value

Fields = tuple[tuple[str, Kind], ...]
Rows = Sequence[tuple[Value, ...]]


def flat(tables: Sequence[Table]) -> tuple[Fields, Rows]:
    """The fields and rows of a Table; of several, all their rows, after a first column `funnel`.

    A field that only some of several Tables have is null in the rows of the others.
    """
    if len(tables) == 1:
        return tables[0].fields, tables[0].rows
    kinds: dict[str, Kind] = {"funnel": "text"}
    for table in tables:
        for name, kind in table.fields:
            if kinds.setdefault(name, kind) != kind:
                raise Bug(f"the field {name!r} is both {kinds[name]} and {kind}")
    rows = []
    for table in tables:
        for row in table.rows:
            values = {"funnel": table.title} | {name: value for (name, _), value in zip(table.fields, row, strict=True)}
            rows.append(tuple(values.get(name) for name in kinds))
    return tuple(kinds.items()), rows


def instant(value: datetime) -> str:
    """A time in UTC, with six digits of fraction only where it is not zero.

    >>> instant(datetime(2026, 1, 1, tzinfo=UTC)), instant(datetime(2026, 1, 1, 0, 0, 0, 500, tzinfo=UTC))
    ('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000500Z')
    """
    text = value.isoformat()
    if text.endswith("+00:00"):
        return f"{text[:-6]}Z"
    if value.tzinfo is None:
        raise Bug(f"{value!r} is not an instant")
    return instant(value.astimezone(UTC))


def exact(value: Value) -> str:
    """A raw value as text from which it can be read back; empty for null, and a list is a JSON array."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return instant(value)
        case str():
            return value
        case tuple():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return repr(finite(value))


def finite(value: float) -> float:
    """The number itself; what is none (NaN, infinite) never reaches a file."""
    if not isfinite(value):
        raise Bug(f"{value!r} reached a report; unknown is null")
    return value
