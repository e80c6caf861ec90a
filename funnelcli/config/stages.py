"""`stages`: the short form `Name: event`, the long form with conditions, and the rules of their names."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    PlainValidator,
    ValidationInfo,
    field_validator,
)

from funnelcli.config import times
from funnelcli.config.basics import (
    Duration,
    Grammar,
    Name,
    Title,
    complaint,
    in_quotes,
    kind,
    listed,
    nearest,
    refuse_nothing,
    truth,
    unlike,
)
from funnelcli.config.conditions import Where
from funnelcli.config.funnel import First
from funnelcli.config.nodes import shown

RESERVED = ("entry", "first", "last", "any", "entered")
"""Words that `segment_from` and the reports use where a stage's name could stand."""

MAX_STAGES = 60


class EventMatch(Grammar):
    """An event with conditions of its own."""

    event: Name = Field(description="The event's name in the log.")
    where: Where = Field(default={}, description="Conditions on the row of this event, all of which must hold.")


def _event(value: Any) -> Any:
    if isinstance(value, str):
        return {"event": value}
    if not isinstance(value, dict):
        raise complaint(f"must be an event's name, or {{event: …, where: …}}, not {kind(value)}{in_quotes(value)}")
    return value


_Event = Annotated[EventMatch, BeforeValidator(_event, json_schema_input_type=Name | EventMatch)]
_Events = Annotated[list[Name | EventMatch], Field(min_length=1)]


def _unlike_events(events: tuple[EventMatch, ...]) -> tuple[EventMatch, ...]:
    unlike(tuple(each.event for each in events if not each.where))
    return events


Events = Annotated[
    tuple[_Event, ...],
    AfterValidator(_unlike_events),
    BeforeValidator(listed("an event's name"), json_schema_input_type=Name | _Events),
]


def _stage_name(value: str, info: ValidationInfo) -> str:
    if value in RESERVED:
        raise complaint(f"{shown(value)} is a word of the program; give the stage another name")
    names: set[str] = info.context["names"] if info.context else set()
    if value in names:
        raise complaint(f"a second stage {shown(value)}; give every stage its own name")
    names.add(value)
    return value


def _other_than(*words: str) -> dict[str, JsonValue]:
    return {"not": {"enum": list(dict.fromkeys(words))}}


class StageKeys(Grammar):
    """A stage in its long form."""

    name: Annotated[Title, AfterValidator(_stage_name)] = Field(
        description="The stage's name, as the report shows it.", json_schema_extra=_other_than(*RESERVED)
    )
    events: Events = Field(description="The events that complete the stage: one, a list, or a list of {event, where}.")
    where: Where = Field(default={}, description="Conditions on the row, whichever of the events it is.")
    optional: Annotated[bool, PlainValidator(truth, json_schema_input_type=bool)] = Field(
        default=False, description="true: a unit converts without it, too. Never the first stage."
    )
    first: First | None = Field(
        default=None,
        description="Only the unit's first row ever counts: with one of the stage's events (event; its conditions must "
        "hold on it), or with events and conditions (match).",
    )
    within: Duration = Field(default=None, description="The longest time from the required stage before; it counts.")
    after: Duration = Field(default=None, description="The shortest time from the required stage before; it counts.")

    @field_validator("first", mode="before")
    @classmethod
    def _something(cls, value: Any) -> Any:
        refuse_nothing(value)
        return value

    @field_validator("after")
    @classmethod
    def _not_over_within(cls, after: timedelta, info: ValidationInfo) -> timedelta:
        within = info.data.get("within")
        if within and after > within:
            said = f"not before {times.written(after)} and not later than {times.written(within)}, which is never"
            raise complaint(f"{said}; change `after` or `within`")
        return after


def _stage(value: Any) -> Any:
    """The long form of a stage; `Name: event` becomes name and events."""
    if isinstance(value, str):
        raise complaint(f"the stage {shown(value)} has no event; write `Name: event`")
    if not isinstance(value, dict):
        raise complaint(f"must be a stage, `Name: event`, not {kind(value)}")
    strange = [key for key in value if key not in StageKeys.model_fields or (len(value) == 1 and key in RESERVED)]
    if len(value) == 1 and strange:
        events = value[strange[0]]
        if isinstance(events, dict):
            raise complaint(f"a mapping needs the long form; write `name: {strange[0]}`, and `events:` below it")
        return {"name": strange[0], "events": events}
    if strange and "name" not in value and "events" not in value and not nearest(strange[0], StageKeys.model_fields):
        raise complaint(
            f"a stage with more keys needs the long form; write `name: {strange[0]}`, and `events:` below it"
        )
    return value


_ShortStage = Annotated[
    dict[Name, Name | _Events],
    Field(
        min_length=1, max_length=1, json_schema_extra={"propertyNames": _other_than(*StageKeys.model_fields, *RESERVED)}
    ),
]
Stage = Annotated[StageKeys, BeforeValidator(_stage, json_schema_input_type=_ShortStage | StageKeys)]


def _stages(value: Any) -> Any:
    refuse_nothing(value)
    if isinstance(value, dict):
        raise complaint("must be a list; put `- ` before every stage")
    if not isinstance(value, tuple):
        raise complaint(f"must be a list of stages, not {kind(value)}")
    if len(value) < 2:
        raise complaint("a funnel needs two stages or more")
    if len(value) > MAX_STAGES:
        raise complaint(f"has {len(value)} stages; {MAX_STAGES} are the most")
    return value


Stages = Annotated[
    tuple[Stage, ...],
    BeforeValidator(_stages, json_schema_input_type=Annotated[list[Stage], Field(min_length=2, max_length=MAX_STAGES)]),
]
