"""`exclude`: rows that must not lie between two stages, as bare events, or with `where`, `between` and `effect`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from funnelcli.config.basics import Grammar, Name, complaint, in_quotes, kind, listed, refuse_nothing, unlike
from funnelcli.config.conditions import Where
from funnelcli.config.funnel import Effect
from funnelcli.config.stages import Events


def _two(value: Any) -> Any:
    refuse_nothing(value)
    if not isinstance(value, tuple):
        raise complaint(f"must be a list of two stages, [Cart, Purchase], not {kind(value)}")
    if len(value) != 2:
        raise complaint(f"must be two stages, [Cart, Purchase], not {len(value)}")
    return value


Between = Annotated[
    tuple[Name, ...],
    BeforeValidator(_two, json_schema_input_type=Annotated[list[Name], Field(min_length=2, max_length=2)]),
    AfterValidator(unlike),
]


class ExclusionKeys(Grammar):
    """An exclusion in its long form."""

    events: Events = Field(description="The events that are excluded: one, a list, or a list of {event, where}.")
    where: Where = Field(default={}, description="Conditions on the row, whichever of the events it is.")
    between: Between = Field(
        default=(), description="Two required stages between which it holds; default: the first and the last."
    )
    effect: Effect | None = Field(
        default=None,
        description="stop: the journey ends before the row; remove: the unit is taken out of the funnel. "
        "Default: stop, under `semantics: posthog` remove.",
    )

    @field_validator("effect", mode="before")
    @classmethod
    def _something(cls, value: Any) -> Any:
        refuse_nothing(value)
        return value


def _exclusion(value: Any) -> Any:
    """The long form of an exclusion."""
    if isinstance(value, str):
        return {"events": value}
    if not isinstance(value, dict):
        raise complaint(f"must be an event's name, or {{events: …, between: …}}, not {kind(value)}{in_quotes(value)}")
    return value


def _exclusions(value: Any) -> Any:
    if isinstance(value, dict):
        raise complaint("must be a list; put `- ` before every exclusion")
    return listed("an event's name")(value)


Exclusion = Annotated[ExclusionKeys, BeforeValidator(_exclusion, json_schema_input_type=Name | ExclusionKeys)]
Exclusions = Annotated[
    tuple[Exclusion, ...],
    BeforeValidator(
        _exclusions, json_schema_input_type=Name | Annotated[list[Name | ExclusionKeys], Field(min_length=1)]
    ),
]
