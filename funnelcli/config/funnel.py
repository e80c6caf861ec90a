"""The funnel as the program knows it: frozen values, all short forms and dates resolved.

What comes in is checked YAML and options; what goes out is `Funnel`, the one value that the
events, the engine and the reports read. Durations are `timedelta`, times are UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

Scalar = str | int | float | bool | None
Operator = Literal[
    "eq", "ne", "gt", "ge", "lt", "le", "in", "not_in",
    "contains", "starts_with", "ends_with", "matches", "is_null",
]  # fmt: skip
TimeUnit = Literal["s", "ms", "us", "ns"]
Ties = Literal["stage", "strict", "row"]
Entry = Literal["earliest", "latest", "first"]
Range = Literal["entry", "all"]
Order = Literal["loose", "strict", "any"]
Start = Literal["first", "open"]
Count = Literal["units", "attempts"]
First = Literal["event", "match"]
Effect = Literal["stop", "remove"]
Every = Literal["1h", "1d", "1w", "1mo"]
Semantics = Literal["amplitude", "clickhouse", "mixpanel", "mixpanel-reentry", "posthog", "ga4"]


class Frozen(BaseModel):
    """A value: strict types, no unknown keys, no changes."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Condition(Frozen):
    """One comparison of a column; `operand` is a tuple for `in` and `not_in`, else a scalar."""

    column: str
    operator: Operator
    operand: Scalar | tuple[Scalar, ...]


class Match(Frozen):
    """Event names, and conditions that must all hold on the row."""

    events: tuple[str, ...]
    where: tuple[Condition, ...] = ()


class Stage(Frozen):
    """A position in the funnel, completed by a row that satisfies any of `matches` and all of `where`.

    `within` and `after` limit the time from the required stage before. `first` lets only the unit's first row with one
    of the stage's event names (`event`), or the first that satisfies names and conditions (`match`), complete it.
    """

    name: str
    matches: tuple[Match, ...]
    where: tuple[Condition, ...] = ()
    optional: bool = False
    first: First | None = None
    within: timedelta | None = None
    after: timedelta | None = None


class Exclusion(Frozen):
    """Rows that must not lie between two required stages, named in `between`; by default the first and the last."""

    matches: tuple[Match, ...]
    where: tuple[Condition, ...] = ()
    between: tuple[str, str] | None = None
    effect: Effect = "stop"


class Check(Frozen):
    """What must hold of the data; exactly one of `get`, `fall`, `fresh` and `max_skipped` is given.

    `get` is the path of a number in the report, not under `min` and not over `max`. `fall` is a stage whose conversion
    rate must not have fallen significantly in the last complete period, of the length `every`, against the one before.
    `fresh` is the longest time since the last row, `max_skipped` the largest share of rows that should have counted
    and could not.
    """

    name: str
    get: str | None = None
    min: float | None = None
    max: float | None = None
    fall: str | None = None
    every: Every = "1w"
    fresh: timedelta | None = None
    max_skipped: float | None = None


class Columns(Frozen):
    """The names of the columns in the logs, and how to read the time."""

    user: str = "user"
    event: str = "event"
    timestamp: str = "timestamp"
    time_unit: TimeUnit | None = None
    time_format: str | None = None


def line_names(stages: Sequence[str], order: Order) -> list[str]:
    """What the lines of a report are called: the stages, or with `order: any` how many of them.

    >>> line_names(["Visit", "Cart"], "any")
    ['1 stage', '2 stages']
    """
    if order != "any":
        return list(stages)
    return ["1 stage", *(f"{number} stages" for number in range(2, len(stages) + 1))]


class Funnel(Frozen):
    """A named list of stages and every choice that changes what is counted.

    `unit` is the columns that make the unit (the user column by default). `since` ≤ entry < `until`.
    `breakdowns` are tuples of columns: one column is split by, several are crossed.
    `segment_from` is entry, first, last, any or the name of a stage.
    `same` is columns on which all rows of a journey agree.
    `session` makes the unit (unit, session): a silence longer than that begins another, or a column of the log tells,
    which then is one of `unit`. `mature` keeps only the units whose window is over at the end of the data. `value` is a
    column of the last required stage's row, what a conversion is worth. `targets` pairs a stage with the stage rate (in
    0..1) that it should have. `semantics` is the preset whose keys are in force where the YAML had none of its own.
    """

    name: str
    stages: tuple[Stage, ...]
    logs: tuple[str, ...] = ()
    columns: Columns = Columns()
    timezone: str = "UTC"
    unit: tuple[str, ...] = ("user",)
    where: tuple[Condition, ...] = ()
    window: timedelta | None = None
    order: Order = "loose"
    ties: Ties = "stage"
    entry: Entry = "earliest"
    range: Range = "entry"
    start: Start = "first"
    count: Count = "units"
    same: tuple[str, ...] = ()
    session: timedelta | str | None = None
    exclude: tuple[Exclusion, ...] = ()
    semantics: Semantics | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    segment_from: str = "entry"
    breakdowns: tuple[tuple[str, ...], ...] = ()
    mature: bool = False
    value: str | None = None
    targets: tuple[tuple[str, float], ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def required(self) -> tuple[int, ...]:
        """The positions, from 0, of the stages that make the journey's chain."""
        return tuple(position for position, stage in enumerate(self.stages) if not stage.optional)
