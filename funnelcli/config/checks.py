"""`targets` and `checks`: the rates that stages should have, and what must hold of the data."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)

from funnelcli.config import rates
from funnelcli.config.basics import Duration, Grammar, Name, Title, complaint, kind, refuse_nothing, worded
from funnelcli.config.funnel import Every

KEYS = {"get": ("min", "max"), "fall": ("every",), "fresh": (), "max_skipped": ()}
"""The kinds of checks: the key that makes one, and the keys that only it may have."""

_RATE = PlainValidator(
    worded(rates.rate),
    json_schema_input_type=Annotated[float, Field(ge=0, le=1)] | Annotated[str, Field(pattern=f"^{rates.RATE}$")],
)
Targets = dict[Name, Annotated[float, _RATE]]

_Number = Annotated[
    float | None,
    PlainValidator(
        worded(rates.number), json_schema_input_type=float | Annotated[str, Field(pattern=f"^{rates.PERCENTAGE}$")]
    ),
]


def _kinds() -> dict[str, Any]:
    """What the JSON Schema says of the keys that go together."""
    closed: list[dict[str, Any]] = [
        {"required": [kind], "propertyNames": {"enum": ["name", kind, *own]}} for kind, own in KEYS.items()
    ]
    closed[0]["anyOf"] = [{"required": [limit]} for limit in KEYS["get"]]
    return {"oneOf": closed}


class CheckKeys(Grammar):
    """A check: its name, and one of get (with min, max, or both), fall, fresh and max_skipped."""

    model_config = ConfigDict(json_schema_extra=_kinds())

    name: Title = Field(description="The check's name, as its line shows it.")
    get: Name | None = Field(
        default=None, description="A number of the report, by its path.", examples=["stages[Purchase].conversion_rate"]
    )
    fall: Name | None = Field(
        default=None,
        description="A stage whose conversion rate must not have fallen significantly in the last complete period "
        "against the one before.",
    )
    fresh: Duration = Field(default=None, description="The longest time since the last row.")
    max_skipped: Annotated[float | None, _RATE] = Field(
        default=None, description="The largest share of rows that should have counted and could not: 1% or 0.01."
    )
    min: _Number = Field(default=None, description="With get: the smallest that passes. A number, or 20%.")
    max: _Number = Field(default=None, description="With get: the largest that passes. A number, or 20%.")
    every: Every = Field(default="1w", description="With fall: the length of a period.")

    @field_validator("get", "fall", mode="before")
    @classmethod
    def _something(cls, value: Any) -> Any:
        refuse_nothing(value)
        return value

    @field_validator(*KEYS)
    @classmethod
    def _one_kind(cls, value: Any, info: ValidationInfo) -> Any:
        other = next((each for each in KEYS if info.data.get(each) is not None), None)
        if other:
            raise complaint(f"the check has `{other}` already; give this one a check of its own")
        return value

    @field_validator(*(key for own in KEYS.values() for key in own))
    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        key = next(each for each, own in KEYS.items() if info.field_name in own)
        given = [each for each in KEYS if info.data.get(each) is not None]
        # A key that was given and is wrong is not there at all.
        if info.data.get(key, "") is None and given:
            raise complaint(
                f"only a check with `{key}` has this key, and this one has `{given[0]}`; remove one of them"
            )
        return value

    @field_validator("max")
    @classmethod
    def _not_under_min(cls, most: float, info: ValidationInfo) -> float:
        least = info.data.get("min")
        if least is not None and most < least:
            raise complaint(f"not under {least:g} and not over {most:g}, which is never; change `min` or `max`")
        return most

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if all(getattr(self, key) is None for key in KEYS):
            raise complaint("a check needs one of `get`, `fall`, `fresh` and `max_skipped`")
        if self.get is not None and self.min is None and self.max is None:
            raise complaint("a check with `get` needs `min` or `max`, or both")
        return self


def _check(value: Any) -> Any:
    if not isinstance(value, dict):
        raise complaint(f"must be a check, {{name: …, get: …, min: …}}, not {kind(value)}")
    return value


def _checks(value: Any) -> Any:
    refuse_nothing(value)
    if isinstance(value, dict):
        raise complaint("must be a list; put `- ` before every check")
    if not isinstance(value, tuple):
        raise complaint(f"must be a list of checks, not {kind(value)}")
    if not value:
        raise complaint("the list is empty; write a check")
    return value


_Check = Annotated[CheckKeys, BeforeValidator(_check, json_schema_input_type=CheckKeys)]
Checks = Annotated[
    tuple[_Check, ...],
    BeforeValidator(_checks, json_schema_input_type=Annotated[list[CheckKeys], Field(min_length=1)]),
]
