"""The YAML's keys, as frozen strict models: what may be written, and what a person reads when it is not.

What comes in is plain values (`values.Values`) and a context `{"now": datetime, "names": set(), "faults": []}`; what
goes out is `FunnelKeys`, in which every short form is written out and every text is read, and in `faults` which of
them do not go together. A key is added here by a field; its description and type are also the JSON Schema's. A
rule that joins several keys stands at the last of them, so the order of the fields matters: earlier ones are in
`info.data` if they were right.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from funnelcli.config import rules, times
from funnelcli.config.basics import (
    EMPTY,
    Duration,
    Grammar,
    Name,
    Names,
    Title,
    complaint,
    in_quotes,
    kind,
    listed,
    refuse_nothing,
    truth,
    unlike,
    worded,
)
from funnelcli.config.checks import Checks, Targets
from funnelcli.config.conditions import Where
from funnelcli.config.exclusions import Exclusions
from funnelcli.config.funnel import Count, Entry, Order, Range, Semantics, Start, Ties, TimeUnit
from funnelcli.config.nodes import shown
from funnelcli.config.stages import Stages

# Columns


class Timestamp(Grammar):
    """The column of the time, and how it is written when it is not ISO-8601."""

    column: Name = Field(default="timestamp", description="The column's name.")
    unit: TimeUnit | None = Field(default=None, description="Numbers since 1970 in seconds, ms, us or ns.")
    format: Name | None = Field(
        default=None,
        description="How a time is written, in strftime's letters: %d/%m/%Y %H:%M.",
        examples=["%d/%m/%Y %H:%M"],
    )

    @field_validator("unit", "format", mode="before")
    @classmethod
    def _something(cls, value: Any) -> Any:
        refuse_nothing(value)
        return value

    @field_validator("format")
    @classmethod
    def _format(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("unit"):
            raise complaint("numbers with a unit have no format; keep `unit` or `format`", "unit", "format")
        if "%" not in value:
            raise complaint(f"{shown(value)} has no % letter; write it like %d/%m/%Y %H:%M")
        return value


def _timestamp(value: Any) -> Any:
    refuse_nothing(value)
    if isinstance(value, str):
        return {"column": value}
    if not isinstance(value, dict):
        raise complaint(f"must be a column, or {{column: ts, unit: ms}}, not {kind(value)}")
    return value


class Columns(Grammar):
    """The names of the columns in the logs."""

    user: Name = Field(default="user", description="The column of the unit that is counted.")
    event: Name = Field(default="event", description="The column of the event's name.")
    timestamp: Annotated[Timestamp, BeforeValidator(_timestamp, json_schema_input_type=Name | Timestamp)] = Field(
        default=Timestamp(), description="The column of the time; or a mapping {column, unit, format}."
    )


# Breakdowns


def _crossed(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(","))
    if not isinstance(value, tuple) or not value:
        said = "an empty list" if value == () else kind(value)
        raise complaint(f"must be a column, or a list of columns to cross, not {said}{in_quotes(value)}")
    return value


_Columns = Annotated[list[Name], Field(min_length=1)]
Breakdown = Annotated[
    tuple[Name, ...], BeforeValidator(_crossed, json_schema_input_type=Name | _Columns), AfterValidator(unlike)
]
Breakdowns = Annotated[
    tuple[Breakdown, ...],
    BeforeValidator(
        listed("a column"), json_schema_input_type=Name | Annotated[list[Name | _Columns], Field(min_length=1)]
    ),
    AfterValidator(unlike),
]


# Sessions


class _SessionColumn(Grammar):
    """The column that tells the sessions, where its name could be taken for a length."""

    column: Name = Field(description="The column's name.")


def _session(value: Any) -> timedelta | str:
    if isinstance(value, dict):
        column = value.get("column")
        if set(value) != {"column"} or not isinstance(column, str) or not column.strip():
            raise complaint("must be a length, such as 30m, or a column, visit or {column: visit}")
        return column
    if isinstance(value, str) and not _LIKE_A_LENGTH.match(value):
        if not value.strip():
            raise complaint(EMPTY)
        return value
    return worded(times.duration)(value)


_LIKE_A_LENGTH = re.compile(r"\s*[-+.]*[0-9]")
"""What begins so is not taken for a column, but for a length, written well or not."""


Session = Annotated[
    timedelta | str | None,
    PlainValidator(
        _session,
        json_schema_input_type=Annotated[str, Field(pattern=rf"^({times.DURATION}$|(?!\s*[-+.]*[0-9])\s*\S)")]
        | _SessionColumn,
    ),
]


# The funnel

_WRITTEN = (
    f"A day (its 00:00 in `timezone`), a time, or a length back from as_of, else from now: {times.INSTANT_FORMS}."
)
Instant = Annotated[datetime | None, WithJsonSchema({"type": "string", "pattern": times.INSTANT})]


def _timezone(value: str) -> str:
    worded(times.zone)(value)
    return value


class FunnelKeys(Grammar):
    """A funnel: two stages or more, where the events are, and what is counted."""

    funnel: Title = Field(description="The funnel's name, as the report shows it.")
    logs: Names = Field(
        default=(),
        description="CSV or Parquet files, globs or folders, relative to this file; LOGS replace them.",
    )
    columns: Columns = Field(
        default=Columns(), description="The names of the columns in the logs: user, event, timestamp."
    )
    timezone: Annotated[Name, AfterValidator(_timezone)] = Field(
        default="UTC",
        description="IANA name, for times without an offset and for calendar days.",
        examples=["Europe/Stockholm"],
    )
    window: Duration = Field(
        default=None,
        description="Conversion window: the longest time from entering, the limit included. 500ms 45s 30m 12h 7d 2w.",
    )
    semantics: Semantics | None = Field(
        default=None,
        description="Counts as this product does: sets entry, range, the effect of exclude, or within, where they are "
        "not written.",
    )
    stages: Stages = Field(
        description="The stages in their order: `Name: event`, or the long form with name and events."
    )
    breakdowns: Breakdowns = Field(default=(), description="Columns to split by; `a,b` or [a, b] crosses them.")
    where: Where = Field(default={}, description="Conditions on every row; rows that fail do not exist for the funnel.")
    unit: Names = Field(
        default=(), description="The columns that make the unit that is counted; default: the user column."
    )
    order: Order = Field(
        default="loose",
        description="loose: other rows may lie between the stages; strict: none of the unit's may; any: stages in any "
        "order.",
    )
    ties: Ties = Field(
        default="stage",
        description="Rows of one instant. stage: in whatever order the journey needs; strict: every row is later than "
        "the one before; row: in the order of the input.",
    )
    entry: Entry = Field(
        default="earliest",
        description="Among the journeys of a unit that get as far as soon: the one that enters earliest or latest. "
        "first: only the unit's first entry may count.",
    )
    range: Range = Field(default="entry", description="entry: since and until restrict who enters; all: every row.")
    start: Start = Field(
        default="first", description="first: units enter at the first stage; open: at any stage, the earliest they do."
    )
    count: Count = Field(
        default="units",
        description="units: each once; attempts: a unit that enters again when its attempt has ended counts again.",
    )
    same: Names = Field(default=(), description="Columns on which all rows of a journey must agree.")
    session: Session = Field(
        default=None,
        description="Each session of a unit counts by itself. 30m: a longer silence begins another; else the column "
        "that tells the session, or {column: name}.",
    )
    exclude: Exclusions = Field(
        default=(),
        description="Rows that must not lie between two stages: events, or {events, where, between, effect}.",
    )
    as_of: Instant = Field(default=None, description=f"The end of the data: later rows take no part. {_WRITTEN}")
    since: Instant = Field(default=None, description=f"Units enter from here on. {_WRITTEN}")
    until: Instant = Field(default=None, description=f"Units enter before this. {_WRITTEN}")
    segment_from: Name = Field(
        default="entry", description="Where a unit's segment is read: entry, first, last, any, or the name of a stage."
    )

    mature: Annotated[bool, PlainValidator(truth, json_schema_input_type=bool)] = Field(
        default=False, description="true: only units whose window is over at the end of the data."
    )
    value: Name | None = Field(
        default=None, description="The column of the last required stage's row that tells what a conversion is worth."
    )
    targets: Targets = Field(
        default={}, description="The stage rates that stages should have, {Purchase: 20%}, as 20% or 0.2."
    )
    checks: Checks = Field(
        default=(), description="What must hold of the data: `funnelcli check` tells whether it does."
    )

    @field_validator("as_of", "since", "until", mode="before")
    @classmethod
    def _instant(cls, value: Any, info: ValidationInfo) -> datetime:
        there = times.zone(info.data.get("timezone", "UTC"))
        base = info.data.get("as_of") or (info.context or {})["now"]
        return worded(lambda text: times.instant(text, there, base))(value)

    @field_validator("until")
    @classmethod
    def _after_since(cls, until: datetime, info: ValidationInfo) -> datetime:
        since = info.data.get("since")
        if since and until <= since and {"timezone", "as_of"} <= info.data.keys():
            ends, begins = (time.isoformat().replace("+00:00", "Z") for time in (until, since))
            raise complaint(f"the range ends at {ends}, not later than it begins, {begins}", "since", "until")
        return until

    @field_validator("value", mode="before")
    @classmethod
    def _something(cls, value: Any) -> Any:
        refuse_nothing(value)
        return value

    @field_validator("semantics", mode="before")
    @classmethod
    def _one_preset(cls, value: Any) -> Any:
        refuse_nothing(value)
        if value == "all":
            raise complaint("`all` is for the command line, `report --semantics all`; name one preset here")
        return value

    @field_validator(*rules.RULES)
    @classmethod
    def _agrees(cls, value: Any, info: ValidationInfo) -> Any:
        # Told apart from the errors, so that the value stays there for the rules that come later.
        if info.context:
            info.context["faults"] += rules.RULES[str(info.field_name)](value, info.data)
        return value
