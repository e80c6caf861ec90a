"""The definition's rules about single rows: which take part, which stages they match, and sessions.

The rows' half of the oracle (tests/oracle.py has the journeys'); plain Python, nothing of funnelcli.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Funnel = Mapping[str, Any]
Stage = Mapping[str, Any]
Instant = tuple[int, ...]


class Row(NamedTuple):
    """One row of a unit. `position` is its place in the input and tells rows apart."""

    time: int
    event: str
    position: int
    columns: Mapping[str, str | None] = {}


def instant(row: Row, funnel: Funnel) -> Instant:
    """What "earlier" compares: the time, and with `ties: row` then the place in the input."""
    return (row.time, row.position) if funnel.get("ties") == "row" else (row.time,)


def end_of_data(rows: Iterable[Row], funnel: Funnel) -> int | None:
    """The end of the data, from all rows of the log and not only one unit's; None without rows."""
    if funnel.get("as_of") is not None:
        return int(funnel["as_of"])
    last = max((row.time for row in rows), default=None)
    if last is not None and funnel.get("range") == "all" and funnel.get("until") is not None:
        return min(last, int(funnel["until"]))
    return last


def takes_part(row: Row, funnel: Funnel) -> bool:
    """Whether the row is there at all: not later than `as_of`, and with `range: all` inside the range."""
    known = funnel.get("as_of") is None or row.time <= funnel["as_of"]
    return known and (funnel.get("range") != "all" or in_range(row, funnel))


def in_range(row: Row, funnel: Funnel) -> bool:
    """Whether since ≤ time < until."""
    since, until = funnel.get("since"), funnel.get("until")
    return (since is None or since <= row.time) and (until is None or row.time < until)


def matched(row: Row, rows: Sequence[Row], funnel: Funnel) -> frozenset[int]:
    """The stages (from 0) that the row matches, `first` included; `rows` are all of the unit, before any range."""
    return frozenset(
        number
        for number, stage in enumerate(funnel["stages"])
        if completes(row, stage) and (not stage.get("first") or is_first(row, rows, stage, funnel))
    )


def is_first(row: Row, rows: Sequence[Row], stage: Stage, funnel: Funnel) -> bool:
    """Whether the row is the unit's first ever with the stage's event (`event`), or that completes it (`match`)."""
    if stage["first"] == "event":
        rivals = [other for other in rows if any(other.event in names for names, _ in mappings(stage))]
    else:
        rivals = [other for other in rows if completes(other, stage)]
    return instant(row, funnel) == min(instant(other, funnel) for other in rivals)


def completes(row: Row, entry: Stage) -> bool:
    """Whether the row has the events and conditions of a stage or of an exclusion."""
    mapped = any(row.event in names and holds(row, where) for names, where in mappings(entry))
    return mapped and holds(row, entry.get("where", {}))


def mappings(entry: Stage) -> list[tuple[list[str], Mapping[str, Any]]]:
    """The event mappings of a stage: names and conditions, from an event, a list, or a list of {event, where}."""
    events = entry["events"] if isinstance(entry["events"], list) else [entry["events"]]
    return [
        ([event], {}) if isinstance(event, str) else (listed(event["event"]), event.get("where", {}))
        for event in events
    ]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def holds(row: Row, where: Mapping[str, Any]) -> bool:
    """Whether all conditions hold: a column's value, list of values, or {operator: operand}."""
    for column, wanted in where.items():
        tests = wanted if isinstance(wanted, dict) else {"in" if isinstance(wanted, list) else "eq": wanted}
        if not all(compares(row.columns.get(column), operator, operand) for operator, operand in tests.items()):
            return False
    return True


def compares(text: str | None, operator: str, operand: Any) -> bool:
    """One comparison of a text with an operand; null satisfies ne, not_in and is_null: true and nothing else."""
    if operator == "is_null":
        return (text is None) is bool(operand)
    if operator in ("ne", "not_in"):
        return not compares(text, {"ne": "eq", "not_in": "in"}[operator], operand)
    if operator == "in":
        return any(compares(text, "eq", one) for one in operand)
    value = as_operand(text, operand)
    return value is not None and bool(OPERATORS[operator](value, operand))


OPERATORS: Mapping[str, Callable[[Any, Any], object]] = {
    "eq": lambda value, operand: value == operand,
    "gt": lambda value, operand: value > operand,
    "ge": lambda value, operand: value >= operand,
    "lt": lambda value, operand: value < operand,
    "le": lambda value, operand: value <= operand,
    "contains": lambda value, operand: operand in value,
    "starts_with": lambda value, operand: value.startswith(operand),
    "ends_with": lambda value, operand: value.endswith(operand),
    "matches": lambda value, operand: re.search(operand, value),
}


def as_operand(text: str | None, operand: Any) -> Any:
    """The text read as what the operand is: a number, true or false in any case, or a text; None if it cannot be."""
    if text is None or isinstance(operand, str):
        return text
    if isinstance(operand, bool):
        return {"true": True, "false": False}.get(text.lower())
    try:
        return float(text)
    except ValueError:
        return None


def sessions(rows: Sequence[Row], funnel: Funnel) -> Iterator[list[Row]]:
    """The rows cut where the silence before a row is longer than `session`; without it, all together."""
    session: list[Row] = []
    for row in rows:
        if session and funnel.get("session") is not None and row.time - session[-1].time > funnel["session"]:
            yield session
            session = []
        session.append(row)
    if session:
        yield session
